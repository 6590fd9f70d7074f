"""Young people who only chat are asked there, when they next write, whether there is something they want said."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from api import clock
from api.access.models import Worker
from api.appointments.models import Appointment, Attendee
from api.channels.webchat import service as webchat
from api.database import reading, transaction
from api.families.models import Person
from api.settings import settings
from api.views.jobs import ask_for_views
from api.views.models import StatedView, ViewAsk, ViewDraft
from tests.assistant.conftest import Talk, Understanding

Chat = Callable[[], Talk]
ASKED = "Is there something you would like said there, in your own words? Write SAY"


def meeting(kind: str = "review_conference", ahead: timedelta = timedelta(days=4)) -> uuid.UUID:
    """Tia is expected there."""
    starts_at = clock.now() + ahead
    with transaction() as session:
        tia = session.scalars(select(Person).filter_by(external_id="tia")).one()
        made = Appointment(
            family_id=tia.family_id, external_id="hers", kind=kind, starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
        )  # fmt: skip
        session.add(made)
        session.flush()
        session.add(Attendee(appointment_id=made.id, person_id=tia.id))
        session.execute(delete(StatedView))  # she has said nothing lately
    return made.id


@pytest.fixture
def chat(understanding: Understanding) -> Chat:
    """Tia comes in with a code of her worker's."""

    def entered() -> Talk:
        with transaction() as session:
            tia = session.scalars(select(Person).filter_by(external_id="tia")).one()
            worker = session.scalars(select(Worker).filter_by(external_id="amara")).one()
            code = webchat.make_code(session, tia, worker.id)
        started = webchat.start_with_code(code, "203.0.113.9")
        here = Talk(understanding, "", channel="web")
        here.conversation_id = started.conversation_id
        return here

    return entered


def test_who_only_chats_is_asked_there_once_after_an_answer(chat: Chat) -> None:
    meeting()
    assert ask_for_views() == 0, "there is no phone to ask"
    tia = chat()
    first = tia.says("hiya", "greet")
    assert ASKED in first and "review conference is on Saturday 28 November" in first
    assert ASKED not in tia.says("ta", "thank") and ASKED not in chat().says("hello", "greet")
    tia.says("SAY", "share_views")
    with reading() as session:
        assert len(session.scalars(select(ViewDraft)).all()) == 1
        assert len(session.scalars(select(ViewAsk)).all()) == 1


def test_there_is_no_such_question_after_danger_or_in_the_middle_of_something(chat: Chat) -> None:
    meeting()
    tia = chat()
    tia.says("he says he will kill me tonight, im locked in the bathroom", "report_immediate_danger")
    assert ASKED not in tia.says("hi", "greet")
    with reading() as session:
        assert session.scalars(select(ViewAsk)).all() == []


@pytest.mark.parametrize("why_not", ["too early", "another meeting", "switched off"])
def test_nor_where_there_is_nothing_to_ask_about(chat: Chat, monkeypatch: pytest.MonkeyPatch, why_not: str) -> None:
    ahead = timedelta(days=20 if why_not == "too early" else 4)
    meeting("home_visit" if why_not == "another meeting" else "core_group", ahead)
    monkeypatch.setattr(settings(), "ask_for_views", why_not != "switched off")
    assert ASKED not in chat().says("hiya", "greet")
