"""Other times offered to somebody who cannot come: worked out, offered in one text with numbers, chosen, booked.

Promise: one that was chosen is booked once, if it is still free in that moment; everybody expected hears of it as of
every move (api.reminders), and the worker who offered it hears within their working hours. Nothing here commits.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Agency, Worker
from api.appointments import content, service
from api.appointments.models import Appointment, Attendee, ChangeRequest, OfferedTime
from api.appointments.overlaps import LONGEST
from api.appointments.proposals import COUNT, FURTHEST, Slot, Working, propose
from api.appointments.voices import voice_of
from api.appointments.wording import Voice, opening
from api.audit import service as audit
from api.coded import Coded
from api.database import notify
from api.families.models import ContactPoint, Family, FamilyWorker, Person
from api.jurisdiction.packs import pack
from api.messages import outbox
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.messages.options import Option
from api.reminders import colleagues
from api.reminders import queries as reminders
from api.timescales import queries as timescales

#: The part of such a text in the outbox, followed by the request's id.
PART = "offers"


class CannotOffer(Coded):
    """It cannot be offered: ``code`` is the last part of a text's id (``console.offers.<code>``)."""


@dataclass(frozen=True)
class Times:
    """Of one request: what is offered and not answered, or what could be; whether an earlier offer came to nothing;
    and the date by which it has to be, where there is one."""

    offered: Sequence[OfferedTime]
    proposed: Sequence[Slot]
    refused: bool
    due: date | None


def times(session: Session, request: ChangeRequest) -> Times:
    """What the worker sees beside a request; nothing beside one that was handled."""
    if request.handled_at is not None:
        return Times((), (), False, None)
    appointment = session.get_one(Appointment, request.appointment_id)
    family, agency = _place(session, appointment)
    today = clock.now().astimezone(ZoneInfo(agency.timezone)).date()
    before = session.scalar(select(func.count()).where(OfferedTime.change_request_id == request.id)) or 0
    offered = open_offers(session, request.id)
    lives = appointment.status == "scheduled" and not offered
    return Times(
        offered,
        proposals(session, appointment) if lives else [],
        before > 0 and not offered,
        timescales.due_by(session, family.id, appointment.kind, today),
    )


def proposals(session: Session, appointment: Appointment) -> list[Slot]:
    """Up to three other times for this appointment."""
    now = clock.now()
    family, agency = _place(session, appointment)
    working = _working(_lead(session, family.id), agency)
    was = Slot(appointment.starts_at, appointment.ends_at)
    busy = [was, *_busy(session, appointment, agency.id, now, now + FURTHEST)]
    today = now.astimezone(working.zone).date()
    due = timescales.due_by(session, family.id, appointment.kind, today)
    return propose(was, busy, working, now, until=due)


def open_offers(session: Session, request_id: uuid.UUID) -> Sequence[OfferedTime]:
    """What is offered and not answered yet, in order."""
    found = select(OfferedTime).filter_by(change_request_id=request_id, state="offered")
    return session.scalars(found.order_by(OfferedTime.starts_at)).all()


def offer(session: Session, request: ChangeRequest, worker: Worker, starts: Sequence[datetime]) -> OutboundMessage:
    """Offer these times by one text; what was offered before is taken back. Raises CannotOffer."""
    session.refresh(request, with_for_update=True)
    appointment = session.get_one(Appointment, request.appointment_id)
    now = clock.now()
    if request.handled_at is not None or appointment.status == "cancelled":
        raise CannotOffer("handled")
    if not 1 <= len(set(starts)) <= COUNT:
        raise CannotOffer("how_many")
    if any(one <= now for one in starts):
        raise CannotOffer("past")
    conversation = _conversation(session, request)
    if conversation is None:
        raise CannotOffer("no_way")
    _withdraw(session, request)
    length = appointment.ends_at - appointment.starts_at
    rows = []
    for starts_at in sorted(set(starts)):
        row = session.scalar(select(OfferedTime).filter_by(change_request_id=request.id, starts_at=starts_at))
        row = row or OfferedTime(change_request_id=request.id, starts_at=starts_at)
        row.ends_at, row.offered_by, row.offered_at, row.state = starts_at + length, worker.id, now, "offered"
        session.add(row)
        rows.append(row)
    session.flush()
    message = _text(session, request, conversation, rows, now)
    family = session.get_one(Family, appointment.family_id)
    audit.record_change(
        session, actor_kind="worker", actor_id=worker.id, verb="offered_times", family_id=family.id,
        agency_id=family.agency_id, object_id=request.id, detail={"times": len(rows)},
    )  # fmt: skip
    return message


def _text(
    session: Session, request: ChangeRequest, conversation: Conversation, rows: Sequence[OfferedTime], now: datetime
) -> OutboundMessage:
    """Queue the text with these times, each with its number."""
    appointment = session.get_one(Appointment, request.appointment_id)
    _, agency = _place(session, appointment)
    person = session.get(Person, request.person_id)
    voice = voice_of(person, agency, conversation.language, now, on_web=conversation.channel == "web")
    options = [Option(label=_said(voice, row.starts_at), payload=_payload(str(row.id))) for row in rows]
    options.append(Option(label=voice.text("offers.none"), payload=_payload("none", request=str(request.id))))
    message = outbox.queue_reply(
        session,
        conversation,
        voice.text("offers.times", when=_said(voice, appointment.starts_at)),
        part=f"{PART}:{request.id}",
        options=options,
        first=1 + (reminders.numbers_held(session, conversation.id, now) if conversation.channel == "sms" else 0),
    )
    for row in rows:
        row.outbound_id = message.id
    return message


def word_anew(session: Session, conversation: Conversation, request_id: str, now: datetime) -> bool:
    """What is still offered to them by a text that waited goes in words of now."""
    request = session.get_one(ChangeRequest, uuid.UUID(request_id), with_for_update=True)
    appointment = session.get_one(Appointment, request.appointment_id)
    rows = [one for one in open_offers(session, request.id) if one.starts_at > now]
    if rows and request.handled_at is None and appointment.status == "scheduled":
        _text(session, request, conversation, rows, now)
    return True


def choose(session: Session, person_id: uuid.UUID, offered_id: uuid.UUID) -> tuple[str, datetime] | None:
    """The person takes an offered time: ("booked", when), also if it was this one already; ("gone", when) where it is
    not free any more or was taken back. None where it was not offered to them."""
    found = session.execute(
        select(OfferedTime, ChangeRequest, Appointment)
        .join(ChangeRequest, ChangeRequest.id == OfferedTime.change_request_id)
        .join(Appointment, Appointment.id == ChangeRequest.appointment_id)
        .where(OfferedTime.id == offered_id, ChangeRequest.person_id == person_id)
        .with_for_update()
    ).one_or_none()
    if found is None:
        return None
    row, request, appointment = found
    now = clock.now()
    if row.state == "chosen" and appointment.starts_at == row.starts_at:
        return "booked", row.starts_at
    family, agency = _place(session, appointment)
    held = row.state == "offered" and request.handled_at is None and appointment.status == "scheduled"
    wanted = Slot(row.starts_at, row.ends_at)
    taken = _busy(session, appointment, agency.id, row.starts_at, row.ends_at, without=request.id)
    if not held or row.starts_at <= now or any(wanted.touches(one) for one in taken):
        if row.state == "offered":
            row.state = "withdrawn"
        notify(session, f"family:{family.id}")
        notify(session, f"agency:{agency.id}")
        return "gone", row.starts_at
    was_at = appointment.starts_at
    with content.kept(session, appointment, None):
        appointment.starts_at, appointment.ends_at = row.starts_at, row.ends_at
        # No reason: with one who asked and one who hears of it, any would say whose wish it was.
        appointment.change_reason, appointment.changed_by = "", row.offered_by
        for place in appointment.attendees:
            mine = place.person_id == person_id
            place.answer, place.answer_words = ("confirmed" if mine else "none"), ""
            place.answered_at = now if mine else None
    service.met(session, appointment, row.offered_by, person_id=person_id)
    row.state = "chosen"
    detail = {"started": was_at.isoformat(), "offered_by": str(row.offered_by)}
    session.flush()
    audit.record_change(
        session, actor_kind="person", actor_id=person_id, verb="chose_offered_time", family_id=family.id,
        agency_id=family.agency_id, object_id=appointment.id, detail=detail,
    )  # fmt: skip
    service.tell_programs(session, appointment, "moved")
    _tell_worker(session, row, appointment.id, was_at, agency, now)
    return "booked", row.starts_at


def none_of_them(session: Session, person_id: uuid.UUID, request_id: uuid.UUID) -> bool:
    """None of the offered times suits: the request stays open for the worker. False where it is not this person's."""
    request = session.scalar(select(ChangeRequest).filter_by(id=request_id, person_id=person_id).with_for_update())
    if request is None:
        return False
    _withdraw(session, request)
    family, agency = _place(session, session.get_one(Appointment, request.appointment_id))
    audit.record_change(
        session, actor_kind="person", actor_id=person_id, verb="refused_offered_times", family_id=family.id,
        agency_id=family.agency_id, object_id=request.id,
    )  # fmt: skip
    notify(session, f"agency:{agency.id}")
    return True


def _payload(offered: str, **more: str) -> str:
    return "/request_reschedule" + json.dumps({"offered_time": offered, **more})


def _said(voice: Voice, when: datetime) -> str:
    """Always with its day: the text may wait for the morning, and "tomorrow" would be another day then."""
    return opening(voice.text("when.at", day=voice.day(when.astimezone(voice.zone).date()), time=voice.hour(when)))


def _place(session: Session, appointment: Appointment) -> tuple[Family, Agency]:
    family = session.get_one(Family, appointment.family_id)
    return family, session.get_one(Agency, family.agency_id)


def _lead(session: Session, family_id: uuid.UUID) -> Worker | None:
    mine = and_(FamilyWorker.worker_id == Worker.id, FamilyWorker.family_id == family_id, FamilyWorker.lead)
    return session.scalar(select(Worker).join(FamilyWorker, mine))


def _working(worker: Worker | None, agency: Agency) -> Working:
    """The worker's hours; without one, those that workers have unless they say otherwise."""
    usual = worker or Worker()
    default = Worker.__table__.c
    begin, end, days = (
        getattr(usual, name) if worker else default[name].default.arg
        for name in ("works_from", "works_until", "works_on")
    )
    return Working(begin, end, days, ZoneInfo(agency.timezone), pack(agency.jurisdiction).calendar)


def _busy(
    session: Session,
    appointment: Appointment,
    agency_id: uuid.UUID,
    begin: datetime,
    end: datetime,
    *,
    without: uuid.UUID | None = None,
) -> list[Slot]:
    """When anybody who is expected is expected elsewhere between these, or is being offered to somebody else."""
    people = [place.person_id for place in appointment.attendees if place.person_id]
    names = [place.name.strip().lower() for place in appointment.attendees if not place.person_id]
    theirs = or_(
        Attendee.person_id.in_(people),
        and_(Attendee.person_id.is_(None), func.lower(func.trim(Attendee.name)).in_(names)),
    )
    booked = session.execute(
        select(Appointment.starts_at, Appointment.ends_at)
        .join(Attendee, Attendee.appointment_id == Appointment.id)
        .join(Family, Family.id == Appointment.family_id)
        .where(
            Appointment.status == "scheduled",
            Appointment.id != appointment.id,
            Appointment.starts_at < end,
            Appointment.starts_at > begin - LONGEST,
            Appointment.ends_at > begin,
            Family.agency_id == agency_id,
            theirs,
        )
    )
    offered = session.execute(
        select(OfferedTime.starts_at, OfferedTime.ends_at)
        .join(ChangeRequest, ChangeRequest.id == OfferedTime.change_request_id)
        .join(Attendee, Attendee.appointment_id == ChangeRequest.appointment_id)
        .join(Appointment, Appointment.id == ChangeRequest.appointment_id)
        .join(Family, Family.id == Appointment.family_id)
        .where(
            OfferedTime.state == "offered",
            OfferedTime.starts_at < end,
            OfferedTime.ends_at > begin,
            ChangeRequest.handled_at.is_(None),
            ChangeRequest.appointment_id != appointment.id,
            Family.agency_id == agency_id,
            theirs,
        )
    )
    # What is offered to others keeps nobody from taking what was offered to them: whoever answers first has it.
    rows = [*booked, *(offered if without is None else ())]
    return [Slot(row[0], row[1]) for row in rows]


def _withdraw(session: Session, request: ChangeRequest) -> None:
    session.execute(
        update(OfferedTime)
        .where(OfferedTime.change_request_id == request.id, OfferedTime.state == "offered")
        .values(state="withdrawn")
    )


def _conversation(session: Session, request: ChangeRequest) -> Conversation | None:
    """Where they asked, if that is open still; else the phone they wrote from last."""
    asked = select(Conversation).join(InboundMessage, InboundMessage.conversation_id == Conversation.id)
    found = session.scalar(asked.where(InboundMessage.id == request.message_id)) if request.message_id else None
    now = clock.now()
    if found is not None and found.channel == "web" and not found.closed_at and (found.expires_at or now) > now:
        return found
    phone = and_(ContactPoint.address == Conversation.address, ContactPoint.person_id == request.person_id)
    return session.scalar(
        select(Conversation)
        .join(ContactPoint, phone)
        .where(
            Conversation.channel == "sms",
            Conversation.person_id == request.person_id,
            ContactPoint.channel == "sms",
            ContactPoint.state == "active",
        )
        .order_by(Conversation.last_inbound_at.desc().nulls_last())
        .limit(1)
    )


def _tell_worker(
    session: Session, row: OfferedTime, appointment_id: uuid.UUID, was_at: datetime, agency: Agency, now: datetime
) -> None:
    """Whoever offered it: a note in the console, and as they chose a text or an e-mail when they work; the words name
    nobody."""
    worker = session.get(Worker, row.offered_by) if row.offered_by else None
    if worker is None or not worker.active:
        return
    language = texts.supported(agency.language)
    voice = Voice(pack(agency.jurisdiction), language, ZoneInfo(agency.timezone), now)
    at = _working(worker, agency).next(now)
    text = voice.text("offers.worker_told", when=_said(voice, row.starts_at))
    due_at = at if at > now + timedelta(minutes=1) else None
    message = outbox.queue_news(session, worker, voice.text("colleagues.subject"), text, due_at=due_at)
    colleagues.note_told(session, appointment_id, worker, was_at, row.starts_at, message.id if message else None, now)
