"""The tick that delivers events: claims what is due, commits, sends, and keeps how it went.

A slow receiver holds its own thread only; families' messages go another way (api.messages) and never wait for this.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from api import clock
from api.database import transaction
from api.settings import settings
from api.webhooks import sending, service

BATCH = 40
AT_ONCE = 8


def deliver_webhooks() -> int:
    """Try everything that is due; returns how many tries were made."""
    done = 0
    while True:
        with transaction() as session:
            tries = service.claim(session, clock.now(), BATCH)
        if tries:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(_try, tries))
        done += len(tries)
        if len(tries) < BATCH:
            return done


def _try(one: service.Try) -> None:
    problem = sending.post(one.url, one.headers, one.body, private=settings().webhooks_private)
    with transaction() as session:
        service.settle(session, one.event_id, problem)
