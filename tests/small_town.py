"""A small town for the tests of pages and scopes: two agencies, a worker in each role, families with a plan.

``town`` is a fixture (import it in a conftest). Everything is made through the tables, so that no importer is needed.
"""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from api import clock
from api.access import service as access
from api.access.guards import CHAT_COOKIE, WORKER_COOKIE
from api.access.models import Agency, Worker
from api.appointments.models import Appointment, AppointmentSeries, Attendee, ChangeRequest
from api.channels.webchat import service as webchat
from api.conferences.models import Conference
from api.database import Base, transaction
from api.escalations import service as escalations
from api.escalations.models import Escalation, Shift
from api.evidence.models import Evidence
from api.families.models import ContactPoint, Family, FamilyWorker, Person
from api.messages.models import Conversation, InboundMessage
from api.plans.models import ActionEvent, Outcome, Plan, PlanAction, Risk
from api.reviews.models import Review
from api.timescales.models import CaseEvent
from api.views.models import StatedView
from tests import once
from tests.conftest import emptied

PASSWORD = "a long enough password"


@lru_cache(maxsize=1)
def _password_hash() -> str:
    return access.hash_password(PASSWORD)


@dataclass
class Household:
    """One family and one of everything that hangs on it."""

    family: Family
    parent: Person
    child: Person
    conversation: Conversation
    action: PlanAction
    appointment: Appointment
    change: ChangeRequest
    event: CaseEvent
    plan: Plan
    meeting: Conference
    view: StatedView
    series: AppointmentSeries


@dataclass
class Town:
    """``mine`` is led by ``worker``; ``other`` is the same agency's, led by nobody here; ``far`` another agency's."""

    agency: Agency
    far_agency: Agency
    worker: Worker
    duty: Worker
    manager: Worker
    far_manager: Worker
    mine: Household
    other: Household
    far: Household
    numbers: Iterator[int] = field(repr=False)

    def signed_in(self, worker: Worker) -> dict[str, str]:
        """The cookies of a browser in which this worker is signed in."""
        with transaction() as session:
            return {WORKER_COOKIE: access.start_session(session, worker).token}

    def program(self, worker: Worker) -> dict[str, str]:
        """The header of a program that asks for this worker."""
        with transaction() as session:
            return {"Authorization": f"Bearer {access.start_session(session, worker, via='bearer').token}"}

    def form(self, cookies: dict[str, str], **fields: str) -> dict[str, str]:
        """A form of a page of this session."""
        token = cookies.get(WORKER_COOKIE) or cookies[CHAT_COOKIE]
        return {"form_token": access.form_token(token), **fields}

    def chatting(self, person: Person | None = None) -> tuple[dict[str, str], uuid.UUID]:
        """The cookies of a browser with a live chat (of a stranger, or of a person), and the conversation."""
        if person is None:
            started = webchat.start_without_name(self.agency.id, "en")
        else:
            with transaction() as session:
                code = webchat.make_code(session, person, self.worker.id)
            started = webchat.start_with_code(code, "testclient")
        return {CHAT_COOKIE: started.token}, started.conversation_id

    def in_ohio(self) -> None:
        """The agency is in Ohio, where no conference makes a plan, and the first family's plan has ended."""
        with transaction() as session:
            session.get_one(Agency, self.agency.id).jurisdiction = "us-ohio"
            plan = session.get_one(Plan, self.mine.plan.id)
            plan.ended_on = plan.started_on

    def message(self, conversation: Conversation, body: str, state: str = "answered", flag: str = "") -> InboundMessage:
        """A message of a family's, as if it had come in."""
        with transaction() as session:
            message = InboundMessage(
                conversation_id=conversation.id,
                channel=conversation.channel,
                external_id=uuid.uuid4().hex,
                body=body,
                received_at=clock.now(),
                state=state,
                flag=flag,
            )
            session.add(message)
            session.get_one(Conversation, conversation.id).last_inbound_at = clock.now()
            return message

    def escalation(self, household: Household, words: str = "please ring me", priority: str = "emergency") -> int:
        """An escalation from this family's conversation, its first rung told; returns its number."""
        with transaction() as session:
            conversation = session.get_one(Conversation, household.conversation.id)
            opened: Escalation = escalations.open_escalation(
                session,
                conversation=conversation,
                message=None,
                kind="immediate_danger",
                priority=priority,
                words=words,
                reasons=["door_kicked"],
            )
            return opened.id

    def photo(self, household: Household) -> uuid.UUID:
        """That this family's parent sent a photo; the photo itself is not in the folder."""
        with transaction() as session:
            made = Evidence(
                family_id=household.family.id,
                person_id=household.parent.id,
                action_id=household.action.id,
                way="chat",
                received_at=clock.now(),
                media_type="image/jpeg",
                size=1,
                sha256=f"{household.family.name}-photo",
            )
            session.add(made)
            session.flush()
            return made.id


def dropped_outcome_of(household: Household) -> uuid.UUID:
    """An outcome that was dropped from this family's plan, made when it is first asked for."""
    with transaction() as session:
        known = session.scalar(select(Outcome.id).filter_by(plan_id=household.plan.id, state="dropped"))
        if known is not None:
            return known
        made = Outcome(
            id=uuid.uuid4(), plan_id=household.plan.id, external_id="o", position=1, title="warm", state="dropped"
        )
        session.add(made)
    return made.id


def review_of(household: Household) -> uuid.UUID:
    """A review of this family's plan, made when it is first asked for."""
    with transaction() as session:
        known = session.scalar(select(Review.id).filter_by(plan_id=household.plan.id))
        if known is not None:
            return known
        made = Review(
            plan_id=household.plan.id,
            external_id="review",
            held_on=date(2026, 2, 2),
            next_step="continue",
            reason=f"{household.family.name} goes on",
            recorded_at=clock.now(),
        )
        session.add(made)
        session.flush()
        return made.id


def _household(session: Session, agency: Agency, name: str, numbers: Iterator[int]) -> Household:
    now = clock.now()
    family = Family(agency_id=agency.id, external_id=name, name=name)
    session.add(family)
    session.flush()
    parent = Person(
        family_id=family.id, external_id="parent", kind="parent", first_name=f"{name}parent", last_name=name
    )
    child = Person(family_id=family.id, external_id="child", kind="child", first_name=f"{name}child")
    session.add_all([parent, child])
    session.flush()
    phone = f"+447700900{next(numbers)}"
    session.add(ContactPoint(person_id=parent.id, channel="sms", address=phone))
    conversation = Conversation(
        channel="sms", address=phone, agency_id=agency.id, person_id=parent.id, created_at=now, state={}
    )
    plan = Plan(family_id=family.id, external_id="plan", started_on=date(2026, 1, 5), contingency=f"{name} contingency")
    session.add_all([conversation, plan])
    session.flush()
    session.add(Risk(plan_id=plan.id, position=1, harm="neglect", description=f"{name} risk"))
    action = PlanAction(
        plan_id=plan.id, external_id="a", title=f"{name} course", owner_person_id=parent.id, status="reported_done"
    )
    appointment = Appointment(
        family_id=family.id,
        external_id="m",
        kind="core_group",
        starts_at=now + timedelta(days=2),
        ends_at=now + timedelta(days=2, hours=1),
        place=f"{name} rooms",
    )
    session.add_all([action, appointment])
    session.flush()
    session.add(
        ActionEvent(action_id=action.id, kind="reported_done", at=now, person_id=parent.id, words=f"{name} done it")
    )
    session.add(Attendee(appointment_id=appointment.id, person_id=parent.id, answer="cannot_come", answered_at=now))
    change = ChangeRequest(
        appointment_id=appointment.id, person_id=parent.id, words=f"{name} cannot come", created_at=now
    )
    session.add(change)
    session.flush()
    event = CaseEvent(
        family_id=family.id,
        external_id="concern",
        kind="concern_raised",
        day=date(2026, 1, 2),
        recorded_at=now,
    )
    meeting = Conference(
        family_id=family.id,
        plan_id=plan.id,
        external_id="meeting",
        kind="review",
        held_on=date(2026, 3, 2),
        chair=f"{name} chair",
        created_at=now,
    )
    view = StatedView(
        family_id=family.id,
        person_id=child.id,
        external_id="view",
        given_on=date(2026, 2, 1),
        words=f"{name} wants to stay",
        audience="meeting",
        recorded_at=now,
    )
    series = AppointmentSeries(
        family_id=family.id,
        external_id="series",
        kind="home_visit",
        rrule="FREQ=WEEKLY",
        starts_on=date(2026, 1, 8),
        ends_on=date(2026, 2, 5),
        at=time(10),
        minutes=60,
        attendees=[],
        created_at=now,
        written_until=date(2026, 3, 5),
    )
    session.add_all([event, meeting, view, series])
    session.flush()
    return Household(
        family, parent, child, conversation, action, appointment, change, event, plan, meeting, view, series
    )


def build() -> bytes:
    """Build the town in empty tables; its rows as objects, pickled."""
    numbers = iter(range(100, 999))
    with transaction() as session:
        agencies = [
            Agency(external_id=key, name=name, jurisdiction="uk-england", timezone="Europe/London")
            for key, name in (("near", "Near Services"), ("far", "Far Services"))
        ]
        session.add_all(agencies)
        session.flush()

        def worker(agency: Agency, role: str, name: str) -> Worker:
            made = Worker(
                agency_id=agency.id,
                external_id=name,
                name=f"{name} Worker",
                email=f"{name.lower()}@example.org",
                phone=f"+447700900{next(numbers)}",
                role=role,
                password_hash=_password_hash(),
            )
            session.add(made)
            session.flush()
            return made

        lead = worker(agencies[0], "worker", "Lena")
        duty = worker(agencies[0], "duty", "Dora")
        manager = worker(agencies[0], "manager", "Mona")
        far_manager = worker(agencies[1], "manager", "Fara")
        now = clock.now()
        for on_shift in (duty, manager):
            session.add(
                Shift(
                    agency_id=on_shift.agency_id,
                    worker_id=on_shift.id,
                    role=on_shift.role,
                    starts_at=now - timedelta(days=1),
                    ends_at=now + timedelta(days=30),
                )
            )
        mine = _household(session, agencies[0], "Ash", numbers)
        other = _household(session, agencies[0], "Birch", numbers)
        far = _household(session, agencies[1], "Cedar", numbers)
        session.add(FamilyWorker(family_id=mine.family.id, worker_id=lead.id, lead=True))
    return pickle.dumps(Town(agencies[0], agencies[1], lead, duty, manager, far_manager, mine, other, far, numbers))


TOWN = once.Kept(build, moves=True)


@pytest.fixture
def town(database: Engine) -> Town:
    """The town, fresh for each test, as if it were built now."""
    fresh: Town = pickle.loads(TOWN.put(database, emptied()))
    houses = (vars(house).values() for house in (fresh.mine, fresh.other, fresh.far))
    for row in chain(vars(fresh).values(), *houses):
        for name, value in list(vars(row).items()) if isinstance(row, Base) else ():
            if isinstance(value, datetime):
                set_committed_value(row, name, value + TOWN.later)
    return fresh
