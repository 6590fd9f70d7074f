"""Telling what is due: each batch becomes rows of the outbox in one transaction.

So a crash tells all of a batch or none of it, and what was told is never told again.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from api import sealed, texts
from api.database import notify
from api.messages import hands, mailing, sms
from api.messages.models import Conversation
from api.reminders import queries, rules
from api.reminders.wording import Spoken, choices, words

log = logging.getLogger(__name__)

BATCH = 1000
#: Who wrote so recently may still be about to choose from what was offered then: a reminder takes other numbers.
CHOOSING = timedelta(hours=1)

_SKIP = text("""
    UPDATE reminders r SET state = 'skipped', reason = x.reason, settled_at = :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[])) AS x(id, reason) WHERE r.id = x.id
""")
_WAIT = text("""
    UPDATE reminders r SET due_at = x.due_at
    FROM unnest(CAST(:ids AS uuid[]), CAST(:due AS timestamptz[])) AS x(id, due_at) WHERE r.id = x.id
""")
_CONVERSATIONS = text("""
    INSERT INTO conversations (id, channel, address, agency_id, person_id, language, created_at, state)
    SELECT gen_random_uuid(), 'sms', x.address, x.agency_id, x.person_id, x.language, :now, '{}'::jsonb
    FROM json_to_recordset(CAST(:rows AS json)) AS x(address text, agency_id uuid, person_id uuid, language text)
    ON CONFLICT (channel, address) DO NOTHING RETURNING address, id
""")
#: Nobody's number until now: what a stranger wrote from it is its holder's.
_NEW_HOLDERS = text("""
    UPDATE conversations v SET person_id = x.person_id, agency_id = x.agency_id, language = x.language, state = '{}'
    FROM json_to_recordset(CAST(:rows AS json)) AS x(address text, agency_id uuid, person_id uuid, language text)
    WHERE v.channel = 'sms' AND v.address = x.address AND v.person_id IS NULL
""")
#: Conversations whose number changed hands since somebody last wrote from it.
_FORMER = text("""
    SELECT v.id FROM conversations v
    JOIN json_to_recordset(CAST(:rows AS json)) AS x(address text, person_id uuid)
      ON v.channel = 'sms' AND v.address = x.address AND v.person_id <> x.person_id
    WHERE NOT EXISTS (SELECT 1 FROM contact_points c WHERE c.person_id = v.person_id AND c.address = v.address
                                                       AND c.state <> 'quarantined')
""")
_ADDRESSED = text("SELECT address, id FROM conversations WHERE channel = 'sms' AND address = ANY (:addresses)")
#: Into the outbox and noted with the reminder: one statement, so never one without the other.
_QUEUE = text("""
    WITH told AS MATERIALIZED (
        SELECT * FROM json_to_recordset(CAST(:rows AS json))
             AS x(id uuid, reminder_id uuid, conversation_id uuid, channel text, address text, body text,
                  options jsonb, first_option int, not_after timestamptz)
    ), queued AS (
        INSERT INTO outbound_messages
            (id, conversation_id, channel, address, kind, body, options, created_at, due_at, state, settled_at, error)
        SELECT id, conversation_id, channel, address, 'reminder', body, options, :now, :now,
               CASE WHEN channel = 'web' THEN 'sent' ELSE 'queued' END, CASE WHEN channel = 'web' THEN :now END, ''
        FROM told
    )
    UPDATE reminders r SET state = 'queued', reason = '', settled_at = :now, outbound_id = x.id,
           conversation_id = x.conversation_id, first_option = x.first_option, not_after = x.not_after
    FROM told x WHERE r.id = x.reminder_id
""")


def tell(session: Session, now: datetime, limit: int = BATCH) -> int:
    """Settle a batch of what is due: into the outbox, later, or left out with its reason; how many rows."""
    rows = queries.due(session, now, limit)
    if not rows:
        return 0
    verdicts = [(row, rules.decide(queries.facts(row), now)) for row in rows]
    left = [(row.id, verdict.reason) for row, verdict in verdicts if verdict.reason]
    later = [(row.id, verdict.wait_until) for row, verdict in verdicts if verdict.wait_until]
    if left:
        session.execute(_SKIP, {"now": now, "ids": [i for i, _ in left], "reasons": [reason for _, reason in left]})
    if later:
        session.execute(_WAIT, {"ids": [i for i, _ in later], "due": [due for _, due in later]})
    told = [(row, verdict.not_after) for row, verdict in verdicts if verdict.not_after is not None]
    if told:
        _queue(session, told, now)
    for agency_id in {row.agency_id for row, verdict in verdicts if verdict.reason in ("opted_out", "no_way")}:
        notify(session, f"agency:{agency_id}")
    return len(rows)


def _queue(session: Session, told: Sequence[tuple[Row[Any], datetime]], now: datetime) -> None:
    ways = _conversations(session, [row for row, _ in told], now)
    mails = mailing.conversations(session, [_mailed(row) for row, _ in told if row.channel == "email"])
    taken = _taken(session, [row for row, _ in told], ways, now)
    made = []
    for row, not_after in told:
        if row.channel == "email":
            conversation_id = mails[row.person_id]
        else:
            conversation_id = row.conversation_id if row.channel == "web" else ways[row.address]
        first, offered = _offer(row, taken.setdefault(conversation_id, {}))
        try:
            body = _addressed(row, words(_spoken(row), now))
        except (texts.TextError, KeyError, ValueError) as error:
            log.error("reminder %s: it cannot be put into words (%s)", row.id, type(error).__name__)
            session.execute(_SKIP, {"now": now, "ids": [row.id], "reasons": ["no_words"]})
            continue
        if row.channel == "sms":
            answers = tuple(f"{one['n']} {one['label']}" for one in offered)
            # (By e-mail it keeps its accents: messages.delivery.)
            body = "\n".join([body, *answers]) if row.contact_channel == "email" else _as_sms(body, answers)
        made.append(
            {
                "id": str(uuid.uuid4()),
                "reminder_id": str(row.id),
                "conversation_id": str(conversation_id),
                "channel": row.channel,
                "address": row.address,
                "body": sealed.seal(body, "outbound_messages.body"),
                "options": sealed.seal_json(offered, "outbound_messages.options"),
                "first_option": first if offered else None,
                "not_after": not_after.isoformat(),
            }
        )
        notify(session, f"conversation:{conversation_id}")
    if made:
        session.execute(_QUEUE, {"now": now, "rows": json.dumps(made)})


def _mailed(row: Row[Any]) -> dict[str, Any]:
    language = texts.supported(row.language)
    return {"person_id": row.person_id, "agency_id": row.agency_id, "language": language}


@lru_cache(maxsize=4096)
def _as_sms(words_said: str, answers: tuple[str, ...]) -> str:
    return sms.to_gsm7("\n".join([words_said, *answers]))[: sms.LONGEST_BODY]


def _conversations(session: Session, rows: Sequence[Row[Any]], now: datetime) -> dict[str, uuid.UUID]:
    """Number → its conversation; made where nobody has written from it yet."""
    texted = {row.address: row for row in rows if row.channel == "sms"}
    found = {address: row.conversation_id for address, row in texted.items() if row.conversation_id}
    strange = [row for row in texted.values() if row.holder != row.person_id]
    if not strange:
        return found
    named = json.dumps(
        [
            {
                "address": row.address,
                "agency_id": str(row.agency_id),
                "person_id": str(row.person_id),
                "language": texts.supported(row.language),
            }
            for row in strange
        ]
    )
    if any(row.conversation_id for row in strange):
        session.execute(_NEW_HOLDERS, {"rows": named})
        for conversation_id in session.scalars(_FORMER, {"rows": named}).all():
            former = session.get_one(Conversation, conversation_id, with_for_update=True)
            found.pop(former.address, None)
            hands.begin_anew(session, former, now)
    found |= {row.address: row.id for row in session.execute(_CONVERSATIONS, {"rows": named, "now": now})}
    others = [row.address for row in strange if row.address not in found]  # somebody wrote from it in this moment
    if others:
        found |= {row.address: row.id for row in session.execute(_ADDRESSED, {"addresses": others})}
    return found


def _taken(
    session: Session, rows: Sequence[Row[Any]], ways: dict[str, uuid.UUID], now: datetime
) -> dict[uuid.UUID, dict[int, str]]:
    """Conversation → number → the appointment it stands for ("" for something else that was offered)."""
    taken: dict[uuid.UUID, dict[int, str]] = {}
    known = [row.conversation_id for row in rows if row.conversation_id]
    for conversation_id, offers in queries.offers(session, known, now).items():
        for offer in offers:
            if not offer.answered:
                numbers = {option["n"]: str(offer.appointment_id) for option in offer.options}
                taken.setdefault(conversation_id, {}).update(numbers)
    for row in rows:
        if row.last_inbound_at and now - row.last_inbound_at < CHOOSING:
            for option in (row.memory or {}).get("options", []):
                taken.setdefault(ways[row.address], {}).setdefault(option["n"], "")
    return taken


def _offer(row: Row[Any], taken: dict[int, str]) -> tuple[int, list[dict[str, Any]]]:
    """The first number and the answers. The same appointment keeps its numbers; others in one conversation never share
    one, so that "1" means what it says whatever came between."""
    if row.channel == "email" or row.moment in ("cancelled", "removed") or (row.shared and row.holder != row.person_id):
        return 1, []  # on a phone that two share a number is an answer of whoever writes there now
    mine = str(row.appointment_id)
    again = [n for n, appointment in taken.items() if appointment == mine]
    first = min(again) if again else rules.free_number(set(taken))
    taken |= {first: mine, first + 1: mine}
    return first, choices(mine, row.language, first)


def _addressed(row: Row[Any], said: str) -> str:
    """With the word that the person agreed on, and on a phone that two share with what they are called there."""
    if row.channel == "web":
        return said
    before = [sealed.or_nothing(row.code_word), row.phone_label if row.shared else ""]
    return ". ".join([*filter(None, before), said])


def _spoken(row: Row[Any]) -> Spoken:
    return Spoken(
        moment=row.moment,
        when=row.told_of,
        was_at=row.was_at if row.moment == "moved" else None,
        kind=row.kind,
        children=tuple(row.children or ()),
        place="" if row.address_hidden else sealed.or_nothing(row.place),
        travel="" if row.address_hidden else sealed.or_nothing(row.travel),
        plain=(row.plainly and not row.shared) or row.channel == "web",
        may_name_children=row.may_name_children,
        language=row.language,
        jurisdiction=row.jurisdiction,
        zone=row.timezone,
        place_zone=row.place_zone,
        others=row.others,
        reason=row.change_reason,
    )
