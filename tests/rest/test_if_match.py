"""A change that does not say what it has seen is taken, unless the installation wants it said."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.appointments.models import Appointment
from api.database import reading
from api.settings import settings
from tests.small_town import Town


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "if_match_required", True)


def move(client: TestClient, town: Town, **headers: str) -> Any:
    address = f"/api/v1/appointments/{town.mine.appointment.id}"
    return client.patch(address, json={"place": "Room 2"}, headers={**town.program(town.worker), **headers})


def place(town: Town) -> str:
    with reading() as session:
        return session.get_one(Appointment, town.mine.appointment.id).place


def test_by_itself_it_may_be_left_out(client: TestClient, town: Town) -> None:
    assert move(client, town).status_code == 200 and place(town) == "Room 2"


@pytest.mark.usefixtures("wanted")
def test_where_it_is_wanted_nothing_is_changed_without_it(client: TestClient, town: Town) -> None:
    before = place(town)
    refused = move(client, town)
    assert (refused.status_code, refused.json()["error"]["code"]) == (428, "if_match_needed")
    assert "Send `If-Match`" in refused.json()["error"]["message"] and place(town) == before
    address = f"/api/v1/appointments/{town.mine.appointment.id}"
    seen = client.get(address, headers=town.program(town.worker)).headers["etag"]
    assert move(client, town, **{"If-Match": seen}).status_code == 200 and place(town) == "Room 2"
    assert move(client, town, **{"If-Match": seen}).status_code == 412
    assert move(client, town, **{"If-Match": "*"}).status_code == 200, "whatever is there, on purpose"
    assert client.patch(address, json={"place": "Room 3"}).status_code == 401, (
        "who is no program of ours learns nothing"
    )


@pytest.mark.usefixtures("wanted")
def test_every_route_that_takes_it_asks_for_it_and_says_so(client: TestClient, town: Town) -> None:
    whole = client.get("/openapi.json").json()
    taking = [
        (method, path, operation)
        for path, methods in whole["paths"].items()
        for method, operation in methods.items()
        if any(one["name"] == "If-Match" for one in operation.get("parameters", []))
    ]
    assert len(taking) > 20
    anything = str(town.mine.family.id)
    for method, path, operation in taking:
        assert {"412", "428"} <= operation["responses"].keys(), path
        address = path.replace("{", "\0{")
        for part in address.split("\0")[1:]:
            address = address.replace(f"\0{part[: part.index('}') + 1]}", anything, 1)
        answer = client.request(method, address, headers=town.program(town.worker), json={})
        assert answer.status_code == 428, (method, path)
