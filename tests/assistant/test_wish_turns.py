"""How people change the way they are written to, by saying so; and that it holds for what is queued already."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api import clock
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.escalations.models import Escalation
from api.families.models import ContactPoint, Person
from api.messages import outbox
from api.messages.models import Conversation, OutboundMessage
from tests.assistant.conftest import Talk
from tests.assistant.test_door_turns import with_pin

Phone = Callable[[str], Talk]
WISH = "change_contact_preference"


def person(key: str = "kelly") -> Person:
    with reading() as session:
        return session.scalars(select(Person).where(Person.external_id == key)).one()


def escalations() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Escalation.kind).order_by(Escalation.id)))


def test_a_wish_is_read_back_and_holds_once_they_say_one(talk: Phone) -> None:
    kelly = talk("kelly")
    asked = kelly.says("dont text after 6", WISH)
    assert asked == "Shall I change this? texts only between 08:30 and 18:00.\n1 Yes, change it\n2 No, leave it"
    assert person().contact_until == time(20)
    assert kelly.says("1").startswith("Done. That holds from now on.")
    assert (person().contact_from, person().contact_until) == (time(8, 30), time(18))
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "changed_safe_contact")).one()
    assert (entry.actor_kind, entry.actor_id, entry.detail) == (
        "person", person().id, {"fields": ["contact_until"]},
    )  # fmt: skip
    assert escalations() == []


def test_two_leaves_everything_as_it_was(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("only mornings", WISH)
    assert "nothing has changed" in kelly.says("2")
    assert (person().contact_from, person().contact_until) == (time(8, 30), time(20))


def test_yes_in_words_counts_too(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("not on sundays", WISH)
    kelly.says("yes go on", "affirm")
    assert person().contact_days == "123456"


@pytest.mark.parametrize(
    ("words", "read_back", "field", "value"),
    [
        ("dont use my name", "your name left out", "may_name_self", False),
        ("text me in spanish", "texts in this language: Español", "language", "es"),
        ("weekdays only", "only on Monday, Tuesday, Wednesday, Thursday and Friday", "contact_days", "12345"),
        ("only the day and time please", "only days and times in texts", "wording", "discreet"),
    ],
)
def test_each_kind_of_wish(talk: Phone, words: str, read_back: str, field: str, value: Any) -> None:
    kelly = talk("kelly")
    assert read_back in kelly.says(words, WISH)
    kelly.says("1")
    assert getattr(person(), field) == value


def test_rosa_says_it_in_spanish_and_reads_it_in_spanish(talk: Phone) -> None:
    rosa = talk("rosa")
    assert "mensajes solo entre las" in rosa.says("nada después de las 7", WISH)
    assert "Hecho" in rosa.says("1")
    assert person("rosa").contact_until == time(19)


def test_what_is_not_offered_is_said_honestly_and_passed_on(talk: Phone) -> None:
    reply = talk("kelly").says("email me instead", WISH)
    assert "I can't do that" in reply and escalations() == ["preference"]


def test_the_code_word_has_to_be_agreed_first(talk: Phone) -> None:
    kelly = talk("kelly")
    assert "No code word" in kelly.says("use the code word", WISH)
    with transaction() as session:
        session.get_one(Person, person().id).code_word = "Sunflower"
    kelly.says("use the code word", WISH)
    kelly.says("1")
    with transaction() as session:
        conversation = session.get_one(Conversation, kelly.conversation_id)
        assert outbox.queue_reply(session, conversation, "Are you well?").body == "Sunflower. Are you well?"


def test_not_this_phone_ends_what_is_not_asked_for_and_the_worker_knows(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("not this phone please", WISH)
    assert "won't text this number by myself" in kelly.says("1")
    with reading() as session:
        state = session.scalars(select(ContactPoint.state).where(ContactPoint.address == kelly.address)).one()
    assert state == "opted_out" and "preference" in escalations()


def test_with_a_pin_only_what_makes_it_safer_needs_none(talk: Phone) -> None:
    kelly = with_pin(talk)
    assert "PIN" in kelly.says("text me any time", WISH)
    asked = kelly.says("not this phone", WISH)
    assert "no more texts to this number" in asked and "Kelly" not in asked
    kelly.says("1")
    with reading() as session:
        state = session.scalars(select(ContactPoint.state).where(ContactPoint.address == kelly.address)).one()
    assert state == "opted_out"


def test_a_change_is_looked_at_for_what_is_queued_already(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("hello", "greet")
    later = clock.now() + timedelta(hours=10)
    with transaction() as session:
        conversation = session.get_one(Conversation, kelly.conversation_id)
        waiting = outbox.queue_reply(session, conversation, "Tea at six?", due_at=later).id
    kelly.says("only mornings", WISH)
    kelly.says("1")
    with reading() as session:
        assert session.get_one(OutboundMessage, waiting).due_at < later
