"""Reads of what people said: for a worker who may read it, and for the family's own page."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from api.access.queries import Viewer, visible_views
from api.families.models import Person
from api.views.models import StatedView


@dataclass(frozen=True)
class Said:
    """What somebody said, with whose it is."""

    view: StatedView
    name: str
    kind: str


def of_family(session: Session, viewer: Viewer, family_id: uuid.UUID, since: date | None = None) -> list[Said]:
    """What the family's people have said (since that day) and this worker may read, the newest first."""
    query = visible_views(viewer).where(StatedView.family_id == family_id, StatedView.withdrawn_at.is_(None))
    if since is not None:
        query = query.where(StatedView.given_on >= since)
    return _named(session, query)


def for_person(session: Session, person: Person) -> list[Said]:
    """What a family member may read on their own page: their own words, and those that others let the family read."""
    query = select(StatedView).where(
        StatedView.family_id == person.family_id,
        StatedView.withdrawn_at.is_(None),
        or_(StatedView.person_id == person.id, StatedView.family_may_see),
    )
    return _named(session, query)


def _named(session: Session, query: Select[StatedView]) -> list[Said]:
    named = query.join(Person, Person.id == StatedView.person_id).add_columns(Person.first_name, Person.kind)
    rows = session.execute(named.order_by(StatedView.given_on.desc(), StatedView.recorded_at.desc()))
    return [Said(row[0], row[1], row[2]) for row in rows]
