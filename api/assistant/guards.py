"""Who is asking, for everything under /assist: the turn token's message says, and nothing else does."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import Header, HTTPException
from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Agency
from api.assistant import tokens
from api.families import identity, zones
from api.families.models import ContactPoint, Family, Person
from api.messages.models import Conversation, InboundMessage
from api.views.models import ViewDraft


@dataclass(frozen=True)
class Turn:
    """The turn under way. ``person_id`` and ``family_id`` are None for a stranger or an anonymous chat.

    ``standing`` says whether that person has proved to be the one who writes (families.identity): only ``known`` may be
    told anything of theirs. ``text`` is the message; after a PIN, the one that waited for it.
    """

    message_id: uuid.UUID
    text: str
    standing: str
    safety_kind: str
    conversation_id: uuid.UUID
    channel: str
    language: str
    person_id: uuid.UUID | None
    family_id: uuid.UUID | None
    agency_id: uuid.UUID
    jurisdiction: str
    #: The local time of whose phone or chat it is (reminders answered without a PIN are read back as they were said).
    timezone: ZoneInfo
    #: The agency's: where the meetings and the services are.
    place: ZoneInfo
    now: datetime


@dataclass(frozen=True)
class Asked:
    """A turn under way and its rows, in the session that locked its conversation. ``holder`` is the person whom the
    phone was handed to last, proved or not; None where they have left their family meanwhile."""

    turn: Turn
    message: InboundMessage
    conversation: Conversation
    holder: Person | None
    #: Is the holder in the middle of writing their views here (views.drafts)?
    drafting: bool


# Made once: building a statement costs several times what running it does.
_held = InboundMessage.__table__.alias("held")
_sharing = (
    select(func.count())
    .where(ContactPoint.address == Conversation.address, ContactPoint.state.in_(("active", "opted_out")))
    .scalar_subquery()
)
_drafting = exists().where(ViewDraft.conversation_id == Conversation.id, ViewDraft.person_id == Conversation.person_id)
_TURN = (
    select(InboundMessage, Conversation, Person, Agency, _held.c.body, _sharing, _drafting)
    .join(Conversation, Conversation.id == InboundMessage.conversation_id)
    .outerjoin(_held, _held.c.id == InboundMessage.continues)
    .outerjoin(Person, Person.id == Conversation.person_id)
    .outerjoin(Family, Family.id == Person.family_id)
    .join(Agency, Agency.id == func.coalesce(Family.agency_id, Conversation.agency_id))
    .where(InboundMessage.id == bindparam("message_id"), InboundMessage.state == "queued")
    # (Not so that it keeps whoever only refers to the conversation waiting: an alarm that climbs does.)
    .with_for_update(of=Conversation, key_share=True)
)


async def turn(x_turn_token: str = Header(default="")) -> uuid.UUID:
    """FastAPI dependency: the message of the token in ``X-Turn-Token``; 404 for a missing, forged or old one. Whether
    it still waits for its answer, ``asked`` says."""
    try:
        return tokens.read(x_turn_token)
    except tokens.BadToken:
        raise HTTPException(404, "not found") from None


turn.guard_name = "turn"  # type: ignore[attr-defined]  # read by the meta-test


def asked(session: Session, message_id: uuid.UUID) -> Asked | None:
    """The turn of a message that waits for its answer, or None. Its conversation is locked: two tries at the same turn
    wait for each other."""
    found = session.execute(_TURN, {"message_id": message_id}).one_or_none()
    if found is None:
        return None
    message, conversation, person, agency, waited, number_of_holders, drafting = found
    now = clock.now()
    standing = identity.standing(person, conversation, agency, shared=number_of_holders > 1, now=now)
    if standing == "stranger":
        person = None
    under_way = Turn(
        message_id=message.id,
        text=message.body if waited is None else waited,
        standing=standing,
        safety_kind=message.safety_kind,
        conversation_id=conversation.id,
        channel=conversation.channel,
        language=conversation.language,
        person_id=person.id if person else None,
        family_id=person.family_id if person else None,
        agency_id=agency.id,
        jurisdiction=agency.jurisdiction,
        timezone=zones.zone_of(person, agency),
        place=ZoneInfo(agency.timezone),
        now=now,
    )
    return Asked(under_way, message, conversation, person, drafting)
