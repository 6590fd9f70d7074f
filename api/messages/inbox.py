"""The inbox: every message from outside is accepted here, once, and nothing is said to the sender before the commit.

``accept()`` screens the text before it touches the database, then in **one** transaction stores the message, opens an
escalation if the screen says so (first notification and safety reply included), and queues the turn. After that nothing
can lose a cry for help: Rasa may add escalations, it is never the only path to one. A PIN in it, or the answer to a
question at the phone's door, is looked at here and goes no further.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

import crashpoints
from api import clock, jobs
from api.access.models import Worker
from api.database import again_after_deadlock, notify, transaction
from api.escalations import queries as escalation_queries
from api.evidence import fetching
from api.families.models import ContactPoint, Family, Person
from api.messages import commands, danger, door, enrolment, hands, hush, keywords, mail_enrolment, options, speech
from api.messages.cleaning import storable
from api.messages.models import WAITS_FOR_WORKER, Conversation, InboundMessage
from api.reminders import queries as reminders
from api.safety.door import at_the_door
from api.safety.screen import Verdict, screen
from api.safety.silence import Silence
from api.safety.silence import asked as silence_asked

# Made once: building a statement costs several times what running it does.
_STORE = (
    insert(InboundMessage).on_conflict_do_nothing(index_elements=["channel", "external_id"]).returning(InboundMessage)
)
_asked = select(bindparam("address", type_=String).label("address")).subquery()
#: Whose an address is, and the conversation with it, in one row. A number that is in a family is a family's, even where
#: a worker has the same.
_WHOSE = (
    select(Conversation, Person, Family, Worker, ContactPoint.state)
    .select_from(_asked)
    .outerjoin(
        Conversation, (Conversation.address == _asked.c.address) & (Conversation.channel == bindparam("channel"))
    )
    .outerjoin(ContactPoint, (ContactPoint.address == _asked.c.address) & (ContactPoint.state != "quarantined"))
    .outerjoin(Person, Person.id == ContactPoint.person_id)
    .outerjoin(Family, Family.id == Person.family_id)
    .outerjoin(Worker, (Worker.phone == _asked.c.address) & Worker.active & Person.id.is_(None))
    # Who was talked with last is first; of several who share a number without that, always the same one.
    .order_by(
        (ContactPoint.state == "pending").asc().nulls_first(),
        (Conversation.person_id == Person.id).desc().nulls_last(),
        Person.first_name,
        Person.id,
    )
    .limit(1)
)

#: Before a message gets its number: of two that come at once the one with the lower number is committed first, and so
#: answered first. (Whoever only refers to the conversation, as an alarm that climbs, waits for nobody.)
_LOCK = select(Conversation.id).where(Conversation.id == bindparam("id")).with_for_update(key_share=True)


@dataclass(frozen=True)
class Accepted:
    """``duplicate``: the same external id was accepted before, and nothing was done again."""

    message_id: uuid.UUID
    conversation_id: uuid.UUID
    duplicate: bool


@again_after_deadlock
def accept(
    *,
    channel: str,
    external_id: str,
    address: str,
    body: str,
    media: Sequence[dict[str, str]] = (),
    payload: str = "",
    conversation_id: uuid.UUID | None = None,
    opt_out_type: str = "",
) -> Accepted:
    """Store one message and all that must follow from it; committed when this returns.

    ``channel`` sms or web; ``external_id`` what makes it the same message when it comes again; ``address`` the sender
    (E.164, or the chat session); ``conversation_id`` for a web chat that exists. Raises LookupError for a chat that is
    closed or unknown, NoAgency where there is nobody yet who could look after the sender.
    """
    body = storable(body)
    code, spoken = mail_enrolment.code_in(body)
    verdict, whole = at_the_door(spoken)
    silence = silence_asked(body)
    with transaction() as session:
        conversation, reach = _conversation(session, channel, storable(address), conversation_id)
        keyword = _keyword(session, conversation, body, opt_out_type)
        secret = door.look(session, conversation, body, clock.now(), plainly_not=bool(verdict.raised or keyword))
        if secret is not None:
            body = secret.kept
        if not whole and (reach == "pending" or silence.asked or code or _without_turn(conversation, keyword)):
            verdict, whole = screen(spoken), True  # no turn will do it later
        if keyword and not verdict.raised:
            verdict = Verdict()  # the word's own call is louder than a gentle question, and the carrier answers it
        if conversation.worker_id is None:
            verdict = hush.weighed(verdict, silence)
        session.execute(_LOCK, {"id": conversation.id})
        message, fresh = _store(session, conversation, channel, external_id, body, payload, list(media), verdict, whole)
        if not fresh:
            return Accepted(message.id, conversation.id, duplicate=True)
        speech.begin(session, conversation, message)
        conversation.last_inbound_at = message.received_at
        if secret is not None:
            door.settle(session, conversation, message, secret)
        hush.note(session, conversation, message, silence)
        hush.watched(session, conversation, message, silence)
        # (A text of nothing but a photo has no words to be understood: what becomes of the photo is its answer.)
        coming = reach == "active" and fetching.note(session, conversation, message, media)
        only_files = coming and not body.strip()
        _route(session, conversation, message, verdict, keyword, reach, silence, code=code, only_files=only_files)
        notify(session, f"conversation:{conversation.id}")
        if conversation.agency_id:
            notify(session, f"agency:{conversation.agency_id}")
        session.flush()
        crashpoints.point("inbox.before_commit")
    crashpoints.point("inbox.after_commit")
    return Accepted(message.id, conversation.id, duplicate=False)


def _store(
    session: Session,
    conversation: Conversation,
    channel: str,
    external_id: str,
    body: str,
    payload: str,
    media: list[dict[str, str]],
    verdict: Verdict,
    screened: bool,
) -> tuple[InboundMessage, bool]:
    """Insert the message unless its external id is there: ``(message, True)`` for a new one."""
    if channel == "web":
        external_id = f"{conversation.id}:{external_id}"  # a page's ids are its own: they must not meet another's
    remembered = reminders.with_offers(
        session,
        conversation.id,
        channel == "web",
        body,
        (conversation.state or {}).get("options", []),
        clock.now(),
    )
    inserted = session.scalar(
        _STORE,
        {
            "id": uuid.uuid4(),
            "conversation_id": conversation.id,
            "channel": channel,
            "external_id": storable(external_id),
            "body": body,
            "payload": payload or options.chosen(body, remembered) or mail_enrolment.wish_in(conversation, body),
            "media": media,
            "received_at": clock.now(),
            "state": "queued",
            "screened": screened,
            "safety_kind": verdict.kind,
            "safety_priority": verdict.priority,
            "safety_reasons": verdict.reasons,
        },
    )
    if inserted is not None:
        return inserted, True
    earlier = session.scalars(select(InboundMessage).filter_by(channel=channel, external_id=storable(external_id)))
    return earlier.one(), False


def _conversation(
    session: Session, channel: str, address: str, conversation_id: uuid.UUID | None
) -> tuple[Conversation, str]:
    """The conversation, and the state of the number (families.models.ContactPoint), "" where it is nobody's."""
    if conversation_id is not None:
        found = session.get(Conversation, conversation_id)
        if found is None or found.closed_at is not None:
            raise LookupError("this chat has ended")
        return found, ""
    found, holder, family, worker, reach = session.execute(_WHOSE, {"address": address, "channel": channel}).one()
    values: dict[str, Any] = {"person_id": holder.id if holder else None, "worker_id": worker.id if worker else None}
    former = None
    if found is not None and found.person_id not in (None, values["person_id"]):
        former = found.agency_id
        hands.begin_anew(session, found, clock.now())
        found = None
    if found is None:
        agency = (
            family.agency_id
            if family
            else worker.agency_id
            if worker
            else former or escalation_queries.default_agency(session, address).id
        )
        session.execute(
            insert(Conversation)
            .values(
                id=uuid.uuid4(),
                channel=channel,
                address=address,
                created_at=clock.now(),
                state={},
                agency_id=agency,
                language=holder.language if holder else "en",
                **values,
            )
            .on_conflict_do_nothing(index_elements=["channel", "address"])
        )
        found = session.scalars(select(Conversation).filter_by(channel=channel, address=address)).one()
    if (found.person_id, found.worker_id) != (values["person_id"], values["worker_id"]):
        # The number changed hands: whatever was being talked about is not the new holder's to see.
        found.person_id, found.worker_id, found.state = values["person_id"], values["worker_id"], {}
        found.proved_until = None
        if holder is not None and family is not None:
            found.agency_id, found.language = family.agency_id, holder.language
    return found, reach or ""


def _keyword(session: Session, conversation: Conversation, body: str, opt_out_type: str) -> str:
    """The carrier's word that the message is, or "". "YES" from somebody who never opted out is an answer to us."""
    if conversation.channel != "sms":
        return ""
    keyword = keywords.carrier_keyword(body, opt_out_type)
    if keyword == "start" and commands.reachable(session, conversation):
        return ""
    return keyword


def _without_turn(conversation: Conversation, keyword: str) -> bool:
    """Will this message be settled without a turn (see ``_route``)? A worker's own texts are not screened at all."""
    if conversation.worker_id is not None:
        return False
    stranger = conversation.channel == "sms" and conversation.person_id is None
    silent = conversation.taken_over_by is not None or conversation.hushed_at is not None
    return silent or stranger or keyword != ""


def _route(
    session: Session,
    conversation: Conversation,
    message: InboundMessage,
    verdict: Verdict,
    keyword: str,
    reach: str,
    silence: Silence,
    *,
    code: str,
    only_files: bool,
) -> None:
    """Decide what becomes of a new message: recorded, escalated, queued for a turn (several may hold)."""
    if conversation.worker_id is not None:
        commands.from_worker(session, conversation, message)
        return
    if verdict.noticed:
        danger.respond(session, conversation, message, verdict, turn_follows=True)
    elif silence.asked and not keyword:
        hush.tell(session, conversation, message, silence)
    if not keyword and hush.silent(session, conversation, message):
        hush.keep(message, message.received_at)
    elif message.payload.startswith(enrolment.PAYLOAD) or (reach == "pending" and keyword in ("", "start")):
        enrolment.answer(session, conversation, message, keyword=keyword)
    elif keyword:
        commands.carrier_keyword(session, conversation, message, keyword)
    elif conversation.taken_over_by is not None:
        message.state, message.settled_at, message.flag = "recorded", message.received_at, WAITS_FOR_WORKER
    elif conversation.person_id is None and conversation.channel == "sms":
        if verdict.raised:  # the reply to danger says all that a stranger needs
            message.state, message.settled_at = "answered", message.received_at
        else:
            commands.from_stranger(session, conversation, message)
    elif code and not verdict.raised and mail_enrolment.answer(session, conversation, message, code):
        pass  # the code from an e-mail of ours; anybody else's letters are a message like others
    elif only_files:
        message.state, message.flag = "unanswered", fetching.FLAG
    else:
        jobs.announce_turns(session, conversation.id)
        return
    danger.ask_gently(session, conversation, message)  # no turn will
