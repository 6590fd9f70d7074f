"""Who is asking, for everything under /assist: the turn token's message says, and nothing else does."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import Header, HTTPException
from sqlalchemy import bindparam, func, select

from api import clock
from api.access.models import Agency
from api.assistant import tokens
from api.database import reading
from api.families.models import Family, Person
from api.messages.models import Conversation, InboundMessage


@dataclass(frozen=True)
class Turn:
    """The turn under way. ``person_id`` and ``family_id`` are None for a stranger or an anonymous chat."""

    message_id: uuid.UUID
    text: str
    safety_kind: str
    conversation_id: uuid.UUID
    channel: str
    language: str
    person_id: uuid.UUID | None
    family_id: uuid.UUID | None
    agency_id: uuid.UUID
    jurisdiction: str
    timezone: ZoneInfo
    now: datetime


# Made once: building a statement costs several times what running it does.
_TURN = (
    select(InboundMessage, Conversation, Person, Agency)
    .join(Conversation, Conversation.id == InboundMessage.conversation_id)
    .outerjoin(Person, Person.id == Conversation.person_id)
    .outerjoin(Family, Family.id == Person.family_id)
    .join(Agency, Agency.id == func.coalesce(Family.agency_id, Conversation.agency_id))
    .where(InboundMessage.id == bindparam("message_id"), InboundMessage.state == "queued")
)


def turn(x_turn_token: str = Header(default="")) -> Turn:
    """FastAPI dependency: the turn of the token in ``X-Turn-Token``; 404 for a missing, forged, old or settled one."""
    try:
        message_id = tokens.read(x_turn_token)
    except tokens.BadToken:
        raise HTTPException(404, "not found") from None
    with reading() as session:
        found = session.execute(_TURN, {"message_id": message_id}).one_or_none()
        if found is None:
            raise HTTPException(404, "not found")
        message, conversation, person, agency = found
        return Turn(
            message_id=message.id,
            text=message.body,
            safety_kind=message.safety_kind,
            conversation_id=conversation.id,
            channel=conversation.channel,
            language=conversation.language,
            person_id=person.id if person else None,
            family_id=person.family_id if person else None,
            agency_id=agency.id,
            jurisdiction=agency.jurisdiction,
            timezone=ZoneInfo(agency.timezone),
            now=clock.now(),
        )


turn.guard_name = "turn"  # type: ignore[attr-defined]  # read by the meta-test
