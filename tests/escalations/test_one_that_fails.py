"""One escalation, agency or conversation with which something is wrong: it is logged without a word of the case and
tried again, and all others are seen to."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.database import transaction
from api.escalations import forgotten, jobs, lapses, service
from api.escalations.jobs import climb, watch_calls, watch_held
from api.escalations.models import Escalation, EscalationEvent, LadderRule, Notification
from api.messages import service as conversations
from api.messages import takeovers
from api.messages.jobs import end_silent_takeovers
from api.messages.models import Conversation, OutboundMessage
from tests.small_town import Household, Town

WORDS = "he has the knife at Ash Lane"


def bad_rule(town: Town, steps: list[dict[str, Any]]) -> None:
    """What an older version, or somebody at the database, left in this agency's ladder."""
    with transaction() as session:
        session.add(
            LadderRule(agency_id=town.agency.id, position=1, priority="routine", steps=steps, changed_at=clock.now())
        )


def due(household: Household, priority: str = "emergency") -> int:
    """An open escalation of this family that is due; its number."""
    with transaction() as session:
        made = Escalation(
            agency_id=household.family.agency_id, family_id=household.family.id, kind="contact", priority=priority,
            words=WORDS, state="open", opened_at=clock.now(), next_rung_at=clock.now(),
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made.id


def told(session: Session) -> Counter[int]:
    session.expire_all()
    return Counter(session.scalars(select(Notification.escalation_id)))


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records]
    assert not any(WORDS in line or "Ash" in line for line in found)
    return found


def fails_for(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, argument: int, bad: object) -> None:
    """The part raises for this one, and works for the others."""
    works = getattr(where, name)

    def one(*given: Any, **more: Any) -> Any:
        found = given[argument]
        if getattr(found, "id", found) == bad:
            raise RuntimeError(WORDS)
        return works(*given, **more)

    monkeypatch.setattr(where, name, one)


def test_a_ladder_that_cannot_be_read_holds_up_nobody_of_another_agency(
    session: Session, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    bad_rule(town, [{"tell": ["duty"]}])
    bad, good = due(town.mine, "routine"), due(town.far)
    assert climb() == 1
    assert good in told(session) and bad not in told(session)
    escalation = session.get_one(Escalation, bad)
    assert escalation.next_rung_at is not None and escalation.next_rung_at <= clock.now(), "it is due still"
    assert f"ladder: telling of {bad} failed: KeyError" in logged(caplog)
    assert climb() == 0, "and it is not tried for ever in one tick"


def test_hours_that_the_file_has_no_more_bind_nobody(session: Session, town: Town) -> None:
    bad_rule(town, [{"tell": ["duty"], "wait_minutes": 60, "when": "the old night watch"}])
    number = due(town.mine, "routine")
    assert climb() == 1
    assert told(session) == {number: 1}


def test_one_escalation_that_fails_holds_up_none_of_its_agency(
    session: Session, town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, *good = due(town.mine), due(town.mine), due(town.other), due(town.far)
    tell_all = service.tell_all

    def one(given: Session, dues: Any, now: Any) -> None:
        tell_all(given, dues, now)
        if bad in [due.id for due in dues]:
            raise RuntimeError(WORDS)

    monkeypatch.setattr(service, "tell_all", one)
    monkeypatch.setattr(jobs, "BATCH", 1)  # and the next batch comes, though the first one failed whole
    assert climb() == 3
    assert set(told(session)) == set(good), "what it had written was taken back"
    monkeypatch.setattr(jobs, "BATCH", 2000)
    clock.move(timedelta(minutes=3))
    assert climb() == 3
    assert f"ladder: telling of {bad} failed: RuntimeError" in logged(caplog)


def test_of_what_somebody_had_who_is_gone_each_is_opened_by_itself(
    session: Session, town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = town.escalation(town.mine), town.escalation(town.other)
    with transaction() as changing:
        for number in (bad, good):
            service.acknowledge(changing, number, town.duty, via="sms")
        changing.execute(update(Worker).where(Worker.id == town.duty.id).values(active=False))
    fails_for(monkeypatch, service, "release", 1, bad)
    monkeypatch.setattr(jobs, "ABANDONED", 1)
    other = due(town.far)
    climb()
    states = {number: session.get_one(Escalation, number).state for number in (bad, good)}
    assert states == {bad: "acknowledged", good: "open"}
    assert other in told(session)
    assert f"ladder: opening {bad} again failed: RuntimeError" in logged(caplog)


def test_of_promised_calls_that_are_overdue_each_is_followed_up_by_itself(
    session: Session, town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = town.escalation(town.mine), town.escalation(town.other)
    with transaction() as promising:
        for number in (bad, good):
            by = clock.now() + timedelta(minutes=20)
            service.acknowledge(promising, number, town.duty, via="console", ring_by=by)
    fails_for(monkeypatch, lapses, "follow_up", 1, bad)
    monkeypatch.setattr(jobs, "CALLS", 1)  # and the next comes, though all of the first batch failed
    clock.move(timedelta(minutes=26))
    assert watch_calls() == 1
    session.expire_all()
    reminded = {number: session.get_one(Escalation, number).ring_reminded_at is not None for number in (bad, good)}
    assert reminded == {bad: False, good: True}
    assert f"ladder: the call of {bad} failed: RuntimeError" in logged(caplog)


def test_of_what_is_held_without_a_sign_each_is_followed_up_by_itself(
    session: Session, town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = due(town.mine), due(town.other, "routine")
    with transaction() as taking:
        for number in (bad, good):
            service.acknowledge(taking, number, town.duty, via="console")
    fails_for(monkeypatch, forgotten, "follow_up", 1, bad)
    clock.move(timedelta(days=4))
    assert watch_held() == 1
    reminded = set(session.scalars(select(EscalationEvent.escalation_id).filter_by(kind="reminded")))
    assert reminded == {good}
    assert f"ladder: what is held, {bad} failed: RuntimeError" in logged(caplog)


def test_of_takeovers_in_which_nobody_answers_each_is_ended_by_itself(
    session: Session, town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = town.mine.conversation.id, town.far.conversation.id
    for conversation_id, worker in ((bad, town.duty), (good, town.far_manager)):
        _take(conversation_id, worker)
        clock.move(timedelta(seconds=1))
    fails_for(monkeypatch, takeovers, "lapse", 1, bad)
    clock.move(timedelta(hours=3))
    assert end_silent_takeovers() == 1
    session.expire_all()
    assert session.get_one(Conversation, bad).taken_over_by == town.duty.id
    assert session.get_one(Conversation, good).taken_over_by is None
    assert f"takeover: giving back {bad} failed: RuntimeError" in logged(caplog)


def _take(conversation_id: uuid.UUID, worker: Worker) -> None:
    with transaction() as session:
        assert conversations.take_over(session, session.get_one(Conversation, conversation_id), worker)


def test_of_texts_that_do_not_go_out_each_escalation_finds_another_way_by_itself(
    session: Session, town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = town.escalation(town.mine), town.escalation(town.far)
    session.execute(update(OutboundMessage).values(error="30002"))
    session.commit()
    fails_for(monkeypatch, jobs.bounced, "tell_otherwise", 1, bad)
    climb()
    marked = set(session.scalars(select(Notification.escalation_id).filter_by(problem="bounced 30002")))
    assert marked == {good}
    assert f"ladder: another way for {bad} failed: RuntimeError" in logged(caplog)
