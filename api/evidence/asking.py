"""The text with a link for a photo or document: a worker asks for one, or somebody wants to send one.

Promises: nobody reads more in it than their safe-contact profile allows; a newer link for the same ends the older; what
the bot offers by itself, it offers once and on no phone that somebody else reads.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Agency, Worker
from api.appointments.voices import voice_of
from api.audit import service as audit
from api.coded import Coded
from api.evidence import links
from api.evidence.models import Evidence, UploadLink
from api.families.models import ContactPoint, Family, Person
from api.messages import hands, held, mailing, outbox
from api.messages.models import Conversation, InboundMessage
from api.plans import queries as plans

#: How long a link works.
LIFETIME = timedelta(hours=48)
#: The part of a worker's text in the outbox, followed by the link's id.
PART = "evidence"


class CannotAsk(Coded):
    """There is no way to send them a link; ``code`` says why: no_way, shared (somebody else uses their phone now),
    not_theirs."""


def ask(session: Session, person: Person, worker: Worker, action_id: uuid.UUID | None = None) -> None:
    """Send the person one text with a link for a photo or document (of this action of theirs). A link that they had for
    the same and did not use works no longer. Raises CannotAsk."""
    if person.kind == "child" or person.erased_at is not None or person.left_at is not None:
        raise CannotAsk("no_way")
    if action_id is not None and plans.own_action(session, person.id, action_id) is None:
        raise CannotAsk("not_theirs")
    conversation = _way(session, person)
    words, made = _link(session, person, conversation, action_id, by=worker)
    outbox.queue_reply(session, conversation, words, part=_part(session, person, conversation, made))
    _record(session, person, made, actor_kind="worker", actor_id=worker.id, verb="asked_for_evidence")


def ask_anew(session: Session, conversation: Conversation, link_id: str, now: datetime) -> bool:
    """A worker's text with this link waited: it goes in words of now, with a link of its own. That one works no
    longer."""
    was = session.get_one(UploadLink, uuid.UUID(link_id))
    worker = session.get(Worker, was.asked_by) if was.asked_by else None
    if was.used_at is None and was.expires_at > now and worker is not None:
        person = session.get_one(Person, was.person_id)
        words, made = _link(session, person, conversation, was.action_id, by=worker)
        outbox.queue_reply(session, conversation, words, part=_part(session, person, conversation, made))
    return True


def _part(session: Session, person: Person, conversation: Conversation, made: UploadLink) -> str:
    """What the outbox knows of a worker's text with a link."""
    plain = person.plainly_unasked and not _shared(session, person, conversation)
    return f"{PART}:{made.id}{outbox.PLAIN if plain else ''}"


def may_offer(session: Session, person: Person, conversation: Conversation, action_id: uuid.UUID) -> bool:
    """May this person, who has just reported the action, be offered a link in this conversation? Once for each action,
    on a phone that is theirs alone, and only where nothing was asked for or sent."""
    if conversation.channel != "sms" or conversation.person_id != person.id:
        return False  # in the web chat there is a field for it on "my plan"
    if _others_have(session, person, conversation.address):
        return False
    sent = select(Evidence.id).where(Evidence.action_id == action_id)
    asked = select(UploadLink.id).where(UploadLink.action_id == action_id, UploadLink.person_id == person.id)
    return session.scalar(sent.limit(1)) is None and session.scalar(asked.limit(1)) is None


def send_link(
    session: Session, person: Person, conversation: Conversation, message: InboundMessage, action_id: uuid.UUID
) -> None:
    """The person wants to send one of this action of theirs: the link is the answer to their message. Raises CannotAsk
    where the action is not theirs, or the phone not theirs alone any more."""
    if plans.own_action(session, person.id, action_id) is None:
        raise CannotAsk("not_theirs")
    if conversation.person_id != person.id or _others_have(session, person, conversation.address):
        raise CannotAsk("shared")
    words, made = _link(session, person, conversation, action_id, by=None)
    outbox.queue_reply(session, conversation, words, in_reply_to=message, part="link")
    _record(session, person, made, actor_kind="person", actor_id=person.id, verb="wished_to_send_evidence")


def _link(
    session: Session, person: Person, conversation: Conversation, action_id: uuid.UUID | None, *, by: Worker | None
) -> tuple[str, UploadLink]:
    """A new link, instead of whatever they had for the same, and the text with it: only a worker's may say what it is
    for, and only where the profile allows it."""
    agency = session.get_one(Agency, session.get_one(Family, person.family_id).agency_id)
    now = clock.now()
    session.execute(
        update(UploadLink)
        .where(
            UploadLink.person_id == person.id,
            UploadLink.action_id.is_(None) if action_id is None else UploadLink.action_id == action_id,
            UploadLink.used_at.is_(None),
            UploadLink.expires_at > now,
        )
        .values(expires_at=now)
    )
    token = links.new_token()
    until = (held.waits_until(session, conversation, now) or now) + LIFETIME
    made = UploadLink(
        person_id=person.id,
        action_id=action_id,
        token_hash=links.token_hash(token),
        asked_by=by.id if by else None,
        created_at=now,
        expires_at=until,
    )
    session.add(made)
    session.flush()
    voice = voice_of(person, agency, texts.supported(person.language), now)
    shared = _shared(session, person, conversation)
    words = voice.text(
        "evidence.ask.plain" if by and person.plainly_unasked and not shared else "evidence.ask.discreet",
        day=voice.day(until.astimezone(voice.zone).date()),
        link=links.address(token),
    )
    return (f"{person.phone_label}. {words}" if shared and person.phone_label else words), made


def _shared(session: Session, person: Person, conversation: Conversation) -> bool:
    return conversation.channel == "sms" and _others_have(session, person, conversation.address)


def _record(
    session: Session, person: Person, made: UploadLink, *, actor_kind: str, actor_id: uuid.UUID, verb: str
) -> None:
    family = session.get_one(Family, person.family_id)
    audit.record_change(
        session, actor_kind=actor_kind, actor_id=actor_id, verb=verb, family_id=family.id,
        agency_id=family.agency_id, object_id=made.id, detail={"action": str(made.action_id or "")},
    )  # fmt: skip


def _way(session: Session, person: Person) -> Conversation:
    """The conversation in which to ask: by the phone that the person wrote from last; else by e-mail, where they chose
    that; else in a chat that is open.
    Raises CannotAsk. (On a phone that somebody else of those who share it uses now, whatever holds a text back would
    be theirs: their hours, their word, their names.)"""
    numbers = session.scalars(
        select(ContactPoint.address)
        .outerjoin(
            Conversation,
            (Conversation.address == ContactPoint.address) & (Conversation.channel == ContactPoint.channel),
        )
        .where(ContactPoint.person_id == person.id, ContactPoint.channel == "sms", ContactPoint.state == "active")
        .order_by(
            (Conversation.person_id == person.id).desc().nulls_last(),
            Conversation.last_inbound_at.desc().nulls_last(),
            ContactPoint.id,
        )
    ).all()
    for number in numbers:
        by_phone = hands.conversation_with(session, person, number)
        if by_phone.person_id == person.id:
            return by_phone
    if mailing.address_of(session, person.id):
        return mailing.conversation_with(session, person)
    chats = (
        Conversation.closed_at.is_(None),
        Conversation.expires_at > clock.now(),
        Conversation.person_id == person.id,
        Conversation.channel == "web",
    )
    chat = session.scalar(select(Conversation).where(*chats).order_by(Conversation.created_at.desc()).limit(1))
    if chat is None:
        raise CannotAsk("shared" if numbers else "no_way")
    return chat


def _others_have(session: Session, person: Person, address: str) -> bool:
    """Does anybody else read this phone, whether they agreed to texts or not?"""
    others = select(ContactPoint.id).where(
        ContactPoint.channel == "sms",
        ContactPoint.address == address,
        ContactPoint.person_id != person.id,
        ContactPoint.state != "quarantined",
    )
    return session.scalar(others.limit(1)) is not None
