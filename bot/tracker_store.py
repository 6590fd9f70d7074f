"""Where Rasa keeps conversations: nowhere. Only the turns under way are in memory, and each is forgotten at once.

Every turn comes with a sender id of its own (what must outlive a turn is in the API's database), so nothing here is
ever read again. Promise: no family's words are kept by Rasa, on disk or in memory, beyond the last few turns.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker


class TurnsUnderWay(TrackerStore):
    """At most ``turns`` trackers (endpoints.yml), the oldest forgotten first; Rasa saves one at its turn's end."""

    def __init__(
        self,
        domain: Domain | None,
        host: str | None = None,
        event_broker: EventBroker | None = None,
        turns: int = 64,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker)
        self._turns = int(turns)
        self._under_way: OrderedDict[str, DialogueStateTracker] = OrderedDict()

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep the tracker until enough newer turns have begun."""
        self._under_way[tracker.sender_id] = tracker
        self._under_way.move_to_end(tracker.sender_id)
        while len(self._under_way) > self._turns:
            self._under_way.popitem(last=False)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker of a turn under way, or None."""
        return self._under_way.get(sender_id)

    async def keys(self) -> list[str]:
        return list(self._under_way)
