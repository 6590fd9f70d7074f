"""Full turns, from the webhook to our call at Twilio, beside the stock starter's bare turn (its REST answer).

Ours is signed, screened, stored, committed, understood, looked up in the family's rows, rendered, queued and sent; the
rival's reads one sentence and answers with another. Both are asked in turns, block by block, so that whatever else the
machine does meets both.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice, pairwise
from time import monotonic, time

from api.whole_requests import connections
from tests.bench import texts
from tests.bench.figures import Figure, at_least, at_most, median, ms, percentile, ratio
from tests.bench.ours import PHONES, TWILIO_WAITS, WEBHOOK, Installation
from tests.bench.sizes import Sizes
from tests.bench.starter import MESSAGES, Starter
from tests.harness.twilio import new_sid

BLOCKS = 4
WARM_UP = 16
AT_ONCE = 8
#: What to add to a monotonic time to get the time of day.
EPOCH = time() - monotonic()
STAGES = ("until it is stored", "the turn", "until its delivery begins", "until Twilio is called")


@dataclass
class Talk:
    """Turns one after the other: the seconds that each took, and how many got no reply, or only the fallback's."""

    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0
    #: Where the time goes, for each turn: until received, understood and answered, handed to delivery, at Twilio.
    stages: list[list[float]] = field(default_factory=list)

    def add(self, other: Talk) -> None:
        self.seconds += other.seconds
        self.unanswered += other.unanswered
        self.stages += other.stages


def our_turns(ours: Installation, number: str, count: int) -> Talk:
    """One phone texts, waits for the reply, texts again."""
    sent: dict[str, float] = {}
    with connections(timeout=TWILIO_WAITS, retries=False) as client:
        for body in texts.everyday(count):
            sid = new_sid()
            request = ours.signed(number, body, sid)
            ours.twilio.forget(number)
            sent[sid] = monotonic()
            client.request("POST", f"{ours.api_urls[0]}{WEBHOOK}", headers=request["headers"], body=request["body"])
            ours.twilio.wait_for_text(number, TWILIO_WAITS)
    fates = ours.fates(list(sent))
    talk = Talk()
    for sid, begun in sent.items():
        fate = fates.get(sid)
        if fate is None or not fate["at"] or fate["state"] != "answered":
            talk.unanswered += 1
        if fate is not None and fate["at"]:
            talk.seconds.append(fate["at"][0] - begun)
            points = [begun + EPOCH, fate["received"], fate["queued"], fate["tried"], fate["at"][0] + EPOCH]
            talk.stages.append([after - before for before, after in pairwise(points)])
    return talk


def their_turns(stock: Starter, sender: Callable[[], str], count: int, *, until: float = float("inf")) -> Talk:
    """The same with the stock bot; ``sender`` names each turn's sender; no turn begins after ``until`` (monotonic)."""
    talk = Talk()
    with connections(retries=False) as client:
        for message in islice(cycle(MESSAGES), count):
            begun = monotonic()
            if begun > until:
                break
            if stock.turn(client, sender(), message) == 0:
                talk.unanswered += 1
            talk.seconds.append(monotonic() - begun)
    return talk


def someone() -> str:
    """A sender whom the stock bot has never met."""
    return uuid.uuid4().hex


def one(name: str) -> Callable[[], str]:
    """Always the same sender."""
    return lambda: name


def where_it_goes(talk: Talk) -> str:
    """The median of each stage, in words."""
    middles = [ms(median(times)) or 0.0 for times in zip(*talk.stages, strict=True)]
    return ", ".join(f"{name} {middle:.0f} ms" for name, middle in zip(STAGES, middles, strict=False))


def one_at_a_time(ours: Installation, stock: Starter, sizes: Sizes) -> list[Figure]:
    """Each turn begins when the one before has been answered."""
    our_turns(ours, PHONES[0], WARM_UP)
    their_turns(stock, someone, WARM_UP)
    mine, same, new = Talk(), Talk(), Talk()
    talker = one(someone())
    for block in range(BLOCKS):
        mine.add(our_turns(ours, PHONES[1 + block], sizes.turns // BLOCKS))
        same.add(their_turns(stock, talker, sizes.turns // BLOCKS))
        new.add(their_turns(stock, someone, sizes.turns // BLOCKS))
    rival, fresh = ms(median(same.seconds)), ms(median(new.seconds))
    note = f"stock: one sender, {len(same.seconds)} messages; ours {_failed(mine)}"
    return [
        Figure(
            "turn",
            "full turn, one at a time: median",
            ms(median(mine.seconds)),
            "ms",
            rival,
            at_most(rival, "<= the stock's") if rival else None,
            note,
        ),
        Figure(
            "turn",
            "full turn, one at a time: p95",
            ms(percentile(mine.seconds, 95)),
            "ms",
            ms(percentile(same.seconds, 95)),
        ),
        Figure("turn", "... where that time goes: medians", None, note=where_it_goes(mine)),
        Figure(
            "turn",
            "... beside a new sender each time: median",
            ms(median(mine.seconds)),
            "ms",
            fresh,
            at_most(fresh, "<= the stock's") if fresh else None,
            "stock: each message from somebody new",
        ),
    ]


def eight_at_once(ours: Installation, stock: Starter, sizes: Sizes) -> list[Figure]:
    """Eight conversations, each of which waits for its own replies: of some texts each, and of many."""
    rates: dict[str, list[float]] = {"ours": [], "same": [], "new": []}
    failed = Talk()

    def our_rate(each: int) -> float:
        talks, rate = _together([partial(our_turns, ours, PHONES[n], each) for n in range(AT_ONCE)])
        for talk in talks:
            failed.add(talk)
        return rate

    def their_rate(each: int, *, new: bool = False) -> float:
        senders = [someone if new else one(someone()) for _ in range(AT_ONCE)]
        return _together([partial(their_turns, stock, sender, each) for sender in senders])[1]

    our_rate(WARM_UP), their_rate(WARM_UP, new=True)
    for _ in range(2):
        rates["ours"].append(our_rate(sizes.eight_each))
        rates["same"].append(their_rate(sizes.eight_each))
        rates["new"].append(their_rate(sizes.eight_each, new=True))
    mine, same, new = (median(rates[kind]) or 0.0 for kind in ("ours", "same", "new"))
    longer, their_longer = our_rate(sizes.long_each), their_rate(sizes.long_each)

    def figure(name: str, ours: float, stock: float, note: str) -> Figure:
        floor = at_least(2 * stock, "2 x the stock's")
        return Figure("eight", name, ours, "turns/s", stock, floor, f"{ratio(ours, stock) or 0:.1f} x; {note}")

    return [
        figure(
            f"{AT_ONCE} conversations at once, {sizes.eight_each} texts each",
            mine,
            same,
            f"stock: {AT_ONCE} senders; ours {_failed(failed)}",
        ),
        figure(
            f"... {sizes.long_each} texts each", longer, their_longer, "the stock's turn grows with its conversation"
        ),
        figure("... beside new senders", mine, new, "stock: each message from somebody new"),
        Figure("eight", "... a turn's time then: median", ms(median(failed.seconds)), "ms"),
    ]


def growth(ours: Installation, stock: Starter, sizes: Sizes) -> list[Figure]:
    """One person's messages, one after the other: the last hundred beside the first hundred."""
    mine = our_turns(ours, PHONES[-1], sizes.growth)
    until = monotonic() + sizes.rival_growth_seconds
    theirs = their_turns(stock, one(someone()), sizes.growth, until=until)
    first, last = (ms(median(part)) for part in _ends(mine.seconds, sizes.hundred))
    their_first, their_last = (ms(median(part)) for part in _ends(theirs.seconds, sizes.hundred))
    reached = f"stock stopped after {len(theirs.seconds)} messages, {sizes.rival_growth_seconds} s"
    return [
        Figure("growth", f"one person's first {sizes.hundred} of {sizes.growth:,}: median", first, "ms", their_first),
        Figure(
            "growth",
            f"... the last {sizes.hundred}: median",
            last,
            "ms",
            their_last,
            note=reached if len(theirs.seconds) < sizes.growth else "",
        ),
        Figure(
            "growth",
            "... last / first",
            ratio(last, first),
            "x",
            ratio(their_last, their_first),
            at_most(1.2),
            f"ours {_failed(mine)}",
        ),
    ]


def _ends(seconds: list[float], size: int) -> tuple[list[float], list[float]]:
    return seconds[:size], seconds[-size:]


def _failed(talk: Talk) -> str:
    return f"{talk.unanswered} without the bot's answer" if talk.unanswered else "all answered by the bot"


def _together(talks: list[Callable[[], Talk]]) -> tuple[list[Talk], float]:
    """Run these at the same time; what they gave, and turns a second in all."""
    with ThreadPoolExecutor(len(talks)) as pool:
        begun = monotonic()
        results = list(pool.map(lambda talk: talk(), talks))
        elapsed = monotonic() - begun
    return results, sum(len(talk.seconds) for talk in results) / elapsed
