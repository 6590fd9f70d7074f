"""Somebody asked to be rung, and others may see the phone: they hear in words that tell nothing that it was seen, and
no time. What is not danger keeps to the safe-contact profile too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.escalations.jobs import watch_calls
from api.escalations.models import Escalation
from api.messages import delivery
from api.messages.models import Conversation
from tests.escalations.test_by_text import says
from tests.escalations.test_family_hears import asks, at_local, take, to_family
from tests.escalations.test_promised_calls import minutes
from tests.escalations.test_still_true import gone, states
from tests.harness.twilio import FakeTwilio
from tests.messages.test_hush import GUARDED, guard
from tests.small_town import Town

QUIETLY = "Someone has seen this now, and will answer you."


def proved(town: Town, many: int) -> None:
    """Whoever writes has proved who they are, for so many minutes."""
    with transaction() as acting:
        there = acting.get_one(Conversation, town.mine.conversation.id)
        there.proved_until = clock.now() + timedelta(minutes=many)


@pytest.mark.parametrize("how", GUARDED)
def test_they_hear_no_time_and_of_no_call_and_the_worker_reads_so(
    client: TestClient, session: Session, town: Town, twilio: FakeTwilio, how: str
) -> None:
    at_local(12)
    guard(town, how)
    number = asks(town)
    answer = says(session, town.worker, f"ACK {number} RING in 2 hours")
    session.commit()
    assert "Family not told when: others see this phone" in answer
    assert [text.body for text in to_family(session, town)] == [QUIETLY]
    gone(session, town)
    assert states(session, town) == ["sent"]
    client.cookies.update(town.signed_in(town.worker))
    page = client.get(f"/console/e/{number}").text
    assert "others may see this phone" in page and "Lena Worker said when they ring; the family was not" in page
    minutes(150)
    assert watch_calls() == 1
    assert [text.body for text in to_family(session, town)] == [QUIETLY], "no word of a call that did not come"


def test_who_takes_it_on_without_a_time_is_told_what_they_hear(session: Session, town: Town) -> None:
    at_local(12)
    guard(town, "seen")
    assert take(town, asks(town)).how == "now"
    assert [text.body for text in to_family(session, town)] == [QUIETLY]


def test_who_has_just_proved_who_they_are_hears_the_time(session: Session, town: Town) -> None:
    at_local(12)
    guard(town, "pin")
    proved(town, 10)
    assert take(town, asks(town), clock.now() + timedelta(hours=2)).ring_by
    (text,) = to_family(session, town)
    assert "ring you by" in text.body


def test_what_waits_for_a_safe_hour_goes_to_a_phone_that_is_theirs_alone_by_then(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    at_local(20)
    minutes(30)
    take(town, asks(town), clock.now() + timedelta(hours=14))
    guard(town, "seen")
    minutes(12 * 60)
    gone(session, town)
    assert states(session, town) == ["cancelled"] and twilio.calls == []


def test_a_call_that_did_not_come_is_not_owned_to_where_others_see_the_phone_by_then(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    at_local(12)
    guard(town, "pin")
    proved(town, 10)
    take(town, asks(town), clock.now() + timedelta(minutes=20))
    gone(session, town)
    minutes(60)
    assert watch_calls() == 1
    assert len(to_family(session, town)) == 1


def test_it_is_taken_back_with_what_made_it(session: Session, town: Town) -> None:
    at_local(20)
    minutes(30)
    guard(town, "seen")
    number = asks(town)
    assert take(town, number).how == "later"
    says(session, town.worker, f"CLOSE {number} rang her, all well")
    session.commit()
    assert states(session, town) == ["cancelled"]


def test_what_was_closed_by_a_process_that_takes_nothing_back_does_not_go(
    session: Session, town: Town, twilio: FakeTwilio
) -> None:
    at_local(20)
    minutes(30)
    guard(town, "seen")
    number = asks(town)
    take(town, number)
    with transaction() as acting:
        acting.get_one(Escalation, number).state = "resolved"
    minutes(12 * 60)
    for text in to_family(session, town):
        delivery.deliver(text.id)
    assert states(session, town) == ["cancelled"]
