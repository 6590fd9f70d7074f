"""When people want to be reminded: "the day before only", "stop the reminders but keep texting me"."""

from __future__ import annotations

import re
from functools import lru_cache

import yaml

from api.appointments import service as appointments
from api.appointments.models import KINDS
from api.assistant.operations import speaking
from api.assistant.operations.asking import Ask, say
from api.assistant.operations.schemas import Reply
from api.assistant.operations.words import AppointmentWords, appointment_words
from api.reminders import queries, rules, service
from api.settings import DATA

#: What such a wish may be taken for: only from these is it led here, never from a cry for help or anything else sure.
TAKEN_FOR = frozenset(
    {"change_contact_preference", "stop_messages", "check_appointments", "fallback", "out_of_scope", "cancel"}
)
#: A longer message says more than that: its words go to the worker too.
SHORT = 15
_COUNTS = {
    "a": 1, "an": 1, "one": 1, "una": 1, "two": 2, "couple of": 2, "dos": 2, "few": 3, "three": 3, "tres": 3,
    "four": 4, "cuatro": 4, "five": 5, "cinco": 5,
}  # fmt: skip


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    data = yaml.safe_load((DATA / "words" / "reminders.yaml").read_text(encoding="utf-8"))
    return {name: re.compile(pattern) for name, pattern in data.items()}


def wish(words: str) -> str | None:
    """The moments that the words ask for ("1d"; "" for none at all; "default"), or None where they ask for no such
    thing, or it is not clear."""
    find = _patterns()
    text = find["reminder_texts"].sub("reminders", AppointmentWords.fold(words))
    if not find["subject"].search(text):
        return None
    moments = _moments(find["unwanted"].sub(" ", text)) or _moments(text)
    if moments:
        return moments
    if find["off"].search(text):
        # Who wants no texts at all has said so: that is not less.
        return None if find["all_texts"].search(text) and not find["keep"].search(text) else ""
    return "default" if find["on"].search(text) else None


def _moments(text: str) -> str:
    find = _patterns()
    found = {code for name, code in (("week", "7d"), ("day", "1d"), ("same_day", "2h")) if find[name].search(text)}
    for unit in ("days", "hours"):
        found |= {f"{_COUNTS.get(m['n']) or int(m['n'])}{unit[0]}" for m in find[unit].finditer(text)}
    try:
        return rules.written(rules.parse(",".join(sorted(found)[: rules.MOST_MOMENTS])))
    except ValueError:  # "40 days before"
        return ""


def is_about_reminders(ask: Ask, name: str) -> bool:
    """Is this message really a wish about reminders?"""
    return name in TAKEN_FOR and not ask.tapped and ask.person is not None and wish(ask.words) is not None


def choose(ask: Ask) -> list[Reply]:
    """Do what they wish, of the kind of appointment that they name or of all, and say what holds from now on."""
    wanted = wish(ask.words)
    moments = None if wanted == "default" else wanted
    meant, here = kinds_meant(ask.words), appointments.kinds_at(ask.turn.jurisdiction)
    if kinds := [kind for kind in meant if kind in here] or meant:
        service.choose_for_kinds(ask.session, ask.someone, kinds, moments, by_person=True)
        return [_of_kind(ask, kinds[0])]
    # Who says it of all means all: what was chosen for some kinds before goes.
    service.choose(ask.session, ask.someone, moments, kinds={}, by_person=True)
    chosen = rules.parse(queries.moments_of(ask.someone))
    if not chosen:
        return [say("preference.reminders_off")]
    return [say("preference.reminders_set", moments=speaking.join(ask, [_said(ask, moment) for moment in chosen]))]


def kinds_meant(words: str) -> list[str]:
    """The kinds of appointment that a wish about reminders is for; none where it is for all. Pure."""
    found = appointment_words().kinds_in(words)
    if not found or not _patterns()["of_kind"].search(AppointmentWords.fold(words)):
        return []
    if "review_conference" in found and _patterns()["any_conference"].search(AppointmentWords.fold(words)):
        found |= {"initial_conference"}
    return [kind for kind in KINDS if kind in found]


def _of_kind(ask: Ask, kind: str) -> Reply:
    if not ask.plain_words:
        return say("preference.reminders_kind_discreet")
    own = ask.someone.reminder_kinds.get(kind, queries.moments_of(ask.someone))
    chosen = speaking.join(ask, [_said(ask, moment) for moment in rules.parse(own)])
    if not chosen:
        return say("preference.reminders_kind_off", kind=speaking.voice(ask).kind(kind))
    return say("preference.reminders_kind", moments=chosen, kind=speaking.voice(ask).kind(kind))


def _said(ask: Ask, moment: rules.Moment) -> str:
    unit = "days" if moment.unit == "d" else "hours"
    form = unit[:-1] if moment.count == 1 else unit
    return ask.text(f"preference.moment.{form}", count=moment.count)
