"""What happens at once when the screen notices danger: an escalation, its first notification, the reply.

Only the gentle question (``routine``) waits for the message's turn, some tens of milliseconds: where that is sure of an
everyday request, it is not asked (``assistant.operations.danger``). A worker is shown the message anyway.
"""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api import texts
from api.assistant import state as dialogue
from api.escalations import queries
from api.escalations import service as escalations
from api.messages import hush, outbox, speech, wording
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.safety.screen import Verdict

#: The part of the replies to a message that the safety reply is: never queued twice for one message.
PART = "safety"
#: The part of the reply to what was noticed as little, and is known to be more since.
MORE = "safety-more"
#: How many wordings of each reply there are; two in a row are never the same.
VARIANTS = 2


def respond(
    session: Session,
    conversation: Conversation,
    message: InboundMessage,
    verdict: Verdict,
    *,
    part: str = PART,
    turn_follows: bool = False,
) -> None:
    """Open (or join) the escalation and queue the safety reply, in the caller's transaction. ``turn_follows``: a mere
    gentle question is left to the message's turn (``ask_gently``)."""
    opened = escalations.open_escalation(
        session,
        conversation=conversation,
        message=message,
        kind=verdict.kind,
        priority=verdict.priority,
        words=message.body,
        reasons=verdict.reasons,
    )
    if turn_follows and verdict.priority == "routine":
        return
    told = queries.anybody_told(session, opened)
    reply(session, conversation, message, verdict.kind, verdict.priority, somebody_told=told, part=part)


def ask_gently(session: Session, conversation: Conversation, message: InboundMessage) -> None:
    """Queue the gentle question to somebody whose message was only noticed, unless it was replied to already."""
    if message.safety_kind == "none" or message.safety_priority != "routine":
        return
    said = exists().where(OutboundMessage.in_reply_to == message.id, OutboundMessage.part.in_((PART, MORE)))
    if not session.scalar(select(said)):
        reply(session, conversation, message, message.safety_kind, "routine")


def reply(
    session: Session,
    conversation: Conversation,
    message: InboundMessage,
    kind: str,
    priority: str,
    *,
    somebody_told: bool = True,
    part: str = PART,
) -> None:
    """Queue the reply to danger: short, kind, with the emergency line, in the language of the message, and safe if
    somebody else reads it. None to somebody who asked not to be answered. It says that people are told only where
    somebody is."""
    if hush.silent(session, conversation, message):
        return
    speech.follow_cry(conversation, message.body)
    state = dialogue.load(conversation)
    base = f"safety.{kind}.{priority}" if priority != "routine" else "safety.check_in"
    if not somebody_told and priority != "routine":
        base = "safety.self_harm.nobody" if kind == "self_harm" else "safety.nobody"
    ids = [f"{base}.{n}" for n in range(1, VARIANTS + 1)]
    text_id = next(i for i in ids if i != state.last_safety_reply)
    args = wording.args(session, conversation, safety_kind=kind)
    said = texts.render(text_id, conversation.language, **args)
    if kind != "self_harm" and conversation.channel == "web" and wording.from_a_child(session, conversation):
        said = f"{said} {texts.render('safety.to_talk', conversation.language, **args)}"
    if conversation.channel == "sms" and conversation.person_id is None:
        said = f"{said} {texts.render('safety.to_reach', conversation.language, **args)}"
    queued = outbox.queue_reply(
        session,
        conversation,
        said,
        in_reply_to=message,
        part=part,
        kind="safety",
    )
    if queued.created_at >= message.received_at:
        state.last_safety_reply = text_id
        dialogue.save(conversation, state)
