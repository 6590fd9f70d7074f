"""At a shift's change: whoever comes on duty, by a shift or by a cover, is told, once, the numbers of what is open.

Promise: numbers and a link, no word of any case; nothing where nothing is open, and nothing to who was on duty before.
The shift's or cover's own row says that it is done, so a crash repeats or loses none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Agency, Worker
from api.database import transaction
from api.escalations import world
from api.escalations.models import Escalation, RotaChange, Shift
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

Duty = TypeVar("Duty", Shift, RotaChange)


def tell_incoming() -> int:
    """Tell everybody whose duty has just begun; returns how many were told."""
    with transaction() as session:
        # One at a time: a shift and a cover that begin together are one change, and who comes on is told of it once.
        if not session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('hearthline.changeover'))")):
            return 0
        now = clock.now()
        begun: list[Shift | RotaChange] = [*_begun(session, Shift, now), *_begun(session, RotaChange, now)]
        told = 0
        for agency_id in {one.agency_id for one in begun}:
            since = min(one.starts_at for one in begun if one.agency_id == agency_id)
            told += _tell(session, session.get_one(Agency, agency_id), since, now)
        for one in begun:
            one.told_at = now
    return told


def _begun(session: Session, table: type[Duty], now: datetime) -> Sequence[Duty]:
    """Of which nobody has been told; a leave has no role, and is none of these."""
    found = select(table).where(
        table.role == "duty",
        table.told_at.is_(None),
        table.starts_at <= now,
        table.starts_at > now - CHANGED_WITHIN,
        table.ends_at > now,
    )
    if table is RotaChange:
        found = found.where(RotaChange.cancelled_at.is_(None))
    return session.scalars(found.order_by(table.starts_at, table.id).limit(BATCH).with_for_update()).all()


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
        # By text and by e-mail: it is said once, and nobody looks whether the text came.
        if worker.phone:
            outbox.queue_to_worker(session, worker, words)
        if settings().mails:
            outbox.queue_mail_to_worker(session, worker, texts.render("changeover.subject", language), words)
        told += bool(worker.phone or settings().mails)
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
