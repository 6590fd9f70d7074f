"""Workers are written to once a day at most when dates come near or are late, in numbers only."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from api import clock
from api.access import service as access
from api.access.models import Agency, Worker
from api.database import reading, transaction
from api.messages.models import OutboundMessage
from api.plans.models import Contingency, Plan
from api.settings import settings
from api.timescales import digest, jobs
from api.timescales.models import Deadline
from tests.small_town import Household, Town

#: A Tuesday.
TODAY = date(2026, 11, 24)


def at(day: date, hour: int) -> None:
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    Path(os.environ["HEARTHLINE_CLOCK_FILE"]).write_text(str((moment - datetime.now(UTC)).total_seconds()))


@pytest.fixture(autouse=True)
def no_dates_yet(town: Town) -> None:
    at(TODAY, 10)
    with transaction() as session:
        session.execute(delete(Deadline))


def due(household: Household, on: date, warn: int = 5) -> None:
    with transaction() as session:
        session.add(
            Deadline(
                family_id=household.family.id, rule="next_review", started_on=on - timedelta(days=30), due_on=on,
                warn_on=on - timedelta(days=warn),
            )
        )  # fmt: skip


def told() -> list[tuple[str, str]]:
    """Who got what since the last look."""
    jobs.warn_of_dates()
    with transaction() as session:
        rows = session.execute(
            select(Worker.name, OutboundMessage.body)
            .join(Worker, Worker.id == OutboundMessage.worker_id)
            .order_by(Worker.name)
        ).all()
        session.execute(delete(OutboundMessage))
    return [(name, body) for name, body in rows]


def test_the_lead_is_told_once_and_again_only_of_what_is_new(town: Town) -> None:
    due(town.mine, TODAY + timedelta(days=3))
    due(town.mine, TODAY + timedelta(days=4))
    due(town.mine, TODAY + timedelta(days=40))
    words = "Hearthline: Dates that come near: 2. More in the console, under Dates due."
    assert told() == [("Lena Worker", words)]
    assert told() == []
    due(town.mine, TODAY + timedelta(days=2))
    assert told() == []  # one a day
    at(TODAY + timedelta(days=1), 10)
    assert told() == [("Lena Worker", words.replace("2", "3"))]
    at(TODAY + timedelta(days=2), 10)
    assert told() == []
    at(TODAY + timedelta(days=3), 10)  # Friday: the one of Thursday is late
    late = "Hearthline: Dates that come near: 2. Late: 1. More in the console, under Dates due."
    assert told() == [
        ("Lena Worker", late),
        ("Mona Worker", "Hearthline: Late: 1. More in the console, under Dates due."),
    ]


def test_what_names_a_worker_does_not_wait_while_the_worker_is_looked_after(town: Town) -> None:
    due(town.mine, TODAY + timedelta(days=3))
    with transaction() as looking:
        assert digest.warn(looking, looking.get_one(Agency, town.agency.id), clock.now()) >= 3
        with transaction() as other:  # a foreign key on the worker, as an alarm's step to them has
            other.execute(text("SET LOCAL lock_timeout = '2s'"))
            access.start_session(other, other.get_one(Worker, town.worker.id))


def test_a_manager_hears_of_late_ones_of_the_agency_and_nobody_elses(town: Town) -> None:
    due(town.other, TODAY - timedelta(days=1))
    due(town.other, TODAY + timedelta(days=1))
    due(town.far, TODAY - timedelta(days=1))
    assert dict(told()) == {
        name: "Hearthline: Late: 1. More in the console, under Dates due." for name in ("Mona Worker", "Fara Worker")
    }


def test_it_waits_until_they_work(town: Town) -> None:
    due(town.mine, TODAY + timedelta(days=3))
    at(TODAY, 8)
    assert told() == []
    at(TODAY, 17)
    assert told() == []
    at(date(2026, 11, 28), 10)  # a Saturday
    assert told() == []
    at(date(2026, 12, 25), 10)  # a Friday, and a bank holiday
    assert told() == []
    with reading() as session:
        assert session.scalars(select(Worker.dates_told_on)).all().count(date(2026, 12, 25)) == 4


@pytest.mark.parametrize("why", ["profile", "setting", "done", "left"])
def test_who_is_not_told(town: Town, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    due(town.mine, TODAY + timedelta(days=3))
    with transaction() as session:
        if why == "profile":
            session.execute(update(Worker).values(news_by="console"))
        if why == "done":
            session.execute(update(Deadline).values(done_on=TODAY))
        if why == "left":
            session.execute(update(Worker).values(active=False))
    if why == "setting":
        monkeypatch.setattr(settings(), "date_messages", False)
    assert told() == []


def contingency(household: Household, by: date) -> None:
    with transaction() as session:
        session.add(Contingency(plan_id=household.plan.id, position=1, trigger="no boiler", by_on=by, response="meet"))


def test_the_lead_is_told_when_the_day_of_a_contingency_comes_near_and_when_it_has_passed(town: Town) -> None:
    contingency(town.mine, TODAY + timedelta(days=6))  # a Monday
    contingency(town.other, TODAY + timedelta(days=1))
    assert told() == []
    at(TODAY + timedelta(days=1), 10)
    words = (
        "Hearthline: Contingencies whose day comes or has passed: 1 (under Today)."
        " More in the console, under Dates due."
    )
    assert told() == [("Lena Worker", words)]
    at(TODAY + timedelta(days=3), 10)
    assert told() == []
    at(TODAY + timedelta(days=7), 10)
    assert told() == [("Lena Worker", words)]
    at(TODAY + timedelta(days=8), 10)
    assert told() == []


def test_a_plan_that_is_over_has_no_contingencies_to_tell_of(town: Town) -> None:
    contingency(town.mine, TODAY + timedelta(days=2))
    with transaction() as session:
        session.get_one(Plan, town.mine.plan.id).ended_on = TODAY
    assert told() == []
