"""How a person is reached, as a worker sees it: numbers with what was agreed, and the PIN's state."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from api.access.models import Agency
from api.access.queries import NotVisible
from api.families import identity
from api.families.models import Consent, ContactPoint, Family, Person
from api.messages.models import Conversation


@dataclass(frozen=True)
class Number:
    """A number or e-mail address of theirs; ``others``: who else writes from it or reads it;
    ``consent``: the newest answer to our question."""

    point: ContactPoint
    others: list[str]
    consent: Consent | None


@dataclass(frozen=True)
class ContactView:
    """``mails``: their e-mail addresses.

    ``pin``: none, set, waiting (a code of ours that is not used yet), locked. ``questions``: none, asked, waiting (a
    PIN goes first), locked. ``due``: to be gone over again. ``overlooked``: as ``Person.overlooked``."""

    numbers: list[Number]
    mails: list[Number]
    pin: str
    questions: str
    due: bool
    overlooked: bool
    #: Is nothing told on their phone before a proof (identity.needs_proof)?
    needs_proof: bool


def view(session: Session, person: Person, today: date) -> ContactView:
    """All that the page about this person shows. The caller has checked who looks."""
    points = session.scalars(
        select(ContactPoint)
        .where(ContactPoint.person_id == person.id)
        .order_by(ContactPoint.state == "quarantined", ContactPoint.address)
    ).all()
    found = [Number(point, _others(session, point), _consent(session, point)) for point in points]
    numbers = [one for one in found if one.point.channel == "sms"]
    mails = [one for one in found if one.point.channel == "email"]
    agency = session.scalars(select(Agency).join(Family).where(Family.id == person.family_id)).one()
    return ContactView(
        numbers, mails, pin_state(person), questions_state(person), due(person, today), person.overlooked,
        identity.needs_proof(person, agency),
    )  # fmt: skip


def due(person: Person, today: date) -> bool:
    """Is it time to go over the profile with them (again)? Whoever was never asked is due at once."""
    if person.kind == "child" or person.erased_at is not None or person.left_at is not None:
        return False
    if person.reconfirm_on is not None:
        return person.reconfirm_on <= today
    return person.profile_confirmed_at is None


def is_due(today: date) -> ColumnElement[bool]:
    """The same, to ask the database."""
    never = and_(Person.reconfirm_on.is_(None), Person.profile_confirmed_at.is_(None))
    return and_(
        Person.kind != "child",
        Person.erased_at.is_(None),
        Person.left_at.is_(None),
        or_(Person.reconfirm_on <= today, never),
    )


def not_asked(session: Session, people: Sequence[Person]) -> list[tuple[Person, ContactPoint]]:
    """Their numbers that nothing may be sent to before they agree, and that nobody has asked yet."""
    waiting = {point.id: (one, point) for one in people for point in one.contact_points if point.state == "pending"}
    if not waiting:
        return []
    asked = set(session.scalars(select(Consent.contact_point_id).where(Consent.contact_point_id.in_(waiting))))
    return [found for point_id, found in waiting.items() if point_id not in asked]


def also_writing(session: Session, conversation: Conversation) -> list[str]:
    """Who else writes from the phone of this conversation."""
    if conversation.channel != "sms":
        return []
    return [
        one.first_name for one in identity.holders(session, conversation.address) if one.id != conversation.person_id
    ]


def written_to(person: Person) -> Person:
    """The person, if they are one who writes; to a child's, or one's who has left the family, there is no such page
    (404)."""
    if person.kind == "child" or person.left_at is not None:
        raise NotVisible
    return person


def number_of(session: Session, person: Person, point_id: uuid.UUID | None) -> ContactPoint:
    """One of this person's numbers or e-mail addresses that nobody of another family has taken on since; any other is
    not there (404)."""
    point = session.scalar(select(ContactPoint).filter_by(id=point_id, person_id=person.id)) if point_id else None
    if point is None:
        raise NotVisible
    elsewhere = session.scalar(
        select(ContactPoint.id)
        .join(Person, Person.id == ContactPoint.person_id)
        .where(
            ContactPoint.address == point.address,
            ContactPoint.state != "quarantined",
            ContactPoint.id != point.id,
            (Person.family_id != person.family_id) | (Person.id == person.id),
        )
        .limit(1)
    )
    if elsewhere is not None:
        raise NotVisible
    return point


def shares_a_phone(session: Session, person: Person) -> bool:
    """Does anybody else write from a number of theirs?"""
    points = session.scalars(select(ContactPoint).where(ContactPoint.person_id == person.id))
    return any(_others(session, point) for point in points)


def pin_state(person: Person) -> str:
    """none, set, waiting or locked."""
    if person.pin_locked_at is not None and person.pin_hash:
        return "locked"
    if person.pin_temporary_until is not None:
        return "waiting"
    return "set" if person.pin_hash else "none"


def questions_state(person: Person) -> str:
    """none, asked, waiting or locked."""
    if not person.door_hashes:
        return "none"
    if person.pin_hash:
        return "waiting"
    return "locked" if person.pin_locked_at is not None else "asked"


def _others(session: Session, point: ContactPoint) -> list[str]:
    if point.state == "quarantined":
        return []
    return list(
        session.scalars(
            select(Person.first_name)
            .join(ContactPoint, ContactPoint.person_id == Person.id)
            .where(
                ContactPoint.address == point.address,
                ContactPoint.state != "quarantined",
                ContactPoint.person_id != point.person_id,
            )
            .order_by(Person.first_name)
        )
    )


def _consent(session: Session, point: ContactPoint) -> Consent | None:
    return session.scalar(
        select(Consent).filter_by(contact_point_id=point.id).order_by(Consent.asked_at.desc()).limit(1)
    )
