"""Whether a message may arrive now: safe hours, agreement, names. Pure (DECISIONS, "Emergency against quiet").

The rule, from the top: the reply to danger is never held (its kind is not asked about here at all). What the person's
own danger message calls for goes at once: late replies to it, and a worker's own words while it is not closed. Whoever
wrote in the last quarter of an hour holds the phone: what answers them goes. All else keeps to the safe hours, to those
who agreed to be written to, and to the names that may be written. Before all of it: who asked for no answer because
somebody reads along gets none, not even the reply to danger (``while_hushed``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.reminders.rules import Hours

#: Whoever wrote so lately holds the phone.
STILL_WRITING = timedelta(minutes=15)
#: Nobody has safe hours further off than this.
FAR = timedelta(days=14)
#: The question whether they agree goes to a number that has not agreed yet; nothing else does.
CONSENT = "consent"
#: Is danger in the conversation ``v`` not closed, in SQL?
OPEN_DANGER = """EXISTS (SELECT 1 FROM escalations e WHERE e.conversation_id = v.id AND e.state <> 'resolved'
                   AND e.kind IN ('immediate_danger', 'self_harm', 'harm_disclosed'))"""
#: Kinds of the outbox that are looked at here.
QUIET_KINDS = ("family", "reminder", CONSENT)
#: Why a message did not go, or waits: they asked not to be texted.
HUSHED = "hushed"
#: What they write so soon after it belongs to the same moment, and does not make an answer safe.
AFTER = timedelta(hours=1)
#: What waits for that to end is looked at again after so long; a reminder that came too late a worker is shown.
LOOK_AGAIN = timedelta(hours=1)
LONGEST_HUSHED = timedelta(days=3)


@dataclass(frozen=True)
class Facts:
    """``hours`` None: a stranger's number. ``reach``: active, pending, opted_out, or "" where nobody has the number.
    ``calls``: the person's own danger message is not closed. ``unwanted``: names that may not be written to them."""

    kind: str
    body: str
    reply: bool
    reply_to_danger: bool
    by_worker: bool
    last_inbound_at: datetime | None
    hours: Hours | None
    reach: str
    calls: bool
    unwanted: Sequence[str] = ()


@dataclass(frozen=True)
class Verdict:
    """``wait_until`` a later time (why, may ``reason`` say), or never because of ``reason``; neither: it goes now."""

    wait_until: datetime | None = None
    reason: str = ""


def while_hushed(reply: bool, created_at: datetime, now: datetime) -> Verdict:
    """They asked not to be texted, and this is no answer to what they wrote safely since (messages.hush): an answer
    never goes, because later it would be out of place; all else waits some days, and then a worker is shown that it did
    not go."""
    if reply or now > created_at + LONGEST_HUSHED:
        return Verdict(reason=HUSHED)
    return Verdict(wait_until=now + LOOK_AGAIN, reason=HUSHED)


def decide(facts: Facts, now: datetime) -> Verdict:
    """Go, wait or never."""
    if not facts.reply and facts.reach not in ("", "active") and (facts.kind, facts.reach) != (CONSENT, "pending"):
        return Verdict(reason="not_agreed" if facts.reach == "pending" else "opted_out")
    if not facts.reply and any(names(facts.body, name) for name in facts.unwanted):
        return Verdict(reason="names")
    writing = facts.last_inbound_at is not None and facts.last_inbound_at > now - STILL_WRITING
    called_for = facts.reply_to_danger or (facts.by_worker and facts.calls)
    if facts.hours is None or writing or called_for or facts.hours.span(now) is not None:
        return Verdict()
    return Verdict(wait_until=facts.hours.soonest(now, latest=now + FAR) or now + timedelta(days=1))


def names(body: str, name: str) -> bool:
    """Does the text name them?"""
    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", body, re.IGNORECASE) is not None
