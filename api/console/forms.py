"""Forms with lines that repeat ("attendee-3-name"): from what a browser sends to lists, and what was wrong in words.

A line is taken when its leading field is filled; lines that were left empty do not count.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from api import texts
from api.access import queries as access
from api.access.guards import Visitor
from api.appointments.service import REASONS
from api.families import people, service
from api.jurisdiction.packs import pack
from api.messages import enrolment
from api.messages.cleaning import storable
from api.rest.schemas import NO_SUCH_DAY

M = TypeVar("M", bound=BaseModel)
#: Kinds of mistake that have words of their own.
_MISTAKES = {NO_SUCH_DAY: "console.form.no_such_day", "too_long": "console.form.too_many"}
_LINE = re.compile(r"^([a-z_]+)-([0-9]{1,3})-([a-z_]+)$")


async def fields(request: Request) -> dict[str, str]:
    """The form's fields, made storable; files are no part of these forms. The last of one name counts."""
    form = await request.form()
    return {name: storable(value).strip() for name, value in form.items() if not isinstance(value, UploadFile)}


def lines(given: Mapping[str, str], kind: str, *leading: str) -> list[dict[str, str]]:
    """The lines of one kind in their order, those with nothing in any of ``leading`` left out. None is cut off: whoever
    takes them says how many there may be."""
    return [line for line in numbered(given, kind).values() if any(line.get(name) for name in leading)]


def numbered(given: Mapping[str, str], kind: str) -> dict[int, dict[str, str]]:
    """All lines of one kind by their numbers on the form, in their order."""
    found: dict[int, dict[str, str]] = {}
    for name, value in given.items():
        match = _LINE.match(name)
        if match and match[1] == kind:
            found.setdefault(int(match[2]), {})[match[3]] = value
    return {number: found[number] for number in sorted(found)}


def unfinished(
    given: Mapping[str, str], kind: str, leading: str, said: Collection[str], what: str, language: str
) -> list[str]:
    """A sentence for each new line that says something (in one of ``said``) and leaves ``leading`` empty: such a line
    is not taken, and would be lost. A known line (it has an id) goes when its first field is emptied. ``what``: the
    text id of what these lines are."""
    words = {"what": texts.render(what, language), "field": _label(leading, language)}
    return [
        texts.render("console.form.headless", language, n=number, **words)
        for number, line in numbered(given, kind).items()
        if not line.get("id") and not line.get(leading) and any(line.get(name) for name in said)
    ]


def reason(given: Mapping[str, str]) -> str:
    """Why something is moved or called off, as the form has it; "" is asked for again where anybody would be told of a
    change without one."""
    return given.get("reason", "") if given.get("reason") in REASONS else ""


def filled(given: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Those of the fields that somebody filled in."""
    return {name: given[name] for name in names if given.get(name)}


def mistakes(error: ValidationError, language: str) -> list[str]:
    """What was wrong, a sentence for each field, without what was typed in."""
    found: dict[str, str] = {}
    for one in error.errors():
        name = ".".join(str(part) for part in one["loc"] if not isinstance(part, int))
        text_id = _MISTAKES.get(one["type"], "console.form.mistake" if name else "console.form.together")
        most = one.get("ctx", {}).get("max_length", "")
        found.setdefault(name, texts.render(text_id, language, field=_label(name, language), most=most))
    return list(found.values())


def context(me: Visitor) -> dict[str, str]:
    """What reading a form needs to know of whoever fills it in: where a number without a country code is dialled."""
    return {"country": pack(me.jurisdiction).country}


class Reading:
    """Reads the parts of a form one after another, and gathers what is wrong in all of them."""

    def __init__(self, me: Visitor) -> None:
        self.me = me
        self.problems: list[str] = []

    def one(self, shape: type[M], given: Mapping[str, str], about: str = "") -> M | None:
        """This part; None where it is wrong. ``about`` says which of several alike it is."""
        try:
            return shape.model_validate(given, context=context(self.me))
        except ValidationError as error:
            found = mistakes(error, self.me.language)
            self.problems += [f"{about}: {mistake}" for mistake in found] if about else found
            return None


def wrong(session: Session, me: Visitor, error: Exception) -> list[str]:
    """What was wrong with the people, numbers and references of a form, in words for whoever filled it in: they hear of
    no family that they may not see."""
    if isinstance(error, ValidationError):
        return mistakes(error, me.language)
    if isinstance(error, enrolment.Taken):
        with suppress(access.NotVisible):
            family = access.family_or_404(session, me, error.family_id or uuid.uuid4())
            return [texts.render("console.contact.taken_by", me.language, name=family.name)]
        return [texts.render("console.contact.taken", me.language)]
    if isinstance(error, people.CannotCorrect):
        return [texts.render(f"console.person.problem.{error.code}", me.language)]
    return [texts.render("console.family.reference_taken" if isinstance(error, service.ReferenceTaken) else
                         "console.family.no_lead", me.language)]  # fmt: skip


def _label(name: str, language: str) -> str:
    last = name.split(".")[-1]
    ids = (f"console.field.{last}", f"console.parts.{last}")
    return next((texts.render(one, language) for one in ids if texts.has(one)), last.replace("_", " "))
