"""Reads: what is due, what a conversation was offered, whether a text still holds, what a family's page shows."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, select, text
from sqlalchemy.orm import Session

from api.appointments.models import Appointment
from api.families import zones
from api.families.models import Person
from api.messages.models import Conversation, OutboundMessage
from api.reminders import rules
from api.reminders.models import Reminder
from api.settings import settings

#: What somebody writes who answers by number.
_NUMBER = re.compile(r"\W*(?:option|number|no\.?|opci[oó]n|n[uú]mero)?\W*(\d{1,2}|one|two|three|uno|dos|tres)\W*", re.I)

#: When a person (``p``) is reminded of an appointment (``a``), in SQL; ``:moments`` is what is usual here.
MOMENTS = "coalesce(p.reminder_kinds->>a.kind, p.reminder_moments, :moments)"
#: ``Person.plainly_unasked``, in SQL.
PLAINLY = "(p.wording = 'plain' AND p.phone_seen_by = '')"
#: The index has what is due in order; with statistics from before it was due the planner would sort all of it.
_IN_ORDER = text("SET LOCAL enable_bitmapscan = off")

_DUE = text(f"""
    WITH chosen AS MATERIALIZED (  -- first which, then all that hangs on them: a hundred thousand may be due
        SELECT * FROM reminders WHERE state = 'planned' AND due_at <= :now ORDER BY due_at LIMIT :batch
        FOR UPDATE SKIP LOCKED
    )
    SELECT r.id, r.appointment_id, r.person_id, r.moment, r.starts_at AS told_of, r.was_at, r.others, r.due_at,
           a.starts_at, a.ends_at, a.status, a.kind, a.place, a.travel, a.address_hidden, a.change_reason,
           t.id IS NOT NULL AS expected, coalesce(t.answer, 'none') AS answer,
           p.language, {PLAINLY} AS plainly, p.may_name_children, p.contact_from, p.contact_until, p.contact_days,
           CASE WHEN p.use_code_word THEN p.code_word ELSE '' END AS code_word, p.phone_label,
           {MOMENTS} AS moments,
           g.id AS agency_id, {zones.OF_PERSON} AS timezone, g.timezone AS place_zone, g.jurisdiction,
           coalesce(sms.address, mail.address, web.address) AS address, p.contact_channel,
           coalesce(sms.conversation_id, CASE WHEN mail.address IS NULL THEN web.id END) AS conversation_id,
           CASE WHEN sms.address IS NOT NULL THEN 'sms' WHEN mail.address IS NOT NULL THEN 'email'
                WHEN web.id IS NOT NULL THEN 'web' ELSE '' END AS channel,
           sms.holder, sms.last_inbound_at, sms.state AS memory,
           coalesce((SELECT bool_or(o.state = 'opted_out') FROM contact_points o WHERE o.person_id = p.id), false)
               AS opted_out,
           EXISTS (SELECT 1 FROM contact_points o WHERE o.address = sms.address AND o.channel = 'sms'
                   AND o.person_id <> p.id AND o.state <> 'quarantined') AS shared,
           EXISTS (SELECT 1 FROM reminders n
                   WHERE n.appointment_id = r.appointment_id AND n.person_id = r.person_id
                     AND n.starts_at = r.starts_at AND n.change_id = 0 AND n.state = 'planned'
                     -- (nothing is added so that the index of all that is due is not walked for each)
                     AND n.due_at + interval '0' <= :now
                     AND (n.due_at + interval '0', n.id) > (r.due_at, r.id)) AS superseded,
           (SELECT array_agg(c.first_name ORDER BY c.born, c.first_name)
            FROM attendees x JOIN people c ON c.id = x.person_id
            WHERE x.appointment_id = a.id AND x.concerns AND c.id <> p.id) AS children
    FROM chosen r
    JOIN appointments a ON a.id = r.appointment_id
    JOIN people p ON p.id = r.person_id
    JOIN families f ON f.id = p.family_id
    JOIN agencies g ON g.id = f.agency_id
    LEFT JOIN attendees t ON t.appointment_id = r.appointment_id AND t.person_id = r.person_id
    LEFT JOIN LATERAL (  -- the phone they wrote from last
        SELECT o.address, v.id AS conversation_id, v.person_id AS holder, v.last_inbound_at,
               v.state
        FROM contact_points o LEFT JOIN conversations v ON v.channel = 'sms' AND v.address = o.address
        WHERE o.person_id = p.id AND o.channel = 'sms' AND o.state = 'active'
        ORDER BY v.last_inbound_at DESC NULLS LAST, o.address LIMIT 1
    ) sms ON true
    LEFT JOIN LATERAL (  -- where no phone may be written to; else messages.mailing decides between the two
        SELECT o.address FROM contact_points o
        WHERE sms.address IS NULL AND :mails AND p.contact_channel = 'email' AND o.person_id = p.id
          AND o.channel = 'email' AND o.state = 'active'
        ORDER BY o.state_changed_at DESC NULLS LAST, o.id LIMIT 1
    ) mail ON true
    LEFT JOIN LATERAL (
        SELECT v.id, v.address FROM conversations v
        WHERE sms.address IS NULL AND v.person_id = p.id AND v.channel = 'web' AND v.closed_at IS NULL
          AND v.expires_at > :now
        ORDER BY v.last_inbound_at DESC NULLS LAST LIMIT 1
    ) web ON true
    ORDER BY r.due_at
""")  # noqa: S608 (our own words)
#: Those of a family's appointments; made once, because making it costs as much as asking it.
_OF_FAMILY = (
    select(Reminder, OutboundMessage.state)
    .join(Appointment, Appointment.id == Reminder.appointment_id)
    .outerjoin(OutboundMessage, OutboundMessage.id == Reminder.outbound_id)
    .where(
        Appointment.family_id == bindparam("family"),
        Appointment.ends_at > bindparam("after"),
        Appointment.starts_at == Reminder.starts_at,
    )
    .order_by(Reminder.due_at, Reminder.id)
)
_DUE_ROWS = _DUE.columns(
    memory=Conversation.state.type,
    place=Appointment.place.type,
    travel=Appointment.travel.type,
    code_word=Person.code_word.type,
)

#: Beside it, other times that a worker offered and nobody has answered: their numbers stand as a reminder's do.
_OFFERS = text("""
    SELECT r.conversation_id, r.appointment_id AS about, o.options, o.seq,
           coalesce(t.answered_at > r.settled_at, false) AS answered, false AS times
    FROM reminders r
    JOIN conversations v ON v.id = r.conversation_id AND v.person_id = r.person_id
    JOIN appointments a ON a.id = r.appointment_id
    JOIN attendees t ON t.appointment_id = r.appointment_id AND t.person_id = r.person_id
    JOIN outbound_messages o ON o.id = r.outbound_id
    WHERE r.conversation_id = ANY (CAST(:conversations AS uuid[])) AND r.first_option IS NOT NULL
      AND a.status = 'scheduled' AND a.starts_at = r.starts_at AND a.ends_at > :now
    UNION ALL
    SELECT o.conversation_id, c.id, o.options, o.seq, false, true
    FROM outbound_messages o
    JOIN conversations v ON v.id = o.conversation_id
    JOIN LATERAL (SELECT t.change_request_id FROM offered_times t
                  WHERE t.outbound_id = o.id AND t.state = 'offered' LIMIT 1) t ON true
    JOIN change_requests c ON c.id = t.change_request_id AND c.person_id = v.person_id AND c.handled_at IS NULL
    WHERE o.id IN (SELECT outbound_id FROM offered_times WHERE state = 'offered')
      AND o.conversation_id = ANY (CAST(:conversations AS uuid[]))
    ORDER BY times, seq DESC
""").columns(options=OutboundMessage.options.type)

_HOLDS = text(f"""
    SELECT r.moment, r.starts_at AS told_of, r.not_after, a.status, a.starts_at, t.id IS NOT NULL AS expected,
           {MOMENTS} AS moments,
           o.channel = 'web' OR EXISTS (
               SELECT 1 FROM contact_points c
               WHERE c.person_id = r.person_id AND c.address = o.address AND c.state = 'active') AS reachable
    FROM reminders r
    JOIN outbound_messages o ON o.id = r.outbound_id
    JOIN appointments a ON a.id = r.appointment_id
    JOIN people p ON p.id = r.person_id
    LEFT JOIN attendees t ON t.appointment_id = r.appointment_id AND t.person_id = r.person_id
    WHERE r.outbound_id = :id
""")  # noqa: S608 (our own words)


@dataclass(frozen=True)
class Offer:
    """What a reminder offered: its appointment, the numbers ({"n", "label", "payload", "words"}), whether the person
    has answered since, and its place in the conversation. ``times``: other times were offered, not an answer to a
    reminder; ``appointment_id`` is the request's then."""

    appointment_id: uuid.UUID
    options: list[dict[str, Any]]
    answered: bool
    seq: int
    times: bool = False


@dataclass(frozen=True)
class Told:
    """A reminder as workers see it. ``delivery`` is the text's own state, "" where there is none (yet)."""

    reminder: Reminder
    delivery: str


def due(session: Session, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """What is due, the oldest first, with all that its words and its way need; locked, without what others hold."""
    session.execute(_IN_ORDER)
    facts = {"now": now, "moments": settings().reminders, "batch": limit, "mails": settings().mails}
    return session.execute(_DUE_ROWS, facts).all()


def facts(row: Row[Any]) -> rules.Facts:
    """A due row, as the rules take it."""
    reach = "ok" if row.channel in ("sms", "email") or (row.channel and not row.opted_out) else ""
    return rules.Facts(
        moment=row.moment,
        told_of=row.told_of,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        status=row.status,
        expected=row.expected,
        answer=row.answer,
        wanted=row.moment in row.moments.split(","),
        superseded=row.superseded,
        reach=reach or ("opted_out" if row.opted_out else "no_way"),
        hours=rules.Hours(row.contact_from, row.contact_until, ZoneInfo(row.timezone), row.contact_days),
    )


def offers(session: Session, conversations: Sequence[uuid.UUID], now: datetime) -> dict[uuid.UUID, list[Offer]]:
    """What reminders have offered in these conversations and still holds, the newest first: not of what was moved or
    cancelled since, nor of what is over."""
    found: dict[uuid.UUID, list[Offer]] = {}
    for row in session.execute(_OFFERS, {"conversations": list(conversations), "now": now}):
        offer = Offer(row.about, row.options, row.answered, row.seq, times=row.times)
        found.setdefault(row.conversation_id, []).append(offer)
    return found


def with_offers(
    session: Session, conversation_id: uuid.UUID, web: bool, body: str, remembered: list[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """All that ``body`` may be choosing from: what reminders offered and nobody has answered yet, what the bot offered
    last, and what has been answered (people change their minds). Only looked up where it reads like a choice."""
    if not (_NUMBER.fullmatch(body) or (web and len(body) < 80)):
        return remembered
    held = offers(session, [conversation_id], now).get(conversation_id, [])
    open_ones = [option for offer in held if not offer.answered for option in offer.options]
    return [*open_ones, *remembered, *(option for offer in held if offer.answered for option in offer.options)]


def numbers_held(session: Session, conversation_id: uuid.UUID, now: datetime) -> int:
    """The highest number that stands for an answer to a reminder which the person has not answered yet; 0 for none."""
    held = offers(session, [conversation_id], now).get(conversation_id, [])
    return max((option["n"] for offer in held if not offer.answered for option in offer.options), default=0)


def just_reminded_of(session: Session, conversation_id: uuid.UUID, now: datetime) -> uuid.UUID | None:
    """The appointment that our last message in the conversation reminded of; None where we said something since."""
    held = [one for one in offers(session, [conversation_id], now).get(conversation_id, []) if not one.times]
    if not held:
        return None
    last = session.scalar(
        select(OutboundMessage.seq)
        .where(OutboundMessage.conversation_id == conversation_id)
        .order_by(OutboundMessage.seq.desc())
        .limit(1)
    )
    return held[0].appointment_id if held[0].seq == last else None


def no_longer_holds(session: Session, outbound_id: uuid.UUID, now: datetime) -> str:
    """Why a queued reminder must not go out any more, looked at in the moment before it would; "" if it may."""
    row = session.execute(_HOLDS, {"id": outbound_id, "moments": settings().reminders}).one_or_none()
    if row is None:
        return ""
    if row.moment == "removed":
        if row.expected:
            return "changed_again"
        return "opted_out" if not row.reachable else "too_late" if now >= row.not_after else ""
    if (row.status == "cancelled") != (row.moment == "cancelled"):
        return "cancelled" if row.status == "cancelled" else "changed_again"
    if row.told_of != row.starts_at:
        return "moved"
    if not row.expected:
        return "not_expected"
    if not row.reachable:
        return "opted_out"
    if row.moment not in rules.NEWS and row.moment not in row.moments.split(","):
        return "not_wanted"
    return "too_late" if now >= row.not_after else ""


def by_place(
    session: Session, family_id: uuid.UUID, *, after: datetime
) -> dict[tuple[uuid.UUID, uuid.UUID], list[Told]]:
    """(appointment, person) → the reminders of the family's appointments that end after ``after``, and what became of
    each, in order; without those of a time that it no longer has."""
    rows = session.execute(_OF_FAMILY, {"family": family_id, "after": after})
    found: dict[tuple[uuid.UUID, uuid.UUID], list[Told]] = {}
    for row in rows:
        found.setdefault((row[0].appointment_id, row[0].person_id), []).append(Told(row[0], row[1] or ""))
    return found


def moments_of(person: Person) -> str:
    """The moments at which the person is reminded, such as "3d,1d,2h"; "" for never. ``person.reminder_kinds`` has the
    kinds of appointment for which they are others."""
    return settings().reminders if person.reminder_moments is None else person.reminder_moments


def of_person(session: Session, person_id: uuid.UUID, *, after: datetime) -> list[Told]:
    """The person's reminders of appointments that end after ``after``, in order."""
    rows = session.execute(
        select(Reminder, OutboundMessage.state)
        .join(Appointment, Appointment.id == Reminder.appointment_id)
        .outerjoin(OutboundMessage, OutboundMessage.id == Reminder.outbound_id)
        .where(Reminder.person_id == person_id, Appointment.ends_at > after)
        .order_by(Reminder.due_at, Reminder.id)
    )
    return [Told(row[0], row[1] or "") for row in rows]
