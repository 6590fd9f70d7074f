"""How a person is reached, as a worker sees it: profile, numbers with what was agreed, and the PIN's state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.families.models import ContactPoint, Person


@dataclass(frozen=True)
class Number:
    """A number of theirs; ``others``: who else writes from it."""

    point: ContactPoint
    others: list[str]


@dataclass(frozen=True)
class ContactView:
    """``pin``: none, set, waiting (a code of ours that is not used yet), locked."""

    numbers: list[Number]
    pin: str


def view(session: Session, person: Person) -> ContactView:
    """All that the page about this person shows. The caller has checked who looks."""
    points = session.scalars(
        select(ContactPoint).where(ContactPoint.person_id == person.id).order_by(ContactPoint.address)
    ).all()
    return ContactView([Number(point, _others(session, point)) for point in points], pin_state(person))


def pin_state(person: Person) -> str:
    """none, set, waiting or locked."""
    if person.pin_locked_at is not None:
        return "locked"
    if person.pin_temporary_until is not None:
        return "waiting"
    return "set" if person.pin_hash else "none"


def _others(session: Session, point: ContactPoint) -> list[str]:
    if point.state == "quarantined":
        return []
    names: Sequence[str] = session.scalars(
        select(Person.first_name)
        .join(ContactPoint, ContactPoint.person_id == Person.id)
        .where(
            ContactPoint.address == point.address,
            ContactPoint.state != "quarantined",
            ContactPoint.person_id != point.person_id,
        )
        .order_by(Person.first_name)
    ).all()
    return list(names)
