"""The whole of /api/v1, each operation tried by schemathesis with what its OpenAPI allows and what it forbids.

Promise: whatever a program sends, no answer is a 500, none has a status that is not documented, and each has the shape
that is. The examples are the same in every run; most name things that are really there, so that they get past the door.
"""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi import checks as openapi

from api.access import keys
from api.appointments.models import Appointment, AppointmentSeries
from api.conferences.models import Conference
from api.database import transaction
from api.plans.models import Plan, PlanAction
from tests.rest.walking import CHECKS, DOCUMENT, OURS, STEADY
from tests.small_town import Town, dropped_outcome_of, review_of

#: So many requests to each operation: of what it allows, and of what it forbids.
ALLOWED, FORBIDDEN = 24, 12
#: A token wants the password, and a key cannot be taken back as a token.
NEVER = ("POST /api/v1/token", "DELETE /api/v1/token")
#: How a series can be, that is always to come.
RHYTHM: dict[str, Any] = {
    "frequency": "weekly", "every_working_days": None, "starts_on": "2030-01-10", "ends_on": None, "at": "10:00",
    "minutes": 60,
}  # fmt: skip
#: What is right in shape is seldom right in sense: some of the requests get these fields, so that more of each is done.
#: ``{child_id}`` is what is really there (``there``).
SENSE: dict[str, dict[str, Any]] = {
    "POST /api/v1/families/{family_id}/appointments": {
        "starts_at": "2030-05-01T10:00:00+01:00",
        "ends_at": "2030-05-01T11:00:00+01:00",
        "attendees": [{"name": "Amara Okafor", "role": "social worker"}],
    },
    "PATCH /api/v1/appointments/{appointment_id}": {"starts_at": "2030-05-01T10:00:00Z"},
    "POST /api/v1/families/{family_id}/conferences": {
        "kind": "initial", "status": "planned", "decision": None, "children": [], "attendees": [],
        "held_on": "2030-01-07", "plan_id": None,
    },
    "PUT /api/v1/conferences/{conference_id}": {
        "kind": "review", "status": "planned", "decision": None, "children": [], "attendees": [],
        "held_on": "2030-01-07",
    },
    "POST /api/v1/plans/{plan_id}/reviews": {
        "held_on": "2026-04-02", "next_review_on": "2026-07-02", "progress": [], "risks": [], "conference_id": None,
        "effects": [{"action_id": "{action_id}", "effect": "helped"}],
    },
    "PUT /api/v1/reviews/{review_id}": {
        "held_on": "2026-04-02", "next_review_on": "2026-07-02", "progress": [], "risks": [], "conference_id": None,
        "effects": [{"action_id": "{action_id}", "effect": "helped"}],
        "next_step": "continue", "why": "the wrong day",
    },
    "PATCH /api/v1/plans/{plan_id}": {"review_on": "2030-01-07"},
    "PUT /api/v1/plans/{plan_id}/start": {"started_on": "2026-01-06"},
    "POST /api/v1/plans/{plan_id}/end": {"ended_on": "2026-05-04"},
    "POST /api/v1/plans/{plan_id}/actions": {"owner_name": "Mr Reid", "due_on": "2030-01-07", "outcome_id": None},
    "PATCH /api/v1/actions/{action_id}": {"owner_name": "Mr Reid", "due_on": "2030-01-07", "outcome_id": None},
    "POST /api/v1/families": {"name": "Rowan", "external_id": None},
    "PATCH /api/v1/families/{family_id}": {"name": "Ashe", "external_id": None},
    "POST /api/v1/families/{family_id}/people": {
        "kind": "carer", "first_name": "Rita", "last_name": "", "born": "1990-02-28", "external_id": None,
        "phone": None,
    },
    "POST /api/v1/changes/{request_id}/offer": {"starts_at": ["2030-05-01T10:00:00Z", "2030-05-02T10:00:00Z"]},
    "POST /api/v1/families/{family_id}/plans": {
        "started_on": "2026-01-07", "review_on": None, "children": ["{child_id}"], "external_id": None,
    },
    "POST /api/v1/families/{family_id}/series": {
        **RHYTHM, "attendees": [{"name": "Amara Okafor", "role": "social worker"}], "external_id": None,
    },
    "PATCH /api/v1/series/{series_id}": {**RHYTHM, "from": "2030-01-08", "kind": None, "attendees": None},
    "POST /api/v1/series/{series_id}/end": {"from": "2030-01-08"},
    "PATCH /api/v1/people/{person_id}": {"kind": "parent", "first_name": "Rita", "last_name": "", "born": None},
}  # fmt: skip

#: What can be decided only in another state than the town's is in: of which table, by which id, and that state.
STATES: dict[str, tuple[type[Any], str, dict[str, Any]]] = {
    "POST /api/v1/actions/{action_id}/block": (PlanAction, "action_id", {"status": "open"}),
    "POST /api/v1/actions/{action_id}/unblock": (PlanAction, "action_id", {"status": "blocked"}),
    "POST /api/v1/actions/{action_id}/restore": (PlanAction, "action_id", {"status": "dropped"}),
    "POST /api/v1/conferences/{conference_id}/withdraw": (
        Conference, "conference_id", {"status": "held", "decision": "continue"},
    ),
    "POST /api/v1/plans/{plan_id}/go-on": (Plan, "plan_id", {"ended_on": date(2026, 5, 4)}),
    "PATCH /api/v1/series/{series_id}": (AppointmentSeries, "series_id", {"ends_on": None}),
}  # fmt: skip


#: What is done only where no conference makes a plan, by a family that has none which goes on.
BY_AGREEMENT = ("POST /api/v1/families/{family_id}/plans",)
#: Of ten tries one is of something that is not there, and three send what makes sense. What comes first is tried most.
REALLY = (7, 1, 8, 2, 9, 3, 4, 5, 6, 0)
OPERATIONS = [found.ok() for found in DOCUMENT.include(path_regex=OURS).get_all_operations()]
#: Each with what it allows, and with what it forbids where it forbids anything.
TRIED = [
    pytest.param(operation, mode, id=f"{operation.label}-{mode.value}")
    for operation in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or operation.body or operation.query or operation.path_parameters
]


def test_the_walk_finds_the_operations() -> None:
    assert len(OPERATIONS) >= 32
    assert all(operation.path.startswith("/api/v1/") for operation in OPERATIONS)


@pytest.fixture
def key(town: Town) -> dict[str, str]:
    """An API key that may write, for a worker who sees the whole agency."""
    with transaction() as session:
        plain = keys.make(session, town.manager, "tries everything", "write", town.manager.id)
    return {"Authorization": f"Bearer {plain}"}


@pytest.fixture
def there(town: Town) -> dict[str, Any]:
    """What is really there, by the name that the API gives its id."""
    mine = town.mine
    return {
        "outcome_id": dropped_outcome_of(mine),
        "family_id": mine.family.id,
        "lead_worker_id": town.worker.id,
        "person_id": mine.parent.id,
        "child_id": mine.child.id,
        "owner_person_id": mine.parent.id,
        "appointment_id": mine.appointment.id,
        "action_id": mine.action.id,
        "plan_id": mine.plan.id,
        "event_id": mine.event.id,
        "view_id": mine.view.id,
        "conference_id": mine.meeting.id,
        "review_id": review_of(mine),
        "conversation_id": mine.conversation.id,
        "series_id": mine.series.id,
        "request_id": mine.change.id,
        "escalation_id": town.escalation(mine),
    }


def _known(value: Any, there: dict[str, Any]) -> Any:
    """The body, with ids of things that are there where it has an id."""
    if isinstance(value, list):
        return [_known(one, there) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: str(there[name]) if name in there and _is_id(one) else _known(one, there) for name, one in value.items()
    }


def _filled(value: Any, there: dict[str, Any]) -> Any:
    """The same, with ids of things that are there for ``{child_id}`` and the like."""
    if isinstance(value, list):
        return [_filled(one, there) for one in value]
    if isinstance(value, dict):
        return {name: _filled(one, there) for name, one in value.items()}
    return value.format_map(there) if isinstance(value, str) else value


def _is_id(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(uuid.UUID(value))
    except ValueError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize(("operation", "mode"), TRIED)
def test_every_answer_is_a_documented_one(
    operation: Any, mode: GenerationMode, key: dict[str, str], there: dict[str, Any], town: Town
) -> None:
    allowed = mode is GenerationMode.POSITIVE
    writes = operation.method != "get"
    signing_in = operation.label == "POST /api/v1/token"
    done: Counter[int] = Counter()
    if operation.label in BY_AGREEMENT:
        town.in_ohio()
    if operation.label in STATES:
        with transaction() as session:
            table, key_of, state = STATES[operation.label]
            for name, value in state.items():
                setattr(session.get_one(table, there[key_of]), name, value)
    if operation.label.endswith("/happened"):  # what is still to come has not happened
        with transaction() as session:
            over = session.get_one(Appointment, there["appointment_id"])
            over.starts_at, over.ends_at = over.starts_at - timedelta(days=9), over.ends_at - timedelta(days=9)

    @settings(
        max_examples=4 if signing_in else (ALLOWED if allowed else FORBIDDEN) // (1 if writes else 2),
        suppress_health_check=list(HealthCheck),
        **STEADY,
    )
    @given(case=operation.as_strategy(generation_mode=mode), really=st.sampled_from(REALLY))
    def ask(case: Case, really: int) -> None:
        if allowed and really:
            for name in case.path_parameters:
                case.path_parameters[name] = there[name]
            case.body = _known(case.body, there)
            if really > 6 and isinstance(case.body, dict):
                sense = SENSE.get(operation.label, {})
                case.body |= {name: _filled(value, there) for name, value in sense.items()}
                case.headers.pop("If-Match", None)
        headers = {} if signing_in else key
        answer = case.call(headers=headers)
        done[answer.status_code] += 1
        checks = CHECKS
        if not allowed and answer.status_code < 300:  # accepted, though forbidden: or not forbidden as it was sent?
            checks = [*CHECKS, openapi.negative_data_rejection]
        case.validate_response(answer, checks=checks, headers=headers)

    ask()
    if allowed and operation.label not in NEVER:
        assert any(status < 300 for status in done), f"nothing got past the door: {dict(done)}"


def test_who_may_not_gets_a_documented_answer(town: Town, client: TestClient, there: dict[str, Any]) -> None:
    with transaction() as session:
        reads = keys.make(session, town.manager, "reads", "read", town.manager.id)
    for operation in OPERATIONS:
        if operation.label == "POST /api/v1/token":  # it is for those who are not signed in yet
            continue
        path, documented = operation.path.format_map(there), operation.responses.status_codes
        nobody = client.request(operation.method, path)
        assert nobody.status_code == 401 and "401" in documented, operation.label
        if operation.method != "get":
            refused = client.request(operation.method, path, headers={"Authorization": f"Bearer {reads}"})
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "scope_needed")
            assert "403" in documented, operation.label


def test_every_write_says_that_it_may_be_sent_again() -> None:
    told = {one.label for one in OPERATIONS if any(header.name == "Idempotency-Key" for header in one.headers)}
    writes = {one.label for one in OPERATIONS if one.method != "get"}
    assert told == {label for label in writes if not label.endswith("/token")}
