"""The rota as managers change it: what is added holds from the next rung on, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.audit.models import AuditEntry
from api.database import transaction
from api.escalations import shifts, world
from api.escalations.models import Notification, RotaChange, Shift
from api.escalations.rota import gaps, on_call
from tests.small_town import Town

LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)


def change(town: Town, **given: object) -> RotaChange:
    now = clock.now()
    usual = {"kind": "leave", "who": town.duty.id, "starts": now - HOUR, "ends": now + HOUR}
    with transaction() as session:
        return shifts.add_change(session, town.manager, **{**usual, **given})  # type: ignore[arg-type]


def told(session: Session, number: int) -> list[tuple[str, str]]:
    session.expire_all()
    rows = session.scalars(select(Notification).filter_by(escalation_id=number).order_by(Notification.rung))
    return [(row.role, row.problem) for row in rows]


def test_a_lead_on_leave_is_passed_over_at_once_and_it_is_recorded(session: Session, town: Town) -> None:
    change(town, who=town.worker.id)
    number = town.escalation(town.mine, priority="urgent")
    assert told(session, number) == [("lead", "away"), ("duty", "")]


def test_a_cover_is_told_instead_until_it_is_taken_back(session: Session, town: Town) -> None:
    row = change(town, kind="cover", role="duty", who=town.worker.id, instead_of=town.duty.id)
    number = town.escalation(town.other, priority="emergency")
    by = session.scalars(select(Notification.worker_id).filter_by(escalation_id=number, role="duty")).all()
    assert by == [town.worker.id]
    with transaction() as changing:
        shifts.cancel(changing, town.manager, changing.get_one(RotaChange, row.id))
    again = town.escalation(town.mine, priority="emergency")
    by = session.scalars(select(Notification.worker_id).filter_by(escalation_id=again, role="duty")).all()
    assert by == [town.duty.id]
    verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.actor_id == town.manager.id)).all()
    assert set(verbs) == {"added_cover", "cancelled_rota_change"}


def test_nights_are_on_call_from_eight_to_eight_on_the_wall_whatever_the_clocks_do(
    session: Session, town: Town
) -> None:
    with transaction() as changing:
        changing.execute(delete(Shift))
        for begins, ends, who in ((time(20), time(8), town.duty), (time(8), time(20), town.worker)):
            made = shifts.add_shifts(
                changing, town.manager, who=who.id, role="duty", first=date(2026, 10, 20), last=date(2026, 10, 30),
                begins=begins, ends=ends,
            )  # fmt: skip
            assert made == 11
    rows = session.scalars(select(Shift).filter_by(worker_id=town.duty.id).order_by(Shift.starts_at)).all()
    lengths = [(row.ends_at - row.starts_at) / HOUR for row in rows]
    assert lengths.count(13) == 1 and lengths.count(12) == 10, "the clocks go back on 25 October"
    start = datetime(2026, 10, 20, 8, tzinfo=LONDON).astimezone(UTC)
    rota = world.rota(session, town.agency.id, start, start + timedelta(days=10))
    assert [gap for gap in gaps(rota, start, start + timedelta(days=10)) if gap.role == "duty"] == []
    for day in range(21, 30):
        for hour, who in ((7, town.duty), (9, town.worker), (19, town.worker), (21, town.duty)):
            moment = datetime(2026, 10, day, hour, tzinfo=LONDON)
            assert [member.id for member in on_call(rota, "duty", moment)] == [who.id]


def test_shifts_that_are_there_are_not_added_again_and_only_on_the_weekdays_asked_for(town: Town) -> None:
    def add() -> int:
        with transaction() as session:
            return shifts.add_shifts(
                session, town.manager, who=town.duty.id, role="duty", first=date(2026, 12, 1),
                last=date(2026, 12, 31), begins=time(9), ends=time(17), weekdays=frozenset({5, 6}),
            )  # fmt: skip

    assert (add(), add()) == (8, 0)


def test_a_shift_that_leaves_a_hole_shows_it(session: Session, town: Town) -> None:
    now = clock.now()
    change(town, starts=now + HOUR, ends=now + 3 * HOUR)
    (gap,) = shifts.gaps_ahead(session, town.agency.id, timedelta(days=7))
    assert (gap.role, gap.ends - gap.starts) == ("duty", 2 * HOUR)


def test_the_gaps_of_a_worker_are_those_that_they_leave_and_no_others(session: Session, town: Town) -> None:
    now = clock.now()
    change(town, starts=now + HOUR, ends=now + 3 * HOUR)  # a hole, whoever leaves
    ahead = timedelta(hours=12)
    assert shifts.gaps_without(session, town.worker, ahead) == []
    assert {gap.role for gap in shifts.gaps_without(session, town.manager, ahead)} == {"manager"}
    manager = session.get_one(Worker, town.manager.id)
    manager.active = False
    session.flush()
    assert {gap.role for gap in shifts.gaps_without(session, manager, ahead)} == {"manager"}


@pytest.mark.parametrize(
    ("given", "mistake"),
    [
        ({"ends": None}, "times"),
        ({"ends": clock.now() - timedelta(days=1)}, "times"),
        ({"ends": clock.now() + timedelta(days=500)}, "times"),
        ({"who": None}, "worker"),
        ({"who": "far"}, "worker"),
        ({"kind": "cover", "role": "king"}, "role"),
        ({"kind": "cover", "role": "duty", "instead_of": "far"}, "worker"),
        ({"kind": "cover", "role": "duty", "instead_of": "on duty"}, "same"),
    ],
)
def test_a_change_that_cannot_be_meant_is_not_taken(
    session: Session, town: Town, given: dict[str, object], mistake: str
) -> None:
    people: dict[object, object] = {"far": town.far_manager.id, "on duty": town.duty.id}
    with pytest.raises(shifts.BadChange) as refused:
        change(town, **{name: people.get(value, value) for name, value in given.items()})
    assert refused.value.mistake == mistake
    assert session.scalars(select(RotaChange)).all() == []
