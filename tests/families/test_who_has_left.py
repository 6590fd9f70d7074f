"""Who has left a family, or was erased, is not newly written into anything of it; where they stand they stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import clock
from api.appointments import service as appointments
from api.conferences import service as conferences
from api.conferences.service import CannotRecord, Details, Invited
from api.database import transaction
from api.families.models import Family, Person
from tests.small_town import Town

GONE = pytest.mark.parametrize("how", ["left_at", "erased_at"])


def goes(town: Town, person: Person, how: str = "left_at", *, at: datetime | None = None) -> str:
    """They are of the family no more; returns their id."""
    with transaction() as session:
        setattr(session.get_one(Person, person.id), how, at or clock.now())
    return str(person.id)


def ask(client: TestClient, town: Town, method: str, address: str, **body: Any) -> Any:
    return client.request(method, f"/api/v1/{address}", json=body, headers=town.program(town.worker))


def refused(answer: Any, code: str) -> bool:
    error = answer.json()["error"]
    return (answer.status_code, error["code"]) == (422, code) and "has left this family" in error["message"]


@GONE
def test_they_are_no_new_attendee_of_an_appointment_or_a_series(client: TestClient, town: Town, how: str) -> None:
    family = f"families/{town.mine.family.id}"
    times = {"starts_at": "2030-05-01T10:00:00+01:00", "ends_at": "2030-05-01T11:00:00+01:00", "kind": "home_visit"}
    child, parent = {"person_id": str(town.mine.child.id)}, {"person_id": str(town.mine.parent.id)}
    one = ask(client, town, "POST", f"{family}/appointments", **times, attendees=[child]).json()["id"]
    goes(town, town.mine.child, how)
    new = ask(client, town, "POST", f"{family}/appointments", **times, attendees=[child])
    assert refused(new, "attendee_has_left"), new.text
    rhythm = {"kind": "home_visit", "frequency": "weekly", "at": "10:00", "minutes": 30, "starts_on": "2030-05-01"}
    assert refused(ask(client, town, "POST", f"{family}/series", **rhythm, attendees=[child]), "attendee_has_left")
    stays = ask(client, town, "PATCH", f"appointments/{one}", attendees=[child, parent])
    assert stays.status_code == 200 and len(stays.json()["attendees"]) == 2
    assert ask(client, town, "PATCH", f"appointments/{one}", attendees=[parent]).status_code == 200
    again = ask(client, town, "PATCH", f"appointments/{one}", attendees=[child, parent])
    assert refused(again, "attendee_has_left")


@GONE
def test_they_get_no_new_action_and_keep_the_one_that_they_have(client: TestClient, town: Town, how: str) -> None:
    plan = f"plans/{town.mine.plan.id}"
    parent, action = goes(town, town.mine.parent, how), str(town.mine.action.id)
    same: dict[str, Any] = {"id": action, "owner_person_id": parent, "why": "So that it is warm"}
    assert ask(client, town, "PATCH", plan, actions=[same]).status_code == 200
    new = ask(client, town, "PATCH", plan, actions=[same, {"title": "x", "owner_person_id": parent}])
    assert refused(new, "owner_has_left")
    child = str(town.mine.child.id)
    assert ask(client, town, "PATCH", plan, actions=[same | {"owner_person_id": child}]).status_code == 200
    assert refused(ask(client, town, "PATCH", plan, actions=[same]), "owner_has_left")


def test_they_are_at_no_conference_after_they_left_and_may_have_been_at_one_before(town: Town) -> None:
    today = clock.now().date()
    goes(town, town.mine.parent, at=clock.now() - timedelta(days=5))

    def record(day: int, worker: bool = True) -> None:
        details = Details("initial", today + timedelta(days=day), attendees=[Invited("family", town.mine.parent.id)])
        with transaction() as session:
            family = session.get_one(Family, town.mine.family.id)
            conferences.record(session, family, town.worker if worker else None, details, today=today)

    with pytest.raises(CannotRecord, match="attendee_has_left"):
        record(4)
    record(-9)
    record(4, worker=False)  # a file tells what was: it is taken


def test_an_erased_child_is_at_no_new_conference(town: Town) -> None:
    today = clock.now().date()
    goes(town, town.mine.child, "erased_at")
    details = Details("initial", today - timedelta(days=2), children={town.mine.child.id: []})
    with transaction() as session, pytest.raises(CannotRecord, match="attendee_has_left"):
        conferences.record(session, session.get_one(Family, town.mine.family.id), town.worker, details, today=today)


@GONE
def test_forms_leave_them_out_but_where_they_are_chosen_already(client: TestClient, town: Town, how: str) -> None:
    family = f"/console/families/{town.mine.family.id}"
    one = ask(
        client, town, "POST", f"families/{town.mine.family.id}/appointments", kind="home_visit",
        starts_at="2030-05-01T10:00:00Z", ends_at="2030-05-01T11:00:00Z",
        attendees=[{"person_id": str(town.mine.parent.id)}],
    ).json()["id"]  # fmt: skip
    pages = [f"{family}/appointments", f"{family}/conferences", f"/console/appointments/{one}"]
    client.cookies.update(town.signed_in(town.worker))
    parent, child = (f'value="{one.id}"' for one in (town.mine.parent, town.mine.child))
    assert all(parent in client.get(page).text and child in client.get(page).text for page in pages)
    for person in (town.mine.parent, town.mine.child):
        goes(town, person, how)
    new, conference, booked = (client.get(page).text for page in pages)
    assert parent not in new + conference and child not in new + conference + booked
    assert f"child-{town.mine.child.id}" not in conference
    assert f"{parent} checked" in booked
    assert how == "erased_at" or "Ashparent (no longer in the family)" in booked
    plan = client.get(f"/console/plans/{town.mine.plan.id}").text
    assert plan.count(f"{parent} selected") == plan.count(parent) == 1 and child not in plan


def test_whoever_comes_back_may_be_expected_again(town: Town) -> None:
    goes(town, town.mine.parent)
    wanted = [appointments.Expected(town.mine.parent.id)]
    with transaction() as session:
        family = session.get_one(Family, town.mine.family.id)
        with pytest.raises(appointments.CannotBook, match="attendee_has_left"):
            appointments.attendees_of(session, family, wanted)
        session.get_one(Person, town.mine.parent.id).left_at = None
        session.flush()
        assert len(appointments.attendees_of(session, family, wanted)) == 1
