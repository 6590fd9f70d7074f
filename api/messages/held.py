"""What keeps a queued message from going out now, looked up in the moment before it would (its rule: messages.quiet).

So a change of somebody's hours, ways, names or agreement holds for what is queued already, whoever queued it; how it is
worded, too (families.waiting).
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from api.escalations import family
from api.families import zones
from api.messages import quiet, who_writes
from api.messages.models import Conversation, OutboundMessage
from api.messages.outbox import PLAIN
from api.reminders.anew import PROFILE_CHANGED
from api.reminders.queries import PLAINLY
from api.reminders.rules import Hours

#: Why a message did not go: what it said of a call for a human does not hold any more.
UNTRUE = "untrue"

_FACTS = text(f"""
    SELECT o.kind, o.body, o.part, v.id AS conversation,
           o.in_reply_to IS NOT NULL AS reply, coalesce(i.safety_kind, 'none') <> 'none' AS to_danger,
           o.written_by IS NOT NULL AS by_worker, v.last_inbound_at, o.channel,
           p.contact_from, p.contact_until, p.contact_days, {zones.OF_PERSON} AS timezone,
           (SELECT min(CASE c.state WHEN 'active' THEN '1active' WHEN 'pending' THEN '2pending' ELSE '3opted_out' END)
            FROM contact_points c
            WHERE c.channel = o.channel AND c.address = o.address AND c.state <> 'quarantined'
              AND (o.kind <> 'family' OR v.person_id IS NULL OR c.person_id = v.person_id)) AS live,
           EXISTS (SELECT 1 FROM contact_points c WHERE c.channel = o.channel AND c.address = o.address) AS known,
           {quiet.OPEN_DANGER} AS calls, coalesce({PLAINLY}, false) AS plainly,
           CASE WHEN p.may_name_self THEN '' ELSE p.first_name END AS own_name,
           CASE WHEN p.may_name_children THEN NULL ELSE
               (SELECT array_agg(k.first_name) FROM people k WHERE k.family_id = p.family_id AND k.id <> p.id
                AND k.kind IN ('child', 'young_person')) END AS children
    FROM outbound_messages o
    JOIN conversations v ON v.id = o.conversation_id
    LEFT JOIN inbound_messages i ON i.id = o.in_reply_to
    -- (on a phone that two share the profile of whoever has it now; an inbox is its own reader's)
    LEFT JOIN reminders r ON r.outbound_id = o.id AND o.channel = 'email'
    LEFT JOIN people p ON p.id = coalesce(r.person_id, v.person_id)
    LEFT JOIN families f ON f.id = p.family_id
    LEFT JOIN agencies g ON g.id = f.agency_id
    WHERE o.id = :id
""").columns(body=OutboundMessage.body.type)  # noqa: S608 (our own words)

_PERSON = text(f"""
    SELECT p.contact_from, p.contact_until, p.contact_days, {zones.OF_PERSON} AS timezone,
           {quiet.OPEN_DANGER} AS calls
    FROM conversations v
    JOIN people p ON p.id = v.person_id
    JOIN families f ON f.id = p.family_id
    JOIN agencies g ON g.id = f.agency_id
    WHERE v.id = :id
""")  # noqa: S608 (our own words)


def look(session: Session, outbound_id: uuid.UUID, now: datetime) -> quiet.Verdict:
    """May this message go now?"""
    row = session.execute(_FACTS, {"id": outbound_id}).one_or_none()
    if row is None or row.channel == "web":
        return quiet.Verdict()
    theirs = row.conversation, row.part, now
    if not (family.still_true(session, *theirs) and who_writes.still_true(session, *theirs)):
        return quiet.Verdict(reason=UNTRUE)
    if row.part and row.part.endswith(PLAIN) and not row.plainly:
        return quiet.Verdict(reason=PROFILE_CHANGED)
    called_for = family.called_for(session, *theirs) or who_writes.is_called_for(session, *theirs)
    reach = row.live[1:] if row.live else "opted_out" if row.known else ""
    hours = None
    if row.timezone is not None:
        hours = Hours(row.contact_from, row.contact_until, ZoneInfo(row.timezone), row.contact_days)
    facts = quiet.Facts(
        kind=row.kind,
        body=row.body,
        reply=row.reply,
        reply_to_danger=row.to_danger or called_for,
        by_worker=row.by_worker,
        last_inbound_at=row.last_inbound_at,
        hours=hours,
        reach=reach,
        calls=row.calls,
        unwanted=[name for name in (row.own_name, *(row.children or ())) if name],
    )
    return quiet.decide(facts, now)


_WORDS = text(f"""
    SELECT o.body, {zones.OF_PERSON} AS timezone
    FROM outbound_messages o
    JOIN conversations v ON v.id = o.conversation_id
    LEFT JOIN people p ON p.id = v.person_id
    LEFT JOIN agencies g ON g.id = v.agency_id
    WHERE o.id = :id
""").columns(body=OutboundMessage.body.type)  # noqa: S608 (our own words)


def words_and_zone(session: Session, outbound_id: uuid.UUID) -> tuple[Any, ZoneInfo]:
    """What a message to a conversation says (or what stands for words that cannot be read), and the local time of its
    reader; a stranger's whom no agency knows is UTC."""
    row = session.execute(_WORDS, {"id": outbound_id}).one()
    return row.body, ZoneInfo(row.timezone or "UTC")


def waits_until(session: Session, conversation: Conversation, now: datetime) -> datetime | None:
    """Until when a worker's own words would wait, written to this conversation now; None if they go at once."""
    if conversation.channel == "web" or conversation.person_id is None:
        return None
    row = session.execute(_PERSON, {"id": conversation.id}).one_or_none()
    if row is None:
        return None
    facts = quiet.Facts(
        kind="family",
        body="",
        reply=False,
        reply_to_danger=False,
        by_worker=True,
        last_inbound_at=conversation.last_inbound_at,
        hours=Hours(row.contact_from, row.contact_until, ZoneInfo(row.timezone), row.contact_days),
        reach="active",
        calls=row.calls,
    )
    return quiet.decide(facts, now).wait_until


def look_again(session: Session, person_id: uuid.UUID, now: datetime) -> None:
    """The person's profile has changed: what waits for them is decided anew at the next tick."""
    session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.conversation_id == Conversation.id,
            Conversation.person_id == person_id,
            OutboundMessage.state == "queued",
            OutboundMessage.error == "",
            OutboundMessage.kind.in_(quiet.QUIET_KINDS),
            OutboundMessage.in_reply_to.is_(None),
        )
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )
