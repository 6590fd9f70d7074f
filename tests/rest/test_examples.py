"""OpenAPI has a whole example of every body and answer, and each is one that may be sent, or could come back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

from api.app import create_app
from tests.attacks.walk import routes


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    app = create_app()
    app.openapi()
    return app.openapi()  # asked again, it is the same


def told() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body and every answer of success in JSON, with where it stands."""
    for path, methods in document()["paths"].items():
        if not path.startswith("/api/v1/"):
            continue
        for method, operation in methods.items():
            contents = {"body": operation.get("requestBody", {}).get("content", {})}
            contents |= {code: one.get("content", {}) for code, one in operation["responses"].items() if code[0] == "2"}
            for where, content in contents.items():
                if "application/json" in content:
                    yield f"{method.upper()} {path} {where}", content["application/json"]


def test_every_body_and_answer_has_an_example_that_its_schema_allows() -> None:
    found = dict(told())
    assert len(found) > 90
    wrong = {}
    for where, content in found.items():
        assert "example" in content, where
        whole = {**content["schema"], "components": document()["components"]}
        problems = [
            f"{list(one.path)}: {one.message}" for one in Draft202012Validator(whole).iter_errors(content["example"])
        ]
        if problems:
            wrong[where] = problems
    assert wrong == {}


def test_every_example_of_a_body_is_taken_by_the_route_itself() -> None:
    examples = {where: content["example"] for where, content in told() if where.endswith(" body")}
    tried, wrong = set(), {}
    for method in ("POST", "PUT", "PATCH"):
        for route in routes(method):
            where = f"{method} {route.path} body"
            if where in examples and route.body_field is not None:
                tried.add(where)
                _, problems = route.body_field.validate(examples[where], {}, loc=())
                if problems:
                    wrong[where] = [(one["loc"], one["msg"]) for one in problems]
    assert wrong == {} and tried == set(examples)


def test_an_example_has_all_that_may_be_said_and_no_number_of_anybody() -> None:
    examples = {where: content["example"] for where, content in told()}
    appointment = examples["POST /api/v1/families/{family_id}/appointments body"]
    assert {"kind", "starts_at", "ends_at", "place", "bring", "travel", "attendees"} <= set(appointment)
    assert appointment["starts_at"] < appointment["ends_at"]
    assert examples["PATCH /api/v1/appointments/{appointment_id} body"]["attendees"]
    assert not any(
        "+44" in str(one) and "7700 900" not in str(one) and "+447700900" not in str(one) for one in examples.values()
    )
