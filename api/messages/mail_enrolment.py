"""An e-mail address of a person's: added, asked by one discreet e-mail, confirmed by its code, stopped.

Promise: until the code of that e-mail came back on a way that is the person's own (their phone, their chat, or their
worker, to whom they told it), nothing else goes to the address. A link alone would confirm nothing: whoever gets a
stranger's e-mail by a slip of the pen may well open it. What the link in each e-mail can do is to end them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Agency, Worker
from api.audit import service as audit
from api.escalations import service as escalations
from api.families import content, sharing
from api.families.models import Consent, ContactPoint, Family, Person
from api.families.wishes import mail_wanted
from api.messages import enrolment, held, letters, mailing, outbox
from api.messages.models import Conversation, InboundMessage
from api.settings import settings

WORDING = "mail.confirm"
#: How long a code can be given back.
LIFETIME = timedelta(days=7)
#: Around a code there may be a few words ("the code is BKTM-WXRQ").
FEW_WORDS = 8
_CODE = re.compile(rf"(?<![A-Za-z])([{letters.ALPHABET}]{{4}})[\s-]?([{letters.ALPHABET}]{{4}})(?![A-Za-z])", re.I)


class NotSetUp(ValueError):
    """This installation sends no e-mail."""


def add_address(
    session: Session,
    person: Person,
    address: str,
    worker: Worker | None,
    *,
    ask: bool = True,
    conversation: Conversation | None = None,
) -> ContactPoint:
    """Give the person an address, not confirmed yet, and ask it (unless ``ask`` is False: then that is still to be
    done). People of one family may share an inbox: then nothing telling goes to any of them. ``conversation``: where
    they asked for it. Raises enrolment.Taken; NotSetUp, where it is to be asked."""
    same = (ContactPoint.channel == "email", ContactPoint.address == address, ContactPoint.state != "quarantined")
    holders = session.scalars(select(Person).join(ContactPoint).where(*same)).all()
    if elsewhere := [one.family_id for one in holders if one.family_id != person.family_id]:
        raise enrolment.Taken(elsewhere[0])
    if session.scalar(select(func.count()).select_from(Worker).where(Worker.email == address, Worker.active)):
        raise enrolment.Taken(None)
    point = session.scalar(select(ContactPoint).where(*same, ContactPoint.person_id == person.id))
    if point is None:
        by = worker.id if worker else None
        who = "worker" if worker else "person" if conversation is not None else "system"
        point = ContactPoint(person_id=person.id, channel="email", address=address, state="pending", added_by=by)
        session.add(point)
        session.flush()
        _record(session, person, "added_mail_address", by, point, who=who)
        sharing.begins(session, point, by, clock.now())
    if ask and point.state != "active":
        invite(session, person, point, worker, conversation=conversation)
    return point


def invite(
    session: Session,
    person: Person,
    point: ContactPoint,
    worker: Worker | None,
    *,
    conversation: Conversation | None = None,
) -> Consent:
    """Send the e-mail with the code (again); the address has not agreed from now on, and older codes end. Raises
    NotSetUp."""
    if not settings().mails:
        raise NotSetUp
    words = version(person.language)
    consent = enrolment.asking(session, person, point, worker, wording_id=WORDING, wording_version=words)
    where = conversation or mailing.conversation_with(session, person)
    outbox.queue_confirmation(session, where, point.address, texts.render("mail.confirm.kept", person.language))
    who = "worker" if worker else "person" if conversation is not None else "system"
    _record(session, person, "asked_mail_address", worker.id if worker else None, point, who=who)
    return consent


def sent_lately(session: Session, person: Person, now: datetime) -> int:
    """How many codes were sent for this person in the last day."""
    asked = select(func.count()).where(
        Consent.person_id == person.id, Consent.wording_id == WORDING, Consent.asked_at > now - timedelta(days=1)
    )
    return session.scalar(asked) or 0


def wish_in(conversation: Conversation, body: str) -> str:
    """The payload of a message that asks for e-mail at an address, or is nothing but one; "" for any other. It needs no
    guess what that means, and whatever is made of it is read back."""
    if conversation.person_id is None or "@" not in body or (address := mail_wanted(body)) is None:
        return ""
    return "/change_contact_preference" + json.dumps({"choice": "mail", "mail": address})


def code_in(body: str) -> tuple[str, str]:
    """The code in a message that is little else, as ``letters.code`` writes it, or "", and the words without it:
    letters drawn by lot are nobody's, and to the safety screen some read like danger."""
    found = _CODE.search(body) if len(body.split()) <= FEW_WORDS else None
    return (f"{found[1]}-{found[2]}".upper(), _CODE.sub(" ", body).strip()) if found else ("", body)


def by_code(session: Session, people: list[uuid.UUID], code: str, now: datetime) -> tuple[ContactPoint | None, bool]:
    """Confirm the address of one of these people whose code this is; with whether any of them has a code open."""
    asked = session.execute(
        select(Consent, ContactPoint, Person)
        .join(ContactPoint, ContactPoint.id == Consent.contact_point_id)
        .join(Person, Person.id == ContactPoint.person_id)
        .where(
            Consent.person_id.in_(people),
            Consent.answer == "",
            Consent.asked_at > now - LIFETIME,
            ContactPoint.channel == "email",
            ContactPoint.state == "pending",
            Person.left_at.is_(None),
        )
        .order_by(Consent.asked_at.desc())
        .with_for_update(of=ContactPoint)
    ).all()
    newest = {point.id: (consent, point, person) for consent, point, person in reversed(asked)}
    for consent, point, person in newest.values():
        if hmac.compare_digest(letters.code(consent.id), code):
            _agreed(session, person, point, consent, now)
            return point, True
    return None, bool(newest)


def answer(session: Session, conversation: Conversation, message: InboundMessage, code: str) -> bool:
    """Settle a message that is such a code; False where nobody at this phone or chat was sent one."""
    people = [conversation.person_id] if conversation.person_id else []
    if conversation.channel == "sms":
        sharing = select(ContactPoint.person_id).where(
            ContactPoint.channel == "sms",
            ContactPoint.address == conversation.address,
            ContactPoint.state.in_(("active", "opted_out")),
        )
        people = list(session.scalars(sharing))
    point, asked = by_code(session, people, code, message.received_at)
    if not asked:
        return False
    message.state, message.settled_at = "answered", message.received_at
    text = texts.render("mail.confirmed" if point else "mail.wrong_code", conversation.language)
    outbox.queue_reply(session, conversation, text, in_reply_to=message, part="0")
    return True


def told(session: Session, person: Person, code: str, worker: Worker, now: datetime) -> bool:
    """The person told their worker the code. Was it the right one?"""
    point, _ = by_code(session, [person.id], code_in(code)[0], now)
    if point is not None:
        held.look_again(session, person.id, now)
        _record(session, person, "was_told_mail_code", worker.id, point)
    return point is not None


def stop(session: Session, point_id: uuid.UUID, now: datetime) -> bool:
    """Whoever reads that inbox wants no more e-mail there, or says that it is not theirs (before it was confirmed).
    Their worker is told. False where there is no such address any more; a second time does nothing."""
    point = session.scalar(select(ContactPoint).filter_by(id=point_id, channel="email").with_for_update())
    if point is None or point.state == "quarantined":
        return False
    if point.state == "opted_out":
        return True
    person = session.get_one(Person, point.person_id)
    stranger = point.state == "pending"
    _withdrawn(session, point, "by_link", "not_theirs" if stranger else "withdrawn", now)
    point.state, point.state_changed_at = "quarantined" if stranger else "opted_out", now
    agency = session.get_one(Agency, session.get_one(Family, person.family_id).agency_id)
    escalations.open_escalation(
        session,
        conversation=mailing.conversation_with(session, person),
        message=None,
        kind="mail_stopped",
        priority="routine",
        words=texts.render("mail.not_theirs_words" if stranger else "mail.stopped_words", agency.language),
    )
    return True


def stop_with_phone(session: Session, phone: str, now: datetime) -> None:
    """STOP came from this phone: it ends the e-mails to whoever writes from it, too."""
    sharing = select(ContactPoint.person_id).where(ContactPoint.address == phone, ContactPoint.state != "quarantined")
    points = select(ContactPoint).where(
        ContactPoint.person_id.in_(sharing),
        ContactPoint.channel == "email",
        ContactPoint.state.in_(("active", "pending")),
    )
    for point in session.scalars(points).all():
        _withdrawn(session, point, "by_stop", "withdrawn", now)
        point.state, point.state_changed_at = "opted_out", now


def version(language: str) -> str:
    """Which words these are: changes with every change of the text."""
    ids = ("who", "text", "phone", "tell", "not_me")
    words = "".join(texts.catalogues()[texts.supported(language)].get(f"mail.confirm.{one}", "") for one in ids)
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def _agreed(session: Session, person: Person, point: ContactPoint, consent: Consent, now: datetime) -> None:
    """From now on what nobody asked for goes there, and to no earlier address of theirs."""
    for earlier in session.scalars(
        select(ContactPoint).where(
            ContactPoint.person_id == person.id,
            ContactPoint.channel == "email",
            ContactPoint.id != point.id,
            ContactPoint.state.in_(("active", "opted_out")),
        )
    ):
        earlier.state, earlier.state_changed_at = "quarantined", now
    consent.answer, consent.answered_at = "agreed", now
    point.state, point.state_changed_at = "active", now
    with content.kept(session, person, None):
        person.contact_channel = "email"
    _record(session, person, "confirmed_mail_address", None, point)


def _withdrawn(session: Session, point: ContactPoint, wording: str, what: str, now: datetime) -> None:
    consent = session.scalars(
        select(Consent).filter_by(contact_point_id=point.id, answer="").order_by(Consent.asked_at.desc())
    ).first()
    if consent is None:
        consent = Consent(
            person_id=point.person_id, contact_point_id=point.id, wording_id=wording, wording_version="", language="",
            asked_at=now,
        )  # fmt: skip
        session.add(consent)
    consent.answer, consent.answered_at = what, now


def _record(
    session: Session, person: Person, verb: str, worker_id: uuid.UUID | None, point: ContactPoint, who: str = ""
) -> None:
    who = who or ("worker" if worker_id else "person")
    audit.record(
        session,
        actor_kind=who,
        actor_id=worker_id or (person.id if who == "person" else None),
        verb=verb,
        family_id=person.family_id,
        object_id=person.id,
        detail={"contact_point": str(point.id)},
    )
