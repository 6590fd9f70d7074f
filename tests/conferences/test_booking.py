"""A conference that is planned is an appointment of those who are invited, and moves with it."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access.models import Worker
from api.appointments.models import Appointment, Attendee, AttendeeChange
from api.audit.models import AuditEntry
from api.conferences import own, service
from api.conferences.models import Conference
from api.conferences.service import Details, Invited
from api.database import reading, transaction
from api.families.models import Family, Person
from api.plans.models import Plan
from api.reminders import jobs
from api.reminders.models import Reminder
from api.reviews import service as reviews
from api.reviews.service import Findings
from tests.small_town import Town


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """That local time in Leeds, in UTC."""
    return datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)


def body(town: Town, day: date, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "kind": "review", "status": "planned", "held_on": day.isoformat(), "plan_id": str(town.mine.plan.id),
        "at": "10:30", "minutes": 90, "place": "Elm House",
        "attendees": [
            {"person_id": str(town.mine.parent.id), "agency": "family"},
            {"name": "Sgt Lowe", "role": "police", "agency": "police"},
        ],
    }  # fmt: skip
    given |= changes
    return {name: value for name, value in given.items() if value is not None}


def plan(client: TestClient, town: Town, day: date, **changes: Any) -> Any:
    return client.post(
        f"/api/v1/families/{town.mine.family.id}/conferences",
        json=body(town, day, **changes), headers=town.program(town.worker),
    )  # fmt: skip


def change(client: TestClient, town: Town, made: Any, day: date, **changes: Any) -> Any:
    return client.put(
        f"/api/v1/conferences/{made.json()['id']}", json=body(town, day, **changes), headers=town.program(town.worker)
    )


def booked(town: Town) -> list[Appointment]:
    """The family's conferences in the calendar."""
    with reading() as session:
        found = session.scalars(
            select(Appointment)
            .where(Appointment.family_id == town.mine.family.id, Appointment.kind.like("%conference"))
            .order_by(Appointment.starts_at)
        ).all()
        for one in found:
            _ = one.attendees
        return list(found)


def by_hand(town: Town, starts_at: datetime, kind: str = "review_conference", *, other: bool = False) -> uuid.UUID:
    """An appointment that somebody booked; with the family's parent, or with a professional only."""
    place = Attendee(name="Jo Fielding", role="nurse") if other else Attendee(person_id=town.mine.parent.id)
    with transaction() as session:
        made = Appointment(
            family_id=town.mine.family.id, external_id=uuid.uuid4().hex, kind=kind, starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1), attendees=[place],
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made.id


def test_planning_books_it_with_those_of_the_family_who_are_invited_and_they_are_reminded(
    client: TestClient, town: Town, soon: date
) -> None:
    made = plan(client, town, soon)
    assert made.status_code == 201, made.text
    (one,) = booked(town)
    assert (one.kind, one.starts_at, one.ends_at) == ("review_conference", at(soon, 10, 30), at(soon, 12))
    assert one.place == "Elm House"
    assert [place.person_id or place.name for place in one.attendees] == [town.mine.parent.id, "Sgt Lowe"]
    assert made.json()["appointment_id"] == str(one.id)
    assert made.json()["starts_at"] == one.starts_at.isoformat().replace("+00:00", "Z")
    jobs.look_ahead(at_once=True)
    with reading() as session:
        planned = session.scalars(select(Reminder).filter_by(appointment_id=one.id)).all()
        assert {row.person_id for row in planned} == {town.mine.parent.id} and len(planned) == 3
        verb = select(AuditEntry.actor_id).filter_by(verb="booked_appointment", object_id=str(one.id))
        assert session.scalars(verb).all() == [town.worker.id]


@pytest.mark.parametrize("kind", ["initial", "pre_birth", "transfer_in"])
def test_every_other_kind_is_a_first_conference_of_two_hours(
    client: TestClient, town: Town, soon: date, kind: str
) -> None:
    child = {"person_id": str(town.mine.child.id), "agency": "child"}
    about = [{"person_id": str(town.mine.child.id)}]
    made = plan(client, town, soon, kind=kind, plan_id=None, minutes=None, attendees=[child], children=about)
    assert made.status_code == 201, made.text
    (one,) = booked(town)
    assert (one.kind, one.ends_at - one.starts_at) == ("initial_conference", timedelta(hours=2))
    assert [(place.person_id, place.concerns) for place in one.attendees] == [(town.mine.child.id, True)]


def test_without_a_time_it_is_refused_in_plain_words_unless_nobody_of_the_family_is_to_come(
    client: TestClient, town: Town, soon: date
) -> None:
    refused = plan(client, town, soon, at=None)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "conference_needs_a_time")
    assert "Give the time" in refused.json()["error"]["message"]
    assert plan(client, town, soon, at=None, attendees=[]).status_code == 201
    assert plan(client, town, date(2026, 2, 2), at=None).status_code == 201, "a day that is over needs none"
    assert booked(town) == []


def test_what_overlaps_is_told_and_it_is_booked_all_the_same(client: TestClient, town: Town, soon: date) -> None:
    other = by_hand(town, at(soon, 11), "home_visit")
    made = plan(client, town, soon)
    assert [one["appointment_id"] for one in made.json()["overlaps"]] == [str(other)] and len(booked(town)) == 1


def test_moving_it_moves_the_appointment_and_keeps_the_hour_that_nobody_said_anew(
    client: TestClient, town: Town, soon: date
) -> None:
    made = plan(client, town, soon)
    later = soon + timedelta(days=7)
    assert change(client, town, made, later, at=None, minutes=None, place=None).status_code == 200
    (one,) = booked(town)
    assert (one.starts_at, one.ends_at, one.place) == (at(later, 10, 30), at(later, 12), "Elm House")
    assert change(client, town, made, later, at="14:00", minutes=60, place="Ash House").status_code == 200
    (one,) = booked(town)
    assert (one.starts_at, one.ends_at, one.place) == (at(later, 14), at(later, 15), "Ash House")
    sequence = one.sequence
    assert change(client, town, made, later, at="14:00", minutes=60, place="Ash House", chair="R").status_code == 200
    assert [one.sequence for one in booked(town)] == [sequence], "nothing of it is otherwise, so nobody is told"


def test_cancelling_it_calls_the_appointment_off_and_planning_it_again_puts_it_on(
    client: TestClient, town: Town, soon: date
) -> None:
    made = plan(client, town, soon)
    cancelled = change(client, town, made, soon, status="cancelled", at=None)
    assert cancelled.status_code == 200 and cancelled.json()["starts_at"] is None
    assert [one.status for one in booked(town)] == ["cancelled"]
    assert change(client, town, made, soon, at=None).status_code == 200
    assert [one.status for one in booked(town)] == ["scheduled"]
    assert change(client, town, made, soon, status="cancelled").status_code == 200
    assert change(client, town, made, soon, at="15:00").status_code == 200
    assert [(one.status, one.starts_at) for one in booked(town)] == [
        ("cancelled", at(soon, 10, 30)), ("scheduled", at(soon, 15)),
    ]  # fmt: skip


def test_who_is_invited_later_is_expected_and_who_is_no_more_is_told(
    client: TestClient, town: Town, soon: date
) -> None:
    made = plan(client, town, soon)
    with transaction() as session:
        dad = Person(family_id=town.mine.family.id, external_id="dad", kind="parent", first_name="Ashdad")
        session.add(dad)
        session.add(Attendee(appointment_id=booked(town)[0].id, name="Jo Fielding", role="nurse"))
    guests = [{"person_id": str(dad.id), "agency": "family"}]
    assert change(client, town, made, soon, attendees=guests).status_code == 200
    (one,) = booked(town)
    assert {place.person_id or place.name for place in one.attendees} == {dad.id, "Jo Fielding"}
    with reading() as session:
        noted = session.execute(select(AttendeeChange.person_id, AttendeeChange.what)).all()
    assert {tuple(row) for row in noted} == {
        (dad.id, "added"), (town.mine.parent.id, "removed"), (None, "removed"),
    }  # fmt: skip


def test_one_that_was_booked_by_hand_is_taken_and_not_doubled(client: TestClient, town: Town, soon: date) -> None:
    by_hand(town, at(soon, 9), "home_visit")
    by_hand(town, at(soon + timedelta(days=1), 9))
    mine = by_hand(town, at(soon, 13), other=True)
    made = plan(client, town, soon, at=None, minutes=None, place=None)
    assert made.status_code == 201 and made.json()["appointment_id"] == str(mine)
    one = next(one for one in booked(town) if one.id == mine)
    assert (one.starts_at, one.ends_at) == (at(soon, 13), at(soon, 14)) and len(booked(town)) == 2
    assert {place.person_id or place.name for place in one.attendees} == {
        town.mine.parent.id, "Jo Fielding", "Sgt Lowe",
    }  # fmt: skip
    another = plan(client, town, soon, at="16:00")
    assert another.json()["appointment_id"] != str(mine), "it is another conference's already"


def test_what_was_moved_or_called_off_in_the_calendar_stays_so(client: TestClient, town: Town, soon: date) -> None:
    made = plan(client, town, soon)
    later = soon + timedelta(days=2)
    with transaction() as session:
        one = session.get_one(Appointment, booked(town)[0].id)
        one.starts_at, one.ends_at = at(later, 9), at(later, 10)
        one.attendees.append(Attendee(name="Jo Fielding", role="nurse"))
    assert change(client, town, made, soon, at=None, minutes=None, place=None, chair="Ruth").status_code == 200
    (one,) = booked(town)
    assert one.starts_at == at(later, 9) and len(one.attendees) == 3
    with reading() as session:
        seen = own.of_person(session, town.mine.parent.id, clock.now().date())
        assert seen.next is not None and seen.next.on == later, "my plan has the day of the calendar"
    with transaction() as session:
        session.get_one(Appointment, one.id).status = "cancelled"
    assert change(client, town, made, soon, at=None, chair="Ruth A").status_code == 200
    assert [one.status for one in booked(town)] == ["cancelled"]
    with reading() as session:
        assert own.of_person(session, town.mine.parent.id, clock.now().date()).next is None


def test_held_on_an_earlier_day_nobody_is_reminded_of_the_later_one(client: TestClient, town: Town, soon: date) -> None:
    made = plan(client, town, soon)
    with transaction() as session:
        whose = session.get_one(Plan, town.mine.plan.id)
        found = Findings(
            held_on=clock.now().date(), next_step="continue", conference_id=None, reason="", changes="", support="",
            next_review_on=None, progress={}, effects={},
        )  # fmt: skip
        row = session.get_one(Conference, uuid.UUID(made.json()["id"]))
        row.held_on = clock.now().date()
        session.flush()
        worker = session.get_one(Worker, town.worker.id)
        reviews.record(session, whose, worker, found, today=clock.now().date(), whole=False)
    (one,) = booked(town)
    assert (one.status, one.change_reason) == ("cancelled", "not_needed")


def test_a_file_books_none_and_takes_along_what_was_booked_here(client: TestClient, town: Town, soon: date) -> None:
    made = plan(client, town, soon)
    details = Details(
        kind="review", held_on=soon + timedelta(days=3), plan_id=town.mine.plan.id,
        attendees=[Invited("family", person_id=town.mine.parent.id)],
    )  # fmt: skip
    with transaction() as session:
        family = session.get_one(Family, town.mine.family.id)
        service.record(session, family, None, details, today=clock.now().date(), external_id="from-file")
        row = session.get_one(Conference, uuid.UUID(made.json()["id"]))
        service.change(session, row, None, details, today=clock.now().date())
    (one,) = booked(town)
    assert one.starts_at == at(details.held_on, 10, 30) and one.changed_by is None
    with transaction() as session:
        row = session.get_one(Conference, row.id)
        gone = Details(kind="review", held_on=details.held_on, status="cancelled", plan_id=town.mine.plan.id)
        service.change(session, row, None, gone, today=clock.now().date())
    assert [one.status for one in booked(town)] == ["cancelled"]


def test_the_console_form_books_shows_what_overlaps_first_and_keeps_the_hour(
    client: TestClient, town: Town, soon: date
) -> None:
    by_hand(town, at(soon, 11), "home_visit")
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/families/{town.mine.family.id}/conferences"
    fields = {
        "kind": "review", "status": "planned", "held_on": soon.isoformat(), "plan_id": str(town.mine.plan.id),
        "attendee-1-who": str(town.mine.parent.id), "attendee-1-agency": "family",
    }  # fmt: skip
    assert "Give the time" in client.post(address, data=town.form(cookies, **fields)).text
    fields |= {"at": "10:30", "minutes": "90", "place": "Elm House"}
    seen = client.post(address, data=town.form(cookies, **fields))
    assert seen.status_code == 409 and booked(town) == [], "nothing before the worker has seen it"
    anyway = seen.text.partition('name="anyway" value="')[2].partition('"')[0]
    assert client.post(address, data=town.form(cookies, **fields, anyway=anyway)).status_code == 303
    (one,) = booked(town)
    with reading() as session:
        row = session.scalars(select(Conference).filter_by(appointment_id=one.id)).one()
    page = client.get(f"/console/conferences/{row.id}").text
    assert 'value="10:30"' in page and 'value="90"' in page and 'value="Elm House"' in page
    assert f'href="/console/appointments/{one.id}"' in page
    again = {**fields, "version": "1", "place": "", "at": "09:00", "minutes": "60"}
    saved = client.post(f"/console/conferences/{row.id}", data=town.form(cookies, **again))
    assert saved.status_code == 303, saved.text
    (one,) = booked(town)
    assert (one.starts_at, one.place) == (at(soon, 9), "")
