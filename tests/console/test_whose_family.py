"""Whose family it is: handed over, taken off it, told of; and who looked at whose family it is."""

from __future__ import annotations

from fastapi.testclient import TestClient
from sqlalchemy import select

from api.access.models import Worker
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import FamilyWorker
from api.messages.models import Conversation
from tests.console.test_people import sign_in, verbs
from tests.small_town import Town


def test_a_family_is_handed_over_the_old_worker_sees_it_no_more_and_both_are_told(
    client: TestClient, town: Town
) -> None:
    page = f"/console/families/{town.mine.family.id}"
    theirs = sign_in(client, town)
    client.post(f"/console/conversations/{town.mine.conversation.id}/take-over", data=town.form(theirs))
    assert client.post(f"{page}/hand-over", data=town.form(theirs, worker=str(town.duty.id))).status_code == 404
    assert "Hand the family" not in client.get(f"{page}/details").text
    cookies = sign_in(client, town, town.manager)
    assert "Hand the family" in client.get(f"{page}/details").text
    for nobody in ("", "x", str(town.far_manager.id)):
        assert client.post(f"{page}/hand-over", data=town.form(cookies, worker=nobody)).status_code == 400
    for _ in range(2):  # once more changes nothing
        answer = client.post(f"{page}/hand-over", data=town.form(cookies, worker=str(town.duty.id)))
        assert answer.status_code == 303
    sign_in(client, town)
    assert client.get(page).status_code == 404
    listed = client.get("/console/families").text
    assert listed.count("you work with it no more") == 1 and page not in listed
    sign_in(client, town, town.duty)
    assert client.get("/console/families").text.count("gave it to you") == 1
    with reading() as session:
        row = session.scalars(select(FamilyWorker).where(FamilyWorker.family_id == town.mine.family.id)).one()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "handed_over_family")).one()
        talk = session.get_one(Conversation, town.mine.conversation.id)
    assert (row.worker_id, row.lead) == (town.duty.id, True)
    assert entry.detail == {"to": str(town.duty.id), "from": str(town.worker.id)}
    assert talk.taken_over_by is None, "nobody would answer there"


def test_who_does_not_lead_is_taken_off_a_family_by_who_leads_the_agency_and_is_told(
    client: TestClient, town: Town
) -> None:
    with transaction() as session:
        sam = Worker(agency_id=town.agency.id, external_id="Sam", name="Sam Second", email="sam@example.org",
                     role="worker")  # fmt: skip
        session.add(sam)
        session.flush()
        session.add(FamilyWorker(family_id=town.mine.family.id, worker_id=sam.id, lead=False))
        session.get_one(Conversation, town.mine.conversation.id).taken_over_by = sam.id
    page = f"/console/families/{town.mine.family.id}"
    ends, leads = f"{page}/workers/{sam.id}/end", f"{page}/workers/{town.worker.id}/end"
    theirs = sign_in(client, town, sam)
    assert client.get(page).status_code == 200
    assert client.post(ends, data=town.form(theirs)).status_code == 404
    cookies = sign_in(client, town, town.manager)
    assert ends in client.get(f"{page}/details").text and leads not in client.get(f"{page}/details").text
    for address in (ends, ends, leads):
        assert client.post(address, data=town.form(cookies)).status_code == 303
    sign_in(client, town, sam)
    assert client.get(page).status_code == 404
    assert client.get("/console/families").text.count("Mona Worker noted that you work with it no more") == 1
    with reading() as session:
        left = session.scalars(select(FamilyWorker.worker_id).filter_by(family_id=town.mine.family.id)).all()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "took_off_family")).one()
        assert session.get_one(Conversation, town.mine.conversation.id).taken_over_by is None
    assert left == [town.worker.id] and (entry.actor_id, entry.detail) == (town.manager.id, {"worker": str(sam.id)})


def test_a_look_at_the_details_of_a_person_or_a_family_is_in_the_trail(client: TestClient, town: Town) -> None:
    sign_in(client, town, town.duty)
    client.get(f"/console/people/{town.mine.parent.id}/details")
    client.get(f"/console/families/{town.mine.family.id}/details")
    assert {"viewed_contact", "viewed_family"} <= set(verbs())
