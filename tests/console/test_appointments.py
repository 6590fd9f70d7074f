"""Appointments booked and changed in the console: once, again and again, with what is at the same time shown first."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.appointments.models import Attendee
from api.database import reading
from tests.console.booking import agreed, book, booked, change, it_is_monday, sign_in
from tests.small_town import Town


@pytest.fixture(autouse=True)
def a_day_in_june(town: Town) -> None:
    it_is_monday()


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
        (
            {"person-2-who": "", "person-1-who": "", "person-1-concerns": "", "guest-1-name": "", "guest-1-role": ""},
            "Who is expected",
        ),
        ({"repeat": "working_days"}, "working"),
        ({"repeat": "weekly", "ends_on": "2027-06-01"}, "is before its first day"),
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


def test_a_child_that_it_is_about_and_who_is_not_expected_is_asked_about(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    page = client.get(f"/console/families/{town.mine.family.id}/appointments").text
    line = re.search(rf'name="(person-\d)-who" value="{town.mine.child.id}"', page)
    assert line
    boxes = {"person-1-who": "", "person-1-concerns": "", "person-2-who": str(town.mine.parent.id)}
    answer = book(client, town, cookies, **boxes | {f"{line[1]}-who": "", f"{line[1]}-concerns": "on"})
    assert answer.status_code == 400 and "is marked as the child it is about and not as expected" in answer.text
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
    seen = agreed(answer)
    later = book(client, town, cookies, at="10:15", anyway=seen)
    assert later.status_code == 409 and agreed(later) != seen, "a time beside the one that was shown is looked at anew"
    assert len(booked(town)) == 1
    assert book(client, town, cookies, at="10:30", anyway=seen, place="At school").status_code == 303
    assert len(booked(town)) == 2
    first, second = booked(town)
    moved = change(client, town, cookies, second, do="save", day="2027-06-10", at="10:15", minutes="45")
    assert moved.status_code == 409 and booked(town)[1].starts_at == second.starts_at
    free = {"do": "save", "day": "2027-06-10", "at": "11:00", "minutes": "45", "place": "At home"}
    assert change(client, town, cookies, second, **free).status_code == 303
    assert booked(town)[1].starts_at == first.starts_at + timedelta(hours=1) and booked(town)[1].place == "At home"


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
    assert change(client, town, cookies, one, do="restore", anyway=agreed(shown)).status_code == 303
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


def test_the_second_of_two_workers_sees_what_the_first_changed_and_may_save_again(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town)
    book(client, town, cookies)
    (one,) = booked(town)
    first = {"version": "0", "do": "save", "day": "2027-06-11", "at": "14:00", "minutes": "45", "place": "At school"}
    first["reason"] = "asked"
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


def test_whoever_moves_one_or_calls_it_off_says_why_and_is_told_why_that_is_asked(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town)
    book(client, town, cookies, repeat="weekly")
    first, second = booked(town)[:2]
    page = client.get(f"/console/appointments/{first.id}").text
    assert 'aria-describedby="reason-help"' in page and "so that nobody has to guess" in page
    moved = {"do": "save", "day": "2027-06-11", "at": "10:00", "minutes": "45", "place": "At home"}
    following = moved | {"which": "on", "repeat": "weekly"}
    for given in ({"do": "cancel"}, {"do": "cancel", "which": "on"}, moved, following):
        for reason in ("", "because"):
            answer = change(client, town, cookies, first, **given, reason=reason)
            assert answer.status_code == 400 and "Choose why it is moved or called off" in answer.text
    assert [one.starts_at for one in booked(town)][:2] == [first.starts_at, second.starts_at]
    assert {one.status for one in booked(town)} == {"scheduled"}
    there = {"do": "save", "day": "2027-06-10", "at": "10:00", "minutes": "45", "place": "At school"}
    assert change(client, town, cookies, first, **there, reason="").status_code == 303, "nobody is told of that"
    assert change(client, town, cookies, first, **moved, reason="travel").status_code == 303
    assert booked(town)[0].change_reason == "travel" and booked(town)[0].starts_at != first.starts_at
