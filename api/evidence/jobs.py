"""The hourly look for files that nothing stands for."""

from __future__ import annotations

import logging

from api.evidence import store

log = logging.getLogger(__name__)

SWEEP_SECONDS = 3600.0


def sweep_files() -> int:
    """Remove or set aside what a crash left, and say how much."""
    gone = store.sweep()
    if gone:
        log.info("evidence: %d files that nothing stood for were removed or set aside", gone)
    return gone
