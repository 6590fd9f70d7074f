"""Which way a message to a family goes, text or e-mail, looked up in the moment before it would go out.

What nobody asked for goes by e-mail to whoever wants that and has confirmed an address, so a change of mind holds for
what is queued already. By text, where the phone is still theirs, go: the reply to danger, every answer (it is given
where it was asked), a worker's words to whoever writes just now or whose danger message is not closed, and what a mail
server refused or kept waiting (``PATIENCE``). Of the words themselves nothing changes: the row keeps what a text would
say, ``api.messages.letters`` makes an e-mail of it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api import clock, texts
from api.families.models import ContactPoint, Family, Person
from api.messages import quiet
from api.messages.models import Conversation, OutboundMessage
from api.settings import settings

#: What may go by e-mail, as far as nobody asked for it.
KINDS = ("family", "reminder")
#: A mail server that takes nothing for so long is not waited for any more, where there is a phone.
PATIENCE = timedelta(minutes=15)

_WAY = text(f"""
    SELECT o.kind, o.channel, o.address, v.channel AS conversation, v.address AS phone,
           (SELECT c.address FROM contact_points c
            WHERE c.person_id = p.id AND c.channel = 'email' AND c.state = 'active' AND p.contact_channel = 'email'
            ORDER BY c.state_changed_at DESC NULLS LAST, c.id LIMIT 1) AS mail,
           v.channel = 'sms' AND EXISTS (
               SELECT 1 FROM contact_points c
               WHERE c.person_id = p.id AND c.channel = 'sms' AND c.address = v.address
                 AND c.state = 'active') AS texts,
           o.kind = 'family' AND (coalesce(v.last_inbound_at > :writing, false) OR {quiet.OPEN_DANGER}) AS by_phone_now,
           EXISTS (SELECT 1 FROM delivery_attempts a
                   WHERE a.outbound_id = o.id AND (a.result = 'refused' OR a.started_at < :patience)) AS mail_fails,
           (SELECT max(h.hushed_at) FROM conversations h WHERE h.person_id = p.id AND h.channel = 'sms') AS hushed_at
    FROM outbound_messages o
    JOIN conversations v ON v.id = o.conversation_id
    LEFT JOIN reminders r ON r.outbound_id = o.id
    JOIN people p ON p.id = coalesce(r.person_id, v.person_id)
    WHERE o.id = :id
""")  # noqa: S608 (our own words)
_CALLS = text(f"SELECT {quiet.OPEN_DANGER} FROM conversations v WHERE v.id = :id")  # noqa: S608 (our own words)


@dataclass(frozen=True)
class Way:
    """Where it goes now. ``hushed_at``: since when the person wants no texts on a phone of theirs; e-mail keeps to it,
    for whoever reads the phone may read the inbox."""

    channel: str
    address: str
    hushed_at: datetime | None = None


NO_WAY = Way("", "")


def may_differ(kind: str, in_reply_to: uuid.UUID | None, channel: str) -> bool:
    """Is it worth asking ``way``? Not of what goes to workers, of answers and safety replies, nor without e-mail."""
    asks = kind in KINDS and (channel == "email" or settings().mails)
    return in_reply_to is None and (asks or (kind, channel) == (quiet.CONSENT, "email"))


def way(session: Session, outbound_id: uuid.UUID, now: datetime) -> Way | None:
    """Where this message goes now; noted in its row. None: as its row says."""
    facts = {"id": outbound_id, "writing": now - quiet.STILL_WRITING, "patience": now - PATIENCE}
    row = session.execute(_WAY, facts).one_or_none()
    if row is None:
        return None
    channel, address = row.channel, row.address
    if row.kind == quiet.CONSENT:  # the question whether the address is theirs goes there or nowhere
        return Way(channel, address, row.hushed_at)
    if settings().mails and row.mail and not (row.texts and (row.by_phone_now or row.mail_fails)):
        channel, address = "email", row.mail
    elif row.conversation == "sms":
        channel, address = "sms", row.phone
    if (channel, address) != (row.channel, row.address):
        noted = update(OutboundMessage).where(OutboundMessage.id == outbound_id)
        session.execute(noted.values(channel=channel, address=address).execution_options(synchronize_session="fetch"))
    return Way(channel, address, row.hushed_at if channel == "email" else None)


def address_of(session: Session, person_id: uuid.UUID | None) -> str:
    """Where this person's e-mail goes, "" where they want none or confirmed no address (or e-mail is not set up)."""
    if person_id is None or not settings().mails:
        return ""
    found = session.scalar(
        select(ContactPoint.address)
        .join(Person, Person.id == ContactPoint.person_id)
        .where(
            ContactPoint.person_id == person_id,
            ContactPoint.channel == "email",
            ContactPoint.state == "active",
            Person.contact_channel == "email",
        )
        .order_by(ContactPoint.state_changed_at.desc().nulls_last(), ContactPoint.id)
        .limit(1)
    )
    return found or ""


def next_way(session: Session, conversation: Conversation, now: datetime) -> str:
    """How a worker's own words would go, written to this conversation now: sms, email or web. As ``way`` says it of a
    message that is there."""
    if conversation.channel != "sms" or not address_of(session, conversation.person_id):
        return conversation.channel
    texts_reach = select(ContactPoint.id).filter_by(
        person_id=conversation.person_id, channel="sms", address=conversation.address, state="active"
    )
    if session.scalars(texts_reach).first() is None:
        return "email"
    writing = conversation.last_inbound_at is not None and conversation.last_inbound_at > now - quiet.STILL_WRITING
    return "sms" if writing or session.execute(_CALLS, {"id": conversation.id}).scalar() else "email"


def conversation_with(session: Session, person: Person) -> Conversation:
    """The person's own conversation by e-mail: where what is for them stands while no phone is theirs to be written to.
    Its address is the person's id, since an inbox may be two people's and may change."""
    row = {
        "person_id": person.id,
        "agency_id": session.get_one(Family, person.family_id).agency_id,
        "language": texts.supported(person.language),
    }
    return session.get_one(Conversation, conversations(session, [row])[person.id])


def conversations(session: Session, rows: list[dict[str, Any]]) -> dict[uuid.UUID, uuid.UUID]:
    """Person → their conversation by e-mail, made where there is none yet. Each of ``rows`` has ``person_id``,
    ``agency_id`` and ``language``."""
    if not rows:
        return {}
    people = {row["person_id"]: row for row in rows}
    made = [
        {"id": uuid.uuid4(), "channel": "email", "address": str(who), "created_at": clock.now(), "state": {}, **row}
        for who, row in people.items()
    ]
    session.execute(insert(Conversation).on_conflict_do_nothing(index_elements=["channel", "address"]), made)
    found = session.execute(
        select(Conversation.person_id, Conversation.id).where(
            Conversation.channel == "email", Conversation.address.in_([str(who) for who in people])
        )
    )
    return {row.person_id: row.id for row in found if row.person_id is not None}
