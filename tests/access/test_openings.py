"""Breaking the glass: an hour, a reason, and everybody whom it concerns is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access import openings
from api.access.models import Opening, Worker
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import FamilyWorker
from tests.small_town import Household, Town

REASON = "Her school rang: nobody fetched the child, the lead worker is away"


def open_it(client: TestClient, town: Town, worker: Worker, family: str, reason: str = REASON) -> Any:
    cookies = town.signed_in(worker)
    client.cookies.update(cookies)
    return client.post("/console/openings", data=town.form(cookies, family=family, reason=reason))


def look(client: TestClient, town: Town, worker: Worker, household: Household) -> int:
    client.cookies.update(town.signed_in(worker))
    return client.get(f"/console/families/{household.family.id}").status_code


def rows() -> list[Opening]:
    with reading() as session:
        return list(session.scalars(select(Opening)))


def test_a_family_that_is_not_ones_own_opens_for_an_hour_with_a_reason(client: TestClient, town: Town) -> None:
    assert look(client, town, town.worker, town.other) == 404
    answer = open_it(client, town, town.worker, " birch ")
    assert answer.headers["location"] == f"/console/families/{town.other.family.id}"
    assert look(client, town, town.worker, town.other) == 200
    assert client.get(f"/console/conversations/{town.other.conversation.id}").status_code == 200
    program = town.program(town.worker)
    assert client.get(f"/api/v1/families/{town.other.family.id}", headers=program).status_code == 200
    clock.move(openings.LASTS + timedelta(seconds=1))
    assert look(client, town, town.worker, town.other) == 404
    assert client.get(f"/api/v1/families/{town.other.family.id}", headers=program).status_code == 404


def test_without_a_reason_nothing_opens(client: TestClient, town: Town) -> None:
    for reason in ("", " " * 40, "urgent"):
        assert open_it(client, town, town.worker, "Birch", reason).status_code == 400
    assert rows() == [] and look(client, town, town.worker, town.other) == 404


def test_no_family_of_another_agency_opens_and_none_is_told_from_what_is_not_there(
    client: TestClient, town: Town
) -> None:
    far, nobody = open_it(client, town, town.worker, "Cedar"), open_it(client, town, town.worker, "Nobody")
    assert far.status_code == nobody.status_code == 400 and rows() == []
    assert far.text.count("No one family has this reference or name") == 1
    assert look(client, town, town.worker, town.far) == 404


def test_guessing_names_ends_after_a_few(client: TestClient, town: Town) -> None:
    for n in range(openings.TRIES):
        assert open_it(client, town, town.worker, f"guess {n}").status_code == 400
    assert open_it(client, town, town.worker, "Birch").status_code == 429 and rows() == []


def test_it_is_in_the_audit_trail_without_the_words(client: TestClient, town: Town) -> None:
    open_it(client, town, town.worker, "Birch")
    with reading() as session:
        entry = session.scalars(select(AuditEntry).filter_by(verb="opened_unassigned_family")).one()
    assert (entry.actor_id, entry.family_id) == (town.worker.id, town.other.family.id)
    assert "school" not in str(vars(entry))


def test_the_familys_worker_is_told_until_they_have_seen_it_and_managers_read_all(
    client: TestClient, town: Town
) -> None:
    with transaction() as session:
        other = Worker(agency_id=town.agency.id, external_id="o", name="Olu", email="olu@example.org", role="worker")
        session.add(other)
        session.flush()
        session.add(FamilyWorker(family_id=town.other.family.id, worker_id=other.id, lead=True))
    open_it(client, town, town.worker, "Birch")
    cookies = town.signed_in(other)
    client.cookies.update(cookies)
    assert "Somebody opened a family of yours" in client.get("/console").text
    page = client.get("/console/openings").text
    assert "Lena Worker" in page and REASON in page
    address = f"/console/openings/{rows()[0].id}/seen"
    stranger = town.signed_in(town.worker)
    client.cookies.update(stranger)
    assert client.post(address, data=town.form(stranger)).status_code == 404, "nobody clears the notice of their own"
    client.cookies.update(cookies)
    assert client.post(address, data=town.form(cookies)).status_code == 303
    assert client.post(address, data=town.form(cookies)).status_code == 404, "once"
    assert "Somebody opened a family of yours" not in client.get("/console").text
    client.cookies.update(town.signed_in(town.manager))
    page = client.get("/console/openings").text
    assert REASON in page and "Seen by Olu" in page
    client.cookies.update(town.signed_in(town.far_manager))
    assert REASON not in client.get("/console/openings").text


def test_a_worker_without_a_part_in_it_reads_nothing_of_it(client: TestClient, town: Town) -> None:
    with transaction() as session:
        third = Worker(agency_id=town.agency.id, external_id="t", name="Tom", email="tom@example.org", role="worker")
        session.add(third)
    open_it(client, town, town.worker, "Birch")
    client.cookies.update(town.signed_in(third))
    assert "Birch" not in client.get("/console/openings").text
    assert look(client, town, third, town.other) == 404


def test_ones_own_family_is_not_opened_again_and_who_sees_all_needs_no_glass(client: TestClient, town: Town) -> None:
    answer = open_it(client, town, town.worker, "Ash")
    assert answer.headers["location"] == f"/console/families/{town.mine.family.id}" and rows() == []
    assert open_it(client, town, town.duty, "Birch").status_code == 404
    assert '<form class="card" method="post" action="/console/openings">' not in client.get("/console/openings").text


def test_a_reason_with_markup_is_shown_as_it_was_written(client: TestClient, town: Town) -> None:
    open_it(client, town, town.worker, "Birch", "<script>alert(1)</script> and why")
    client.cookies.update(town.signed_in(town.manager))
    page = client.get("/console/openings").text
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
