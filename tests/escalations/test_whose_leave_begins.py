"""Each second is looked for what somebody has whose leave has begun: from the leaves that hold now."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.database import transaction
from api.escalations import queries, service
from api.escalations.models import RotaChange
from tests.small_town import Town

_MANY_LEAVES = text("""
    INSERT INTO rota_changes (id, agency_id, kind, worker_id, role, starts_at, ends_at, made_at)
    SELECT gen_random_uuid(), w.agency_id, 'leave', w.id, '', :now - n * interval '1 day' - interval '1 hour',
           :now - n * interval '1 day', :now - n * interval '1 day'
    FROM workers w, generate_series(1, 1000) n
""")
_MANY_TAKEN = text("""
    INSERT INTO escalations
    SELECT (jsonb_populate_record(e, jsonb_build_object('id', e.id + n))).*
    FROM escalations e, generate_series(1, 300) n
""")
#: How often the table was gone to, and how many rows of it were read, in this transaction.
_READ = text("""
    SELECT seq_scan + idx_scan AS times, seq_tup_read + idx_tup_fetch AS leaves
    FROM pg_stat_xact_user_tables WHERE relname = 'rota_changes'
""")


def on_leave(session: Session, worker: Worker) -> None:
    now = clock.now()
    session.add(
        RotaChange(
            agency_id=worker.agency_id, kind="leave", worker_id=worker.id, starts_at=now - timedelta(minutes=1),
            ends_at=now + timedelta(days=1), made_at=now,
        )
    )  # fmt: skip


def test_leaves_that_are_over_are_not_read_for_each_escalation(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    with transaction() as acting:
        service.acknowledge(acting, number, town.duty, via="console")
    session.execute(_MANY_LEAVES, {"now": clock.now()})
    session.execute(_MANY_TAKEN)
    session.execute(text("ANALYZE rota_changes, escalations, workers, agencies"))
    before = session.execute(_READ).one()
    assert queries.abandoned(session, 1000) == []
    after = session.execute(_READ).one()
    assert after.times - before.times < 20, "for 301 escalations"
    assert after.leaves - before.leaves < 100, "of thousands of leaves that are over"
    clock.move(timedelta(minutes=2))
    on_leave(session, town.duty)
    session.flush()
    assert len(queries.abandoned(session, 1000)) == 301


def test_only_what_whoever_is_away_or_gone_has_is_given_back(session: Session, town: Town) -> None:
    pairs = ((town.duty, town.mine), (town.manager, town.other), (town.far_manager, town.far))
    works, gone, away = (town.escalation(household) for _, household in pairs)
    with transaction() as acting:
        for number, (worker, _) in zip((works, gone, away), pairs, strict=True):
            service.acknowledge(acting, number, worker, via="console")
    clock.move(timedelta(minutes=2))
    on_leave(session, town.far_manager)
    session.get_one(Worker, town.manager.id).active = False
    session.flush()
    assert {one.id for one in queries.abandoned(session, 10)} == {gone, away}
