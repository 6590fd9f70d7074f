"""What is asked of people without their having written: before a conference, a review or a core group,
whether there is something that they want said; and of who began to write and stopped, whether they want to finish.

Promise: each is asked once, whatever runs twice; in the words and hours of their profile, and not on a phone that
others share. Who wants no reminders, or has said something lately, is not asked.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, and_, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from api import texts
from api.access.models import Agency
from api.appointments.models import REVIEWS, Appointment, Attendee
from api.appointments.voices import voice_of
from api.appointments.wording import Voice
from api.escalations import service as escalations
from api.families.models import ContactPoint, Family, Person
from api.messages import outbox
from api.messages.models import Conversation
from api.settings import settings
from api.views import drafts
from api.views.models import StatedView, ViewAsk, ViewDraft

#: So long before the meeting people are asked, and no later than so long: it must still be read before.
FIRST, LAST = timedelta(days=6), timedelta(days=1)
#: Who said something so lately need not be asked.
LATELY = timedelta(days=14)
BATCH = 100
#: Parts of the outbox, followed by the meeting's and by the draft's id.
INVITED, UNFINISHED = "views", "unfinished"

#: The meetings before which people are asked.
MEETINGS = (*REVIEWS, "initial_conference", "core_group")

_other = aliased(ContactPoint)
_any_meeting = aliased(ViewAsk)
#: Who is expected at such a meeting, writes for themselves, and was neither asked about it nor is writing already.
_OPEN = (
    Appointment.kind.in_(MEETINGS),
    Appointment.status == "scheduled",
    Person.kind != "child",
    Person.erased_at.is_(None),
    Person.left_at.is_(None),
    ~select(ViewAsk.asked_at).where(ViewAsk.appointment_id == Appointment.id, ViewAsk.person_id == Person.id).exists(),
    ~select(ViewDraft.id).where(ViewDraft.person_id == Person.id).exists(),
)
#: A review or first conference before a core group: of two in a fortnight they are asked about the one that decides.
_FIRST_THE_DECIDING = (Appointment.kind == "core_group", Appointment.starts_at)
#: The meetings about which somebody is to be asked by text: who, where, and the place's own words.
_DUE = (
    select(Appointment.id, Appointment.kind, Appointment.starts_at, Person, Conversation, Agency)
    .join(Attendee, Attendee.appointment_id == Appointment.id)
    .join(Person, Person.id == Attendee.person_id)
    .join(Family, Family.id == Person.family_id)
    .join(Agency, Agency.id == Family.agency_id)
    .join(Conversation, and_(Conversation.person_id == Person.id, Conversation.channel == "sms"))
    .join(
        ContactPoint,
        and_(
            ContactPoint.person_id == Person.id,
            ContactPoint.address == Conversation.address,
            ContactPoint.state == "active",
        ),
    )
    .where(
        *_OPEN,
        # On a phone that two use the question would be read by the other.
        ~select(_other.id)
        .where(
            _other.address == Conversation.address,
            _other.channel == "sms",
            _other.person_id != Person.id,
            _other.state != "quarantined",
        )
        .exists(),
    )
    .order_by(*_FIRST_THE_DECIDING, Person.id, Conversation.last_inbound_at.desc().nulls_last())
    .limit(BATCH)
)
#: The same of one person, wherever they write.
_DUE_OF = (
    select(Appointment.id, Appointment.kind, Appointment.starts_at)
    .join(Attendee, Attendee.appointment_id == Appointment.id)
    .join(Person, Person.id == Attendee.person_id)
    .where(*_OPEN)
    .order_by(*_FIRST_THE_DECIDING)
    .limit(1)
)


@dataclass(frozen=True)
class Meeting:
    """What somebody is asked about: the kind of meeting and when it is."""

    kind: str
    starts_at: datetime


def invite(session: Session, now: datetime) -> int:
    """Ask a batch of those whose meeting comes near; how many were."""
    asked = 0
    for row in session.execute(_DUE.where(*_now(now))).all():
        asked += _invite(session, row, now)
    return asked


def in_chat(session: Session, person: Person, now: datetime) -> Meeting | None:
    """The meeting about which somebody who has just written in the chat is to be asked there; noted as asked. Whoever
    can be asked by text was, as soon as it came near."""
    if not settings().ask_for_views:
        return None
    row = session.execute(_DUE_OF.where(Person.id == person.id, *_now(now))).one_or_none()
    if row is None or not _note(session, row[0], person.id, now):
        return None
    return Meeting(row[1], row[2])


def _now(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """When it is time, and who wants to be left alone. About a core group, which meets every few weeks, nobody is asked
    who was asked about anything lately."""
    said = select(StatedView.id).where(
        StatedView.person_id == Person.id, StatedView.recorded_at > now - LATELY, StatedView.withdrawn_at.is_(None)
    )
    lately = select(_any_meeting.asked_at).where(
        _any_meeting.person_id == Person.id, _any_meeting.asked_at > now - LATELY
    )
    return (
        Appointment.starts_at > now + LAST,
        Appointment.starts_at <= now + FIRST,
        func.coalesce(Person.reminder_kinds.op("->>")(Appointment.kind), Person.reminder_moments, settings().reminders)
        != "",
        ~said.exists(),
        or_(Appointment.kind != "core_group", ~lately.exists()),
    )


def _note(session: Session, appointment_id: uuid.UUID, person_id: uuid.UUID, now: datetime) -> bool:
    """Note that they are asked; False where they were: from another phone of theirs, or by another process."""
    noted = session.scalar(
        insert(ViewAsk)
        .values(appointment_id=appointment_id, person_id=person_id, asked_at=now)
        .on_conflict_do_nothing()
        .returning(ViewAsk.person_id)
    )
    return noted is not None


def _invite(session: Session, row: Row[uuid.UUID, str, datetime, Person, Conversation, Agency], now: datetime) -> int:
    appointment_id, kind, starts_at, person, conversation, agency = row
    lately = select(ViewAsk.asked_at).where(ViewAsk.person_id == person.id, ViewAsk.asked_at > now - LATELY).limit(1)
    if kind == "core_group" and session.scalar(lately) is not None:
        return 0  # of the same batch: they have just been asked about what decides
    if not _note(session, appointment_id, person.id, now):
        return 0
    voice = _voice(person, agency, conversation, now)
    text_id = "views.invite" if person.plainly_unasked else "views.invite_discreet"
    day = voice.day(starts_at.astimezone(voice.zone).date())
    words = voice.text(text_id, day=day, kind=voice.kind(kind))
    part = f"{INVITED}:{appointment_id}{outbox.PLAIN if person.plainly_unasked else ''}"
    outbox.queue_reply(session, conversation, words, part=part)
    return 1


def ask_anew(session: Session, conversation: Conversation, appointment_id: str, now: datetime) -> bool:
    """The question before that meeting waited, and was not asked after all: the next look asks it, if it still is to
    be."""
    theirs = delete(ViewAsk).where(ViewAsk.appointment_id == uuid.UUID(appointment_id))
    session.execute(theirs.where(ViewAsk.person_id == conversation.person_id))
    return True


def remind_anew(session: Session, conversation: Conversation, draft_id: str, now: datetime) -> bool:
    """The same of the question whether they want to finish."""
    draft = session.get(ViewDraft, uuid.UUID(draft_id))
    if draft is not None and draft.conversation_id == conversation.id:
        draft.asked_at, draft.due_at = None, now
    return True


def look_after(session: Session, now: datetime) -> int:
    """The drafts that nothing was added to for days: asked about once, then let go; how many were looked after."""
    due = session.execute(
        select(ViewDraft, Conversation, Agency)
        .join(Conversation, Conversation.id == ViewDraft.conversation_id)
        .join(Agency, Agency.id == Conversation.agency_id)
        .where(ViewDraft.due_at <= now)
        .order_by(ViewDraft.due_at)
        .limit(BATCH)
        .with_for_update(of=ViewDraft, skip_locked=True)
    ).all()
    for draft, conversation, agency in due:
        if draft.asked_at is not None or not drafts.count(session, draft):
            if draft.asked_at is not None and conversation.person_id == draft.person_id:
                _tell_worker(session, conversation, agency)
            drafts.let_go(session, draft)
            continue
        draft.asked_at, draft.due_at = now, now + drafts.LET_GO_AFTER
        gone = conversation.closed_at is not None or (
            conversation.expires_at is not None and conversation.expires_at <= now
        )
        if conversation.person_id == draft.person_id and not gone:
            voice = _voice(session.get(Person, draft.person_id), agency, conversation, now)
            day = voice.day(draft.due_at.astimezone(voice.zone).date())
            words = voice.text("views.unfinished", day=day)
            outbox.queue_reply(session, conversation, words, part=f"{UNFINISHED}:{draft.id}")
    return len(due)


def _tell_worker(session: Session, conversation: Conversation, agency: Agency) -> None:
    """That there was something, and nothing of it: perhaps they had no credit for the last word. A worker can ask."""
    told = texts.render("views.never_finished", agency.language)
    escalations.open_escalation(
        session, conversation=conversation, message=None, kind="views", priority="routine", words=told
    )


def _voice(person: Person | None, agency: Agency, conversation: Conversation, now: datetime) -> Voice:
    return voice_of(person, agency, conversation.language, now, on_web=conversation.channel == "web")
