"""The family's page: the plan, reported actions, requests, chat codes, and that looking is recorded."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient
from sqlalchemy import select

from api.audit.models import AuditEntry
from api.database import reading
from api.plans.models import ActionEvent, PlanAction
from tests.small_town import Town


def sign_in(client: TestClient, town: Town) -> dict[str, str]:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    return cookies


def test_it_shows_people_plan_actions_appointments_and_requests(client: TestClient, town: Town) -> None:
    sign_in(client, town)
    page = client.get(f"/console/families/{town.mine.family.id}").text
    for words in (
        "Ashparent", "Ashchild", "Discreet wording only", "Do not name the children", "Texts between 08:00 and 20:00",
        "Ash risk", "Ash contingency", "Ash course", "reported done", "Ash done it", "Ash rooms", "cannot come",
        "Ash cannot come",
    ):  # fmt: skip
        assert words in page, words
    assert "Birch" not in page and "Cedar" not in page


def test_looking_is_recorded(client: TestClient, town: Town) -> None:
    sign_in(client, town)
    client.get(f"/console/families/{town.mine.family.id}")
    client.get(f"/console/families/{town.mine.family.id}")
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "viewed_family")).one()
    assert (entry.actor_id, entry.family_id, entry.detail) == (town.worker.id, town.mine.family.id, {})


def test_a_reported_action_is_verified_once(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    for _ in range(2):
        answer = client.post(f"/console/actions/{town.mine.action.id}/verify", data=town.form(cookies))
        assert answer.status_code == 303
    with reading() as session:
        assert session.get_one(PlanAction, town.mine.action.id).status == "verified"
        kinds = session.scalars(select(ActionEvent.kind).where(ActionEvent.action_id == town.mine.action.id)).all()
    assert sorted(kinds) == ["reported_done", "verified"]


def test_an_action_is_reopened_with_the_reason_in_its_history(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    client.post(f"/console/actions/{town.mine.action.id}/reopen", data=town.form(cookies, note="two weeks to go"))
    page = client.get(f"/console/families/{town.mine.family.id}").text
    assert "two weeks to go" in page and "Reopened" in page
    with reading() as session:
        assert session.get_one(PlanAction, town.mine.action.id).status == "open"


def test_a_request_to_change_disappears_when_it_is_handled(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    client.post(f"/console/changes/{town.mine.change.id}/handled", data=town.form(cookies))
    assert "Ash cannot come" not in client.get(f"/console/families/{town.mine.family.id}").text


def test_a_chat_code_is_shown_once_and_opens_the_chat(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    answer = client.post(f"/console/people/{town.mine.parent.id}/chat-code", data=town.form(cookies))
    found = re.search(r'<p class="code">([A-Z0-9]{4}-[A-Z0-9]{4})</p>', answer.text)
    assert answer.status_code == 200 and found
    later = client.get(f"/console/families/{town.mine.family.id}").text
    assert found[1] not in later and "An unused code works until" in later
    assert client.post("/chat/code", data={"code": found[1]}).status_code == 303
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "made_chat_code")).one()
    assert found[1] not in str(entry.detail) and entry.family_id == town.mine.family.id


def test_a_child_who_does_not_write_gets_no_code(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    assert client.post(f"/console/people/{town.mine.child.id}/chat-code", data=town.form(cookies)).status_code == 404
