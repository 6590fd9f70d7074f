"""Having a say, kept safe: bounds, turns that run twice or fail, a PIN, another holder, and what nobody finishes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from api import clock
from api.assistant import rasa_client, turn
from api.assistant.rasa_client import RasaFailed
from api.database import reading, transaction
from api.escalations.models import Escalation
from api.families.models import Person
from api.messages import inbox
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.sealed import MARK
from api.views import asking, drafts
from api.views.models import ViewDraft, ViewDraftPart
from tests.assistant.conftest import Talk
from tests.assistant.test_door_turns import PIN, with_pin
from tests.assistant.test_saying_turns import OPENING, begun, draft_words, said

Phone = Callable[[str], Talk]


def test_there_is_an_end_to_what_is_taken_in_one_go_and_nothing_is_dropped_in_silence(
    talk: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MOST_MESSAGES", 2)
    kelly = begun(talk)
    kelly.says("first bit", "share_views")
    kelly.says("second bit", "share_views")
    assert "your last message is not in it" in kelly.says("third bit", "share_views")
    assert draft_words() == "first bit\nsecond bit"
    monkeypatch.setattr(drafts, "MOST_MESSAGES", 40)
    monkeypatch.setattr(drafts, "MOST_CHARACTERS", 10)
    assert "your last message is not in it" in kelly.says("four and a half", "share_views")


def test_a_turn_that_runs_again_keeps_its_message_once(talk: Phone) -> None:
    kelly = begun(talk)
    kelly.says("first bit", "share_views")
    with transaction() as session:
        draft = session.scalars(select(ViewDraft)).one()
        part = session.scalars(select(ViewDraftPart)).one()
        assert drafts.add(session, draft, part.message_id, clock.now())
        assert drafts.count(session, draft) == 1
    with transaction() as session:  # its turn is tried again, from the top
        session.get_one(InboundMessage, part.message_id).state = "queued"
        conversation = session.get_one(Conversation, kelly.conversation_id)
        conversation.state = {key: value for key, value in conversation.state.items() if key != "answered"}
    kelly._understanding.next = {"intent": "share_views"}
    turn.run_waiting(part_conversation(kelly))
    assert draft_words() == "first bit"


def part_conversation(phone: Talk) -> uuid.UUID:
    assert phone.conversation_id is not None
    return phone.conversation_id


def test_messages_that_come_at_once_keep_their_order(talk: Phone) -> None:
    kelly = begun(talk)
    kelly._understanding.next = {"intent": "share_views"}
    wrote = [f"part {n}" for n in range(6)]
    for words in wrote:
        inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=kelly.address, body=words)
    with ThreadPoolExecutor(2) as pool:  # two jobs for the same conversation
        list(pool.map(turn.run_waiting, [part_conversation(kelly)] * 2))
    assert draft_words() == "\n".join(wrote)


def test_what_rasa_cannot_answer_is_shown_to_a_worker_and_kept_all_the_same(
    talk: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    kelly = begun(talk)

    def fails(*_: object, **__: object) -> None:
        raise RasaFailed("empty")

    with monkeypatch.context() as broken:
        broken.setattr(rasa_client, "ask", fails)
        kelly.says("i want him home")
        kelly.says("done")
    assert draft_words() == "i want him home"
    with reading() as session:
        assert "unanswered" in set(session.scalars(select(InboundMessage.state)))


def test_behind_a_pin_nothing_is_read_back_before_it_and_nothing_is_lost(talk: Phone) -> None:
    kelly = with_pin(talk)
    kelly.says(OPENING, "share_views")
    assert "as many messages as you like" in kelly.says(PIN)
    kelly.says("first", "share_views")
    kelly.says("bye", "goodbye")
    assert "PIN" in kelly.says("second thing", "share_views")
    assert "PIN" in kelly.says("third thing", "share_views")
    closed = kelly.says("done", "share_views")
    assert "PIN" in closed and "second" not in closed
    assert "first\nsecond thing\nthird thing" in kelly.says(PIN, "share_views")


def test_another_holder_of_the_number_finds_nothing(talk: Phone) -> None:
    kelly = begun(talk)
    kelly.says("i am afraid of him", "share_views")
    with transaction() as session:
        other = session.scalars(select(Person).where(Person.external_id == "sarah")).one()
        session.get_one(Conversation, kelly.conversation_id).person_id = other.id
        conversation = session.get_one(Conversation, kelly.conversation_id)
        assert drafts.open_in(session, conversation) is None


def test_who_is_nobody_s_learns_nothing(talk: Phone) -> None:
    assert "DONE" not in talk("stranger").says(OPENING, "share_views")


def test_what_was_begun_and_left_is_asked_about_once_and_then_let_go(talk: Phone) -> None:
    kelly = begun(talk)
    kelly.says("i want him home", "share_views")
    now = clock.now()
    for at, looked in ((now + timedelta(days=1), 0), (now + timedelta(days=2, hours=1), 1)):
        with transaction() as session:
            assert asking.look_after(session, at) == looked
    told = [body for body in kelly_was_told(kelly) if "have not finished" in body]
    assert len(told) == 1 and "meeting" not in told[0] and "him" not in told[0]
    with transaction() as session:
        assert asking.look_after(session, now + timedelta(days=5)) == 0
        assert asking.look_after(session, now + timedelta(days=5, hours=2)) == 1
        assert session.scalars(select(ViewDraft)).all() == [] and session.scalars(select(ViewDraftPart)).all() == []
    assert len([body for body in kelly_was_told(kelly) if "have not finished" in body]) == 1 and said() == []
    with reading() as session:
        [card] = session.scalars(select(Escalation).filter_by(kind="views"))
    assert card.kind == "views" and "him home" not in card.words, "their worker can ask; nothing was passed on"


def test_a_message_that_is_only_kept_needs_no_reply_and_says_so(talk: Phone) -> None:
    kelly = begun(talk)
    kelly.says("first bit", "share_views")
    kelly.says("second bit", "share_views")
    with reading() as session:
        found = session.scalars(select(InboundMessage.state).order_by(InboundMessage.seq)).all()
    assert found == ["answered", "answered", "recorded"]


def kelly_was_told(phone: Talk) -> list[str]:
    with reading() as session:
        return list(
            session.scalars(
                select(OutboundMessage.body).where(OutboundMessage.conversation_id == phone.conversation_id)
            )
        )


def test_words_that_do_not_open_are_never_passed_on_as_somebody_s(talk: Phone) -> None:
    kelly = begun(talk)
    kelly.says("i want him home", "share_views")
    with transaction() as session:
        part = session.scalars(select(ViewDraftPart)).one()
        session.execute(
            text("UPDATE inbound_messages SET body = :sealed WHERE id = :id"),
            {"sealed": f"{MARK}deadbeef:AAAA", "id": part.message_id},
        )
    with reading() as session, pytest.raises(drafts.CannotRead):
        drafts.words(session, session.scalars(select(ViewDraft)).one())
