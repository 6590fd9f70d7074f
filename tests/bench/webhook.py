"""The webhook under load: how soon each text is accepted, that none is lost, and how long the answers take."""

from __future__ import annotations

from tests.bench import resources, texts
from tests.bench.figures import Figure, at_least, at_most, ms, percentile
from tests.bench.load import Answer
from tests.bench.ours import PHONES, TWILIO_WAITS, Installation
from tests.bench.sizes import Sizes

#: Seconds until everything must have been answered; longer than it ever takes, so that a hang ends.
PATIENCE = 600.0


def steady(ours: Installation, sizes: Sizes) -> list[Figure]:
    """So many texts a second, evenly, from all the town's phones."""
    count = sizes.rate * sizes.steady_seconds
    before = resources.processor_seconds(ours.members())
    sent = _send(ours, [n / sizes.rate for n in range(count)])
    spent = {part: seconds - before[part] for part, seconds in resources.processor_seconds(ours.members()).items()}
    took = [answer.took for answer in sent.values() if answer.status == 200]
    group = f"webhook, {sizes.rate} texts/s for {sizes.steady_seconds} s"
    note = f"from {len(PHONES)} phones; stock: takes no signed SMS"
    return [
        Figure("webhook", f"{group}: p50", ms(percentile(took, 50)), "ms", floor=at_most(40), note=note),
        Figure("webhook", f"{group}: p99", ms(percentile(took, 99)), "ms", floor=at_most(150)),
        Figure("webhook", f"{group}: slowest", ms(max(took, default=None)), "ms"),
        *_whole(ours, "webhook", group, sent),
        Figure(
            "webhook",
            f"{group}: processor time for each",
            ms(sum(spent.values()) / count),
            "ms",
            note=", ".join(f"{part} {seconds / count * 1000:.1f}" for part, seconds in spent.items()),
        ),
    ]


def burst(ours: Installation, sizes: Sizes) -> list[Figure]:
    """All at once: a thousand connections in the same moment."""
    sent = _send(ours, [0.0] * sizes.burst)
    took = [answer.took for answer in sent.values() if answer.status == 200]
    group = f"burst, {sizes.burst:,} texts at once"
    late = sum(1 for seconds in took if seconds > TWILIO_WAITS)
    return [
        Figure(
            "burst",
            f"{group}: slowest webhook",
            max(took, default=None),
            "s",
            floor=at_most(TWILIO_WAITS, f"<= {TWILIO_WAITS:.0f} (Twilio)"),
            note=f"{late} later than Twilio waits",
        ),
        *_whole(ours, "burst", group, sent),
    ]


def _send(ours: Installation, times: list[float]) -> dict[str, Answer]:
    """Text at these times, one phone after the other; returns when nothing is left to do."""
    bodies = texts.mixed(len(times))
    sent = ours.text_all(
        [(PHONES[n % len(PHONES)], body, at) for n, (body, at) in enumerate(zip(bodies, times, strict=True))]
    )
    try:
        ours.settle(PATIENCE)
    except AssertionError:
        print(f"  after {PATIENCE:.0f} s there was still work left: {ours.work_left()}", flush=True)
    # Their ladders would go on for ever beside what is measured next.
    ours.change("UPDATE escalations SET state = 'resolved', next_rung_at = NULL WHERE state = %(open)s", open="open")
    return sent


def _whole(ours: Installation, measure: str, group: str, sent: dict[str, Answer]) -> list[Figure]:
    """None lost: each answered with 200, stored once, and in the end replied to."""
    fates = ours.fates(list(sent))
    count = len(sent)
    accepted = sum(1 for answer in sent.values() if answer.status == 200)
    replied = [fate for fate in fates.values() if fate["at"]]
    left = sum(1 for fate in fates.values() if fate["state"] == "unanswered")
    begun = min((answer.due for answer in sent.values()), default=0.0)
    last = max((fate["at"][0] for fate in replied), default=begun) - begun
    return [
        Figure(measure, f"{group}: answered 200", accepted, floor=at_least(count)),
        Figure(measure, f"{group}: stored", len(fates), floor=at_least(count)),
        Figure(
            measure,
            f"{group}: replied to",
            len(replied),
            floor=at_least(count),
            note=f"{left} by the plain fallback, and shown to a worker",
        ),
        Figure(
            measure, f"{group}: until the last reply", last, "s", note=f"{count / last:.1f} turns/s" if last else ""
        ),
    ]
