"""A worker said when they would ring: they are reminded when that time is over, and then others are told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

import crashpoints
from api import clock
from api.access.models import Agency
from api.database import transaction
from api.escalations import service
from api.escalations.jobs import watch_calls
from api.escalations.models import Escalation, EscalationEvent
from api.messages import service as conversations
from api.messages.models import Conversation, OutboundMessage
from tests.escalations.test_by_text import says
from tests.small_town import Town


def minutes(many: float) -> None:
    clock.move(timedelta(minutes=many))


def promised(town: Town, in_minutes: int = 20) -> int:
    """Dora has it and has said to ring in so many minutes."""
    number = town.escalation(town.mine)
    with transaction() as session:
        by = clock.now() + timedelta(minutes=in_minutes)
        service.acknowledge(session, number, town.duty, via="console", ring_by=by)
    return number


def to_dora(session: Session, town: Town) -> list[str]:
    session.expire_all()
    rows = select(OutboundMessage).filter_by(worker_id=town.duty.id).order_by(OutboundMessage.seq)
    return [row.body for row in session.scalars(rows) if "ring by" in row.body]


def one(session: Session, number: int) -> Escalation:
    return session.get_one(Escalation, number, populate_existing=True)


def test_the_worker_is_reminded_once_and_half_an_hour_later_the_ladder_goes_on(session: Session, town: Town) -> None:
    number = promised(town)
    minutes(24)
    assert watch_calls() == 0
    minutes(2)
    assert (watch_calls(), watch_calls()) == (1, 0)
    (text,) = to_dora(session, town)
    assert text.startswith(f"{number}: you said you would ring by ") and f"CLOSE {number}" in text
    assert "Ash" not in text and one(session, number).state == "acknowledged"
    minutes(25)
    told = len(one(session, number).notifications)
    assert (watch_calls(), watch_calls()) == (1, 0)
    escalation = one(session, number)
    assert (escalation.state, escalation.acknowledged_by, escalation.ring_by) == ("open", None, None)
    assert len(escalation.notifications) > told and escalation.next_rung_at is not None
    kinds = session.scalars(select(EscalationEvent.kind).filter_by(escalation_id=number).order_by(EscalationEvent.at))
    assert list(kinds)[-1] == "ring_missed"


def test_a_new_time_begins_anew_and_closing_ends_it(session: Session, town: Town) -> None:
    number = promised(town)
    minutes(26)
    watch_calls()
    says(session, town.duty, f"ACK {number} RING {_in(30)}")
    session.commit()
    minutes(20)
    assert watch_calls() == 0
    minutes(20)
    assert watch_calls() == 1 and len(to_dora(session, town)) == 2
    says(session, town.duty, f"CLOSE {number} rang her, safe")
    session.commit()
    minutes(120)
    assert watch_calls() == 0 and one(session, number).state == "resolved"


def _in(many: int) -> str:
    from zoneinfo import ZoneInfo

    then: datetime = clock.now() + timedelta(minutes=many)
    return then.astimezone(ZoneInfo("Europe/London")).strftime("%H:%M")


def test_who_has_written_to_the_family_meanwhile_has_been_in_touch(session: Session, town: Town) -> None:
    number = promised(town)
    minutes(19)
    with transaction() as acting:
        there = acting.get_one(Conversation, town.mine.conversation.id)
        conversations.reply_from_worker(acting, there, town.duty, "Shall I ring now?")
    minutes(120)
    assert watch_calls() == 0 and one(session, number).state == "acknowledged"


def test_an_agency_chooses_how_long_and_what_was_down_meanwhile_goes_on_at_once(session: Session, town: Town) -> None:
    session.execute(update(Agency).values(ring_again_minutes=10))
    session.commit()
    number = promised(town)
    minutes(31)
    assert watch_calls() == 1 and one(session, number).state == "open"
    assert to_dora(session, town) == [], "others are told now; a reminder would come too late"


def test_who_takes_it_on_after_that_time_has_promised_nothing(session: Session, town: Town) -> None:
    number = promised(town)
    minutes(26)
    with transaction() as acting:
        service.hand_over(acting, number, town.duty, town.manager.id)
    with transaction() as acting:
        service.acknowledge(acting, number, town.manager, via="sms")
    minutes(120)
    assert watch_calls() == 0 and one(session, number).ring_by is None


@pytest.mark.parametrize("point", ["call.before_commit", "call.after_commit"])
def test_killed_on_the_way_the_reminder_goes_once(
    session: Session, town: Town, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    promised(town)
    minutes(26)

    def die(name: str) -> None:
        if name == point:
            raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(crashpoints, "point", die)
        with pytest.raises(KeyboardInterrupt):
            watch_calls()
    watch_calls()
    assert len(to_dora(session, town)) == 1
