"""Asks Twilio every ten minutes whether it still takes our credentials, and how much money is left; every two while it
is not well.

One worker process asks for all: the row's ``due_at`` is moved on and committed before the call. In demo mode nobody
is asked.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert

from api import clock
from api.channels.twilio import account
from api.database import transaction
from api.ops.models import ProviderCheck
from api.settings import settings

EVERY = timedelta(minutes=10)
#: While it is not well: who mends it sees that soon, and one that did not answer once is no warning.
AGAIN = timedelta(minutes=2)
#: Seconds between looks at whether it is time.
LOOK_SECONDS = 15.0
TWILIO = "twilio"


def watch_twilio() -> bool:
    """Ask if it is time; did we?"""
    if settings().demo:
        return False
    now = clock.now()
    with transaction() as session:
        session.execute(insert(ProviderCheck).values(name=TWILIO, due_at=now).on_conflict_do_nothing())
        row = session.get_one(ProviderCheck, TWILIO, with_for_update=True)
        if row.due_at > now:
            return False
        row.due_at = now + EVERY
    found = account.look()
    with transaction() as session:
        row = session.get_one(ProviderCheck, TWILIO, with_for_update=True)
        if found.state != row.state or row.state_since is None:
            row.state_since = clock.now()
        row.checked_at, row.state = clock.now(), found.state
        if found.state == "ok":  # else what was last known stands
            row.balance, row.currency = found.balance, found.currency
        else:
            row.due_at = now + AGAIN
    return True
