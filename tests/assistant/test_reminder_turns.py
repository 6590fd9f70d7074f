"""Answers to reminders: by number or in words, they are about the appointment that was reminded of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from api import clock
from api.appointments.models import Appointment, Attendee
from api.database import reading, transaction
from api.families.models import ContactPoint, Person
from api.messages.models import OutboundMessage
from api.reminders import jobs
from tests.assistant.conftest import Talk

Phones = Callable[[str], Talk]


def appointments(key: str) -> list[Appointment]:
    """The person's appointments from now on."""
    with reading() as session:
        return list(
            session.scalars(
                select(Appointment)
                .join(Attendee)
                .join(Person, Person.id == Attendee.person_id)
                .where(Person.external_id == key, Appointment.starts_at > clock.now())
                .order_by(Appointment.starts_at)
            )
        )


def answer_to(appointment: Appointment, key: str = "kelly") -> str:
    with reading() as session:
        return session.scalars(
            select(Attendee.answer)
            .join(Person, Person.id == Attendee.person_id)
            .where(Attendee.appointment_id == appointment.id, Person.external_id == key)
        ).one()


def reminded(phone: Talk, moment: timedelta, appointment: Appointment) -> str:
    """Its reminder that long before; the text."""
    jobs.look_ahead(at_once=True)
    clock.move(appointment.starts_at - moment - clock.now())
    jobs.remind()
    with reading() as session:
        text: str = (
            session.scalars(
                select(OutboundMessage.body)
                .where(OutboundMessage.address == phone.address, OutboundMessage.kind == "reminder")
                .order_by(OutboundMessage.seq.desc())
            ).first()
            or ""
        )
    return text


def only(key: str) -> Appointment:
    """An appointment of that person four days from now at noon, and no other."""
    with transaction() as session:
        person = session.scalars(select(Person).where(Person.external_id == key)).one()
        for place in session.scalars(select(Attendee).where(Attendee.person_id == person.id)):
            session.delete(place)
        starts_at = clock.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=4)
        made = Appointment(
            family_id=person.family_id, external_id="only", kind="home_visit", starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
        )  # fmt: skip
        session.add(made)
        session.flush()
        session.add(Attendee(appointment_id=made.id, person_id=person.id))
    return made


def another(key: str, after: timedelta) -> Appointment:
    with transaction() as session:
        person = session.scalars(select(Person).where(Person.external_id == key)).one()
        first = session.scalars(select(Appointment).where(Appointment.external_id == "only")).one()
        made = Appointment(
            family_id=person.family_id, external_id="another", kind="health_visit", starts_at=first.starts_at + after,
            ends_at=first.ends_at + after,
        )  # fmt: skip
        session.add(made)
        session.flush()
        session.add(Attendee(appointment_id=made.id, person_id=person.id))
    return made


def test_one_confirms_that_appointment(talk: Phones) -> None:
    phone, meeting = talk("kelly"), only("kelly")
    assert "1 I will be there" in reminded(phone, timedelta(days=3), meeting)
    assert phone.says("1")
    assert answer_to(meeting) == "confirmed"


def test_two_says_that_they_cannot_come(talk: Phones) -> None:
    phone, meeting = talk("kelly"), only("kelly")
    reminded(phone, timedelta(days=3), meeting)
    assert phone.says("2.")
    assert answer_to(meeting) == "cannot_come"


def test_one_still_means_it_after_other_messages_and_other_lists(talk: Phones) -> None:
    phone, meeting = talk("kelly"), only("kelly")
    reminded(phone, timedelta(days=3), meeting)
    phone.says("thanks", "thank")
    menu = phone.says("hello", "greet")
    assert "\n3 " in menu and "\n1 " not in menu
    assert phone.says("1")
    assert answer_to(meeting) == "confirmed"
    assert "\n1 " in phone.says("hello", "greet"), "it is answered: its numbers are free again"


def test_what_was_offered_after_the_reminder_has_numbers_of_its_own(talk: Phones) -> None:
    phone, meeting = talk("kelly"), only("kelly")
    reminded(phone, timedelta(days=3), meeting)
    phone.says("hello", "greet")
    assert "12:00" in phone.says("3")  # the menu's first: what is coming up
    assert answer_to(meeting) == "none"


def test_two_reminders_each_with_its_own_numbers(talk: Phones) -> None:
    phone, first = talk("kelly"), only("kelly")
    second = another("kelly", timedelta(hours=2))
    assert "1 I will be there" in reminded(phone, timedelta(days=3), first)
    assert "3 I will be there" in reminded(phone, timedelta(days=3), second)
    phone.says("4")
    phone.says("1")
    assert (answer_to(first), answer_to(second)) == ("confirmed", "cannot_come")


def test_an_answer_in_words_is_about_the_one_just_reminded_of(talk: Phones) -> None:
    phone, first = talk("kelly"), only("kelly")
    second = another("kelly", timedelta(hours=2))
    reminded(phone, timedelta(days=3), first)
    reminded(phone, timedelta(days=3), second)
    phone.says("yes ok", "affirm")
    assert (answer_to(first), answer_to(second)) == ("none", "confirmed")
    phone.says("actually no i cant make it", "request_reschedule")
    assert answer_to(second) == "cannot_come"


def test_the_numbers_of_a_moved_appointment_mean_its_new_time(talk: Phones) -> None:
    phone, meeting = talk("kelly"), only("kelly")
    reminded(phone, timedelta(days=3), meeting)
    with transaction() as session:
        moved = session.get_one(Appointment, meeting.id)
        moved.starts_at, moved.ends_at = moved.starts_at + timedelta(days=1), moved.ends_at + timedelta(days=1)
    jobs.look_ahead(at_once=True)
    jobs.remind()
    assert phone.says("1")
    assert answer_to(meeting) == "confirmed"


def test_a_cancelled_appointment_cannot_be_confirmed(talk: Phones) -> None:
    phone, meeting = talk("kelly"), only("kelly")
    reminded(phone, timedelta(days=3), meeting)
    with transaction() as session:
        session.get_one(Appointment, meeting.id).status = "cancelled"
    phone.says("1")
    assert answer_to(meeting) == "none"


def test_the_next_holder_of_the_number_answers_nobody_elses_reminder(talk: Phones) -> None:
    phone, meeting = talk("kelly"), only("kelly")
    reminded(phone, timedelta(days=3), meeting)
    with transaction() as session:
        point = session.scalars(select(ContactPoint).where(ContactPoint.address == phone.address)).one()
        point.person_id = session.scalars(select(Person.id).where(Person.external_id == "rosa")).one()
    phone.says("1")
    assert answer_to(meeting) == "none"


def test_stop_the_reminders_but_keep_texting_me(talk: Phones) -> None:
    phone, meeting = talk("kelly"), only("kelly")
    for intent in ("stop_messages", "change_contact_preference", "nlu_fallback"):
        said = phone.says("stop the reminders but keep texting me", intent)
        assert "won't send reminders" in said
    assert reminded(phone, timedelta(days=3), meeting) == ""
    assert phone.says("hello", "greet"), "they are still answered"


def test_only_the_day_before(talk: Phones) -> None:
    phone, meeting = talk("kelly"), only("kelly")
    assert "I remind you the day before." in phone.says("remind me the day before only", "check_appointments")
    assert reminded(phone, timedelta(days=3), meeting) == ""
    assert reminded(phone, timedelta(days=1), meeting)


def test_a_cry_for_help_that_names_reminders_stays_one(talk: Phones) -> None:
    phone = talk("kelly")
    said = phone.says("stop the reminders hes reading my phone and hes going to kill me", "report_immediate_danger")
    assert "won't send reminders" not in said


def test_a_wish_for_one_kind_leaves_the_others(talk: Phones) -> None:
    def chosen(key: str) -> tuple[str | None, dict[str, str]]:
        with reading() as session:
            person = session.scalars(select(Person).where(Person.external_id == key)).one()
            return person.reminder_moments, person.reminder_kinds

    kelly = talk("kelly")
    reply = kelly.says("remind me 3 hours before the school meeting", "change_contact_preference")
    assert "I remind you 3 hours before: meeting at school. The rest stays as it was." in reply
    assert chosen("kelly") == (None, {"school_meeting": "3h"})
    assert "any more: meeting at school" in kelly.says("no reminders for the school meeting", "stop_messages")
    assert chosen("kelly") == (None, {"school_meeting": ""})
    kelly.says("remind me the day before only", "change_contact_preference")
    assert chosen("kelly") == ("1d", {}), "who says it of all means all"
    sarah = talk("sarah")
    reply = sarah.says("remind me the day before court", "change_contact_preference")
    assert "court" not in reply and "I have noted when to remind you" in reply and chosen("sarah")[1]


def test_reviews_are_of_two_kinds_only_where_the_place_has_both(talk: Phones) -> None:
    def chosen(key: str) -> set[str]:
        with reading() as session:
            return set(session.scalars(select(Person).filter_by(external_id=key)).one().reminder_kinds)

    talk("kelly").says("remind me 2 days before the review", "change_contact_preference")
    assert chosen("kelly") == {"review_conference"}
    talk("darnell").says("remind me 2 days before the review", "change_contact_preference")
    assert chosen("darnell") == {"review_conference", "administrative_review"}
    talk("darnell").says("no more reminders for the administrative review", "change_contact_preference")
    with reading() as session:
        kinds = session.scalars(select(Person).filter_by(external_id="darnell")).one().reminder_kinds
    assert kinds == {"review_conference": "2d", "administrative_review": ""}
