"""What workers decide on actions, a family's and a professional's: done, blocked, dropped, and back again."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.plans.models import ActionEvent, Plan, PlanAction
from api.webhooks.models import WebhookEvent
from tests.small_town import Town


@pytest.fixture
def theirs(town: Town) -> PlanAction:
    """Something that a professional has to do."""
    with transaction() as session:
        made = PlanAction(
            id=uuid.uuid4(), plan_id=town.mine.plan.id, external_id="p", title="Write to the landlord",
            owner_name="Mr Reid",
        )  # fmt: skip
        session.add(made)
        return made


def decide(client: TestClient, town: Town, action: PlanAction, what: str, **body: Any) -> Any:
    address = f"/api/v1/actions/{action.id}/{what}"
    return client.post(address, json=body or None, headers=town.program(town.worker))


def test_a_professional_s_action_is_blocked_goes_on_and_is_done_without_anybody_s_report(
    client: TestClient, town: Town, theirs: PlanAction
) -> None:
    blocked = decide(client, town, theirs, "block", reason=" He is away. ").json()
    assert (blocked["status"], blocked["blocked_reason"]) == ("blocked", "He is away.")
    again = decide(client, town, theirs, "block", reason="He is ill.").json()
    assert again["blocked_reason"] == "He is ill."
    free = decide(client, town, theirs, "unblock").json()
    assert (free["status"], free["blocked_reason"]) == ("open", "")
    assert decide(client, town, theirs, "unblock").status_code == 409
    done = decide(client, town, theirs, "done", note="Seen the letter").json()
    assert done["status"] == "verified"
    assert [(one["kind"], one["by"], one["words"]) for one in done["history"]] == [
        ("blocked", "Lena Worker", "He is away."),
        ("blocked", "Lena Worker", "He is ill."),
        ("unblocked", "Lena Worker", ""),
        ("verified", "Lena Worker", "Seen the letter"),
    ]
    assert decide(client, town, theirs, "done").json()["error"]["code"] == "action_not_reported"
    assert decide(client, town, theirs, "drop", reason="x").status_code == 409
    with reading() as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.object_id == str(theirs.id))).all()
        assert sorted(verbs) == ["blocked_action", "blocked_action", "unblocked_action", "verified_action"]
        assert not session.scalars(select(WebhookEvent)).all(), "nobody asked for any"


def test_an_action_is_dropped_with_a_reason_and_taken_back_and_the_plan_s_versions_say_so(
    client: TestClient, town: Town, theirs: PlanAction
) -> None:
    assert decide(client, town, theirs, "drop").status_code == 422
    assert decide(client, town, theirs, "drop", reason="   ").status_code == 422
    dropped = decide(client, town, theirs, "drop", reason="They have moved").json()
    assert dropped["status"] == "dropped" and dropped["history"][-1]["words"] == "They have moved"
    headers = town.program(town.worker)
    versions = client.get(f"/api/v1/plans/{town.mine.plan.id}/versions", headers=headers).json()
    assert versions[0]["changes"][0]["fields"]["dropped"] == [False, True]
    back = client.post(
        f"/api/v1/actions/{theirs.id}/restore", headers={**headers, "If-Match": f'"{dropped["version"]}"'}
    )
    assert back.json()["status"] == "open"
    late = client.post(
        f"/api/v1/actions/{theirs.id}/drop", json={"reason": "x"}, headers={**headers, "If-Match": '"old"'}
    )
    assert late.status_code == 412
    with transaction() as session:
        plan = session.get_one(Plan, town.mine.plan.id)
        plan.ended_on = plan.started_on
    for what, body in (("drop", {"reason": "x"}), ("block", {"reason": "x"}), ("unblock", {}), ("restore", {})):
        over = decide(client, town, theirs, what, **body)
        assert (over.status_code, over.json()["error"]["code"]) == (409, "plan_is_over"), what


def test_the_console_decides_asks_for_a_reason_and_shows_who_said_what(
    client: TestClient, town: Town, theirs: PlanAction
) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    family = f"/console/families/{town.mine.family.id}"

    def post(do: str, note: str = "") -> Any:
        return client.post(f"/console/actions/{theirs.id}/status", data=town.form(cookies, do=do, note=note))

    assert f'action="/console/actions/{theirs.id}/status"' in client.get(family).text
    refused = post("block")
    assert refused.status_code == 400 and "Write down what is in the way" in refused.text
    assert post("drop", "  ").status_code == 400
    assert post("block", "He is <away>").status_code == 303
    page = client.get(family).text
    assert "He is &lt;away&gt;" in page and "Blocked, Lena Worker" in page and "It is not blocked any more" in page
    assert post("drop", "Not needed").status_code == 303
    assert post("drop", "Not needed").status_code == 303, "somebody was quicker: the page shows how it stands"
    page = client.get(family).text
    assert "Dropped, Lena Worker" in page and "Take it back into the plan" in page
    assert post("restore").status_code == post("done").status_code == post("nonsense").status_code == 303
    with reading() as session:
        kinds = session.scalars(select(ActionEvent.kind).filter_by(action_id=theirs.id).order_by(ActionEvent.at)).all()
        assert kinds == ["blocked", "dropped", "restored", "verified"]
        assert session.get_one(PlanAction, theirs.id).status == "verified"
