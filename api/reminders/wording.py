"""The words of a reminder and of news about an appointment: only days and hours, unless the person chose plain words.

Discreet ones name neither the child nor the kind of meeting nor the place. Plain ones name the kind, the child where
the profile allows it, and the place where it is no secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from api import texts
from api.appointments.wording import Voice, opening
from api.jurisdiction.packs import pack
from api.messages.options import Option


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
    zone: str = field(default="UTC")


def words(spoken: Spoken, now: datetime) -> str:
    """The text, without its numbered answers."""
    language, jurisdiction, zone = spoken.language, spoken.jurisdiction, spoken.zone
    hour = now.replace(minute=0, second=0, microsecond=0)
    said = _when(language, jurisdiction, zone, spoken.when, hour)
    args = {"when": said}
    if spoken.was_at is not None:
        args = {"when": _when(language, jurisdiction, zone, spoken.was_at, hour), "next": said}
    text_id = spoken.moment if spoken.moment in ("moved", "cancelled", "restored") else "soon"
    if text_id in ("cancelled", "restored"):
        args["when"] = opening(args["when"])
    if not spoken.plain:
        return texts.render(f"reminders.{text_id}", language, **args)
    child = _children(spoken)
    if child:
        args["child"] = child
    kind = _kind(language, jurisdiction, spoken.kind)
    text = texts.render(f"reminders.{text_id}_{'child' if child else 'plain'}", language, kind=kind, **args)
    if spoken.place and text_id in ("soon", "moved", "restored"):
        text += " " + texts.render("appointments.where", language, place=spoken.place)
    return text


@lru_cache(maxsize=1024)
def _kind(language: str, jurisdiction: str, kind: str) -> str:
    return Voice(pack(jurisdiction), language, ZoneInfo("UTC"), datetime.min.replace(tzinfo=UTC)).kind(kind)


@lru_cache(maxsize=4096)
def _when(language: str, jurisdiction: str, zone: str, when: datetime, hour: datetime) -> str:
    """A moment in words; ``hour``: the hour in which it is said (what "tomorrow" means changes at a full one)."""
    return Voice(pack(jurisdiction), language, ZoneInfo(zone), hour).moment(when)


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


def choices(appointment_id: object, language: str) -> list[Option]:
    """What the person may answer: they come to that appointment, or cannot."""
    carried = f'{{"appointment_ref": "{appointment_id}"}}'
    return [
        Option(label=label, payload=f"/{intent}{carried}", words=list(also))
        for label, also, intent in _labels(language)
    ]
