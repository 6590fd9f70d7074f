"""At a shift's change: whoever comes on duty is told, once, the numbers of what is still open.

Promise: numbers and a link, no word of any case; nothing where nothing is open, and nothing to who was on duty before.
The shift's own row says that it is done, so a crash repeats or loses none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Agency, Worker
from api.database import transaction
from api.escalations import world
from api.escalations.models import Escalation, Shift
from api.escalations.rota import Rota, on_call
from api.messages import outbox
from api.settings import settings

#: Seconds between looks at whether a shift has begun.
LOOK_SECONDS = 15.0
#: A shift that began longer ago is no change any more: the worker process stood still, or it was put in afterwards.
CHANGED_WITHIN = timedelta(hours=2)
#: Whoever had duty so lately, and has not now, may have gone home with something acknowledged.
LATELY = timedelta(days=7)
#: So many numbers fit a text; the rest are counted.
MOST_NUMBERS = 8
BATCH = 200


def tell_incoming() -> int:
    """Tell everybody whose duty has just begun; returns how many were told."""
    with transaction() as session:
        now = clock.now()
        begun = session.scalars(
            select(Shift)
            .where(
                Shift.role == "duty",
                Shift.told_at.is_(None),
                Shift.starts_at <= now,
                Shift.starts_at > now - CHANGED_WITHIN,
                Shift.ends_at > now,
            )
            .order_by(Shift.starts_at, Shift.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        told = 0
        for agency_id in {shift.agency_id for shift in begun}:
            since = min(shift.starts_at for shift in begun if shift.agency_id == agency_id)
            told += _tell(session, session.get_one(Agency, agency_id), since, now)
        for shift in begun:
            shift.told_at = now
    return told


def _tell(session: Session, agency: Agency, since: datetime, now: datetime) -> int:
    rota = world.rota(session, agency.id, now - LATELY, now + timedelta(minutes=1))
    there = on_call(rota, "duty", now)
    before = {member.id for member in on_call(rota, "duty", since - timedelta(seconds=1))}
    incoming = [member for member in there if member.id not in before]
    if not incoming:
        return 0
    waiting, left = _open(session, agency, rota, now)
    if not waiting and not left:
        return 0
    language = texts.supported(agency.language)
    parts = [
        texts.render("changeover.open", language, numbers=_numbers(waiting, language)) if waiting else "",
        texts.render("changeover.left", language, numbers=_numbers(left, language)) if left else "",
    ]
    words = texts.render(
        "changeover.sms", language, what=" ".join(filter(None, parts)), link=f"{settings().base_url}/console"
    )
    told = 0
    for member in incoming:
        worker = session.get_one(Worker, member.id)
        if worker.phone:
            outbox.queue_to_worker(session, worker, words)
        elif settings().mails:
            outbox.queue_mail_to_worker(session, worker, texts.render("changeover.subject", language), words)
        else:
            continue
        told += 1
    return told


def _open(session: Session, agency: Agency, rota: Rota, now: datetime) -> tuple[list[int], list[int]]:
    """The numbers that wait for somebody, and those that somebody has on who had duty and is off it."""
    rows = session.execute(
        select(Escalation.id, Escalation.state, Escalation.acknowledged_by)
        .where(Escalation.agency_id == agency.id, Escalation.state != "resolved")
        .order_by(Escalation.id)
    ).all()
    on = {member.id for role in ("duty", "manager") for member in on_call(rota, role, now)}
    off = {turn.worker for turn in (*rota.shifts, *rota.covers) if turn.role == "duty" and turn.starts <= now} - on
    waiting = [row.id for row in rows if row.state == "open"]
    return waiting, [row.id for row in rows if row.state == "acknowledged" and row.acknowledged_by in off]


def _numbers(numbers: Sequence[int], language: str) -> str:
    said = ", ".join(str(number) for number in numbers[:MOST_NUMBERS])
    more = len(numbers) - MOST_NUMBERS
    return texts.render("changeover.more", language, numbers=said, n=more) if more > 0 else said
