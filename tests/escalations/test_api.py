"""Escalations under /api/v1: the list, taking one on, closing it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access.models import Worker
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.escalations import service
from api.escalations.models import Escalation
from api.rest.schemas import rfc3339
from tests.small_town import Town


def listed(client: TestClient, town: Town, worker: Worker, query: str = "") -> Any:
    return client.get(f"/api/v1/escalations{query}", headers=town.program(worker)).json()


def post(client: TestClient, town: Town, worker: Worker, path: str, **body: Any) -> Any:
    return client.post(f"/api/v1/escalations/{path}", json=body or None, headers=town.program(worker))


def test_the_list_has_the_words_who_was_told_and_who_is_next(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    (item,) = listed(client, town, town.worker)["items"]
    assert (item["id"], item["state"], item["words"]) == (number, "open", "please ring me")
    assert (item["person_name"], item["family_name"]) == ("Ashparent Ash", "Ash")
    assert "Lena Worker" in {told["name"] for told in item["told"]}
    assert item["next_rung_at"].endswith("Z") and item["reasons"] == ["door_kicked"]


def test_the_most_pressing_come_first_and_only_those_that_one_may_see(client: TestClient, town: Town) -> None:
    routine = town.escalation(town.mine, priority="routine")
    emergency = town.escalation(town.other)
    town.escalation(town.far)
    page = listed(client, town, town.manager)
    assert [item["id"] for item in page["items"]] == [emergency, routine] and page["total"] == 2
    assert listed(client, town, town.manager, "?per_page=1&page=2")["items"][0]["id"] == routine
    assert [item["id"] for item in listed(client, town, town.worker)["items"]] == [routine]


def test_every_escalation_in_the_list_counts_as_seen(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    listed(client, town, town.worker)
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "viewed_escalation")).one()
    assert (entry.object_id, entry.family_id) == (str(number), town.mine.family.id)


def test_the_first_who_acknowledges_has_it_and_the_second_learns_who(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    done = post(client, town, town.worker, f"{number}/acknowledge")
    assert done.status_code == 200, done.text
    body = done.json()
    assert (body["state"], body["acknowledged_by"], body["acknowledged_via"]) == ("acknowledged", "Lena Worker", "api")
    assert body["next_rung_at"] is None
    assert post(client, town, town.worker, f"{number}/acknowledge").status_code == 200, "oneself, again"
    second = post(client, town, town.duty, f"{number}/acknowledge")
    assert second.status_code == 409
    assert second.json()["error"] == {"code": "already_taken", "message": "Lena Worker has taken this on already."}


def test_a_call_is_promised_with_it_or_later_and_never_for_what_is_over_or_far(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    for hours in (-1, 19):
        far = rfc3339(clock.now() + timedelta(hours=hours))
        refused = post(client, town, town.worker, f"{number}/acknowledge", ring_by=far)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "ring_by_when")
    with reading() as session:
        assert session.get_one(Escalation, number).state == "open"
    assert post(client, town, town.worker, f"{number}/acknowledge").json()["ring_by"] is None
    soon = rfc3339((clock.now() + timedelta(hours=2)).replace(microsecond=0))
    assert post(client, town, town.worker, f"{number}/acknowledge", ring_by=soon).json()["ring_by"] == soon
    assert post(client, town, town.duty, f"{number}/acknowledge", ring_by=soon).status_code == 409


def test_whoever_looked_before_the_other_took_it_on_does_not_take_it_away(town: Town) -> None:
    number = town.escalation(town.mine)
    with transaction() as slow:
        assert slow.get_one(Escalation, number).state == "open"
        with transaction() as quick:
            assert service.acknowledge(quick, number, town.duty, via="api").first
        late = service.acknowledge(slow, number, town.worker, via="api")
        assert (late.first, late.by_name) == (False, "Dora Worker")
    with reading() as session:
        assert session.get_one(Escalation, number).acknowledged_by == town.duty.id


def test_it_is_closed_once_with_what_came_of_it(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    assert post(client, town, town.worker, f"{number}/resolve", outcome="  ").status_code == 422
    done = post(client, town, town.worker, f"{number}/resolve", outcome=" rang her, safe ").json()
    assert (done["state"], done["outcome"], done["resolved_by"]) == ("resolved", "rang her, safe", "Lena Worker")
    again = post(client, town, town.worker, f"{number}/resolve", outcome="again")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_resolved")
    assert listed(client, town, town.worker)["total"] == 0
    assert [item["id"] for item in listed(client, town, town.worker, "?show=resolved")["items"]] == [number]
