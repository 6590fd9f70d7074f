"""What the benchmark's people write: what the product does, mixed, in both languages, and some danger."""

from __future__ import annotations

from itertools import cycle, islice

#: Everyday messages; each is one full turn, with rows of the family read or a directory searched.
EVERYDAY = (
    "whens my next meeting", "what have i still got to do for the plan", "is there a food bank near LS9",
    "who is my social worker", "thank you so much", "where is the core group and what time",
    "somewhere for my lad to go after school in Leeds", "what can you do", "hows the plan going",
    "anything on this week", "hello", "cuando es mi proxima cita", "what is a child protection plan",
    "help with debts in leeds please", "are you a robot", "who can see what i write here",
)  # fmt: skip
#: One text in so many is a cry for help: its escalation and its notification are part of the work.
DANGER_EVERY = 50
DANGER = "help he is trying to kick the door in and hes got a knife"


def everyday(count: int) -> list[str]:
    """So many everyday messages."""
    return list(islice(cycle(EVERYDAY), count))


def mixed(count: int) -> list[str]:
    """So many messages with some danger among them."""
    return [DANGER if n % DANGER_EVERY == DANGER_EVERY - 1 else text for n, text in enumerate(everyday(count))]
