"""What the walks over the OpenAPI document share: the app, the document as schemathesis reads it, what every answer is
checked for."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import Any

import schemathesis
from fastapi import FastAPI
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks as openapi

from api.app import create_app

load_all_checks()
CHECKS = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
]
#: How each operation is tried: the same in every run, however long one try takes.
STEADY: dict[str, Any] = {"derandomize": True, "database": None, "deadline": None}
#: The addresses that programs of agencies use (test_whole_api.py); the others: test_rest_of_the_document.py.
OURS = "^/api/v1/"


@asynccontextmanager
async def _nothing_beside(_: FastAPI) -> Any:
    yield


def _app() -> FastAPI:
    app = create_app()
    app.router.lifespan_context = _nothing_beside  # no listener for live pages: nobody looks at one
    return app


APP = _app()
DOCUMENT = schemathesis.openapi.from_asgi("/openapi.json", APP)
