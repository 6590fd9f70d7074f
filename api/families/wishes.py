"""What a person wants changed in how they are written to, from their own words: "dont text after 6". Pure.

Only what is clear is taken, and whatever is taken is read back before it holds; the rest of the words is a person's to
read. The words are data (``data/words/contact.yaml``), English and Spanish together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import time
from functools import lru_cache
from typing import Any

import yaml

from api.appointments.when import folded
from api.families import addresses
from api.settings import DATA

EVERY_DAY = "1234567"
_NUMBERS = (
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
    ["una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"],
)
_NOON = ("noon", "midday", "mediodia")


@dataclass(frozen=True)
class Wish:
    """What is to change; None for what stays. Times are "HH:MM", the same twice is the whole day. ``mail``: the e-mail
    address that they want to be written to at. ``instead``: another way of reaching them; "email" without address."""

    contact_from: str | None = None
    contact_until: str | None = None
    contact_days: str | None = None
    may_name_self: bool | None = None
    may_name_children: bool | None = None
    wording: str | None = None
    use_code_word: bool | None = None
    language: str | None = None
    not_this_phone: bool | None = None
    contact_channel: str | None = None
    mail: str | None = None
    instead: str | None = None

    def changes(self) -> dict[str, Any]:
        """The changes by the profile's field, without what cannot be done."""
        return {name: value for name, value in asdict(self).items() if value is not None and name != "instead"}

    @classmethod
    def of(cls, changes: Mapping[str, Any]) -> Wish:
        """The wish with these changes; names that are none are left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in changes.items() if name in known})


@dataclass(frozen=True)
class _Patterns:
    named: dict[str, re.Pattern[str]]
    parts: dict[str, tuple[str, str, re.Pattern[str]]]
    days: list[re.Pattern[str]]
    channels: dict[str, re.Pattern[str]]

    def says(self, name: str, text: str) -> bool:
        return self.named[name].search(text) is not None


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    data = yaml.safe_load((DATA / "words" / "contact.yaml").read_text(encoding="utf-8"))
    parts, days, channels, at = data.pop("parts"), data.pop("days"), data.pop("channels"), data.pop("time")
    denies = data["denies"]

    times = {name: at.format(n=name) for name in ("t", "t1", "t2")}
    return _Patterns(
        named={name: re.compile(pattern.format(denies=denies, **times)) for name, pattern in data.items()},
        parts={name: (part["from"], part["until"], re.compile(part["words"])) for name, part in parts.items()},
        days=[re.compile(pattern) for pattern in days],
        channels={name: re.compile(pattern) for name, pattern in channels.items()},
    )


def read(words: str, *, language: str = "") -> Wish:
    """What the words ask for. ``language``: one of ours that they name, where the caller found one."""
    mail = mail_wanted(words)
    text = re.sub(r"['’`]", "", folded(_without_addresses(words)))
    find = _patterns()
    begin, end = _hours(find, text)
    back, instead = mail is None and find.says("texts_again", text), _instead(find, text)
    return Wish(
        contact_from=begin,
        contact_until=end,
        contact_days=_days(find, text),
        may_name_self=_names(find, text, children=False),
        may_name_children=_names(find, text, children=True),
        wording="discreet" if find.says("discreet", text) else "plain" if find.says("plain", text) else None,
        use_code_word=None if not find.says("code_word", text) else not find.says("denies", text),
        language=language or None,
        not_this_phone=True if find.says("this_phone", text) else None,
        contact_channel="sms" if back else None,
        mail=mail,
        instead=None if mail or (back and instead == "email") else instead,
    )


def mail_wanted(words: str) -> str | None:
    """The one address in a message that asks for e-mail there, or is nothing else; else None."""
    found = addresses.found_in(words)
    if len(found) != 1:
        return None
    text = re.sub(r"['’`]", "", folded(_without_addresses(words)))
    find = _patterns()
    asked = len(re.findall(r"\w+", text)) <= 2 or find.says("by_mail", text)
    return found[0] if asked and not (find.says("denies", text) or find.says("by_others", text)) else None


def _without_addresses(words: str) -> str:
    return addresses.IN_WORDS.sub(" ", words)


def _hours(find: _Patterns, text: str) -> tuple[str | None, str | None]:
    if (match := find.named["between"].search(text)) is not None:
        begin = _clock(match, "t1", early=7)
        end = _clock(match, "t2", early=7)
        if begin and end:
            return (begin, end) if begin < end else (begin, _later(end))
    if (match := find.named["not_after"].search(text)) is not None:
        return None, _clock(match, "t", early=12)
    if (match := find.named["not_before"].search(text)) is not None:
        return _clock(match, "t", early=5), None
    if find.says("any_time", text) and not find.says("denies", text):
        return "00:00", "00:00"
    if (match := find.named["only_after"].search(text) or find.named["onwards"].search(text)) is not None:
        return _clock(match, "t", early=8), None
    if (match := find.named["only_before"].search(text)) is not None:
        return None, _clock(match, "t", early=8)
    return _part(find, text)


def _part(find: _Patterns, text: str) -> tuple[str | None, str | None]:
    for begin, end, words in find.parts.values():
        match = words.search(text)
        if match is None:
            continue
        if find.named["denies"].search(text[: match.start()]):
            # Not then: after a morning, before an afternoon or an evening.
            return (end, None) if begin == "08:00" else (None, begin or end)
        if begin and (find.says("only", text) or len(text.split()) <= 4):
            return begin, end
    return None, None


def _clock(match: re.Match[str], name: str, *, early: int) -> str | None:
    """The time as "HH:MM". Without am or pm, hours before ``early`` are in the afternoon."""
    said = match.groupdict().get(f"{name}h")
    if said is None:
        return None
    if said in _NOON:
        return "12:00"
    hour = next((row.index(said) + 1 for row in _NUMBERS if said in row), 0) or (int(said) if said.isdecimal() else 99)
    minute = int(match.group(f"{name}m") or 0)
    half = match.group(f"{name}ap") or ""
    if hour > 24 or minute > 59:
        return None
    if half.startswith(("p", "at night", "in the evening", "de la tarde", "de la noche")):
        hour += 12 if hour < 12 else 0
    elif half:
        hour = 0 if hour == 12 else hour
    elif hour < early and hour != 0:
        hour += 12
    return f"{hour % 24:02}:{minute:02}"


def _later(end: str) -> str:
    hour = int(end[:2]) + 12
    return f"{hour:02}{end[2:]}" if hour < 24 else end


def _days(find: _Patterns, text: str) -> str | None:
    named = "".join(str(n) for n, pattern in enumerate(find.days, 1) if pattern.search(text))
    if find.says("weekdays", text):
        named += "12345"
    if find.says("weekends", text):
        named += "67"
    if not named:
        return None
    wanted = named
    if find.says("denies", text):
        wanted = "".join(day for day in EVERY_DAY if day not in named)
    elif not find.says("only", text):
        return None
    return "".join(sorted(set(wanted))) or None


def _names(find: _Patterns, text: str, *, children: bool) -> bool | None:
    if not find.says("names", text) or find.says("another_name", text):
        return None
    of_children, of_self = find.says("children", text), find.says("my_name", text)
    if (of_children or of_self) and not (of_children if children else of_self):
        return None
    if find.says("no_names", text):
        return False
    return True if (of_children or of_self) and find.says("names_again", text) else None


def _instead(find: _Patterns, text: str) -> str | None:
    if find.says("not_channel", text):
        return None
    return next((name for name, pattern in find.channels.items() if pattern.search(text)), None)


def as_time(clock: str) -> time:
    """ "18:30" as a time."""
    return time.fromisoformat(clock)
