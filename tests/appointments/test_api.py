"""Appointments under /api/v1: read, booked, moved, cancelled; and refused in plain words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.appointments import queries
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.earlier.models import EarlierVersion
from tests.small_town import Town


def book(client: TestClient, town: Town, **changed: Any) -> Any:
    body = {
        "kind": "home_visit",
        "starts_at": "2030-05-01T10:00:00+01:00",
        "ends_at": "2030-05-01T11:00:00+01:00",
        "place": "At home",
        "attendees": [
            {"person_id": str(town.mine.parent.id)},
            {"person_id": str(town.mine.child.id), "concerns": True},
            {"name": "Amara Okafor", "role": "social worker"},
        ],
        **changed,
    }
    return client.post(
        f"/api/v1/families/{town.mine.family.id}/appointments", json=body, headers=town.program(town.worker)
    )


def change(client: TestClient, town: Town, appointment: object, **body: Any) -> Any:
    return client.patch(f"/api/v1/appointments/{appointment}", json=body, headers=town.program(town.worker))


def listed(client: TestClient, town: Town, **query: str) -> Any:
    return client.get(
        f"/api/v1/families/{town.mine.family.id}/appointments", params=query, headers=town.program(town.worker)
    )


def test_a_booked_appointment_is_seen_by_those_who_are_expected(client: TestClient, town: Town) -> None:
    made = book(client, town)
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["starts_at"], body["ends_at"]) == ("2030-05-01T09:00:00Z", "2030-05-01T10:00:00Z")
    assert (body["status"], body["place"], body["link"]) == ("scheduled", "At home", "")
    assert {a["name"] for a in body["attendees"]} == {"Ashparent", "Ashchild", "Amara Okafor"}
    with reading() as session:
        own = queries.own(session, town.mine.parent.id, after=clock.now())
        assert body["id"] in {str(appointment.id) for appointment in own}
        assert queries.own(session, town.other.parent.id, after=datetime.fromisoformat("2030-01-01T00:00:00Z")) == []
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "booked_appointment")).one()
    assert (entry.family_id, entry.object_id) == (town.mine.family.id, body["id"])
    assert body.pop("overlaps") == [] and body in listed(client, town).json()["items"]


def test_the_list_is_of_those_that_touch_the_time_asked_for(client: TestClient, town: Town) -> None:
    book(client, town)
    years = {"from": "2030-05-01T09:30:00Z", "to": "2030-05-01T10:30:00+01:00"}
    assert listed(client, town, **{"from": years["from"]}).json()["total"] == 1
    assert listed(client, town, to="2030-05-01T09:00:00Z").json()["total"] == 1, "what starts then is after it"
    assert listed(client, town, **{"from": "2030-05-01T10:00:00Z"}).json()["total"] == 0
    assert listed(client, town).json()["total"] == 2
    assert listed(client, town, page="2", per_page="1").json()["items"][0]["place"] == "At home"
    assert listed(client, town, **years).status_code == 422, "from is after to, once both are in one zone"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ends_at": "2030-05-01T10:00:00+01:00"}, "ends before it starts"),
        ({"ends_at": "2030-05-01T10:30:00+02:00"}, "ends before it starts"),
        ({"starts_at": "2030-05-01T10:00:00"}, "starts_at: is not a moment with its zone"),
        ({"starts_at": "2030-02-30T10:00:00Z"}, "starts_at: is a day or a time that does not exist"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at: is too far away"),
        ({"starts_at": 1900000000}, "starts_at: is not a moment with its zone"),
        ({"attendees": []}, "attendees: list should have at least 1 item"),
        ({"attendees": [{"role": "nobody"}]}, "attendees.0: give `person_id`"),
        ({"link": "http://example.org"}, "link: must start with https://"),
        ({"place": "a\x00b"}, "place: has a character that cannot be stored"),
    ],
)
def test_what_cannot_be_is_refused_in_plain_words(
    client: TestClient, town: Town, wrong: dict[str, Any], words: str
) -> None:
    answer = book(client, town, **wrong)
    assert answer.status_code == 422 and words in answer.json()["error"]["message"]
    assert listed(client, town).json()["total"] == 1


def test_a_stranger_is_no_attendee_and_nobody_is_one_twice(client: TestClient, town: Town) -> None:
    stranger = book(client, town, attendees=[{"person_id": str(town.other.parent.id)}]).json()["error"]
    assert stranger["code"] == "attendee_is_a_stranger" and "not in this family" in stranger["message"]
    twice = book(client, town, attendees=[{"person_id": str(town.mine.parent.id)}] * 2).json()["error"]
    assert twice["code"] == "attendee_twice"


def test_an_external_id_is_booked_once(client: TestClient, town: Town) -> None:
    assert book(client, town, external_id="visit-7").json()["external_id"] == "visit-7"
    again = book(client, town, external_id="visit-7")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "appointment_exists")


def test_moving_takes_back_the_answers_and_keeps_the_length(client: TestClient, town: Town) -> None:
    start = (town.mine.appointment.starts_at + timedelta(days=1)).isoformat()
    moved = change(client, town, town.mine.appointment.id, starts_at=start, bring="the red book", travel="taxi at 9:30")
    assert moved.status_code == 200, moved.text
    body = moved.json()
    assert datetime.fromisoformat(body["starts_at"]) == datetime.fromisoformat(start)
    length = datetime.fromisoformat(body["ends_at"]) - datetime.fromisoformat(body["starts_at"])
    assert (
        length == timedelta(hours=1)
        and (body["bring"], body["travel"]) == ("the red book", "taxi at 9:30")
        and body["place"] == "Ash rooms"
    )
    assert [attendee["answer"] for attendee in body["attendees"]] == ["none"], "they had answered for another time"
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "moved_appointment")).one()
    assert entry.detail["answers_taken_back"] == 1


def test_another_place_at_the_same_time_leaves_the_answers(client: TestClient, town: Town) -> None:
    body = change(client, town, town.mine.appointment.id, place="Room 2").json()
    assert body["place"] == "Room 2" and body["attendees"][0]["answer"] == "cannot_come"


def test_who_is_expected_is_changed_and_who_stays_keeps_their_answer(client: TestClient, town: Town) -> None:
    mine, one = town.mine, town.mine.appointment.id
    both = [
        {"person_id": str(mine.parent.id)},
        {"person_id": str(mine.child.id), "concerns": True},
        {"name": "Jo Field"},
    ]
    body = change(client, town, one, attendees=both).json()
    assert {a["name"]: (a["answer"], a["concerns"]) for a in body["attendees"]} == {
        "Ashparent": ("cannot_come", False), "Ashchild": ("none", True), "Jo Field": ("none", False),
    }  # fmt: skip
    assert body["sequence"] == 1
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "changed_appointment")).one()
    assert (entry.detail["added"], entry.detail["removed"]) == (2, 0)
    assert change(client, town, one, attendees=both).json()["sequence"] == 1, "the same again changes nothing"
    stale = client.patch(
        f"/api/v1/appointments/{one}",
        json={"attendees": both},
        headers={**town.program(town.worker), "If-Match": '"0"'},
    )
    assert stale.status_code == 412
    stranger = change(client, town, one, attendees=[{"person_id": str(town.other.parent.id)}])
    assert (stranger.status_code, stranger.json()["error"]["code"]) == (422, "attendee_is_a_stranger")
    assert change(client, town, one, attendees=[]).status_code == 422
    assert len(listed(client, town).json()["items"][0]["attendees"]) == 3


def test_a_cancelled_appointment_stays_in_the_list_and_cannot_be_moved(client: TestClient, town: Town) -> None:
    for _ in range(2):
        assert change(client, town, town.mine.appointment.id, status="cancelled").json()["status"] == "cancelled"
    assert listed(client, town).json()["items"][0]["status"] == "cancelled"
    moved = change(client, town, town.mine.appointment.id, place="Room 2")
    assert (moved.status_code, moved.json()["error"]["code"]) == (409, "appointment_is_cancelled")
    with reading() as session:
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.verb == "cancelled_appointment")).all()) == 1


def test_a_cancelled_appointment_is_on_again_with_what_people_answered(client: TestClient, town: Town) -> None:
    one = town.mine.appointment.id
    change(client, town, one, status="cancelled", reason="place")
    back = change(client, town, one, status="scheduled")
    assert back.status_code == 200, back.text
    body = back.json()
    assert (body["status"], body["change_reason"], body["overlaps"]) == ("scheduled", "", [])
    assert [attendee["answer"] for attendee in body["attendees"]] == ["cannot_come"]
    assert change(client, town, one, status="scheduled").json()["sequence"] == body["sequence"], "twice is once"
    assert change(client, town, one, place="Room 2").status_code == 200
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "restored_appointment")).one()
    assert entry.actor_id == town.worker.id
    headers = town.program(town.worker)
    kept = client.get(f"/api/v1/appointments/{one}/versions", headers=headers).json()["items"]
    assert kept[1]["changes"][0]["fields"]["status"] == ["cancelled", "scheduled"]


def test_one_that_is_on_again_overlaps_with_what_was_booked_meanwhile(client: TestClient, town: Town) -> None:
    one = book(client, town).json()
    change(client, town, one["id"], status="cancelled")
    book(client, town)
    assert change(client, town, one["id"], status="scheduled").json()["overlaps"]


def test_a_cancelled_one_whose_time_has_come_stays_cancelled(client: TestClient, town: Town) -> None:
    one = town.mine.appointment
    change(client, town, one.id, status="cancelled")
    clock.move(one.starts_at - clock.now())
    late = change(client, town, one.id, status="scheduled")
    assert (late.status_code, late.json()["error"]["code"]) == (409, "appointment_is_over")
    assert listed(client, town).json()["items"][0]["status"] == "cancelled"


def test_the_kind_of_an_appointment_is_changed_and_the_earlier_one_is_kept(client: TestClient, town: Town) -> None:
    one = town.mine.appointment.id
    body = change(client, town, one, kind="school_meeting").json()
    assert (body["kind"], body["sequence"]) == ("school_meeting", 1)
    assert body["attendees"][0]["answer"] == "cannot_come", "the time is the same"
    kept = client.get(f"/api/v1/appointments/{one}/versions", headers=town.program(town.worker)).json()["items"]
    assert kept[0]["changes"][0]["fields"] == {"kind": ["core_group", "school_meeting"]}
    assert change(client, town, one, kind="party").status_code == 422
    client.cookies.update(town.signed_in(town.worker))
    assert "→ meeting at school" in client.get(f"/console/appointments/{one}").text


def test_what_was_kept_before_kinds_were_shows_no_change_of_kind(client: TestClient, town: Town) -> None:
    one = town.mine.appointment.id
    change(client, town, one, place="Room 2")
    with transaction() as session:
        row = session.scalars(select(EarlierVersion)).one()
        row.content = {**row.content, "record": {k: v for k, v in row.content["record"].items() if k != "kind"}}
    kept = client.get(f"/api/v1/appointments/{one}/versions", headers=town.program(town.worker)).json()["items"]
    assert kept[0]["changes"][0]["fields"] == {"place": ["Ash rooms", "Room 2"]}


@pytest.mark.parametrize("body", [{}, {"status": None}, {"status": "cancelled", "place": "x"}, {"status": "held"}])
def test_a_change_changes_something_and_one_thing(client: TestClient, town: Town, body: dict[str, Any]) -> None:
    assert change(client, town, town.mine.appointment.id, **body).status_code == 422


def test_a_move_to_before_its_start_is_refused(client: TestClient, town: Town) -> None:
    answer = change(client, town, town.mine.appointment.id, ends_at=clock.now().isoformat(timespec="seconds"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "ends_before_start")


def test_the_second_of_two_programs_looks_again(client: TestClient, town: Town) -> None:
    made = book(client, town)
    headers, address = town.program(town.worker), f"/api/v1/appointments/{made.json()['id']}"
    seen = client.get(address, headers=headers)
    assert seen.status_code == 200 and seen.headers["etag"] == made.headers["etag"] == '"0"'
    assert seen.json()["place"] == "At home" and "overlaps" not in seen.json()
    mine = {**headers, "If-Match": seen.headers["etag"]}
    moved = client.patch(address, json={"place": "At school"}, headers=mine)
    assert (moved.status_code, moved.headers["etag"], moved.json()["sequence"]) == (200, '"1"', 1)
    late = client.patch(address, json={"status": "cancelled"}, headers=mine)
    assert (late.status_code, late.json()["error"]["code"]) == (412, "changed_meanwhile")
    assert client.get(address, headers=headers).json()["status"] == "scheduled"
    mine["If-Match"] = moved.headers["etag"]
    assert client.patch(address, json={"status": "cancelled"}, headers=mine).status_code == 200
    assert client.get(f"/api/v1/appointments/{town.far.appointment.id}", headers=headers).status_code == 404


def test_a_series_is_changed_or_ended_only_as_it_was_seen(client: TestClient, town: Town) -> None:
    headers = town.program(town.worker)
    body = {
        "kind": "home_visit", "frequency": "weekly", "starts_on": "2030-05-02", "at": "10:00", "minutes": 60,
        "attendees": [{"person_id": str(town.mine.parent.id)}],
    }  # fmt: skip
    made = client.post(f"/api/v1/families/{town.mine.family.id}/series", json=body, headers=headers)
    assert made.status_code == 201 and made.headers["etag"] == f'"{made.json()["version"]}"'
    address = f"/api/v1/series/{made.json()['id']}"
    seen = client.get(address, headers=headers)
    assert seen.status_code == 200 and seen.headers["etag"] == made.headers["etag"]
    mine = {**headers, "If-Match": seen.headers["etag"]}
    on = {"from": "2030-05-09", "frequency": "weekly", "starts_on": "2030-05-10", "at": "14:00", "minutes": 60}
    changed = client.patch(address, json=on, headers=mine)
    assert changed.status_code == 200 and changed.headers["etag"] != seen.headers["etag"]
    assert client.patch(address, json=on, headers=mine).status_code == 412
    assert client.post(f"{address}/end", json={"from": "2030-05-03"}, headers=mine).status_code == 412
    new = f"/api/v1/series/{changed.json()['id']}/end"
    assert client.post(new, json={"from": "2030-05-17"}, headers={**headers, "If-Match": "*"}).status_code == 200
    assert client.get(f"/api/v1/series/{town.far.series.id}", headers=headers).status_code == 404
