"""Families under /api/v1: the list by pages, and one family whole."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.audit.models import AuditEntry
from api.database import reading
from tests.small_town import Town


def names(client: TestClient, headers: dict[str, str], query: str = "") -> list[str]:
    answer = client.get(f"/api/v1/families{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


def test_a_worker_lists_the_assigned_families_and_a_manager_the_agencys(client: TestClient, town: Town) -> None:
    assert names(client, town.program(town.worker)) == ["Ash"]
    assert names(client, town.program(town.manager)) == ["Ash", "Birch"]
    assert names(client, town.program(town.far_manager)) == ["Cedar"]


def test_the_list_comes_in_pages_that_say_how_many_there_are(client: TestClient, town: Town) -> None:
    headers = town.program(town.manager)
    assert names(client, headers, "?per_page=1") == ["Ash"]
    assert names(client, headers, "?per_page=1&page=2") == ["Birch"]
    assert names(client, headers, "?per_page=1&page=3") == []
    page = client.get("/api/v1/families?per_page=1&page=2", headers=headers).json()
    assert (page["page"], page["per_page"], page["total"]) == (2, 1, 2)


def test_the_list_says_what_waits_for_a_worker(client: TestClient, town: Town) -> None:
    town.escalation(town.mine)
    (item,) = client.get("/api/v1/families", headers=town.program(town.worker)).json()["items"]
    assert (item["lead_worker"], item["actions_to_verify"], item["unresolved_escalations"]) == ("Lena Worker", 1, 1)


def test_one_family_has_its_people_plan_children_risks_and_requests(client: TestClient, town: Town) -> None:
    family: dict[str, Any] = client.get(
        f"/api/v1/families/{town.mine.family.id}", headers=town.program(town.worker)
    ).json()
    assert (family["name"], family["timezone"]) == ("Ash", "Europe/London")
    people = {person["first_name"]: person for person in family["people"]}
    assert people.keys() == {"Ashparent", "Ashchild"}
    assert people["Ashparent"]["safe_contact"]["wording"] == "discreet"
    assert [point["state"] for point in people["Ashparent"]["contact_points"]] == ["active"]
    assert family["plans"][0]["risks"][0]["description"] == "Ash risk"
    assert family["plans"][0]["contingency"] == "Ash contingency"
    assert family["change_requests"][0]["words"] == "Ash cannot come"
    assert family["change_requests"][0]["created_at"].endswith("Z")
    assert family["conversations"][0]["id"] == str(town.mine.conversation.id)
    assert [(worker["name"], worker["lead"]) for worker in family["workers"]] == [("Lena Worker", True)]


def test_no_code_and_no_password_is_in_it(client: TestClient, town: Town) -> None:
    town.chatting(town.mine.parent)
    text = client.get(f"/api/v1/families/{town.mine.family.id}", headers=town.program(town.worker)).text
    assert "code" not in text and "hash" not in text and "Birch" not in text


def test_every_family_on_a_page_counts_as_seen_once(client: TestClient, town: Town) -> None:
    headers = town.program(town.manager)
    names(client, headers)
    names(client, headers)
    with reading() as session:
        seen = session.scalars(select(AuditEntry).where(AuditEntry.verb == "listed_family")).all()
    assert {entry.family_id for entry in seen} == {town.mine.family.id, town.other.family.id} and len(seen) == 2
    assert all(entry.actor_id == town.manager.id and entry.at <= clock.now() for entry in seen)
