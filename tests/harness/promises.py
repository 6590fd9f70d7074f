"""What must be true of a team's messages at any moment of rest, whatever happened before. Read from the database."""

from __future__ import annotations

from collections import Counter
from urllib.parse import parse_qs, urlsplit

from tests.harness.town import Team
from tests.harness.twilio import Text

_MESSAGES = """
    SELECT m.id, m.state, m.flag, m.safety_kind, c.taken_over_by,
           count(o.id) FILTER (WHERE o.state IN ('sent', 'delivered')) AS reached,
           count(o.id) FILTER (WHERE o.state IN ('failed', 'uncertain') AND o.seen_at IS NULL) AS shown
    FROM inbound_messages m JOIN conversations c ON c.id = m.conversation_id
    LEFT JOIN outbound_messages o ON o.in_reply_to = m.id
    WHERE c.address = ANY(%(numbers)s) GROUP BY m.id, c.id
"""
_ESCALATIONS = """
    SELECT e.id, e.state, e.next_rung_at FROM escalations e JOIN agencies a ON a.id = e.agency_id
    WHERE a.external_id = %(key)s
"""


def check(team: Team) -> None:
    """Every promise of messages and escalations, for one team, once it has come to rest."""
    team.system.settle()
    every_message_is_answered_or_visible(team)
    every_escalation_goes_on(team)
    nothing_was_sent_twice(team)


def every_message_is_answered_or_visible(team: Team) -> None:
    """A reply reached the person, or a worker sees the message (flagged), or sees that our reply did not arrive."""
    numbers = [team.parent.number, team.other.number]
    for row in team.system.rows(_MESSAGES, numbers=numbers):
        seen = row["state"] in ("unanswered", "handled", "recorded")
        if row["flag"] == "flag.taken_over":
            assert row["taken_over_by"], f"message {row['id']} waits for a worker who has gone"
        assert row["state"] != "queued", f"message {row['id']} was forgotten"
        assert seen or row["reached"] or row["shown"], f"message {row['id']} is neither answered nor visible"


def every_escalation_goes_on(team: Team) -> None:
    """A human has acknowledged it, or the next rung is in the future."""
    for row in team.system.rows(_ESCALATIONS, key=team.key):
        if row["state"] == "open":
            assert row["next_rung_at"] > team.system.now(), f"escalation {row['id']} has stopped climbing"


def nothing_was_sent_twice(team: Team) -> None:
    """Each message of ours went out once; to a worker perhaps twice, word for word."""
    for phone in team.phones:
        texts = team.system.twilio.to(phone.number)
        for message, times in Counter(map(message_id, texts)).items():
            most = 1 if phone in (team.parent, team.other) else 2
            assert times <= most, f"message {message} to {phone.owner} went out {times} times"
            assert len({text.body for text in texts if message_id(text) == message}) == 1


def message_id(text: Text) -> str:
    """The outbox row that a text was sent for."""
    return parse_qs(urlsplit(text.callback).query)["message"][0]
