"""Forms with lines that repeat ("attendee-3-name"): from what a browser sends to lists, and what was wrong in words.

A line is taken when its leading field is filled; lines that were left empty do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from api import texts
from api.messages.cleaning import storable
from api.rest.schemas import NO_SUCH_DAY

#: At most so many lines of one kind on a page.
MOST_LINES = 60
_LINE = re.compile(r"^([a-z_]+)-([0-9]{1,3})-([a-z_]+)$")


async def fields(request: Request) -> dict[str, str]:
    """The form's fields, made storable; files are no part of these forms. The last of one name counts."""
    form = await request.form()
    return {name: storable(value).strip() for name, value in form.items() if not isinstance(value, UploadFile)}


def lines(given: Mapping[str, str], kind: str, leading: str) -> list[dict[str, str]]:
    """The lines of one kind in their order, those with nothing in ``leading`` left out."""
    found: dict[int, dict[str, str]] = {}
    for name, value in given.items():
        match = _LINE.match(name)
        if match and match[1] == kind:
            found.setdefault(int(match[2]), {})[match[3]] = value
    return [found[number] for number in sorted(found) if found[number].get(leading)][:MOST_LINES]


def filled(given: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Those of the fields that somebody filled in."""
    return {name: given[name] for name in names if given.get(name)}


def mistakes(error: ValidationError, language: str) -> list[str]:
    """What was wrong, a sentence for each field, without what was typed in."""
    found: dict[str, str] = {}
    for one in error.errors():
        name = ".".join(str(part) for part in one["loc"] if not isinstance(part, int))
        found.setdefault(name, "console.form.no_such_day" if one["type"] == NO_SUCH_DAY else "console.form.mistake")
    return [texts.render(text_id, language, field=_label(name, language)) for name, text_id in found.items()]


def _label(name: str, language: str) -> str:
    text_id = f"console.field.{name.split('.')[-1]}"
    return texts.render(text_id, language) if texts.has(text_id) else name.replace("_", " ")
