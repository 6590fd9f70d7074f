"""Professionals of other agencies who are expected hear of a changed appointment by e-mail, once, with nothing of the
case in it; who could not be told stands where the worker looks."""

from __future__ import annotations

from datetime import date, time, timedelta
from email.message import Message
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api import clock
from api.access.models import Agency
from api.appointments import series, service
from api.appointments.models import Appointment, AppointmentSeries, Attendee
from api.appointments.service import Expected
from api.database import reading, transaction
from api.families.models import Family
from api.messages import delivery
from api.messages.models import OutboundMessage
from api.plans.models import CoreGroupMember, Plan
from api.protection import retention
from api.reminders.models import ProfessionalNews
from tests.harness.mail import FakeMail
from tests.reminders.conftest import MEETING, Diary, tick

HOUR = timedelta(hours=1)
LATER = MEETING + 26 * HOUR
ADDRESS = "jo.field@school.example"


def member(diary: Diary, name: str, email: str = ADDRESS, plan: Plan | None = None) -> None:
    with transaction() as session:
        plan_id = (plan or diary.household.plan).id
        session.add(CoreGroupMember(plan_id=plan_id, name=name, role="teacher", email=email))


def expect(diary: Diary, *names: str) -> None:
    with transaction() as session:
        for name in names:
            session.add(Attendee(appointment_id=diary.appointment.id, name=name, role="teacher"))


def move(diary: Diary, to: Any = LATER, reason: str | None = None) -> None:
    with transaction() as session:
        row = session.get_one(Appointment, diary.appointment.id)
        service.change(session, row, diary.town.worker, starts_at=to, ends_at=None, details={}, reason=reason)


def cancel(diary: Diary, reason: str | None = None) -> None:
    with transaction() as session:
        service.cancel(session, session.get_one(Appointment, diary.appointment.id), diary.town.worker, reason=reason)


def deliver() -> None:
    """Send what waits for professionals, as the worker does."""
    with transaction() as session:
        mine = OutboundMessage.kind == "professional"
        session.execute(
            update(OutboundMessage).where(mine, OutboundMessage.state == "queued").values(due_at=clock.now())
        )
        due = session.scalars(select(OutboundMessage.id).where(mine, OutboundMessage.state == "queued")).all()
    for one in due:
        delivery.deliver(one)


def words_of(mail: Message) -> str:
    return mail.get_payload(decode=True).decode().replace("\r\n", "\n")  # type: ignore[union-attr]


def notes() -> list[tuple[str, str, str]]:
    """Name, what, and why they could not be told."""
    with reading() as session:
        rows = session.scalars(select(ProfessionalNews).order_by(ProfessionalNews.change_id, ProfessionalNews.name))
        return [(row.name, row.what, row.problem) for row in rows]


@pytest.fixture
def expected(diary: Diary, post: FakeMail) -> Diary:
    """A teacher is expected, whose address the plan's core group has."""
    with transaction() as session:
        agency = session.get_one(Agency, diary.town.agency.id)
        agency.name, agency.phone = "Leeds Family Help", "+441134960000"
    expect(diary, "Jo  Field", "Lena Worker")
    member(diary, "jo  field ")
    return diary


def test_a_moved_one_is_told_by_mail_once_with_who_moved_it_why_and_whom_to_ring(
    expected: Diary, post: FakeMail
) -> None:
    move(expected, reason="place")
    for _ in range(3):
        tick()
        deliver()
    (mail,) = post.mails
    assert mail["To"] == ADDRESS and mail["Subject"] == "Leeds Family Help: a meeting has changed"
    assert words_of(mail) == (
        "The meeting on Saturday 28 November at 13:00 with Lena Worker is moved to Sunday 29 November at 15:00.\n"
        "Changed by: Lena Worker.\n"
        "Why: the place is not free.\n"
        "If you have questions, please ring Lena Worker, Leeds Family Help: 0113 496 0000.\n"
        "For safety this e-mail does not say which family it is about.\n"
    )
    assert notes() == [("Jo  Field", "moved", "")]


def test_nothing_of_the_case_is_in_it(expected: Diary, post: FakeMail) -> None:
    expected.change(Appointment, place="Rooms of the clinic", address="1 Hidden Street", bring="the red book")
    move(expected)
    tick()
    cancel(expected)
    tick()
    deliver()
    household = expected.household
    for secret in (
        household.family.name, household.parent.first_name, household.child.first_name, "clinic", "Hidden", "red book",
        "core group", "visit", "child",
    ):  # fmt: skip
        for mail in post.mails:
            assert secret.lower() not in f"{mail['Subject']} {words_of(mail)}".lower()


def test_one_that_is_called_off_and_is_on_again(expected: Diary, post: FakeMail) -> None:
    cancel(expected, "not_needed")
    tick()
    deliver()
    expected.change(Appointment, status="scheduled", changed_by=None, change_reason="")
    tick()
    deliver()
    off, on = (words_of(mail) for mail in post.mails)
    assert off.startswith("The meeting on Saturday 28 November at 13:00 with Lena Worker is cancelled.\n")
    assert "Why: it is not needed any more." in off
    assert on.startswith("The meeting on Saturday 28 November at 13:00 with Lena Worker takes place after all.\n")
    assert "Changed by: Leeds Family Help." in on and "Why" not in on


def test_where_no_worker_is_expected_it_names_who_leads_and_without_a_number_says_to_ask(
    expected: Diary, post: FakeMail
) -> None:
    with transaction() as session:
        session.execute(update(Attendee).where(Attendee.name == "Lena Worker").values(name="Jo Field"))
        session.get_one(Agency, expected.town.agency.id).phone = ""
    move(expected)
    tick()
    deliver()
    (mail,) = post.mails
    assert "with Lena Worker is moved" in words_of(mail), "she leads the case"
    assert "please ask Lena Worker, Leeds Family Help." in words_of(mail)
    assert notes() == [("Jo  Field", "moved", ""), ("Jo Field", "moved", "no_address")]


def test_hours_are_the_agencys_own(expected: Diary, post: FakeMail) -> None:
    with transaction() as session:
        agency = session.get_one(Agency, expected.town.agency.id)
        agency.timezone, agency.language = "Europe/Madrid", "es"
    move(expected)
    tick()
    deliver()
    (mail,) = post.mails
    assert words_of(mail).startswith(
        "La reunión del sábado 28 de noviembre a las 14:00 con Lena Worker pasa al domingo 29 de noviembre a las 16:00."
    )


def test_who_cannot_be_told_is_noted_and_shown_on_the_page(expected: Diary, client: TestClient, post: FakeMail) -> None:
    expect(expected, "Dr Shah", "Two Mails", "No Mail")
    member(expected, "Two Mails", "one@x.example")
    member(expected, "two mails", "two@x.example")
    member(expected, "No Mail", "")
    move(expected)
    tick()
    deliver()
    assert notes() == [
        ("Dr Shah", "moved", "no_address"), ("Jo  Field", "moved", ""), ("No Mail", "moved", "no_address"),
        ("Two Mails", "moved", "no_address"),
    ]  # fmt: skip
    assert [mail["To"] for mail in post.mails] == [ADDRESS]
    client.cookies.update(expected.town.signed_in(expected.town.worker))
    page = client.get(f"/console/appointments/{expected.appointment.id}").text
    section = page[page.index('id="professionals"') :]
    assert "Jo  Field: News of the new time" in section and "by e-mail, sent" in section
    assert section.count("Not told: the core group has no e-mail address for this name") == 3
    family = client.get(f"/console/families/{expected.household.family.id}").text
    assert family.count("Not told: the core group has no e-mail address for this name") == 3
    assert "by e-mail, sent" in family


@pytest.mark.usefixtures("diary")
def test_without_a_mail_server_nobody_is_told_and_the_worker_sees_that(diary: Diary) -> None:
    expect(diary, "Jo Field")
    member(diary, "Jo Field")
    move(diary)
    tick()
    assert notes() == [("Jo Field", "moved", "no_mail")]


def test_the_address_is_the_newest_plans(expected: Diary, post: FakeMail) -> None:
    with transaction() as session:
        old = session.get_one(Plan, expected.household.plan.id)
        newer = Plan(family_id=old.family_id, external_id="newer", started_on=old.started_on + timedelta(days=1))
        session.add(newer)
    member(expected, "Jo  Field", "New.Post@school.example", plan=newer)
    move(expected)
    tick()
    deliver()
    assert [mail["To"] for mail in post.mails] == ["new.post@school.example"]


def test_what_changes_again_while_the_mail_waits_is_told_once_as_what_it_has_become(
    expected: Diary, post: FakeMail
) -> None:
    post.fail("451")
    move(expected)
    tick()
    deliver()
    assert post.mails == []
    move(expected, LATER + HOUR)
    tick()
    deliver()
    (mail,) = post.mails
    assert "Saturday 28 November at 13:00" in words_of(mail) and "to Sunday 29 November at 16:00" in words_of(mail)
    deliver()
    assert len(post.mails) == 1


def test_what_is_changed_back_while_the_mail_waits_is_told_to_nobody(expected: Diary, post: FakeMail) -> None:
    move(expected)
    tick()
    move(expected, MEETING)
    tick()
    deliver()
    assert post.mails == [] and notes() == []


def test_only_who_did_not_get_the_mail_is_told_of_the_older_time(expected: Diary, post: FakeMail) -> None:
    expect(expected, "Dr Shah")
    member(expected, "Dr Shah", "shah@clinic.example")
    move(expected)
    tick()
    with reading() as session:
        shah = session.scalars(select(OutboundMessage.id).filter_by(address="shah@clinic.example")).one()
    delivery.deliver(shah)
    move(expected, LATER + HOUR)
    tick()
    deliver()
    told = {mail["To"]: words_of(mail) for mail in post.mails[1:]}
    assert "The meeting on Sunday 29 November at 15:00" in told["shah@clinic.example"]
    assert "The meeting on Saturday 28 November at 13:00" in told[ADDRESS]


def test_a_mail_of_which_nobody_knows_whether_it_arrived_is_not_sent_again(
    expected: Diary, client: TestClient, post: FakeMail
) -> None:
    post.fail("drop_after")
    move(expected)
    tick()
    deliver()
    tick()
    deliver()
    assert post.tries == 1
    client.cookies.update(expected.town.signed_in(expected.town.worker))
    page = client.get(f"/console/appointments/{expected.appointment.id}").text
    assert "May not have been delivered" in page[page.index('id="professionals"') :]


def test_a_series_moved_as_a_whole_is_one_mail(expected: Diary, post: FakeMail) -> None:
    with transaction() as session:
        booked = series.book(
            session, session.get_one(Family, expected.household.family.id), expected.town.worker,
            series.Rhythm("weekly", date(2026, 12, 3), time(10), 60), kind="home_visit",
            attendees=[Expected(expected.person.id), Expected(name="Jo  Field")], details={},
        )  # fmt: skip
    tick()
    with transaction() as session:
        row = session.get_one(AppointmentSeries, booked.id)
        rhythm = series.Rhythm("weekly", date(2026, 12, 11), time(14), 60)
        series.change_from(session, row, expected.town.worker, date(2026, 12, 10), rhythm, reason="worker")
    tick()
    deliver()
    (mail,) = post.mails
    assert "is moved to Friday 11 December at 14:00.\nLater ones that change too: 5.\n" in words_of(mail)
    assert len(notes()) == 6


def test_who_was_added_with_the_move_knows_no_other_time(expected: Diary, post: FakeMail) -> None:
    member(expected, "Dr Shah", "shah@clinic.example")
    with transaction() as session:
        row = session.get_one(Appointment, expected.appointment.id)
        service.change(
            session, row, expected.town.worker, starts_at=LATER, ends_at=None, details={},
            attendees=[Expected(expected.person.id), Expected(name="Jo  Field"), Expected(name="Dr Shah")],
        )  # fmt: skip
    tick()
    deliver()
    assert [mail["To"] for mail in post.mails] == [ADDRESS]


def test_the_notes_and_their_mails_go_by_age(expected: Diary, post: FakeMail) -> None:
    move(expected)
    tick()
    deliver()
    clock.move(timedelta(days=91))
    retention.clear()
    with reading() as session:
        assert session.scalars(select(ProfessionalNews)).all() == []
        assert session.scalars(select(OutboundMessage).filter_by(kind="professional")).all() == []
