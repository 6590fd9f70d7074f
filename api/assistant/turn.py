"""One turn: the message goes to Rasa, what its actions say goes to the outbox, and the message is settled.

Promise: whatever Rasa does, the message ends as answered, or as *unanswered* with a plain fallback reply and a flag
that a worker sees. A turn that runs twice (a crash in between) queues its replies once.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock, crashpoints, texts
from api.assistant import rasa_client, tokens
from api.assistant import state as dialogue
from api.assistant.rasa_client import RasaFailed, Reply
from api.database import notify, transaction
from api.messages import danger, options, outbox, wording
from api.messages.models import Conversation, InboundMessage
from api.safety.screen import PRIORITIES, screen

log = logging.getLogger(__name__)

#: A message that brought the worker process down so often is not tried again.
MOST_ATTEMPTS = 3
#: Replies that would only be noise beside the reply to danger.
NOISE_BESIDE_DANGER = ("fallback", "out_of_scope", "danger", "distress", "greet", "goodbye", "thank", "affirm", "deny")


@dataclass(frozen=True)
class Waiting:
    """The next message of a conversation; ``screened`` False: the screen has to be finished before its turn."""

    message_id: uuid.UUID
    body: str
    screened: bool
    question: str
    metadata: dict[str, Any]
    attempts: int


def run_waiting(conversation_id: uuid.UUID) -> None:
    """Answer the conversation's queued messages one at a time, in the order in which they were accepted."""
    while (waiting := _next(conversation_id)) is not None:
        if waiting.screened:
            _take(waiting)
        else:
            _screen_the_rest(waiting)


def _next(conversation_id: uuid.UUID) -> Waiting | None:
    """The oldest queued message, its attempt counted; those that a worker answers are only recorded."""
    with transaction() as session:
        queued = session.scalars(
            select(InboundMessage)
            .filter_by(conversation_id=conversation_id, state="queued")
            .order_by(InboundMessage.seq)
        )
        conversation = session.get_one(Conversation, conversation_id)
        for message in queued:
            if message.screened and conversation.taken_over_by is not None:
                message.state, message.settled_at = "recorded", clock.now()
                continue
            if message.screened:
                message.turn_attempts += 1
            return Waiting(
                message.id,
                message.body,
                message.screened,
                question=message.payload or options.neutral(message.body),
                metadata={
                    "turn_token": tokens.make(message.id),
                    "language": conversation.language,
                    "channel": conversation.channel,
                },
                attempts=message.turn_attempts,
            )
    return None


def _screen_the_rest(waiting: Waiting) -> None:
    """The part of the safety screen that a rush at the door left over, with all that follows from it."""
    verdict = screen(waiting.body)
    with transaction() as session:
        message = session.get_one(InboundMessage, waiting.message_id, with_for_update=True)
        if message.screened:
            return
        message.screened = True
        if verdict.noticed and PRIORITIES.index(verdict.priority) >= PRIORITIES.index(message.safety_priority):
            message.safety_kind, message.safety_priority = verdict.kind, verdict.priority
            message.safety_reasons = verdict.reasons
            conversation = session.get_one(Conversation, message.conversation_id)
            danger.respond(session, conversation, message, verdict)


def _take(waiting: Waiting) -> None:
    crashpoints.point("turn.before_rasa")
    replies: list[Reply] = []
    failure = ""
    try:
        if waiting.attempts > MOST_ATTEMPTS:
            raise RasaFailed("too many attempts")
        replies = rasa_client.ask(waiting.question, message_id=waiting.message_id, metadata=waiting.metadata)
    except RasaFailed as error:
        failure = str(error)
        log.warning("turn: no usable answer from Rasa (%s)", failure)
    crashpoints.point("turn.after_rasa")
    with transaction() as session:
        message = session.get_one(InboundMessage, waiting.message_id, with_for_update=True)
        conversation = session.get_one(Conversation, message.conversation_id)
        if message.state != "queued":
            return
        if failure or not _say(session, conversation, message, replies):
            _fall_back(session, conversation, message)
        else:
            message.state = "answered"
        message.settled_at = clock.now()
        notify(session, f"conversation:{conversation.id}")
        session.flush()
        crashpoints.point("turn.before_commit")
    crashpoints.point("turn.after_commit")


def _say(session: Session, conversation: Conversation, message: InboundMessage, replies: list[Reply]) -> bool:
    """Queue the replies and remember their options. False if one of them cannot be put into words."""
    local = wording.args(session, conversation)
    spoken: list[tuple[str, list[options.Option]]] = []
    try:
        for reply in replies:
            if reply.id == "silent" or (
                message.safety_kind != "none" and reply.id.split(".")[0] in NOISE_BESIDE_DANGER
            ):
                continue
            offered = [_option(conversation.language, o) for o in reply.options]
            spoken.append((texts.render(reply.id, conversation.language, **{**local, **reply.args}), offered))
    except (texts.TextError, ValueError, KeyError, IndexError) as error:
        log.error("turn: a reply cannot be rendered (%s)", type(error).__name__)
        return False
    state = dialogue.load(conversation)
    if message.payload:
        state.options = []  # what was chosen is used up
    for part, (text, offered) in enumerate(spoken):
        outbox.queue_reply(session, conversation, text, in_reply_to=message, part=str(part), options=offered)
        if offered:
            state.options = options.numbered(offered)
    dialogue.save(conversation, state)
    return True


def _option(language: str, offered: rasa_client.OfferedOption) -> options.Option:
    """The option in words; the catalogue's ``<label id>.words`` says what else counts as choosing it."""
    if not offered.label_id:
        return options.Option(label=offered.label, payload=offered.payload)
    also = f"{offered.label_id}.words"
    return options.Option(
        label=texts.render(offered.label_id, language, **offered.label_args),
        payload=offered.payload,
        words=texts.render(also, language).casefold().split("|") if texts.has(also) else [],
    )


def _fall_back(session: Session, conversation: Conversation, message: InboundMessage) -> None:
    """Say plainly that a person will look, and let one: the message is flagged. Danger has had its reply already."""
    message.state, message.flag = "unanswered", "flag.no_answer"
    if message.safety_kind == "none":
        text = texts.render("turn.fallback", conversation.language, **wording.args(session, conversation))
        outbox.queue_reply(session, conversation, text, in_reply_to=message, part="fallback")
    if conversation.agency_id:
        notify(session, f"agency:{conversation.agency_id}")
