"""What OpenAPI says of all of ``/api/v1`` at once: writes may carry an ``Idempotency-Key``, and every body and answer
has a whole example.

The layer that honours it (api.access.idempotency) stands round the routes, so no route names it; a program that reads
the document must find it.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from api.rest import examples
from api.rest.errors import AREA

_WRITES = {"post", "put", "patch", "delete"}
_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A new one (a UUID, say) for each thing to be done. The same key and request again within a day: "
    "the same answer, and nothing is done twice. The same key with another request: 422.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$", "examples": ["6d0c1d7a-5f8e-4a55-9a0e-1f0d8f6b7c11"]},
}


def complete(app: FastAPI, *, without: tuple[str, ...]) -> None:
    """Let the document say so of every write below ``/api/`` but those at the addresses ``without``, and complete it
    with examples."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        whole = plain()
        for path, methods in whole["paths"].items():
            if not path.startswith(AREA) or path in without:
                continue
            for method in _WRITES & methods.keys():
                given = methods[method].setdefault("parameters", [])
                if _KEY not in given:  # FastAPI keeps the document, and this is asked again
                    given.append(_KEY)
        examples.complete(whole, AREA)
        return whole

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
