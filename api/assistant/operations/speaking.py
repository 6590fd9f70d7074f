"""Days, hours and people in the person's own language and place, ready to stand in a reply."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from babel.dates import format_date

from api.appointments.models import Appointment, Attendee
from api.appointments.wording import Voice, opening
from api.assistant.operations import queries
from api.assistant.operations.asking import Ask
from api.assistant.operations.words import appointment_words
from api.families.models import Person

__all__ = ["opening"]


def voice(ask: Ask) -> Voice:
    """How this person is spoken to."""
    named = ask.person is not None and ask.plain_words
    return Voice(ask.pack, ask.language, ask.turn.timezone, ask.turn.now, place=ask.turn.place, names_town=named)


def day(ask: Ask, when: date) -> str:
    """ "Thursday 26 November"; with the year when it is more than 300 days away."""
    return voice(ask).day(when)


def hour(ask: Ask, when: datetime) -> str:
    """Their time of day: "16:00", or "4:00 PM" where the jurisdiction's clock has twelve hours; and whose time that is
    where it is not the agency's."""
    return voice(ask).hour(when)


def moment(ask: Ask, when: datetime) -> str:
    """ "today at 16:00", "tomorrow at 10:00", "Thursday 26 November at 13:30"."""
    return voice(ask).moment(when)


def kind(ask: Ask, appointment: Appointment) -> str:
    """What kind of meeting it is, in words; a word that the jurisdiction has of its own comes first."""
    return voice(ask).kind(appointment.kind)


def child(ask: Ask, appointment: Appointment) -> str:
    """The children the appointment is about, by name where the profile allows it, else "your child"; "" for one's
    own."""
    about = [place.person for place in appointment.attendees if place.concerns and place.person]
    about = [person for person in about if ask.person and person.id != ask.person.id]
    return people(ask, about)


def people(ask: Ask, named: Sequence[Person]) -> str:
    """ "Jayden and Ruby", or "your child", or ""."""
    if not named:
        return ""
    if not ask.someone.may_name_children:
        return ask.text("people.your_child" if len(named) == 1 else "people.your_children")
    return join(ask, [person.first_name for person in named])


def either(ask: Ask, words: Sequence[str]) -> str:
    """ "a", "a or b", "a, b or c"."""
    if len(words) < 2:
        return "".join(words)
    return ask.text("list.or", first=", ".join(words[:-1]), last=words[-1])


def join(ask: Ask, words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return ask.text("list.and", first=", ".join(words[:-1]), last=words[-1])


def others(ask: Ask, places: Sequence[Attendee]) -> str:
    """Who else is expected: professionals by name and, in plain words, role; family members by first name where it may
    be."""
    found = []
    for place in places:
        if place.person_id is None:
            role = place.role if ask.plain_words else ""
            found.append(f"{place.name} ({role})" if role and place.name else place.name or role)
        elif ask.person and place.person_id != ask.person.id and place.person:
            is_child = not place.person.grown
            if not is_child or ask.someone.may_name_children:
                found.append(place.person.first_name)
    return join(ask, [name for name in found if name])


def children_expected(ask: Ask, places: Sequence[Attendee]) -> str:
    """The children who are to come themselves, and are not only talked of, as ``people``; "" where none is known to."""
    own_id = ask.someone.id
    coming = [place.person for place in places if place.person and not place.concerns and place.person_id != own_id]
    return people(ask, [person for person in coming if not person.grown])


def meant_children(ask: Ask) -> list[Person]:
    """The children that the words name: by first name, or as the eldest or youngest."""
    children = [one for one in queries.children(ask.session, ask.family_id) if one.id != ask.someone.id]
    words = appointment_words()
    text = words.fold(ask.words)
    said = set(text.split())
    named = [one for one in children if said & {words.fold(one.first_name), words.fold(one.first_name) + "s"}]
    if named or len(children) < 2:
        return named
    if words.oldest.search(text):
        return [children[0]]
    return [children[-1]] if words.youngest.search(text) else []


def short_day(ask: Ask, when: date) -> str:
    """ "26 Nov": for lists."""
    form = ask.text("when.date_short_month_first" if ask.pack.dates.order == "month_first" else "when.date_short")
    return format_date(when, form, locale=ask.pack.locale(ask.language)).replace(".", "")
