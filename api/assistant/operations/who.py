"""Who somebody is whom they name: "whos ray", "who is the housing woman". Of those who work with the family on its plan
or are expected at its appointments, and of nobody else.

Promise: nobody is named whom this person may not hear of, and nothing is said of another family's people.
"""

from __future__ import annotations

import re

from api.assistant.operations import appointments, contact, queries, speaking
from api.assistant.operations.asking import Ask, say
from api.assistant.operations.schemas import Reply
from api.assistant.operations.words import AppointmentWords, named_in
from api.conferences import own
from api.plans import queries as plans

#: What Rasa takes such a question for.
TAKEN_FOR = frozenset(
    {"ask_who_is_my_worker", "ask_if_bot", "ask_appointment_details", "check_appointments", "out_of_scope", "fallback"}
)
#: ... and what a name is taken for that nobody of theirs has.
NOBODY = frozenset({"ask_if_bot", "out_of_scope", "fallback"})
#: A name that is asked for has so many words at most.
NAME = 2
#: "Who is the lady" asks for nobody by name.
ARTICLES = frozenset({"the", "this", "that", "el", "la", "esa", "ese"})
#: A word of a role that says who is meant has so many letters at least.
TELLING = 4


def is_asked(ask: Ask, name: str) -> bool:
    """Do the words ask who somebody is, who may be one of theirs?"""
    if ask.tapped or ask.person is None or not ask.plain_words or name not in TAKEN_FOR:
        return False
    asked = _asked_for(ask)
    if not asked:
        return False
    called = len(asked) <= NAME and not ARTICLES & set(AppointmentWords.fold(ask.words).split())
    return bool(_known(ask)) or (name in NOBODY and called)


def answer(ask: Ask) -> list[Reply]:
    """Name and role of whoever they may mean, or that nobody here is called that; else their own worker."""
    if ask.tapped or ask.person is None or not ask.plain_words or not _asked_for(ask):
        return contact.who_is_my_worker(ask)
    known = _known(ask)
    if not known:
        return [say("who.unknown", ask=contact.whom_to_ask(ask))]
    return [say("who.known", people=speaking.join(ask, known))]


def _asked_for(ask: Ask) -> list[str]:
    """The words after "who is"."""
    return re.findall(r"\w+", named_in(ask.words, "who_is_somebody"))


def _known(ask: Ask) -> list[str]:
    """Those whom the words may mean, each with the role, the most telling first: by name, else by role."""
    said = set(_asked_for(ask))
    fold = AppointmentWords.fold
    everybody = _everybody(ask)
    by_name = [f"{name} ({role})" if role else name for name, role in everybody if said & set(fold(name).split())]
    if by_name:
        return by_name
    telling = {word for word in said if len(word) >= TELLING}
    return [f"{name} ({role})" for name, role in everybody if telling & set(fold(role).split())]


def _everybody(ask: Ask) -> list[tuple[str, str]]:
    """Professionals of the plan and of what is to come, by name and role; each once."""
    found: dict[str, str] = {}
    for plan in plans.current_plans(ask.session, ask.family_id):
        found |= {member.name: member.role for member in plan.core_group}
    for one in appointments.ahead(ask):
        for place in own.expected_with(ask.session, one, ask.someone.id):
            if place.person_id is None and place.name:
                found[place.name] = found.get(place.name) or place.role
    lead = queries.lead_worker(ask.session, ask.family_id)
    if lead is not None and lead.name not in found:
        found[lead.name] = ask.text("who.own_worker")
    return [(name, role) for name, role in found.items() if name]
