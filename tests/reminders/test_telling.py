"""Planned, told once, in the right words; not when it moved, was called off, or is not wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import delete, select, text, update

from api import clock
from api.appointments import service as appointments
from api.appointments.models import Appointment, Attendee
from api.database import reading, transaction
from api.families.models import ContactPoint, Person
from api.messages.models import Conversation, OutboundMessage
from api.messages.options import Option, numbered
from api.reminders import jobs
from api.reminders.models import AppointmentChange, Reminder
from api.reminders.telling import BATCH
from api.reminders.wording import choices
from api.sealed import Sealer
from tests.harness.words import STRANGE
from tests.reminders.conftest import MEETING, NOON, Booking, Diary, set_clock, tick

DAY = timedelta(days=1)


def test_three_texts_each_once_in_time(diary: Diary) -> None:
    assert diary.reminders() == {"3d": "planned", "1d": "planned", "2h": "planned"}
    assert diary.at(MEETING - 3 * DAY - timedelta(minutes=1)) == []
    (first,) = diary.at(MEETING - 3 * DAY)
    assert first == "Reminder: Saturday 28 November at 13:00.\n1 I will be there\n2 I can't come"
    assert diary.at(MEETING - 3 * DAY + timedelta(minutes=5)) == []
    (second,) = diary.at(MEETING - DAY)
    assert second.startswith("Reminder: tomorrow at 13:00.")
    (third,) = diary.at(MEETING - timedelta(hours=2))
    assert third.startswith("Reminder: today at 13:00.")
    assert diary.at(MEETING) == diary.at(MEETING + DAY) == []
    assert set(diary.reminders().values()) == {"queued"}


def test_discreet_words_name_nobody_and_nothing(diary: Diary) -> None:
    with transaction() as session:
        session.add(Attendee(appointment_id=diary.appointment.id, person_id=diary.household.child.id, concerns=True))
    (said,) = diary.at(MEETING - DAY - timedelta(seconds=-1))[-1:]
    for word in ("core group", "review", "Ashchild", "rooms", "plan", "worker", "child"):
        assert word.casefold() not in said.casefold()


@pytest.mark.parametrize(
    ("language", "named", "expected"),
    [
        ("en", True, "Reminder: core group meeting for Ashchild, tomorrow at 13:00. It is at Ash rooms."),
        ("en", False, "Reminder: core group meeting for your child, tomorrow at 13:00. It is at Ash rooms."),
        ("es", True, "Recordatorio: reunion del grupo"),
    ],
)
def test_plain_words_for_who_chose_them(diary: Diary, language: str, named: bool, expected: str) -> None:
    with transaction() as session:
        session.add(Attendee(appointment_id=diary.appointment.id, person_id=diary.household.child.id, concerns=True))
    diary.change(Person, wording="plain", may_name_children=named, language=language)
    diary.at(MEETING - 3 * DAY)
    (said,) = diary.at(MEETING - DAY)
    assert said.startswith(expected)


def test_a_phone_that_somebody_else_sees_is_written_to_discreetly_and_a_pin_does_not_change_what_arrives(
    diary: Diary,
) -> None:
    diary.change(Person, wording="plain", phone_seen_by="her mother", pin_hash="x")
    (seen,) = diary.at(MEETING - 3 * DAY)
    diary.change(Person, phone_seen_by="")
    (hers,) = diary.at(MEETING - DAY)
    assert ["core group" in said for said in (seen, hers)] == [False, True], (seen, hers)


def test_a_hidden_address_is_in_no_reminder(diary: Diary) -> None:
    diary.change(Person, wording="plain")
    diary.change(Appointment, address_hidden=True)
    (said,) = diary.at(MEETING - 3 * DAY)
    assert "rooms" not in said


def test_how_to_get_there_is_said_where_words_are_plain_and_the_address_is_no_secret(diary: Diary) -> None:
    diary.change(Appointment, travel="taxi at 9:30")
    (discreet,) = diary.at(MEETING - 3 * DAY)
    diary.change(Person, wording="plain")
    (plain,) = diary.at(MEETING - DAY)
    diary.change(Appointment, address_hidden=True)
    (hidden,) = diary.at(MEETING - timedelta(hours=2))
    assert ["Getting there: taxi at 9:30." in said for said in (discreet, plain, hidden)] == [False, True, False]
    assert "taxi" not in discreet + hidden


def test_it_is_the_local_time_of_the_place_and_its_own_words(diary: Diary) -> None:
    with transaction() as session:
        agency = session.get_one(type(diary.town.agency), diary.town.agency.id)
        agency.timezone, agency.jurisdiction = "America/New_York", "us-ohio"
    tick()
    assert diary.at(datetime(2026, 11, 27, 12, 30, tzinfo=UTC)) == []  # half past seven: before the safe hours
    (said,) = diary.at(datetime(2026, 11, 27, 13, 0, tzinfo=UTC))
    assert said.startswith("Reminder: tomorrow at 8:00 AM.")


def test_a_moved_appointment_is_told_at_once_and_reminded_of_anew(diary: Diary) -> None:
    diary.at(MEETING - 3 * DAY)
    diary.change(Appointment, starts_at=MEETING + 4 * DAY, ends_at=MEETING + 4 * DAY + timedelta(hours=1))
    tick()
    jobs.remind()
    assert diary.texts()[1:] == [
        "Change of time: Saturday 28 November at 13:00 is now Wednesday 2 December at 13:00.\n"
        "1 I will be there\n2 I can't come"
    ]
    assert diary.at(MEETING - DAY) == diary.at(MEETING - timedelta(hours=2)) == []
    told = [diary.at(MEETING + 4 * DAY - ahead) for ahead in (3 * DAY, DAY, timedelta(hours=2))]
    assert [len(texts) for texts in told] == [1, 1, 1]


def test_moved_and_moved_back_before_anybody_was_told_is_no_news(diary: Diary) -> None:
    diary.change(Appointment, starts_at=MEETING - DAY)
    diary.change(Appointment, starts_at=MEETING)
    assert diary.at(NOON + timedelta(minutes=1)) == diary.at(NOON + timedelta(minutes=2)) == []
    assert diary.reminders() == {"3d": "planned", "1d": "planned", "2h": "planned"}


def test_moved_twice_in_the_night_is_told_once_in_the_morning_with_the_time_that_was_known(diary: Diary) -> None:
    night = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
    diary.at(night)
    for hours in (1, 2):
        diary.change(Appointment, starts_at=MEETING + timedelta(hours=hours), ends_at=MEETING + timedelta(hours=9))
        assert diary.at(night + timedelta(hours=hours)) == []
    assert diary.at(datetime(2026, 11, 25, 7, 59, tzinfo=UTC)) == []
    (said,) = diary.at(datetime(2026, 11, 25, 8, 0, tzinfo=UTC))
    assert said.startswith("Change of time: Saturday 28 November at 13:00 is now Saturday 28 November at 15:00.")


def test_a_cancelled_appointment_is_told_and_not_reminded_of(diary: Diary) -> None:
    diary.change(Appointment, status="cancelled")
    tick()
    jobs.remind()
    assert diary.texts() == ["Saturday 28 November at 13:00 is called off. You don't need to do anything."]
    for ahead in (3 * DAY, DAY, timedelta(hours=2)):
        assert diary.at(MEETING - ahead) == []
    diary.change(Appointment, status="scheduled")
    assert diary.at(MEETING - timedelta(hours=1, minutes=50)) == [
        "Today at 13:00 is on after all.\n1 I will be there\n2 I can't come"
    ]


def test_a_worker_who_puts_it_on_again_has_everybody_told_who_heard_that_it_is_off(diary: Diary) -> None:
    def do(what: Callable[..., None]) -> None:
        with transaction() as session:
            what(session, session.get_one(Appointment, diary.appointment.id), diary.town.worker)

    do(appointments.cancel)
    do(appointments.restore)
    tick()
    assert diary.texts() == [], "they had not heard of it yet"
    do(appointments.cancel)
    tick()
    do(appointments.restore)
    diary.change(Person, wording="plain")
    with transaction() as session:
        one = session.get_one(Appointment, diary.appointment.id)
        appointments.change(
            session, one, diary.town.worker, kind="school_meeting", starts_at=None, ends_at=None, details={}
        )
    tick()
    assert [said.partition("\n")[0] for said in diary.texts()] == [
        "Saturday 28 November at 13:00 is called off. You don't need to do anything.",
        "Saturday 28 November at 13:00: your meeting at school is on after all. It is at Ash rooms.",
    ]
    (reminded,) = diary.at(MEETING - DAY)
    assert "meeting at school" in reminded


def test_everybody_expected_is_told_each_in_their_own_words_and_nobody_else(diary: Diary) -> None:
    with transaction() as session:
        carer = Person(
            family_id=diary.household.family.id, external_id="carer", kind="carer", first_name="Cara", language="es"
        )
        session.add(carer)
        session.flush()
        session.add(ContactPoint(person_id=carer.id, channel="sms", address="+447700900998"))
        session.add(Attendee(appointment_id=diary.appointment.id, person_id=carer.id))
        session.add(Attendee(appointment_id=diary.appointment.id, name="Mrs Ellison", role="school"))
    tick()
    told = diary.at(MEETING - 3 * DAY)
    assert sorted(text.split(":")[0] for text in told) == ["Recordatorio", "Reminder"]


def test_nobody_is_reminded_of_what_was_just_booked(diary: Diary, book: Booking) -> None:
    book(NOON + timedelta(hours=2, minutes=20))
    book(NOON + timedelta(hours=25))
    for minutes in (0, 20, 60, 80):
        assert diary.at(NOON + timedelta(minutes=minutes)) == []
    assert len(diary.at(NOON + timedelta(hours=23))) == 1  # two hours before the second


@pytest.mark.parametrize("state", ["opted_out", "quarantined"])
def test_who_may_not_be_texted_is_not_and_the_worker_sees_it(diary: Diary, state: str) -> None:
    with transaction() as session:
        session.execute(update(ContactPoint).where(ContactPoint.person_id == diary.person.id).values(state=state))
    assert diary.at(MEETING - 3 * DAY) == []
    assert diary.reminders()["3d"] == ("opted_out" if state == "opted_out" else "no_way")


def test_a_reminder_to_a_number_that_was_anothers_is_no_part_of_their_conversation(diary: Diary) -> None:
    theirs = diary.household.conversation
    with transaction() as session:
        session.get_one(Conversation, theirs.id).person_id = diary.town.far.parent.id
    assert len(diary.at(MEETING - 3 * DAY)) == 1
    with reading() as session:
        told = session.scalars(select(OutboundMessage)).one()
        new = session.get_one(Conversation, told.conversation_id)
        assert (new.address, new.person_id) == (theirs.address, diary.person.id) and new.id != theirs.id
        former = session.get_one(Conversation, theirs.id)
        assert former.person_id == diary.town.far.parent.id and former.over(clock.now())


def test_a_new_profile_is_planned_for(diary: Diary) -> None:
    diary.change(Person, contact_from=time(9), contact_until=time(12))
    tick()
    with reading() as session:
        due = {row.moment: row.due_at for row in session.scalars(select(Reminder))}
    assert due["1d"] == datetime(2026, 11, 27, 11, 45, tzinfo=UTC)  # one o'clock is not safe any more
    assert len(diary.at(datetime(2026, 11, 25, 11, 45, tzinfo=UTC))) == 1
    diary.change(Person, reminder_moments="1d")
    tick()
    assert diary.reminders() == {"3d": "queued", "1d": "planned", "2h": "not_wanted"}
    diary.change(Person, reminder_moments="")
    tick()
    assert diary.reminders() == {"3d": "queued", "1d": "not_wanted", "2h": "not_wanted"}
    diary.change(Person, reminder_moments=None)
    tick()
    assert diary.reminders() == {"3d": "queued", "1d": "planned", "2h": "planned"}


def test_only_on_the_days_that_are_safe(diary: Diary) -> None:
    diary.change(Person, contact_days="5")  # Fridays
    tick()
    assert diary.at(MEETING - 3 * DAY) == []
    assert len(diary.at(MEETING - DAY)) == 1


def test_the_agreed_word_comes_first(diary: Diary) -> None:
    diary.change(Person, code_word="Bluebell", use_code_word=True)
    (said,) = diary.at(MEETING - 3 * DAY)
    assert said.startswith("Bluebell. Reminder: ")


def test_on_a_phone_that_two_share_it_is_discreet_and_a_number_is_nobody_elses_answer(diary: Diary) -> None:
    with transaction() as session:
        other = Person(family_id=diary.household.family.id, external_id="o", kind="parent", first_name="Otto")
        session.add(other)
        session.flush()
        address = diary.household.conversation.address
        session.add(ContactPoint(person_id=other.id, channel="sms", address=address))
        session.get_one(Conversation, diary.household.conversation.id).person_id = other.id
    diary.change(Person, wording="plain", may_name_children=True, phone_label="K")
    (said,) = diary.at(MEETING - 3 * DAY)
    assert said == "K. Reminder: Saturday 28 November at 13:00."


def test_who_is_no_longer_expected_is_not_reminded(diary: Diary) -> None:
    with transaction() as session:
        session.execute(delete(Attendee).where(Attendee.person_id == diary.person.id))
    assert diary.at(MEETING - 3 * DAY) == []


def test_who_said_they_cannot_come_is_not_reminded_until_it_is_moved(diary: Diary) -> None:
    with transaction() as session:
        session.execute(update(Attendee).values(answer="cannot_come", answered_at=clock.now()))
    assert diary.at(MEETING - 3 * DAY) == []


def test_after_a_standstill_only_the_nearest_is_told(diary: Diary) -> None:
    (said,) = diary.at(MEETING - timedelta(hours=1, minutes=30))
    assert said.startswith("Reminder: today at 13:00.")
    assert diary.reminders() == {"3d": "superseded", "1d": "superseded", "2h": "queued"}


def test_two_appointments_never_share_a_number(diary: Diary, book: Booking) -> None:
    book(MEETING + timedelta(hours=3))
    tick()
    first, second = diary.at(MEETING - 3 * DAY + timedelta(hours=3))
    assert first.endswith("1 I will be there\n2 I can't come")
    assert second.endswith("3 I will be there\n4 I can't come")
    again = diary.at(MEETING - DAY + timedelta(hours=3))
    assert [text[-30:] for text in again] == [first[-30:], second[-30:]]  # each keeps its own


def test_two_workers_at_once_tell_each_once(diary: Diary, book: Booking) -> None:
    for n in range(BATCH // 10):
        book(MEETING + timedelta(minutes=n))
    tick()
    set_clock(MEETING - DAY + timedelta(hours=2))
    threads = [threading.Thread(target=jobs.remind) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(diary.texts()) == BATCH // 10 + 1
    with reading() as session:
        told = session.scalars(select(Reminder.appointment_id).where(Reminder.state == "queued")).all()
    assert len(set(told)) == len(told) == BATCH // 10 + 1


def test_every_change_is_noted_by_the_database_itself(diary: Diary) -> None:
    diary.change(Appointment, place="elsewhere")
    diary.change(Appointment, status="cancelled")
    with reading() as session:
        changes = session.scalars(select(AppointmentChange).where(AppointmentChange.handled_at.is_(None))).all()
    assert [(change.was_status, change.was_at) for change in changes] == [("scheduled", MEETING)]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_answers_offered_are_as_every_other_part_knows_them(language: str) -> None:
    offered = choices("some-id", language, 3)
    assert numbered([Option.model_validate({**one}) for one in offered], 3) == offered
    assert [one["payload"] for one in offered] == [
        '/confirm_attendance{"appointment_ref": "some-id"}', '/request_reschedule{"appointment_ref": "some-id"}',
    ]  # fmt: skip


def test_a_place_that_cannot_be_read_is_left_out(diary: Diary) -> None:
    diary.change(Person, wording="plain")
    with transaction() as session:
        lost = {"lost": Sealer([STRANGE]).seal("Ash rooms", "appointments.place")}
        session.execute(text("UPDATE appointments SET place = :lost"), lost)
    tick()
    (said,) = diary.at(MEETING - DAY)[-1:]
    assert said.startswith("Reminder: core group meeting, tomorrow at 13:00.\n"), said
