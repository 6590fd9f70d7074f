"""Appointments booked and changed in the console: once, again and again, with what is at the same time shown first."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from api import clock
from api.appointments.models import Appointment, AppointmentSeries, Attendee
from api.database import reading, transaction
from api.plans.models import Plan
from tests.harness.processes import wait_until
from tests.small_town import Town

#: A Monday in June: the clocks are an hour ahead of UTC.
MONDAY = date(2027, 6, 7)


@pytest.fixture(autouse=True)
def a_day_in_june(town: Town) -> None:
    noon = datetime.combine(MONDAY, time(12), tzinfo=UTC)
    Path(os.environ["HEARTHLINE_CLOCK_FILE"]).write_text(str((noon - datetime.now(UTC)).total_seconds()))


def sign_in(client: TestClient, town: Town) -> dict[str, str]:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    return cookies


def fields(town: Town, cookies: dict[str, str], **more: str) -> dict[str, str]:
    given = {
        "kind": "home_visit", "day": "2027-06-10", "at": "10:00", "minutes": "45", "place": "At home",
        "person-1-who": str(town.mine.child.id), "person-1-concerns": "on", "person-2-who": str(town.mine.parent.id),
        "guest-1-name": "Lena Worker", "guest-1-role": "social worker", **more,
    }  # fmt: skip
    return town.form(cookies, **{name: value for name, value in given.items() if value})


def book(client: TestClient, town: Town, cookies: dict[str, str], **more: str) -> Any:
    return client.post(f"/console/families/{town.mine.family.id}/appointments", data=fields(town, cookies, **more))


def booked(town: Town) -> list[Appointment]:
    with reading() as session:
        rows = session.scalars(
            select(Appointment)
            .where(Appointment.family_id == town.mine.family.id, Appointment.id != town.mine.appointment.id)
            .order_by(Appointment.starts_at)
        ).all()
    return list(rows)


def change(client: TestClient, town: Town, cookies: dict[str, str], one: Appointment, **given: str) -> Any:
    """Send the appointment's form as it stands now, with these fields."""
    page = client.get(f"/console/appointments/{one.id}").text
    seen = re.search(r'name="version" value="(\d+)"', page)
    return client.post(
        f"/console/appointments/{one.id}", data=town.form(cookies, **{"version": seen[1] if seen else "", **given})
    )


def test_a_worker_books_one_at_a_local_time_and_the_family_page_shows_it(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    page = client.get(f"/console/families/{town.mine.family.id}/appointments").text
    assert 'value="Lena Worker"' in page and "Ashchild" in page
    assert book(client, town, cookies).status_code == 303
    (one,) = booked(town)
    assert one.starts_at == datetime(2027, 6, 10, 9, 0, tzinfo=UTC) and one.ends_at - one.starts_at == timedelta(
        minutes=45
    )
    with reading() as session:
        places = session.scalars(select(Attendee).filter_by(appointment_id=one.id)).all()
    assert {(p.name, p.concerns) for p in places} == {("Ashchild", True), ("Ashparent", False), ("Lena Worker", False)}
    family = client.get(f"/console/families/{town.mine.family.id}").text
    assert f"/console/appointments/{one.id}" in family and "At home" in family


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"at": ""}, "Day and time"),
        ({"day": "2027-02-30"}, "Day and time"),
        ({"minutes": "0"}, "Day and time"),
        ({"link": "http://x.example"}, "Link to join online"),
        ({"person-2-who": "", "person-1-who": "", "guest-1-name": "", "guest-1-role": ""}, "Who is expected"),
        ({"repeat": "working_days"}, "working"),
        ({"repeat": "weekly", "ends_on": "2027-06-01"}, "ends before it starts"),
    ],
    ids=["time", "day", "length", "link", "nobody", "every", "order"],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    client: TestClient, town: Town, wrong: dict[str, str], words: str
) -> None:
    cookies = sign_in(client, town)
    answer = book(client, town, cookies, **wrong)
    assert answer.status_code == 400 and words in answer.text and 'value="At home"' in answer.text
    assert booked(town) == []


def test_what_is_at_the_same_time_is_shown_and_booked_all_the_same_when_they_say_so(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town)
    book(client, town, cookies)
    answer = book(client, town, cookies, at="10:30")
    assert answer.status_code == 409 and len(booked(town)) == 1
    assert re.search(r"Ashparent: .*10:00.*home visit.*Ash", answer.text) and "Lena Worker:" in answer.text
    assert "Nothing has been saved yet" in answer.text and 'name="anyway"' in answer.text
    assert book(client, town, cookies, at="10:30", anyway="on").status_code == 303 and len(booked(town)) == 2
    first, second = booked(town)
    moved = change(client, town, cookies, second, do="save", day="2027-06-10", at="10:15", minutes="45")
    assert moved.status_code == 409 and booked(town)[1].starts_at == second.starts_at
    free = {"do": "save", "day": "2027-06-10", "at": "11:00", "minutes": "45", "place": "At home"}
    assert change(client, town, cookies, second, **free).status_code == 303
    assert booked(town)[1].starts_at == first.starts_at + timedelta(hours=1) and booked(town)[1].place == "At home"


def test_a_visit_that_comes_again_is_booked_moved_from_a_day_on_and_ended(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    with transaction() as session:
        session.get_one(Plan, town.mine.plan.id).visit_every_days = 14
    assert (
        'name="every_working_days" type="number" min="1" max="260" value="10"'
        in client.get(f"/console/families/{town.mine.family.id}/appointments").text
    )
    assert book(client, town, cookies, repeat="weekly").status_code == 303
    visits = booked(town)
    assert len(visits) == 8 and all(one.series_id == visits[0].series_id for one in visits)
    assert "comes again" in client.get(f"/console/families/{town.mine.family.id}").text
    page = client.get(f"/console/appointments/{visits[2].id}").text
    assert "this one and all after it" in page and 'value="2027-06-24"' in page
    only = {"do": "save", "which": "this", "day": "2027-06-18", "at": "10:00", "minutes": "45", "place": "At home"}
    assert change(client, town, cookies, visits[1], **only).status_code == 303
    on = {"do": "save", "which": "on", "day": "2027-06-23", "at": "15:00", "minutes": "30", "place": "At home"}
    assert change(client, town, cookies, visits[2], **on).status_code == 303
    days = [(one.starts_at.day, one.starts_at.hour) for one in booked(town)]
    assert days[:4] == [(10, 9), (18, 9), (23, 14), (30, 14)]
    fourth = booked(town)[3]
    assert change(client, town, cookies, fourth, do="cancel", which="on").status_code == 303
    left = [one for one in booked(town) if one.status == "scheduled"]
    assert [one.starts_at.day for one in left] == [10, 18, 23]
    with reading() as session:
        ends = session.scalars(
            select(AppointmentSeries.ends_on)
            .where(AppointmentSeries.external_id != "series", AppointmentSeries.family_id == town.mine.family.id)
            .order_by(AppointmentSeries.starts_on)
        ).all()
    assert ends == [date(2027, 6, 23), date(2027, 6, 29)]


def test_one_is_called_off_and_then_cannot_be_moved(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    book(client, town, cookies)
    (one,) = booked(town)
    assert change(client, town, cookies, one, do="cancel").status_code == 303
    answer = change(client, town, cookies, one, do="save", day="2027-06-11", at="10:00", minutes="45")
    assert answer.status_code == 400 and "cancelled" in answer.text and booked(town)[0].starts_at == one.starts_at


def test_one_that_was_called_off_is_on_again_by_one_button_until_its_time_has_come(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town)
    book(client, town, cookies)
    (one,) = booked(town)
    button = 'name="do" value="restore"'
    assert button not in client.get(f"/console/appointments/{one.id}").text
    change(client, town, cookies, one, do="cancel")
    assert f"/console/appointments/{one.id}" in client.get(f"/console/families/{town.mine.family.id}").text
    page = client.get(f"/console/appointments/{one.id}").text
    assert button in page and "It takes place after all" in page
    assert change(client, town, cookies, one, do="restore").status_code == 303
    assert booked(town)[0].status == "scheduled"
    change(client, town, cookies, one, do="cancel")
    book(client, town, cookies)
    shown = change(client, town, cookies, one, do="restore")
    assert shown.status_code == 409 and "Ashparent: " in shown.text and 'name="anyway"' in shown.text
    assert sorted(row.status for row in booked(town)) == ["cancelled", "scheduled"]
    stale = client.post(f"/console/appointments/{one.id}", data=town.form(cookies, do="restore", version="0"))
    assert stale.status_code == 412 and "Somebody has changed this appointment" in stale.text
    assert "Place: At" not in stale.text and "Day: " not in stale.text and "Time: " not in stale.text, "nobody did"
    assert "Who is expected: " not in stale.text
    assert change(client, town, cookies, one, do="restore", anyway="on").status_code == 303
    assert [row.status for row in booked(town)] == ["scheduled", "scheduled"]
    change(client, town, cookies, one, do="cancel")
    clock.move(one.starts_at - clock.now())
    cookies = sign_in(client, town)
    assert button not in client.get(f"/console/appointments/{one.id}").text
    late = change(client, town, cookies, one, do="restore")
    assert late.status_code == 400 and "time is over" in late.text


def test_the_kind_is_changed_in_the_form(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    book(client, town, cookies, repeat="weekly")
    first, second = booked(town)[:2]
    page = client.get(f"/console/appointments/{second.id}").text
    assert '<option value="home_visit" selected>' in page
    nobody = "Nobody is told that the kind has changed"
    assert nobody in page and nobody not in client.get(f"/console/families/{town.mine.family.id}/appointments").text
    same = {"at": "10:00", "minutes": "45", "place": "At home", "do": "save"}
    only = {**same, "day": "2027-06-17", "kind": "assessment"}
    assert change(client, town, cookies, second, **only).status_code == 303
    on = {**same, "day": "2027-06-10", "kind": "key_work", "which": "on"}
    assert change(client, town, cookies, first, **on).status_code == 303
    kinds = [one.kind for one in booked(town)]
    assert kinds == ["key_work", "assessment", *["key_work"] * 6], "what was changed by itself stays as it is"


def test_how_often_a_series_comes_is_changed_from_one_of_its_days_on(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    book(client, town, cookies, repeat="working_days", every_working_days="5", ends_on="2027-07-30")
    third = booked(town)[2]
    page = client.get(f"/console/appointments/{third.id}").text
    assert '<option value="working_days" selected>' in page and 'max="260" value="5"' in page
    assert 'name="ends_on" type="date" value="2027-07-30"' in page and ">Once<" not in page
    on = {
        "do": "save", "which": "on", "day": "2027-06-24", "at": "10:00", "minutes": "45", "place": "At home",
        "repeat": "fortnightly", "every_working_days": "5", "ends_on": "2027-07-16",
    }  # fmt: skip
    refused = change(client, town, cookies, third, **{**on, "repeat": "working_days", "every_working_days": ""})
    assert refused.status_code == 400 and "Every so many working days: something" in refused.text
    early = change(client, town, cookies, third, **{**on, "day": "2027-06-10"})
    assert early.status_code == 400 and "does not fit together" in early.text
    assert change(client, town, cookies, third, **on).status_code == 303
    days = [one.starts_at.strftime("%m-%d") for one in booked(town) if one.status == "scheduled"]
    assert days == ["06-10", "06-17", "06-24", "07-08"]
    with reading() as session:
        found = select(AppointmentSeries).where(AppointmentSeries.follows_id == third.series_id)
        new = session.scalars(found).one()
    assert (new.rrule, new.every_working_days, new.ends_on) == ("FREQ=WEEKLY;INTERVAL=2", None, date(2027, 7, 16))
    fourth = next(one for one in booked(town) if one.series_id == new.id)
    forever = {**on, "repeat": "weekly", "ends_on": ""}
    assert change(client, town, cookies, fourth, **forever).status_code == 303
    with reading() as session:
        assert session.scalars(select(AppointmentSeries.ends_on).filter_by(follows_id=new.id)).one() is None


def test_the_second_of_two_workers_sees_what_the_first_changed_and_may_save_again(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town)
    book(client, town, cookies)
    (one,) = booked(town)
    first = {"version": "0", "do": "save", "day": "2027-06-11", "at": "14:00", "minutes": "45", "place": "At school"}
    assert client.post(f"/console/appointments/{one.id}", data=town.form(cookies, **first)).status_code == 303
    second = first | {"day": "2027-06-12", "place": "At the office"}
    answer = client.post(f"/console/appointments/{one.id}", data=town.form(cookies, **second))
    assert answer.status_code == 412 and "Somebody has changed this appointment" in answer.text
    assert "Day: 11 June 2027" in answer.text and "Place: At school" in answer.text and "Time: 14:00" not in answer.text
    assert 'value="At the office"' in answer.text and 'name="version" value="1"' in answer.text
    assert booked(town)[0].place == "At school"
    again = second | {"version": "1"}
    assert client.post(f"/console/appointments/{one.id}", data=town.form(cookies, **again)).status_code == 303
    assert booked(town)[0].place == "At the office" and booked(town)[0].starts_at.day == 12
    off = town.form(cookies, do="cancel", version="1")
    assert client.post(f"/console/appointments/{one.id}", data=off).status_code == 412
    assert booked(town)[0].status == "scheduled"
    unsaid = town.form(cookies, do="cancel")
    assert client.post(f"/console/appointments/{one.id}", data=unsaid).status_code == 412


def test_a_form_for_a_whole_series_waits_for_a_colleague_at_it_without_holding_an_appointment_that_they_need(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town)
    book(client, town, cookies, repeat="weekly")
    second = booked(town)[1]
    with ThreadPoolExecutor(1) as pool:
        with transaction() as colleague:
            mine = colleague.scalar(text("SELECT pg_backend_pid()"))
            colleague.get_one(AppointmentSeries, second.series_id, with_for_update=True)
            answer = pool.submit(change, client, town, cookies, second, do="cancel", which="on")
            wait_until(lambda: _waits_for(mine), "the form waits for the series", seconds=30)
            assert colleague.get_one(Appointment, second.id, with_for_update={"nowait": True}).status == "scheduled"
        assert answer.result(30).status_code == 303
    assert [one.status for one in booked(town)] == ["scheduled"] + ["cancelled"] * 7


def _waits_for(pid: int | None) -> bool:
    with reading() as session:
        blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND :pid = ANY (pg_blocking_pids(pid))")
        return bool(session.scalar(blocked, {"pid": pid}))


def _who(town: Town) -> dict[str, str]:
    """The lines of the form in which a family's people are ticked, by their names."""
    people = sorted([town.mine.parent, town.mine.child], key=lambda person: person.first_name)
    return {person.first_name: f"person-{n}-who" for n, person in enumerate(people, start=1)}


def test_who_is_expected_is_changed_in_the_form(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    book(client, town, cookies)
    (one,) = booked(town)
    page = client.get(f"/console/appointments/{one.id}").text
    assert page.count('-who" value=') == 2 and page.count(" checked") == 3 and 'value="Lena Worker"' in page
    time_and_place = {"day": "2027-06-10", "at": "10:00", "minutes": "45", "place": "At home", "who": "shown"}
    lines = _who(town)
    nobody = change(client, town, cookies, one, **time_and_place, do="save")
    assert nobody.status_code == 400 and "Who is expected" in nobody.text
    answer = change(
        client, town, cookies, one, **time_and_place, do="save",
        **{lines["Ashparent"]: str(town.mine.parent.id), "guest-1-name": "Lena Worker", "guest-2-name": "Jo Field"},
    )  # fmt: skip
    assert answer.status_code == 303
    with reading() as session:
        places = session.scalars(select(Attendee).filter_by(appointment_id=one.id)).all()
        assert {place.name for place in places} == {"Ashparent", "Lena Worker", "Jo Field"}
    stale = client.post(
        f"/console/appointments/{one.id}",
        data=town.form(cookies, version="0", **time_and_place, **{lines["Ashchild"]: str(town.mine.child.id)}),
    )
    assert stale.status_code == 412 and "Who is expected: Ashparent, Jo Field, Lena Worker" in stale.text
    checked = re.search(rf'name="{lines["Ashparent"]}"[^>]*>', stale.text)
    assert checked and " checked" not in checked[0], "what they had ticked stays as they had it"
