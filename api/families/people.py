"""The people of a family, as a worker enters them: somebody new, a correction, somebody who leaves and comes back.

Promises: whoever leaves is never removed: what was said and agreed stays. From that moment nothing is sent to them and
no way in that they had is left: their numbers are set aside, and chats, codes, links, PIN and questions end. Nothing
here commits.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from api.access.models import Worker
from api.appointments import feeds
from api.audit import service as audit
from api.coded import Coded
from api.database import notify
from api.evidence.models import UploadLink
from api.families import content, identity
from api.families.models import ChatCode, ContactPoint, Family, Person
from api.messages import enrolment, held
from api.messages.models import Conversation
from api.plans.models import plan_children

#: A child may be entered before it is born: a plan may begin so long before.
BEFORE_BIRTH = timedelta(days=300)
CHILDREN = ("child", "young_person")


class CannotCorrect(Coded):
    """``code`` says why (``console.person.problem.<code>``, ``rest.error.<code>``)."""


def check_birthday(kind: str, born: date | None, today: date) -> None:
    """Raises CannotCorrect for a day that has not come; a child may be on the way."""
    if born is not None and born > (today + BEFORE_BIRTH if kind == "child" else today):
        raise CannotCorrect("not_born_yet")


def add(session: Session, family: Family, values: Mapping[str, Any], worker: Worker, today: date) -> Person:
    """The new person: discreet wording, no names, the usual hours, until they or their worker say otherwise. Raises
    CannotCorrect."""
    check_birthday(values["kind"], values.get("born"), today)
    reference = values.get("external_id") or f"console-{uuid.uuid4()}"
    person = Person(family_id=family.id, **{**values, "external_id": reference})
    if session.scalar(select(Person.id).filter_by(family_id=family.id, external_id=reference)):
        raise CannotCorrect("person_exists")
    session.add(person)
    session.flush()
    _record(session, person, worker, "added_person", {"kind": person.kind})
    return person


def correct(session: Session, person: Person, values: Mapping[str, Any], worker: Worker, today: date) -> list[str]:
    """Mend a name, a birthday or the kind; returns which of them were any other. What it was before is kept. Raises
    CannotCorrect."""
    session.refresh(person, with_for_update=True)
    changed = sorted(name for name, value in values.items() if getattr(person, name) != value)
    kind = values.get("kind", person.kind)
    check_birthday(kind, values.get("born", person.born), today)
    if kind != person.kind:
        _check_kind(session, person, kind)
    with content.kept(session, person, worker.id, what="corrected"):
        for name in changed:
            setattr(person, name, values[name])
    if changed:
        _record(session, person, worker, "corrected_person", {"fields": changed})
        session.flush()
    return changed


def leave(session: Session, person: Person, worker: Worker, now: datetime) -> None:
    """They are of this family no more. A second time does nothing."""
    session.refresh(person, with_for_update=True)
    if person.left_at is not None:
        return
    person.left_at = now
    for point in session.scalars(
        select(ContactPoint).where(ContactPoint.person_id == person.id, ContactPoint.state != "quarantined")
    ):
        enrolment.take_out(session, person, point, worker)
    identity.close_phones(session, person)
    person.pin_hash, person.pin_temporary_until, person.pin_tries, person.pin_locked_at = "", None, 0, None
    if person.door_words:
        identity.set_questions(session, person, [], worker.id)
    feeds.revoke(session, person, worker_id=worker.id)
    for table in (ChatCode, UploadLink):
        session.execute(
            update(table)
            .where(table.person_id == person.id, table.used_at.is_(None), table.expires_at > now)
            .values(expires_at=now)
        )
    open_chats = select(Conversation).filter_by(person_id=person.id, channel="web", closed_at=None)
    for chat in session.scalars(open_chats).all():
        chat.closed_at = chat.expires_at = now
        notify(session, f"conversation:{chat.id}")
    _record(session, person, worker, "person_left_family", {})
    session.flush()
    held.look_again(session, person.id, now)


def come_back(session: Session, person: Person, worker: Worker) -> None:
    """They are of this family again. Their numbers stay set aside until a worker has them asked anew."""
    if person.left_at is not None and person.erased_at is None:
        person.left_at = None
        _record(session, person, worker, "person_came_back", {})
        session.flush()


def _check_kind(session: Session, person: Person, kind: str) -> None:
    if kind == "child" and session.scalar(
        select(exists().where(ContactPoint.person_id == person.id, ContactPoint.state != "quarantined"))
    ):
        raise CannotCorrect("child_has_number")
    if kind not in CHILDREN and session.scalar(select(exists().where(plan_children.c.person_id == person.id))):
        raise CannotCorrect("has_plan")


def _record(session: Session, person: Person, worker: Worker, verb: str, detail: dict[str, Any]) -> None:
    audit.record_change(
        session, actor_kind="worker", actor_id=worker.id, verb=verb, family_id=person.family_id,
        agency_id=worker.agency_id, object_id=person.id, detail=detail,
    )  # fmt: skip
