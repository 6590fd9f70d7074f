"""The tick of what people want said: asks before meetings, and looks after what was begun and not finished."""

from __future__ import annotations

from api import clock
from api.database import transaction
from api.settings import settings
from api.views import asking

#: How often it looks; what it asks about is days away.
EVERY_SECONDS = 60.0


def ask_for_views() -> int:
    """Ask whoever is to be asked; returns how many were looked after. Each batch is one transaction."""
    done = 0
    for look in (asking.look_after, *((asking.invite,) if settings().ask_for_views else ())):
        while True:
            with transaction() as session:
                batch = look(session, clock.now())
            done += batch
            if batch < asking.BATCH:
                break
    return done
