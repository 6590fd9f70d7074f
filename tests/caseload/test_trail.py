"""Managers read who looked at what and who changed what; nobody else does, and reading it is written down too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlalchemy.engine import Engine

from api import texts
from api.access.models import Agency, Worker
from api.audit import queries, service
from api.audit.models import AuditEntry
from api.database import reading, transaction
from tests.caseload.test_today import statements
from tests.small_town import Town


def add(town: Town, by: Worker, verb: str, at: datetime, **more: Any) -> None:
    with transaction() as session:
        entry = {"actor_kind": "worker", "actor_id": by.id, "object_id": "", "detail": {}, **more}
        session.add(AuditEntry(at=at, verb=verb, **entry))


def api(client: TestClient, town: Town, who: Worker, path: str) -> Any:
    return client.get(f"/api/v1{path}", headers=town.program(who))


@pytest.fixture
def trodden(town: Town) -> Town:
    """Lena looked and changed, the parent chose, another agency's manager looked at their own."""
    day = datetime(2026, 11, 18, 12, tzinfo=UTC)
    mine, far = town.mine.family.id, town.far.family.id
    add(town, town.worker, "viewed_family", day, family_id=mine)
    add(town, town.worker, "changed_plan", day + timedelta(minutes=1), family_id=mine, detail={"version": 3})
    add(town, town.worker, "acknowledged_escalation", day + timedelta(minutes=2), family_id=mine, object_id="12")
    add(town, town.mine.parent, "chose_reminders", day + timedelta(days=1), family_id=mine, actor_kind="person")  # type: ignore[arg-type]
    add(town, town.worker, "signed_in", day - timedelta(days=1))
    add(town, town.far_manager, "viewed_family", day, family_id=far)
    add(town, town.far_manager, "signed_in", day)
    return town


def verbs(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [
        one["verb"] for one in answer.json()["items"] if not one["verb"].startswith(("viewed_history", "viewed_audit"))
    ]


def test_a_familys_trail_is_the_newest_first_with_names(client: TestClient, trodden: Town) -> None:
    answer = api(client, trodden, trodden.manager, f"/families/{trodden.mine.family.id}/audit")
    assert verbs(answer) == ["chose_reminders", "acknowledged_escalation", "changed_plan", "viewed_family"]
    named = {one["verb"]: one["actor_name"] for one in answer.json()["items"]}
    assert (named["chose_reminders"], named["changed_plan"]) == ("Ashparent", "Lena Worker")
    looks = api(client, trodden, trodden.manager, f"/families/{trodden.mine.family.id}/audit?only=looks")
    assert verbs(looks) == ["viewed_family"]
    changes = api(client, trodden, trodden.manager, f"/families/{trodden.mine.family.id}/audit?only=changes")
    assert "viewed_family" not in verbs(changes) and len(verbs(changes)) == 3


def test_the_agencys_trail_is_asked_for_by_worker_and_day_and_has_nothing_of_another(
    client: TestClient, trodden: Town
) -> None:
    all_of = verbs(api(client, trodden, trodden.manager, "/audit"))
    assert {"signed_in", "viewed_family", "changed_plan", "chose_reminders"} <= set(all_of)
    assert all_of.count("viewed_family") == 1, "the other agency's is theirs"
    day = verbs(api(client, trodden, trodden.manager, "/audit?day=2026-11-18"))
    assert day == ["acknowledged_escalation", "changed_plan", "viewed_family"]
    worker = f"/audit?worker_id={trodden.worker.id}&day=2026-11-17"
    assert verbs(api(client, trodden, trodden.manager, worker)) == ["signed_in"]
    far = verbs(api(client, trodden, trodden.far_manager, "/audit?day=2026-11-18"))
    assert sorted(far) == ["signed_in", "viewed_family"]
    assert verbs(api(client, trodden, trodden.far_manager, f"/audit?worker_id={trodden.worker.id}")) == []


def test_a_day_is_the_agencys(client: TestClient, trodden: Town) -> None:
    with transaction() as session:
        session.execute(update(Agency).where(Agency.id == trodden.agency.id).values(timezone="America/New_York"))
    add(trodden, trodden.worker, "signed_out", datetime(2026, 11, 19, 2, tzinfo=UTC))  # nine in the evening of the 18th
    assert verbs(api(client, trodden, trodden.manager, "/audit?day=2026-11-18"))[0] == "signed_out"


@pytest.mark.parametrize("role", ["worker", "duty", "administrator"])
def test_only_managers_read_it(client: TestClient, trodden: Town, role: str) -> None:
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == trodden.worker.id).values(role=role))
    client.cookies.update(trodden.signed_in(trodden.worker))
    family = f"families/{trodden.mine.family.id}"
    for path in ("/console/audit", f"/console/{family}/history"):
        assert client.get(path).status_code == 404
    for path in ("/audit", f"/{family}/audit"):
        assert api(client, trodden, trodden.worker, path).status_code == 404
    assert "/console/audit" not in client.get("/console").text
    other = api(client, trodden, trodden.far_manager, f"/{family}/audit")
    assert other.status_code == 404, "another agency's manager"


def test_the_pages_say_it_in_words_and_looking_is_a_line_too(client: TestClient, trodden: Town) -> None:
    client.cookies.update(trodden.signed_in(trodden.manager))
    family = trodden.mine.family.id
    page = client.get(f"/console/families/{family}/history").text
    for words in ("changed the plan", "took on an escalation", 'href="/console/e/12"', "version: 3", "a family member"):
        assert words in page, words
    assert f"/console/families/{family}/history" in client.get(f"/console/families/{family}").text
    page = client.get(f"/console/audit?worker={trodden.worker.id}&day=2026-11-18").text
    assert "Lena Worker" in page and "changed the plan" in page and "Ash family" in page
    assert client.get("/console/audit?worker=x&day=never&only=odd&page=-1").status_code == 200
    assert "cambió el plan" in client.get(f"/console/families/{family}/history?language=es").text
    with reading() as session:
        mine = select(AuditEntry.verb).where(AuditEntry.actor_id == trodden.manager.id)
        looked = session.scalars(mine.where(AuditEntry.verb.in_(("viewed_history", "viewed_audit_trail")))).all()
    assert sorted(looked) == ["viewed_audit_trail", "viewed_audit_trail", "viewed_history"]


def test_a_verb_without_words_is_shown_as_it_is(client: TestClient, trodden: Town) -> None:
    add(
        trodden,
        trodden.worker,
        "did_odd_things",
        datetime(2026, 11, 18, 13, tzinfo=UTC),
        family_id=trodden.mine.family.id,
    )
    client.cookies.update(trodden.signed_in(trodden.manager))
    page = client.get(f"/console/families/{trodden.mine.family.id}/history").text
    assert "did something else (did_odd_things)" in page


def test_more_lines_take_no_more_statements(client: TestClient, trodden: Town, database: Engine) -> None:
    client.cookies.update(trodden.signed_in(trodden.manager))
    path = f"/console/families/{trodden.mine.family.id}/history"
    client.get(path)
    with statements(database) as few:
        client.get(path)
    for n in range(70):
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=n)
        add(trodden, trodden.worker, "viewed_plan", at, family_id=trodden.mine.family.id)
    with statements(database) as many:
        assert 'rel="next"' in client.get(path).text
    assert len(many) == len(few) <= 9, "\n".join(many)


def test_the_services_own_verbs_of_looking_count_as_looks(session: Any, town: Town) -> None:
    service.record_view(
        session, worker_id=town.worker.id, verb="viewed_plan", family_id=town.mine.family.id, object_id="1"
    )
    service.record(session, actor_kind="system", actor_id=None, verb="changed_plan", family_id=town.mine.family.id)
    session.flush()
    looks, total = queries.entries(session, queries.chosen(town.manager, only="looks"), limit=9, offset=0)
    assert [one.entry.verb for one in looks] == ["viewed_plan"] and total == 1
    assert texts.has("audit.verb.viewed_plan")
