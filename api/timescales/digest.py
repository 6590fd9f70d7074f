"""Warning ahead: one message a worker and day at most, with how many dates have come near and how many are late,
and of how many contingencies the day comes near or has passed.

The family's own worker hears of both, a manager of what is late; only where something is new since the last message,
and only while they work. It has numbers and no word of a case. Nothing here commits.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session

from api import texts
from api.access.models import Agency, Worker
from api.appointments.proposals import Working
from api.families.models import Family, FamilyWorker
from api.jurisdiction.packs import pack
from api.messages import outbox
from api.plans import contingency_dates
from api.timescales.models import Deadline

#: Few, as each one's families are looked through while they are held.
BATCH = 20


@dataclass(frozen=True)
class Counts:
    """How many dates are near, how many late, how many contingencies (``steps``) near or passed since the last message,
    and how many of all the worker has not been told of."""

    near: int
    late: int
    steps: int
    new: int


def warn(session: Session, agency: Agency, now: datetime) -> int:
    """Look after a batch of the agency's workers who work now and whose day it has not been yet; how many there were.
    Whoever looks at the same time takes others."""
    zone = ZoneInfo(agency.timezone)
    local = now.astimezone(zone)
    today = local.date()
    workers = session.scalars(
        select(Worker)
        .where(
            Worker.agency_id == agency.id,
            Worker.active,
            or_(Worker.dates_told_on.is_(None), Worker.dates_told_on < today),
            Worker.works_on.contains(str(today.isoweekday())),
            Worker.works_from <= local.time().replace(tzinfo=None),
            Worker.works_until > local.time().replace(tzinfo=None),
        )
        .order_by(Worker.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True, key_share=True)  # alarms and messages that name a worker wait for nobody
    ).all()
    for worker in workers:
        hours = Working(
            worker.works_from, worker.works_until, worker.works_on, zone, pack(agency.jurisdiction).calendar
        )
        if hours.on(today) is not None:  # no bank holiday
            _tell(session, worker, agency, today, now)
        worker.dates_told_on = today
    session.flush()
    return len(workers)


def _tell(session: Session, worker: Worker, agency: Agency, today: date, now: datetime) -> None:
    found = counts(session, worker, today)
    if not found.new:
        return
    session.execute(
        update(Deadline)
        .where(_led_by(worker), *_open(today), Deadline.warned_at.is_(None))
        .values(warned_at=now)
        .execution_options(synchronize_session=False)
    )
    language = texts.supported(agency.language)
    said = [
        texts.render(f"timescales.told.{what}", language, n=n)
        for what, n in (("near", found.near), ("late", found.late), ("steps", found.steps))
        if n
    ]
    words = texts.render("timescales.told", language, counts=" ".join(said))
    outbox.queue_news(session, worker, texts.render("timescales.told.subject", language), words)


def counts(session: Session, worker: Worker, today: date) -> Counts:
    """What this worker is to be told of: their own families' dates; to a manager, all that are late."""
    since = worker.dates_told_on
    became_late = Deadline.due_on < today if since is None else and_(Deadline.due_on < today, Deadline.due_on >= since)
    whose: ColumnElement[bool] = _led_by(worker)
    fresh: ColumnElement[bool] = and_(whose, Deadline.warned_at.is_(None))
    near: ColumnElement[bool] = and_(whose, Deadline.due_on >= today)
    if worker.role == "manager":
        families = select(Family.id).where(Family.agency_id == worker.agency_id)
        whose = or_(whose, and_(Deadline.due_on < today, Deadline.family_id.in_(families)))
    row = session.execute(
        select(
            func.count().filter(near),
            func.count().filter(Deadline.due_on < today),
            func.count().filter(or_(fresh, became_late)),
        ).where(whose, *_open(today))
    ).one()
    steps = session.execute(contingency_dates.counting(_led(worker), today, since)).one()
    return Counts(row[0], row[1], steps[0], row[2] + steps[1])


def _open(today: date) -> tuple[ColumnElement[bool], ...]:
    return Deadline.done_on.is_(None), or_(Deadline.warn_on <= today, Deadline.due_on < today)


def _led_by(worker: Worker) -> ColumnElement[bool]:
    return Deadline.family_id.in_(_led(worker))


def _led(worker: Worker) -> Select[uuid.UUID]:
    return select(FamilyWorker.family_id).filter_by(worker_id=worker.id, lead=True)
