"""What was said, as it stands on an escalation: the newest words, each message once."""

from __future__ import annotations

from api.escalations.models import Escalation
from api.messages.models import InboundMessage
from api.sealed import Unreadable

#: So many characters of what was said stand on an escalation, the newest; the conversation has them all.
MOST_WORDS = 8000


def add_words(escalation: Escalation, words: str) -> None:
    """Write down what was said, unless it stands there."""
    if not stands_there(escalation, words):
        write_down(escalation, words)


def write_down(escalation: Escalation, words: str) -> None:
    """Put these words below what stands there."""
    # Words that cannot be opened hold no new ones up; the messages themselves stay in the conversation.
    before = "" if isinstance(escalation.words, Unreadable) else f"{escalation.words}\n"
    escalation.words = f"{before}{words}"[-MOST_WORDS:]
    escalation.version += 1


def stands_there(escalation: Escalation, words: str) -> bool:
    """Are these words one of the messages on it already, whole (a turn that runs twice, or an action's own call)?"""
    return f"\n{words}\n"[-MOST_WORDS - 1 :] in f"\n{escalation.words}\n"


def said_since(escalation: Escalation, message: InboundMessage | None) -> bool:
    """Did this message come after somebody took it on? Then it counts even where it says the same again."""
    taken_at = escalation.acknowledged_at
    return message is not None and taken_at is not None and message.received_at > taken_at
