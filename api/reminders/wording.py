"""The words of a reminder and of news about an appointment: only days and hours, unless the person chose plain words.

Discreet ones name neither the child nor the kind of meeting nor the place. Plain ones name the kind, the child where
the profile allows it, and the place where it is no secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from api import texts
from api.appointments.wording import Voice, opening
from api.jurisdiction.packs import pack
from api.reminders.rules import NEWS

#: So long may a text be that two answers are still to follow in two segments.
ROOM = 230


@dataclass(frozen=True)
class Spoken:
    """Whom and what a text is for. ``when`` is the time it tells of, ``was_at`` the one it was moved from."""

    moment: str
    when: datetime
    was_at: datetime | None
    kind: str
    children: tuple[str, ...]
    place: str
    plain: bool
    may_name_children: bool
    language: str
    jurisdiction: str
    #: The person's own zone, and the agency's where it is another.
    zone: str = field(default="UTC")
    place_zone: str = field(default="")
    #: So many more of its series were changed in the same way.
    others: int = 0
    #: Why it was moved or called off, if somebody said so (api.appointments.models.REASONS).
    reason: str = ""
    #: Help with getting there; said in plain words only, where there is room.
    travel: str = ""


def words(spoken: Spoken, now: datetime) -> str:
    """The text, without its numbered answers."""
    said = [_words(spoken, now)]
    if spoken.others:
        said.append(texts.render(f"reminders.others.{spoken.moment}", spoken.language, count=spoken.others))
    if spoken.moment in ("moved", "cancelled", "removed"):
        if spoken.reason and spoken.moment != "removed":
            said.append(why(spoken.reason, spoken.language))
        elif spoken.plain:
            said.append(texts.render("reminders.ask_why", spoken.language))
    if spoken.plain and spoken.travel and spoken.moment not in ("cancelled", "removed"):
        getting_there = texts.render("appointments.travel", spoken.language, what=spoken.travel)
        said += [getting_there] if len(" ".join([*said, getting_there])) <= ROOM else []
    return " ".join(said)


def why(reason: str, language: str) -> str:
    """The reason that somebody gave, as a sentence for everybody; "" for none."""
    if not reason:
        return ""
    return texts.render("reminders.why", language, reason=texts.render(f"reminders.reason.{reason}", language))


def _words(spoken: Spoken, now: datetime) -> str:
    language, jurisdiction = spoken.language, spoken.jurisdiction
    zones = (spoken.zone, spoken.place_zone or spoken.zone, spoken.plain)
    quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    said = _when(language, jurisdiction, zones, _minute(spoken.when), quarter)
    before = "" if spoken.was_at is None else _when(language, jurisdiction, zones, _minute(spoken.was_at), quarter)
    if not spoken.plain:
        return _said(spoken.moment, language, said, before)
    kind = _kind(language, jurisdiction, spoken.kind)
    return _said(spoken.moment, language, said, before, kind, _children(spoken), spoken.place)


def _minute(when: datetime) -> datetime:
    return when.replace(second=0, microsecond=0)  # no words say seconds


# The same hour, kind and place is told to many: a hundred thousand reminders are some hundred different texts.
@lru_cache(maxsize=4096)
def _said(moment: str, language: str, said: str, before: str, kind: str = "", child: str = "", place: str = "") -> str:
    """The words for a time in words, and the one ``before`` it where it was moved; discreet where no ``kind`` is."""
    args = {"when": before, "next": said} if before else {"when": said}
    text_id = moment if moment in NEWS else "soon"
    if text_id in ("cancelled", "restored", "removed"):
        args["when"] = opening(args["when"])
    if not kind:
        return texts.render(f"reminders.{text_id}", language, **args)
    if child:
        args["child"] = child
    text = texts.render(f"reminders.{text_id}_{'child' if child else 'plain'}", language, kind=kind, **args)
    if place and text_id not in ("cancelled", "removed"):
        text += " " + texts.render("appointments.where", language, place=place)
    return text


@lru_cache(maxsize=1024)
def _kind(language: str, jurisdiction: str, kind: str) -> str:
    return Voice(pack(jurisdiction), language, ZoneInfo("UTC"), datetime.min.replace(tzinfo=UTC)).kind(kind)


@lru_cache(maxsize=4096)
def _when(language: str, jurisdiction: str, zones: tuple[str, str, bool], when: datetime, quarter: datetime) -> str:
    """A moment in words; ``quarter``: the quarter of an hour in which it is said (what "tomorrow" means changes at the
    beginning of one: midnight in Kathmandu is 18:15 UTC); ``zones``: the person's, the agency's, and whether a town may
    be named."""
    zone, place, plain = zones
    voice = Voice(pack(jurisdiction), language, ZoneInfo(zone), quarter, place=ZoneInfo(place), names_town=plain)
    return voice.moment(when)


def _children(spoken: Spoken) -> str:
    children, language = spoken.children, spoken.language
    if not children:
        return ""
    if not spoken.may_name_children:
        return texts.render("people.your_child" if len(children) == 1 else "people.your_children", language)
    if len(children) == 1:
        return children[0]
    return texts.render("list.and", language, first=", ".join(children[:-1]), last=children[-1])


@lru_cache(maxsize=64)
def _labels(language: str) -> tuple[tuple[str, tuple[str, ...], str], ...]:
    choices = (("option.will_come", "confirm_attendance"), ("option.cannot_come", "request_reschedule"))
    return tuple(
        (
            texts.render(label_id, language),
            tuple(texts.render(f"{label_id}.words", language).casefold().split("|"))
            if texts.has(f"{label_id}.words")
            else (),
            intent,
        )
        for label_id, intent in choices
    )


def choices(appointment_id: object, language: str, first: int) -> list[dict[str, Any]]:
    """What the person may answer, counted from ``first``: they come to that appointment, or cannot. As
    api.messages.options.numbered gives it."""
    carried = f'{{"appointment_ref": "{appointment_id}"}}'
    return [
        {"n": n, "label": label, "payload": f"/{intent}{carried}", "words": list(also)}
        for n, (label, also, intent) in enumerate(_labels(language), start=first)
    ]
