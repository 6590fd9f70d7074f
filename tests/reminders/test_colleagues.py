"""Colleagues who are expected hear of a changed appointment, once, with the reason, and in words that name nobody."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api.access.models import Worker
from api.appointments import series, service
from api.appointments.models import Appointment, AppointmentSeries, Attendee
from api.appointments.service import Expected
from api.database import reading, transaction
from api.families.models import Family, FamilyWorker, Person
from api.imports import standing
from api.imports.report import Report
from api.imports.service import import_file
from api.messages.models import OutboundMessage
from api.reminders.models import AppointmentNews
from api.settings import settings
from tests.reminders.conftest import MEETING, Diary, set_clock, tick
from tests.small_town import Town

HOUR = timedelta(hours=1)
LATER = MEETING + 26 * HOUR


def expect(diary: Diary, *names: str, appointment: Appointment | None = None) -> None:
    with transaction() as session:
        for name in names:
            session.add(Attendee(appointment_id=(appointment or diary.appointment).id, name=name, role="nurse"))


def move(diary: Diary, to: datetime = LATER, reason: str | None = None) -> None:
    with transaction() as session:
        row = session.get_one(Appointment, diary.appointment.id)
        service.change(session, row, diary.town.worker, starts_at=to, ends_at=None, details={}, reason=reason)


def to_workers() -> list[tuple[str, str, str]]:
    """Worker, channel, words; in order."""
    with reading() as session:
        return [
            (name, channel, body)
            for name, channel, body in session.execute(
                select(Worker.name, OutboundMessage.channel, OutboundMessage.body)
                .join(Worker, Worker.id == OutboundMessage.worker_id)
                .order_by(OutboundMessage.seq)
            )
        ]


def to_family() -> list[str]:
    with reading() as session:
        rows = session.scalars(
            select(OutboundMessage.body).where(OutboundMessage.worker_id.is_(None)).order_by(OutboundMessage.seq)
        )
        return list(rows)


def test_a_moved_one_is_told_to_the_colleague_and_to_the_family_once_each_with_the_reason(diary: Diary) -> None:
    expect(diary, " dora WORKER ", "Lena Worker", "Dr Shah")
    before = len(to_family())
    move(diary, reason="place")
    tick()
    tick()
    (told,) = to_workers()
    assert told[:2] == ("Dora Worker", "sms")
    assert told[2] == (
        "Hearthline: your appointment Saturday 28 November at 13:00 is now Sunday 29 November at 15:00."
        " Why: the place is not free. More in the console."
    )
    (said,) = to_family()[before:]
    assert "Sunday 29 November at 15:00. Why: the place is not free." in said
    for word in ("Ash", "core group", "rooms", "nurse", "Shah"):
        assert word not in told[2]
    with reading() as session:
        (note,) = session.scalars(select(AppointmentNews))
    assert note.told_at is not None and note.outbound_id is not None and note.seen_at is None


def test_a_cancelled_one_and_one_that_is_on_again(diary: Diary) -> None:
    expect(diary, "Dora Worker")
    with transaction() as session:
        row = session.get_one(Appointment, diary.appointment.id)
        service.cancel(session, row, diary.town.worker, reason="not_needed")
    tick()
    assert to_workers()[-1][2].startswith("Hearthline: your appointment Saturday 28 November at 13:00 is called off.")
    assert "Why: it is not needed any more." in to_workers()[-1][2] and "it is not needed any more" in to_family()[-1]
    diary.change(Appointment, status="scheduled", changed_by=None)
    tick()
    assert "is on after all. More in the console." in to_workers()[-1][2] and "Why" not in to_workers()[-1][2]
    assert len(to_workers()) == 2


def test_plain_words_have_the_reason_or_say_where_to_ask(diary: Diary) -> None:
    diary.change(Person, wording="plain")
    move(diary)
    tick()
    assert "If you want to know why, just ask here." in to_family()[-1]
    move(diary, MEETING + 50 * HOUR, reason="travel")
    tick()
    assert "Why: travel is difficult that day." in to_family()[-1] and "ask here" not in to_family()[-1]


def test_a_series_moved_as_a_whole_is_one_text_to_a_colleague(diary: Diary) -> None:
    with transaction() as session:
        booked = series.book(
            session, session.get_one(Family, diary.household.family.id), diary.town.worker,
            series.Rhythm("weekly", date(2026, 12, 3), time(10), 60), kind="home_visit",
            attendees=[Expected(diary.person.id), Expected(name="Dora Worker")], details={},
        )  # fmt: skip
    tick()
    assert to_workers() == []
    before = len(to_family())
    with transaction() as session:
        row = session.get_one(AppointmentSeries, booked.id)
        rhythm = series.Rhythm("weekly", date(2026, 12, 11), time(14), 60)
        new = series.change_from(session, row, diary.town.worker, date(2026, 12, 10), rhythm, reason="worker")
    tick()
    ((_, _, moved),) = to_workers()
    assert "Thursday 10 December at 10:00 is now Friday 11 December at 14:00." in moved
    assert "Later ones that change too: 5. Why: a worker can't be there." in moved
    (said,) = to_family()[before:]
    assert "Later ones that change too: 5." in said and "Why: a worker can't be there." in said
    with transaction() as session:
        row = session.get_one(AppointmentSeries, new.id)
        gone = series.end_from(session, row, diary.town.worker, date(2026, 12, 18), reason="not_needed")
    tick()
    assert len(to_workers()) == 2 and f"Later ones that are off too: {gone - 1}." in to_workers()[1][2]


def test_it_waits_for_their_working_hours_unless_that_is_too_late(diary: Diary) -> None:
    expect(diary, "Dora Worker")
    night = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
    set_clock(night)
    move(diary)
    tick()
    assert to_workers() == []
    set_clock(datetime(2026, 11, 25, 8, 59, tzinfo=UTC))
    tick()
    assert to_workers() == []
    set_clock(datetime(2026, 11, 25, 9, 0, 1, tzinfo=UTC))
    tick()
    assert len(to_workers()) == 1
    set_clock(datetime(2026, 11, 27, 22, 0, tzinfo=UTC))  # Friday night: the next working hour is after Sunday
    move(diary, LATER + HOUR)
    tick()
    assert len(to_workers()) == 2


def test_nobody_is_woken_for_a_time_that_is_past(diary: Diary) -> None:
    expect(diary, "Dora Worker")
    set_clock(MEETING + 9 * HOUR)  # Saturday night
    move(diary, datetime(2026, 11, 30, 15, 0, tzinfo=UTC))
    tick()
    assert to_workers() == []
    set_clock(datetime(2026, 11, 30, 9, 0, 1, tzinfo=UTC))
    tick()
    assert len(to_workers()) == 1


def test_what_changes_again_before_it_is_told_is_told_as_what_it_has_become(diary: Diary) -> None:
    expect(diary, "Dora Worker")
    set_clock(datetime(2026, 11, 24, 22, 0, tzinfo=UTC))
    move(diary)
    tick()
    move(diary, LATER + 2 * HOUR, reason="asked")
    tick()
    set_clock(datetime(2026, 11, 25, 9, 1, tzinfo=UTC))
    tick()
    ((_, _, words),) = to_workers()
    assert "Saturday 28 November at 13:00 is now Sunday 29 November at 17:00. Why: another time was asked for." in words
    set_clock(datetime(2026, 11, 25, 22, 0, tzinfo=UTC))
    move(diary, MEETING)
    tick()
    move(diary, LATER + 2 * HOUR)
    tick()
    set_clock(datetime(2026, 11, 26, 10, 0, tzinfo=UTC))
    tick()
    assert len(to_workers()) == 1  # changed and changed back: nobody's news


@pytest.mark.parametrize(
    ("news_by", "phone", "mail", "channel"),
    [
        ("text", True, True, "sms"),
        ("text", False, True, "email"),
        ("text", False, False, None),
        ("email", True, True, "email"),
        ("email", True, False, None),
        ("console", True, True, None),
    ],
    ids=["text", "no-phone", "no-way", "email", "no-mail-server", "console"],
)
def test_each_is_told_as_their_profile_says_and_the_console_has_it_in_any_case(
    diary: Diary, monkeypatch: pytest.MonkeyPatch, news_by: str, phone: bool, mail: bool, channel: str | None
) -> None:
    monkeypatch.setattr(settings(), "smtp_url", "smtp://127.0.0.1:1" if mail else "")
    expect(diary, "Dora Worker")
    values: dict[str, Any] = {"news_by": news_by, **({} if phone else {"phone": None})}
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == diary.town.duty.id).values(**values))
    move(diary)
    tick()
    assert [one[1] for one in to_workers()] == ([channel] if channel else [])
    if channel == "email":
        assert to_workers()[0][2].startswith("Hearthline: an appointment has changed\nHearthline: your appointment")
    with reading() as session:
        (note,) = session.scalars(select(AppointmentNews))
    assert note.told_at is not None and note.worker_id == diary.town.duty.id


def test_of_two_with_one_name_only_who_works_with_the_family_is_told(diary: Diary) -> None:
    expect(diary, "Mona Worker")
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == diary.town.duty.id).values(name="Mona Worker"))
    move(diary)
    tick()
    assert to_workers() == []
    with transaction() as session:
        session.add(FamilyWorker(family_id=diary.household.family.id, worker_id=diary.town.duty.id, lead=False))
    move(diary, LATER + HOUR)
    tick()
    with reading() as session:
        (note,) = session.scalars(select(AppointmentNews))
    assert note.worker_id == diary.town.duty.id


def test_nobody_of_another_agency_and_nobody_who_left_is_told(diary: Diary) -> None:
    expect(diary, "Fara Worker", "Dora Worker")
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == diary.town.duty.id).values(active=False))
    move(diary)
    tick()
    assert to_workers() == []


def test_the_console_shows_it_until_it_is_seen_and_names_no_family_that_is_not_theirs(
    diary: Diary, client: TestClient, town: Town
) -> None:
    expect(diary, "Mona Worker", "Lena Worker")
    other = town.other.appointment
    expect(diary, "Lena Worker", appointment=other)
    with transaction() as session:
        row = session.get_one(Appointment, diary.appointment.id)
        service.change(session, row, town.duty, starts_at=LATER, ends_at=None, details={}, reason="asked")
        row = session.get_one(Appointment, other.id)
        row.starts_at, row.ends_at = MEETING, MEETING + HOUR
    tick()
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    assert "Appointments of yours have changed: 2" in client.get("/console").text
    page = client.get("/console/families").text
    assert "Sat 28 Nov, 13:00 is now Sun 29 Nov, 15:00. Why: another time was asked for." in page
    assert f"/console/appointments/{diary.appointment.id}" in page
    assert f"/console/appointments/{other.id}" not in page and "a family that is not open to you" in page
    with reading() as session:
        notes = {(n.worker_id, n.appointment_id): n.id for n in session.scalars(select(AppointmentNews))}
    mine = [str(notes[town.worker.id, one]) for one in (diary.appointment.id, other.id)]
    hers = str(notes[town.manager.id, diary.appointment.id])
    seen = client.post("/console/news/seen", data={**town.form(cookies), "news": [*mine, hers]})
    assert seen.status_code == 303 and "Appointments of yours" not in client.get("/console/families").text
    with reading() as session:
        assert session.get_one(AppointmentNews, notes[town.manager.id, diary.appointment.id]).seen_at is None


def test_an_import_that_moves_one_tells_too_and_passes_its_reason_on(diary: Diary, tmp_path: Any) -> None:
    expect(diary, "Dora Worker")
    with transaction() as session:
        session.execute(update(Appointment).values(change_reason="travel"))
    with reading() as session:
        family = session.get_one(Family, diary.household.family.id)
        raw = standing.family(session, family, "near")
    raw["plans"][0]["children"] = ["child"]
    row = next(one for one in raw["appointments"] if one["id"] == diary.appointment.external_id)
    row |= {"starts": "2026-11-29 15:00", "ends": "2026-11-29 16:00", "reason": "worker"}
    report = _load(tmp_path, raw)
    assert report.updated["appointments"] == 1
    tick()
    assert "Why: a worker can't be there." in to_workers()[-1][2]
    del row["reason"]
    row |= {"starts": "2026-11-29 16:00", "ends": "2026-11-29 17:00"}
    _load(tmp_path, raw)
    tick()
    assert "at 16:00. More in the console." in to_workers()[-1][2]


def _load(folder: Any, family: dict[str, Any]) -> Report:
    path = folder / "file.json"
    path.write_text(json.dumps({"format": "hearthline-import-1", "families": [family]}))
    return import_file(path)
