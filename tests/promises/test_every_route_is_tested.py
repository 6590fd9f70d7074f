"""A walk over all routes: each is named by a test, and each with an id is in a test that asks with somebody else's."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from api.assistant.operations import service
from tests.access.api_routes import FOR_MANAGERS
from tests.access.api_routes import ROUTES as SCOPED_API
from tests.access.test_every_route_has_a_guard import ALL, guards, label
from tests.access.test_who_sees_what import ROUTES as SCOPED

TESTS = Path(__file__).resolve().parents[1]
#: An id in these says nothing about a family: a public directory; the demo, which a real installation has not;
#: links that are signed, for one worker and one thing (tests/escalations/test_links.py, test_feed.py); and addresses
#: that are long, random and one person's own (tests/appointments/test_feeds.py, tests/evidence/test_links.py,
#: tests/messages/test_families_by_mail.py).
OPEN_IDS = ("/hsds/", "/demo/", "/a/", "/u/", "/e/", "/rota/", "/calendar/")


@lru_cache(maxsize=1)
def all_tests() -> str:
    """The text of every test but this one."""
    paths = [path for path in sorted(TESTS.rglob("*.py")) if path.name != Path(__file__).name]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def named(path: str) -> re.Pattern[str]:
    """How a test names a route: its path, with anything where an id stands, or where it goes through several."""
    first, *rest = path.strip("/").split("/")
    steps = [r"[^/\s\"'?]+" if "{" in step else rf"(?:{re.escape(step)}|\{{\w+\}})" for step in rest]
    return re.compile("/" + "/".join([re.escape(first), *steps]) + r"/?(?![\w/-])")


@pytest.mark.parametrize("route", ALL, ids=label)
def test_a_test_names(route: APIRoute) -> None:
    if route.path.startswith("/assist/"):
        assert service.OPERATIONS, "tests/promises/test_other_families.py walks the list of all operations"
        return
    assert named(route.path).search(all_tests()), f"no test names {label(route)}"


@pytest.mark.parametrize(
    "route", [r for r in ALL if "{" in r.path and not r.path.startswith((*OPEN_IDS, "/assist/"))], ids=label
)
def test_somebody_elses_id_is_asked_for_at(route: APIRoute) -> None:
    assert {"signed_in_worker", "bearer_worker"} & guards(route), (
        "an id in a path needs somebody who may see it: say in OPEN_IDS why not"
    )
    shape = re.sub(r"\{\w+\}", "{}", route.path)
    scoped = {
        (method, re.sub(r"\{\w+\}", "{}", path.partition("?")[0]))
        for method, path in SCOPED + SCOPED_API + FOR_MANAGERS
    }
    for method in route.methods:
        assert (method, shape) in scoped, f"{label(route)} is not in tests/access/test_who_sees_what.py or test_api.py"


def test_a_turn_token_is_the_only_key_to_the_assist_routes() -> None:
    for route in ALL:
        if route.path.startswith("/assist/"):
            assert guards(route) == {"turn"}
            assert route.path == "/assist/{operation}", "no id in the path: the token says who is asking"
