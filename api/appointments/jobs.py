"""The series' tick: writes the appointments of every series that goes on as far ahead as they should stand."""

from __future__ import annotations

from api import clock
from api.appointments import series
from api.database import transaction

BATCH = 50
#: How often it looks; a series is written once a day.
EVERY_SECONDS = 60.0


def write_series() -> int:
    """Write what is missing; returns how many appointments. Each batch is one transaction."""
    made = 0
    while True:
        with transaction() as session:
            found = series.stale(session, clock.now().date(), BATCH)
            for one in found:
                made += series.write_ahead(session, one, today=clock.now().date())
        if len(found) < BATCH:
            return made
