"""What OpenAPI describes beside /api/v1: the public directory, Twilio's webhooks and whether all is well, each tried by
schemathesis with what the document allows and what it forbids.

Promise: no answer is a 500, none has a status that is not documented, and each has the shape that is; a webhook does
nothing that Twilio did not sign. The signature is made over the very bytes that come in (tests/harness/twilio.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from starlette.datastructures import ImmutableMultiDict
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import settings as configured
from api.directory.models import Organization, Service, ServiceAtLocation, Taxonomy, TaxonomyTerm
from api.imports.service import import_services
from api.messages.models import InboundMessage
from tests.directory.conftest import SERVICES
from tests.harness.twilio import FakeTwilio
from tests.rest.walking import APP, CHECKS, DOCUMENT, OURS, STEADY
from tests.small_town import Town

#: So many requests to each operation: of what it allows, and of what it forbids.
ALLOWED, FORBIDDEN = 8, 4
OPERATIONS = [found.ok() for found in DOCUMENT.exclude(path_regex=OURS).get_all_operations()]
WEBHOOKS = [one for one in OPERATIONS if one.path.startswith("/channels/twilio/")]
#: Of each kind of thing under /hsds, where one that is there is found.
TABLES = {
    "services": Service,
    "organizations": Organization,
    "taxonomies": Taxonomy,
    "taxonomy_terms": TaxonomyTerm,
    "service_at_locations": ServiceAtLocation,
}


class SignedByTwilio:
    """The app behind somebody who signs every request as Twilio does, for the address that is configured there."""

    def __init__(self, app: ASGIApp, sign: Callable[[str, Any], str]) -> None:
        self.app, self.sign = app, sign

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        query = scope["query_string"].decode()
        url = configured.settings().base_url + scope["path"] + (f"?{query}" if query else "")
        pairs = ImmutableMultiDict(parse_qsl(body.decode(), keep_blank_values=True))
        others = [(name, value) for name, value in scope["headers"] if name != b"x-twilio-signature"]
        signed = (b"x-twilio-signature", self.sign(url, pairs).encode())
        await self.app({**scope, "headers": [*others, signed]}, again, send)


@pytest.fixture
def signed(town: Town) -> Iterator[SignedByTwilio]:
    """The app of an installation with agencies, as Twilio reaches it."""
    twilio = FakeTwilio(token=configured.settings().twilio_tokens[0])
    yield SignedByTwilio(APP, twilio.sign)
    twilio.stop()


def tried(
    operation: Any, mode: GenerationMode, change: Callable[[Case], None] | None = None, app: ASGIApp = APP
) -> Counter[int]:
    """Try the operation; which statuses came how often. Every answer is checked. ``change``: what half of the tries
    are made into, so that they get past the door."""
    came: Counter[int] = Counter()
    most = ALLOWED if mode is GenerationMode.POSITIVE else FORBIDDEN

    @settings(
        max_examples=most if operation.body or operation.query or operation.path_parameters else 1,
        suppress_health_check=list(HealthCheck),
        **STEADY,
    )
    @given(case=operation.as_strategy(generation_mode=mode), really=st.booleans())
    def ask(case: Case, really: bool) -> None:
        if change is not None and really:
            change(case)
        answer = case.call(app=app)
        came[answer.status_code] += 1
        starts = operation.path == "/health" and answer.status_code == 503  # no mistake: it says that it is starting
        case.validate_response(answer, checks=[one for one in CHECKS if not (starts and one is not_a_server_error)])

    ask()
    return came


def test_the_walks_leave_no_operation_of_the_document_out() -> None:
    whole = {found.ok().label for found in DOCUMENT.get_all_operations()}
    ours = {found.ok().label for found in DOCUMENT.include(path_regex=OURS).get_all_operations()}
    assert len(OPERATIONS) >= 14 and len(WEBHOOKS) == 2
    assert whole == ours | {one.label for one in OPERATIONS}


@pytest.mark.slow
def test_the_directory_answers_everything_as_documented(database: Engine, session: Session) -> None:
    import_services(SERVICES)
    ids = {name: str(session.scalars(select(table.id)).first()) for name, table in TABLES.items()}
    for operation in (one for one in OPERATIONS if one.path.startswith("/hsds")):

        def there(case: Case) -> None:
            if "id" in case.path_parameters:
                case.path_parameters["id"] = ids[case.path.split("/")[2]]

        came = tried(operation, GenerationMode.POSITIVE, there)
        assert came[200], f"{operation.label}: {dict(came)}"
        if operation.query:
            assert tried(operation, GenerationMode.NEGATIVE)[422], operation.label


@pytest.mark.slow
def test_whether_all_is_well_is_answered_as_documented(database: Engine) -> None:
    (health,) = (one for one in OPERATIONS if one.path == "/health")
    assert set(tried(health, GenerationMode.POSITIVE)) <= {200, 503}


@pytest.mark.slow
@pytest.mark.parametrize("operation", WEBHOOKS, ids=lambda one: one.label)
def test_a_webhook_that_nobody_signed_is_refused_as_documented(operation: Any, session: Session) -> None:
    for mode in GenerationMode:
        assert set(tried(operation, mode)) == {403}
    assert session.scalar(select(func.count()).select_from(InboundMessage)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("operation", WEBHOOKS, ids=lambda one: one.label)
def test_a_signed_webhook_is_answered_as_documented(operation: Any, signed: SignedByTwilio, session: Session) -> None:
    numbers = iter(range(1000))

    def as_twilio_does(case: Case) -> None:
        case.query = {}
        case.body = {"MessageSid": f"SM{next(numbers):032}", "From": "+447700900321", "Body": str(case.body)[:99]}

    came = tried(operation, GenerationMode.POSITIVE, as_twilio_does, signed)
    came += tried(operation, GenerationMode.NEGATIVE, None, signed)
    assert came[200] + came[204], dict(came)
    stored = session.scalar(select(func.count()).select_from(InboundMessage)) or 0
    assert (stored > 0) == operation.path.endswith("/sms"), stored
