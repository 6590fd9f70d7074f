"""A case that a file tells again: what it says otherwise than what is recorded is written, or told of in the report.

Promise: an event or a review that came from a file follows the file's correction, and what was said before stays to be
read; what was recorded, corrected or withdrawn here stays, and so do somebody's own words, and the report says so. A
day that the file counts from today ("today-3") is no correction on another day.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from api import clock
from api.earlier import queries as earlier
from api.imports import risks_then
from api.imports.case_schemas import EventIn, ReviewIn, ViewIn
from api.imports.writer import Path, Writer
from api.reviews.models import Review
from api.reviews.service import Findings
from api.sealed import all_open
from api.timescales.models import CaseEvent
from api.views.models import StatedView

_ISO = re.compile(r"^\d{4}-\d\d-\d\d$")
WITHDRAWN = "was withdrawn here and stays so; the file says it still"
HERE_ALREADY = "was recorded here by hand, with what it decided, and stays as it is here"
PLAN_GOES_ON = (
    "says now that there is no plan, but the plan that it made goes on here; the conference stays as it is here. "
    "Say in the file when the plan ended, or withdraw the conference here"
)
BY_HAND = "says something else than what was recorded or corrected here, which stays; put it right in the console"
WORDS = (
    "says something else than what is recorded here, which stays: somebody's words are never changed; "
    "withdraw them here, and give the new ones another id"
)
ERASED = "says something else than what is recorded here, which stays: somebody of the family was erased here"


def event_differs(row: CaseEvent, given: EventIn, day: date, plan_id: Any) -> bool:
    """Does the file say something else of the event?"""
    same_day = row.day == day or not _ISO.match(given.day)
    said = (row.kind, row.outcome, row.note, row.plan_id) == (given.kind, given.outcome, given.note, plan_id)
    return all_open(row.note) and not (same_day and said)


def set_aside(session: Session, row: CaseEvent) -> None:
    """What the event said before stays in the family's history, withdrawn, and makes room under its id."""
    row.withdrawn_at = clock.now()
    row.external_id = f"{row.external_id}:{row.id.hex}"
    session.flush()


def stays(writer: Writer, path: Path, row: CaseEvent | Review, *, by_hand: bool, differs: bool, erased: bool) -> bool:
    """Does what is here stay as it is? Where the file says something else, its report says why; False: the file's
    correction is to be written."""
    if row.withdrawn_at is not None:
        writer.note(path, WITHDRAWN)
    elif differs and by_hand:
        writer.note(path, BY_HAND)
    elif differs and erased:
        writer.note(path, ERASED)
    else:
        return not differs
    return True


def review_differs(row: Review, given: ReviewIn, found: Findings) -> bool:
    """Does the file say something else of the review?"""
    days = [
        there == wanted or not _ISO.match(said or "2000-01-01")
        for there, wanted, said in (
            (row.held_on, found.held_on, given.held_on),
            (row.next_review_on, found.next_review_on, given.next_review_on),
        )
    ]
    names = ("next_step", "reason", "changes", "support", "conference_id")
    said = all(getattr(row, name) == getattr(found, name) for name in names)
    said = said and {one.outcome_id: (one.progress, one.words) for one in row.progress} == found.progress
    said = said and {one.action_id: (one.effect, one.words) for one in row.effects} == found.effects
    said = said and risks_then.same(row, found.risks_then)
    words = [one.words for part in (row.progress, row.effects, row.risks) for one in part]
    words += [one.description for one in row.risks]
    return all_open(row.reason, row.changes, row.support, *words) and not (said and all(days))


def corrected_by_hand(writer: Writer, row: Review) -> bool:
    """Was it recorded, or put right since, by somebody here?"""
    corrected = row.version > 1 and any(one.by_id for one in earlier.of_object(writer.session, row.id))
    return row.recorded_by is not None or corrected


def view_differs(row: StatedView, given: ViewIn, day: date, person_id: Any) -> bool:
    """Does the file say something else of what somebody said? Who may read it is theirs to choose, here too."""
    if row.withdrawn_at is not None or not row.words or not all_open(row.words):
        return False
    same_day = row.given_on == day or not _ISO.match(given.given_on)
    return not (same_day and (row.words, row.person_id, row.way) == (given.words, person_id, given.way))
