"""Messages that need no turn through Rasa: a worker's ACK, the carriers' words, a stranger's text."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import texts
from api.access.models import Worker
from api.escalations import by_text, orders
from api.escalations import service as escalations
from api.families.models import ContactPoint
from api.messages import enrolment, mail_enrolment, outbox, wording
from api.messages.models import Conversation, InboundMessage, OutboundMessage

#: A stranger gets at most so many replies a day: a robot texting a robot must not run up a bill.
REPLIES_TO_STRANGER = 10


def from_worker(session: Session, conversation: Conversation, message: InboundMessage) -> None:
    """A text from a worker's own phone: ACK, HANDOVER or CLOSE and a number; anything else gets the instruction. Of an
    order no more is kept here than its verb and number, done or not: a worker who reads that it was not types it
    again."""
    worker = session.get_one(Worker, conversation.worker_id)
    words, about = by_text.answer(session, worker, message.body)
    outbox.queue_to_worker(session, worker, words, in_reply_to=message, answers=about)
    message.body = orders.kept(message.body)
    message.state, message.settled_at = "recorded", message.received_at


def carrier_keyword(session: Session, conversation: Conversation, message: InboundMessage, keyword: str) -> None:
    """STOP, START and HELP: Twilio answers them itself; we keep account, and a worker is told of STOP and HELP.

    HELP from somebody on a plan may be a cry for help, and STOP means that nobody can reach them by text any more.
    START takes a STOP back, and says nothing for somebody else at the same number who has not agreed yet.
    """
    points = session.scalars(
        select(ContactPoint).where(ContactPoint.address == conversation.address, ContactPoint.state != "quarantined")
    ).all()
    for point in points:
        if keyword == "stop" or (keyword == "start" and point.state == "opted_out"):
            state = "opted_out" if keyword == "stop" else enrolment.resumes(session, point, alone=len(points) == 1)
            if state != point.state:
                point.state, point.state_changed_at = state, message.received_at
            if keyword == "stop" or state == "active":
                enrolment.note_keyword(session, point, keyword, message)
    if keyword == "stop":
        mail_enrolment.stop_with_phone(session, conversation.address, message.received_at)
    if keyword in ("stop", "help"):
        escalations.open_escalation(
            session,
            conversation=conversation,
            message=message,
            kind="opted_out" if keyword == "stop" else "help_word",
            priority="routine" if keyword == "stop" else "urgent",
            words=message.body,
            reasons=[f"keyword.{keyword}"],
        )
    message.state, message.settled_at = "recorded", message.received_at


def reachable(session: Session, conversation: Conversation) -> bool:
    """Is this phone somebody's whom we may text?"""
    query = select(ContactPoint.id).where(
        ContactPoint.address == conversation.address, ContactPoint.channel == "sms", ContactPoint.state == "active"
    )
    return session.scalar(query.limit(1)) is not None


def from_stranger(session: Session, conversation: Conversation, message: InboundMessage) -> None:
    """A number nobody knows: it learns nothing about anybody, and gets the emergency line and how to reach us."""
    already = session.scalar(
        select(func.count())
        .select_from(OutboundMessage)
        .where(
            OutboundMessage.conversation_id == conversation.id,
            OutboundMessage.created_at > message.received_at - timedelta(days=1),
        )
    )
    if (already or 0) < REPLIES_TO_STRANGER:
        text = texts.render("stranger.reply", conversation.language, **wording.args(session, conversation))
        outbox.queue_reply(session, conversation, text, in_reply_to=message, part="0")
        message.state = "answered"
    else:
        message.state, message.flag = "unanswered", "flag.stranger_again"
    message.settled_at = message.received_at
