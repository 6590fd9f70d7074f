"""Conferences as a member of the family may see them, on "my plan" and in the bot's answers.

Promise: nothing of what was said there, and no reason: the day and what was decided, of the plans that go on. More only
to whoever was invited: to an adult the kinds of harm that it decided on, less those of which the plan keeps every worry
off the family's page. Who was there, and that somebody did not agree, only to who was there too; of the family nobody
else is named, nor who may have come along with them (parents may have come at separate times); and a young person reads
neither harm nor dissent. What is planned only who is invited to it sees; whom else they hear is expected there is no
more than they would read of it afterwards.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.appointments.attendance import named
from api.appointments.models import Appointment, Attendee
from api.conferences import queries
from api.conferences.models import Conference, ConferenceAttendee
from api.families.models import Person
from api.plans import queries as plans
from api.plans.models import Plan
from api.timescales import queries as timescales

#: Where a professional works whom everybody meets there; the others may be somebody's own (a lawyer, an adviser on
#: violence, a refuge) and are shown to nobody else's side.
EVERYBODYS = frozenset({"social_work", "police", "health", "education"})
SOMEBODYS = frozenset({"legal", "other"})


@dataclass(frozen=True)
class Held:
    """One that was held. ``harms``: the kinds that it decided on; ``there``: the professionals who came, in its order;
    ``dissent``: somebody did not agree, and that was written down. Empty where it is not theirs to see."""

    kind: str
    held_on: date
    plan_id: uuid.UUID | None
    decision: str
    harms: Sequence[str] = ()
    there: Sequence[ConferenceAttendee] = ()
    chair: str = ""
    dissent: bool = False

    @property
    def decided(self) -> str:
        """The id of the text that says what was decided."""
        return f"chat.plan.{'decided' if self.decision in ('plan', 'no_plan') else 'next'}.{self.decision}"


@dataclass(frozen=True)
class Planned:
    """The next one that they are invited to, and on which day."""

    kind: str
    on: date


@dataclass(frozen=True)
class OwnConferences:
    """Those that were held, the newest first, and the next one."""

    held: Sequence[Held] = ()
    next: Planned | None = None

    def of(self, plan_id: uuid.UUID) -> list[Held]:
        """Those that made this plan or looked at it again."""
        return [one for one in self.held if one.plan_id == plan_id]


def of_person(session: Session, person_id: uuid.UUID, today: date) -> OwnConferences:
    """The family's conferences as the person may see them; none where they were erased or have left the family. Where
    no plan goes on, only the last one that an adult was invited to."""
    person = session.get(Person, person_id)
    if person is None or person.gone:
        return OwnConferences()
    going_on = {plan.id: plan for plan in plans.current_plans(session, person.family_id)}
    found = queries.of_family(session, person.family_id)
    held = [one for one in found if one.status == "held"]
    if going_on:
        seen = [one for one in held if one.plan_id in going_on]
    else:
        seen = [one for one in held if person.grown and _place(one, person)][:1]
    invited = [one for one in found if one.status == "planned" and _place(one, person)]
    zone = timescales.zone_of(session, person.family_id)
    coming = [Planned(one.kind, day) for one in invited if (day := _day(one, zone)) is not None and day >= today]
    return OwnConferences(
        held=[_seen_by(session, person, one, going_on) for one in seen],
        next=min(coming, key=lambda one: one.on, default=None),
    )


def expected_with(session: Session, appointment: Appointment, person_id: uuid.UUID) -> list[Attendee]:
    """Whom of those expected at the appointment that member of the family may hear of. At a conference, of
    professionals only whom they would read of as having come; one who was put into the calendar by hand and has no
    agency there counts as somebody's own."""
    row = queries.at_appointment(session, appointment.id)
    if row is None:
        return list(appointment.attendees)
    agencies: dict[str, set[str]] = {}
    for who in row.attendees:
        if who.person_id is None:
            agencies.setdefault(named(who.name), set()).add(who.agency)
    shown = _shown([*(one.person for one in row.attendees), *(one.person for one in appointment.attendees)], person_id)
    return [
        place
        for place in appointment.attendees
        if place.person_id is not None or agencies.get(named(place.name), SOMEBODYS) <= shown
    ]


def _day(one: Conference, zone: ZoneInfo) -> date | None:
    """The day of its appointment, which may have been moved in the calendar; None where it was called off there."""
    if one.appointment is None:
        return one.held_on
    return one.appointment.starts_at.astimezone(zone).date() if one.appointment.status == "scheduled" else None


def _place(conference: Conference, person: Person) -> ConferenceAttendee | None:
    return next((one for one in conference.attendees if one.person_id == person.id), None)


def _seen_by(session: Session, person: Person, one: Conference, going_on: dict[uuid.UUID, Plan]) -> Held:
    place = _place(one, person)
    was_there = place is not None and place.attended
    plan = going_on.get(one.plan_id) if one.plan_id else None
    if plan is None and one.plan_id:
        plan = session.get(Plan, one.plan_id)
    return Held(
        kind=one.kind,
        held_on=one.held_on,
        plan_id=one.plan_id,
        decision=one.decision,
        harms=_harms(one, plan) if place is not None and person.grown else [],
        there=_there(one, person) if was_there else [],
        chair=one.chair if was_there else "",
        dissent=was_there and person.grown and bool(one.dissents),
    )


def _there(one: Conference, person: Person) -> list[ConferenceAttendee]:
    shown = _shown((who.person for who in one.attendees), person.id)
    return [who for who in one.attendees if who.attended and who.person_id is None and who.agency in shown]


def _shown(invited: Iterable[Person | None], person_id: uuid.UUID) -> frozenset[str]:
    """The agencies of which that person hears who comes, if these of the family are invited."""
    others = any(one is not None and one.grown and one.id != person_id for one in invited)
    return EVERYBODYS if others else EVERYBODYS | SOMEBODYS


def _harms(one: Conference, plan: Plan | None) -> list[str]:
    """Each once; none of which the plan keeps every worry off the family's page."""
    decided = {harm for child in one.children for harm in child.harms}
    kept = {risk.harm for risk in plan.risks if risk.kept_from_family} if plan else set()
    shown = {risk.harm for risk in plan.risks if not risk.kept_from_family} if plan else set()
    return sorted(decided - (kept - shown))
