"""What an action is called where it is told: by its title, or, where somebody else may read the phone, by a few words
that say nothing of what it is about ("The form, due 26 Nov").

Promise: on a phone whose owner did not choose plain words no title of an action is written, and no child is named to
anybody whose profile does not allow it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import yaml

from api.assistant.operations import queries as people
from api.assistant.operations import speaking
from api.assistant.operations.asking import Ask
from api.assistant.operations.words import AppointmentWords
from api.plans import queries
from api.plans.models import PlanAction
from api.sealed import all_open
from api.settings import DATA

#: An action that no pattern of data/words/actions.yaml knows.
OTHER = "other"
_EVER = ("open", "blocked", "reported_done", "verified")


def own(ask: Ask) -> Sequence[PlanAction]:
    """All of theirs, among which the words must tell one from another; looked up once for several. Plain titles need
    none."""
    return [] if ask.plain_words else queries.own_actions(ask.session, ask.someone.id, statuses=_EVER)


def in_a_line(ask: Ask, action: PlanAction, among: Sequence[PlanAction]) -> str:
    """For a list, whose lines say by when. ``among``: ``own``."""
    if ask.plain_words:
        return _open_title(ask, action)
    alike = [one for one in among if _alike(one, action)]
    named = ask.text(f"actions.discreet.{kind(action.title)}")
    if len(alike) < 2:
        return named
    number = next((place for place, one in enumerate(alike, 1) if one.id == action.id), len(alike))
    return ask.text("actions.discreet_number", title=named, number=number)


def alone(ask: Ask, action: PlanAction | None, among: Sequence[PlanAction] | None = None) -> str:
    """For a sentence or an option; with the day, where that is what tells it from the others."""
    if action is None:
        return ""
    title = in_a_line(ask, action, own(ask) if among is None else among)
    if ask.plain_words or action.due_on is None:
        return title
    return ask.text("actions.discreet_due", title=title, day=speaking.short_day(ask, action.due_on))


def without_names(ask: Ask, words: str) -> str:
    """The words, with "your child" for each child that may not be named."""
    if ask.someone.may_name_children:
        return words
    for child in people.children(ask.session, ask.family_id):
        if child.id != ask.someone.id and child.first_name:
            name = rf"(?<!\w){re.escape(child.first_name)}(?!\w)"
            words = re.sub(name, ask.text("people.your_child"), words, flags=re.IGNORECASE)
    return words


def kind(title: str) -> str:
    """What sort of thing it is, in a word that gives nothing away (a key of ``discreet`` in data/words/actions.yaml).
    Pure."""
    words = AppointmentWords.fold(title) if all_open(title) else ""
    return next((name for name, pattern in _kinds().items() if pattern.search(words)), OTHER)


def _alike(one: PlanAction, other: PlanAction) -> bool:
    return one.due_on == other.due_on and kind(one.title) == kind(other.title)


def _open_title(ask: Ask, action: PlanAction) -> str:
    if not all_open(action.title):
        return ask.text("actions.unnamed")
    return without_names(ask, action.title.rstrip("."))


@lru_cache(maxsize=1)
def _kinds() -> dict[str, re.Pattern[str]]:
    data = yaml.safe_load((DATA / "words" / "actions.yaml").read_text(encoding="utf-8"))
    return {name: re.compile(pattern) for name, pattern in data["discreet"].items()}
