"""Does a message ask us not to answer, because somebody else reads that phone?

``asked(text)`` is a pure function, as the safety screen is, and never raises. What follows from it, api.messages.hush
says: no answer of any kind goes there, and a worker is told.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from api.safety.patterns import load_patterns
from api.safety.wording import shortened

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Silence:
    """``asked``: they want no answer. ``reads``: somebody else reads along now. ``reasons`` as a verdict's."""

    asked: bool = False
    reads: bool = False
    reasons: tuple[str, ...] = ()


def asked(text: str) -> Silence:
    """What one message says about answering it, in whatever language it is."""
    try:
        found = load_patterns().silences(shortened(text))
    except Exception as error:  # a fault in the patterns must not lose the message
        log.error("The rules about answering failed on a message (%s)", type(error).__name__)
        return Silence()
    return Silence(bool(found), any(rule.reads for rule in found), tuple(sorted(f"pattern:{one.id}" for one in found)))
