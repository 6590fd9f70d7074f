"""What becomes of an e-mail to a family that the mail server refused: by text, where a phone is theirs to be texted.

An address that the server does not know is not written to again before it is confirmed anew; the worker is told.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api import texts
from api.access.models import Agency
from api.escalations import service as escalations
from api.families.models import Consent, ContactPoint
from api.messages import mailing, outbox, quiet
from api.messages.models import Conversation, OutboundMessage

#: In ``Consent.wording_id``: the server said that there is no such address.
REFUSED = "by_server"


def refused(session: Session, message: OutboundMessage, *, address: bool, now: datetime) -> bool:
    """The server took the e-mail for good not. Where that was about the ``address``, nothing goes there until it is
    confirmed anew, and a worker is told. Is it to be tried again, by text?"""
    if message.channel != "email" or message.conversation_id is None:
        return False
    conversation = session.get_one(Conversation, message.conversation_id)
    person_id = _reader(session, message, conversation)
    if address and person_id is not None:
        _out_of_use(session, conversation, person_id, message.address, now)
    if message.kind == quiet.CONSENT and conversation.channel != "email":  # they asked for it here
        outbox.queue_reply(session, conversation, texts.render("mail.no_such_address", conversation.language))
    return (
        message.kind in mailing.KINDS
        and conversation.channel == "sms"
        and _texts_reach(session, person_id, conversation)
    )


def _reader(session: Session, message: OutboundMessage, conversation: Conversation) -> uuid.UUID | None:
    of = text("SELECT person_id FROM reminders WHERE outbound_id = :id")
    found: uuid.UUID | None = session.scalar(of, {"id": message.id})
    return found or conversation.person_id


def _texts_reach(session: Session, person_id: uuid.UUID | None, conversation: Conversation) -> bool:
    points = select(ContactPoint.id).filter_by(
        person_id=person_id, channel="sms", address=conversation.address, state="active"
    )
    return session.scalars(points).first() is not None


def _out_of_use(
    session: Session, conversation: Conversation, person_id: uuid.UUID, address: str, now: datetime
) -> None:
    points = select(ContactPoint).where(
        ContactPoint.person_id == person_id,
        ContactPoint.channel == "email",
        ContactPoint.address == address,
        ContactPoint.state.in_(("active", "pending")),
    )
    point = session.scalars(points.with_for_update()).first()
    if point is None:
        return
    point.state, point.state_changed_at = "pending", now
    session.add(
        Consent(
            person_id=person_id, contact_point_id=point.id, wording_id=REFUSED, wording_version="", language="",
            asked_at=now, answer="bounced", answered_at=now,
        )
    )  # fmt: skip
    session.flush()
    agency = session.get_one(Agency, conversation.agency_id)
    escalations.open_escalation(
        session,
        conversation=conversation,
        message=None,
        kind="mail_refused",
        priority="routine",
        words=texts.render("mail.refused_words", agency.language),
    )
