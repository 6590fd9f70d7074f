"""How ``/api/v1`` says no: always JSON, ``{"error": {"code", "message"}}``, and never with a piece of what was sent.

The code is for programs and stays; the message is for people (``rest.error.<code>`` in data/texts).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api import texts

AREA = "/api/"
#: What an error of the framework's own is called.
CODES = {
    400: "unreadable",
    401: "token_needed",
    403: "from_elsewhere",
    404: "not_found",
    405: "wrong_method",
    413: "too_large",
    422: "invalid",
    429: "too_many_tries",
    500: "our_mistake",
}
#: Kinds of mistake whose standard words name the rule and nothing that was sent.
_SAY_THE_RULE = frozenset(
    {
        "missing", "literal_error", "enum", "string_too_short", "string_too_long", "too_short", "too_long",
        "greater_than", "greater_than_equal", "less_than", "less_than_equal", "int_type", "bool_type", "string_type",
        "list_type", "model_attributes_type", "model_type", "int_parsing", "bool_parsing",
        "string_pattern_mismatch", "no_such_day",
    }
)  # fmt: skip
_MOST_MISTAKES = 20


class Refused(HTTPException):
    """An answer of /api/v1 that is not what was asked for. ``code`` names the words (``rest.error.<code>``), which take
    ``args``; with ``message`` the words are that."""

    def __init__(
        self, status: int, code: str, *, message: str = "", headers: dict[str, str] | None = None, **args: Any
    ) -> None:
        super().__init__(status, message or texts.render(f"rest.error.{code}", "en", **args), headers)
        self.code = code


class Error(BaseModel):
    """What was wrong. Programs read ``code``, people ``message``."""

    code: str = Field(examples=["not_found"])
    message: str = Field(examples=["There is nothing with this id, or it is not yours to see."])


class ErrorOut(BaseModel):
    """The body of every answer that is not 2xx."""

    error: Error


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route in OpenAPI: each status with the shape of its body and what it means."""
    return {
        status: {"model": ErrorOut, "description": texts.render(f"rest.error.{CODES.get(status, 'conflict')}", "en")}
        for status in statuses
    }


#: Every route behind the bearer token can answer so: 401, 404 and 422 (its address or its body).
READS = documented(401, 404, 422)
#: What a key that may only read gets where something is written.
MAY_NOT_WRITE: dict[int | str, dict[str, Any]] = {
    403: {"model": ErrorOut, "description": texts.render("rest.error.scope_needed", "en")}
}
#: Every route that writes can answer so, if it takes no body; 409 for an ``Idempotency-Key`` whose first request is
#: still being worked on as well.
DECIDES = {**documented(401, 404, 409, 413, 422), **MAY_NOT_WRITE}
#: So can every one that takes a body.
WRITES = {**documented(400), **DECIDES}


def covers(path: str) -> bool:
    """Is an error at this address answered in this shape?"""
    return path.startswith(AREA)


def answer(status: int, code: str = "", message: str = "", headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer; code and words are the status's own unless given."""
    code = code or CODES.get(status, "unreadable" if status < 500 else "our_mistake")
    message = message or texts.render(f"rest.error.{code}", "en")
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers=dict(headers or {}))


def of_exception(error: HTTPException | Any) -> JSONResponse:
    """The answer to an exception with a status: ours, or one of the framework's."""
    if isinstance(error, Refused):
        return answer(error.status_code, error.code, error.detail, error.headers)
    return answer(error.status_code, headers=error.headers)


def of_mistakes(mistakes: Sequence[Any]) -> JSONResponse:
    """The answer to what did not have the shape it must have: where, and which rule. An id in the address that cannot
    be one is simply not there."""
    if any(mistake["loc"] and mistake["loc"][0] == "path" for mistake in mistakes):
        return answer(404)
    if any(mistake["type"] == "json_invalid" for mistake in mistakes):
        return answer(422, "not_json")
    lines = list(dict.fromkeys(_line(mistake) for mistake in mistakes))[:_MOST_MISTAKES]
    return answer(422, message=f"{texts.render('rest.error.invalid', 'en')} {'; '.join(lines)}.")


def _line(mistake: Any) -> str:
    place = list(mistake["loc"][1:])
    if mistake["type"] == "extra_forbidden":  # its name is the sender's word, and may be anything
        return f"{_where(place[:-1])}: has a field that is not known here"
    if mistake["type"] == "value_error":
        return f"{_where(place)}: {mistake['ctx']['error']}"
    if mistake["type"] in _SAY_THE_RULE:
        return f"{_where(place)}: {mistake['msg'][:1].lower()}{mistake['msg'][1:]}"
    return f"{_where(place)}: is not of the kind that is expected here"


def _where(place: Sequence[object]) -> str:
    return ".".join(str(part) for part in place) or "the whole"
