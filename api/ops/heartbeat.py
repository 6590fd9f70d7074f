"""The dead-man's watch: the worker process tells an outside watcher that it lives, as long as work is being done.

Silence is the alarm: a worker that died, a machine without power and a queue that stands still all look the same to
the watcher, which then wakes a human. Nothing is sent but a GET of the configured address. What is wrong,
administrators are told besides (``api.ops.telling``), also what is no reason to be silent.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import httpx

from api import clock
from api.database import reading, transaction
from api.ops import telling
from api.ops.health import beside
from api.ops.queries import measure
from api.ops.watch import State, Warning, warnings
from api.settings import settings

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0


def beat() -> list[Warning]:
    """Look, log what is wrong (names only), and ping unless families may be waiting for nothing."""
    with reading() as session:
        state = measure(session, clock.now())
    found = warnings(state)
    for warning in found:
        log.error("watch: %s", warning.name)
    if settings().heartbeat_url and not any(warning.stops for warning in found):
        try:
            httpx.get(settings().heartbeat_url, timeout=TIMEOUT_SECONDS).raise_for_status()
        except httpx.HTTPError as error:  # its message would have the address, which is a secret
            log.error("watch: the heartbeat did not get through (%s)", type(error).__name__)
    _tell(state)
    return found


def _tell(state: State) -> None:
    """The parts beside us are looked at too, and administrators hear what is new, whatever the heartbeat did."""
    down = tuple(name for name, how in beside().items() if how != "ok")
    standing = warnings(replace(state, down=down))
    for warning in standing:
        if warning.name.removesuffix("_down") in down:
            log.error("watch: %s", warning.name)
    with transaction() as session:
        telling.tell(session, [warning.name for warning in standing], clock.now())
