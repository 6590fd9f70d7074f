"""On the day of the upgrade, months of what was taken on and never closed are there. And a holder with many."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api import clock
from api.caseload.today import to_do
from api.database import transaction
from api.escalations import service
from api.escalations.forgotten import FEW, PAUSE
from api.escalations.jobs import watch_held
from tests.escalations.test_forgotten import kinds, reminders, taken
from tests.escalations.test_one_that_fails import due
from tests.escalations.test_promised_calls import minutes, one
from tests.small_town import Town


def upgraded(session: Session, engine: Engine) -> None:
    """What the migration makes of the rows that are there."""
    session.commit()
    migration = import_module("api.migrations.versions.0047_what_is_followed_up")
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        migration.downgrade()
        migration.upgrade()


def held(session: Session, town: Town) -> list[str]:
    lines, _ = to_do(session, town.manager, clock.now(), "Europe/London", what=("held",))
    return [line.object_id for line in lines]


def test_what_was_taken_on_before_the_upgrade_is_shown_and_no_clock_reminds_or_opens_it(
    session: Session, town: Town, database: Engine
) -> None:
    before = taken(town, town.duty)
    waiting = due(town.other)
    minutes(60 * 24 * 90)
    upgraded(session, database)
    assert watch_held() == 0 and held(session, town) == [str(before)]
    with transaction() as taking:
        service.acknowledge(taking, waiting, town.duty, via="console")
    minutes(61)
    assert (watch_held(), watch_held()) == (1, 0), "what was open then is followed up once it is taken on"
    minutes(61)
    assert (watch_held(), watch_held()) == (1, 0)
    assert [one(session, number).state for number in (before, waiting)] == ["acknowledged", "open"]
    assert len(reminders(session, town.duty)) == 1 and str(before) in held(session, town)


@pytest.mark.parametrize("how", ["they say that they still have it", "they say when they ring", "somebody else"])
def test_what_is_taken_on_again_after_the_upgrade_is_followed_up(
    session: Session, town: Town, database: Engine, how: str
) -> None:
    number = taken(town, town.duty)
    minutes(60 * 24 * 90)
    upgraded(session, database)
    with transaction() as taking:
        if how == "somebody else":
            service.hand_over(taking, number, town.duty, town.manager.id)
        holder = town.manager if how == "somebody else" else town.duty
        by = clock.now() + timedelta(minutes=5) if how == "they say when they ring" else None
        service.acknowledge(taking, number, holder, via="sms", ring_by=by)
    assert one(session, number).watched
    minutes(59)
    assert how == "they say when they ring" or watch_held() == 0
    minutes(60 * 4)
    assert watch_held() == 1 and "reminded" in kinds(session, number)


def test_nobody_is_reminded_of_more_than_a_few_at_once_and_of_the_most_pressing_first(
    session: Session, town: Town
) -> None:
    routine = [due(town.mine, "routine") for _ in range(FEW)]
    pressing = [due(town.mine) for _ in range(FEW + 1)]
    theirs = due(town.other, "routine")
    with transaction() as taking:
        for number in routine + pressing:
            service.acknowledge(taking, number, town.duty, via="console")
        service.acknowledge(taking, theirs, town.manager, via="console")
    minutes(60 * 24 * 4)
    assert (watch_held(), watch_held()) == (FEW + 1, 0), "and somebody else is not kept from theirs"
    assert {text.escalation_id for text in reminders(session, town.duty)} < set(pressing)
    assert len(reminders(session, town.manager)) == 1
    minutes(PAUSE.total_seconds() / 60 - 1)
    assert watch_held() == 0
    minutes(1)
    assert watch_held() == FEW
    found = [text.escalation_id for text in reminders(session, town.duty)]
    assert len(set(found)) == 2 * FEW and set(pressing) <= set(found)
    minutes(61 - PAUSE.total_seconds() / 60)
    assert watch_held() == FEW + 1, "the last one's reminder, and what had been reminded of opens again, however many"
    assert sum(one(session, number).state == "open" for number in pressing) == FEW
