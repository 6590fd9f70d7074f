"""Twilio takes no texts from us (the account is suspended or without money, or it is down): whoever was to be texted is
told by e-mail at once, the ladder goes on, and the text is still tried."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.channels.twilio import client
from api.database import transaction
from api.escalations import service
from api.escalations.jobs import climb
from api.escalations.models import Escalation
from api.messages import delivery
from api.messages.models import OutboundMessage
from api.settings import settings
from tests.escalations.rungs import WORDS, ladder, opened, rows, told
from tests.harness.mail import FakeMail
from tests.harness.twilio import FakeTwilio
from tests.small_town import Town

DORA, LENA, MONA = "dora@example.org", "lena@example.org", "mona@example.org"


def tick(session: Session, many: int = 1) -> None:
    """What happens so many times at this moment: the ladder looks, and what is due goes out."""
    for _ in range(many):
        climb()
        for message in rows(session, "sms") + rows(session, "email"):
            delivery.deliver(message.id)


def mails(post: FakeMail) -> list[str]:
    """To whom e-mails went, in order."""
    return [str(mail["To"]) for mail in post.mails]


def suspended_afterwards(session: Session) -> None:
    """Twilio took the texts, and says of each that our account is suspended."""
    for message in rows(session, "sms"):
        if message.state == "sent":
            delivery.settle_reported(message.id, str(message.provider_id), "failed", "30002")


@pytest.mark.parametrize("fault", ["20003", "20005", "21606", "403"])
def test_with_an_account_that_twilio_refuses_everyone_is_told_by_e_mail_within_moments(
    fault: str, twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    twilio.fail(fault, times=999)
    opened(town)
    tick(session)
    assert mails(post) == [], "the text is tried first"
    tick(session, 6)
    assert mails(post)[:2] == [DORA, MONA]
    assert sorted(mails(post)[2:]) == [DORA, LENA, MONA], "after a round that bounced, everybody, once"
    problem = f"otherwise {fault}"
    assert {(rung, channels, why) for rung, _, channels, why in told(session)} == {
        (0, "sms email", problem), (1, "sms email", problem), (2, "sms email", problem),
    }  # fmt: skip
    assert {message.state for message in rows(session, "sms")} == {"queued"}, "each text is still tried"


def test_the_e_mail_is_the_same_telling_with_a_link_that_takes_it_on(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    twilio.fail("20003", to=town.duty.phone or "", times=999)
    number = opened(town)
    tick(session, 2)
    (text,), (mail,) = [one for one in rows(session, "sms") if one.worker_id == town.duty.id], rows(session, "email")
    link = text.body.split()[-1]
    assert link in mail.body and str(number) in mail.body and WORDS not in mail.body
    assert mail.body.startswith(f"Urgent {number}: take it on\n")


def test_a_text_that_was_taken_and_comes_back_because_the_account_is_suspended_is_told_by_e_mail(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    opened(town)
    for _ in range(4):
        tick(session)
        suspended_afterwards(session)
    tick(session)
    assert mails(post)[:2] == [DORA, MONA] and LENA in mails(post)
    assert told(session)[0] == (0, "duty", "sms email", "otherwise 30002")


@pytest.mark.parametrize("how", ["500", "drop", "unreachable"])
def test_while_twilio_is_down_the_e_mail_goes_after_a_minute_and_once(
    how: str, twilio: FakeTwilio, post: FakeMail, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "unreachable":
        monkeypatch.setattr(settings(), "twilio_api_url", "http://127.0.0.1:1")
        client._client.cache_clear()
    else:
        twilio.fail(how, times=999)
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    opened(town)
    for _ in range(5):
        tick(session)
        clock.move(timedelta(seconds=10))
    assert mails(post) == [] and told(session) == [(0, "duty", "sms", "")], "a hiccup is no outage"
    clock.move(timedelta(seconds=15))
    tick(session, 2)
    assert mails(post) == [DORA]
    assert [(rung, role, why.split()[0]) for rung, role, _, why in told(session) if why] == [(0, "duty", "otherwise")]
    assert told(session)[1][:2] == (1, "manager"), "the next rung at once"
    tick(session, 3)
    assert mails(post) == [DORA], "once"
    clock.move(timedelta(seconds=61))
    tick(session, 2)
    assert mails(post)[:2] == [DORA, MONA] and LENA in mails(post), "and then everybody"


def test_a_text_that_was_not_tried_yet_is_not_held_up(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    opened(town)
    clock.move(timedelta(minutes=3))  # the worker process stood still
    tick(session, 3)
    assert mails(post) == [] and told(session) == [(0, "duty", "sms", "")]
    assert len(twilio.to(town.duty.phone or "")) == 1


def test_the_text_goes_out_once_the_account_is_mended(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    twilio.fail("20003", to=town.duty.phone or "")
    opened(town)
    tick(session, 3)
    (first, *_) = rows(session, "sms")
    assert (first.state, first.error, twilio.to(first.address)) == ("queued", "20003", [])
    clock.move(timedelta(seconds=3))
    tick(session)
    assert [text.body for text in twilio.to(first.address)] == [first.body]
    assert mails(post) == [DORA]


def test_nobody_is_written_to_of_what_somebody_has_taken_on_meanwhile(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    twilio.fail("20003", times=999)
    number = opened(town)
    for message in rows(session, "sms"):
        delivery.deliver(message.id)
    with transaction() as acknowledging:
        service.acknowledge(acknowledging, number, town.manager, via="console")
    tick(session, 3)
    assert mails(post) == [] and told(session) == [(0, "duty", "sms", "")]


def test_where_a_colleague_in_the_same_rung_was_reached_the_rung_is_waited_for(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    number = town.escalation(town.mine)  # the file's ladder: the family's worker and the duty worker together
    twilio.fail("20003", to=town.worker.phone or "", times=999)
    tick(session, 4)
    assert mails(post) == [LENA]
    assert told(session) == [(0, "duty", "sms", ""), (0, "lead", "sms email", "otherwise 20003")]
    assert session.get_one(Escalation, number).rung == 1


def test_a_routine_call_waits_for_whoever_was_told_by_e_mail(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]), priority="routine")
    twilio.fail("20003", times=999)
    town.escalation(town.mine, WORDS, "routine")
    tick(session, 4)
    assert mails(post) == [DORA] and told(session) == [(0, "duty", "sms email", "otherwise 20003")]


def test_a_telling_that_was_by_e_mail_too_gets_no_second_one(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms", "email"]), ("manager", ["sms", "email"]))
    twilio.fail("20003", to=town.duty.phone or "", times=999)
    opened(town)
    tick(session, 4)
    assert mails(post) == [DORA, MONA]
    assert told(session)[0] == (0, "duty", "sms email", "otherwise 20003")


def test_where_the_e_mail_bounces_too_nobody_was_told(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    twilio.fail("20003", to=town.duty.phone or "", times=999)
    post.fail("550")
    opened(town)
    tick(session, 3)
    assert told(session) == [(0, "duty", "sms email", "bounced 550"), (1, "manager", "sms", "")]


def test_without_any_other_way_the_ladder_goes_on_at_once(twilio: FakeTwilio, session: Session, town: Town) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    twilio.fail("20003", times=999)
    number = opened(town)
    tick(session, 6)
    assert [(rung, why) for rung, _, _, why in told(session)] == [
        (0, "bounced 20003"), (1, "bounced 20003"), *[(2, "bounced 20003")] * 3,
    ]  # fmt: skip
    escalation = session.get_one(Escalation, number)
    assert escalation.next_rung_at is not None
    assert timedelta(minutes=4) < escalation.next_rung_at - clock.now() <= timedelta(minutes=5)


def test_a_text_that_is_given_up_marks_the_telling_that_it_belongs_to_and_not_a_later_one(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]))
    opened(town)
    tick(session)
    (first,) = rows(session, "sms")
    clock.move(timedelta(minutes=5))
    tick(session)
    assert [why for *_, why in told(session)] == ["", ""]
    delivery.settle_reported(first.id, str(first.provider_id), "undelivered", "30005")
    assert [why for *_, why in told(session)] == ["bounced 30005", ""]
    assert climb() == 0, "the later one was reached"


def test_two_processes_at_once_write_one_e_mail(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    twilio.fail("20003", to=town.duty.phone or "", times=999)
    number = opened(town)
    tick(session)
    with transaction() as other:
        other.scalars(select(Escalation).filter_by(id=number).with_for_update()).one()
        climb()
        assert rows(session, "email") == [], "another process has it in hand"
    climb()
    climb()
    assert [message.address for message in rows(session, "email")] == [DORA]
    assert session.scalars(select(OutboundMessage).filter_by(channel="email")).one().escalation_id == number
