"""Who asks not to be answered, because somebody else reads the phone: nothing goes there until it is safe again."""

from __future__ import annotations

import uuid
from datetime import time, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.access import service as access
from api.access.models import Agency
from api.assistant import rasa_client, turn
from api.assistant import state as dialogue
from api.assistant.operations.schemas import Reply
from api.database import reading, transaction
from api.escalations import service as escalations
from api.escalations.models import Escalation
from api.families import identity
from api.families.models import ContactPoint, Person
from api.messages import delivery, hush, inbox, outbox, quiet
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from tests.harness.twilio import FakeTwilio
from tests.small_town import Town

READS = "dont reply hes reading these"
PIN = "4826"
DANGER = "help he has got a knife and he is going to kill us"


def writes(town: Town, body: str, sid: str = "") -> uuid.UUID:
    address = town.mine.conversation.address
    sid = sid or uuid.uuid4().hex
    return inbox.accept(channel="sms", external_id=sid, address=address, body=body).message_id


def to_family(town: Town) -> list[OutboundMessage]:
    with reading() as session:
        query = select(OutboundMessage).filter_by(conversation_id=town.mine.conversation.id)
        return list(session.scalars(query.order_by(OutboundMessage.seq)))


def call() -> Escalation:
    with reading() as session:
        return session.scalars(select(Escalation).order_by(Escalation.id.desc()).limit(1)).one()


def hushed(town: Town) -> bool:
    with reading() as session:
        return session.get_one(Conversation, town.mine.conversation.id).hushed_at is not None


def any_hour(town: Town) -> None:
    with transaction() as session:
        session.execute(
            update(Person).where(Person.id == town.mine.parent.id).values(contact_from=time(0), contact_until=time(0))
        )


def answered(town: Town, message_id: uuid.UUID) -> uuid.UUID:
    """An answer to a message that was made without asking, as of a photo, when it is about to go."""
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        message = session.get_one(InboundMessage, message_id)
        answer = outbox.queue_reply(session, conversation, "We kept it.", in_reply_to=message, part="media").id
    delivery.deliver(answer)
    return answer


def test_where_somebody_reads_along_a_worker_is_told_and_nothing_is_answered(town: Town) -> None:
    message_id = writes(town, READS)
    assert (call().kind in ("immediate_danger", "harm_disclosed"), call().priority) == (True, "urgent")
    assert "pattern:somebody-reads-along" in call().reasons
    turn.run_waiting(town.mine.conversation.id)
    assert to_family(town) == []
    with reading() as session:
        message = session.get_one(InboundMessage, message_id)
        assert (message.state, message.flag) == ("unanswered", "flag.hushed")


def test_an_emergency_stays_one_and_the_reply_to_danger_is_not_sent(town: Town) -> None:
    writes(town, f"{DANGER}. {READS}")
    assert call().priority == "emergency"
    writes(town, DANGER)
    assert to_family(town) == [], "nor to what they write within the hour"


def test_a_wish_alone_is_a_call_for_a_worker_too(town: Town) -> None:
    writes(town, "dont text back")
    assert (call().kind, call().priority) == ("no_texts", "routine")
    assert to_family(town) == []


def test_a_number_that_nobody_knows_gets_no_answer_either(town: Town) -> None:
    inbox.accept(channel="sms", external_id="SMx", address="+447700900888", body=READS)
    with reading() as session:
        assert session.scalars(select(OutboundMessage).filter_by(address="+447700900888")).all() == []


def test_an_answer_that_was_under_way_is_not_sent(twilio: FakeTwilio, town: Town) -> None:
    message_id = writes(town, "when is my meeting")
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        message = session.get_one(InboundMessage, message_id)
        answer = outbox.queue_reply(session, conversation, "Tomorrow.", in_reply_to=message, part="0").id
    writes(town, READS)
    delivery.deliver(answer)
    assert twilio.calls == [] and [one.state for one in to_family(town)] == ["cancelled"]


def test_an_answer_that_was_being_made_is_not_sent(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(*_: object, **__: object) -> list[Reply]:
        writes(town, READS)  # while the first one is being answered
        return [Reply(id="greet.neutral")]

    monkeypatch.setattr(rasa_client, "ask", answers)
    first = writes(town, "hello")
    turn.run_waiting(town.mine.conversation.id)
    assert to_family(town) == []
    with reading() as session:
        assert session.get_one(InboundMessage, first).flag == "flag.hushed"


def test_what_nobody_asked_for_waits_for_a_worker_and_who_writes_again_is_answered(
    twilio: FakeTwilio, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rasa_client, "ask", lambda *_, **__: [Reply(id="greet.neutral")])
    any_hour(town)
    writes(town, READS)
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        news = outbox.queue_reply(session, conversation, "The meeting has moved.").id
    delivery.deliver(news)
    assert twilio.calls == [] and to_family(town)[0].state == "queued"
    clock.move(timedelta(minutes=10))
    writes(town, "ok")
    assert hushed(town), "what comes so soon belongs to the same moment"
    clock.move(quiet.AFTER)
    writes(town, "hi its me, ok to text now")
    turn.run_waiting(town.mine.conversation.id)
    for one in to_family(town):
        delivery.deliver(one.id)
    assert [one.state for one in to_family(town)] == ["queued", "sent"], "the answer goes, the news waits"
    assert hushed(town) and len(twilio.calls) == 1
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        hush.lift(session, conversation, session.merge(town.worker), clock.now())
    delivery.deliver(news)
    assert len(twilio.calls) == 2


def test_danger_an_hour_later_is_answered_on_a_phone_that_is_theirs_alone(town: Town) -> None:
    writes(town, READS)
    clock.move(quiet.AFTER)
    writes(town, DANGER)
    assert [one.kind for one in to_family(town)] == ["safety"] and call().priority == "emergency"


def test_a_second_wish_begins_the_silence_anew(town: Town) -> None:
    writes(town, READS)
    clock.move(quiet.AFTER)
    writes(town, READS)
    clock.move(timedelta(minutes=59))
    message_id = writes(town, "who is this")
    with reading() as session:
        assert session.get_one(InboundMessage, message_id).flag == "flag.hushed"


GUARDED = ("shared", "seen", "pin", "question", "needs a proof", "the agency's rule")


def guard(town: Town, how: str) -> None:
    """The phone is one that others may have in hand, or that has a door."""
    with transaction() as session:
        parent = session.get_one(Person, town.mine.parent.id)
        if how == "shared":
            other = Person(family_id=parent.family_id, external_id="ida", first_name="Ida", kind="parent")
            session.add(other)
            session.flush()
            address = town.mine.conversation.address
            session.add(ContactPoint(person_id=other.id, channel="sms", address=address, state="active"))
        elif how == "seen":
            parent.phone_seen_by, parent.proof = "her partner", False
        elif how == "pin":
            parent.pin_hash = access.hash_password(PIN)
        elif how == "question":
            identity.set_questions(session, parent, [("Your first pet?", "Fluff")], town.worker.id)
        elif how == "needs a proof":
            parent.proof = True
        else:
            session.get_one(Agency, parent.family.agency_id).proof = "always"


@pytest.mark.parametrize("how", GUARDED)
def test_who_is_this_ends_nothing_where_somebody_else_may_write(town: Town, how: str, twilio: FakeTwilio) -> None:
    any_hour(town)
    guard(town, how)
    writes(town, READS)
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        news = outbox.queue_reply(session, conversation, "The meeting has moved.").id
    clock.move(timedelta(days=1))
    message_id = writes(town, "who is this")
    turn.run_waiting(town.mine.conversation.id)
    delivery.deliver(news)
    assert hushed(town) and twilio.calls == [] and [one.id for one in to_family(town)] == [news]
    with reading() as session:
        assert session.get_one(InboundMessage, message_id).flag == "flag.hushed"
    writes(town, DANGER)
    assert call().priority == "emergency", "the screen hears"
    assert [one.id for one in to_family(town)] == [news]


def test_the_right_pin_ends_it_an_hour_later_and_a_wrong_one_does_not(town: Town, twilio: FakeTwilio) -> None:
    any_hour(town)
    guard(town, "pin")
    writes(town, READS)
    writes(town, PIN)
    assert hushed(town), "what comes so soon belongs to the same moment"
    clock.move(quiet.AFTER)
    writes(town, "4827")
    assert hushed(town)
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        news = outbox.queue_reply(session, conversation, "The meeting has moved.").id
    delivery.deliver(news)
    assert twilio.calls == []
    writes(town, PIN)
    assert not hushed(town)
    delivery.deliver(news)
    assert len(twilio.calls) == 1


def test_a_pin_that_is_chosen_just_now_proves_nothing(town: Town) -> None:
    guard(town, "needs a proof")
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        dialogue.save(conversation, dialogue.State(door="new"))
    writes(town, READS)
    clock.move(quiet.AFTER)
    message_id = writes(town, PIN)
    with reading() as session:
        assert session.get_one(InboundMessage, message_id).door == "set"
    assert hushed(town)


def test_a_chat_goes_on_when_they_write_again(town: Town) -> None:
    guard(town, "pin")
    _, chat = town.chatting(town.mine.parent)
    written = {"channel": "web", "address": "", "conversation_id": chat}
    inbox.accept(external_id="1", body=READS, **written)  # type: ignore[arg-type]
    clock.move(quiet.AFTER)
    inbox.accept(external_id="2", body="hello again", **written)  # type: ignore[arg-type]
    with reading() as session:
        assert session.get_one(Conversation, chat).hushed_at is None


def test_what_waited_for_days_is_shown_to_a_worker(twilio: FakeTwilio, town: Town) -> None:
    any_hour(town)
    writes(town, READS)
    with transaction() as session:
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        news = outbox.queue_reply(session, conversation, "The meeting has moved.").id
    for days in (0, 2, 2):
        clock.move(timedelta(days=days, hours=2))
        delivery.deliver(news)
    assert twilio.calls == []
    assert [(one.state, one.error, one.seen_at) for one in to_family(town)] == [("failed", "hushed", None)]


def test_the_same_text_brought_twice_does_not_end_it(town: Town) -> None:
    writes(town, "when is my meeting", "SM-first")
    writes(town, READS)
    clock.move(2 * quiet.AFTER)
    writes(town, "when is my meeting", "SM-first")
    assert hushed(town)


def test_who_takes_it_on_is_told_and_the_family_is_not_texted(session: Session, town: Town) -> None:
    any_hour(town)
    writes(town, READS)
    with transaction() as taking:
        taken = escalations.acknowledge(taking, call().id, town.worker, "sms", clock.now() + timedelta(hours=2))
    assert taken.heard.how == "hushed" and to_family(town) == []


def test_a_worker_reads_it_and_lifts_it_before_writing(client: TestClient, town: Town) -> None:
    writes(town, READS)
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    page = f"/console/conversations/{town.mine.conversation.id}"
    assert "Asked not to be texted" in client.get(page).text and "Asked not to be texted" in client.get("/console").text
    refused = client.post(f"{page}/reply", data=town.form(cookies, words="are you safe"))
    assert refused.status_code == 400 and "Lift that first" in refused.text and to_family(town) == []
    client.post(f"{page}/texts-again", data=town.form(cookies))
    assert "Asked not to be texted" not in client.get(page).text
    client.post(f"{page}/reply", data=town.form(cookies, words="are you safe"))
    assert [one.body for one in to_family(town)] == ["are you safe"]


def test_a_program_reads_it_and_lifts_it(client: TestClient, town: Town) -> None:
    writes(town, READS)
    key = town.program(town.worker)
    place = f"/api/v1/conversations/{town.mine.conversation.id}"
    assert client.get(f"{place}/messages", headers=key).json()["no_texts_since"]
    assert client.get("/api/v1/escalations", headers=key).json()["items"][0]["no_texts"] is True
    assert client.post(f"{place}/messages", json={"words": "hi"}, headers=key).status_code == 409
    assert client.post(f"{place}/texts-again", headers=key).json() == {"no_texts_since": None}
    assert client.get(f"{place}/messages", headers=key).json()["no_texts_since"] is None
    assert client.post(f"{place}/messages", json={"words": "hi"}, headers=key).status_code == 201


@pytest.mark.parametrize("how", GUARDED)
def test_no_answer_goes_to_a_guarded_phone_however_it_was_made(town: Town, how: str, twilio: FakeTwilio) -> None:
    any_hour(town)
    guard(town, how)
    writes(town, READS)
    clock.move(quiet.AFTER)
    answered(town, writes(town, "who is this"))
    assert twilio.calls == []
    assert [(one.state, one.error) for one in to_family(town)] == [("cancelled", "hushed")]


def test_what_was_written_before_they_asked_for_no_texts_is_not_answered_later(town: Town, twilio: FakeTwilio) -> None:
    any_hour(town)
    message_id = writes(town, "here is the letter from school")
    writes(town, READS)
    clock.move(quiet.AFTER * 2)
    answer = answered(town, message_id)
    assert twilio.calls == []
    assert [(one.id, one.state, one.error) for one in to_family(town)] == [(answer, "cancelled", "hushed")]
