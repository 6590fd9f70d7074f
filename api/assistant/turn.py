"""One turn: the message goes to Rasa, what its actions say goes to the outbox, and the message is settled.

Promise: whatever Rasa does, the message ends as answered, or as *unanswered* with a plain fallback reply and a flag
that a worker sees. A turn that runs twice (a crash in between) queues its replies once.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Integer, Row, Uuid, bindparam, cast, exists, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

import crashpoints
from api import clock, texts
from api.access.models import Agency
from api.assistant import rasa_client, tokens
from api.assistant import state as dialogue
from api.assistant.operations import door, service
from api.assistant.operations.schemas import FoundEntity, Question, Reply, ReplyOption
from api.assistant.rasa_client import RasaFailed
from api.database import notify, reading, single_statement, transaction
from api.families.models import Person
from api.messages import danger, delivery, hush, options, outbox, wording
from api.messages.door import HEARD
from api.messages.models import WAITS_FOR_WORKER, Conversation, InboundMessage, OutboundMessage
from api.protection import data_keys
from api.reminders import queries as reminders
from api.safety.screen import PRIORITIES, screen
from api.sealed import Unreadable, UnreadableObject
from api.views import drafts

log = logging.getLogger(__name__)

#: A message that brought the worker process down so often is not tried again.
MOST_ATTEMPTS = 3
#: So long a message waits for a process that has the key it was sealed with; then a person has to look.
LONGEST_WITHOUT_KEY = timedelta(minutes=5)
#: Replies that would only be noise beside the reply to danger.
NOISE_BESIDE_DANGER = ("fallback", "out_of_scope", "danger", "distress", "greet", "goodbye", "thank", "affirm", "deny")


@dataclass(frozen=True)
class Waiting:
    """The next message of a conversation; ``screened`` False: the screen has to be finished before its turn.

    ``at_the_door``: it only says or proves who is writing, and Rasa is not asked.
    """

    message_id: uuid.UUID
    body: str
    screened: bool
    at_the_door: bool
    question: str
    metadata: dict[str, Any]
    attempts: int
    #: False: what is stored does not open (api.sealed). A person has to look.
    readable: bool


# Made once: building a statement costs several times what running it does.
_oldest = (
    select(InboundMessage.id)
    .where(InboundMessage.conversation_id == bindparam("of_conversation"), InboundMessage.state == "queued")
    .order_by(InboundMessage.seq)
    .limit(1)
    .scalar_subquery()
)
_held = InboundMessage.__table__.alias("held")
_TAKE_NEXT = (
    update(InboundMessage)
    .where(InboundMessage.id == _oldest, Conversation.id == InboundMessage.conversation_id)
    .values(turn_attempts=InboundMessage.turn_attempts + cast(InboundMessage.screened, Integer))
    .returning(
        InboundMessage.id,
        InboundMessage.body,
        InboundMessage.payload,
        InboundMessage.screened,
        InboundMessage.turn_attempts,
        InboundMessage.door,
        InboundMessage.received_at,
        select(_held.c.body).where(_held.c.id == InboundMessage.continues).scalar_subquery().label("held"),
        Conversation.language,
        Conversation.channel,
        Conversation.taken_over_by,
        Conversation.state,
    )
)
_later = InboundMessage.__table__.alias("later")
#: As the index ix_outbound_messages_awaited has it, word for word: however many reminders wait, none is looked at.
_AWAITED = "outbound_messages.state IN ('queued','sending') AND outbound_messages.kind <> 'reminder'"
#: The message of a turn, whether more waits, and whether something is still on its way to the same address. (The
#: agency and the person are read along because the replies' words need them.)
_SETTLING = (
    select(
        InboundMessage,
        Conversation,
        Agency,
        Person,
        exists().where(
            _later.c.conversation_id == Conversation.id,
            _later.c.state == "queued",
            _later.c.id != bindparam("message_id", type_=Uuid),
        ),
        exists().where(OutboundMessage.address == Conversation.address, sql(_AWAITED)),
    )
    .join(Conversation, Conversation.id == InboundMessage.conversation_id)
    .outerjoin(Agency, Agency.id == Conversation.agency_id)
    .outerjoin(Person, Person.id == Conversation.person_id)
    .where(InboundMessage.id == bindparam("message_id", type_=Uuid))
    .with_for_update(of=InboundMessage)
)


def run_waiting(conversation_id: uuid.UUID) -> None:
    """Answer the conversation's queued messages one at a time, in the order in which they were accepted."""
    more = True
    while more and (waiting := _next(conversation_id)) is not None:
        if waiting.screened or not waiting.readable:  # what cannot be read was not screened, and is not said to be
            more = _take(waiting)
        else:
            _screen_the_rest(waiting)


def _next(conversation_id: uuid.UUID) -> Waiting | None:
    """The oldest queued message, its attempt counted; those that a worker answers are only recorded."""
    while True:
        with single_statement() as connection:
            found = connection.execute(_TAKE_NEXT, {"of_conversation": conversation_id}).one_or_none()
        if found is None:
            return None
        words = (found.body, found.payload, found.held)
        to_come = _to_come((*words, found.state))
        if to_come and clock.now() - found.received_at < LONGEST_WITHOUT_KEY:
            _put_back(found)
            return None
        readable = not to_come and not any(isinstance(one, Unreadable) for one in words)
        if found.taken_over_by is not None and (found.screened or not readable):
            with transaction() as session:
                message = session.get_one(InboundMessage, found.id)
                danger.ask_gently(session, session.get_one(Conversation, message.conversation_id), message)
                message.state, message.settled_at, message.flag = "recorded", clock.now(), WAITS_FOR_WORKER
            continue
        return Waiting(
            found.id,
            found.body,
            found.screened,
            at_the_door=found.payload.startswith(door.PAYLOAD)
            or (found.door not in ("", *HEARD) and found.held is None),
            question=found.payload or options.neutral(found.held or found.body),
            metadata={
                "turn_token": tokens.make(found.id),
                "language": found.language,
                "channel": found.channel,
            },
            attempts=found.turn_attempts,
            readable=readable,
        )


def _to_come(read: Sequence[object]) -> bool:
    """Can a process with another key read what this one cannot?"""
    if not any(isinstance(one, Unreadable | UnreadableObject) for one in read):
        return False
    with reading() as session:
        return data_keys.to_come(session, *read)


def _put_back(found: Row[Any]) -> None:
    """It stays queued, as if nobody had looked at it; the next look for what waits finds it again."""
    with transaction() as session:
        session.get_one(InboundMessage, found.id, with_for_update=True).turn_attempts -= int(found.screened)


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
            danger.respond(session, conversation, message, verdict, turn_follows=True)


def _take(waiting: Waiting) -> bool:
    """One turn. False if nothing else waited in the conversation when it was settled (what came later is announced)."""
    crashpoints.point("turn.before_rasa")
    replies: list[Reply] = []
    failure = ""
    try:
        if waiting.attempts > MOST_ATTEMPTS:
            raise RasaFailed("too many attempts")
        if not waiting.readable:
            raise RasaFailed("the stored words cannot be opened")
        if waiting.at_the_door:
            replies = _at_the_door(waiting)
        else:
            replies = rasa_client.ask(waiting.question, message_id=waiting.message_id, metadata=waiting.metadata)
    except RasaFailed as error:
        failure = str(error)
        log.warning("turn: no usable answer from Rasa (%s)", failure)
    crashpoints.point("turn.after_rasa")
    return _settle(waiting, replies, failure)


def _at_the_door(waiting: Waiting) -> list[Reply]:
    """The replies to somebody who says or proves who they are."""
    carried = json.loads(waiting.question.removeprefix(door.PAYLOAD) or "{}") if waiting.question[0] == "/" else {}
    entities = [FoundEntity(entity=name, value=value) for name, value in carried.items()]
    try:
        return service.answer(service.AT_THE_DOOR, waiting.message_id, Question(entities=entities)).replies
    except service.NoSuchTurn:
        raise RasaFailed("settled already") from None


def _settle(waiting: Waiting, replies: list[Reply], failure: str) -> bool:
    """Queue what is to be said, settle the message, and after the commit deliver it; as ``_take``."""
    begun: delivery.Begun | None = None
    after: list[uuid.UUID] = []
    with transaction() as session:
        message, conversation, _agency, _person, more, unsent = session.execute(
            _SETTLING, {"message_id": waiting.message_id}
        ).one()
        if message.state != "queued":
            return True
        # Straight away, unless something else is on its way to them: that goes first, and a delivery's job waits for
        # it. Several go one after the other, each when the one before it was taken.
        straight = conversation.channel == "sms" and not unsent
        hushed = hush.silent(session, conversation, message)
        said = None if failure or hushed else _say(session, conversation, message, replies, straight=straight)
        if hushed:  # they asked for no answer while this one was made
            hush.keep(message, clock.now())
        elif said is None:
            _fall_back(session, conversation, message)
        else:
            if not said:
                danger.ask_gently(session, conversation, message)
            kept = not said and message.safety_kind == "none" and drafts.holds(session, message.id)
            message.state = "recorded" if kept else "answered"  # one of many that are read back together
            if straight and said:
                begun, after = delivery.begin_carried(session, said[0]), [one.id for one in said[1:]]
        message.settled_at = clock.now()
        notify(session, f"conversation:{conversation.id}")
        session.flush()
        crashpoints.point("turn.before_commit")
    crashpoints.point("turn.after_commit")
    if begun is not None and delivery.carry(begun):
        for outbound_id in after:
            delivery.deliver(outbound_id)
    return bool(more)


def _say(
    session: Session, conversation: Conversation, message: InboundMessage, replies: list[Reply], *, straight: bool
) -> list[OutboundMessage] | None:
    """Queue the replies and remember their options; them, or None if one of them cannot be put into words, or what a
    number meant until now cannot be read.

    ``straight``: the caller delivers them, in order.
    """
    if not dialogue.opens(conversation):
        return None
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
        return None
    state = dialogue.load(conversation)
    if any(option["payload"] == message.payload for option in state.options):
        state.options = []  # what was chosen is used up
    # A number that answers a reminder keeps its meaning: what is offered now is counted on from there.
    offers = conversation.channel == "sms" and any(offered for _, offered in spoken)
    first = 1 + (reminders.numbers_held(session, conversation.id, clock.now()) if offers else 0)
    queued = []
    for part, (text, offered) in enumerate(spoken):
        one = outbox.queue_reply(
            session,
            conversation,
            text,
            in_reply_to=message,
            part=str(part),
            options=offered,
            first=first,
            carried=straight and part == 0,
            follows=straight and part > 0,
        )
        queued.append(one)
        if offered:
            state.options = options.numbered(offered, first)
    dialogue.save(conversation, state)
    return queued


def _option(language: str, offered: ReplyOption) -> options.Option:
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
    """Say plainly that a person will look, and let one: the message is flagged. Danger has had its reply already, or
    is asked about now."""
    message.state, message.flag = "unanswered", "flag.no_answer"
    drafts.keep_unanswered(session, conversation, message, clock.now())
    danger.ask_gently(session, conversation, message)
    if message.safety_kind == "none":
        text = texts.render("turn.fallback", conversation.language, **wording.args(session, conversation))
        outbox.queue_reply(session, conversation, text, in_reply_to=message, part="fallback")
    if conversation.agency_id:
        notify(session, f"agency:{conversation.agency_id}")
