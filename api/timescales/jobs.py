"""The clocks' tick: works out the dates of families that have none yet, or whose jurisdiction's rules have changed, and
tells workers once a day that dates come near or are late."""

from __future__ import annotations

from sqlalchemy import select

from api import clock
from api.access.models import Agency
from api.database import reading, transaction
from api.jurisdiction import packs
from api.messages.jobs import RUSH
from api.settings import settings
from api.timescales import digest, queries, service

BATCH = 50
#: How often it looks. Whatever is recorded is worked out at once; this is for new rules and new families.
EVERY_SECONDS = 30.0


def work_out_dates() -> int:
    """Work out what is stale; returns for how many families. Each batch is one transaction.

    After an import or an upgrade that may be every family there is: it leaves off while a rush of reminders is put into
    the outbox, and goes on at its next look.
    """
    done = 0
    for name in packs.names():
        while not RUSH.is_set():
            with transaction() as session:
                families = queries.stale(session, name, packs.pack(name).rules, BATCH)
                for family_id in families:
                    service.refresh(session, family_id)
            done += len(families)
            if len(families) < BATCH:
                break
    return done


def warn_of_dates() -> int:
    """Tell workers whose day has begun; returns how many were looked after. Each batch is one transaction."""
    if not settings().date_messages:
        return 0
    done = 0
    with reading() as session:
        agencies = session.scalars(select(Agency.id)).all()
    for agency_id in agencies:
        while True:
            with transaction() as session:
                told = digest.warn(session, session.get_one(Agency, agency_id), clock.now())
            done += told
            if told < digest.BATCH:
                break
    return done
