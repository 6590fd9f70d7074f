"""Optimistic concurrency: ``ETag`` says which version an answer shows, ``If-Match`` which one to change.

Two workers do not overwrite each other: the second, whose page is older, gets 412 and looks again. Whoever sends no
``If-Match`` has not said what they saw: that is taken, unless this installation wants it said (428, RFC 6585).
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import Depends, Header, Response

from api.rest.errors import ErrorOut, Refused
from api.settings import settings

_Sent = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description='The ETag of what you have seen, such as "3", or "*" for whatever is there. When it has changed '
        "since: 412. Left out it is not looked at, unless this installation wants it said: then 428.",
        max_length=100,
    ),
]


def _if_match(if_match: _Sent = None) -> str | None:
    if if_match is None and settings().if_match_required:
        raise Refused(428, "if_match_needed")
    return if_match


#: What the sender has seen. Raises Refused (428) where they do not say and this installation wants it said.
IfMatch = Annotated[str | None, Depends(_if_match)]
#: The answers that such a route adds to its others.
STALE: dict[int | str, dict[str, Any]] = {
    412: {"model": ErrorOut, "description": "It has changed since you looked."},
    428: {"model": ErrorOut, "description": "Without If-Match, where this installation wants it said."},
}


def refuse_stale(if_match: str | None, version: int | str) -> None:
    """Raises Refused (412) where ``If-Match`` was sent and names another version."""
    if if_match is None or if_match.strip() == "*":
        return
    wanted = {one.strip().removeprefix("W/").strip('"') for one in if_match.split(",")}
    if str(version) not in wanted:
        raise Refused(412, "changed_meanwhile")


def of_content(content: str) -> str:
    """The version of what keeps no count of its changes: another whenever anything of it is another."""
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def show_version(response: Response, version: int | str) -> None:
    """Put the version on the answer."""
    response.headers["ETag"] = f'"{version}"'
