"""What happens to an appointment: a family member says they come, are late or cannot; a worker books, moves, cancels.

Each function works in the caller's transaction. A family member's checks that they are expected there (NotExpected for
anybody else's: to the caller it does not exist) and does nothing twice for one message. For a worker's the caller has
checked that they may see the family.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.appointments import attendance, content, queries
from api.appointments.models import KINDS as _KINDS
from api.appointments.models import ONLY_BY_RULE, Appointment, Attendee, ChangeRequest, OfferedTime
from api.appointments.models import REASONS as _REASONS
from api.audit import service as audit
from api.coded import Coded
from api.database import notify
from api.families.models import Family, Person
from api.jurisdiction.packs import pack
from api.sealed import all_open
from api.webhooks import events as webhooks

KINDS = _KINDS
REASONS = _REASONS
#: The longest own words that are kept with an answer.
LONGEST_WORDS = 2000


def kinds_at(jurisdiction: str, booked: str = "") -> tuple[str, ...]:
    """The kinds of appointment that there are in that place, and the one that is ``booked`` already."""
    place = pack(jurisdiction)
    return tuple(kind for kind in KINDS if kind not in ONLY_BY_RULE or kind == booked or place.waits_for(kind))


class NotExpected(LookupError):
    """The person is not expected at that appointment (or there is none)."""


class CannotBook(Coded):
    """The appointment cannot be so. ``code`` says why (the words are in the catalogue, ``rest.error.<code>``):
    ends_before_start, reason_missing, attendee_is_a_stranger, attendee_has_left, attendee_twice, appointment_exists,
    appointment_is_cancelled, appointment_is_over, series_exists, series_is_over, series_has_no_days,
    series_ends_before_start, series_starts_not_last, conference_needs_a_time."""


@dataclass(frozen=True)
class Expected:
    """Somebody to expect: a family member (``person_id``; ``concerns``: a child it is about) or a professional."""

    person_id: uuid.UUID | None = None
    name: str = ""
    role: str = ""
    concerns: bool = False


def answer(
    session: Session, appointment: Appointment, person_id: uuid.UUID, what: str, *, words: str, now: datetime
) -> Attendee:
    """Record the person's answer: ``confirmed`` or ``late``, with their own words. Raises NotExpected."""
    place = _place(session, appointment, person_id)
    place.answer, place.answered_at, place.answer_words = what, now, words[:LONGEST_WORDS]
    notify(session, f"family:{appointment.family_id}")
    return place


def request_change(
    session: Session,
    appointment: Appointment,
    person_id: uuid.UUID,
    *,
    message_id: uuid.UUID,
    words: str,
    now: datetime,
) -> ChangeRequest:
    """Record that the person cannot come or wants another time; once for each message. Raises NotExpected.

    The appointment itself stays as it is: moving it is the worker's to do.
    """
    place = _place(session, appointment, person_id)
    known = session.scalar(select(ChangeRequest).filter_by(appointment_id=appointment.id, message_id=message_id))
    if known is not None:
        return known
    place.answer, place.answered_at, place.answer_words = "cannot_come", now, words[:LONGEST_WORDS]
    request = ChangeRequest(
        appointment_id=appointment.id,
        person_id=person_id,
        message_id=message_id,
        words=words[:LONGEST_WORDS],
        created_at=now,
    )
    session.add(request)
    session.flush()
    notify(session, f"family:{appointment.family_id}")
    return request


def say_more(
    session: Session,
    appointment: Appointment,
    person_id: uuid.UUID,
    *,
    message_id: uuid.UUID,
    words: str,
    now: datetime,
) -> ChangeRequest:
    """Add words (which day would do) to what the person asked for last; a new request where that one is looked after
    already, or its words cannot be read. Raises NotExpected."""
    waiting = session.scalars(
        select(ChangeRequest)
        .where(
            ChangeRequest.appointment_id == appointment.id,
            ChangeRequest.person_id == person_id,
            ChangeRequest.handled_at.is_(None),
        )
        .order_by(ChangeRequest.created_at.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if waiting is None or not all_open(waiting.words) or len(waiting.words) + len(words) >= LONGEST_WORDS:
        return request_change(session, appointment, person_id, message_id=message_id, words=words, now=now)
    if not waiting.words.endswith(words):  # (a turn that runs twice)
        waiting.words = f"{waiting.words} / {words}"
    session.flush()
    notify(session, f"family:{appointment.family_id}")
    return waiting


def handle_change(session: Session, request: ChangeRequest, family_id: uuid.UUID, worker: Worker) -> None:
    """Somebody has looked after a request to change an appointment; the first one counts."""
    session.refresh(request, with_for_update=True)
    if request.handled_at is not None:
        return
    request.handled_at, request.handled_by = clock.now(), worker.id
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb="handled_change_request",
        family_id=family_id,
        object_id=request.id,
    )
    notify(session, f"agency:{worker.agency_id}")


def met(
    session: Session, appointment: Appointment, worker_id: uuid.UUID | None, *, person_id: uuid.UUID | None = None
) -> int:
    """The time that was asked to be changed is changed, or the appointment is off: what was asked before (by that
    person, or by anybody) is looked after, and what was offered for it is taken back. Returns how many were open."""
    waiting = select(ChangeRequest).filter_by(appointment_id=appointment.id, handled_at=None)
    waiting = waiting.with_for_update(skip_locked=True)  # one that somebody decides just now is theirs
    found = session.scalars(waiting.filter_by(person_id=person_id) if person_id else waiting).all()
    for request in found:
        request.handled_at, request.handled_by = clock.now(), worker_id
    offered = (OfferedTime.change_request_id.in_([request.id for request in found]), OfferedTime.state == "offered")
    session.execute(update(OfferedTime).where(*offered).values(state="withdrawn"))
    return len(found)


def book(
    session: Session,
    family: Family,
    worker: Worker,
    *,
    external_id: str,
    kind: str,
    starts_at: datetime,
    ends_at: datetime,
    attendees: Sequence[Expected],
    details: dict[str, Any],
) -> Appointment:
    """A new appointment of the family. ``details``: place, address, address_hidden, link, bring, travel, where given.

    Without ``external_id`` it gets one. Raises CannotBook.
    """
    _in_order(starts_at, ends_at)
    session.refresh(family, with_for_update=True)  # two who book the same external id: one after the other
    if external_id and queries.with_external_id(session, family.id, external_id) is not None:
        raise CannotBook("appointment_exists")
    key = uuid.uuid4()
    booked = Appointment(
        id=key,
        family_id=family.id,
        external_id=external_id or str(key),
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        **details,
    )
    booked.attendees = attendees_of(session, family, attendees)
    session.add(booked)
    session.flush()
    _record(session, booked, worker, "booked_appointment", {"attendees": len(booked.attendees)})
    return booked


def change(
    session: Session,
    appointment: Appointment,
    worker: Worker | None,
    *,
    starts_at: datetime | None,
    ends_at: datetime | None,
    details: dict[str, Any],
    reason: str | None = None,
    attendees: Sequence[Expected] | None = None,
    kind: str | None = None,
) -> None:
    """Move the appointment, change its ``kind`` and what is known of it. Without ``ends_at`` it stays as long as it
    was. ``reason`` (one of REASONS) is passed on to whoever is told of another time; None: whoever moves it was not
    asked for one, "": was asked and gave none, which a move refuses. ``attendees``: exactly these are expected from now
    on; who is new, and who is no longer expected, is told.

    Another start takes back what people answered: they answered for another time. ``worker`` None: a file does it.
    Raises CannotBook.
    """
    session.refresh(appointment, with_for_update=True)
    if appointment.status == "cancelled":
        raise CannotBook("appointment_is_cancelled")
    was_at, by = appointment.starts_at, worker.id if worker else None
    begin = starts_at or was_at
    end = ends_at or (begin + (appointment.ends_at - was_at))
    _in_order(begin, end)
    if begin != was_at:
        _with_reason(reason)
    detail: dict[str, Any] = {"started": was_at.isoformat(), "answers_taken_back": 0}
    with content.kept(session, appointment, by):
        appointment.starts_at, appointment.ends_at = begin, end
        appointment.kind = kind or appointment.kind
        for name, value in details.items():
            setattr(appointment, name, value)
        if begin != was_at:
            appointment.change_reason, appointment.changed_by = reason or "", by
            for attendee in appointment.attendees:
                detail["answers_taken_back"] += attendee.answer != "none"
                attendee.answer, attendee.answered_at, attendee.answer_words = "none", None, ""
            if by is not None:
                detail["requests_met"] = met(session, appointment, by)
        if attendees is not None:
            family = session.get_one(Family, appointment.family_id)
            there = [place.person_id for place in appointment.attendees]
            wanted = attendees_of(session, family, attendees, already=there)
            detail["added"], detail["removed"] = attendance.settle(session, appointment, wanted, by=by)
    verb = "changed_appointment" if begin == was_at else "moved_appointment"
    _record(session, appointment, worker, verb, detail)


def cancel(session: Session, appointment: Appointment, worker: Worker | None, *, reason: str | None = None) -> None:
    """It does not take place; ``reason`` is as for ``change``. A second time changes nothing. ``worker`` None: a file
    does it. Raises CannotBook."""
    session.refresh(appointment, with_for_update=True)
    if appointment.status == "cancelled":
        return
    _with_reason(reason)
    by = worker.id if worker else None
    with content.kept(session, appointment, by):
        appointment.status, appointment.change_reason, appointment.changed_by = "cancelled", reason or "", by
    met_by = {} if by is None else {"requests_met": met(session, appointment, by)}
    _record(session, appointment, worker, "cancelled_appointment", met_by)


def restore(session: Session, appointment: Appointment, worker: Worker) -> None:
    """It takes place after all, at its time; whoever was told that it does not is told so (the reminders' tick sees
    it). What people answered for that time stays. Of one that is on it changes nothing. Raises CannotBook for one whose
    time has come: nobody could hear of it."""
    session.refresh(appointment, with_for_update=True)
    if appointment.status == "scheduled":
        return
    if appointment.starts_at <= clock.now():
        raise CannotBook("appointment_is_over")
    with content.kept(session, appointment, worker.id):
        appointment.status, appointment.change_reason, appointment.changed_by = "scheduled", "", worker.id
    _record(session, appointment, worker, "restored_appointment", {})


def _with_reason(reason: str | None) -> None:
    if reason == "":
        raise CannotBook("reason_missing")


def _in_order(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise CannotBook("ends_before_start")


def attendees_of(
    session: Session, family: Family, wanted: Sequence[Expected], *, already: Collection[uuid.UUID | None] = ()
) -> list[Attendee]:
    """The rows for who is to be expected. Raises CannotBook for strangers to the family, for anybody twice, and for
    whoever has left it; of those who are expected ``already`` nobody minds that."""
    people = {person.id: person for person in session.scalars(select(Person).where(Person.family_id == family.id))}
    known = [expected.person_id for expected in wanted if expected.person_id]
    if len(set(known)) < len(known):
        raise CannotBook("attendee_twice")
    if not people.keys() >= set(known):
        raise CannotBook("attendee_is_a_stranger")
    if any(people[key].gone for key in known if key not in already):
        raise CannotBook("attendee_has_left")
    return [
        Attendee(
            person_id=expected.person_id,
            name=people[expected.person_id].first_name if expected.person_id else expected.name,
            role=expected.role,
            concerns=expected.concerns,
        )
        for expected in wanted
    ]


def _record(
    session: Session, appointment: Appointment, worker: Worker | None, verb: str, detail: dict[str, Any]
) -> None:
    session.flush()
    if worker is not None:
        audit.record_change(
            session,
            actor_kind="worker",
            actor_id=worker.id,
            verb=verb,
            family_id=appointment.family_id,
            agency_id=worker.agency_id,
            object_id=appointment.id,
            detail=detail,
        )
    tell_programs(session, appointment, verb.partition("_")[0])


def tell_programs(session: Session, appointment: Appointment, what: str) -> None:
    """The agency's own system hears of it: ``what`` is booked, changed, moved, cancelled or
    restored."""
    webhooks.tell(
        session, "appointment.changed", family_id=appointment.family_id, appointment_id=appointment.id, what=what
    )


def _place(session: Session, appointment: Appointment, person_id: uuid.UUID) -> Attendee:
    place = queries.attendance(session, appointment.id, person_id)
    if place is None:
        raise NotExpected
    return place
