"""Reads about escalations: who is in a role now, what is due, and what workers see of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, case, exists, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from api import clock
from api.access.models import Agency, Worker
from api.access.queries import Viewer, visible_escalations, worker_names
from api.channels.push.models import PushBrowser
from api.escalations.family import DANGER, untold
from api.escalations.models import REACHED, Escalation, EscalationEvent, Notification, RotaChange
from api.escalations.world import Due, World, cases, world
from api.families.models import Person
from api.families.queries import Who, who_by_person, who_of
from api.messages.models import Conversation
from api.settings import settings

MOST_ESCALATIONS = 200


@dataclass(frozen=True)
class Told:
    """One telling: a worker (or nobody, with the ``problem``) in a role, at a time."""

    name: str
    role: str
    at: datetime
    problem: str
    channels: str = "sms"


@dataclass(frozen=True)
class Card:
    """An escalation as workers see it."""

    escalation: Escalation
    who: Who
    channel: str
    #: The chat that it came from was left or has timed out: a reply would reach nobody.
    over: bool
    #: They asked not to be texted (api.messages.hush).
    hushed: bool
    #: Whoever has it said to ring, and the family was not told so: others may see that phone.
    untold: bool
    told: list[Told]
    next_roles: list[str]
    next_names: list[str]
    acknowledged_by: str
    resolved_by: str


def open_in_conversation(session: Session, conversation_id: uuid.UUID, kind: str) -> Escalation | None:
    """The unresolved escalation that a new one of ``kind`` from this conversation joins: danger joins danger."""
    kinds = DANGER if kind in DANGER else (kind,)
    return session.scalar(
        select(Escalation)
        .where(
            Escalation.conversation_id == conversation_id, Escalation.kind.in_(kinds), Escalation.state != "resolved"
        )
        .order_by(Escalation.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def last_in_conversation(session: Session, conversation_id: uuid.UUID, since: datetime) -> Escalation | None:
    """What was passed on from there last, opened at ``since`` or later, whatever became of it."""
    return session.scalar(
        select(Escalation)
        .where(Escalation.conversation_id == conversation_id, Escalation.opened_at >= since)
        .order_by(Escalation.id.desc())
        .limit(1)
    )


def about_danger(session: Session, conversation_id: uuid.UUID) -> bool:
    """Has somebody told of danger there, and is that not closed yet?"""
    told = select(Escalation.id).where(
        Escalation.conversation_id == conversation_id, Escalation.kind.in_(DANGER), Escalation.state != "resolved"
    )
    return session.scalar(select(told.exists())) is True


def anybody_told(session: Session, escalation: Escalation) -> bool:
    """Could anybody be told of it (so that a text, an e-mail or a note to a browser is on its way to them)?"""
    told = select(Notification.id).where(Notification.escalation_id == escalation.id, REACHED)
    return session.scalar(select(told.exists())) is True


def family_of(session: Session, conversation: Conversation) -> uuid.UUID | None:
    """The family of the person at the other end, or None for a stranger."""
    if conversation.person_id is None:
        return None
    return session.get_one(Person, conversation.person_id).family_id


class NoAgency(Exception):
    """Nobody is here who could look after anybody: the installation has no agency yet."""

    def __init__(self) -> None:
        super().__init__("no agency has been imported yet: run `hearthline import FILE`")


def default_agency(session: Session, phone: str = "") -> Agency:
    """The agency that looks after a stranger: one in the phone number's country, else the first. Raises NoAgency."""
    agencies = session.scalars(select(Agency).order_by(Agency.external_id)).all()
    if not agencies:
        raise NoAgency
    country = "us" if phone.startswith("+1") else "uk" if phone.startswith("+44") else ""
    return next((agency for agency in agencies if country and agency.jurisdiction.startswith(country)), agencies[0])


def abandoned(session: Session, limit: int, but: Collection[int] = ()) -> Sequence[Escalation]:
    """Escalations (``but`` these) that somebody took on who does not work here any more, or whose leave has begun (or
    was noted) since, locked for this transaction."""
    now = clock.now()
    taken = aliased(Escalation)
    # From the few leaves that hold now, by their index (agency, end): not, for each escalation, all there ever were.
    away = (
        select(taken.id)
        .join(RotaChange, RotaChange.worker_id == taken.acknowledged_by)
        .where(
            taken.state == "acknowledged",
            RotaChange.agency_id.in_(select(Agency.id)),
            RotaChange.kind == "leave",
            RotaChange.cancelled_at.is_(None),
            RotaChange.starts_at <= now,
            RotaChange.ends_at > now,
            func.greatest(RotaChange.starts_at, RotaChange.made_at) > taken.acknowledged_at,
        )
    )
    gone = or_(Worker.active.is_(False), Escalation.id.in_(away))
    return session.scalars(
        select(Escalation)
        .join(Worker, Worker.id == Escalation.acknowledged_by)
        .where(Escalation.state == "acknowledged", gone, Escalation.id.not_in(but))
        .limit(limit)
        .with_for_update(of=Escalation, skip_locked=True)
    ).all()


def due(session: Session, now: datetime, limit: int, but: Collection[int] = ()) -> list[Due]:
    """Open escalations (``but`` these) whose next rung is due, the most pressing first, locked for this transaction;
    those that another worker holds are left."""
    priority = case({"emergency": 0, "urgent": 1, "routine": 2}, value=Escalation.priority)
    columns = (Escalation.agency_id, Escalation.family_id, Escalation.priority, Escalation.rung)
    rows = session.execute(
        select(Escalation.id, *columns, Escalation.step, Escalation.begun)
        .where(Escalation.state == "open", Escalation.next_rung_at <= now, Escalation.id.not_in(but))
        .order_by(priority, Escalation.next_rung_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Due(*row) for row in rows]


def seen_by(viewer: Viewer, *, resolved: bool = False) -> Select[Escalation]:
    """The unresolved escalations that the viewer may see, the most pressing first; or the resolved ones, newest
    first."""
    query = visible_escalations(viewer)
    if resolved:
        return query.where(Escalation.state == "resolved").order_by(Escalation.resolved_at.desc(), Escalation.id.desc())
    state = case({"open": 0, "acknowledged": 1}, value=Escalation.state)
    priority = case({"emergency": 0, "urgent": 1, "routine": 2}, value=Escalation.priority)
    query = query.where(Escalation.state != "resolved")
    return query.order_by(state, priority, Escalation.opened_at.desc(), Escalation.id.desc())


def cards(
    session: Session, viewer: Viewer, *, resolved: bool = False, limit: int = MOST_ESCALATIONS, offset: int = 0
) -> list[Card]:
    """``seen_by``, with what surrounds each escalation."""
    return make_cards(session, session.scalars(seen_by(viewer, resolved=resolved).limit(limit).offset(offset)).all())


def count(session: Session, viewer: Viewer, *, resolved: bool = False) -> int:
    """How many escalations ``seen_by`` has."""
    found = seen_by(viewer, resolved=resolved).order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def cards_of_conversation(session: Session, viewer: Viewer, conversation_id: uuid.UUID) -> list[Card]:
    """The unresolved escalations of one conversation, newest first."""
    query = visible_escalations(viewer).where(
        Escalation.conversation_id == conversation_id, Escalation.state != "resolved"
    )
    return make_cards(session, session.scalars(query.order_by(Escalation.id.desc())).all())


@dataclass(frozen=True)
class Happened:
    """One thing that became of an escalation, with the names of who did it and to whom."""

    event: EscalationEvent
    name: str
    to: str


def life(session: Session, escalation_id: int) -> list[Happened]:
    """What became of an escalation, in order."""
    events = session.scalars(
        select(EscalationEvent).filter_by(escalation_id=escalation_id).order_by(EscalationEvent.at, EscalationEvent.id)
    ).all()
    names = worker_names(session, [i for event in events for i in (event.worker_id, event.to_worker_id)])
    return [Happened(event, names.get(event.worker_id, ""), names.get(event.to_worker_id, "")) for event in events]


def colleagues(session: Session, viewer: Viewer) -> Sequence[Worker]:
    """To whom this worker can hand something over: everybody else who works there and can be told somehow."""
    browser = exists().where(PushBrowser.worker_id == Worker.id) if settings().pushes else false()
    told = or_(Worker.phone.is_not(None), true() if settings().mails else false(), browser)
    return session.scalars(
        select(Worker)
        .where(Worker.agency_id == viewer.agency_id, Worker.active, told, Worker.id != viewer.id)
        .order_by(Worker.name)
    ).all()


def open_count(session: Session, viewer: Viewer) -> int:
    """How many escalations wait for an acknowledgement."""
    return session.scalar(counting_open(viewer)) or 0


def counting_open(viewer: Viewer) -> Select[int]:
    """The query that counts those."""
    waiting = visible_escalations(viewer).where(Escalation.state == "open")
    return waiting.with_only_columns(func.count(), maintain_column_froms=True)


def make_cards(session: Session, escalations: Sequence[Escalation]) -> list[Card]:
    """Escalations (already allowed) with what surrounds them, in a fixed number of queries but for who is next."""
    ids = [escalation.id for escalation in escalations]
    people = who_by_person(session, {e.person_id for e in escalations if e.person_id})
    conversations = {
        conversation.id: conversation
        for conversation in session.scalars(
            select(Conversation).where(Conversation.id.in_([e.conversation_id for e in escalations]))
        )
    }
    told: dict[int, list[Told]] = {escalation_id: [] for escalation_id in ids}
    for notification, name in session.execute(
        select(Notification, Worker.name)
        .outerjoin(Worker, Worker.id == Notification.worker_id)
        .where(Notification.escalation_id.in_(ids))
        .order_by(Notification.at, Notification.rung)
    ):
        told[notification.escalation_id].append(
            Told(name or "", notification.role, notification.at, notification.problem, notification.channels)
        )
    names = worker_names(session, [e.acknowledged_by for e in escalations] + [e.resolved_by for e in escalations])
    known = cases(session, escalations)
    unheard = untold(session, escalations)
    worlds: dict[uuid.UUID, World] = {}
    made = []
    for escalation in escalations:
        conversation = conversations.get(escalation.conversation_id) if escalation.conversation_id else None
        roles: list[str] = []
        following: set[str] = set()
        if escalation.state == "open" and escalation.next_rung_at is not None:
            if escalation.agency_id not in worlds:
                worlds[escalation.agency_id] = world(session, escalation.agency_id, clock.now())
            here = worlds[escalation.agency_id]
            known_case, due_at = known[escalation.id], escalation.next_rung_at
            rungs = here.telling(known_case, escalation.step, escalation.begun, due_at).rungs
            reach = [rung for rung in rungs if any(not told.problem for told in rung)] or rungs[-1:]
            rung = [told for rung in reach for told in rung]
            roles = list(dict.fromkeys(told.role for told in rung))
            following = {told.member.name for told in rung if told.member}
        made.append(
            Card(
                escalation=escalation,
                who=who_of(people, escalation.person_id, conversation),
                channel=conversation.channel if conversation else "",
                over=conversation is not None and conversation.over(clock.now()),
                hushed=conversation is not None and conversation.hushed_at is not None,
                untold=escalation.id in unheard,
                told=told[escalation.id],
                next_roles=roles,
                next_names=sorted(following),
                acknowledged_by=names.get(escalation.acknowledged_by, ""),
                resolved_by=names.get(escalation.resolved_by, ""),
            )
        )
    return made
