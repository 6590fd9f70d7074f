"""What a child or young person reads when it is bad: a line of their own first, and nothing that is not so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from api.access.models import Agency, Worker
from api.channels.webchat import service as webchat
from api.database import transaction
from api.families.models import Person
from tests.assistant.conftest import Talk, Understanding

Phone = Callable[[str], Talk]
CHILDLINE = "Childline 0800 1111"


def chat(understanding: Understanding, person: str = "") -> Talk:
    """A web chat: without a name, or of that young person."""
    with transaction() as session:
        agency = session.scalars(select(Agency).filter_by(external_id="aire-valley")).one()
        code = ""
        if person:
            worker = session.scalars(select(Worker).filter_by(external_id="amara")).one()
            found = session.scalars(select(Person).filter_by(external_id=person)).one()
            code = webchat.make_code(session, found, worker.id)
    started = webchat.start_with_code(code, "test") if code else webchat.start_without_name(agency.id, "en")
    phone = Talk(understanding, "", channel="web")
    phone.conversation_id = started.conversation_id
    return phone


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("i want to kill myself tonight", "disclose_self_harm"),
        ("hes hitting my mum please help", "report_immediate_danger"),
        ("im so tired of it all", "express_distress"),
    ],
    ids=["self-harm", "danger", "distress"],
)
def test_a_child_is_given_the_childrens_line_first(understanding: Understanding, words: str, intent: str) -> None:
    for who in ("", "tia"):
        reply = chat(understanding, who).says(words, intent)
        assert CHILDLINE in reply
        assert "Samaritans" not in reply or reply.index(CHILDLINE) < reply.index("Samaritans")
        assert "Domestic" not in reply or reply.index(CHILDLINE) < reply.index("Domestic")


def test_a_parent_is_given_the_lines_for_all(talk: Phone) -> None:
    assert CHILDLINE not in talk("kelly").says("im so tired of it all", "express_distress")


def test_who_gives_no_name_has_no_social_worker(understanding: Understanding) -> None:
    nobody = chat(understanding)
    heard = nobody.says("im so tired of it all", "express_distress")
    assert "I have let a person know" in heard and "social worker" not in heard
    none = nobody.says("help with food near leeds", "find_service")
    assert "I know of no help" in none and "social worker" not in none


def test_that_people_are_told_is_said_only_where_somebody_is(understanding: Understanding, talk: Phone) -> None:
    with transaction() as session:
        session.execute(update(Worker).values(active=False))
    kelly = talk("kelly")
    for reply in (kelly.says("hes got a knife and hes hitting me"), kelly.says("hes got a knife he is hitting me now")):
        assert "999" in reply and "being told" not in reply and "gone to" not in reply and "could not reach" in reply
    assert "Samaritans 116 123" in talk("imran").says("i am going to kill myself tonight")
    assert "I have written it down" in chat(understanding).says("im so tired of it all", "express_distress")
