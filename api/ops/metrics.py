"""``/metrics`` for Prometheus: ages, counts of queues and deliveries, warnings. Whole installation; nobody in it.

How many families, escalations or people there are is left out on purpose: in a small agency such a count is somebody.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from api import clock
from api.database import reading
from api.ops.queries import measure
from api.ops.watch import NAMES, State, warnings


class _Of(Collector):
    def __init__(self, state: State) -> None:
        self.state = state

    def collect(self) -> Iterator[GaugeMetricFamily]:
        state = self.state
        waiting = GaugeMetricFamily("hearthline_waiting", "What is due and not done yet.", labels=["queue"])
        oldest = GaugeMetricFamily(
            "hearthline_oldest_wait_seconds", "How long the oldest of these has been due.", labels=["queue"]
        )
        for queue, count, age in (
            ("turns", state.turns, state.oldest_turn),
            ("deliveries", state.deliveries, state.oldest_delivery),
            ("ladder", state.rungs, state.oldest_rung),
            ("takeovers", state.takeovers, state.oldest_takeover),
            ("calls", state.calls, state.oldest_call),
            ("held", state.held, state.oldest_held),
            ("reminders", state.reminders, state.oldest_reminder),
        ):
            waiting.add_metric([queue], count)
            oldest.add_metric([queue], age.total_seconds())
        texts = GaugeMetricFamily(
            "hearthline_deliveries_last_hour", "Texts of the last hour, by what became of them.", labels=["result"]
        )
        texts.add_metric(["reached"], state.last_hour.reached)
        texts.add_metric(["failed"], state.last_hour.failed)
        warned = GaugeMetricFamily("hearthline_warning", "1 while this warning stands.", labels=["name"])
        standing = {warning.name for warning in warnings(state)}
        for name in NAMES:
            warned.add_metric([name], float(name in standing))
        yield from (waiting, oldest, texts, warned)
        if state.balance is not None:
            yield GaugeMetricFamily(
                "hearthline_twilio_balance", "In the account's currency, as last told.", value=state.balance
            )
        yield GaugeMetricFamily("hearthline_workers_alive", "Worker processes that beat.", value=state.workers)


def exposition() -> bytes:
    """The metrics as Prometheus reads them."""
    with reading() as session:
        state = measure(session, clock.now())
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Of(state))
    return generate_latest(registry)
