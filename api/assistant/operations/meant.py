"""Which appointment somebody means: by its day, its kind, the child, the professional, or what was talked of before."""

from __future__ import annotations

from collections.abc import Sequence

from api.appointments.models import Appointment
from api.assistant.operations import queries, speaking, times
from api.assistant.operations.asking import Ask
from api.assistant.operations.words import appointment_words, says
from api.conferences import own

#: Kinds whose words are as often the reason for not coming as the thing itself.
OFTEN_A_REASON = frozenset({"health_visit", "office_meeting", "key_work", "court_hearing"})


def narrowed(ask: Ask, found: Sequence[Appointment], *, reasons: bool = False) -> list[Appointment]:
    """Those of the child, the kind or the professional that the words name; all, if they name none that is there. The
    kind counts for more than the child: "the course on tuesday, can ruby come" is the course. "My social worker" is who
    leads for the family.

    ``reasons``: the words may give reasons ("mum's in hospital", "ruby is poorly"), so kinds that are as often a reason
    do not count, nor do children who are ill.
    """
    words = appointment_words()
    said = words.fold(ask.words)
    left = list(found)
    children = {child.id for child in speaking.meant_children(ask)}
    if children and not (reasons and words.poorly.search(said)):
        left = [one for one in left if any(place.concerns and place.person_id in children for place in one.attendees)]
    kinds = words.kinds_in(ask.words) - (OFTEN_A_REASON if reasons else frozenset())
    text = set(said.split())
    if not kinds and (words.seeing.search(said) or (children and words.seeing_one.search(said))):
        kinds = {"contact_session"}
    of_kind = [one for one in left if one.kind in kinds] or [one for one in found if one.kind in kinds]
    with_them = [one for one in left if _names_professional(ask, one, text)]
    if with_them or of_kind or reasons or not words.own_worker.search(said):
        return with_them or of_kind or left
    return [one for one in left if _names_professional(ask, one, _own_worker(ask))] or left


def _own_worker(ask: Ask) -> set[str]:
    """The words of the name of the family's own worker."""
    lead = queries.lead_worker(ask.session, ask.family_id)
    return set(appointment_words().fold(lead.name).split()) if lead else set()


def of_kind_named(ask: Ask, found: Sequence[Appointment]) -> list[Appointment]:
    """Those of the kind that the words name; all, where they name none."""
    kinds = appointment_words().kinds_in(ask.words)
    return [one for one in found if not kinds or one.kind in kinds]


def _names_professional(ask: Ask, one: Appointment, text: set[str]) -> bool:
    """Is it with somebody whom the words name, and of whom this person may hear?"""
    fold = appointment_words().fold
    said = text - {"mr", "mrs", "ms", "miss", "dr", "the", "de", "and"}
    named = [place for place in one.attendees if place.person_id is None and said & set(fold(place.name).split())]
    return bool(named) and any(place in named for place in own.expected_with(ask.session, one, ask.someone.id))


def meant(ask: Ask, coming: Sequence[Appointment], *, alone: bool = True, reasons: bool = False) -> Appointment | None:
    """The one that a tapped option, the words, or the talk before mean; with ``alone`` the only one there is."""
    if ask.carried("more"):
        return None  # they are still looking for it
    tapped = ask.carried_id("appointment_ref")
    if tapped is not None:
        return next((one for one in coming if one.id == tapped), None)
    when = times.of_one(ask)
    days = times.on(when, coming)
    talked_of = next((one for one in coming if str(one.id) == ask.state.focus_appointment), None)
    if reasons and talked_of is not None and ask.state.on_appointments and not (when.named or _names_one(ask)):
        return talked_of  # "no i cant, its my lads birthday" says why, not which
    named = narrowed(ask, coming, reasons=reasons)
    picked = [one for one in named if one in days] or days or (named if len(named) < len(coming) else [])
    if len(picked) == 1:
        return picked[0]
    if not days and times.missed_by(ask, when):
        return None
    if says(ask.words, "next_one") and coming:
        return (picked or coming)[0]
    focus = next((one for one in picked or coming if str(one.id) == ask.state.focus_appointment), None)
    if focus is not None:
        return focus
    return coming[0] if alone and len(coming) == 1 else None


def _names_one(ask: Ask) -> bool:
    """Do the words name a kind of appointment, or say that another one is meant?"""
    kinds = appointment_words().kinds_in(ask.words) - OFTEN_A_REASON
    return bool(kinds) or says(ask.words, "next_one") or says(ask.words, "the_one")
