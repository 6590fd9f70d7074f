"""Fields that no form has: somebody who adds their own role, agency, family, state or id to what they send."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.engine import Engine

from api.app import create_app
from tests.attacks.walk import ALL, NO_COOKIES, Places, guards, label, places
from tests.small_town import Town

#: What decides who may see and do what, and what nobody may claim by a form: as the database has it.
DECIDES = (
    "SELECT id, agency_id, role, active, password_hash, external_id FROM workers",
    "SELECT id, second_factor_roles, jurisdiction FROM agencies",
    "SELECT id, agency_id, external_id FROM families",
    "SELECT family_id, worker_id, lead FROM family_workers",
    "SELECT id, family_id, external_id FROM people WHERE external_id IN ('parent', 'child')",
    "SELECT id, family_id FROM plans WHERE external_id = 'plan'",
    "SELECT id, family_id FROM appointments WHERE external_id = 'm'",
    "SELECT id, agency_id, family_id, person_id FROM escalations",
    "SELECT id, channel, address, agency_id, person_id FROM conversations WHERE channel = 'sms'",
    "SELECT id, body, received_at FROM inbound_messages",
)


def decided(database: Engine) -> list[Any]:
    with database.connect() as connection:
        return [sorted(map(repr, connection.execute(text(query)))) for query in DECIDES]


def wishes(here: Places) -> dict[str, str]:
    """Everything that somebody could wish for, under the names that the tables have."""
    town = here.town
    far = town.far
    return {
        "id": str(uuid.uuid4()), "role": "administrator", "is_admin": "true", "admin": "1", "active": "true",
        "agency_id": str(town.far_agency.id), "agency": str(town.far_agency.id), "family_id": str(far.family.id),
        "person_id": str(far.parent.id), "worker_id": str(town.far_manager.id), "plan": str(far.plan.id),
        "conversation_id": str(far.conversation.id), "escalation_id": "1", "external_id": "somebody-elses",
        "password_hash": "x", "pin_hash": "x", "lead": "true", "state": "resolved", "received_at": "2001-01-01",
        "created_at": "2001-01-01", "actor_id": str(town.far_manager.id), "email": "evil@example.org", "verified": "on",
        "body": "other words", "address": "+447700900999", "channel": "sms", "second_factor_roles": "",
    }  # fmt: skip


def test_no_form_takes_what_it_does_not_ask_for(client: TestClient, town: Town, database: Engine) -> None:
    here = places(town)
    before = decided(database)
    tried = 0
    for route in ALL:
        if "POST" not in route.methods or guards(route) & NO_COOKIES or route.path.startswith(("/demo", "/api")):
            continue
        if route.path.endswith(("/deactivate", "/workers/second-factor", "/a/{token}")):
            continue  # what these are for is what is watched
        client.cookies.clear()
        cookies = town.chatting(town.mine.parent)[0] if route.path.startswith("/chat") else town.signed_in(town.worker)
        client.cookies.update(cookies)
        given = town.form(cookies, **{**wishes(here), "body": "", "outcome": "seen to", "words": "hello"})
        assert client.post(here.address(route), data=given).status_code < 500, label(route)
        assert decided(database) == before, label(route)
        tried += 1
    assert tried > 50


def test_the_api_refuses_fields_that_it_does_not_know(client: TestClient, town: Town, database: Engine) -> None:
    """Every body that it takes, from its own description: one more field, and nothing is done."""
    here = places(town)
    described = create_app().openapi()
    headers = town.program(town.manager)
    before = decided(database)
    tried = 0
    for route in ALL:
        for method in route.methods - {"GET", "HEAD"}:
            operation = described["paths"].get(route.path, {}).get(method.lower(), {})
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is None or not route.path.startswith("/api/v1"):
                continue
            for name, wish in wishes(here).items():
                if name in _names(body["schema"], described):
                    continue
                answer = client.request(method, here.address(route), json={name: wish}, headers=headers)
                assert answer.status_code == 422, f"{label(route)} takes {name}"
            tried += 1
    assert tried >= 8
    assert decided(database) == before


def _names(schema: dict[str, Any], described: dict[str, Any]) -> set[str]:
    """The fields of a body, and that it says it has no others."""
    if "anyOf" in schema:
        schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
    shape = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert shape["additionalProperties"] is False, shape["title"]
    return set(shape["properties"])
