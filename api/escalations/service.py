"""Escalations: opened in the transaction of the message that caused them, told rung after rung, acknowledged once.

Promise: an open escalation always has a next rung in the future. Whoever acknowledges first wins; the second is told
who. Telling and opening are one transaction, so an escalation that exists has been told to somebody.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.audit import service as audit
from api.database import notify
from api.escalations import family, ladder, outcomes, queries, telling
from api.escalations.bounced import skip_rung
from api.escalations.family import DANGER, NOTHING, Heard
from api.escalations.ladder import PRIORITIES
from api.escalations.models import Escalation
from api.escalations.otherwise import say as say_otherwise
from api.escalations.rota import Member, away, next_in, on_call
from api.escalations.said import said_since, stands_there, write_down
from api.escalations.telling import note, tell_all, tell_next
from api.escalations.world import World, cases, world
from api.messages.models import Conversation, HandoverNote, InboundMessage

__all__ = [
    "acknowledge",
    "hand_over",
    "open_escalation",
    "release",
    "resolve",
    "say_otherwise",
    "skip_rung",
    "tell_all",
    "tell_next",
]

#: Whoever comes on duty so soon is next on duty already.
ABOUT_TO_COME = timedelta(hours=1)


@dataclass(frozen=True)
class Acknowledgement:
    """``first``: this worker was the one; else ``by_name`` says who was before (``mine``: this worker, earlier), and
    ``resolved`` whether it is closed by now. ``heard``: what the family hears of it."""

    first: bool
    by_name: str
    mine: bool = False
    resolved: bool = False
    heard: Heard = NOTHING


class NotOpen(ValueError):
    """The escalation cannot be changed that way (unknown to this worker, or resolved already)."""


class Changed(ValueError):
    """Something has come that whoever would close it has not seen."""


class NotYours(ValueError):
    """Somebody else has it: ``by_name``."""

    def __init__(self, by_name: str) -> None:
        super().__init__("somebody else has it")
        self.by_name = by_name


class NobodyThere(ValueError):
    """Nobody to hand it to. ``reason``: nobody (on duty), away, no_phone (nor another way to tell them)."""

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(reason)
        self.reason, self.name = reason, name


def open_escalation(
    session: Session,
    *,
    conversation: Conversation,
    message: InboundMessage | None,
    kind: str,
    priority: str,
    words: str,
    reasons: list[str] | None = None,
    agency_id: uuid.UUID | None = None,
) -> Escalation:
    """Open an escalation and tell the first rung, all in the caller's transaction; or join the one that is open.

    A message opens at most one. A second call from the same conversation joins an open one of its family of kinds; a
    higher priority raises it and starts the ladder from the top at once, and so does whatever comes once somebody has
    taken it on: it is open again. Priority never falls by itself.
    """
    now = clock.now()
    if message is not None:
        same = session.scalar(_for_change().filter_by(message_id=message.id))
        if same is not None:
            _raise_priority(session, same, priority, kind, now)
            return same
    joined = queries.open_in_conversation(session, conversation.id, kind)
    if joined is not None:
        new = said_since(joined, message) or not stands_there(joined, words)
        if new:
            write_down(joined, words)
        joined.reasons = sorted({*joined.reasons, *(reasons or [])})
        # Whatever stands there already: "I will kill him" may be urgent in one message and an emergency in the next.
        again = new and (kind in DANGER or said_since(joined, message))
        _raise_priority(session, joined, priority, kind, now, again=again)
        notify(session, f"agency:{joined.agency_id}")
        return joined
    family_id = queries.family_of(session, conversation)
    escalation = Escalation(
        agency_id=agency_id or conversation.agency_id or queries.default_agency(session).id,
        family_id=family_id,
        person_id=conversation.person_id,
        conversation_id=conversation.id,
        message_id=message.id if message else None,
        kind=kind,
        priority=priority,
        words=words,
        reasons=reasons or [],
        opened_at=now,
        next_rung_at=now,
    )
    session.add(escalation)
    session.flush()
    note(session, escalation, "opened")
    tell_next(session, escalation, now)
    return escalation


def _raise_priority(
    session: Session, escalation: Escalation, priority: str, kind: str, now: datetime, *, again: bool = False
) -> None:
    """Raise the priority, never lower it; ``again``: what comes after somebody took it on opens it once more."""
    higher = PRIORITIES.index(priority) > PRIORITIES.index(escalation.priority)
    if not higher and not (again and escalation.state == "acknowledged"):
        return
    if higher:
        escalation.priority, escalation.kind = priority, kind
    note(session, escalation, "raised" if higher else "reopened")
    open_again(session, escalation, now)


def open_again(session: Session, escalation: Escalation, now: datetime) -> None:
    """Nobody has it: from the top of its ladder, at once. What came of it, where it was closed, stays in the
    conversation as that worker's note."""
    family.take_back(session, escalation)
    if escalation.state == "resolved" and escalation.conversation_id and escalation.resolved_by:
        kept = HandoverNote(
            conversation_id=escalation.conversation_id,
            family_id=escalation.family_id,
            worker_id=escalation.resolved_by,
            at=escalation.resolved_at or now,
            words=escalation.outcome,
        )
        session.add(kept)
    escalation.resolved_at, escalation.resolved_by, escalation.outcome, escalation.outcome_kind = None, None, "", ""
    escalation.state, escalation.acknowledged_at, escalation.acknowledged_by = "open", None, None
    escalation.acknowledged_via = ""
    escalation.step, escalation.next_rung_at = 0, now
    tell_next(session, escalation, now)


def release(session: Session, escalation: Escalation, now: datetime) -> None:
    """Whoever had it does not work here any more, or is on leave: it is open again."""
    holder = session.get(Worker, escalation.acknowledged_by) if escalation.acknowledged_by else None
    kind = "away" if holder is not None and holder.active else "left"
    note(session, escalation, kind, worker_id=escalation.acknowledged_by)
    open_again(session, escalation, now)


def chat_left(session: Session, conversation_id: uuid.UUID) -> None:
    """Whoever wrote of danger in this web chat has left it, so nothing written there reaches them: whoever has it is
    told, else all who were told of it. The ladder goes on as it was. Once for each leaving; nothing if it is closed."""
    escalation = queries.open_in_conversation(session, conversation_id, DANGER[0])
    if escalation is None:
        return
    note(session, escalation, "chat_left")
    telling.tell_left(session, escalation, clock.now())


def acknowledge(
    session: Session, escalation_id: int, worker: Worker, via: str, ring_by: datetime | None = None
) -> Acknowledgement:
    """A worker takes it on; the ladder stops. First one wins.

    ``via`` is ``sms``, ``link``, ``console`` or ``api``; ``ring_by``: when the worker rings at the latest, which the
    family then hears. Raises NotOpen if this worker's agency has no such escalation.
    """
    escalation = _locked(session, escalation_id)
    if escalation is None or escalation.agency_id != worker.agency_id:
        raise NotOpen(f"no escalation {escalation_id}")
    mine = escalation.acknowledged_by == worker.id
    resolved = escalation.state == "resolved"
    if escalation.state != "open":
        heard = NOTHING
        if mine and not resolved and ring_by is not None and ring_by != escalation.ring_by:
            escalation.ring_by, escalation.ring_reminded_at, escalation.watched = ring_by, None, True
            heard = _tell_family(session, escalation, worker)
        elif mine and not resolved:
            escalation.watched = True
            note(session, escalation, "still", worker_id=worker.id, via=via)
        return Acknowledgement(False, _holder(session, escalation), mine, resolved, heard)
    escalation.state = "acknowledged"
    escalation.acknowledged_at = clock.now()
    escalation.acknowledged_by = worker.id
    escalation.acknowledged_via = via
    escalation.watched = True
    escalation.next_rung_at = None
    # What somebody promised before holds for whoever has it now, unless that time is over.
    past = escalation.ring_by is not None and escalation.ring_by <= clock.now()
    escalation.ring_by, escalation.ring_reminded_at = ring_by or (None if past else escalation.ring_by), None
    _record(session, escalation, worker, "acknowledged_escalation", via)
    note(session, escalation, "acknowledged", worker_id=worker.id, via=via)
    heard = _tell_family(session, escalation, worker)
    return Acknowledgement(True, worker.name, True, heard=heard)


def _tell_family(session: Session, escalation: Escalation, worker: Worker) -> Heard:
    heard = family.tell_seen(session, escalation, clock.now())
    if heard == family.OTHERS:
        note(session, escalation, "untold", worker_id=worker.id)
    return heard


def _holder(session: Session, escalation: Escalation) -> str:
    by = session.get(Worker, escalation.resolved_by or escalation.acknowledged_by) if escalation else None
    return by.name if by else ""


def hand_over(
    session: Session, escalation_id: int, worker: Worker, to: uuid.UUID | None, via: str = "console"
) -> list[Member]:
    """Hand it to a colleague, or (``to`` None) to whoever is next on duty; returns to whom. They are told at once.

    It is open until one of them acknowledges, and its ladder goes on from the top if they do not. Raises NotOpen,
    NotYours if somebody else has it, NobodyThere if there is nobody to hand it to.
    """
    escalation = _locked(session, escalation_id)
    if escalation is None or escalation.agency_id != worker.agency_id or escalation.state == "resolved":
        raise NotOpen(f"no open escalation {escalation_id}")
    if escalation.acknowledged_by not in (None, worker.id) and worker.role not in ("manager", "administrator"):
        raise NotYours(_holder(session, escalation))
    now = clock.now()
    here = world(session, escalation.agency_id, now)
    takers = _takers(here, worker, to, now)
    case = cases(session, [escalation])[escalation.id]
    family.take_back(session, escalation)
    escalation.state, escalation.acknowledged_at, escalation.acknowledged_by = "open", None, None
    escalation.step = 0
    escalation.next_rung_at = now + ladder.steps_for(here.rules, case, now.astimezone(here.zone))[0].wait
    for taker in takers:
        note(session, escalation, "handed_over", worker_id=worker.id, to_worker_id=taker.id, via=via)
    telling.hand_to(session, escalation, takers, worker, here)
    _record(session, escalation, worker, "handed_over_escalation", via)
    return takers


def _takers(here: World, worker: Worker, to: uuid.UUID | None, now: datetime) -> list[Member]:
    if to is not None:
        member = here.rota.members.get(to)
        if member is None or to == worker.id:
            raise NobodyThere("nobody")
        if away(here.rota, to, now):
            raise NobodyThere("away", member.name)
        if not member.ways:
            raise NobodyThere("no_phone", member.name)
        return [member]
    for found in (
        on_call(here.rota, "duty", now),
        next_in(here.rota, "duty", now, ABOUT_TO_COME),
        on_call(here.rota, "manager", now),
    ):
        takers = [member for member in found if member.id != worker.id and member.ways]
        if takers:
            return takers
    raise NobodyThere("nobody")


def _locked(session: Session, escalation_id: int) -> Escalation | None:
    return session.scalar(_for_change().filter_by(id=escalation_id))


def _for_change() -> Select[Escalation]:
    # Read anew: the caller may have looked at it before somebody else, for whom the lock waited, changed it.
    return select(Escalation).with_for_update().execution_options(populate_existing=True)


def resolve(
    session: Session,
    escalation_id: int,
    worker: Worker,
    outcome: str,
    via: str = "console",
    kind: str = "",
    seen: int | None = None,
) -> None:
    """Close it, with what came of it (``kind`` is one of outcomes.KINDS, else what the words say). Whoever has seen all
    of it (``seen``: the version on their page) may close it in one step, also while it is open. Raises NotOpen for
    another agency's or a closed one, Changed where something came that they have not seen, ValueError without
    outcome."""
    if not outcome.strip():
        raise ValueError("say in a few words what came of it")
    escalation = _locked(session, escalation_id)
    if escalation is None or escalation.agency_id != worker.agency_id or escalation.state == "resolved":
        raise NotOpen(f"no open escalation {escalation_id}")
    if _unseen(escalation, worker, seen):
        raise Changed("something has come since")
    family.take_back(session, escalation)
    now = clock.now()
    if escalation.acknowledged_by is None:
        escalation.acknowledged_at, escalation.acknowledged_by, escalation.acknowledged_via = now, worker.id, via
    escalation.state, escalation.next_rung_at = "resolved", None
    escalation.resolved_at, escalation.resolved_by, escalation.outcome = now, worker.id, outcome.strip()
    escalation.outcome_kind = kind if kind in outcomes.KINDS else outcomes.kind_of(outcome)
    _record(session, escalation, worker, "resolved_escalation", via)
    note(session, escalation, "resolved", worker_id=worker.id, via=via)


def _unseen(escalation: Escalation, worker: Worker, seen: int | None) -> bool:
    """Who does not say what they have seen has seen what they have taken on, and what is as it began."""
    if seen is not None:
        return seen != escalation.version
    theirs = escalation.state == "acknowledged" and escalation.acknowledged_by == worker.id
    return escalation.version > 0 and not theirs


def _record(session: Session, escalation: Escalation, worker: Worker, verb: str, via: str) -> None:
    audit.record(
        session,
        actor_kind="worker",
        actor_id=worker.id,
        verb=verb,
        family_id=escalation.family_id,
        object_id=str(escalation.id),
        detail={"via": via},
    )
