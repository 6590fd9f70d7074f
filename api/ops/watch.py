"""Is work being done? What is measured, and from when on it is a warning. Pure.

A warning that ``stops`` the heartbeat says that families may be waiting for nothing: the outside watcher then alarms a
human. The others are for whoever looks at the status page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

#: A turn takes a second, a delivery a few; a rung is told within a tick.
LONGEST_TURN = timedelta(minutes=2)
LONGEST_DELIVERY = timedelta(minutes=2)
LONGEST_RUNG = timedelta(minutes=1)
#: A takeover in which nobody answers, and a promised call that is overdue, are seen to within a tick, too.
LONGEST_TAKEOVER = timedelta(minutes=1)
LONGEST_CALL = timedelta(minutes=1)
#: So is what somebody has taken on, and nothing has come of.
LONGEST_HELD = timedelta(minutes=1)
#: A hundred thousand reminders may be due at one moment: minutes until the last is in the outbox.
LONGEST_REMINDER = timedelta(minutes=15)
#: Somebody in danger has waited so long for a person to take it on.
LONGEST_EMERGENCY = timedelta(minutes=30)
#: Twilio could not be asked for so long: nobody knows whether anything goes out. One answer that is missing is no news.
LONGEST_SILENCE = timedelta(minutes=10)
#: Fewer failures in an hour say nothing: a phone or two is off.
FEW_FAILURES = 5
#: So many of a hundred in an hour, and twice what the day before had, is more than phones that are off.
FAILING_SHARE = 0.10


@dataclass(frozen=True)
class Deliveries:
    """What became of texts in a time: how many arrived or were sent, and how many failed or may not have gone out."""

    reached: int = 0
    failed: int = 0

    @property
    def share(self) -> float:
        total = self.reached + self.failed
        return self.failed / total if total else 0.0


@dataclass(frozen=True)
class State:
    """How it stands: how many wait in each queue beyond their time, how long the oldest has, which workers live."""

    turns: int = 0
    oldest_turn: timedelta = timedelta()
    deliveries: int = 0
    oldest_delivery: timedelta = timedelta()
    #: Texts that wait because our account with Twilio, or our sender there, is not in order.
    refused: int = 0
    rungs: int = 0
    oldest_rung: timedelta = timedelta()
    #: Takeovers in which nobody answers and that the bot should have again; promised calls, what somebody has
    #: without a sign, and reminders beyond their time, as far as the reminder, or what comes after it, is due from us.
    takeovers: int = 0
    oldest_takeover: timedelta = timedelta()
    calls: int = 0
    oldest_call: timedelta = timedelta()
    held: int = 0
    oldest_held: timedelta = timedelta()
    reminders: int = 0
    oldest_reminder: timedelta = timedelta()
    #: What somebody had on who works here no more, and that is not open again.
    abandoned: int = 0
    #: Urgent calls and emergencies that nobody has on, and of whose last telling nobody was reached as they should.
    unreached: int = 0
    #: For how long an emergency has waited that nobody has taken on.
    oldest_emergency: timedelta = timedelta()
    workers: int = 1
    last_hour: Deliveries = Deliveries()
    day_before: Deliveries = Deliveries()
    #: What Twilio last said (api.ops.models); empty: it was not asked.
    twilio: str = ""
    #: For how long it has said so.
    twilio_for: timedelta = timedelta()
    balance: float | None = None
    currency: str = ""
    low_balance: float = 0.0
    #: The parts that do not answer (api.ops.health), where they were looked at.
    down: tuple[str, ...] = ()


@dataclass(frozen=True)
class Warning:
    """Something is wrong: ``name`` has its words as ``ops.warning.<name>``."""

    name: str
    stops: bool


def warnings(state: State) -> list[Warning]:
    """What is wrong, the worst first."""
    found = (
        (state.workers == 0, "worker_silent", True),
        (state.oldest_rung > LONGEST_RUNG, "ladder_stuck", True),
        (state.unreached > 0, "nobody_reached", True),
        (state.oldest_delivery > LONGEST_DELIVERY, "deliveries_stuck", True),
        (state.oldest_turn > LONGEST_TURN, "turns_stuck", True),
        (state.oldest_takeover > LONGEST_TAKEOVER, "takeovers_stuck", True),
        (state.oldest_call > LONGEST_CALL, "calls_stuck", True),
        (state.oldest_held > LONGEST_HELD, "held_stuck", True),
        (state.oldest_reminder > LONGEST_REMINDER, "reminders_stuck", True),
        (state.twilio in ("credentials", "suspended"), "twilio_refuses", True),
        (state.refused > 0, "texts_refused", True),
        (state.twilio == "unknown" and state.twilio_for >= LONGEST_SILENCE, "twilio_silent", True),
        (state.oldest_emergency >= LONGEST_EMERGENCY, "emergency_waits", False),
        (state.abandoned > 0, "left_stuck", False),
        (state.balance is not None and state.balance < state.low_balance, "twilio_balance", False),
        (failing(state.last_hour, state.day_before), "deliveries_failing", False),
    )
    parts = [Warning(f"{part}_down", False) for part in PARTS if part in state.down]
    return [Warning(name, stops) for is_so, name, stops in found if is_so] + parts


def failing(now: Deliveries, before: Deliveries) -> bool:
    """Do more texts fail than the day before let one expect?"""
    return now.failed >= FEW_FAILURES and now.share > FAILING_SHARE and now.share > 2 * before.share


NAMES = (
    "worker_silent",
    "ladder_stuck",
    "nobody_reached",
    "deliveries_stuck",
    "turns_stuck",
    "takeovers_stuck",
    "calls_stuck",
    "held_stuck",
    "reminders_stuck",
    "twilio_refuses",
    "texts_refused",
    "twilio_silent",
    "emergency_waits",
    "left_stuck",
    "twilio_balance",
    "deliveries_failing",
)
#: Parts of /health without which families are still answered or seen, but worse: ``<part>_down`` is the warning.
PARTS = ("rasa", "actions", "safety", "assist")
