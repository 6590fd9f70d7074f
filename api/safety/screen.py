"""The safety screen: does this message say, or hint, that somebody is in danger?

``screen(text)`` is a pure function: no database, no network, no Rasa. It runs on every message's raw text before
anything else happens to it. Its rules are data (``data/safety/patterns.yaml``, explained there).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from api.safety.patterns import PatternSet, load_patterns

KINDS = ("none", "immediate_danger", "self_harm", "harm_disclosed")
PRIORITIES = ("routine", "urgent", "emergency")


@dataclass(frozen=True)
class Verdict:
    """What the screen found. ``kind`` none with ``priority`` routine: nothing.

    Another kind with priority ``routine`` is *noticed*: a gentle question to the person and a low-key flag to the
    worker. ``urgent`` and ``emergency`` are *raised*: an escalation opens. ``reasons`` name the rules that spoke.
    """

    kind: str = "none"
    priority: str = "routine"
    reasons: list[str] = field(default_factory=list)

    @property
    def noticed(self) -> bool:
        return self.kind != "none"

    @property
    def raised(self) -> bool:
        return self.noticed and self.priority != "routine"


def screen(text: str, patterns: PatternSet | None = None) -> Verdict:
    """The verdict on one message, in whatever language it is. Never raises."""
    found = (patterns or load_patterns()).matches(text)
    if not found:
        return Verdict()
    worst = max(found, key=lambda rule: (PRIORITIES.index(rule.priority), -KINDS.index(rule.kind)))
    return Verdict(worst.kind, worst.priority, sorted({rule.id for rule in found}))
