"""The page about how a person is reached: the code that lets them back in."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import Person
from tests.small_town import Town


def sign_in(client: TestClient, town: Town) -> dict[str, str]:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    return cookies


def test_a_worker_gives_a_code_that_is_shown_once_and_kept_nowhere(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    with transaction() as session:
        person = session.get_one(Person, town.mine.parent.id)
        person.pin_hash, person.pin_tries, person.pin_locked_at = "old", 5, clock.now()
    assert "Locked after too many wrong tries" in client.get(f"/console/people/{town.mine.parent.id}/contact").text
    answer = client.post(f"/console/people/{town.mine.parent.id}/pin-code", data=town.form(cookies))
    found = re.search(r'<p class="code">(\d{6})</p>', answer.text)
    assert answer.status_code == 200 and found
    assert found[1] not in client.get(f"/console/people/{town.mine.parent.id}/contact").text
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "reset_pin")).one()
        person = session.get_one(Person, town.mine.parent.id)
    assert (entry.actor_id, entry.object_id, entry.detail) == (town.worker.id, str(town.mine.parent.id), {})
    assert person.pin_locked_at is None and person.pin_tries == 0
    assert person.pin_hash.startswith("$argon2") and found[1] not in person.pin_hash


def test_a_child_who_does_not_write_has_no_such_page(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    assert client.get(f"/console/people/{town.mine.child.id}/contact").status_code == 404
    assert client.post(f"/console/people/{town.mine.child.id}/pin-code", data=town.form(cookies)).status_code == 404
