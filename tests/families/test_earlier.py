"""What was known of a person before somebody changed it: kept, sealed, shown with when and by whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.database import reading, transaction
from api.earlier.models import EarlierVersion
from api.families import content, editing, profile
from api.families.models import ContactPoint, Person
from api.imports.service import import_file
from api.messages import enrolment
from api.reminders import service as reminders
from tests.small_town import Town


def kept(person: Person) -> list[EarlierVersion]:
    with reading() as session:
        query = select(EarlierVersion).filter_by(object_id=person.id).order_by(EarlierVersion.number)
        return list(session.scalars(query))


def sign_in(client: TestClient, town: Town) -> dict[str, str]:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    return cookies


def change(town: Town, values: dict[str, Any], **who: Any) -> None:
    by = {"actor_kind": "worker", "actor_id": town.worker.id, **who}
    with transaction() as session:
        profile.change(session, session.get_one(Person, town.mine.parent.id), values, now=clock.now(), **by)


def test_all_that_a_worker_sets_of_a_profile_is_kept(town: Town) -> None:
    said = content.content_of(town.mine.parent)["record"]
    assert set(editing.FIELDS) | {"kind", "first_name", "last_name", "born"} <= set(said)
    assert not any("pin" in name or "door" in name for name in said)


def test_a_name_and_a_birthday_that_were_mended_stay_to_be_read(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    path = f"/console/people/{town.mine.child.id}/details"
    assert "What it said before" not in client.get(path).text
    given = {"first_name": "Aisha", "last_name": "Ash", "born": "2012-01-31", "kind": "young_person"}
    for _ in range(2):  # the second time changes nothing
        assert client.post(path, data=town.form(cookies, **given)).status_code == 303
    (one,) = kept(town.mine.child)
    assert (one.what, one.by_id, one.content["record"]["first_name"]) == ("corrected", town.worker.id, "Ashchild")
    page = client.get(path).text
    assert "What it said before" in page and "Lena Worker" in page
    for words in ("First name: Ashchild → Aisha", "Born: – → 31 January 2012", "Kind: child → young person"):
        assert words.lower() in page.lower(), words
    with reading() as session:
        stored = str(session.connection().exec_driver_sql("SELECT content FROM earlier_versions").all())
    assert "Ashchild" not in stored


def test_a_program_that_mends_a_name_keeps_the_old_one(client: TestClient, town: Town) -> None:
    address = f"/api/v1/people/{town.mine.parent.id}"
    answer = client.patch(address, json={"first_name": "Rita"}, headers=town.program(town.worker))
    assert answer.status_code == 200, answer.text
    (one,) = kept(town.mine.parent)
    assert one.content["record"]["first_name"] == "Ashparent"


def test_safe_contact_stays_as_it_was_whoever_changes_it(client: TestClient, town: Town) -> None:
    parent = town.mine.parent
    change(town, {"phone_seen_by": "her mother", "contact_from": "09:00", "contact_days": "12345", "wording": "plain"})
    change(town, {"phone_seen_by": "her husband", "wording": "discreet"}, actor_kind="person", actor_id=parent.id)
    first, second = kept(parent)
    assert (first.by_id, second.by_id, second.what) == (town.worker.id, None, "changed")
    assert first.content["record"]["contact_from"] == "08:00:00" and not first.content["record"]["phone_seen_by"]
    assert second.content["record"]["phone_seen_by"] == "her mother"
    sign_in(client, town)
    for page in ("contact", "details"):
        shown = client.get(f"/console/people/{parent.id}/{page}").text
        for words in ("her mother → her husband", "08:00 → 09:00", "Sun → Mon, Tue, Wed, Thu, Fri"):
            assert words in shown, (page, words)


@pytest.mark.parametrize("by_person", [True, False])
def test_reminders_that_somebody_chose_stay_to_be_read(town: Town, by_person: bool) -> None:
    with transaction() as session:
        person = session.get_one(Person, town.mine.parent.id)
        kinds = {"court_hearing": "7d"}
        reminders.choose(session, person, "1d", kinds=kinds, worker=town.worker, by_person=by_person)
    (one,) = kept(town.mine.parent)
    assert one.by_id == (None if by_person else town.worker.id)
    assert one.content["record"]["reminder_moments"] is None and one.content["record"]["reminder_kinds"] == {}


def test_whose_wording_became_discreet_since_the_phone_is_shared_has_the_old_one_kept(town: Town) -> None:
    mine = town.mine
    change(town, {"wording": "plain"})
    with transaction() as session:
        other = Person(family_id=mine.family.id, external_id="other", kind="carer", first_name="Cara")
        session.add(other)
        session.flush()
        number = session.scalars(select(ContactPoint.address).filter_by(person_id=mine.parent.id, channel="sms")).one()
        enrolment.add_number(session, other, number, town.worker, ask=False)
    assert [one.content["record"]["wording"] for one in kept(mine.parent)] == ["discreet", "plain"]


def test_a_file_that_brings_another_name_keeps_the_old_one(town: Town, tmp_path: Path) -> None:
    given = {
        "format": "hearthline-import-1",
        "families": [{"id": "Ash", "agency": "near", "name": "Ash", "lead_worker": "Lena", "people": [
            {"id": "parent", "kind": "parent", "first_name": "Rita", "last_name": "Ash", "born": "1990-02-28"},
            {"id": "child", "kind": "child", "first_name": "Ashchild"},
        ]}],
    }  # fmt: skip
    path = tmp_path / "file.json"
    path.write_text(json.dumps(given), encoding="utf-8")
    for _ in range(2):
        import_file(path)
    (one,) = kept(town.mine.parent)
    assert (one.content["record"]["first_name"], one.content["record"]["born"], one.by_id) == ("Ashparent", None, None)
    assert kept(town.mine.child) == []
