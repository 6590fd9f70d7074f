"""The JSON that says when a plan began and ended, and why."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from api.rest.schemas import Day, Given, Name, Text

EndKind = Literal["moved", "of_age", "death", "court", "other"]


class StartIn(Given):
    """On which day the plan really began, and why that is put right."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"started_on": "2026-09-18", "why": "The day of the letter was written down."}]
        },
    )

    started_on: Day
    why: Name


class EndIn(Given):
    """On which day the plan ended without a review, and how: the family has moved to another area (`moved`), the child
    is of age (`of_age`) or has died (`death`), a court decided otherwise (`court`), or something else (`other`).
    ``why`` is for colleagues; ``support`` is what help remains, and the family reads it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "ended_on": "2026-11-20",
                    "kind": "moved",
                    "why": "Leeds has taken the case on.",
                    "support": "The family hub in Leeds, on Tuesdays.",
                }
            ]
        },
    )

    ended_on: Day
    kind: EndKind
    why: Name
    support: Text


class GoOnIn(Given):
    """Why the plan has not ended after all."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"why": "It was the other family that moved."}]}
    )

    why: Name
