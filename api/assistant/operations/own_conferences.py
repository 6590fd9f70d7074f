"""The conferences and reviews of somebody's own plan in a few words: when the next one is, what was decided, on which
worry, who was there.

Promise: what their own page shows (api.conferences.own), and nothing where somebody else may read the phone (the caller
sees to that); each answer fits in two segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from api.appointments import queries as appointments
from api.appointments.models import REVIEWS
from api.assistant.operations import speaking, titles
from api.assistant.operations.asking import Ask, say
from api.assistant.operations.own_plan import SEGMENTS
from api.assistant.operations.schemas import Reply
from api.assistant.operations.words import says
from api.conferences import own as conferences
from api.conferences.own import Held, OwnConferences
from api.messages.sms import segments, to_gsm7
from api.plans import own
from api.plans.own import OwnPlan

#: The appointments at which a plan is decided on.
MEETINGS = ("initial_conference", *REVIEWS)


def told(ask: Ask, today: date) -> list[Reply]:
    """What the words ask of them: who was there, what was decided, else when the next one is at which the person is
    expected, and where there is none, what the last one decided; [] where there is nothing to tell."""
    met = conferences.of_person(ask.session, ask.someone.id, today)
    who = says(ask.words, "who_was_there")
    if who and (came := _who(ask, met)):
        return came
    past = who or says(ask.words, "what_was_decided")
    if not past and (following := _next(ask, met)):
        return following
    theirs = own.own_plans(ask.session, ask.someone.id, today)
    decided = list(_decided(ask, theirs, met))
    if not decided and past:
        return [say("about.own_began", day=speaking.day(ask, one.plan.started_on)) for one in theirs]
    return decided


def harms(ask: Ask, today: date) -> list[Reply]:
    """The kinds of harm that the last conference decided on, which says so."""
    met = conferences.of_person(ask.session, ask.someone.id, today)
    found = next((one for one in met.held if one.harms), None)
    return [say("about.own_harms", day=speaking.day(ask, found.held_on), told=_harms(ask, found))] if found else []


def _next(ask: Ask, met: OwnConferences) -> list[Reply]:
    coming = appointments.own(ask.session, ask.someone.id, after=ask.turn.now)
    meeting = next((one for one in coming if one.kind in MEETINGS), None)
    if meeting is not None:
        kind, when = speaking.kind(ask, meeting), speaking.moment(ask, meeting.starts_at)
        return [say("about.own_conference", kind=kind, when=when)]
    if met.next is not None:
        return [say("about.own_invited", day=speaking.day(ask, met.next.on))]
    return []


def _decided(ask: Ask, theirs: Sequence[OwnPlan], met: OwnConferences) -> Iterator[Reply]:
    """Of each plan that goes on, what was decided last; of no plan, what the last conference of theirs decided."""
    for one in theirs:
        held = next(iter(met.of(one.plan.id)), None)
        if held is not None and (one.last is None or held.held_on >= one.last.held_on):
            yield _of(ask, held)
        elif one.last is not None:
            decided = ask.text(f"chat.plan.next.{one.last.next_step}")
            yield say("about.own_last", day=speaking.day(ask, one.last.held_on), told=decided)
    if not theirs and met.held and met.held[0].plan_id is None:
        yield _of(ask, met.held[0])


def _of(ask: Ask, held: Held) -> Reply:
    parts = [ask.text(held.decided)]
    if held.harms:
        parts.append(ask.text("about.own_worry", told=_harms(ask, held)))
    if held.dissent:
        parts.append(ask.text("chat.plan.met.dissent"))
    text_id = "about.own_last" if held.kind == "review" else "about.own_decided"
    return say(text_id, day=speaking.day(ask, held.held_on), told=" ".join(parts))


def _harms(ask: Ask, held: Held) -> str:
    words = [ask.text(f"chat.plan.harm.{harm}") for harm in held.harms]
    return ", ".join(word[:1].lower() + word[1:] for word in words)


def _who(ask: Ask, met: OwnConferences) -> list[Reply]:
    """Of the last one at which they were, as many as fit, and how many more."""
    held = next((one for one in met.held if one.there), None)
    if held is None:
        return []
    people = [f"{one.name} ({one.role or ask.text(f'chat.plan.agency.{one.agency}')})" for one in held.there]
    people = [titles.without_names(ask, one) for one in people]
    args = {"day": speaking.day(ask, held.held_on)}
    most = len(people)
    while most > 1 and ask.turn.channel == "sms" and not _fits(ask, people[:most], len(people) - most, args):
        most -= 1
    text_id = "about.own_there" if most == len(people) else "about.own_there_more"
    return [say(text_id, people=", ".join(people[:most]), number=len(people) - most, **args)]


def _fits(ask: Ask, people: Sequence[str], left: int, args: dict[str, str]) -> bool:
    text_id = "about.own_there_more" if left else "about.own_there"
    return segments(to_gsm7(ask.text(text_id, people=", ".join(people), number=left, **args))) <= SEGMENTS
