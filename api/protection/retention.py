"""What is removed when it is old enough: data/retention.yaml says how old, this says what that means in the tables.

Promises: one statement a batch, so that nobody waits long for a lock; what a batch removed is in the audit trail of the
same transaction; nothing that a person still has to act on is removed, however old.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import text

from api import clock
from api.audit import service as audit
from api.database import reading, transaction
from api.settings import DATA

FILE = DATA / "retention.yaml"
FEWEST_DAYS = 7
BATCH = 5000

_CHATS = """
    SELECT c.id FROM conversations c
    WHERE c.channel = '{channel}' AND c.person_id IS NULL AND c.worker_id IS NULL AND {old}
      AND NOT EXISTS (SELECT 1 FROM escalations e WHERE e.conversation_id = c.id)
      AND NOT EXISTS (SELECT 1 FROM escalations e JOIN inbound_messages i ON i.id = e.message_id
                      WHERE i.conversation_id = c.id)
      AND NOT EXISTS (SELECT 1 FROM contact_points p WHERE p.channel = c.channel AND p.address = c.address)
      AND NOT EXISTS (SELECT 1 FROM inbound_messages i
                      WHERE i.conversation_id = c.id
                        AND (i.received_at >= :before OR i.state IN ('queued', 'unanswered')))
      AND NOT EXISTS (SELECT 1 FROM outbound_messages o
                      WHERE o.conversation_id = c.id
                        AND (o.created_at >= :before OR o.state IN ('queued', 'sending')))
"""

#: For each kind the rows that are old enough (``:before``), as a query of their ids, and the table they are in.
_OLD: Mapping[str, tuple[str, str]] = {
    "simulated_texts": ("demo_texts", "SELECT id FROM demo_texts WHERE at < :before"),
    "delivery_attempts": (
        "delivery_attempts",
        "SELECT a.id FROM delivery_attempts a JOIN outbound_messages o ON o.id = a.outbound_id"
        " WHERE a.started_at < :before AND o.state NOT IN ('queued', 'sending')",
    ),
    "sign_in_attempts": ("sign_in_attempts", "SELECT id FROM sign_in_attempts WHERE at < :before"),
    "worker_sessions": (
        "worker_sessions",
        "SELECT id FROM worker_sessions WHERE coalesce(revoked_at, expires_at) < :before",
    ),
    "kept_answers": ("kept_answers", "SELECT id FROM kept_answers WHERE at < :before"),
    "chat_codes": ("chat_codes", "SELECT id FROM chat_codes WHERE coalesce(used_at, expires_at) < :before"),
    "upload_links": ("upload_links", "SELECT id FROM upload_links WHERE coalesce(used_at, expires_at) < :before"),
    "media_fetches": ("media_fetches", "SELECT id FROM media_fetches WHERE settled_at < :before"),
    "webhook_events": ("webhook_events", "SELECT id FROM webhook_events WHERE settled_at < :before"),
    "appointment_news": ("appointment_news", "SELECT id FROM appointment_news WHERE noted_at < :before"),
    "professional_news": ("professional_news", "SELECT id FROM professional_news WHERE noted_at < :before"),
    "workers_texts": (
        "inbound_messages",
        "SELECT i.id FROM inbound_messages i JOIN conversations c ON c.id = i.conversation_id"
        " WHERE c.worker_id IS NOT NULL AND i.received_at < :before AND i.state NOT IN ('queued', 'unanswered')"
        " AND NOT EXISTS (SELECT 1 FROM escalations e WHERE e.message_id = i.id)"
        " AND NOT EXISTS (SELECT 1 FROM outbound_messages o"
        " WHERE o.in_reply_to = i.id AND o.state IN ('queued', 'sending'))",
    ),
    "anonymous_chats": (
        "conversations",
        _CHATS.format(channel="web", old="coalesce(c.closed_at, c.expires_at) < :before"),
    ),
    "strangers_texts": (
        "conversations",
        _CHATS.format(channel="sms", old="coalesce(c.last_inbound_at, c.created_at) < :before"),
    ),
}

#: What goes before the rows of a table do.
_PARTS: Mapping[str, tuple[str, ...]] = {
    "conversations": (
        "DELETE FROM delivery_attempts USING outbound_messages o"
        " WHERE outbound_id = o.id AND o.conversation_id = ANY(:ids)",
        "DELETE FROM outbound_messages WHERE conversation_id = ANY(:ids)",
        "DELETE FROM inbound_messages WHERE conversation_id = ANY(:ids)",
    ),
    "professional_news": (
        "DELETE FROM delivery_attempts a USING professional_news n"
        " WHERE a.outbound_id = n.outbound_id AND n.id = ANY(:ids)",
        "DELETE FROM outbound_messages o USING professional_news n WHERE o.id = n.outbound_id AND n.id = ANY(:ids)",
    ),
    "inbound_messages": (
        "DELETE FROM delivery_attempts USING outbound_messages o"
        " WHERE outbound_id = o.id AND o.in_reply_to = ANY(:ids)",
        "DELETE FROM outbound_messages WHERE in_reply_to = ANY(:ids)",
    ),
}
#: What the rows of a table are called where a query joins others, and locks these alone.
_LOCKED = {"conversations": "OF c ", "delivery_attempts": "OF a ", "inbound_messages": "OF i "}


class BadRules(ValueError):
    """data/retention.yaml says something that cannot be: where, and what it takes."""


@dataclass(frozen=True)
class Rule:
    """A kind of data, after how many days it goes (None: never), and why."""

    kind: str
    days: int | None
    why: str


def read(path: Path) -> tuple[Rule, ...]:
    """The rules of a file, what is removed first. Raises BadRules."""
    try:
        said: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        removed, kept = dict(said["removed"]), dict(said["kept"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise BadRules(f"{path.name} cannot be read ({type(error).__name__}): it has `removed` and `kept`.") from None
    rules = []
    for kind, rule in removed.items():
        if kind not in _OLD:
            raise BadRules(f"{path.name}: removed.{kind} is unknown; it takes: {', '.join(_OLD)}.")
        days, why = (rule.get("days", 0), rule.get("why")) if isinstance(rule, dict) else (0, None)
        if days is not None and (type(days) is not int or days < FEWEST_DAYS):
            raise BadRules(
                f"{path.name}: removed.{kind}.days is a whole number from {FEWEST_DAYS} on, or null for never."
            )
        if not isinstance(why, str) or not why.strip():
            raise BadRules(f"{path.name}: removed.{kind}.why is missing: a rule has its reason.")
        rules.append(Rule(kind, days, why))
    return (*rules, *(Rule(str(kind), None, str(why)) for kind, why in kept.items()))


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """The installation's own rules."""
    return read(FILE)


def due(rule: Rule) -> int:
    """How much of this kind would go now."""
    if rule.days is None:
        return 0
    with reading() as session:
        query = text(f"SELECT count(*) FROM ({_OLD[rule.kind][1]}) AS old")  # noqa: S608 (our own words)
        return int(session.scalar(query, {"before": clock.now() - timedelta(days=rule.days)}) or 0)


def clear(given: tuple[Rule, ...] | None = None, batch: int = BATCH) -> dict[str, int]:
    """Remove what is old enough; returns how much of each kind went (only kinds of which anything did)."""
    gone: dict[str, int] = {}
    for rule in rules() if given is None else given:
        while rule.days is not None:
            count = _clear_batch(rule, rule.days, batch)
            if count:
                gone[rule.kind] = gone.get(rule.kind, 0) + count
            if count < batch:
                break
    return gone


def _clear_batch(rule: Rule, days: int, batch: int) -> int:
    table, old = _OLD[rule.kind]
    with transaction() as session:
        # One at a time: two worker processes would only wait for each other's rows.
        if not session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('hearthline.retention'))")):
            return 0
        facts = {"before": clock.now() - timedelta(days=days), "batch": batch}
        chosen = text(f"{old} LIMIT :batch FOR UPDATE {_LOCKED.get(table, '')}SKIP LOCKED")
        ids = list(session.scalars(chosen, facts))
        if not ids:
            return 0
        for part in _PARTS.get(table, ()):
            session.execute(text(part), {"ids": ids})
        session.execute(text(f"DELETE FROM {table} WHERE id = ANY(:ids)"), {"ids": ids})  # noqa: S608
        audit.record(
            session,
            actor_kind="system",
            actor_id=None,
            verb="removed_by_age",
            object_id=rule.kind,
            detail={"kind": rule.kind, "removed": len(ids), "older_than_days": days},
        )
        return len(ids)
