"""The tick with many escalations due: in a few statements, none lost, none told twice, the most pressing first."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

import crashpoints
from api import clock
from api.database import transaction
from api.escalations import jobs
from api.escalations.jobs import climb
from api.escalations.models import Escalation, LadderRule, Notification
from api.messages.jobs import sweep
from api.messages.models import OutboundMessage
from tests.small_town import Household, Town

_MORE = text("""
    INSERT INTO escalations (agency_id, family_id, kind, priority, words, reasons, state, opened_at, rung, step,
                             next_rung_at, acknowledged_via, outcome, outcome_kind)
    SELECT agency_id, id, 'contact', :priority, 'x', '[]', 'open', :now, 1, :step, :now, '', '', ''
    FROM families, generate_series(1, :many) WHERE id = :family
""")


def many_due(household: Household, many: int, priority: str = "urgent", step: int = 1) -> None:
    """So many open escalations of this family stand at a step and are due."""
    with transaction() as session:
        facts = {"now": clock.now(), "many": many, "family": household.family.id, "priority": priority, "step": step}
        session.execute(_MORE, facts)


def tellings(session: Session) -> Counter[int]:
    """How often each escalation was told."""
    session.expire_all()
    return Counter(session.scalars(select(Notification.escalation_id).where(Notification.worker_id.is_not(None))))


def still_due(session: Session) -> int:
    return session.scalar(select(func.count()).where(Escalation.next_rung_at <= clock.now())) or 0


def statements(engine: Engine) -> int:
    """How many statements a tick takes."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    climb()
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_a_hundred_due_take_no_more_statements_than_ten(database: Engine, town: Town) -> None:
    many_due(town.mine, 10)
    few = statements(database)
    many_due(town.mine, 100)
    assert statements(database) == few


def test_each_is_told_once_with_its_own_reference_and_link_and_every_text_is_queued(
    session: Session, town: Town
) -> None:
    many_due(town.mine, 300)
    many_due(town.far, 20, "emergency", step=0)
    assert climb() == 320
    while sweep():
        pass
    assert still_due(session) == 0
    told = session.scalars(select(Notification).where(Notification.problem == "")).all()
    texts = {row.escalation_id: row for row in session.scalars(select(OutboundMessage))}
    assert len(texts) == len(told) == 320
    for one in told:
        assert str(one.escalation_id) in texts[one.escalation_id].body
    assert len({row.body for row in texts.values()}) == 320
    carried = session.scalars(text("SELECT args ->> 'outbound_id' FROM procrastinate_jobs WHERE status = 'todo'")).all()
    assert sorted(carried) == sorted(str(row.id) for row in texts.values()), "each text has one job"


def test_a_tick_that_is_killed_between_two_batches_loses_none_and_tells_none_twice(
    session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 10)
    many_due(town.mine, 25)
    passed: list[str] = []

    def die(name: str) -> None:
        passed.append(name)
        if passed.count("ladder.before_commit") == 2 and name == "ladder.before_commit":
            raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(crashpoints, "point", die)
        with pytest.raises(KeyboardInterrupt):
            climb()
    assert sum(tellings(session).values()) == 10, "the first batch was committed, the second was not"
    assert climb() == 15
    assert set(tellings(session).values()) == {1}
    assert len(tellings(session)) == 25


def test_two_ticks_at_once_tell_no_rung_twice(session: Session, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 7)
    many_due(town.mine, 120)
    together = threading.Barrier(3)
    counts: list[int] = []

    def tick() -> None:
        together.wait()
        counts.append(climb())

    threads = [threading.Thread(target=tick) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    climb()  # what one held while another ended
    assert set(tellings(session).values()) == {1}
    assert len(tellings(session)) == 120
    assert still_due(session) == 0


def test_the_most_pressing_are_told_first(session: Session, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 4)
    steps = [{"tell": ["duty"], "wait_minutes": 60}]  # at any hour: the file's wait for working hours
    with transaction() as adding:
        rule = LadderRule(agency_id=town.agency.id, position=1, priority="routine", steps=steps, changed_at=clock.now())
        adding.add(rule)
    for priority in ("routine", "urgent", "emergency"):
        many_due(town.mine, 4, priority)
    climb()
    order = session.scalars(
        select(Escalation.priority)
        .join(OutboundMessage, OutboundMessage.escalation_id == Escalation.id)
        .order_by(OutboundMessage.seq)
    ).all()
    assert list(dict.fromkeys(order)) == ["emergency", "urgent", "routine"]
