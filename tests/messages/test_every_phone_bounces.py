"""Every phone of a ladder bounces at once (no such numbers, as after an import that went wrong): after one round
everyone is told by all channels, and nothing chases its own bounces.

What becomes of texts while Twilio takes none (it is down, the account is empty): test_twilio_takes_no_texts.py."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy.orm import Session

from api import clock
from api.escalations.jobs import climb
from api.escalations.models import Escalation
from api.messages import delivery
from tests.escalations.rungs import ladder, leads_and_manages, opened, rows, told
from tests.harness.mail import FakeMail
from tests.harness.twilio import FakeTwilio
from tests.small_town import Town


def ticks(session: Session, many: int) -> Counter[int]:
    """So many ticks at this moment, each with the bounces of what it sent; how many tellings each rung has by then."""
    for _ in range(many):
        climb()
        for message in rows(session, "sms") + rows(session, "email"):
            delivery.deliver(message.id)
    return Counter(rung for rung, *_ in told(session))


def test_after_a_round_that_bounced_everyone_is_told_by_all_channels_and_the_waits_are_kept(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    twilio.fail("30006", times=999)
    number = opened(town)
    assert ticks(session, 9) == {0: 1, 1: 1, 2: 3}, "two steps, then everyone: Lena too, who is on no step"
    assert {role for rung, role, *_ in told(session) if rung == 2} == {"everybody"}
    escalation = session.get_one(Escalation, number)
    assert escalation.next_rung_at is not None
    assert timedelta(minutes=4) < escalation.next_rung_at - clock.now() <= timedelta(minutes=5)

    for later, rungs in ((1, {3: 1}), (2, {4: 1, 5: 3}), (3, {6: 1})):  # and so on, for ever
        clock.move(timedelta(minutes=5))
        before = Counter(rung for rung, *_ in told(session))
        assert ticks(session, 5) - before == rungs, f"{later * 5} minutes later"
        assert climb() == 0, "nothing is due"


def test_who_has_an_email_address_is_reached_after_every_phone_has_bounced(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    twilio.fail("30006", times=999)
    opened(town)
    ticks(session, 6)
    everybody = {(channels, problem) for rung, _, channels, problem in told(session) if rung == 2}
    assert everybody == {("sms email", "")}
    assert sorted(mail["To"] for mail in post.mails) == [
        "dora@example.org", "lena@example.org", "mona@example.org",
    ]  # fmt: skip
    assert max(rung for rung, *_ in told(session)) == 2


def test_one_bounce_among_rungs_that_were_reached_still_goes_on_at_once(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    opened(town)
    ticks(session, 1)
    twilio.fail("30006", to=town.manager.phone or "", times=9)
    clock.move(timedelta(minutes=5))
    assert ticks(session, 3) == {0: 1, 1: 1, 2: 1}
    assert [role for _, role, *_ in told(session)] == ["duty", "manager", "duty"]


def test_an_emergency_told_twice_to_one_person_who_was_not_reached_goes_on_to_everybody(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    leads_and_manages(town)
    twilio.fail("30006", to=town.manager.phone or "", times=9)
    town.escalation(town.mine)
    assert [problem for *_, problem in told(session)] == ["nobody", "", ""], "both steps in one moment"
    ticks(session, 5)
    assert [(rung, role, why.split()[0]) for rung, role, _, why in told(session) if rung < 2] == [
        (0, "duty", "nobody"), (0, "lead", "bounced"), (1, "manager", "bounced"),
    ]  # fmt: skip
    assert sorted(why.split(" ")[0] for rung, *_, why in told(session) if rung == 2) == ["", "", "bounced"]
    assert len(twilio.to(town.worker.phone or "")) == len(twilio.to(town.duty.phone or "")) == 1


def test_who_was_told_twice_and_is_reached_by_one_of_the_two_texts_is_waited_for(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    leads_and_manages(town)
    twilio.fail("30006", to=town.manager.phone or "")
    town.escalation(town.mine)
    assert ticks(session, 5) == {0: 2, 1: 1}
    assert [problem for *_, problem in told(session)] == ["nobody", "", ""]
    assert len(twilio.to(town.manager.phone or "")) == 1
