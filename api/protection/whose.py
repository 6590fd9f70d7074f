"""Whose is it? Which person is meant, which conversations are theirs alone, and which words name somebody else.

A conversation is a phone number's, not a person's: where another person has, or once had, the same number, nobody can
say from the messages who wrote which. Then they are counted as of neither: shown to one, they could betray the other.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from api import texts
from api.access.models import Agency
from api.families.models import ContactPoint, Family, Person
from api.jurisdiction import packs, phones
from api.messages.models import Conversation
from api.sealed import Unreadable


class Unknown(LookupError):
    """There is no such person, or more than one; says what to give instead, and never repeats what was given."""


def find(session: Session, given: str) -> Person:
    """The person with this id, this case system's id ("family/person"), or this phone number. Raises Unknown."""
    given = given.strip()
    try:
        found = session.get(Person, uuid.UUID(given))
    except ValueError:
        pass
    else:
        if found is None:
            raise Unknown("Nobody here has this id.")
        return found
    if "/" in given:
        family, _, person = given.partition("/")
        query = select(Person).join(Family).where(Family.external_id == family, Person.external_id == person)
    else:
        query = (
            select(Person)
            .join(ContactPoint)
            .where(ContactPoint.address.in_(_numbers(session, given)), ContactPoint.state != "quarantined")
        )
    people = session.scalars(query.distinct()).all()
    if not people:
        raise Unknown("Nobody here has this number or id. Give a number as +44..., or an id as FAMILY/PERSON.")
    if len(people) > 1:
        raise Unknown("More than one person has this. Give one's id: " + ", ".join(str(one.id) for one in people))
    return people[0]


def _numbers(session: Session, given: str) -> set[str]:
    places = session.scalars(select(Agency.jurisdiction).distinct())
    return {phones.e164(given, packs.pack(name).country) for name in places} - {""}


@dataclass(frozen=True)
class Talks:
    """Conversations of a person's alone, and the others of their numbers; of these ``nobody_elses`` are those of a
    number that no other person has or had, and whose last words may be a stranger's."""

    own: list[Conversation]
    shared: list[Conversation]
    nobody_elses: list[Conversation]


def talks(session: Session, person: Person) -> Talks:
    """Every conversation of this person, or of a number of theirs."""
    mine, others = aliased(ContactPoint), aliased(ContactPoint)
    numbers = select(mine.address).where(mine.person_id == person.id)
    used_by_others = set(
        session.scalars(select(others.address).where(others.address.in_(numbers), others.person_id != person.id))
    )
    found = session.scalars(
        select(Conversation)
        .where(
            or_(
                Conversation.person_id == person.id,
                (Conversation.channel == "sms") & Conversation.address.in_(numbers),
            )
        )
        .order_by(Conversation.created_at)
    ).all()
    own = [one for one in found if one.person_id == person.id and one.address not in used_by_others]
    others_of_theirs = [one for one in found if one not in own]
    return Talks(own, others_of_theirs, [one for one in others_of_theirs if one.address not in used_by_others])


def neutral(agency: Agency) -> str:
    """What stands where an erased person's name stood."""
    return texts.render("protection.erased", agency.language)


def name_pattern(names: Sequence[str], flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str] | None:
    """Finds any of these names as whole words, in any case unless ``flags`` say otherwise; None for no names."""
    known = sorted({name.strip() for name in names if len(name.strip()) > 1}, key=len, reverse=True)
    if not known:
        return None
    return re.compile(r"(?<!\w)(?:" + "|".join(re.escape(name) for name in known) + r")(?!\w)", flags)


def _digits(number: str) -> str:
    """A pattern for a number however it is written: with or without its country, with blanks or dashes."""
    last = re.sub(r"\D", "", number)[-10:]
    return r"(?<!\d)(?:\+?\d{1,3}[\s-]?|0)?\(?" + r"[\s()-]*".join(last) + r"(?!\d)"


def without_relatives(session: Session, person: Person, agency: Agency) -> Callable[[str], str]:
    """A function that takes the other family members' names and numbers out of a text.

    Rather a word too many than one too few: "may" goes where a sister is called May. Names that are the person's own
    too (a shared surname) stay.
    """
    others = session.scalars(select(Person).where(Person.family_id == person.family_id, Person.id != person.id)).all()
    own = {person.first_name.casefold(), person.last_name.casefold()}
    names: list[str] = []
    for one in others:
        parts = [one.first_name, one.last_name, one.phone_label, *one.first_name.split()]
        names += [part for part in parts if part.casefold() not in own]
    numbers = set(
        session.scalars(select(ContactPoint.address).where(ContactPoint.person_id.in_([one.id for one in others])))
    ) - set(session.scalars(select(ContactPoint.address).where(ContactPoint.person_id == person.id)))
    named = name_pattern(names)
    called = re.compile("|".join(_digits(number) for number in sorted(numbers))) if numbers else None
    instead = texts.render("protection.relative", agency.language)

    def clean(words: str) -> str:
        if named is not None:
            words = named.sub(instead, words)
        return called.sub(instead, words) if called is not None else words

    return clean


def through(clean: Callable[[str], str], value: Any) -> Any:
    """The same for every text in a JSON value."""
    if isinstance(value, Unreadable):
        return value  # it has nobody's words in it, and must stay what it is
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [through(clean, one) for one in value]
    if isinstance(value, dict):
        return {key: through(clean, one) for key, one in value.items()}
    return value
