"""Twilio asks us to go slower (too many texts at once): nothing is wrong, so nobody is told in another way for ten
minutes, and never is everybody texted because texts come slowly. Who is told twice is written to once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.escalations.jobs import climb
from api.messages.models import OutboundMessage
from tests.escalations.rungs import ladder, leads_and_manages, opened, rows, told
from tests.harness.mail import FakeMail
from tests.harness.twilio import FakeTwilio
from tests.messages.test_twilio_takes_no_texts import DORA, LENA, MONA, mails, tick
from tests.small_town import Town


def busy(code: str = "20429") -> None:
    """All texts that wait met this in their last try."""
    with transaction() as session:
        waiting = update(OutboundMessage).where(OutboundMessage.channel == "sms", OutboundMessage.state == "queued")
        session.execute(waiting.values(error=code))


def test_a_text_that_is_to_go_slower_is_waited_for_and_told_otherwise_after_ten_minutes(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    twilio.fail("429", times=999)
    opened(town)
    for _ in range(4):
        tick(session)
        clock.move(timedelta(minutes=1))
    tick(session)
    assert mails(post) == [] and [why for *_, why in told(session)] == [""], "as long as a step waits"
    clock.move(timedelta(minutes=5, seconds=30))
    tick(session)
    assert [(role, why) for _, role, _, why in told(session)] == [("duty", ""), ("manager", "")]
    clock.move(timedelta(minutes=1))
    tick(session, 2)
    assert mails(post) == [DORA], "a text of ten minutes ago is late by any measure"
    assert told(session)[0][2:] in {("sms email", f"otherwise {code}") for code in ("429", "20429")}


def test_each_code_that_asks_us_to_go_slower_has_its_ten_minutes(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]), priority="urgent")
    twilio.fail("429", times=999)
    opened(town)
    tick(session)
    clock.move(timedelta(minutes=4))
    for code in ("20429", "30001", "30022"):
        busy(code)
        climb()
        assert [why for *_, why in told(session)] == [""], code
    busy("30003")
    climb()
    assert told(session)[0][3] == "otherwise 30003", "a phone that is off has its minute"


def told_slowly(twilio: FakeTwilio, session: Session, town: Town) -> None:
    """An alarm on a ladder of two texts, while Twilio takes none because there are too many."""
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    twilio.fail("429", times=999)
    opened(town)
    tick(session)


def test_after_a_round_that_was_only_slow_everybody_is_told_without_more_texts(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    told_slowly(twilio, session, town)
    for _ in range(3):
        clock.move(timedelta(minutes=10, seconds=10))
        tick(session, 2)
        if any(role == "everybody" for _, role, *_ in told(session)):
            break
    everybody = [(channels, why) for _, role, channels, why in told(session) if role == "everybody"]
    assert everybody == [("email", "")] * 3
    assert LENA in mails(post)
    assert town.worker.id not in {message.worker_id for message in rows(session, "sms")}, "only those on the ladder"


def test_who_has_no_other_way_is_texted_with_everybody_though_it_is_slow(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    told_slowly(twilio, session, town)
    for _ in range(3):
        clock.move(timedelta(minutes=10, seconds=10))
        tick(session, 2)
    assert {channels for _, role, channels, _ in told(session) if role == "everybody"} == {"sms"}
    assert town.worker.id in {message.worker_id for message in rows(session, "sms")}


def test_who_stands_in_two_rungs_of_one_moment_gets_one_e_mail(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    leads_and_manages(town)
    twilio.fail("20003", to=town.manager.phone or "", times=999)
    town.escalation(town.mine)
    tick(session)
    climb()
    assert [(role, why) for rung, role, _, why in told(session) if rung < 2] == [
        ("duty", "nobody"), ("lead", "otherwise 20003"), ("manager", "otherwise 20003"),
    ]  # fmt: skip
    tick(session)
    assert [message.address for message in rows(session, "email")].count(MONA) == 2, "the other is everybody's"
