"""Actions under /api/v1: read with their history, verified, opened again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.plans.models import PlanAction
from tests.small_town import Town


def listed(client: TestClient, town: Town, query: str = "") -> Any:
    return client.get(
        f"/api/v1/families/{town.mine.family.id}/actions{query}", headers=town.program(town.worker)
    ).json()


def decide(client: TestClient, town: Town, what: str, **body: Any) -> Any:
    address = f"/api/v1/actions/{town.mine.action.id}/{what}"
    return client.post(address, json=body or None, headers=town.program(town.worker))


def test_an_action_comes_with_its_owner_and_what_happened_to_it(client: TestClient, town: Town) -> None:
    (action,) = listed(client, town)["items"]
    assert (action["title"], action["owner_name"], action["status"]) == ("Ash course", "Ashparent", "reported_done")
    (line,) = action["history"]
    assert (line["kind"], line["by"], line["words"]) == ("reported_done", "Ashparent", "Ash done it")
    assert line["at"].endswith("Z")


def test_the_list_can_be_of_one_status(client: TestClient, town: Town) -> None:
    assert listed(client, town, "?status=reported_done")["total"] == 1
    assert listed(client, town, "?status=open")["items"] == []
    assert listed(client, town, "?status=lost")["error"]["code"] == "invalid"


def test_an_open_action_is_overdue_once_its_day_is_over_where_the_agency_is(client: TestClient, town: Town) -> None:
    with transaction() as session:
        action = session.get_one(PlanAction, town.mine.action.id)
        action.status, action.due_on = "open", clock.now().date() - timedelta(days=2)
    assert listed(client, town)["items"][0]["overdue"] is True


def test_the_list_can_be_of_what_is_overdue_or_of_all_the_rest(client: TestClient, town: Town) -> None:
    today = clock.now().date()
    with transaction() as session:
        action = session.get_one(PlanAction, town.mine.action.id)
        plan, past = action.plan_id, today - timedelta(days=2)
        for title, status, due in (
            ("late", "open", past), ("stuck", "blocked", past), ("early", "open", today + timedelta(days=2)),
            ("done", "verified", past), ("no day", "open", None),
        ):  # fmt: skip
            session.add(PlanAction(plan_id=plan, external_id=title, title=title, status=status, due_on=due))

    def titles(asked: str) -> set[str]:
        found = listed(client, town, asked)
        assert found["total"] == len(found["items"])
        return {one["title"] for one in found["items"]}

    assert titles("?overdue=true") == {"late", "stuck"}
    assert titles("?overdue=true&status=open") == {"late"}
    assert titles("?overdue=false") == {"early", "done", "no day", "Ash course"}
    assert listed(client, town, "?overdue=true&per_page=1")["total"] == 2
    assert listed(client, town, "?overdue=maybe")["error"]["code"] == "invalid"


def test_a_reported_action_is_verified_once(client: TestClient, town: Town) -> None:
    done = decide(client, town, "verify")
    assert done.status_code == 200 and done.json()["status"] == "verified"
    assert [line["kind"] for line in done.json()["history"]] == ["reported_done", "verified"]
    assert done.json()["history"][1]["by"] == "Lena Worker"
    again = decide(client, town, "verify")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "action_not_reported")
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "verified_action")).one()
    assert (entry.family_id, entry.object_id) == (town.mine.family.id, str(town.mine.action.id))


def test_an_action_is_opened_again_with_the_reason_in_its_history(client: TestClient, town: Town) -> None:
    body = decide(client, town, "reopen", note=" two weeks to go ").json()
    assert body["status"] == "open" and body["history"][-1]["words"] == "two weeks to go"
    assert decide(client, town, "reopen").status_code == 409


def test_who_decides_on_what_has_changed_since_is_told_to_look_again(client: TestClient, town: Town) -> None:
    headers = town.program(town.worker)
    address = f"/api/v1/actions/{town.mine.action.id}"
    seen = listed(client, town)["items"][0]["version"]
    assert listed(client, town)["items"][0]["version"] == seen, "looking changes nothing"
    done = client.post(f"{address}/verify", headers={**headers, "If-Match": f'"{seen}"'})
    assert done.status_code == 200 and done.headers["etag"] == f'"{done.json()["version"]}"' != f'"{seen}"'
    late = client.post(f"{address}/reopen", headers={**headers, "If-Match": f'"{seen}"'})
    assert (late.status_code, late.json()["error"]["code"]) == (412, "changed_meanwhile")
    again = client.post(f"{address}/reopen", headers={**headers, "If-Match": done.headers["etag"]})
    assert again.status_code == 200 and again.json()["status"] == "open"
