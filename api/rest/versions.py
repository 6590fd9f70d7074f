"""Optimistic concurrency: ``ETag`` says which version an answer shows, ``If-Match`` which one to change.

Two workers do not overwrite each other: the second, whose page is older, gets 412 and looks again.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import Header, Response

from api.rest.errors import ErrorOut, Refused

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description='The ETag of what you have seen, such as "3". When it has changed since: 412.',
        max_length=100,
    ),
]
#: The answer that such a route adds to its others.
STALE: dict[int | str, dict[str, Any]] = {412: {"model": ErrorOut, "description": "It has changed since you looked."}}


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
