"""What was decided at their conference, on which worry and who was there, told by the bot from their own plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from api import clock
from api.appointments.models import Appointment
from api.assistant.operations.words import says, topic_of
from api.conferences.models import Conference, ConferenceAttendee, ConferenceChild, Dissent
from api.database import transaction
from api.families.models import Person
from api.messages.sms import segments
from api.plans.models import Plan
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]
DECIDED = "what was decided at the conference"
WHO = "who was at the conference"


def is_now(key: str, **values: object) -> None:
    with transaction() as session:
        session.execute(update(Person).where(Person.external_id == key).values(**values))


def first(told: str) -> str:
    """Their own part; what is so in general comes after it."""
    return told.split("\n--\n")[0]


@pytest.mark.parametrize("intent", ["ask_about_plan", "ask_plan_status", "out_of_scope", "nlu_fallback"])
def test_what_was_decided_is_told_with_the_worry_and_that_somebody_did_not_agree(talk: Phone, intent: str) -> None:
    told = first(talk("kelly").says(DECIDED, intent))
    assert told.startswith("The conference was on ") and "It was decided that a plan is needed." in told
    assert "The worry was: being hurt in their feelings, not getting enough care." in told
    assert "Somebody did not agree. That was written down." in told
    assert "suffer" not in told and "landlord" not in told and segments(told) <= 2


def test_the_longest_that_was_decided_fits_in_two_texts(talk: Phone) -> None:
    with transaction() as session:
        for child in session.scalars(select(ConferenceChild)):
            child.harms = ["emotional", "neglect", "physical", "sexual"]
    for words, all_four in ((DECIDED, "sexual"), ("en qué quedó la conferencia", "sexual")):
        told = first(talk("kelly").says(words, "ask_about_plan"))
        assert all_four in told and segments(told) <= 2, told


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        (WHO, "ask_about_plan"),
        ("who came to the conference", "out_of_scope"),
        ("who else was there at our conference", "ask_appointment_details"),
        ("who attended the review conference", "ask_who_is_my_worker"),
    ],
)
def test_who_was_there_is_told_by_name_and_role_and_nobody_who_did_not_come(
    talk: Phone, words: str, intent: str
) -> None:
    told = first(talk("kelly").says(words, intent))
    assert told.startswith("At the conference on ") and segments(told) <= 2
    assert "Amara Okafor (social worker), Nasreen Hussain (learning mentor), Jo Fielding (health visitor)." in told
    assert "Lister" not in told and "Kelly" not in told


def test_of_many_as_many_are_named_as_fit_and_the_others_counted(talk: Phone) -> None:
    with transaction() as session:
        held = session.scalars(select(Conference.id).join(Plan).where(Plan.external_id == "bennett-2026")).one()
        for number in range(20, 30):
            name = f"Professional Number{number}"
            session.add(
                ConferenceAttendee(
                    conference_id=held, position=number, name=name, role="Jayden's teacher", agency="education",
                    attended=True,
                )
            )  # fmt: skip
    is_now("kelly", may_name_children=False)
    told = first(talk("kelly").says(WHO, "ask_about_plan"))
    assert "Number20" in told and "Number29" not in told and " more." in told and segments(told) <= 2
    assert "Jayden" not in told


def test_who_was_not_there_is_not_told_who_was_nor_that_somebody_did_not_agree(talk: Phone) -> None:
    is_now("imran", wording="plain", phone_seen_by="")
    with transaction() as session:
        held = session.scalars(select(Conference.id).join(Plan).where(Plan.external_id == "malik-2026")).one()
        session.add(Dissent(conference_id=held, position=1, name="Sarah", words="no"))
    for words in (WHO, DECIDED):
        told = first(talk("imran").says(words, "ask_about_plan"))
        assert "a plan is needed" in told, "he was invited, and reads what was decided"
        assert "Noor" not in told and "agree" not in told and "Sarah" not in told


def test_where_somebody_else_may_read_it_nothing_of_it_is_told(talk: Phone) -> None:
    for words in (WHO, DECIDED, "what category are we on"):
        told = talk("sarah").says(words, "ask_about_plan")
        assert not any(word in told for word in ("decided that", "Noor", "feelings", "The conference was"))


def test_a_young_person_hears_what_was_decided_and_neither_harm_nor_dissent(talk: Phone) -> None:
    is_now("kelly", kind="young_person")
    told = first(talk("kelly").says(DECIDED, "ask_about_plan"))
    assert "a plan is needed" in told and "worry" not in told and "agree" not in told
    assert "feelings" not in talk("kelly").says("what category are we on", "ask_about_plan")


def test_the_category_is_told_from_their_own_conference(talk: Phone) -> None:
    told = first(talk("kelly").says("what category are we on", "ask_about_plan"))
    assert told.startswith("At the conference on ") and "it was: being hurt in their feelings, not getting" in told


def test_a_conference_without_an_hour_is_told_by_its_day(talk: Phone) -> None:
    with transaction() as session:
        session.execute(update(Appointment).values(status="cancelled"))
        plan = session.scalars(select(Plan).filter_by(external_id="bennett-2026")).one()
        kelly = session.scalars(select(Person).filter_by(external_id="kelly")).one()
        planned = Conference(
            family_id=plan.family_id, plan_id=plan.id, external_id="next", kind="review", created_at=clock.now(),
            held_on=clock.now().date() + timedelta(days=9),
        )  # fmt: skip
        planned.attendees = [ConferenceAttendee(position=1, person_id=kelly.id, agency="family")]
        session.add(planned)
    told = first(talk("kelly").says("when does the conference start", "ask_about_plan"))
    assert told == "You are invited to a conference on Thursday 3 December."


def test_in_spanish_too(talk: Phone) -> None:
    kelly = talk("kelly")
    told = first(kelly.says("en qué quedó la conferencia", "ask_plan_status"))
    assert "Se decidio que hace falta un plan." in told and "Alguien no estuvo de acuerdo." in told
    told = first(kelly.says("quién estuvo en la conferencia", "ask_about_plan"))
    assert told.startswith("En la conferencia del ") and "Amara Okafor" in told


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("who was at the conference", True),
        ("who all came to the review", True),
        ("quien fue a la conferencia", True),
        ("quienes estuvieron en la revision", True),
        ("who will be at the conference", False),
        ("who decides at the conference", False),
        ("quien va a estar en la conferencia", False),
    ],
)
def test_who_came_is_told_from_who_will_come(words: str, asked: bool) -> None:
    assert says(words, "who_was_there") is asked
    if asked:
        assert topic_of(words) in ("conference", "review")
