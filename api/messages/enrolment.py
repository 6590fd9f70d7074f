"""Agreeing to be written to: one discreet question to a new number, its answer, and what was agreed to.

Promise: until somebody at the number has agreed, nothing else is sent to it (api.messages.quiet) but the reply to
danger and answers that tell nothing. What they read is kept with the answer: the text's id, its version, its language.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Worker
from api.assistant import state as dialogue
from api.audit import service as audit
from api.escalations import service as escalations
from api.families import sharing
from api.families.models import Consent, ContactPoint, Person
from api.messages import hands, options, outbox, quiet
from api.messages.models import Conversation, InboundMessage, OutboundMessage

WORDING = "enrol.ask"
#: Not asked by us: a file brought the number as one that may be written to.
BY_RECORD = "agency.record"
#: The beginning of payloads that are answered here.
PAYLOAD = "/enrol"
ANSWERS = ("agreed", "declined", "not_theirs")
#: Free words to the question are answered so often; then a worker is shown them.
MOST_REPLIES = 2


class Taken(ValueError):
    """The number is in use by somebody of another family (``family_id``), or is a worker's (None)."""

    def __init__(self, family_id: uuid.UUID | None) -> None:
        super().__init__("taken")
        self.family_id = family_id


def add_number(session: Session, person: Person, address: str, worker: Worker, *, ask: bool = True) -> ContactPoint:
    """Give the person a number, not agreed yet, and ask it (unless ``ask`` is False: then that is still to be done); of
    one family several may share it. Raises Taken."""
    in_use = session.scalars(
        select(Person.family_id)
        .join(ContactPoint, ContactPoint.person_id == Person.id)
        .where(ContactPoint.address == address, ContactPoint.state != "quarantined")
    ).all()
    if elsewhere := [family_id for family_id in in_use if family_id != person.family_id]:
        raise Taken(elsewhere[0])
    if session.scalar(select(func.count()).select_from(Worker).where(Worker.phone == address, Worker.active)):
        raise Taken(None)
    point = session.scalar(
        select(ContactPoint).where(
            ContactPoint.person_id == person.id, ContactPoint.address == address, ContactPoint.state != "quarantined"
        )
    )
    if point is None:
        point = ContactPoint(person_id=person.id, channel="sms", address=address, state="pending", added_by=worker.id)
        session.add(point)
        session.flush()
        _record(session, person, "added_number", worker.id, point)
        sharing.begins(session, point, worker.id, clock.now())
        if ask:
            invite(session, person, point, worker)
    return point


def by_record(person_id: uuid.UUID, point: ContactPoint, at: datetime) -> Consent:
    """That the agency's own file brought the number as agreed then: what was said to whom is the agency's record."""
    return Consent(
        person_id=person_id, contact_point_id=point.id, wording_id=BY_RECORD, wording_version="", language="",
        asked_at=at, answer="agreed", answered_at=at,
    )  # fmt: skip


def invite(session: Session, person: Person, point: ContactPoint, worker: Worker | None) -> Consent:
    """Ask (again) whether we may write there. Whatever the number's state was, it has not agreed from now on.
    ``worker`` is None for an import."""
    conversation = hands.conversation_with(session, person, point.address)
    text = texts.render(WORDING, person.language)
    consent = asking(session, person, point, worker, wording_id=WORDING, wording_version=version(person.language))
    offered = [_option(person.language, answer, consent.id) for answer in ANSWERS]
    outbox.queue_reply(session, conversation, text, kind=quiet.CONSENT, options=offered)
    state = dialogue.load(conversation)
    state.options = options.numbered(offered)
    dialogue.save(conversation, state)
    _record(session, person, "asked_consent", worker.id if worker else None, point)
    return consent


def asking(
    session: Session,
    person: Person,
    point: ContactPoint,
    worker: Worker | None,
    *,
    wording_id: str,
    wording_version: str,
) -> Consent:
    """Note that this number or address is asked, now and in these words: until the answer it has not agreed."""
    now = clock.now()
    aside = point.state == "quarantined"
    point.state, point.state_changed_at = "pending", now
    consent = Consent(
        person_id=person.id,
        contact_point_id=point.id,
        wording_id=wording_id,
        wording_version=wording_version,
        language=texts.supported(person.language),
        asked_by=worker.id if worker else None,
        asked_at=now,
    )
    session.add(consent)
    session.flush()
    if aside:
        sharing.begins(session, point, worker.id if worker else None, now)
    return consent


def take_out(session: Session, person: Person, point: ContactPoint, worker: Worker) -> None:
    """The number is not to be used for this person any more."""
    point.state, point.state_changed_at = "quarantined", clock.now()
    _record(session, person, "removed_number", worker.id, point)


def answer(session: Session, conversation: Conversation, message: InboundMessage, *, keyword: str = "") -> None:
    """Settle a message that answers the question, or came from a number that has not agreed yet."""
    said = json.loads(message.payload.removeprefix(PAYLOAD)) if message.payload.startswith(PAYLOAD) else {}
    consent = session.get(Consent, uuid.UUID(said["consent"])) if said else _open(session, conversation)
    what = "agreed" if keyword == "start" else said.get("answer", "")
    message.screened, message.settled_at = True, message.received_at
    if consent is None or (what == "" and not said):
        _other_words(session, conversation, message)
        return
    point = session.get_one(ContactPoint, consent.contact_point_id)
    offered: list[options.Option] = []
    if consent.answer == "" and point.state == "pending":
        consent.answer, consent.answered_at = what, message.received_at
        state = {"agreed": "active", "declined": "opted_out", "not_theirs": "quarantined"}[what]
        point.state, point.state_changed_at = state, message.received_at
        if what != "agreed":
            escalations.open_escalation(
                session,
                conversation=conversation,
                message=message,
                kind="wrong_person" if what == "not_theirs" else "declined",
                priority="routine",
                words=message.body,
            )
        state_of = dialogue.load(conversation)
        offered = _pin(session, conversation, point) if what == "agreed" else []
        state_of.options = options.numbered(offered)
        dialogue.save(conversation, state_of)
    message.state = "answered"
    text = texts.render(f"enrol.{what}", conversation.language)
    outbox.queue_reply(session, conversation, text, in_reply_to=message, part="0", options=offered)


def _pin(session: Session, conversation: Conversation, point: ContactPoint) -> list[options.Option]:
    """Whoever has a number alone is offered a PIN, once, in one line; on a shared phone it comes by the worker."""
    person = session.get_one(Person, point.person_id)
    sharing = select(ContactPoint.id).where(
        ContactPoint.address == point.address, ContactPoint.state != "quarantined", ContactPoint.id != point.id
    )
    if person.pin_hash or person.door_hashes or session.scalars(sharing.limit(1)).first() is not None:
        return []
    payload = "/change_contact_preference" + json.dumps({"choice": "pin"})
    return [options.Option(label=texts.render("option.choose_pin", conversation.language), payload=payload)]


def resumes(session: Session, point: ContactPoint, *, alone: bool) -> str:
    """The state of a number that opted out, after START came from it. Whoever has it alone says it for themself; of
    several at one number, only those whom a STOP took out: who had said no stays out, who had not answered, pending."""
    said = session.scalars(select(Consent).filter_by(contact_point_id=point.id)).all()
    if alone or any(one.answer in ("agreed", "resumed") for one in said):
        return "active"
    if any(one.answer == "declined" for one in said):
        return "opted_out"
    return "pending" if any(one.wording_id == WORDING for one in said) else "active"


def note_keyword(session: Session, point: ContactPoint, keyword: str, message: InboundMessage) -> None:
    """The carrier's STOP and START are answers too: kept beside the question's."""
    consent = session.scalar(select(Consent).filter_by(contact_point_id=point.id, answer=""))
    if consent is None:
        consent = Consent(
            person_id=point.person_id,
            contact_point_id=point.id,
            wording_id=f"carrier.{keyword}",
            wording_version="",
            language="",
            asked_at=message.received_at,
        )
        session.add(consent)
    consent.answer = "withdrawn" if keyword == "stop" else "resumed"
    consent.answered_at = message.received_at


def version(language: str) -> str:
    """Which words these are: changes with every change of the text."""
    words = texts.render(WORDING, language) + "".join(texts.render(f"option.enrol.{one}", language) for one in ANSWERS)
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def _other_words(session: Session, conversation: Conversation, message: InboundMessage) -> None:
    """Neither yes nor no: said once or twice more, and a worker reads it. Danger has had its reply already."""
    message.state, message.flag = "unanswered", "flag.not_agreed"
    if message.safety_kind != "none":
        message.state, message.flag = "answered", ""
        return
    already = session.scalar(
        select(func.count())
        .select_from(OutboundMessage)
        .where(OutboundMessage.conversation_id == conversation.id, OutboundMessage.part == "enrol")
    )
    if (already or 0) < MOST_REPLIES:
        text = texts.render("enrol.again", conversation.language)
        outbox.queue_reply(session, conversation, text, in_reply_to=message, part="enrol")


def _open(session: Session, conversation: Conversation) -> Consent | None:
    return session.scalar(
        select(Consent)
        .join(ContactPoint, ContactPoint.id == Consent.contact_point_id)
        .where(ContactPoint.address == conversation.address, ContactPoint.state == "pending", Consent.answer == "")
        .order_by(Consent.asked_at.desc())
        .limit(1)
    )


def _option(language: str, what: str, consent_id: uuid.UUID) -> options.Option:
    return options.Option(
        label=texts.render(f"option.enrol.{what}", language),
        payload=PAYLOAD + json.dumps({"answer": what, "consent": str(consent_id)}),
        words=texts.render(f"option.enrol.{what}.words", language).casefold().split("|"),
    )


def _record(session: Session, person: Person, verb: str, worker_id: uuid.UUID | None, point: ContactPoint) -> None:
    audit.record(
        session,
        actor_kind="worker" if worker_id else "system",
        actor_id=worker_id,
        verb=verb,
        family_id=person.family_id,
        object_id=person.id,
        detail={"contact_point": str(point.id)},
    )
