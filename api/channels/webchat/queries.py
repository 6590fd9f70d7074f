"""What a chat page may read: its own conversation, by the hash of its own session token, and nothing else."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Agency, Worker
from api.escalations.queries import NoAgency
from api.families import zones
from api.families.models import Person
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.messages.tongues import plainly
from api.sealed import or_nothing

#: A page shows at most so many of each side's messages.
MOST_LINES = 200
#: A row's number is given before its commit, so a lower number can appear after a higher one: on every look this many
#: numbers before the last seen one are read again. The page knows each line by its key and shows it once.
OVERLAP = 20


@dataclass(frozen=True)
class Chat:
    """A live chat session: what a request may know of it."""

    conversation_id: uuid.UUID
    agency_id: uuid.UUID | None
    agency_name: str
    jurisdiction: str
    timezone: str  #: theirs (api.families.zones)
    language: str
    person_id: uuid.UUID | None
    form_token: str

    @property
    def known_person(self) -> bool:
        """Did somebody enter as themselves, with a code of their worker's?"""
        return self.person_id is not None


@dataclass(frozen=True)
class ChatLine:
    """One message as the chat page shows it. ``key`` is the same however often it is read."""

    key: str
    sequence: int
    direction: str  # in (theirs), out (ours)
    at: datetime
    body: str
    options: list[dict[str, Any]]
    author: str  # the worker's first name; empty for the computer and for themselves

    @property
    def tongue(self) -> str:
        """The language that it is plainly in, or "": for whoever has pages read to them."""
        return plainly(or_nothing(self.body))


@dataclass(frozen=True)
class ChatState:
    """Beside the lines: is an answer on its way, which worker has joined (first name), is it over?"""

    waiting: bool
    worker: str
    ended: bool


def live_chat(session: Session, token_hash: str, form_token: str) -> Chat | None:
    """The open, unexpired web conversation of this session token, or None."""
    row = session.execute(
        select(Conversation, Agency, Person)
        .outerjoin(Agency, Agency.id == Conversation.agency_id)
        .outerjoin(Person, Person.id == Conversation.person_id)
        .where(
            Conversation.channel == "web",
            Conversation.address == token_hash,
            Conversation.closed_at.is_(None),
            Conversation.expires_at > clock.now(),
        )
    ).one_or_none()
    if row is None:
        return None
    conversation, agency, person = row
    return Chat(
        conversation_id=conversation.id,
        agency_id=conversation.agency_id,
        agency_name=agency.name if agency else "",
        jurisdiction=agency.jurisdiction if agency else "uk-england",
        timezone=zones.name_of(person, agency) if agency else "UTC",
        language=conversation.language,
        person_id=conversation.person_id,
        form_token=form_token,
    )


def agencies(session: Session) -> list[Agency]:
    """The agencies that a stranger can choose between. Raises NoAgency."""
    found = list(session.scalars(select(Agency).order_by(Agency.name)))
    if not found:
        raise NoAgency
    return found


def lines(session: Session, conversation_id: uuid.UUID, seen: int = 0) -> list[ChatLine]:
    """The conversation's messages in the order of their numbers, from a little before ``seen``; the newest if many."""
    theirs = session.scalars(
        select(InboundMessage)
        .where(InboundMessage.conversation_id == conversation_id, InboundMessage.seq > seen - OVERLAP)
        .order_by(InboundMessage.seq.desc())
        .limit(MOST_LINES)
    ).all()
    ours = session.execute(
        select(OutboundMessage, Worker.name)
        .outerjoin(Worker, Worker.id == OutboundMessage.written_by)
        .where(
            OutboundMessage.conversation_id == conversation_id,
            OutboundMessage.seq > seen - OVERLAP,
            OutboundMessage.due_at <= clock.now(),
            OutboundMessage.state.not_in(("cancelled", "failed")),
        )
        .order_by(OutboundMessage.seq.desc())
        .limit(MOST_LINES)
    ).all()
    found = [ChatLine(message_key(m.external_id), m.seq, "in", m.received_at, m.body, [], "") for m in theirs] + [
        ChatLine(f"o{m.seq}", m.seq, "out", m.created_at, m.body, _shown(m.options), first_name(name or ""))
        for m, name in ours
    ]
    return sorted(found, key=lambda line: line.sequence)


def message_key(external_id: str) -> str:
    """The key of one of their messages: the id that the page gave it."""
    return f"m-{external_id.rpartition(':')[2]}"


def state(session: Session, conversation_id: uuid.UUID) -> ChatState:
    """Whether an answer is on its way, who has joined, whether the chat is over."""
    conversation = session.get(Conversation, conversation_id, populate_existing=True)
    if conversation is None or conversation.closed_at or (conversation.expires_at or clock.now()) <= clock.now():
        return ChatState(waiting=False, worker="", ended=True)
    worker = session.get(Worker, conversation.taken_over_by) if conversation.taken_over_by else None
    waiting = session.scalar(
        select(func.count())
        .select_from(InboundMessage)
        .where(InboundMessage.conversation_id == conversation_id, InboundMessage.state == "queued")
    )
    return ChatState(
        waiting=bool(waiting) and worker is None, worker=first_name(worker.name) if worker else "", ended=False
    )


def first_name(name: str) -> str:
    """What a worker is called in a chat."""
    return name.split(" ", 1)[0]


def _shown(options: list[Any]) -> list[dict[str, Any]]:
    """Buttons without their payloads, which are the gateway's business."""
    return [{"n": item["n"], "label": item["label"]} for item in options]
