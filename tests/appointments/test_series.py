"""Series: booked once, written ahead, never over what was moved or called off; changed from a day on."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.appointments import jobs, queries, service
from api.appointments import series as booking
from api.appointments.models import Appointment, AppointmentSeries, Attendee
from api.appointments.series import Rhythm
from api.appointments.service import Expected
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import Family
from api.jurisdiction.packs import pack
from tests.small_town import Town

LONDON = ZoneInfo("Europe/London")
ENGLAND = pack("uk-england").calendar
#: A Monday in March 2027, before the clocks go forward on the 28th.
MONDAY = date(2027, 3, 8)
THURSDAY = date(2027, 3, 11)


def set_day(day: date) -> None:
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    Path(os.environ["HEARTHLINE_CLOCK_FILE"]).write_text(str((noon - datetime.now(UTC)).total_seconds()))


def book(town: Town, frequency: str = "weekly", **more: Any) -> AppointmentSeries:
    rhythm = Rhythm(frequency, **{"starts_on": THURSDAY, "at": time(10), "minutes": 60, **more})
    with transaction() as session:
        return booking.book(
            session, session.get_one(Family, town.mine.family.id), town.worker, rhythm, kind="home_visit",
            attendees=expected_of(town),
            details={"place": "At home"},
        )  # fmt: skip


def expected_of(town: Town) -> list[Expected]:
    return [Expected(town.mine.parent.id), Expected(town.mine.child.id, concerns=True), Expected(name="Lena")]


def coming(series: AppointmentSeries) -> list[datetime]:
    """When its appointments are, on the wall in Leeds."""
    with reading() as session:
        return [one.starts_at.astimezone(LONDON) for one in queries.of_series(session, series.id)]


def change(series: AppointmentSeries, on: date, worker: Any, **values: Any) -> None:
    with transaction() as session:
        one = session.scalars(select(Appointment).filter_by(series_id=series.id, series_on=on)).one()
        if values:
            service.change(session, one, worker, ends_at=None, details={}, **values)
        else:
            service.cancel(session, one, worker)


def test_a_weekly_visit_is_written_eight_weeks_ahead_at_the_same_hour_on_the_wall(town: Town) -> None:
    set_day(MONDAY)
    series = book(town)
    found = coming(series)
    assert [one.date() for one in found] == [THURSDAY + timedelta(weeks=n) for n in range(8)]
    assert {one.time() for one in found} == {time(10)}, "ten o'clock before and after the clocks change"
    assert {one.astimezone(UTC).hour for one in found} == {9, 10}
    with reading() as session:
        places = queries.of_series(session, series.id)[0].attendees
    assert {(one.person_id, one.concerns) for one in places} == {
        (town.mine.parent.id, False), (town.mine.child.id, True), (None, False),
    }  # fmt: skip


def test_the_tick_writes_on_as_time_goes_by_and_each_day_once(town: Town) -> None:
    set_day(MONDAY)
    series = book(town, "fortnightly")
    assert len(coming(series)) == 4 and jobs.write_series() == 0
    set_day(MONDAY + timedelta(weeks=4))
    assert jobs.write_series() == 2 and jobs.write_series() == 0
    assert [one.date() for one in coming(series)] == [THURSDAY + timedelta(weeks=2 * n) for n in range(6)]


def test_a_series_stops_on_its_last_day(town: Town) -> None:
    set_day(MONDAY)
    series = book(town, ends_on=THURSDAY + timedelta(weeks=2))
    set_day(MONDAY + timedelta(weeks=8))
    assert jobs.write_series() == 0 and len(coming(series)) == 3


def test_every_ten_working_days_leaves_bank_holidays_out(town: Town) -> None:
    set_day(MONDAY)
    series = book(town, "working_days", every_working_days=10)
    # Good Friday is 26 March 2027 and Easter Monday the 29th: ten working days from the 25th end on 12 April.
    assert [one.date() for one in coming(series)][:3] == [date(2027, 3, 11), date(2027, 3, 25), date(2027, 4, 12)]


def test_what_was_moved_or_called_off_by_itself_is_never_written_over(town: Town) -> None:
    set_day(MONDAY)
    series = book(town)
    friday = datetime.combine(THURSDAY + timedelta(days=1), time(14), tzinfo=LONDON)
    change(series, THURSDAY, town.worker, starts_at=friday)
    change(series, THURSDAY + timedelta(weeks=1), town.worker)
    set_day(MONDAY + timedelta(days=1))
    jobs.write_series()
    found = coming(series)
    assert found[0] == friday and found[1].date() == THURSDAY + timedelta(weeks=2)
    with reading() as session:
        days = session.scalars(select(Appointment.series_on).filter_by(series_id=series.id)).all()
    assert len(days) == len(set(days)) == 8


def test_a_series_changed_from_a_day_on_keeps_what_is_past_and_what_was_changed_by_itself(town: Town) -> None:
    set_day(MONDAY)
    series = book(town)
    weeks = [THURSDAY + timedelta(weeks=n) for n in range(8)]
    moved_to = datetime.combine(weeks[3] + timedelta(days=1), time(15), tzinfo=LONDON)
    change(series, weeks[3], town.worker, starts_at=moved_to)
    change(series, weeks[4], town.worker)
    with reading() as session:
        before = {one.id: one.starts_at for one in session.scalars(select(Appointment).filter_by(series_id=series.id))}
        answered = session.scalars(
            select(Attendee.id).join(Appointment).where(Appointment.series_on == weeks[0], Attendee.name == "Ashparent")
        ).one()
    set_day(weeks[0])
    tuesday = weeks[1] + timedelta(days=5)
    with transaction() as session:
        new = booking.change_from(
            session, session.get_one(AppointmentSeries, series.id), town.worker, weeks[2],
            Rhythm("weekly", tuesday, time(16), 45), details={"bring": "the red book"},
        )  # fmt: skip
    assert new.follows_id == series.id and [one.date() for one in coming(series)] == weeks[:2]
    found = coming(new)
    expected = [datetime.combine(tuesday + timedelta(weeks=n), time(16), tzinfo=LONDON) for n in range(7)]
    expected[1] = moved_to  # stands for that week
    assert found == [one for n, one in enumerate(expected) if n != 2], "the one called off stays off"
    with reading() as session:
        rows = session.scalars(select(Appointment).filter_by(series_id=new.id)).all()
        kept = [row for row in rows if row.id in before]
        assert len(kept) == 6, "people's calendars see a move, not one gone and another come"
        assert {row.bring for row in rows if row.starts_at not in (moved_to,) and row.status == "scheduled"} == {
            "the red book"
        }
        assert session.get_one(Attendee, answered).name == "Ashparent"
    set_day(weeks[1])
    jobs.write_series()
    with reading() as session:
        days = session.scalars(select(Appointment.series_on).filter_by(series_id=new.id)).all()
    assert len(days) == len(set(days)) and [one.date() for one in coming(series)] == weeks[:2]


def test_an_ended_series_calls_off_what_is_left_but_for_what_was_moved_by_itself(town: Town) -> None:
    set_day(MONDAY)
    series = book(town)
    moved_to = datetime.combine(THURSDAY + timedelta(weeks=3, days=1), time(15), tzinfo=LONDON)
    change(series, THURSDAY + timedelta(weeks=3), town.worker, starts_at=moved_to)
    with transaction() as session:
        row = session.get_one(AppointmentSeries, series.id)
        assert booking.end_from(session, row, town.worker, THURSDAY + timedelta(weeks=2)) == 5
    assert coming(series)[2:] == [moved_to] and len(coming(series)) == 3
    set_day(MONDAY + timedelta(weeks=3))
    assert jobs.write_series() == 0
    with reading() as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.object_id == str(series.id))).all()
    assert set(verbs) == {"booked_series", "ended_series"}


BODY = {
    "kind": "home_visit", "frequency": "weekly", "starts_on": "2027-03-11", "at": "10:00", "minutes": 60,
    "attendees": [{"name": "Lena Worker", "role": "social worker"}],
}  # fmt: skip


def post(client: TestClient, town: Town, **more: Any) -> Any:
    return client.post(
        f"/api/v1/families/{town.mine.family.id}/series", json={**BODY, **more}, headers=town.program(town.worker)
    )


def test_the_api_books_changes_and_ends_a_series(client: TestClient, town: Town) -> None:
    set_day(MONDAY)
    made = post(client, town, external_id="visits", place="At home")
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["rrule"], body["frequency"], body["at"], body["overlaps"]) == ("FREQ=WEEKLY", "weekly", "10:00:00", [])
    headers = town.program(town.worker)
    listed = client.get(f"/api/v1/families/{town.mine.family.id}/series", headers=headers).json()
    assert listed["items"][0] == body and listed["total"] == 2
    appointments = client.get(f"/api/v1/families/{town.mine.family.id}/appointments", headers=headers).json()["items"]
    assert "visits.20270311" in [one["external_id"] for one in appointments if one["series_id"] == body["id"]]
    again = post(client, town, external_id="visits")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "series_exists")
    changed = client.patch(
        f"/api/v1/series/{body['id']}", headers=headers,
        json={"from": "2027-03-25", "starts_on": "2027-03-26", "frequency": "fortnightly", "at": "11:30"},
    )  # fmt: skip
    assert changed.status_code == 200, changed.text
    assert changed.json()["follows_id"] == body["id"] and changed.json()["place"] == "At home"
    ended = client.post(f"/api/v1/series/{changed.json()['id']}/end", headers=headers, json={"from": "2027-04-20"})
    assert ended.status_code == 200 and ended.json()["ends_on"] == "2027-04-19"
    late = client.patch(
        f"/api/v1/series/{body['id']}", headers=headers, json={**{k: BODY[k] for k in ("frequency", "at", "minutes")},
        "from": "2027-05-01", "starts_on": "2027-05-06"},
    )  # fmt: skip
    assert (late.status_code, late.json()["error"]["code"]) == (409, "series_is_over")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"frequency": "daily"}, "frequency"),
        ({"every_working_days": 5}, "belongs to `working_days`"),
        ({"frequency": "working_days"}, "belongs to `working_days`"),
        ({"at": "10:00Z"}, "without a zone"),
        ({"starts_on": "2027-02-30"}, "starts_on"),
        ({"starts_on": "1200-01-01"}, "too far away"),
        ({"ends_on": "2027-03-01"}, "is before its first day"),
        ({"starts_on": "2026-03-11", "ends_on": "2026-03-20"}, "Not one of its days"),
        ({"attendees": [{"person_id": "00000000-0000-4000-8000-000000000000"}]}, "not in this family"),
    ],
    ids=["frequency", "every", "no every", "zone", "no day", "far", "order", "past", "stranger"],
)
def test_a_series_that_cannot_be_is_refused_in_plain_words(
    client: TestClient, town: Town, wrong: dict[str, Any], words: str
) -> None:
    set_day(MONDAY)
    answer = post(client, town, **wrong)
    assert answer.status_code == 422 and words in answer.json()["error"]["message"], answer.text
    with reading() as session:
        assert {one.external_id for one in session.scalars(select(AppointmentSeries))} == {"series"}


def test_what_overlaps_is_said_and_booked_all_the_same(client: TestClient, town: Town) -> None:
    set_day(MONDAY)
    with transaction() as session:
        for household in (town.mine, town.other):
            one = session.get_one(Appointment, household.appointment.id)
            one.starts_at = datetime(2027, 3, 18, 10, 30, tzinfo=UTC)
            one.ends_at = one.starts_at + timedelta(hours=1)
        session.add(Attendee(appointment_id=town.other.appointment.id, name="lena worker", role="social worker"))
    who = [{"person_id": str(town.mine.parent.id)}, *BODY["attendees"]]  # type: ignore[misc]
    found = post(client, town, attendees=who).json()["overlaps"]
    assert [(one["who"], one["family"]) for one in found] == [("Ashparent", "Ash"), ("lena worker", "")]
    assert found[1]["appointment_id"] is None and found[1]["kind"] == "", "of a family that is not hers: only that"
    assert len(found) == 2, "only the day on which something is"
    single = client.post(
        f"/api/v1/families/{town.mine.family.id}/appointments", headers=town.program(town.manager),
        json={"kind": "home_visit", "starts_at": "2027-03-18T11:30:00Z", "ends_at": "2027-03-18T12:00:00Z",
              "attendees": BODY["attendees"]},
    ).json()  # fmt: skip
    assert single["overlaps"] == [], "one that begins when the other ends does not overlap"
    moved = client.patch(
        f"/api/v1/appointments/{single['id']}", json={"starts_at": "2027-03-18T11:29:00Z"},
        headers=town.program(town.manager),
    ).json()  # fmt: skip
    assert [(one["who"], one["family"]) for one in moved["overlaps"]] == [("lena worker", "Birch")]


def test_changed_to_fewer_days_what_fits_stays_and_only_the_rest_is_called_off(town: Town) -> None:
    set_day(MONDAY)
    series = book(town, "working_days", every_working_days=1)
    with reading() as session:
        before = {one.id: one.starts_at for one in session.scalars(select(Appointment).filter_by(series_id=series.id))}
    with transaction() as session:
        row = session.get_one(AppointmentSeries, series.id)
        rhythm = Rhythm("weekly", date(2027, 3, 17), time(10), 60)
        new = booking.change_from(session, row, town.worker, date(2027, 3, 15), rhythm)
    with reading() as session:
        rows = session.scalars(select(Appointment).filter_by(series_id=new.id)).all()
    kept = [one for one in rows if one.id in before]
    assert len(kept) >= 6 and all(one.starts_at == before[one.id] for one in kept)
    assert {one.isoweekday() for one in coming(new)} == {3} and len(coming(series)) == 2


def test_the_last_one_that_is_written_is_moved_with_the_others_and_not_called_off(town: Town) -> None:
    set_day(MONDAY)
    series = book(town, starts_on=MONDAY + timedelta(weeks=1))
    assert coming(series)[-1].date() == MONDAY + booking.AHEAD, "the very end of what is written"
    with transaction() as session:
        row = session.get_one(AppointmentSeries, series.id)
        days = Rhythm("weekly", MONDAY + timedelta(days=8), time(10), 60)
        new = booking.change_from(session, row, town.worker, MONDAY + timedelta(weeks=1), days)
    with reading() as session:
        rows = session.scalars(select(Appointment).where(Appointment.series_id.is_not(None))).all()
    assert {one.status for one in rows} == {"scheduled"} and {one.series_id for one in rows} == {new.id}
    assert coming(new)[-1].date() == MONDAY + booking.AHEAD + timedelta(days=1)
    set_day(MONDAY + timedelta(days=2))
    jobs.write_series()
    assert [one.date() for one in coming(new)] == [MONDAY + timedelta(days=8 + 7 * n) for n in range(len(rows))]
