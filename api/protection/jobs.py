"""The hourly look for what is old enough to be removed (data/retention.yaml)."""

from __future__ import annotations

import logging

from api.protection import retention

log = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0


def remove_old() -> dict[str, int]:
    """Remove it, and say how much of what."""
    gone = retention.clear()
    for kind, count in gone.items():
        log.info("retention: %d of %s removed", count, kind)
    return gone
