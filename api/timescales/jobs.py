"""The clocks' tick: works out the dates of families that have none yet, or whose jurisdiction's rules have changed."""

from __future__ import annotations

from api.database import transaction
from api.jurisdiction import packs
from api.timescales import queries, service

BATCH = 50
#: How often it looks. Whatever is recorded is worked out at once; this is for new rules and new families.
EVERY_SECONDS = 30.0


def work_out_dates() -> int:
    """Work out what is stale; returns for how many families. Each batch is one transaction."""
    done = 0
    for name in packs.names():
        while True:
            with transaction() as session:
                families = queries.stale(session, name, packs.pack(name).rules, BATCH)
                for family_id in families:
                    service.refresh(session, family_id)
            done += len(families)
            if len(families) < BATCH:
                break
    return done
