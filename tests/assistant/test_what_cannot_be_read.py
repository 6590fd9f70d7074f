"""Nobody of a family reads the sentence that stands for words that do not open: it is for whoever runs Hearthline."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from api.appointments.feeds import event
from api.appointments.models import Appointment
from api.appointments.wording import Voice
from api.database import reading, transaction
from api.families.models import Person
from api.jurisdiction.packs import pack
from api.sealed import Sealer
from tests.assistant.conftest import NOW, Talk
from tests.assistant.test_action_turns import action
from tests.harness.words import STRANGE

Phone = Callable[[str], Talk]
#: Words of the placeholder, in both languages.
PLACEHOLDER = ("cannot be read", "se pueden leer", "sealed with", "Hearthline was not given")


def lose(table: str, *columns: str) -> None:
    """What stands in these columns was sealed with a key that nobody has."""
    with transaction() as session:
        for column in columns:
            lost = Sealer([STRANGE]).seal("x", f"{table}.{column}")
            session.execute(text(f"UPDATE {table} SET {column} = :lost"), {"lost": lost})


def names_no_key(reply: str) -> None:
    assert reply and not any(part in reply for part in PLACEHOLDER), reply


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("place", "where is it"),
        ("address", "where is it"),
        ("link", "where is it"),
        ("bring", "what should I bring"),
        ("link", "whats the link for it"),
        ("travel", "is there a taxi for it"),
    ],
    ids=["place", "address", "a link for a place", "bring", "link", "travel"],
)
def test_a_detail_that_cannot_be_read_is_left_to_the_worker(talk: Phone, column: str, words: str) -> None:
    kelly = talk("kelly")
    kelly.says("whens my next meeting", "check_appointments")
    with transaction() as session:
        session.execute(text("UPDATE appointments SET place = '', address = '', link = '', bring = '', travel = ''"))
    lose("appointments", column)
    reply = kelly.says(words, "ask_appointment_details")
    names_no_key(reply)
    assert "can't look that up just now" in reply and "Your social worker can tell you" in reply
    assert "face to face" not in reply and "need to bring" not in reply


def test_the_list_of_actions_does_without_words_that_cannot_be_read(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("i cant do the parenting class, its full", "report_action_blocked")
    lose("plan_actions", "title", "blocked_reason")
    reply = kelly.says("what have i still got to do", "check_actions")
    names_no_key(reply)
    assert "One of your actions" in reply


def test_an_action_that_cannot_be_read_is_reported_by_no_name(talk: Phone) -> None:
    kelly = talk("kelly")
    lose("plan_actions", "title")
    reply = kelly.says("i cannot read these words, tell whoever runs it", "report_action_done")
    names_no_key(reply)
    assert action("gp").status == "open"


def test_a_calendar_does_without_what_cannot_be_read(talk: Phone) -> None:
    lose("appointments", "place", "address", "link", "bring", "travel")
    with reading() as session:
        one = session.query(Appointment).filter_by(address_hidden=False).first()
        person = Person(wording="plain", may_name_children=False)
        assert one is not None
        made = event(one, person, Voice(pack("uk-england"), "en", NOW.tzinfo, NOW))  # type: ignore[arg-type]
    assert (made.location, made.description, made.url) == ("", "", "")
