"""What is pressing and nobody has on: nobody could be told of it, or nobody has taken it on for half an hour. And what
somebody who left, or went silent, is not relieved of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.database import transaction
from api.escalations import forgotten, jobs, lapses, service
from api.escalations.jobs import climb, watch_calls, watch_held
from api.escalations.models import Escalation
from api.escalations.telling import note
from api.messages import delivery, takeovers
from api.messages import service as conversations
from api.messages.jobs import end_silent_takeovers
from api.messages.models import Conversation, OutboundMessage
from api.ops.queries import measure
from api.ops.watch import State, warnings
from api.reminders.models import Reminder
from tests.escalations.rungs import ladder
from tests.escalations.test_one_that_fails import due
from tests.harness.mail import FakeMail
from tests.harness.twilio import FakeTwilio
from tests.messages.conftest import twilio
from tests.small_town import Household, Town

__all__ = ["twilio"]
MINUTE = timedelta(minutes=1)
#: Who can be told what, by how things stand there.
Change = Callable[[Session, Town], None]


def state(session: Session) -> State:
    session.expire_all()
    return measure(session, clock.now())


def names(session: Session) -> list[str]:
    """The warnings that stand, but for those of the worker process, which these tests are."""
    return [warning.name for warning in warnings(state(session)) if warning.name != "worker_silent"]


def tick(session: Session, many: int = 3) -> None:
    """So many ticks at this moment, each with what became of its texts."""
    for _ in range(many):
        climb()
        session.expire_all()
        for outbound_id in session.scalars(select(OutboundMessage.id)).all():
            delivery.deliver(outbound_id)


def no_phones(session: Session, town: Town) -> None:
    session.execute(update(Worker).values(phone=None))
    session.commit()


def nobody_works_there(session: Session, town: Town) -> None:
    session.execute(update(Worker).where(Worker.agency_id == town.agency.id).values(active=False))
    session.commit()


@pytest.mark.parametrize("change", [no_phones, nobody_works_there])
@pytest.mark.parametrize("priority", ["urgent", "emergency"])
def test_where_nobody_can_be_told_of_something_pressing_the_heart_stops(
    change: Change, priority: str, twilio: FakeTwilio, session: Session, town: Town
) -> None:
    change(session, town)
    town.escalation(town.mine, priority=priority)
    tick(session)
    clock.move(2 * MINUTE)
    tick(session)
    assert names(session) == ["nobody_reached"]
    assert [one.name for one in warnings(state(session)) if one.stops and one.name != "worker_silent"]


def test_where_every_text_bounces_nobody_was_reached_and_it_stands_from_round_to_round(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    twilio.fail("30006", times=9999)
    number = town.escalation(town.mine)
    for _ in range(4):
        tick(session, 6)
        clock.move(2 * MINUTE)
        tick(session, 6)
        assert "nobody_reached" in names(session)
        clock.move(MINUTE + timedelta(seconds=1))
        climb()  # the next round is told, and what came of it is not known yet
        assert "nobody_reached" in names(session)
    with transaction() as acknowledging:
        service.acknowledge(acknowledging, number, town.manager, via="console")
    assert "nobody_reached" not in names(session)


def test_somebody_who_was_reached_is_enough_and_so_is_a_text_of_this_moment(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    town.escalation(town.mine)
    assert names(session) == [], "it was opened just now"
    tick(session)
    clock.move(2 * MINUTE)
    assert names(session) == []
    clock.move(MINUTE)
    climb()
    assert names(session) == [], "the next rung's text is on its way"
    tick(session)
    assert names(session) == []


def test_a_lone_bounce_that_went_on_to_somebody_is_none(twilio: FakeTwilio, session: Session, town: Town) -> None:
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    twilio.fail("30006", to=town.duty.phone or "", times=9)
    town.escalation(town.mine, priority="urgent")
    tick(session)
    clock.move(2 * MINUTE)
    assert names(session) == []


def test_it_ends_as_soon_as_somebody_is_reached(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    session.execute(update(Worker).values(phone=None))
    session.commit()
    ladder(town, ("duty", ["sms"]), ("manager", ["sms"]))
    post.fail("550", times=99)
    town.escalation(town.mine, priority="urgent")
    tick(session)
    clock.move(2 * MINUTE)
    tick(session)
    assert "nobody_reached" in names(session)
    session.execute(update(Worker).where(Worker.id == town.duty.id).values(phone="+447700900777"))
    session.commit()
    clock.move(10 * MINUTE)
    tick(session)
    assert twilio.to("+447700900777") and "nobody_reached" not in names(session)


def test_what_is_routine_and_reaches_nobody_is_no_such_warning(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    no_phones(session, town)
    town.escalation(town.mine, priority="routine")
    tick(session)
    clock.move(2 * MINUTE)
    assert "nobody_reached" not in names(session)


def climbs(session: Session, minutes: int) -> None:
    """The ladder's life for so many minutes, every text taken."""
    for _ in range(minutes):
        clock.move(MINUTE)
        tick(session, 2)


def test_an_emergency_that_nobody_takes_on_for_half_an_hour_is_a_warning_of_its_own(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    number = town.escalation(town.mine)
    town.escalation(town.other, priority="urgent")
    climbs(session, 29)
    assert names(session) == []
    climbs(session, 2)
    assert names(session) == ["emergency_waits"]
    with transaction() as acknowledging:
        service.acknowledge(acknowledging, number, town.duty, via="sms")
    assert names(session) == []


def test_the_half_hour_begins_anew_with_what_opens_it_again_or_makes_it_an_emergency(
    twilio: FakeTwilio, session: Session, town: Town
) -> None:
    number = town.escalation(town.mine)
    raised = town.escalation(town.other, "again", "urgent")
    climbs(session, 20)
    with transaction() as acknowledging:
        service.acknowledge(acknowledging, number, town.duty, via="sms")
    climbs(session, 20)
    assert town.escalation(town.mine, "he is back") == number, "open again"
    assert town.escalation(town.other, "he has a knife") == raised, "an emergency now"
    climbs(session, 25)
    assert names(session) == []
    climbs(session, 6)
    assert names(session) == ["emergency_waits"]


def fails(*_: object, **__: object) -> None:
    raise RuntimeError


def test_a_takeover_that_cannot_be_ended_is_a_warning(
    session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as taking:
        conversations.take_over(taking, taking.get_one(Conversation, town.mine.conversation.id), town.duty)
    clock.move(30.5 * MINUTE)
    assert names(session) == [], "a moment late"
    monkeypatch.setattr(takeovers, "lapse", fails)
    assert end_silent_takeovers() == 0
    clock.move(MINUTE)
    assert names(session) == ["takeovers_stuck"]
    assert (state(session).takeovers, state(session).oldest_takeover > MINUTE) == (1, True)
    monkeypatch.undo()
    end_silent_takeovers()
    assert state(session).takeovers == 0


def test_a_promised_call_that_cannot_be_followed_up_is_a_warning(
    twilio: FakeTwilio, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = town.escalation(town.mine)
    tick(session)
    with transaction() as promising:
        service.acknowledge(promising, number, town.duty, via="console", ring_by=clock.now() + 20 * MINUTE)
    tick(session)
    clock.move(25.5 * MINUTE)
    assert names(session) == [], "a moment late"
    watch_calls()
    tick(session)
    clock.move(20 * MINUTE)
    assert (names(session), state(session).calls) == ([], 0), "reminded, and not yet due again"
    monkeypatch.setattr(lapses, "follow_up", fails)
    clock.move(6 * MINUTE)
    assert watch_calls() == 0
    assert names(session) == ["calls_stuck"]
    assert MINUTE < state(session).oldest_call < 3 * MINUTE


def test_what_is_held_and_cannot_be_followed_up_is_a_warning_and_what_waits_for_others_is_none(
    twilio: FakeTwilio, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [due(town.mine) for _ in range(forgotten.FEW + 1)]
    with transaction() as taking:
        for number in numbers:
            service.acknowledge(taking, number, town.duty, via="console")
    clock.move(60.5 * MINUTE)
    assert (names(session), state(session).held) == ([], len(numbers)), "a moment late"
    assert watch_held() == forgotten.FEW
    tick(session)
    clock.move(9 * MINUTE)
    assert (names(session), state(session).held) == ([], 0), "the last one waits, so that they do not all come at once"
    clock.move(MINUTE)
    assert (names(session), state(session).held) == ([], 1), "and is due this moment"
    monkeypatch.setattr(forgotten, "follow_up", fails)
    clock.move(2 * MINUTE)
    assert watch_held() == 0
    assert names(session) == ["held_stuck"]
    assert MINUTE < state(session).oldest_held < 3 * MINUTE


@pytest.mark.parametrize("kind", ["raised", "reopened", "left", "away", "left_waiting", "ring_missed", "forgotten"])
def test_an_emergency_waits_since_it_was_opened_again_whatever_opened_it(
    session: Session, town: Town, kind: str
) -> None:
    number = due(town.mine)
    with transaction() as taking:
        service.acknowledge(taking, number, town.duty, via="console")
    clock.move(40 * MINUTE)
    with transaction() as opening:
        one = opening.get_one(Escalation, number)
        note(opening, one, kind)
        service.open_again(opening, one, clock.now())
    clock.move(MINUTE)
    assert timedelta() < state(session).oldest_emergency < 2 * MINUTE


def test_what_somebody_had_who_left_and_cannot_be_opened_again_is_a_warning(
    twilio: FakeTwilio, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = town.escalation(town.mine)
    tick(session)
    with transaction() as leaving:
        service.acknowledge(leaving, number, town.duty, via="sms")
        leaving.execute(update(Worker).where(Worker.id == town.duty.id).values(active=False))
    monkeypatch.setattr(jobs.service, "release", fails)
    tick(session)
    assert names(session) == ["left_stuck"]


def reminder(session: Session, household: Household) -> None:
    """A reminder of the family's appointment that is due now."""
    session.add(
        Reminder(
            appointment_id=household.appointment.id, person_id=household.parent.id, moment="1d",
            starts_at=household.appointment.starts_at, due_at=clock.now(),
        )
    )  # fmt: skip
    session.commit()


def test_reminders_that_stay_behind_are_a_warning(session: Session, town: Town) -> None:
    reminder(session, town.mine)
    clock.move(14 * MINUTE)
    assert names(session) == [], "a hundred thousand may be due at once"
    clock.move(2 * MINUTE)
    assert names(session) == ["reminders_stuck"]
    assert state(session).reminders == 1


def test_the_health_and_the_status_page_say_it_too(
    twilio: FakeTwilio, client: TestClient, session: Session, town: Town
) -> None:
    no_phones(session, town)
    town.escalation(town.mine)
    reminder(session, town.mine)
    tick(session)
    clock.move(2 * MINUTE)
    tick(session)
    assert client.get("/health").json()["parts"]["queues"] == "stuck (nobody_reached)"
    client.cookies.update(town.signed_in(town.manager))
    page = client.get("/console/status").text
    assert "nobody could be told of it as they should" in page
    assert "reminders to send" in page
