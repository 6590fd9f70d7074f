"""Who is newly expected at an appointment, and who no longer is, hears of it once, in the way that is safe for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api.appointments import series, service
from api.appointments.models import Appointment, AppointmentSeries, Attendee
from api.appointments.service import Expected
from api.database import reading, transaction
from api.families.models import ContactPoint, Family, Person
from api.imports import standing
from api.reminders.models import AppointmentNews
from tests.reminders.conftest import MEETING, NOON, Diary, set_clock, tick
from tests.reminders.test_colleagues import _load, to_family, to_workers

HOUR = timedelta(hours=1)


@pytest.fixture
def cara(diary: Diary) -> Person:
    """Another grown-up of the family, with a phone."""
    with transaction() as session:
        carer = Person(family_id=diary.household.family.id, external_id="cara", kind="carer", first_name="Cara")
        session.add(carer)
        session.flush()
        session.add(ContactPoint(person_id=carer.id, channel="sms", address="+447700900998"))
    return carer


def expect(diary: Diary, people: Sequence[Person], *names: str, starts_at: datetime | None = None) -> None:
    """A worker says who comes from now on."""
    with transaction() as session:
        row = session.get_one(Appointment, diary.appointment.id)
        wanted = [Expected(person.id) for person in people] + [Expected(name=name) for name in names]
        service.change(session, row, diary.town.worker, starts_at=starts_at, ends_at=None, details={}, attendees=wanted)


def told(diary: Diary, at: datetime = NOON + HOUR) -> list[str]:
    before = len(to_family())
    set_clock(at)
    tick()
    tick()
    return to_family()[before:]


def test_who_is_added_is_asked_to_come_and_who_stays_hears_nothing(diary: Diary, cara: Person) -> None:
    with transaction() as session:
        session.scalars(select(Attendee).filter_by(person_id=diary.person.id)).one().answer = "confirmed"
    expect(diary, [diary.person, cara])
    assert told(diary) == ["You are asked to come: Saturday 28 November at 13:00.\n1 I will be there\n2 I can't come"]
    with reading() as session:
        places = session.scalars(select(Attendee).filter_by(appointment_id=diary.appointment.id)).all()
        assert {place.person_id: place.answer for place in places} == {diary.person.id: "confirmed", cara.id: "none"}
    assert len(told(diary, MEETING - timedelta(days=1))) == 2, "both are reminded"


def test_who_is_taken_off_need_not_come_and_is_not_reminded(diary: Diary, cara: Person) -> None:
    expect(diary, [cara])
    said = told(diary)
    assert "Saturday 28 November at 13:00: you don't need to come any more." in said and len(said) == 2
    (reminder,) = told(diary, MEETING - timedelta(days=1))
    assert reminder.startswith("Reminder:"), "only the other one"


def test_two_professionals_of_one_name_are_two_places(diary: Diary) -> None:
    def names() -> list[str]:
        with reading() as session:
            places = session.scalars(select(Attendee).filter_by(appointment_id=diary.appointment.id)).all()
            return sorted(place.name for place in places if place.person_id is None)

    expect(diary, [diary.person], "Social worker", "Social worker")
    expect(diary, [diary.person], "Social worker", "Social worker", "Health visitor")
    assert names() == ["Health visitor", "Social worker", "Social worker"]
    expect(diary, [diary.person], "Social worker")
    assert names() == ["Social worker"]


def test_plain_words_name_the_meeting_and_say_where_to_ask(diary: Diary, cara: Person) -> None:
    diary.change(Person, wording="plain", language="es")
    expect(diary, [cara])
    said = next(one for one in told(diary) if "hace falta" in one)
    assert said.startswith("Sabado 28 de noviembre") and "hace falta que vengas: reunion del grupo" in said
    assert "Si quieres saber por que, pregunta aqui" in said.replace("é", "e").replace("í", "i")


def test_added_and_taken_off_before_anybody_was_told_is_nobodys_news(diary: Diary, cara: Person) -> None:
    expect(diary, [diary.person, cara])
    expect(diary, [diary.person])
    assert told(diary) == []


def test_in_the_night_it_waits_and_what_is_taken_back_by_morning_is_not_told(diary: Diary, cara: Person) -> None:
    night = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    set_clock(night)
    expect(diary, [diary.person, cara])
    assert told(diary, night) == []
    expect(diary, [diary.person])
    assert told(diary, night + HOUR) == []
    assert [one for one in told(diary, night + 12 * HOUR) if "Reminder" not in one] == []


def test_who_is_added_to_a_moved_one_hears_the_new_time_only_and_who_leaves_the_old_one(
    diary: Diary, cara: Person
) -> None:
    expect(diary, [cara], starts_at=MEETING + timedelta(days=1))
    said = sorted(one.split("\n")[0] for one in told(diary))
    assert said == [
        "Saturday 28 November at 13:00: you don't need to come any more.",
        "You are asked to come: Sunday 29 November at 13:00.",
    ]


def test_moved_before_the_one_who_was_added_has_heard_it_is_one_text(diary: Diary, cara: Person) -> None:
    night = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    set_clock(night)
    expect(diary, [diary.person, cara])
    assert told(diary, night) == []
    expect(diary, [diary.person, cara], starts_at=MEETING + timedelta(days=1))
    assert told(diary, night + HOUR) == []
    said = sorted(one.split("\n")[0] for one in told(diary, night + 12 * HOUR))
    assert said == [
        "Change of time: Saturday 28 November at 13:00 is now Sunday 29 November at 13:00.",
        "You are asked to come: Sunday 29 November at 13:00.",
    ]


def test_who_may_not_be_texted_is_not(diary: Diary, cara: Person) -> None:
    with transaction() as session:
        session.scalars(select(ContactPoint).filter_by(person_id=cara.id)).one().state = "opted_out"
    expect(diary, [diary.person, cara])
    assert told(diary) == [] and diary.reminders()["added"] == "opted_out"


def test_a_child_who_is_added_gets_nothing(diary: Diary) -> None:
    expect(diary, [diary.person, diary.household.child])
    assert told(diary) == []


def test_colleagues_hear_of_it_too_but_not_who_did_it(diary: Diary) -> None:
    expect(diary, [diary.person], "dora worker", diary.town.worker.name, "Dr Shah")
    tick()
    tick()
    assert [(name, words) for name, _, words in to_workers()] == [
        (
            "Dora Worker",
            "Hearthline: you are expected at an appointment Saturday 28 November at 13:00. More in the console.",
        )
    ]
    expect(diary, [diary.person])
    tick()
    assert to_workers()[1][2].startswith("Hearthline: you are not expected any more at the appointment Saturday 28")
    with reading() as session:
        assert {row.what for row in session.scalars(select(AppointmentNews))} == {"added", "removed"}


def test_a_whole_series_is_one_text(diary: Diary, cara: Person) -> None:
    with transaction() as session:
        booked = series.book(
            session, session.get_one(Family, diary.household.family.id), diary.town.worker,
            series.Rhythm("weekly", date(2026, 12, 3), time(10), 60), kind="home_visit",
            attendees=[Expected(diary.person.id)], details={},
        )  # fmt: skip
    assert told(diary) == [], "what was just booked is no news"
    with transaction() as session:
        row = session.get_one(AppointmentSeries, booked.id)
        series.change_from(
            session, row, diary.town.worker, date(2026, 12, 10),
            series.Rhythm("weekly", date(2026, 12, 10), time(10), 60),
            attendees=[Expected(diary.person.id), Expected(cara.id)],
        )  # fmt: skip
    (said,) = told(diary)
    assert said.startswith("You are asked to come: Thursday 10 December at 10:00. Later ones too: 5.")


def test_one_whose_people_were_changed_by_itself_stays_so_when_its_series_changes(diary: Diary, cara: Person) -> None:
    with transaction() as session:
        booked = series.book(
            session, session.get_one(Family, diary.household.family.id), diary.town.worker,
            series.Rhythm("weekly", date(2026, 12, 3), time(10), 60), kind="home_visit",
            attendees=[Expected(diary.person.id)], details={},
        )  # fmt: skip
        one = session.scalars(select(Appointment).filter_by(series_id=booked.id, series_on=date(2026, 12, 10))).one()
        wanted = [Expected(diary.person.id), Expected(cara.id)]
        service.change(session, one, diary.town.worker, starts_at=None, ends_at=None, details={}, attendees=wanted)
    with transaction() as session:
        row = session.get_one(AppointmentSeries, booked.id)
        rhythm = series.Rhythm("weekly", date(2026, 12, 3), time(14), 60)
        series.change_from(session, row, diary.town.worker, date(2026, 12, 3), rhythm)
        kept = session.get_one(Appointment, one.id)
        assert kept.starts_at.hour == 10 and {place.person_id for place in kept.attendees} == {diary.person.id, cara.id}


def test_a_file_that_changes_who_comes_tells_them(diary: Diary, cara: Person, tmp_path: Any) -> None:
    with reading() as session:
        raw = standing.family(session, session.get_one(Family, diary.household.family.id), "near")
    raw["plans"][0]["children"] = ["child"]
    row = next(one for one in raw["appointments"] if one["id"] == diary.appointment.external_id)
    row["attendees"] = [{"person": "cara"}]
    for _ in range(2):
        _load(tmp_path, raw)
    assert sorted(one.split("\n")[0] for one in told(diary)) == [
        "Saturday 28 November at 13:00: you don't need to come any more.",
        "You are asked to come: Saturday 28 November at 13:00.",
    ]
