"""Visits that come again, from a file: written from what it says, known by their ids, exceptions kept."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import jsonschema
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.appointments import series as booking
from api.appointments.models import Appointment, AppointmentSeries, Attendee
from api.families.models import Family, FamilyWorker
from api.imports import standing
from api.imports.schemas import json_schema
from api.imports.service import Report
from api.webhooks.models import WebhookEvent

Raw = dict[str, Any]
Load = Callable[..., Report]
Refused = Callable[[Any], dict[str, str]]
VISITS = {
    "id": "visits", "kind": "home_visit", "frequency": "weekly", "starts_on": "tuesday+1w", "at": "10:00",
    "minutes": 45, "place": "At home", "attendees": [{"person": "kelly"}, {"name": "Amara Okafor", "role": "worker"}],
}  # fmt: skip


def with_series(raw: Raw, *, appointments: list[Raw] | None = None, **changed: Any) -> Raw:
    made = copy.deepcopy(raw)
    made["families"][0]["series"] = [VISITS | changed]
    made["families"][0]["appointments"] += appointments or []
    return made


def visits(session: Session) -> list[Appointment]:
    session.expire_all()
    row = session.scalars(select(AppointmentSeries).filter_by(external_id="visits")).one()
    return list(session.scalars(select(Appointment).filter_by(series_id=row.id).order_by(Appointment.series_on)))


def scheduled(session: Session) -> list[date]:
    return [one.series_on for one in visits(session) if one.status == "scheduled" and one.series_on]


def test_its_appointments_are_written_and_the_same_file_again_changes_nothing(
    load: Load, raw: Raw, session: Session
) -> None:
    given = with_series(raw)
    report = load(given)
    assert report.created["series"] == 1
    made = visits(session)
    days = [one.series_on for one in made if one.series_on]
    assert len(made) >= 6 and all(day.isoweekday() == 2 for day in days)
    assert {later - day for day, later in itertools.pairwise(days)} == {timedelta(days=7)}
    assert {one.place for one in made} == {"At home"} and made[0].external_id == f"visits.{days[0]:%Y%m%d}"
    expected = session.scalars(select(Attendee).filter_by(appointment_id=made[0].id)).all()
    assert {one.name for one in expected} == {"Kelly", "Amara Okafor"}
    again = load(given)
    assert not again.created and not again.updated, str(again)
    assert len(visits(session)) == len(made)
    assert session.scalar(select(func.count()).select_from(WebhookEvent)) == 0


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"frequency": "weekly", "every_weeks": 6}, "FREQ=WEEKLY;INTERVAL=6"),
        ({"frequency": "monthly", "starts_on": "2030-04-02"}, "FREQ=MONTHLY;BYDAY=1TU"),
        ({"frequency": "monthly_last", "starts_on": "2030-04-30"}, "FREQ=MONTHLY;BYDAY=-1TU"),
    ],
)
def test_every_so_many_weeks_and_each_month_come_in_go_out_and_change_nothing_twice(
    load: Load, raw: Raw, session: Session, said: Raw, rule: str
) -> None:
    given = with_series(raw, **said)
    load(given)
    row = session.scalars(select(AppointmentSeries).filter_by(external_id="visits")).one()
    assert row.rrule == rule
    family = session.get_one(Family, row.family_id)
    out = standing.family(session, family, given["families"][0]["agency"])["series"][0]
    assert {name: out[name] for name in said} == said
    given["families"][0]["series"] = [out]
    for _ in range(2):
        again = load(given)
        assert not (again.created or again.updated)
    assert standing.series_as_said(standing.Keys(session, family), row)["every_weeks"] == said.get("every_weeks")


def test_only_checking_writes_nothing(load: Load, raw: Raw, session: Session) -> None:
    report = load(with_series(raw), check_only=True)
    assert report.created["series"] == 1
    assert session.scalar(select(func.count()).select_from(AppointmentSeries)) == 0


def test_the_file_lists_only_what_was_moved_or_called_off(load: Load, raw: Raw, session: Session) -> None:
    load(with_series(raw))
    before = scheduled(session)
    moved, off = before[1], before[2]
    exceptions: list[Raw] = [
        {
            "id": "moved-one", "kind": "home_visit", "starts": f"{moved + timedelta(days=1)} 15:00", "minutes": 45,
            "series": "visits", "series_on": str(moved), "attendees": [{"person": "kelly"}],
        },
        {
            "id": "off-one", "kind": "home_visit", "starts": f"{off} 10:00", "minutes": 45, "status": "cancelled",
            "reason": "travel", "series": "visits", "series_on": str(off), "attendees": [{"person": "kelly"}],
        },
    ]  # fmt: skip
    given = with_series(raw, appointments=exceptions)
    load(given)
    rows = {one.external_id: one for one in visits(session)}
    assert len(rows) == len(before) and rows["moved-one"].series_on == moved
    assert rows["moved-one"].starts_at.date() == moved + timedelta(days=1)
    assert (rows["off-one"].status, rows["off-one"].change_reason) == ("cancelled", "travel")
    again = load(given)
    assert not again.created and not again.updated, str(again)
    other = with_series(raw, appointments=exceptions, at="14:00", starts_on=str(before[0] + timedelta(days=1)))
    load(other)
    rows = {one.external_id: one for one in visits(session)}
    assert rows["moved-one"].starts_at.date() == moved + timedelta(days=1)  # it stays as it was made
    rest = [one for one in rows.values() if one.series_on not in (moved, off)]
    assert rest and all(one.series_on and one.series_on.isoweekday() == 3 for one in rest)
    assert {one.status for one in rest} == {"scheduled"}, "the last one is moved too, also if its day is not written"


def test_said_anew_it_changes_what_is_to_come_and_an_end_calls_the_rest_off(
    load: Load, raw: Raw, session: Session
) -> None:
    load(with_series(raw))
    before = visits(session)
    load(with_series(raw, at="14:30", minutes=30, place="At school"))
    after = visits(session)
    assert [one.id for one in after] == [one.id for one in before]
    assert {one.place for one in after} == {"At school"}
    assert {one.ends_at - one.starts_at for one in after} == {timedelta(minutes=30)}
    days = scheduled(session)
    load(with_series(raw, at="14:30", minutes=30, place="At school", ends_on=str(days[2])))
    assert scheduled(session) == days[:3]
    assert {one.status for one in visits(session)[3:]} == {"cancelled"}
    load(with_series(raw, at="14:30", minutes=30, place="At school", frequency="fortnightly"))
    left = scheduled(session)
    assert left[:2] == [days[0], days[2]]


def test_with_fewer_days_the_visits_of_those_days_stay_as_they_are_and_the_others_are_called_off(
    load: Load, raw: Raw, session: Session
) -> None:
    daily: Raw = {"frequency": "working_days", "every_working_days": 1, "starts_on": "monday+1w"}
    load(with_series(raw, **daily))
    before = {one.id: one.series_on for one in visits(session)}
    load(with_series(raw, starts_on="wednesday+2w"))
    after = visits(session)
    assert {one.id: one.series_on for one in after if one.id in before} == before
    assert len(scheduled(session)) >= 5 and {day.isoweekday() for day in scheduled(session)} == {3}
    assert {one.status for one in after if one.series_on and one.series_on.isoweekday() != 3} == {"cancelled"}


def test_a_day_that_a_visit_was_moved_from_may_be_one_of_its_days_again(load: Load, raw: Raw, session: Session) -> None:
    load(with_series(raw, starts_on="monday+1w"))
    load(with_series(raw, starts_on="wednesday+1w"))
    assert {day.isoweekday() for day in scheduled(session)} == {3}
    load(with_series(raw, frequency="working_days", every_working_days=1, starts_on="monday+1w"))
    days = scheduled(session)
    assert len(days) == len(set(days)) > 24 and {day.isoweekday() for day in days} >= {1, 2, 3}


def worker_and_series(session: Session) -> tuple[Worker, AppointmentSeries]:
    session.expire_all()
    row = session.scalars(select(AppointmentSeries).filter_by(external_id="visits")).one()
    worker = session.scalars(
        select(Worker).join(FamilyWorker).where(FamilyWorker.family_id == row.family_id, FamilyWorker.lead)
    ).one()
    return worker, row


@pytest.mark.parametrize("kept", [True, False], ids=["as the last file said", "from before that was kept"])
def test_what_a_worker_ended_here_stays_ended_whatever_file_comes(
    load: Load, raw: Raw, session: Session, kept: bool
) -> None:
    load(with_series(raw))
    days = scheduled(session)
    worker, row = worker_and_series(session)
    booking.end_from(session, row, worker, days[2])
    if not kept:
        row.said = ""
    session.commit()
    again = load(with_series(raw))
    assert not again.created and not again.updated, str(again)
    assert scheduled(session) == days[:2] and any("stays so" in note for note in again.notes) is not kept
    other = load(with_series(raw, place="At school", ends_on=str(days[5])))
    assert scheduled(session) == days[:2] and {one.place for one in visits(session)[:2]} == {"At school"}
    assert any("was ended here on" in note and "need a new id" in note for note in other.notes)
    load(with_series(raw, place="At school", ends_on=str(days[0])))
    assert scheduled(session) == days[:1], "an earlier end is the file's to say"


def test_what_a_worker_changed_from_a_day_on_is_not_doubled_by_the_same_file(
    load: Load, raw: Raw, session: Session
) -> None:
    load(with_series(raw))
    days = scheduled(session)
    worker, row = worker_and_series(session)
    new = booking.change_from(
        session, row, worker, days[1], booking.Rhythm("weekly", days[1] + timedelta(days=1), time(16), 45)
    )
    session.commit()
    session.expire_all()
    count = session.scalar(select(func.count()).select_from(Appointment).filter_by(series_id=new.id))
    again = load(with_series(raw))
    assert not again.created and not again.updated, str(again)
    load(with_series(raw, minutes=30))
    assert scheduled(session) == days[:1]
    assert session.scalar(select(func.count()).select_from(Appointment).filter_by(series_id=new.id)) == count


def test_exceptions_may_come_with_the_series_in_one_file(load: Load, raw: Raw, session: Session) -> None:
    day = clock.now().date() + timedelta(days=9)
    one = {
        "id": "second", "kind": "home_visit", "starts": f"{day} 16:00", "minutes": 45, "series": "visits",
        "series_on": str(day - timedelta(days=2)), "attendees": [{"person": "kelly"}],
    }  # fmt: skip
    load(with_series(raw, appointments=[one], starts_on=str(day - timedelta(days=9))))
    rows = visits(session)
    standing = [row for row in rows if row.series_on == day - timedelta(days=2)]
    assert [row.external_id for row in standing] == ["second"] and len(rows) >= 7


def test_one_goes_on_with_another(load: Load, raw: Raw, session: Session) -> None:
    given = with_series(raw)
    given["families"][0]["series"].insert(0, VISITS | {"id": "afternoons", "follows": "visits", "at": "15:00"})
    load(given)
    rows = {one.external_id: one for one in session.scalars(select(AppointmentSeries))}
    assert rows["afternoons"].follows_id == rows["visits"].id


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        ({"every_working_days": 3}, "series[0]", "belongs to `working_days`"),
        ({"every_weeks": 3, "frequency": "monthly"}, "series[0]", "belongs to `weekly`"),
        ({"starts_on": "2030-04-23", "frequency": "monthly_last"}, "series[0].starts_on", "not the last of its"),
        ({"ends_on": "today-9"}, "series[0].ends_on", "is before `starts_on`"),
        ({"at": "25:00"}, "series[0].at", "is not a time of day"),
        ({"frequency": "yearly"}, "series[0].frequency", "must be one of"),
        ({"starts_on": "2026-02-30"}, "series[0].starts_on", ""),
        ({"link": "http://x.example"}, "series[0]", "https://"),
        ({"follows": "nothing"}, "series[0].follows", "is no other series"),
        ({"attendees": [{"person": "nobody"}]}, "series[0].attendees[0].person", "names nobody"),
        ({"attendees": [{"person": "kelly"}] * 2}, "series[0].attendees[1]", "keep one"),
        ({"rrule": "FREQ=DAILY"}, "series[0].rrule", "no field of this format"),
    ],
    ids=["every", "weeks", "last", "end", "time", "often", "day", "link", "follows", "stranger", "twice", "field"],
)
def test_what_cannot_be_is_refused_with_its_place_and_nothing_is_written(
    refused: Refused, raw: Raw, session: Session, changed: Raw, place: str, words: str
) -> None:
    found = refused(with_series(raw, **changed))
    assert words in found[f"families[0].{place}"]
    assert session.scalar(select(func.count()).select_from(Family)) == 0


def test_an_appointment_of_a_series_that_is_not_there_is_refused(refused: Refused, raw: Raw) -> None:
    n = len(raw["families"][0]["appointments"])
    one = {
        "id": "x",
        "kind": "home_visit",
        "starts": "today+3 10:00",
        "minutes": 45,
        "attendees": [{"person": "kelly"}],
    }
    stray = refused(with_series(raw, appointments=[one | {"series": "other", "series_on": "today+3"}]))
    assert "is no series of this family" in stray[f"families[0].appointments[{n}].series"]
    half = refused(with_series(raw, appointments=[one | {"series": "visits"}]))
    assert "give both, or neither" in half[f"families[0].appointments[{n}]"]
    linked = one | {"series": "visits", "series_on": "today+3"}
    twice = refused(with_series(raw, appointments=[linked, linked | {"id": "y"}]))
    assert "another appointment" in twice[f"families[0].appointments[{n + 1}].series_on"]


def test_a_day_that_another_appointment_stands_for_is_refused(
    load: Load, refused: Refused, raw: Raw, session: Session
) -> None:
    load(with_series(raw))
    first, second = visits(session)[:2]
    n = len(raw["families"][0]["appointments"])
    one = {
        "id": first.external_id, "kind": "home_visit", "starts": f"{second.series_on} 10:00", "minutes": 45,
        "series": "visits", "series_on": str(second.series_on), "attendees": [{"person": "kelly"}],
    }  # fmt: skip
    found = refused(with_series(raw, appointments=[one]))
    assert "is the day of another appointment" in found[f"families[0].appointments[{n}].series_on"]


def test_the_published_schema_takes_it(raw: Raw) -> None:
    schema = json.loads(json_schema())
    jsonschema.validate(with_series(raw), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(with_series(raw, minutes=0), schema)
