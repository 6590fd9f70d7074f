"""Danger was told by text, and somebody takes it on without a word. On a phone that is theirs alone they hear that it
was seen, once, at a safe hour or as long as the reply to danger could come. On any other they hear nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.escalations import family, links, service
from api.escalations.models import Escalation, Notification
from api.families import profile
from api.families.models import Consent, ContactPoint, Person
from api.messages import delivery
from api.messages.models import Conversation, OutboundMessage
from tests.escalations.test_by_text import says
from tests.escalations.test_family_hears import LONDON, asks, at_local, take, to_family
from tests.escalations.test_others_see_the_phone import QUIETLY, proved
from tests.escalations.test_promised_calls import minutes
from tests.escalations.test_still_true import gone, states
from tests.harness.twilio import FakeTwilio
from tests.messages.test_hush import GUARDED, guard
from tests.messages.test_takeovers import chat, writes
from tests.small_town import Town


def gone_over(town: Town, **values: Any) -> None:
    """A worker has gone over the profile with the parent: nobody else sees the phone."""
    with transaction() as acting:
        parent = acting.get_one(Person, town.mine.parent.id)
        profile.gone_over(acting, parent, town.worker.id, clock.now())
        for name, value in values.items():
            setattr(parent, name, value)


def danger(town: Town, kind: str = "immediate_danger") -> int:
    """They have just told of it by text."""
    town.message(town.mine.conversation, "he is at the door")
    return asks(town, kind)


def opened_again(number: int) -> None:
    with transaction() as acting:
        service.open_again(acting, acting.get_one(Escalation, number), clock.now())


def by_text(client: TestClient, session: Session, town: Town, number: int) -> None:
    answer = says(session, town.worker, f"ACK {number}")
    session.commit()
    assert answer.endswith("The family knows that a person has it.")


def by_link(client: TestClient, session: Session, town: Town, number: int) -> None:
    told = session.scalars(select(Notification).filter_by(escalation_id=number, worker_id=town.worker.id)).one()
    assert client.post(f"/a/{links.token(told.id)}", follow_redirects=False).status_code == 303


def in_the_console(client: TestClient, session: Session, town: Town, number: int) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    assert (
        client.post(f"/console/e/{number}/acknowledge", data=town.form(cookies), follow_redirects=False).status_code
        == 303
    )


@pytest.mark.parametrize("way", [by_text, by_link, in_the_console])
def test_whichever_way_it_is_taken_on_they_hear_in_words_that_tell_nothing(
    client: TestClient,
    session: Session,
    town: Town,
    twilio: FakeTwilio,
    way: Callable[[TestClient, Session, Town, int], None],
) -> None:
    at_local(12)
    gone_over(town)
    way(client, session, town, danger(town))
    assert [text.body for text in to_family(session, town)] == [QUIETLY]
    gone(session, town)
    assert states(session, town) == ["sent"]


def test_in_spanish_too(session: Session, town: Town) -> None:
    at_local(12)
    gone_over(town)
    with transaction() as acting:
        acting.execute(update(Conversation).values(language="es"))
    take(town, danger(town))
    assert [text.body for text in to_family(session, town)] == ["Alguien ya lo ha visto y te va a responder."]


@pytest.mark.parametrize("how", [*GUARDED, "nobody asked", "asked long ago", "a new number", "another reader since"])
def test_on_a_phone_that_others_may_have_or_that_nobody_knows_they_hear_nothing(
    session: Session, town: Town, how: str
) -> None:
    at_local(12)
    if how != "nobody asked":
        gone_over(town)
    if how in GUARDED:
        guard(town, how)
        proved(town, 10)  # it says who holds the phone now, not who reads it later
    with transaction() as acting:
        parent = acting.get_one(Person, town.mine.parent.id)
        if how == "asked long ago":
            parent.reconfirm_on = clock.now().date() - timedelta(days=1)
        elif how == "a new number":
            point = acting.scalars(select(ContactPoint).filter_by(person_id=parent.id)).one()
            asked = clock.now() + timedelta(minutes=1)
            acting.add(
                Consent(
                    person_id=parent.id, contact_point_id=point.id, wording_id="w", wording_version="1", language="en",
                    asked_at=asked, answer="agreed",
                )
            )  # fmt: skip
        elif how == "another reader since":
            parent.phone_seen_by = "her brother"
    number = danger(town)
    assert take(town, number) == family.NOTHING and to_family(session, town) == []


def test_by_night_it_goes_as_long_as_the_reply_to_danger_could_come(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    at_local(2)
    gone_over(town)
    number = danger(town)
    minutes(50)
    assert take(town, number).how == "now"
    gone(session, town)
    assert states(session, town) == ["sent"]


def test_later_in_the_night_it_waits_for_a_safe_hour(session: Session, town: Town, twilio: FakeTwilio) -> None:
    at_local(2)
    gone_over(town)
    number = danger(town)
    minutes(70)
    heard = take(town, number)
    assert heard.how == "later" and heard.at is not None and heard.at.astimezone(LONDON).hour == 8
    gone(session, town)
    assert states(session, town) == ["queued"] and twilio.calls == []
    minutes(5 * 60)
    gone(session, town)
    assert states(session, town) == ["sent"]


def test_what_waits_goes_to_no_phone_that_others_see_by_then(session: Session, town: Town, twilio: FakeTwilio) -> None:
    at_local(20)
    minutes(30)
    gone_over(town)
    number = danger(town)
    minutes(70)
    assert take(town, number).how == "later"
    guard(town, "seen")
    minutes(12 * 60)
    gone(session, town)
    assert states(session, town) == ["cancelled"] and twilio.calls == []


def test_nothing_goes_once_it_is_closed(session: Session, town: Town, twilio: FakeTwilio) -> None:
    at_local(2)
    gone_over(town)
    number = danger(town)
    minutes(70)
    take(town, number)
    says(session, town.worker, f"CLOSE {number} with her now")
    session.commit()
    assert states(session, town) == ["cancelled"]
    other = danger(town)
    minutes(70)
    take(town, other)
    with transaction() as acting:  # by a process that takes nothing back
        acting.get_one(Escalation, other).state = "resolved"
    minutes(5 * 60)
    gone(session, town)
    assert states(session, town) == ["cancelled", "cancelled"] and twilio.calls == []


def test_it_is_said_once_for_one_escalation_however_often_it_is_taken_on(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    at_local(12)
    gone_over(town)
    number = danger(town)
    take(town, number)
    gone(session, town)
    for _ in range(2):
        opened_again(number)
        assert take(town, number).how == "now", "they have heard it"
    take(town, number)
    assert states(session, town) == ["sent"]
    with transaction() as acting:
        service.resolve(acting, number, town.worker, "with her now")
    take(town, danger(town))
    assert states(session, town) == ["sent", "queued"], "of the next one they hear again"


def test_what_did_not_arrive_is_said_when_it_is_taken_on_again(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    at_local(12)
    gone_over(town)
    number = danger(town)
    take(town, number)
    (text,) = to_family(session, town)
    twilio.fail("30006")
    delivery.deliver(text.id)
    opened_again(number)
    take(town, number)
    assert len(to_family(session, town)) == 2


def test_a_time_that_is_over_before_it_is_safe_to_text_is_no_reason_for_silence(session: Session, town: Town) -> None:
    at_local(2)
    gone_over(town)
    number = danger(town)
    minutes(70)
    assert take(town, number, clock.now() + timedelta(minutes=20)).how == "later"
    assert [text.body for text in to_family(session, town)] == [QUIETLY]


@pytest.mark.parametrize(
    "words", ["my brother reads my texts", "mi hermano revisa mi celular", "he reads these, be careful"]
)
@pytest.mark.parametrize("where", ["by text", "in the chat"])
def test_who_says_that_somebody_reads_along_has_no_phone_alone_until_it_is_gone_over_again(
    session: Session, town: Town, words: str, where: str
) -> None:
    at_local(12)
    gone_over(town)
    phone = town.mine.conversation
    writes(phone if where == "by text" else chat(town, session), words)
    with transaction() as acting:
        acting.get_one(Conversation, phone.id).hushed_at = None  # a worker has found it safe to write
        acting.execute(delete(OutboundMessage).where(OutboundMessage.conversation_id == phone.id))
    number = danger(town, "self_harm")
    assert take(town, number) == family.NOTHING and to_family(session, town) == []
    gone_over(town, reconfirm_on=None, phone_seen_by="")
    opened_again(number)
    assert take(town, number).how == "now"


def test_who_asked_for_no_answer_hears_nothing(session: Session, town: Town) -> None:
    at_local(12)
    gone_over(town)
    number = danger(town)
    with transaction() as acting:
        acting.get_one(Conversation, town.mine.conversation.id).hushed_at = clock.now()
    assert take(town, number) == family.HUSHED and to_family(session, town) == []
