"""Somebody cannot come: three other times, offered by a worker with one click, answered "2", booked, and told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access import service as access
from api.access.guards import WORKER_COOKIE
from api.access.models import Worker
from api.appointments import offers
from api.appointments.models import Appointment, Attendee, ChangeRequest, OfferedTime
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import FamilyWorker, Person
from api.messages.models import OutboundMessage
from api.reminders import jobs
from api.reminders.models import Reminder
from tests import once
from tests.assistant.conftest import Talk
from tests.assistant.test_reminder_turns import answer_to, only, reminded

Phones = Callable[[str], Talk]


@pytest.fixture
def console(town: object) -> Iterator[TestClient]:
    """The console, with Kelly's own worker signed in."""
    with TestClient(once.app(), raise_server_exceptions=False, follow_redirects=False) as opened:
        with transaction() as session:
            token = access.start_session(session, lead()).token
        opened.cookies.set(WORKER_COOKIE, token)
        opened.headers["x-form"] = access.form_token(token)
        yield opened


def lead() -> Worker:
    with reading() as session:
        return session.scalars(
            select(Worker)
            .join(FamilyWorker, FamilyWorker.worker_id == Worker.id)
            .join(Person, Person.family_id == FamilyWorker.family_id)
            .where(Person.external_id == "kelly", FamilyWorker.lead)
        ).one()


def request() -> ChangeRequest:
    with reading() as session:
        return session.scalars(select(ChangeRequest).order_by(ChangeRequest.created_at.desc())).all()[0]


def proposed(console: TestClient, family: object) -> list[str]:
    page = console.get(f"/console/families/{family}").text
    return re.findall(r'name="starts_at" value="([^"]+)" checked', page)


def offer(console: TestClient, *starts: str) -> int:
    form = {"form_token": console.headers["x-form"], "starts_at": list(starts)}
    return console.post(f"/console/changes/{request().id}/offer", data=form).status_code


def last_text(phone: Talk) -> str:
    with reading() as session:
        found = select(OutboundMessage.body).where(OutboundMessage.address == phone.address)
        return session.scalars(found.order_by(OutboundMessage.seq.desc())).all()[0]


def asked(talk: Phones) -> tuple[Talk, Appointment]:
    phone, appointment = talk("kelly"), only("kelly")
    with transaction() as session:
        session.add(Attendee(appointment_id=appointment.id, name=lead().name, role="social worker"))
        other = session.scalars(
            select(Person).where(Person.family_id == appointment.family_id, Person.external_id != "kelly",
                                 Person.kind != "child")
        ).first()  # fmt: skip
        if other is not None:
            session.add(Attendee(appointment_id=appointment.id, person_id=other.id))
    phone.says("i cant make it on saturday", "request_reschedule")
    return phone, appointment


def now_at(appointment: Appointment) -> datetime:
    with reading() as session:
        return session.get_one(Appointment, appointment.id).starts_at


def test_the_worker_offers_three_with_one_click_the_parent_answers_2_and_it_is_booked(
    console: TestClient, talk: Phones
) -> None:
    phone, appointment = asked(talk)
    times = proposed(console, appointment.family_id)
    assert len(times) == 3
    assert offer(console, *times) == 303
    text = last_text(phone)
    assert text.count("\n") == 4 and "\n1 " in text and "\n3 " in text and "4 None of these" in text, text
    for word in ("visit", "child", "plan", "worker"):
        assert word not in text, "nothing that others should not read"
    assert proposed(console, appointment.family_id) == [], "they wait for the answer"
    phone.says("thanks what is on my list", "check_actions")  # talk of other things in between
    assert "Done: it is now" in phone.says("2")
    assert now_at(appointment) == datetime.fromisoformat(sorted(times)[1])
    assert answer_to(appointment) == "confirmed"
    with reading() as session:
        assert request().handled_at is not None and request().handled_by == lead().id
        states = session.scalars(select(OfferedTime.state).order_by(OfferedTime.starts_at)).all()
        worker = session.scalars(select(OutboundMessage).filter_by(worker_id=lead().id)).all()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "chose_offered_time")).one()
    assert states == ["withdrawn", "chosen", "withdrawn"] and entry.actor_kind == "person"
    assert "A family chose a time that you offered" in worker[-1].body and "Kelly" not in worker[-1].body
    before = last_text(phone)
    jobs.look_ahead(at_once=True)
    jobs.remind()
    assert last_text(phone) == before, "who chose it knows it"
    assert "Done: it is now" not in phone.says("1"), "what was offered is used up"
    assert now_at(appointment) == datetime.fromisoformat(sorted(times)[1])


def test_what_they_wrote_before_about_the_old_time_is_met_by_the_new_one(console: TestClient, talk: Phones) -> None:
    """A second message, about the day that it is no more on, must not look like a wish to move the new time."""
    phone, appointment = asked(talk)
    phone.says("i am working then", "request_reschedule")
    assert offer(console, *proposed(console, appointment.family_id)[:3]) == 303
    assert "Done: it is now" in phone.says("2")
    with reading() as session:
        waiting = session.scalars(select(ChangeRequest).filter_by(appointment_id=appointment.id)).all()
        assert len(waiting) == 2 and all(one.handled_by == lead().id for one in waiting)
    assert proposed(console, appointment.family_id) == []


def test_everybody_else_expected_hears_of_the_new_time(console: TestClient, talk: Phones) -> None:
    phone, appointment = asked(talk)
    with reading() as session:
        others = session.scalars(
            select(Person.id)
            .join(Attendee)
            .where(Attendee.appointment_id == appointment.id, Person.external_id != "kelly")
        ).all()
    jobs.look_ahead(at_once=True)
    assert offer(console, *proposed(console, appointment.family_id)) == 303
    phone.says("1")
    jobs.look_ahead(at_once=True)
    with reading() as session:
        told = session.scalars(
            select(Reminder.person_id).where(Reminder.appointment_id == appointment.id, Reminder.moment == "moved")
        ).all()
    assert sorted(told) == sorted(others)


def test_none_of_them_leaves_the_request_open_and_the_worker_sees_it(console: TestClient, talk: Phones) -> None:
    phone, appointment = asked(talk)
    was = now_at(appointment)
    assert offer(console, *proposed(console, appointment.family_id)[:2]) == 303
    assert "none of these" in phone.says("3")
    page = console.get(f"/console/families/{appointment.family_id}").text
    assert "None of the offered times suited" in page and len(proposed(console, appointment.family_id)) == 3
    assert request().handled_at is None and now_at(appointment) == was


def test_a_time_that_was_taken_meanwhile_is_not_booked_twice(console: TestClient, talk: Phones) -> None:
    phone, appointment = asked(talk)
    was, (first, *_) = now_at(appointment), proposed(console, appointment.family_id)
    assert offer(console, first) == 303
    with transaction() as session:
        starts_at = datetime.fromisoformat(first)
        taken = Appointment(
            family_id=appointment.family_id, external_id="taken", kind="home_visit", starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30),
        )  # fmt: skip
        session.add(taken)
        session.flush()
        session.add(Attendee(appointment_id=taken.id, name=lead().name.upper()))
    assert "is not free any more" in phone.says("1")
    assert now_at(appointment) == was and request().handled_at is None


def test_its_numbers_and_a_reminders_never_mean_the_same(console: TestClient, talk: Phones) -> None:
    phone, appointment = asked(talk)
    with transaction() as session:
        place = session.scalars(select(Attendee).where(Attendee.appointment_id == appointment.id)).all()
        for one in place:
            one.answer = "none"  # so that they are reminded all the same
    assert offer(console, *proposed(console, appointment.family_id)) == 303
    text = reminded(phone, timedelta(hours=2), appointment)
    numbers = re.findall(r"^(\d+) ", text, re.MULTILINE)
    assert numbers == ["5", "6"], text


def test_what_cannot_be_offered_is_not(console: TestClient, talk: Phones) -> None:
    phone, appointment = asked(talk)
    times = proposed(console, appointment.family_id)
    past = (clock.now() - timedelta(days=1)).isoformat()
    assert offer(console) == 400 and offer(console, past) == 400 and offer(console, "tomorrow") == 400
    assert offer(console, *times, (clock.now() + timedelta(days=9)).isoformat()) == 400
    with reading() as session:
        assert session.scalars(select(OfferedTime)).all() == []
    assert "Which suits you" not in last_text(phone)


def test_what_was_offered_to_one_is_nobody_elses_to_take(console: TestClient, talk: Phones) -> None:
    phone, appointment = asked(talk)
    assert offer(console, *proposed(console, appointment.family_id)) == 303
    with reading() as session:
        offered = session.scalars(select(OfferedTime)).all()[0]
    with transaction() as session:
        stranger = session.scalars(select(Person).where(Person.family_id != appointment.family_id)).all()[0]
        assert offers.choose(session, stranger.id, offered.id) is None
        assert offers.none_of_them(session, stranger.id, request().id) is False
    assert "Done: it is now" in phone.says("1")
