"""Delivery: sends what the outbox holds, and settles what became of it.

Every try is a row committed *before* the provider is called (``DeliveryAttempt``). After a crash or a timeout nobody
knows whether a text went out; what happens then depends on whom it is for: a family's message becomes *uncertain* and a
worker is shown it, a worker's escalation is sent again with the same reference.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.orm import Session

import crashpoints
from api import clock
from api.channels.mail import client as mail
from api.channels.outcome import Outcome
from api.channels.push import client as push
from api.channels.push import service as browsers
from api.channels.twilio import client as twilio
from api.channels.twilio import faults
from api.database import notify, single_statement, transaction
from api.escalations import service as escalations
from api.escalations.models import Escalation
from api.families.models import ContactPoint
from api.messages import bounces, held, hush, lateness, letters, mailing, quiet, sms, takeovers
from api.messages.models import (
    NOT_HEARD,
    PROFESSIONAL,
    WITHOUT_KEY,
    Conversation,
    DeliveryAttempt,
    OutboundMessage,
)
from api.protection import data_keys
from api.reminders import professionals
from api.reminders import queries as reminders
from api.reminders.anew import PROFILE_CHANGED
from api.sealed import Unreadable

#: For a text that was sealed with a key this process does not have; one that has it may take it meanwhile.
ANOTHER_MAY_HAVE_THE_KEY = timedelta(minutes=5)
WAIT_FOR_THE_KEY = timedelta(seconds=5)

#: How far a message has come. A status callback never takes it back (they arrive out of order).
_PROGRESS = {"queued": 0, "sending": 0, "uncertain": 1, "sent": 1, "delivered": 3, "failed": 2, "cancelled": 3}
_STATUS = {"sent": "sent", "delivered": "delivered", "read": "delivered", "undelivered": "failed", "failed": "failed"}


def deliver(outbound_id: uuid.UUID) -> None:
    """Try once to send the message, if it is its time. Safe to run again at any point."""
    with transaction() as session:
        begun = _begin(session, outbound_id)
    if begun is not None:
        carry(begun)


@dataclass(frozen=True)
class Begun:
    """A try that is under way: where to, and the words."""

    attempt_id: uuid.UUID
    outbound_id: uuid.UUID
    address: str
    body: str
    channel: str = "sms"
    #: The escalation that it is about, if it is about one.
    reference: int | None = None
    #: What an e-mail says beside its words.
    headers: tuple[tuple[str, str], ...] = ()


def begin_carried(session: Session, message: OutboundMessage) -> Begun:
    """Note the first try at a message that was queued as carried; after the commit its caller must ``carry`` it."""
    begun = Begun(uuid.uuid4(), message.id, message.address, message.body)
    _note(session, begun, message.created_at)
    return begun


def carry(begun: Begun) -> bool:
    """Call the provider for a try whose row is committed, and settle what comes of it. Did the provider take it?"""
    crashpoints.point("delivery.after_attempt")
    outcome = _send(begun)
    crashpoints.point("delivery.after_send")
    if not (outcome.result == "accepted" and _accepted(begun, outcome)):
        with transaction() as session:
            session.execute(
                update(DeliveryAttempt)
                .where(DeliveryAttempt.id == begun.attempt_id)
                .values(ended_at=clock.now(), result=outcome.result, error=outcome.error),
                execution_options={"synchronize_session": False},
            )
            message = session.get_one(OutboundMessage, begun.outbound_id, with_for_update=True)
            _after_attempt(session, message, outcome)
    crashpoints.point("delivery.after_commit")
    return outcome.result == "accepted"


def _send(begun: Begun) -> Outcome:
    if begun.channel == "email":
        return mail.send(begun.address, begun.body, message_id=begun.outbound_id, headers=begun.headers)
    if begun.channel == "push":
        return push.send(begun.address, begun.body, reference=begun.reference)
    return twilio.send(begun.address, begun.body, callback_for=begun.outbound_id)


_ACCEPTED = text("""
    WITH message AS (
        UPDATE outbound_messages SET state = 'sent', error = '', settled_at = :now, provider_id = :provider_id
        WHERE id = :outbound_id AND state = 'sending' RETURNING id, conversation_id
    ), attempt AS (
        UPDATE delivery_attempts SET ended_at = :now, result = 'accepted', error = :error
        FROM message WHERE delivery_attempts.id = :attempt_id
    )
    SELECT CASE WHEN conversation_id IS NOT NULL
           THEN pg_notify('hearthline', 'conversation:' || conversation_id) END FROM message
""")


def _accepted(begun: Begun, outcome: Outcome) -> bool:
    """The way nearly every try ends, in one statement. False, and nothing done, if a callback was quicker."""
    values = {
        "now": clock.now(),
        "provider_id": outcome.provider_id or None,
        "outbound_id": begun.outbound_id,
        "attempt_id": begun.attempt_id,
        "error": outcome.error,
    }
    with single_statement() as connection:
        return connection.execute(_ACCEPTED, values).first() is not None


def _note(session: Session, begun: Begun, now: datetime) -> None:
    values = {"id": begun.attempt_id, "outbound_id": begun.outbound_id, "started_at": now}
    session.connection().execute(_NOTE, values)


# Made once: building a statement costs several times what running it does.
_NOTE = insert(DeliveryAttempt)
_BEGIN = (
    update(OutboundMessage)
    .where(
        OutboundMessage.id == bindparam("outbound_id"),
        OutboundMessage.due_at <= bindparam("now"),
        (OutboundMessage.state == "queued")
        | ((OutboundMessage.state == "sending") & (OutboundMessage.kind == "escalation")),  # cut off: again
    )
    .values(state="sending")
    .returning(
        OutboundMessage.address,
        OutboundMessage.body,
        OutboundMessage.kind,
        OutboundMessage.in_reply_to,
        OutboundMessage.created_at,
        OutboundMessage.channel,
        OutboundMessage.escalation_id,
        select(Conversation.hushed_at)
        .where(Conversation.id == OutboundMessage.conversation_id)
        .scalar_subquery()
        .label("hushed_at"),
    )
)


def _begin(session: Session, outbound_id: uuid.UUID) -> Begun | None:
    """Note the try, to be committed before the provider is called; None if there is nothing to send now."""
    now = clock.now()
    row = session.connection().execute(_BEGIN, {"outbound_id": outbound_id, "now": now}).one_or_none()
    way = mailing.Way(row.channel, row.address) if row is not None else mailing.NO_WAY
    if row is not None and mailing.may_differ(row.kind, row.in_reply_to, row.channel):
        way = mailing.way(session, outbound_id, now) or way
    if row is not None and row.kind == "reminder" and (reason := reminders.no_longer_holds(session, outbound_id, now)):
        # What was true when it was queued is not any more. That it came too late, a worker must see.
        reminder = session.get_one(OutboundMessage, outbound_id)
        _settle(session, reminder, "failed" if reason == lateness.TOO_LATE else "cancelled", reason)
        return None
    if row is not None and (row.hushed_at or way.hushed_at) is not None and row.kind != "escalation":
        answers = row.in_reply_to is not None
        if not (answers and hush.answered(session, row.in_reply_to)):
            verdict = quiet.while_hushed(answers, row.created_at, now)
            _hold(session, session.get_one(OutboundMessage, outbound_id), verdict)
            return None
    if row is not None and _may_have_to_wait(row.kind, row.in_reply_to, row.created_at, now):
        verdict = held.look(session, outbound_id, now)
        if verdict.reason or verdict.wait_until:
            _hold(session, session.get_one(OutboundMessage, outbound_id), verdict)
            return None
    if row is not None and _too_late(session, outbound_id, row.kind, row.in_reply_to, row.created_at, now):
        _settle(session, session.get_one(OutboundMessage, outbound_id), "failed", lateness.TOO_LATE)
        return None
    if row is not None and isinstance(row.body, Unreadable):
        _hold_unreadable(session, session.get_one(OutboundMessage, outbound_id), row.body, now)
        return None
    if row is not None:
        begun = Begun(uuid.uuid4(), outbound_id, way.address, row.body, way.channel, row.escalation_id)
        if way.channel == "sms" and row.kind in mailing.KINDS:
            begun = replace(begun, body=sms.to_gsm7(row.body)[: sms.LONGEST_BODY])
        if way.channel == "email" and row.kind not in ("escalation", PROFESSIONAL):
            message = session.get_one(OutboundMessage, outbound_id)
            if (letter := letters.of(session, message)) is None:
                _settle(session, message, "cancelled", "opted_out")
                return None
            begun = replace(begun, body=letter.body, headers=letter.headers)
        _note(session, begun, now)
        return begun
    cut_off = session.get(OutboundMessage, outbound_id, with_for_update=True)
    if cut_off is not None and cut_off.state == "sending" and cut_off.kind != "escalation":
        # An earlier try was cut off after its attempt was committed: it may have gone out.
        _settle(session, cut_off, "uncertain", "interrupted")
    return None


def _may_have_to_wait(kind: str, in_reply_to: uuid.UUID | None, created_at: datetime, now: datetime) -> bool:
    """All but what goes to workers, the reply to danger, and the answer to what was written just now."""
    just_asked = in_reply_to is not None and created_at > now - quiet.STILL_WRITING
    return kind in quiet.QUIET_KINDS and not just_asked


def _too_late(
    session: Session, outbound_id: uuid.UUID, kind: str, in_reply_to: uuid.UUID | None, written: datetime, now: datetime
) -> bool:
    """Would it come stupidly late? Only asked further of what has waited: nearly nothing has."""
    if kind == PROFESSIONAL:
        return professionals.too_late(session, outbound_id, now)
    if kind == "safety" and now > written + lateness.A_MOMENT:
        return True
    if kind != "family" or in_reply_to is None or now <= written + quiet.STILL_WRITING:
        return False
    body, zone = held.words_and_zone(session, outbound_id)
    return isinstance(body, str) and lateness.of_another_day(body, written, now, zone)


def _hold(session: Session, message: OutboundMessage, verdict: quiet.Verdict) -> None:
    """It waits for safe hours, or never goes: with a name that may not be written, or when it waited too long for
    somebody who asked not to be texted, a worker has to see it."""
    if verdict.wait_until is not None:
        hushed = quiet.HUSHED if verdict.reason == quiet.HUSHED else ""
        message.state, message.due_at, message.error = "queued", verdict.wait_until, hushed
    else:
        to_see = verdict.reason in ("names", PROFILE_CHANGED) or (
            verdict.reason == quiet.HUSHED and message.in_reply_to is None
        )
        _settle(session, message, "failed" if to_see else "cancelled", verdict.reason)


def _hold_unreadable(session: Session, message: OutboundMessage, body: Unreadable, now: datetime) -> None:
    """Nobody is sent what stands for words. While keys are changed another process may have the one that is missing: it
    is left to that as long as the key is known and not given up (api.ops sees that it waits), a
    strange one for some minutes; then a worker sees that it failed."""
    young = now < message.created_at + ANOTHER_MAY_HAVE_THE_KEY
    if data_keys.to_come(session, body) or (body.reason == "no_key" and young):
        message.state, message.error, message.due_at = "queued", WITHOUT_KEY, now + WAIT_FOR_THE_KEY
    else:
        _settle(session, message, "failed", "unreadable")


def _after_attempt(session: Session, message: OutboundMessage, outcome: Outcome) -> None:
    if outcome.provider_id:
        message.provider_id = outcome.provider_id
    if message.state not in ("sending", "uncertain"):
        return  # a status callback was quicker than the answer
    if outcome.result == "accepted":
        _settle(session, message, "sent")
    elif outcome.result == "uncertain" and message.kind != "escalation":
        _settle(session, message, "uncertain", outcome.error)
    elif outcome.result == "refused" and bounces.refused(
        session, message, address=outcome.wrong_address, now=clock.now()
    ):
        message.state, message.error, message.due_at = "queued", "", clock.now()  # by text, at the next tick
    elif outcome.result == "refused":
        _settle(session, message, "failed", outcome.error)
    else:
        _try_later(session, message, outcome.error)


def _try_later(session: Session, message: OutboundMessage, error: str) -> None:
    now = clock.now()
    tries = func.count().label("tries"), func.min(DeliveryAttempt.started_at).label("first")
    row = session.execute(select(*tries).where(DeliveryAttempt.outbound_id == message.id)).one()
    last = lateness.given_up_at(message.kind, row.first or message.created_at, alarm=message.escalation_id is not None)
    due = lateness.next_try(row.tries, now, last, phone_off=error == faults.UNREACHABLE)
    if due is None:
        _settle(session, message, "failed", error)
    else:
        message.state, message.error, message.due_at = "queued", error, due


def _settle(session: Session, message: OutboundMessage, state: str, error: str = "") -> None:
    now: datetime = clock.now()
    message.state, message.error, message.settled_at = state, error, now
    if message.conversation_id is not None:
        notify(session, f"conversation:{message.conversation_id}")
        if state in NOT_HEARD:
            takeovers.unheard(session, message)
        if state in ("failed", "uncertain"):
            conversation = session.get_one(Conversation, message.conversation_id)
            if conversation.agency_id:
                notify(session, f"agency:{conversation.agency_id}")
    if state != "failed":
        return
    if error == faults.OPTED_OUT:
        for point in session.scalars(select(ContactPoint).filter_by(address=message.address, state="active")):
            point.state, point.state_changed_at = "opted_out", now
    if message.channel == "push" and error in push.GONE:
        browsers.gone(session, message.address)
    if message.escalation_id is not None:
        # The rung could not be told: do not wait for it. What is beside the ladder is said in another way.
        escalation = session.get(Escalation, message.escalation_id, with_for_update=True)
        if escalation is not None and escalation.state == "open":
            escalations.skip_rung(session, escalation, message, error)
        escalations.say_otherwise(session, message)


def settle_from_callback(session: Session, message: OutboundMessage, status: str, error: str) -> None:
    """What Twilio says became of a message. Late and repeated callbacks change nothing.

    ``status`` is Twilio's MessageStatus, ``error`` its ErrorCode or "".
    """
    state = _STATUS.get(status)
    if state is None or _PROGRESS[state] <= _PROGRESS[message.state]:
        return
    if state == "failed" and faults.try_again(error):
        _try_later(session, message, error)  # it certainly did not arrive, so another try cannot double it
    else:
        if message.state == "uncertain" and state != "failed":
            takeovers.heard_after_all(session, message)
        _settle(session, message, state, error)


def settle_reported(outbound_id: uuid.UUID | None, provider_id: str, status: str, error: str) -> None:
    """A status callback, found by our id in its address, else by Twilio's; an unknown one changes nothing. Commits."""
    with transaction() as session:
        query = select(OutboundMessage).with_for_update()
        found = session.scalar(
            query.filter_by(id=outbound_id) if outbound_id is not None else query.filter_by(provider_id=provider_id)
        )
        if found is not None and found.provider_id in (None, provider_id):
            settle_from_callback(session, found, status, error)
