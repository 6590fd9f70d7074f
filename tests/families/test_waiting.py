"""What waits for somebody says only what may be said by then: worded anew when their profile changes, or withdrawn
where it is not ours to word, and a worker sees that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.appointments import offers
from api.appointments.models import ChangeRequest, OfferedTime
from api.database import reading, transaction
from api.escalations.models import EscalationEvent
from api.evidence import asking
from api.evidence.models import UploadLink
from api.families import profile
from api.families.models import Person
from api.messages import delivery, outbox, service
from api.messages.jobs import end_silent_takeovers
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.views.jobs import ask_for_views
from api.views.models import ViewAsk, ViewDraft, ViewDraftPart
from tests.escalations.test_family_hears import asks, at_local, take
from tests.escalations.test_promised_calls import minutes
from tests.escalations.test_theirs_alone import danger, gone_over
from tests.harness.twilio import FakeTwilio
from tests.messages.conftest import twilio
from tests.messages.test_takeovers import taken, writes
from tests.small_town import Town
from tests.views.test_asking import review

__all__ = ["twilio"]

Told = list[tuple[str, str, str]]


def told(town: Town) -> Told:
    """What was queued for the parent: (state, why, words)."""
    with reading() as session:
        rows = select(OutboundMessage).filter_by(conversation_id=town.mine.conversation.id)
        return [(row.state, row.error, row.body) for row in session.scalars(rows.order_by(OutboundMessage.seq))]


def agree(town: Town, **values: Any) -> None:
    """A worker changes the profile."""
    with transaction() as session:
        person = session.get_one(Person, town.mine.parent.id)
        profile.change(session, person, values, actor_kind="worker", actor_id=town.worker.id, now=clock.now())


def night(town: Town, **values: Any) -> None:
    """It is 22:00, so what nobody asked for waits; the profile is as given, else in plain words."""
    at_local(22)
    with transaction() as session:
        session.execute(update(Person).where(Person.id == town.mine.parent.id).values(**{"wording": "plain", **values}))


DISCREET = [{"wording": "discreet"}, {"phone_seen_by": "her brother"}]


@pytest.mark.parametrize("values", DISCREET, ids=["wording", "who sees the phone"])
def test_a_question_before_a_meeting_is_asked_in_the_words_of_now(town: Town, values: dict[str, str]) -> None:
    night(town)
    review(town)
    assert ask_for_views() == 1
    ((_, _, plain),) = told(town)
    assert "review conference" in plain
    agree(town, **values)
    assert told(town) == [("cancelled", "worded_anew", plain)]
    assert (ask_for_views(), ask_for_views()) == (1, 0)
    (_, after) = told(town)
    assert after[:2] == ("queued", "") and "conference" not in after[2] and "Text SAY" in after[2]


def test_a_question_that_has_gone_is_not_asked_again(town: Town) -> None:
    night(town)
    review(town)
    ask_for_views()
    with transaction() as session:
        session.execute(update(OutboundMessage).values(state="sent"))
    agree(town, wording="discreet")
    assert ask_for_views() == 0
    with reading() as session:
        assert len(session.scalars(select(ViewAsk)).all()) == 1


def test_the_question_whether_they_want_to_finish_is_asked_in_another_language(town: Town) -> None:
    night(town)
    message = town.message(town.mine.conversation, "I want to stay with my gran")
    with transaction() as session:
        draft = ViewDraft(
            person_id=town.mine.parent.id, conversation_id=town.mine.conversation.id, channel="sms",
            began_at=clock.now(), due_at=clock.now(),
        )  # fmt: skip
        session.add(draft)
        session.flush()
        session.add(ViewDraftPart(message_id=message.id, draft_id=draft.id))
    ask_for_views()
    ((_, _, english),) = told(town)
    agree(town, language="es")
    ask_for_views()
    (before, after) = told(town)
    assert before == ("cancelled", "worded_anew", english) and after[0] == "queued" and after[2] != english
    with reading() as session:
        assert session.scalars(select(ViewDraft)).one().asked_at is not None


@pytest.mark.parametrize("values", DISCREET, ids=["wording", "who sees the phone"])
def test_a_request_for_a_photo_is_made_in_words_of_now_with_a_link_of_its_own(
    town: Town, values: dict[str, str]
) -> None:
    night(town)
    with transaction() as session:
        asking.ask(session, session.get_one(Person, town.mine.parent.id), town.worker)
    ((_, _, plain),) = told(town)
    agree(town, **values)
    (before, after) = told(town)
    assert before == ("cancelled", "worded_anew", plain) and after[0] == "queued"
    assert after[2].split("http")[0] != plain.split("http")[0], "other words"
    with reading() as session:
        links = session.scalars(select(UploadLink).order_by(UploadLink.created_at, UploadLink.expires_at)).all()
        assert sorted(link.expires_at > clock.now() for link in links) == [False, True], "one of them works"


def test_plain_words_do_not_go_where_the_profile_was_changed_by_another_way(town: Town, twilio: FakeTwilio) -> None:
    night(town)
    review(town)
    ask_for_views()
    with transaction() as session:  # behind everybody's back
        session.get_one(Person, town.mine.parent.id).wording = "discreet"
    minutes(11 * 60)
    deliver_all(town)
    ((state, why, _),) = told(town)
    assert (state, why) == ("failed", "profile_changed") and twilio.calls == []


def deliver_all(town: Town) -> None:
    with reading() as session:
        waiting = session.scalars(select(OutboundMessage.id).filter_by(conversation_id=town.mine.conversation.id)).all()
    for outbound_id in waiting:
        delivery.deliver(outbound_id)


def test_offered_times_are_offered_again_in_words_of_now_and_still_hold(town: Town) -> None:
    night(town)
    with transaction() as session:
        when = clock.now() + timedelta(days=9)
        request = session.get_one(ChangeRequest, town.mine.change.id)
        first = offers.offer(session, request, town.worker, [when]).id
    agree(town, language="es", code_word="Marigold", use_code_word=True)
    (before, after) = told(town)
    assert before[:2] == ("cancelled", "worded_anew") and after[0] == "queued" and after[2].startswith("Marigold. ")
    with reading() as session:
        offered = session.scalars(select(OfferedTime)).one()
        message = session.get_one(OutboundMessage, offered.outbound_id)
        assert message.id != first and message.state == "queued" and offered.state == "offered"
        assert str(offered.id) in str(message.options)


@pytest.mark.parametrize("ring", [False, True])
def test_that_somebody_has_their_call_is_said_in_words_of_now(town: Town, ring: bool) -> None:
    night(town, wording="discreet")
    number = asks(town)
    take(town, number, clock.now() + timedelta(hours=14) if ring else None)
    agree(town, language="es")
    (before, after) = told(town)
    assert before[:2] == ("cancelled", "worded_anew")
    assert after[0] == "queued" and after[2].startswith("Una persona del equipo ya tiene tu mensaje")


def test_where_others_see_the_phone_from_now_on_a_time_is_not_told_and_the_worker_reads_so(town: Town) -> None:
    night(town)
    number = asks(town)
    take(town, number, clock.now() + timedelta(hours=14))
    agree(town, phone_seen_by="her brother")
    (before, after) = told(town)
    assert before[0] == "failed" and after[::2] == ("queued", "Someone has seen this now, and will answer you.")
    with reading() as session:
        kinds = session.scalars(select(EscalationEvent.kind).filter_by(escalation_id=number)).all()
    assert "untold" in kinds


def test_after_danger_what_may_not_be_said_any_more_is_withdrawn_for_a_worker_to_see(town: Town) -> None:
    night(town, wording="discreet")
    gone_over(town)
    number = danger(town)
    minutes(70)
    assert take(town, number).how == "later"
    agree(town, phone_seen_by="her brother")
    ((state, why, _),) = told(town)
    assert (state, why) == ("failed", "profile_changed")


def test_sorry_for_the_wait_is_said_in_words_of_now(town: Town, session: Session) -> None:
    night(town, wording="discreet")
    there = town.mine.conversation
    taken(there.id, town.duty)
    writes(session.get_one(Conversation, there.id), "can you come")
    minutes(31)
    assert end_silent_takeovers() == 1
    agree(town, phone_seen_by="her brother")
    (before, after) = told(town)
    assert before[0] == "cancelled" and after[::2] == ("queued", "Sorry for the wait. Someone else will answer you.")


def test_a_workers_own_words_that_wait_are_withdrawn_where_less_may_be_said(town: Town) -> None:
    for values, state in [
        ({"language": "es"}, "queued"),
        ({"may_name_children": True}, "queued"),
        ({"code_word": "Marigold", "use_code_word": True}, "failed"),
        ({"phone_seen_by": "her brother"}, "failed"),
    ]:
        night(town)
        with transaction() as session:
            there = session.get_one(Conversation, town.mine.conversation.id)
            words = service.reply_from_worker(session, there, town.worker, "About the conference on Friday").id
        agree(town, **values)
        with reading() as session:
            row = session.get_one(OutboundMessage, words)
            assert (row.state, row.error) == (state, "profile_changed" if state == "failed" else "")
            assert row.seen_at is None and row.body.endswith("About the conference on Friday")


@pytest.mark.parametrize(
    "values", [*DISCREET, {"may_name_self": False}, {"contact_until": "21:00"}, {"wording": "plain"}]
)
def test_an_answer_that_was_held_up_is_withdrawn_where_less_may_be_said(town: Town, values: dict[str, Any]) -> None:
    night(town, wording="discreet" if values.get("wording") == "plain" else "plain")
    message = town.message(town.mine.conversation, "when is the conference")
    with transaction() as session:
        there = session.get_one(Conversation, town.mine.conversation.id)
        about = session.get_one(InboundMessage, message.id)
        outbox.queue_reply(session, there, "Your conference is on Friday.", in_reply_to=about, part="0")
        outbox.queue_reply(session, there, "Ring 999.", in_reply_to=about, part="safety", kind="safety")
    agree(town, **values)
    less = "contact_until" not in values and values.get("wording") != "plain"
    assert [state for state, *_ in told(town)] == ["failed" if less else "queued", "queued"]


def test_other_fields_word_nothing_anew_and_what_is_on_its_way_goes(town: Town) -> None:
    night(town)
    review(town)
    ask_for_views()
    agree(town, contact_until="19:00")
    assert [state for state, *_ in told(town)] == ["queued"]
    with transaction() as session:
        session.execute(update(OutboundMessage).values(state="sending"))
    agree(town, wording="discreet")
    assert [state for state, *_ in told(town)] == ["sending"]
