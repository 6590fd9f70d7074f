"""A takeover that nobody continues: the bot answers again, the family is told so, and a human is looked for, once."""

from __future__ import annotations

import threading
import uuid
from datetime import time, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

import crashpoints
from api import clock
from api.access.models import Agency, Worker
from api.database import transaction
from api.escalations import service as escalations
from api.escalations.jobs import climb
from api.escalations.models import Escalation, EscalationEvent
from api.families.models import ContactPoint, Person
from api.messages import service
from api.messages.inbox import accept
from api.messages.jobs import end_silent_takeovers
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.presence import service as presence
from tests.small_town import Town


def minutes(many: int) -> None:
    clock.move(timedelta(minutes=many))


def taken(conversation_id: uuid.UUID, worker: Worker) -> None:
    with transaction() as session:
        assert service.take_over(session, session.get_one(Conversation, conversation_id), worker)


def says(conversation_id: uuid.UUID, worker: Worker, words: str = "I am here.") -> None:
    with transaction() as session:
        service.reply_from_worker(session, session.get_one(Conversation, conversation_id), worker, words)


def writes(conversation: Conversation, words: str = "are you still there") -> uuid.UUID:
    """The family writes; on the web by the chat's own id."""
    by_chat = conversation.id if conversation.channel == "web" else None
    return accept(
        channel=conversation.channel, external_id=uuid.uuid4().hex, address=conversation.address, body=words,
        conversation_id=by_chat,
    ).message_id  # fmt: skip


def chat(town: Town, session: Session) -> Conversation:
    """The web chat of a parent."""
    _, conversation_id = town.chatting(town.mine.parent)
    return session.get_one(Conversation, conversation_id)


def ours(session: Session, conversation: Conversation) -> list[str]:
    """What went to the family, in order."""
    session.expire_all()
    rows = select(OutboundMessage).filter_by(conversation_id=conversation.id).order_by(OutboundMessage.seq)
    return [row.body for row in session.scalars(rows) if row.state != "cancelled"]


def flags(session: Session, conversation: Conversation) -> list[tuple[str, str]]:
    session.expire_all()
    rows = select(InboundMessage).filter_by(conversation_id=conversation.id).order_by(InboundMessage.seq)
    return [(row.state, row.flag) for row in session.scalars(rows)]


def opened(session: Session) -> list[tuple[str, str, str]]:
    session.expire_all()
    return [(e.kind, e.priority, e.state) for e in session.scalars(select(Escalation).order_by(Escalation.id))]


def always_safe(session: Session) -> None:
    """Texts may go at every hour, so that a test holds at every hour."""
    session.execute(update(Person).values(contact_from=time(0), contact_until=time(23, 59, 59)))
    session.commit()


WAITING = ("unanswered", "flag.left_waiting")


def test_in_a_chat_ten_minutes_without_an_answer_give_it_back_and_call_somebody(session: Session, town: Town) -> None:
    there = chat(town, session)
    taken(there.id, town.duty)
    says(there.id, town.duty)
    minutes(30)
    assert end_silent_takeovers() == 0, "the family has not written: nobody waits"
    writes(there, "when is the meeting")
    writes(there, "hello?")
    minutes(9)
    assert end_silent_takeovers() == 0
    minutes(2)
    assert end_silent_takeovers() == 1
    assert flags(session, there) == [WAITING, WAITING]
    assert (there.taken_over_by, there.taken_over_at) == (None, None)
    last = ours(session, there)[-1]
    assert "could not go on" in last and "the assistant answers again" in last and "999" in last
    assert opened(session) == [("left_waiting", "urgent", "open")]
    (escalation,) = session.scalars(select(Escalation))
    assert escalation.words == "when is the meeting\nhello?"
    assert [n.worker_id for n in escalation.notifications] == [town.worker.id], "the ladder has begun"
    minutes(60)
    assert end_silent_takeovers() == 0
    assert ours(session, there)[-1] == last and len(opened(session)) == 1, "and never twice"


def test_by_text_it_is_half_an_hour_and_the_words_say_nothing_of_a_case(session: Session, town: Town) -> None:
    always_safe(session)
    phone = town.mine.conversation
    taken(phone.id, town.duty)
    says(phone.id, town.duty)
    writes(session.get_one(Conversation, phone.id), "can you come")
    minutes(29)
    assert end_silent_takeovers() == 0
    minutes(2)
    assert end_silent_takeovers() == 1
    assert ours(session, phone) == [
        "(A person writes now, not the assistant.) I am here.",
        "Sorry for the wait. Your messages have been passed on to the team. Until they write, the assistant answers"
        " here.",
    ]


def test_an_agency_chooses_how_long(session: Session, town: Town) -> None:
    session.execute(update(Agency).values(takeover_web_minutes=3))
    session.commit()
    there = chat(town, session)
    taken(there.id, town.duty)
    writes(there)
    minutes(4)
    assert end_silent_takeovers() == 1


def test_an_answer_or_a_worker_who_is_writing_keeps_it(session: Session, town: Town) -> None:
    there = chat(town, session)
    taken(there.id, town.duty)
    writes(there)
    minutes(9)
    says(there.id, town.duty)
    minutes(9)
    assert end_silent_takeovers() == 0 and flags(session, there) == [("recorded", "")]
    writes(there, "and then?")
    minutes(11)
    with transaction() as acting:
        presence.worker_here(acting, acting.get_one(Conversation, there.id), town.duty, writing=True, seen=0)
    assert end_silent_takeovers() == 0
    minutes(1)  # what was being written did not come
    assert end_silent_takeovers() == 1


def test_what_somebody_had_taken_on_there_is_open_again_and_told_from_the_top(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    phone = town.mine.conversation
    with transaction() as acting:
        escalations.acknowledge(acting, number, town.duty, via="sms")
    taken(phone.id, town.duty)
    writes(session.get_one(Conversation, phone.id), "he is back outside the house now i think")
    session.execute(update(Escalation).values(state="acknowledged", acknowledged_by=town.duty.id, next_rung_at=None))
    session.commit()
    minutes(31)
    assert end_silent_takeovers() == 1
    escalation = session.get_one(Escalation, number, populate_existing=True)
    assert (escalation.state, escalation.acknowledged_by) == ("open", None)
    assert "he is back outside" in escalation.words
    kinds = session.scalars(select(EscalationEvent.kind).filter_by(escalation_id=number).order_by(EscalationEvent.at))
    assert list(kinds)[-1] == "left_waiting"
    minutes(3)
    assert climb() == 1


def test_who_has_been_silent_is_not_the_only_one_who_is_told(session: Session, town: Town) -> None:
    there = chat(town, session)
    taken(there.id, town.worker)  # the family's own, who is the first step of the ladder
    writes(there, "hello")
    minutes(11)
    assert end_silent_takeovers() == 1
    (escalation,) = session.scalars(select(Escalation))
    assert {n.worker_id: n.rung for n in escalation.notifications} == {town.worker.id: 0, town.duty.id: 1}


def test_what_was_less_pressing_becomes_urgent(session: Session, town: Town) -> None:
    number = town.escalation(town.mine, "ring me some time", "routine")
    phone = town.mine.conversation
    taken(phone.id, town.duty)
    writes(session.get_one(Conversation, phone.id), "hello")
    minutes(31)
    assert end_silent_takeovers() == 1
    escalation = session.get_one(Escalation, number, populate_existing=True)
    assert (escalation.priority, escalation.state) == ("urgent", "open")


def test_after_danger_nothing_is_texted_to_a_phone_that_somebody_else_may_read(session: Session, town: Town) -> None:
    always_safe(session)
    town.escalation(town.mine)
    phone = town.mine.conversation
    taken(phone.id, town.duty)
    writes(session.get_one(Conversation, phone.id), "ok")
    minutes(31)
    assert end_silent_takeovers() == 1
    assert ours(session, phone) == []


def test_a_phone_that_asked_for_no_more_texts_gets_none(session: Session, town: Town) -> None:
    phone = town.mine.conversation
    taken(phone.id, town.duty)
    writes(session.get_one(Conversation, phone.id))
    session.execute(update(ContactPoint).values(state="opted_out"))
    session.commit()
    minutes(31)
    assert end_silent_takeovers() == 1
    assert ours(session, phone) == [] and flags(session, phone) == [WAITING]


def test_stop_is_no_message_that_waits_for_an_answer(session: Session, town: Town) -> None:
    phone = town.mine.conversation
    taken(phone.id, town.duty)
    says(phone.id, town.duty)
    writes(session.get_one(Conversation, phone.id), "STOP")
    minutes(31)
    assert end_silent_takeovers() == 0


def test_who_was_told_that_a_person_has_joined_and_heard_nothing_more_is_told_that_they_left(
    session: Session, town: Town
) -> None:
    there = chat(town, session)
    taken(there.id, town.duty)
    minutes(11)
    assert end_silent_takeovers() == 1
    assert "The person has left the chat" in ours(session, there)[-1]
    assert opened(session) == [], "nobody waits in words: nobody is called"
    phone = town.mine.conversation
    taken(phone.id, town.duty)
    minutes(31)
    assert end_silent_takeovers() == 1
    assert ours(session, phone) == [], "nobody had said that a person was there"


@pytest.mark.parametrize("point", ["takeover.before_commit", "takeover.after_commit"])
def test_killed_on_the_way_it_happens_once(
    session: Session, town: Town, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    there = chat(town, session)
    taken(there.id, town.duty)
    writes(there)
    minutes(11)

    def die(name: str) -> None:
        if name == point:
            raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(crashpoints, "point", die)
        with pytest.raises(KeyboardInterrupt):
            end_silent_takeovers()
    assert end_silent_takeovers() == (1 if point == "takeover.before_commit" else 0)
    assert len(opened(session)) == 1 and sum("could not go on" in one for one in ours(session, there)) == 1


def test_two_processes_at_once_and_an_answer_at_the_same_moment_tell_one_thing(session: Session, town: Town) -> None:
    there = chat(town, session)
    taken(there.id, town.duty)
    writes(there)
    minutes(11)
    together = threading.Barrier(3)
    done: list[int] = []

    def tick() -> None:
        together.wait()
        done.append(end_silent_takeovers())

    def answer() -> None:
        together.wait()
        says(there.id, town.duty, "Sorry, here I am.")

    threads = [threading.Thread(target=one) for one in (tick, tick, answer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == len(opened(session)) <= 1
    (state,) = flags(session, there)
    assert state in ([("recorded", "")] if not opened(session) else [WAITING, ("handled", "flag.left_waiting")])
