"""How much is measured: as the issue says, or less for a quick look (`--quick`), whose figures prove nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """``rate`` in texts a second; the rest are numbers of texts, or seconds where it says so."""

    rate: int = 50
    steady_seconds: int = 30
    burst: int = 1000
    turns: int = 200
    eight_each: int = 40
    #: As many as one sender's in `turns`.
    long_each: int = 200
    growth: int = 1000
    #: The rival's 1,000 messages from one sender take many minutes: it is stopped after so many seconds.
    rival_growth_seconds: int = 300
    understood: int = 300
    reminders: int = 100_000
    #: Texts from families while so many reminders are queued, two a second.
    reminder_texts: int = 80
    #: Open escalations, and how many of them are due at first.
    escalations: int = 10_000
    escalations_due: int = 50
    #: The caseload: families, what each has (a family's messages are half from it), look-ups and pages asked for.
    families: int = 20_000
    family_appointments: int = 10
    family_actions: int = 20
    family_messages: int = 100
    looked_up: int = 600
    pages: int = 300

    @property
    def hundred(self) -> int:
        """The size of the first and the last group that growth compares."""
        return min(100, self.growth // 3)


QUICK = Sizes(
    steady_seconds=4, burst=100, turns=24, eight_each=5, long_each=10, growth=60, rival_growth_seconds=30,
    understood=60, reminders=2_000, reminder_texts=8, escalations=1_000, escalations_due=20,
    families=1_000, looked_up=100, pages=40,
)  # fmt: skip
