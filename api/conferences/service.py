"""Planning a conference, and recording what it weighed and decided.

Promise: a conference that decides on a plan makes the plan, in the same transaction, unless it says which one it made;
and that plan is looked at again by the day that the rules of the place say. It makes none for a child who is on one
that goes on; and while its plan goes on it cannot say that there is none.
One that is planned is an appointment of those of the family who are invited (conferences.booking).
How a review conference ended is recorded with the review (api.reviews), so that it is said once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.appointments.service import CannotBook
from api.audit import service as audit
from api.coded import Coded
from api.conferences import booking, content, queries
from api.conferences.booking import Meeting
from api.conferences.models import DECISIONS, Conference, ConferenceAttendee, ConferenceChild, Dissent
from api.database import notify
from api.families.models import Family, Person
from api.plans import history
from api.plans import queries as plans
from api.plans.models import Plan
from api.timescales import queries as deadlines
from api.timescales import service as timescales
from api.timescales.due import Event
from api.webhooks import events as webhooks

WORDS = ("chair", "assessment", "discussion", "decision_reason", "planning")


class CannotRecord(Coded):
    """It cannot be so; ``code`` names the words that say why (``rest.error.<code>``)."""


@dataclass(frozen=True)
class Invited:
    """Somebody invited: of the family (``person_id``) or a professional (``name``)."""

    agency: str
    person_id: uuid.UUID | None = None
    name: str = ""
    role: str = ""
    attended: bool = False
    sent_report: bool = False


@dataclass(frozen=True)
class Disagreed:
    """Somebody who did not agree, and why, in their words."""

    name: str
    words: str
    role: str = ""


@dataclass(frozen=True)
class Details:
    """What is known of a conference. ``children``: person → the categories of harm that it decided on. ``meeting``:
    when on that day and where it will be."""

    kind: str
    held_on: date
    status: str = "planned"
    plan_id: uuid.UUID | None = None
    decision: str = ""
    words: dict[str, str] = field(default_factory=dict)
    children: dict[uuid.UUID, Sequence[str]] = field(default_factory=dict)
    attendees: Sequence[Invited] = ()
    dissents: Sequence[Disagreed] = ()
    meeting: Meeting = field(default_factory=Meeting)


def record(
    session: Session,
    family: Family,
    worker: Worker | None,
    details: Details,
    *,
    today: date,
    external_id: str = "",
    with_review: bool = False,
) -> Conference:
    """Plan or record a conference of a family that the worker may see (None: an import). ``with_review``: its review is
    recorded with it, so a review conference may be held. Raises CannotRecord."""
    session.execute(select(Family.id).filter_by(id=family.id).with_for_update())  # two at once: one is the first
    if external_id and queries.by_external_id(session, family.id, external_id) is not None:
        raise CannotRecord("conference_exists")
    made = Conference(
        id=uuid.uuid4(),
        family_id=family.id,
        external_id=external_id or str(uuid.uuid4()),
        kind=details.kind,
        created_by=worker.id if worker else None,
        created_at=clock.now(),
        version=0,
    )
    _fill(session, family, made, details, today, worker, with_review)
    _book(session, family, made, worker, details, None)
    tell(session, worker, made, "recorded_conference", "recorded")
    return made


def lock(session: Session, conference: Conference) -> None:
    """Nobody else changes the conference until this transaction ends."""
    session.refresh(conference, with_for_update=True)


def change(
    session: Session,
    conference: Conference,
    worker: Worker | None,
    details: Details,
    *,
    today: date,
    with_review: bool = False,
) -> Conference:
    """Change what is known of a conference; its kind stays, and what it said before is kept. Raises CannotRecord."""
    if details.kind != conference.kind:
        raise CannotRecord("conference_kind_stays")
    if conference.status == "held" and details.status != "held":
        raise CannotRecord("conference_was_held")
    if conference.withdrawn_at is not None:
        raise CannotRecord("conference_was_withdrawn")
    family = session.get_one(Family, conference.family_id)
    lock(session, conference)
    before, was = content.content_of(conference), booking.Before.of(conference)
    _fill(session, family, conference, details, today, worker, with_review)
    _book(session, family, conference, worker, details, was)
    content.keep(session, conference, before, worker.id if worker else None)
    tell(session, worker, conference, "changed_conference", "changed")
    return conference


def _fill(
    session: Session,
    family: Family,
    row: Conference,
    details: Details,
    today: date,
    worker: Worker | None,
    with_review: bool,
) -> None:
    if details.plan_id is None and row.plan_id is not None:  # the plan that it made stays its plan
        details = replace(details, plan_id=row.plan_id)
    people = queries.people(session, family.id)
    plan = _plan(session, family, details)
    _check(details, row, people, plan, today, with_review)
    named = {*details.children, *(one.person_id for one in details.attendees if one.person_id)}
    already = {one.person_id for one in row.children} | {one.person_id for one in row.attendees}
    if worker is not None and any(_had_left(people[key], details.held_on) for key in named - already):
        raise CannotRecord("attendee_has_left")
    if plan is not None and plan.ended_on is None and (row.decision, details.decision) == ("plan", "no_plan"):
        raise CannotRecord("plan_goes_on")
    if plan is None and details.decision == "plan":
        session.execute(select(Family.id).filter_by(id=family.id).with_for_update())  # two at once: one is the first
        if plans.on_a_plan_that_goes_on(session, [key for key, harms in details.children.items() if harms]):
            raise CannotRecord("child_has_plan")
    if plan is not None and details.kind == "review" and details.held_on <= queries.first_day(session, plan):
        raise CannotRecord("review_before_conference")
    row.status, row.held_on, row.plan_id = details.status, details.held_on, details.plan_id
    row.decision = details.decision if details.status == "held" else ""
    for name in WORDS:
        setattr(row, name, details.words.get(name, ""))
    row.children = [ConferenceChild(person_id=key, harms=sorted(set(harms))) for key, harms in details.children.items()]
    row.attendees = [_attendee(n, one) for n, one in enumerate(details.attendees, start=1)]
    row.dissents = [
        Dissent(position=n, name=one.name, role=one.role, words=one.words)
        for n, one in enumerate(details.dissents, start=1)
    ]
    row.version += 1
    session.add(row)
    session.flush()
    if row.decision == "plan" and row.plan_id is None:
        row.plan_id = _make_plan(session, family, row, people, worker.id if worker else None).id
    session.flush()
    timescales.refresh(session, family.id)


def _book(
    session: Session,
    family: Family,
    row: Conference,
    worker: Worker | None,
    details: Details,
    before: booking.Before | None,
) -> None:
    try:
        booking.follow(session, family, row, worker, details.meeting, before)
    except CannotBook as error:
        raise CannotRecord(error.code) from None


def _had_left(person: Person, day: date) -> bool:
    """Were they of the family no more on that day (UTC)? Of somebody erased nothing new is written."""
    return person.erased_at is not None or (person.left_at is not None and person.left_at.date() < day)


def _plan(session: Session, family: Family, details: Details) -> Plan | None:
    if details.plan_id is None:
        if details.kind == "review":
            raise CannotRecord("review_needs_plan")
        return None
    plan = queries.plan(session, family.id, details.plan_id)
    if plan is None:
        raise CannotRecord("plan_of_another_family")
    return plan


def _check(
    details: Details,
    row: Conference,
    people: dict[uuid.UUID, Person],
    plan: Plan | None,
    today: date,
    with_review: bool,
) -> None:
    held = details.status == "held"
    if held and details.held_on > today:
        raise CannotRecord("event_in_the_future")
    if held and details.kind == "review" and row.status != "held" and not with_review:
        raise CannotRecord("record_the_review")
    if held != bool(details.decision):
        raise CannotRecord("decision_when_held")
    if details.decision and details.decision not in DECISIONS[details.kind]:
        raise CannotRecord("decision_of_another_kind")
    if any(key not in people or people[key].grown for key in details.children):
        raise CannotRecord("child_is_a_stranger")
    if details.decision == "plan" and not any(details.children.values()):
        raise CannotRecord("harm_needed")
    known = [one.person_id for one in details.attendees if one.person_id]
    if any(key not in people for key in known):
        raise CannotRecord("attendee_is_a_stranger")
    if len(known) != len(set(known)):
        raise CannotRecord("attendee_twice")
    if plan is not None and details.kind != "review" and held and details.held_on > plan.started_on:
        raise CannotRecord("plan_before_conference")


def _attendee(position: int, one: Invited) -> ConferenceAttendee:
    return ConferenceAttendee(
        position=position,
        person_id=one.person_id,
        name=one.name,
        role=one.role,
        agency=one.agency,
        attended=one.attended,
        sent_report=one.sent_report,
    )


def _make_plan(
    session: Session, family: Family, row: Conference, people: dict[uuid.UUID, Person], worker_id: uuid.UUID | None
) -> Plan:
    children = [child for child in row.children if child.harms]
    made = Plan(id=uuid.uuid4(), family_id=family.id, external_id=queries.made_by(row.id), started_on=row.held_on)
    made.children = [people[child.person_id] for child in children]
    begins = [Event(kind, row.held_on, made.id) for kind in ("initial_conference", "plan_started")]
    # A clock that an earlier conference without a plan began is not this plan's.
    made.review_on = deadlines.review_by(session, family.id, made.id, begins, since=row.held_on, until=row.held_on)
    session.add(made)
    history.keep_version(session, made, worker_id)
    return made


def tell(session: Session, worker: Worker | None, row: Conference, verb: str, what: str) -> None:
    """The audit trail and the agency's own system hear of it: ``what`` is recorded, changed or withdrawn."""
    if worker is None:
        return
    detail: dict[str, Any] = {"kind": row.kind, "status": row.status, "decision": row.decision}
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb=verb,
        family_id=row.family_id,
        object_id=row.id,
        detail=detail,
    )
    webhooks.tell(
        session,
        "conference.recorded",
        family_id=row.family_id,
        conference_id=row.id,
        plan_id=row.plan_id,
        status=row.status,
        what=what,
    )
    notify(session, f"agency:{worker.agency_id}")
