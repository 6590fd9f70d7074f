"""Administrators are told of a warning when it is new: by text and by e-mail, once for each time that it stands.

Promise: no storm. It must have stood a little while; what comes and goes is told of once in some hours; all that is
new at one look is one message. Names of parts and queues only: nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api import texts
from api.access.models import Agency, Worker
from api.messages import outbox
from api.ops.models import StandingWarning
from api.settings import settings

#: A process that is started anew is gone for a moment; a part for some minutes (a new model).
STANDS = timedelta(minutes=1)
PART_STANDS = timedelta(minutes=5)
#: The same warning is told of again only after so long.
FLOOR = timedelta(hours=6)
#: One that was not seen for so long, because nobody looked, begins anew.
LAPSES = timedelta(hours=1)


def tell(session: Session, names: Sequence[str], now: datetime) -> list[str]:
    """Keep which warnings stand now, and queue what administrators have to hear; returns what they are told of. Several
    processes may do so at once."""
    keep = update(StandingWarning).execution_options(synchronize_session=False)
    session.execute(
        keep.where(StandingWarning.name.not_in(names), StandingWarning.ended_at.is_(None)).values(ended_at=now)
    )
    if not names:
        return []
    rows = [{"name": name, "since": now, "seen_at": now} for name in names]
    session.execute(insert(StandingWarning).values(rows).on_conflict_do_nothing())
    standing = session.scalars(
        select(StandingWarning).where(StandingWarning.name.in_(names)).order_by(StandingWarning.name).with_for_update()
    ).all()
    new = []
    for row in standing:
        if row.ended_at is not None or row.seen_at < now - LAPSES:
            row.since, row.ended_at = now, None
        row.seen_at = now
        stood = now - row.since >= (PART_STANDS if row.name.endswith("_down") else STANDS)
        told = row.told_at is not None and (row.told_at >= row.since or row.told_at > now - FLOOR)
        if stood and not told:
            row.told_at = now
            new.append(row.name)
    if new:
        _queue(session, [name for name in names if name in new])
    session.flush()
    return new


def _queue(session: Session, names: Sequence[str]) -> None:
    people = select(Worker, Agency).join(Agency).where(Worker.role == "administrator", Worker.active)
    for worker, agency in session.execute(people.order_by(Worker.id)):
        language = texts.supported(worker.language or agency.language)
        said = [texts.render(f"ops.warning.{name}", language) for name in names]
        link = f"{settings().base_url}/console/status"
        if worker.phone:
            more = texts.render("ops.told.others", language, n=len(said) - 1) if len(said) > 1 else ""
            words = " ".join(filter(None, (said[0], more)))
            outbox.queue_to_worker(session, worker, texts.render("ops.told.sms", language, what=words, link=link))
        if settings().mails:
            subject = texts.render("ops.told.subject", language)
            body = texts.render("ops.told.mail", language, what="\n".join(f"- {one}" for one in said), link=link)
            outbox.queue_mail_to_worker(session, worker, subject, body)
