"""Words to a worker beside the ladder (the chat was left, you said you would ring, it is still yours; what came of what
they did by text or by the link in one): where the text does not arrive.

Promise: whoever still answers for it, or did something with it, hears them by e-mail and in their browsers, once, by
the rule of tellings (``bounced``): at once where the text has failed or our account with the carrier is not in order,
else when it has not been taken for a while. The text is still tried. Everything in the caller's transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api import clock, sealed, texts
from api.escalations.bounced import NOT_TAKEN, not_taken
from api.escalations.ladder import CHANNELS
from api.escalations.models import OTHERWISE, Escalation, Notification
from api.escalations.telling import card
from api.escalations.world import world
from api.messages import outbox
from api.messages.models import OutboundMessage

#: (``part``: those that have gone in another way, or have none.)
_HELD_UP = text(f"""
    SELECT o.id FROM outbound_messages o JOIN escalations e ON e.id = o.escalation_id
    WHERE {NOT_TAKEN} AND (o.part = '{outbox.ANSWER}' OR o.part IS NULL
      AND (e.state = 'open' OR e.state = 'acknowledged' AND e.acknowledged_by = o.worker_id))
      AND NOT EXISTS (SELECT 1 FROM notifications n
                      WHERE n.escalation_id = o.escalation_id AND n.worker_id = o.worker_id AND n.at = o.created_at)
    ORDER BY o.seq LIMIT :limit
    FOR UPDATE OF o SKIP LOCKED
""")  # noqa: S608 (our own words)


def held_up(session: Session, now: datetime, limit: int) -> Sequence[uuid.UUID]:
    """Such texts that do not go out, the oldest first, locked for this transaction; what another process has in hand is
    left to it."""
    return session.scalars(_HELD_UP, {**not_taken(now), "limit": limit}).all()


def say(session: Session, message: OutboundMessage) -> None:
    """Say by all other ways what this text says, if it is such a one, its worker still answers for it, or it is the
    answer to what they did, and they have not been told so."""
    answers = message.part == outbox.ANSWER
    if message.channel != "sms" or not (message.part is None or answers) or message.worker_id is None:
        return
    escalation = session.get_one(Escalation, message.escalation_id)
    theirs = (
        answers
        or escalation.state == "open"
        or (escalation.state == "acknowledged" and escalation.acknowledged_by == message.worker_id)
    )
    telling = select(Notification.id).filter_by(
        escalation_id=escalation.id, worker_id=message.worker_id, at=message.created_at
    )
    if not theirs or session.scalars(telling).first() is not None:
        return
    message.part = OTHERWISE
    here = world(session, escalation.agency_id, clock.now())
    args = {"reference": escalation.id, "words": sealed.or_nothing(message.body), "link": card(escalation)}
    messages = [
        outbox.ToWorker(
            message.worker_id,
            escalation.id,
            way,
            address,
            texts.render(f"escalation.{way}.otherwise", here.language, **args),
            message.created_at,
        )
        for way in CHANNELS
        if way != "sms"
        for address in here.addresses(way, message.worker_id)
    ]
    outbox.queue_to_workers(session, messages, clock.now())
