"""What is held about one person, as a file for them (subject access). Relatives' names and numbers are taken out.

What is not the person's alone is not in it: texts of a number that somebody else uses or used (they are counted), an
address that is hidden even from the family, the family's plan but for their own actions.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from api import clock, sealed
from api.access.models import Agency, Opening, Worker
from api.appointments.models import Appointment, Attendee, CalendarFeed, ChangeRequest
from api.audit import service as audit
from api.audit.models import AuditEntry
from api.conferences.models import Conference, ConferenceAttendee, ConferenceChild
from api.database import Base, transaction
from api.earlier.models import EarlierVersion
from api.earlier.queries import OWN
from api.escalations import orders
from api.escalations.models import Escalation, EscalationEvent, Notification
from api.evidence import sealing
from api.evidence.models import ENDINGS, Evidence, UploadLink
from api.families.models import ChatCode, Consent, ContactPoint, Family, Person
from api.messages.models import Conversation, HandoverNote, InboundMessage, OutboundMessage
from api.plans.models import ActionEvent, Plan, PlanAction, plan_children
from api.presence.models import Presence
from api.protection import whose
from api.reminders.models import Reminder
from api.sealed import NotOpened
from api.views import drafts
from api.views.models import StatedView, ViewAsk, ViewDraft

Lines = list[dict[str, Any]]
PROFILE = (
    "kind first_name last_name born language wording may_name_children may_name_self contact_from contact_until "
    "contact_days contact_channel timezone reminder_moments reminder_kinds use_code_word phone_seen_by phone_label "
    "profile_confirmed_at reconfirm_on left_at session_minutes proof pin_locked_at"
)


def write(given: str, path: Path) -> int:
    """Write the file, its owner's alone, and beside it a folder of the photos and documents that they sent, if any;
    returns how many messages are in it. That it was made is in the audit trail before it is. Raises whose.Unknown, and
    OSError where there is a file (or folder) already."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        try:
            with transaction() as session:
                person = whose.find(session, given)
                held = everything(session, person)
                audit.record(
                    session,
                    actor_kind="system",
                    actor_id=None,
                    verb="exported_person",
                    family_id=person.family_id,
                    object_id=person.id,
                    detail={name: len(part) for name, part in held.items() if isinstance(part, list)},
                )
            _copy_files(held["photos_and_documents"], path.with_name(f"{path.stem}-files"))
            json.dump(held, file, ensure_ascii=False, indent=2)
        except BaseException:
            path.unlink()
            raise
    return len(held["messages"])


def everything(session: Session, person: Person) -> dict[str, Any]:
    """All of it, as JSON. Times are in UTC."""
    family = session.get_one(Family, person.family_id)
    agency = session.get_one(Agency, family.agency_id)
    workers = {one.id: one for one in session.scalars(select(Worker).where(Worker.agency_id == agency.id))}
    talks = whose.talks(session, person)
    ids = [one.id for one in talks.own]
    escalations = session.scalars(
        select(Escalation)
        .where(or_(Escalation.person_id == person.id, Escalation.conversation_id.in_(ids)))
        .order_by(Escalation.id)
    ).all()
    expected = session.scalars(
        select(Attendee).join(Appointment).where(Attendee.person_id == person.id).order_by(Appointment.starts_at)
    ).all()
    parts: dict[str, Any] = {
        "profile": _fields(person, PROFILE)
        | {"has_pin": bool(person.pin_hash), "asked_instead_of_a_pin": list(person.door_words)},
        "profile_before": _earlier(session, person, workers),
        "contact_points": _all(session, ContactPoint, person, "channel address state state_changed_at"),
        "consents": _all(
            session, Consent, person, "wording_id wording_version language asked_at answer answered_at", "asked_at"
        ),
        "chat_codes": _all(session, ChatCode, person, "created_at expires_at used_at", "created_at"),
        "calendar_addresses": _all(session, CalendarFeed, person, "created_at revoked_at read_at", "created_at"),
        "messages": _messages(session, ids, workers),
        "notes_about_conversations": [
            _fields(row, "at words summary") | {"by": _by(workers, row.worker_id)}
            for row in session.scalars(
                select(HandoverNote).where(HandoverNote.conversation_id.in_(ids)).order_by(HandoverNote.seq)
            )
        ],
        "workers_texts": _texted(session, person, agency, {one.id for one in escalations}, workers),
        "seen_on_the_web": _seen(session, ids, workers),
        "messages_not_included": _not_included(session, talks.shared),
        "escalations": [_escalation(session, one, workers) for one in escalations],
        "actions": _actions(session, person),
        "appointments": [_appointment(one) for one in expected],
        "photos_and_documents": _sent(session, person),
        "asked_for_photos_and_documents": _all(
            session, UploadLink, person, "created_at expires_at used_at", "created_at"
        ),
        "change_requests": _all(session, ChangeRequest, person, "words created_at handled_at", "created_at"),
        "reminders": _all(session, Reminder, person, "moment starts_at due_at state reason settled_at", "due_at"),
        "views": _all(
            session,
            StatedView,
            person,
            "given_on way words audience family_may_see recorded_at withdrawn_at",
            "given_on",
        ),
        "views_not_finished": [
            {"began_at": _plain(one.began_at), "words": drafts.as_held(session, one)}
            for one in session.scalars(select(ViewDraft).filter_by(person_id=person.id).order_by(ViewDraft.began_at))
        ],
        "asked_for_views": _all(session, ViewAsk, person, "asked_at", "asked_at"),
        "conferences": _conferences(session, person),
        "opened_by_others": _opened(session, family, workers),
        "on_the_plan_since": [
            one.isoformat()
            for one in session.scalars(
                select(Plan.started_on).join(plan_children).where(plan_children.c.person_id == person.id)
            )
        ],
    }
    seen = {person.id, family.id, *ids, *(one.id for one in escalations), *(one.appointment_id for one in expected)}
    seen |= set(session.scalars(select(Evidence.id).where(Evidence.person_id == person.id)))
    seen |= set(session.scalars(select(Plan.id).where(Plan.family_id == family.id)))
    cleaned: dict[str, Any] = whose.through(whose.without_relatives(session, person, agency), parts)
    return {
        "about": str(person.id),
        "made_at": clock.now().isoformat(),
        "held_by": agency.name,
        **cleaned,
        "who_looked_and_what_was_done": _trail(session, person, seen, workers),
    }


def _plain(value: object) -> Any:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _fields(row: object, names: str) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names.split()}


def _all(session: Session, table: type[Base], person: Person, names: str, order: str = "id") -> Lines:
    columns = table.__table__.c
    rows = session.scalars(select(table).where(columns["person_id"] == person.id).order_by(columns[order])).all()
    return [_fields(row, names) for row in rows]


def _earlier(session: Session, person: Person, workers: dict[UUID, Worker]) -> Lines:
    """What the profile said until somebody changed it, as far as the profile itself is told."""
    rows = session.scalars(
        select(EarlierVersion).filter_by(kind="person", object_id=person.id).order_by(EarlierVersion.number)
    )
    told = set(PROFILE.split())
    return [
        {
            "until": _plain(row.at),
            "changed_by": _by(workers, row.by_id),
            "said": {name: value for name, value in row.content.get(OWN, {}).items() if name in told},
        }
        for row in rows
    ]


def _by(workers: dict[UUID, Worker], worker_id: UUID | None) -> str:
    worker = workers.get(worker_id) if worker_id else None
    return f"{worker.name} ({worker.role})" if worker else ""


def _messages(session: Session, ids: Sequence[UUID], workers: dict[UUID, Worker]) -> Lines:
    """What went to and fro, in order."""
    lines: list[tuple[int, dict[str, Any]]] = []
    heard = select(InboundMessage).where(InboundMessage.conversation_id.in_(ids))
    for one in session.scalars(heard):
        known = _fields(one, "channel body media state intent safety_kind safety_priority")
        lines.append((one.seq, {"from": "you", "at": _plain(one.received_at), **known}))
    said = select(OutboundMessage).where(OutboundMessage.conversation_id.in_(ids), OutboundMessage.worker_id.is_(None))
    for sent in session.scalars(said):
        known = _fields(sent, "channel body kind state settled_at")
        by = _by(workers, sent.written_by)
        lines.append((sent.seq, {"from": by or "Hearthline", "at": _plain(sent.created_at), **known}))
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def _texted(
    session: Session, person: Person, agency: Agency, numbers: set[int], workers: dict[UUID, Worker]
) -> dict[str, Any]:
    """What workers texted to the service: orders about the person's escalations. What has their whole name is counted
    only, for it may name others too; a first name alone may be somebody else's."""
    named = whose.name_pattern([f"{person.first_name} {person.last_name}"] if person.last_name else [])
    rows = session.execute(
        select(InboundMessage, Conversation.worker_id)
        .join(Conversation)
        .where(Conversation.worker_id.is_not(None), Conversation.agency_id == agency.id)
        .order_by(InboundMessage.seq)
    )
    about, others = [], 0
    for one, worker_id in rows:
        words = sealed.or_nothing(one.body)
        asked = orders.order(words)
        if asked is not None and asked.reference in numbers:
            about.append({"at": _plain(one.received_at), "by": _by(workers, worker_id), "body": orders.kept(words)})
        elif named is not None and named.search(words):
            others += 1
    why = "a worker's texts with this name, which may name others too" if others else ""
    return {"orders": about, "not_included": {"count": others, "why": why}}


def _seen(session: Session, ids: Sequence[UUID], workers: dict[UUID, Worker]) -> Lines:
    """When a worker's message was last on their screen in a chat, and theirs on a worker's."""
    rows = select(Presence).where(Presence.conversation_id.in_(ids), Presence.seen_at.is_not(None))
    return [
        {"at": _plain(row.seen_at), "by": _by(workers, row.worker_id) or "you"}
        for row in session.scalars(rows.order_by(Presence.seen_at))
    ]


def _not_included(session: Session, shared: Sequence[Conversation]) -> dict[str, Any]:
    ids = [one.id for one in shared]
    count = session.scalar(select(func.count()).where(InboundMessage.conversation_id.in_(ids))) or 0
    count += session.scalar(select(func.count()).where(OutboundMessage.conversation_id.in_(ids))) or 0
    return {"count": count, "why": "of a number that somebody else uses or used as well" if count else ""}


def _escalation(session: Session, one: Escalation, workers: dict[UUID, Worker]) -> dict[str, Any]:
    known = _fields(
        one, "id kind priority words reasons state opened_at acknowledged_at resolved_at outcome outcome_kind ring_by"
    )
    told = session.scalars(
        select(Notification).where(Notification.escalation_id == one.id).order_by(Notification.at)
    ).all()
    life = session.scalars(
        select(EscalationEvent).where(EscalationEvent.escalation_id == one.id).order_by(EscalationEvent.at)
    ).all()
    known["told"] = [{"at": _plain(line.at), "who": _by(workers, line.worker_id), "role": line.role} for line in told]
    known["history"] = [_fields(line, "at kind") | {"by": _by(workers, line.worker_id)} for line in life]
    known["acknowledged_by"] = _by(workers, one.acknowledged_by)
    return known


def _actions(session: Session, person: Person) -> Lines:
    lines = []
    theirs = select(PlanAction).where(PlanAction.owner_person_id == person.id)
    for one in session.scalars(theirs.order_by(PlanAction.due_on, PlanAction.id)):
        known = _fields(one, "title why due_on status blocked_reason kind measure evidence")
        own = select(ActionEvent).where(ActionEvent.action_id == one.id).order_by(ActionEvent.at)
        known["events"] = [
            _fields(event, "kind at words") for event in session.scalars(own) if event.person_id in (None, person.id)
        ]
        lines.append(known)
    return lines


def _sent(session: Session, person: Person) -> Lines:
    lines = []
    rows = select(Evidence).where(Evidence.person_id == person.id).order_by(Evidence.received_at, Evidence.id)
    for number, one in enumerate(session.scalars(rows), start=1):
        known = _fields(one, "received_at way media_type size state removed_at")
        if one.state == "kept":
            known |= {"file": f"{number}.{ENDINGS[one.media_type]}", "sha256": one.sha256}
        lines.append(known)
    return lines


def _copy_files(sent: Lines, folder: Path) -> None:
    """What is missing in our folder (or does not open there) is missing here too, and said in its line."""
    kept = [one for one in sent if "file" in one]
    if not kept:
        return
    folder.mkdir(mode=0o700)
    for one in kept:
        try:
            content = sealing.read(one["sha256"])
        except (FileNotFoundError, NotOpened) as problem:
            one["file"] = "cannot be opened" if isinstance(problem, NotOpened) else "missing"
        else:
            (folder / one["file"]).write_bytes(content)


#: What an address that is kept private could be known by.
_WHERE = ("place", "address", "link", "travel")


def _appointment(one: Attendee) -> dict[str, Any]:
    meeting = one.appointment
    known = _fields(meeting, "kind starts_at ends_at status bring")
    # A refuge's or a foster home's address is not the person's to get by this way either.
    where = dict.fromkeys(_WHERE, "") if meeting.address_hidden else _fields(meeting, " ".join(_WHERE))
    return known | where | _fields(one, "concerns answer answered_at answer_words")


def _conferences(session: Session, person: Person) -> Lines:
    lines = []
    about = select(Conference, ConferenceChild).join(ConferenceChild).where(ConferenceChild.person_id == person.id)
    for meeting, child in session.execute(about):
        lines.append(_fields(meeting, "kind held_on status decision") | {"harms": child.harms, "as": "child"})
    came = select(Conference, ConferenceAttendee).join(ConferenceAttendee)
    for meeting, attendee in session.execute(came.where(ConferenceAttendee.person_id == person.id)):
        known = _fields(meeting, "kind held_on status decision")
        lines.append(known | _fields(attendee, "attended sent_report") | {"as": attendee.role})
    return lines


def _opened(session: Session, family: Family, workers: dict[UUID, Worker]) -> Lines:
    """Who opened the family though it is not theirs, and why."""
    rows = session.scalars(select(Opening).where(Opening.family_id == family.id).order_by(Opening.opened_at))
    return [_fields(row, "opened_at ends_at reason") | {"by": _by(workers, row.worker_id)} for row in rows]


def _trail(session: Session, person: Person, seen: set[Any], workers: dict[UUID, Worker]) -> Lines:
    """Entries about what is the person's own or the family's; what was looked at of a relative's is not among it."""
    rows = session.scalars(
        select(AuditEntry)
        .where(or_(AuditEntry.object_id.in_([str(one) for one in seen]), AuditEntry.actor_id == person.id))
        .where(or_(AuditEntry.family_id == person.family_id, AuditEntry.family_id.is_(None)))
        .order_by(AuditEntry.id)
    )
    return [
        {"at": _plain(row.at), "who": _by(workers, row.actor_id) or row.actor_kind, "what": row.verb} for row in rows
    ]
