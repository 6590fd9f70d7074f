"""Finding a family, a person, an escalation or a conversation by what a worker knows: a name, a number, a reference.

Promise: only what api.access lets the viewer see is found, by a few statements. What was looked for is kept nowhere:
the audit trail has that somebody looked, how much was found, and which families were shown.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    Uuid,
    and_,
    any_,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session

from api.access.queries import Viewer, visible_conversations, visible_escalations, visible_families
from api.escalations.models import Escalation
from api.families import spelling
from api.families.models import ContactPoint, Family, Person
from api.jurisdiction import phones
from api.messages.models import Conversation

LONGEST = 100
#: A letter alone would be half the agency.
SHORTEST = 2
#: Shown of each sort.
MOST = 50
#: An escalation as it is said ("#12", "ACK 12", "no. 12").
_NUMBER = re.compile(r"(?:#|n[o\u00ba\u00b0]?\.?|ack)?\s*(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """What somebody typed, as what it may be: a name's words (plain), a number in E.164, an escalation's number, a
    reference of the agency's own system (small letters)."""

    words: tuple[str, ...]
    phone: str
    escalation: int | None
    reference: str


@dataclass(frozen=True)
class Found:
    """``what``: family, person, escalation or conversation (of a number that is nobody's). ``kind``: the person's, or
    the escalation's; ``over``: they have left the family, or it is closed."""

    what: str
    object_id: str
    name: str
    kind: str = ""
    family_id: uuid.UUID | None = None
    family: str = ""
    over: bool = False


def wanted(typed: str, country: str) -> Wanted:
    """What that may be; ``country`` ("GB") says how numbers are dialled where the agency is."""
    typed = " ".join(typed.split())[:LONGEST]
    number = _NUMBER.fullmatch(typed)
    words = tuple(spelling.plain(typed).replace(",", " ").split())
    return Wanted(
        words=words if any(sign.isalpha() for sign in typed) and len("".join(words)) >= SHORTEST else (),
        phone=_phone(typed, country),
        escalation=int(number[1]) if number and 0 < int(number[1]) < 2**31 else None,
        reference=typed.lower() if typed and " " not in typed else "",
    )


def _phone(typed: str, country: str) -> str:
    if sum(sign.isdigit() for sign in typed) < 7 or any(sign.isalpha() for sign in typed):
        return ""
    return phones.e164(typed, country)


def search(session: Session, viewer: Viewer, given: Wanted) -> list[Found]:
    """What fits, escalations first, then families, people and conversations, by name; MOST of each sort."""
    found: list[Found] = []
    if given.escalation is not None:
        found += _escalations(session, viewer, given.escalation)
    # Asked for first, as a list: of that PostgreSQL knows how long it is, and looks there and not in whole tables.
    ids = [str(one) for one in session.scalars(visible_families(viewer).with_only_columns(Family.id))]
    seen = cast(literal(ids, ARRAY(String)), ARRAY(Uuid))
    if given.words or given.reference:
        found += _families(session, seen, given)
    found += _people(session, seen, given)
    if given.phone:
        found += _strangers(session, viewer, given.phone)
    return found


def _escalations(session: Session, viewer: Viewer, number: int) -> list[Found]:
    query = visible_escalations(viewer).where(Escalation.id == number)
    rows = session.execute(query.outerjoin(Family, Family.id == Escalation.family_id).add_columns(Family.name)).all()
    return [
        Found("escalation", str(row.id), str(row.id), row.kind, row.family_id, name or "", row.state == "resolved")
        for row, name in rows
    ]


def _families(session: Session, seen: Any, given: Wanted) -> list[Found]:
    name = " ".join(given.words)
    reference = [func.lower(Family.external_id) == given.reference] if given.reference else []
    rows: Sequence[Family] = []
    for fits in ([_begins("name", name)], [_within("name", name)]) if name else ([],):
        which = select(Family).where(Family.id == any_(seen), or_(*fits, *reference))
        rows = session.scalars(which.order_by(Family.name, Family.id).limit(MOST)).all()
        if rows:
            break
    return [Found("family", str(row.id), row.name, "", row.id, row.name) for row in rows]


def _people(session: Session, seen: Any, given: Wanted) -> list[Found]:
    def those(*which: ColumnElement[bool]) -> list[Found]:
        query: Select[Person, str] = (
            select(Person, Family.name)
            .join(Family, Family.id == Person.family_id)
            .where(Person.family_id == any_(seen), Person.erased_at.is_(None), or_(*which))
            .order_by(Person.left_at.nulls_first(), Family.name, Person.first_name, Person.id)
            .limit(MOST)
        )
        return [
            Found(
                "person", str(person.id), f"{person.first_name} {person.last_name}".strip(), person.kind,
                person.family_id, family, person.left_at is not None,
            )
            for person, family in session.execute(query)
        ]  # fmt: skip

    which: list[ColumnElement[bool]] = [_named(given.words)] if given.words else []
    if given.phone:
        live = ContactPoint.channel == "sms", ContactPoint.state != "quarantined"
        which.append(Person.id.in_(select(ContactPoint.person_id).where(ContactPoint.address == given.phone, *live)))
    found = those(*which) if which else []
    if found:
        return found
    # The second half of a double name, and references, have no index: they are looked for among what the viewer sees.
    which = [func.lower(Person.external_id) == given.reference] if given.reference else []
    if given.words:
        whole = " ".join(given.words)
        which += [_within("first_name", whole), _within("last_name", whole)]
    return those(*which) if which else []


def _named(words: tuple[str, ...]) -> ColumnElement[bool]:
    """Beginnings of names: one of them, or first and last in either order."""
    whole = " ".join(words)
    fits = [_begins("first_name", whole), _begins("last_name", whole)]
    for cut in range(1, len(words)):
        one, other = " ".join(words[:cut]), " ".join(words[cut:])
        fits.append(and_(_begins("first_name", one), _begins("last_name", other)))
        fits.append(and_(_begins("first_name", other), _begins("last_name", one)))
    return or_(*fits)


def _strangers(session: Session, viewer: Viewer, phone: str) -> list[Found]:
    query = visible_conversations(viewer).where(
        Conversation.channel == "sms", Conversation.address == phone, Conversation.person_id.is_(None)
    )
    return [Found("conversation", str(row.id), phone) for row in session.scalars(query.limit(MOST))]


def _begins(column: str, words: str) -> ColumnElement[bool]:
    return _plain(column).like(f"{_escaped(words)}%")


def _within(column: str, words: str) -> ColumnElement[bool]:
    """At the beginning of any part of a name: "clarke" in "Adeyemi-Clarke"."""
    return or_(_plain(column).like(f"% {_escaped(words)}%"), _plain(column).like(f"%-{_escaped(words)}%"))


def _plain(column: str) -> ColumnElement[str]:
    return literal_column(spelling.SQL.format(column), String)


def _escaped(words: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", words)
