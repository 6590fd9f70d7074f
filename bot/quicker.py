"""What a turn through Rasa need not do each time: Rasa's ways for conversations that go on, servers far away and graphs
that branch, replaced where ours is a single straight road. None changes what is understood or decided.

Why: DECISIONS, "What a turn need not do each time".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import aiohttp
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.utils.endpoints import EndpointConfig

import crashpoints

#: Seconds that an idle connection to the action server is kept: less than that server keeps it (Sanic: 5).
KEPT_OPEN = 3


class StraightRunner(DaskGraphRunner):
    """Runs the nodes one after the other in an order found once, where dask plans anew for every message."""

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """As the parent's: the outputs of ``targets`` (by default the schema's) by their names."""
        wanted = tuple(targets or self._graph_schema.target_names)
        given = {name: (name, value) for name, value in (inputs or {}).items()}
        for node, needs in self._order(wanted, frozenset(given)):
            given[node] = self._instantiated_nodes[node](*(given[name] for name in needs))
        return {name: given[name][1] for name in wanted}

    def _order(self, wanted: tuple[str, ...], given: frozenset[str]) -> list[tuple[str, tuple[str, ...]]]:
        """Each node that is wanted or needed, after what it needs. Raises KeyError for what nobody gives."""
        known: dict[Any, list[tuple[str, tuple[str, ...]]]] = self.__dict__.setdefault("_orders", {})
        if (wanted, given) not in known:
            found: dict[str, tuple[str, ...]] = {}

            def visit(name: str) -> Iterator[str]:
                if name in given or name in found:
                    return
                needs = tuple(self._graph_schema.nodes[name].needs.values())
                for need in needs:
                    yield from visit(need)
                found[name] = needs
                yield name

            for name in wanted:
                list(visit(name))
            known[wanted, given] = list(found.items())
        return known[wanted, given]


class KeptOpen(EndpointConfig):
    """The action server's address; connections to it are used again (Rasa opens one for every call)."""

    _session: aiohttp.ClientSession | None = None

    def session(self) -> Any:
        """An async context that gives the one session and leaves it open."""
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(keepalive_timeout=KEPT_OPEN)
            self._session = aiohttp.ClientSession(headers=self.headers, connector=connector)
        return _Lent(self._session)


class _Lent:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __aenter__(self) -> aiohttp.ClientSession:
        crashpoints.point("rasa.before_action")
        return self._session

    async def __aexit__(self, *_: object) -> None:
        crashpoints.point("rasa.after_action")


def check_answers_once() -> None:
    """Make the validator of an action's answer once: Rasa checks the schema itself again on every call (19 ms)."""
    from jsonschema.validators import validator_for
    from rasa.core.actions.action import RemoteAction

    schema = RemoteAction.action_response_format_spec()
    check = validator_for(schema)(schema)

    def validate(_: object, result: dict[str, object]) -> bool:
        check.validate(result)
        return True

    RemoteAction._validate_action_result = validate


def apply() -> None:
    """Put them in place, before a model is loaded."""
    import rasa.core.processor

    check_answers_once()
    rasa.core.processor.DaskGraphRunner = StraightRunner
    # It would warn a developer of intents missing in the domain, building an empty domain to compare with each time;
    # tests/bot checks ours once.
    rasa.core.processor.MessageProcessor._check_for_unseen_features = lambda *_: None
