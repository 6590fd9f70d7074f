"""Keeping what somebody of a family thinks and wants, exactly as they said it, for those whom they let read it.

Promise: the words are never changed. The person chooses who may read them, and may choose otherwise or take them back.
"""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.audit import service as audit
from api.coded import Coded
from api.database import notify
from api.families.models import Family, Person
from api.views.models import StatedView
from api.webhooks import events as webhooks


class CannotKeep(Coded):
    """It cannot be so; ``code`` names the words that say why (``rest.error.<code>``)."""


def record(
    session: Session,
    family: Family,
    worker: Worker,
    *,
    person_id: uuid.UUID,
    words: str,
    given_on: date,
    today: date,
    way: str = "said",
    audience: str = "lead",
    family_may_see: bool = False,
    external_id: str = "",
) -> StatedView:
    """A worker writes down what somebody of the family said. Raises CannotKeep."""
    session.execute(select(Family.id).filter_by(id=family.id).with_for_update())  # two at once: one is the first
    if session.scalar(select(Person.id).filter_by(id=person_id, family_id=family.id)) is None:
        raise CannotKeep("view_of_a_stranger")
    if given_on > today:
        raise CannotKeep("event_in_the_future")
    if external_id and session.scalar(select(StatedView.id).filter_by(family_id=family.id, external_id=external_id)):
        raise CannotKeep("view_exists")
    made = StatedView(
        id=uuid.uuid4(),
        family_id=family.id,
        person_id=person_id,
        external_id=external_id or str(uuid.uuid4()),
        given_on=given_on,
        way=way,
        words=words,
        audience=audience,
        family_may_see=family_may_see,
        recorded_by=worker.id,
        recorded_at=clock.now(),
    )
    session.add(made)
    session.flush()
    _tell(session, worker, made, "recorded_view")
    return made


def from_message(session: Session, person: Person, message_id: uuid.UUID, words: str, given_on: date) -> StatedView:
    """What somebody wrote themselves: for their own worker only, until they say otherwise. Once for a message."""
    known = session.scalar(select(StatedView).filter_by(message_id=message_id))
    if known is not None:
        return known
    made = StatedView(
        id=uuid.uuid4(),
        family_id=person.family_id,
        person_id=person.id,
        external_id=str(uuid.uuid4()),
        given_on=given_on,
        way="message",
        words=words,
        audience="lead",
        message_id=message_id,
        recorded_at=clock.now(),
    )
    session.add(made)
    session.flush()
    audit.record(
        session,
        actor_kind="person",
        actor_id=person.id,
        verb="gave_view",
        family_id=person.family_id,
        object_id=made.id,
    )
    _tell_programs(session, made, "recorded")
    return made


def choose_audience(session: Session, person_id: uuid.UUID, view_id: uuid.UUID, audience: str) -> StatedView | None:
    """The person says who may read their own words; None where there are none of theirs."""
    view = session.scalar(select(StatedView).filter_by(id=view_id, person_id=person_id, withdrawn_at=None))
    if view is None:
        return None
    view.audience = audience
    audit.record(
        session,
        actor_kind="person",
        actor_id=person_id,
        verb="chose_audience",
        family_id=view.family_id,
        object_id=view.id,
        detail={"audience": audience},
    )
    session.flush()
    return view


def take_back(session: Session, person_id: uuid.UUID, view_id: uuid.UUID) -> bool:
    """The person takes their own words back themselves; False where there are none of theirs. Twice is once."""
    view = session.scalar(select(StatedView).filter_by(id=view_id, person_id=person_id))
    if view is None:
        return False
    if view.withdrawn_at is None:
        view.withdrawn_at = clock.now()
        audit.record(
            session,
            actor_kind="person",
            actor_id=person_id,
            verb="withdrew_view",
            family_id=view.family_id,
            object_id=view.id,
            detail={"audience": view.audience},
        )
        _tell_programs(session, view, "withdrawn")
        session.flush()
    return True


def withdraw(session: Session, view: StatedView, worker: Worker) -> None:
    """The person has taken it back: nobody reads it any more. Twice is once."""
    if view.withdrawn_at is None:
        view.withdrawn_at = clock.now()
        _tell(session, worker, view, "withdrew_view")


def _tell(session: Session, worker: Worker, view: StatedView, verb: str) -> None:
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb=verb,
        family_id=view.family_id,
        object_id=view.id,
        detail={"audience": view.audience},
    )
    _tell_programs(session, view, "withdrawn" if verb == "withdrew_view" else "recorded")
    notify(session, f"agency:{worker.agency_id}")


def _tell_programs(session: Session, view: StatedView, what: str) -> None:
    """Which, and not whose or for whom: whoever may read it, asks for it."""
    webhooks.tell(session, "view.recorded", family_id=view.family_id, view_id=view.id, what=what)
