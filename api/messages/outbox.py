"""The outbox: messages are queued here in the transaction that decided them, and delivered later by a job.

Promise: ``(in_reply_to, part)`` is unique, so a turn that runs twice queues its replies once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api import clock, jobs, sealed
from api.access.models import Worker
from api.database import notify
from api.families.models import Person
from api.messages import mailing, quiet, sms
from api.messages.models import PROFESSIONAL, Conversation, InboundMessage, OutboundMessage
from api.messages.options import Option, numbered, with_numbers
from api.settings import settings

#: How the part of a message ends whose words name what only plain wording may: it goes while that holds.
PLAIN = ":plain"
#: The part of what a worker hears of what they did by text or by the link in one.
ANSWER = "answer"


def queue_reply(
    session: Session,
    conversation: Conversation,
    text: str,
    *,
    in_reply_to: InboundMessage | None = None,
    part: str | None = None,
    kind: str = "family",
    options: Sequence[Option] = (),
    first: int = 1,
    written_by: Worker | None = None,
    due_at: datetime | None = None,
    carried: bool = False,
    follows: bool = False,
) -> OutboundMessage:
    """Queue a message to whoever is at the other end of the conversation; once for each ``(in_reply_to, part)``.

    By SMS the options become numbered lines of the body, counted from ``first``; on the web they are buttons. On the
    web the message counts as sent with the commit: the page fetches it. ``carried``: no job is queued, because the
    caller delivers it straight after the commit (``delivery.begin_carried`` in the same transaction, then
    ``delivery.carry``). ``follows``: likewise, after the one that is carried (``delivery.deliver``); if the caller does
    not come to it, the sweep does.
    """
    by_sms = conversation.channel == "sms"
    if conversation.channel != "web" and in_reply_to is None and kind == "family" and conversation.person_id:
        text = _begun_as_agreed(session, conversation.person_id, text)
    body = with_numbers(text, options, first) if by_sms else text
    # (What may go by e-mail keeps its accents; as a text it loses them in the moment it goes: messages.delivery.)
    if by_sms and (in_reply_to is not None or not mailing.address_of(session, conversation.person_id)):
        body = sms.to_gsm7(body)
    # (Where they want no e-mail any more it is cancelled in the moment before it would go: messages.held.)
    by_mail = conversation.channel == "email"
    address = mailing.address_of(session, conversation.person_id) if by_mail else conversation.address
    return _queue(
        session,
        conversation_id=conversation.id,
        in_reply_to=in_reply_to.id if in_reply_to else None,
        part=part,
        channel=conversation.channel,
        address=address,
        kind=kind,
        body=body[: sms.LONGEST_BODY] if by_sms else body,
        options=[] if by_mail else numbered(options, first),
        written_by=written_by.id if written_by else None,
        due_at=due_at,
        carried=carried,
        follows=follows,
    )


def queue_confirmation(session: Session, conversation: Conversation, address: str, text: str) -> OutboundMessage:
    """Queue the e-mail that asks whether an address is theirs; ``text`` stands for it in the conversation, its code is
    made in the moment of sending (messages.letters)."""
    return _queue(
        session,
        conversation_id=conversation.id,
        channel="email",
        address=address,
        kind=quiet.CONSENT,
        body=text,
        due_at=None,
    )


def _begun_as_agreed(session: Session, person_id: uuid.UUID, text: str) -> str:
    """What nobody asked for begins with the word that the person agreed on, if they want that."""
    word = session.scalar(select(Person.code_word).where(Person.id == person_id, Person.use_code_word))
    return f"{word}. {text}" if word and sealed.or_nothing(word) else text


def queue_to_worker(
    session: Session,
    worker: Worker,
    text: str,
    *,
    in_reply_to: InboundMessage | None = None,
    answers: int | None = None,
    due_at: datetime | None = None,
) -> OutboundMessage:
    """Queue a text to a worker's phone: the answer to a text of theirs, or news that can wait until ``due_at``.
    ``answers``: it says what came of what they did with this escalation, and goes in another way where the text does
    not arrive (api.escalations.otherwise).

    Raises ValueError if the worker has no phone.
    """
    if not worker.phone:
        raise ValueError("the worker has no phone")
    return _queue(
        session,
        worker_id=worker.id,
        escalation_id=answers,
        in_reply_to=in_reply_to.id if in_reply_to else None,
        part=ANSWER if in_reply_to or answers else None,
        channel="sms",
        address=worker.phone,
        kind="escalation",
        body=sms.to_gsm7(text),
        due_at=due_at,
    )


def queue_news(
    session: Session, worker: Worker, subject: str, text: str, *, due_at: datetime | None = None
) -> OutboundMessage | None:
    """Queue what a worker need not act upon at once, in the way that they chose: by text, else by e-mail (``subject``
    is its first line). None for whoever looks in the console, or has neither."""
    if worker.news_by == "text" and worker.phone:
        return queue_to_worker(session, worker, text, due_at=due_at)
    if worker.news_by == "console" or not settings().mails:
        return None
    return queue_mail_to_worker(session, worker, subject, text, due_at=due_at)


def queue_mail_to_worker(
    session: Session, worker: Worker, subject: str, text: str, *, due_at: datetime | None = None
) -> OutboundMessage:
    """Queue an e-mail to a worker, whatever they chose for news. E-mail must be set up."""
    return _queue(
        session,
        worker_id=worker.id,
        channel="email",
        address=worker.email,
        kind="escalation",
        body=f"{subject}\n{text}",
        due_at=due_at,
    )


def queue_to_professional(session: Session, address: str, subject: str, text: str) -> OutboundMessage:
    """Queue an e-mail to a professional of another agency; the caller has made sure that nothing of a case is in it.
    E-mail must be set up."""
    return _queue(session, channel="email", address=address, kind=PROFESSIONAL, body=f"{subject}\n{text}", due_at=None)


@dataclass(frozen=True)
class ToWorker:
    """A message of an escalation for a worker; ``channel`` is sms (in letters that an SMS can have), email (its first
    line is the subject) or push (its first line is the title; ``address`` is the browser's id). ``told_at``: when the
    telling was that it belongs to, if that was before: it counts as written then."""

    worker_id: uuid.UUID
    escalation_id: int
    channel: str
    address: str
    body: str
    told_at: datetime | None = None


_TO_WORKERS = sql("""
    INSERT INTO outbound_messages
        (id, worker_id, escalation_id, channel, address, kind, body, options, created_at, due_at, state, error)
    SELECT x.id, x.worker_id, x.escalation_id, x.channel, x.address, 'escalation', x.body, '[]',
           coalesce(x.told_at, :now), :now, 'queued', ''
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
         AS x(id uuid, worker_id uuid, escalation_id int, channel text, address text, body text, told_at timestamptz)
""")
#: So many texts of one moment are queued with it; the sweep queues the rest within the next seconds, in order.
AT_ONCE = 100


def queue_to_workers(session: Session, messages: Sequence[ToWorker], now: datetime) -> None:
    """Queue the texts of one moment, however many, in two statements. The first go first."""
    if not messages:
        return
    ids = [uuid.uuid4() for _ in messages]
    rows = [
        {
            "id": str(outbound_id),
            "worker_id": str(one.worker_id),
            "escalation_id": one.escalation_id,
            "channel": one.channel,
            "address": one.address,
            "body": sealed.seal(one.body, "outbound_messages.body"),
            "told_at": one.told_at.isoformat() if one.told_at else None,
        }
        for outbound_id, one in zip(ids, messages, strict=True)
    ]
    session.execute(_TO_WORKERS, {"now": now, "rows": json.dumps(rows)})
    jobs.enqueue_deliveries(session, [(i, one.address) for i, one in zip(ids, messages, strict=True)][:AT_ONCE])


# Made once: building a statement costs several times what running it does.
_INSERT = (
    insert(OutboundMessage).on_conflict_do_nothing(index_elements=["in_reply_to", "part"]).returning(OutboundMessage)
)


def _queue(
    session: Session, *, due_at: datetime | None, carried: bool = False, follows: bool = False, **columns: Any
) -> OutboundMessage:
    now = clock.now()
    columns |= {"created_at": now, "due_at": due_at or now}
    if columns["channel"] == "web":
        columns |= {"state": "sent", "settled_at": now}
    elif carried:
        columns |= {"state": "sending"}
    message: OutboundMessage | None = session.scalar(_INSERT, {"id": uuid.uuid4(), **columns})
    if message is None:  # this part of the reply is queued already
        part = select(OutboundMessage).filter_by(in_reply_to=columns["in_reply_to"], part=columns["part"])
        return session.scalars(part).one()
    if message.channel != "web" and message.due_at <= now and not (carried or follows):
        jobs.enqueue_delivery(session, message.id, message.address)
    if message.conversation_id:
        notify(session, f"conversation:{message.conversation_id}")
    return message
