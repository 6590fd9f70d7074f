"""Changing how a person is written to: by themselves in conversation, or by their worker in the console.

A change holds at once, also for what is queued (api.messages.held looks in the moment before anything goes out), and is
in the audit trail with what changed, never with what it says: that is kept sealed (families.content). Nothing here
commits.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.access.models import Agency
from api.audit import service as audit
from api.families import contact, content, waiting, zones
from api.families.models import ContactPoint, Family, Person
from api.families.wishes import as_time
from api.messages import held
from api.messages.models import Conversation

WHOLE_DAY = time(0)
#: Where only one end of the hours is named and the other makes no sense with it.
USUAL_START, USUAL_END, LATE_END = time(8), time(20), time(22)
TIMES = ("contact_from", "contact_until")


def hours_with(person: Person, changes: Mapping[str, Any]) -> tuple[time, time]:
    """The hours that hold with these changes: named ends as they are, the others as they were or as they make sense."""
    whole_day = person.contact_from == person.contact_until
    begin = as_time(changes["contact_from"]) if "contact_from" in changes else None
    end = as_time(changes["contact_until"]) if "contact_until" in changes else None
    if begin is not None and end is not None:
        return begin, end
    if begin is not None:
        end = USUAL_END if whole_day else person.contact_until
        return begin, end if begin < end else LATE_END if begin < LATE_END else time(23, 59)
    if end is not None:
        begin = USUAL_START if whole_day else person.contact_from
        return begin if begin < end else USUAL_START if end > USUAL_START else WHOLE_DAY, end
    return person.contact_from, person.contact_until


def change(
    session: Session,
    person: Person,
    changes: Mapping[str, Any],
    *,
    actor_kind: str,
    actor_id: uuid.UUID,
    now: datetime,
) -> list[str]:
    """Make the changes (names of the profile's fields) and return which of them were any. "HH:MM" for the times. What
    it said before is kept."""
    session.refresh(person, with_for_update=True)
    values = {name: value for name, value in changes.items() if name not in TIMES}
    if any(name in changes for name in TIMES):
        values["contact_from"], values["contact_until"] = hours_with(person, changes)
    changed = sorted(name for name, value in values.items() if getattr(person, name) != value)
    with content.kept(session, person, actor_id if actor_kind == "worker" else None):
        for name in changed:
            setattr(person, name, values[name])
    if "language" in changed:
        session.execute(
            update(Conversation)
            .where(Conversation.person_id == person.id)
            .values(language=person.language)
            .execution_options(synchronize_session="fetch")
        )
    if changed:
        _record(session, person, "changed_safe_contact", actor_kind, actor_id, {"fields": changed})
        session.flush()
        held.look_again(session, person.id, now)
        waiting.word_anew(session, person, changed, now)
    return changed


def not_this_phone(session: Session, person: Person, address: str, now: datetime) -> None:
    """Nothing that the person has not asked for goes to this number any more."""
    for point in session.scalars(select(ContactPoint).filter_by(person_id=person.id, address=address, state="active")):
        point.state, point.state_changed_at = "opted_out", now
    _record(session, person, "opted_out_contact_point", "person", person.id, {})
    session.flush()
    held.look_again(session, person.id, now)


def gone_over(session: Session, person: Person, worker_id: uuid.UUID, now: datetime) -> None:
    """A worker has gone over the profile with the person."""
    person.profile_confirmed_at = now
    _record(session, person, "confirmed_safe_contact", "worker", worker_id, {})


def to_go_over(session: Session, person: Person, now: datetime) -> None:
    """They have said what a worker did not know when they went over it: it is time to do so again.
    (DECISIONS, "What may be said on which phone")"""
    family = session.get_one(Family, person.family_id)
    today = now.astimezone(zones.zone_of(None, session.get_one(Agency, family.agency_id))).date()
    if person.profile_confirmed_at is not None and not contact.due(person, today):
        change(session, person, {"reconfirm_on": today}, actor_kind="person", actor_id=person.id, now=now)


def seen_by_others(session: Session, person: Person, note: str, now: datetime) -> None:
    """They have said that somebody else sees their phone: it holds at once, and a worker goes over it with them.
    ``note``: what the profile says of it from now on, where a worker has not written down who it is. (DECISIONS,
    "Somebody else sees this phone")"""
    safer = {"wording": "discreet", "may_name_children": False, "phone_seen_by": person.phone_seen_by or note}
    change(session, person, safer, actor_kind="person", actor_id=person.id, now=now)
    to_go_over(session, person, now)


def _record(
    session: Session, person: Person, verb: str, actor_kind: str, actor_id: uuid.UUID, detail: dict[str, Any]
) -> None:
    audit.record(
        session,
        actor_kind=actor_kind,
        actor_id=actor_id,
        verb=verb,
        family_id=person.family_id,
        object_id=person.id,
        detail=detail,
    )
