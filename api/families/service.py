"""A family itself: a new one, what it is called, who works with it, and telling workers that this has changed.

Promises: a family has one lead worker at most; who worked with it and does no more sees it no more, gives back the
conversations they had taken over, and is told, as is who works with it now. Nothing here commits.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.access.reach import AGENCY_WIDE, GIVES_FAMILIES
from api.audit import service as audit
from api.families.models import AssignmentNews, Family, FamilyWorker
from api.messages import service as messages

#: What stands in place of a reference of the agency's own.
MADE_HERE = "console-"


class ReferenceTaken(ValueError):
    """Another family of the agency has this reference."""


class NoSuchWorker(ValueError):
    """Nobody who works for the agency now."""


@dataclass(frozen=True)
class News:
    """A family that this worker was given, or that was taken from them."""

    id: uuid.UUID
    what: str
    family_id: uuid.UUID
    family: str
    #: "" for an import.
    by: str
    at: datetime


def found(session: Session, by: Worker, name: str, reference: str, lead: uuid.UUID | None) -> Family:
    """A new family of this agency, and whose it is (nobody's yet where ``lead`` is None: whoever sees only their own
    may not leave it so). Raises ReferenceTaken, NoSuchWorker."""
    if lead is None and by.role not in GIVES_FAMILIES:
        raise NoSuchWorker
    leads = colleague(session, by.agency_id, lead) if lead is not None else None
    family = Family(agency_id=by.agency_id, external_id=reference or f"{MADE_HERE}{uuid.uuid4()}", name=name)
    _keep(session, family)
    _record(session, family, by, "added_family", {"lead": str(lead or ""), "reference": bool(reference)})
    if leads is not None:
        assign(session, family.id, {leads.id}, leads.id, by)
        _tell(session, family, leads.id, "given", by)
    return family


def rename(session: Session, family: Family, by: Worker, name: str, reference: str) -> None:
    """What workers call the family, and its reference in the agency's own system ("" leaves that as it is). Raises
    ReferenceTaken."""
    wanted = {"name": name, "external_id": reference or family.external_id}
    changed = sorted(key for key, value in wanted.items() if getattr(family, key) != value)
    if changed:
        family.name, family.external_id = wanted["name"], wanted["external_id"]
        _keep(session, family)
        _record(session, family, by, "changed_family", {"fields": changed})


def reference_of(family: Family) -> str:
    """The family's reference in the agency's own system; "" where it has none."""
    return "" if family.external_id.startswith(MADE_HERE) else family.external_id


def hand_over(session: Session, family: Family, by: Worker, to: uuid.UUID) -> None:
    """Another worker leads the family from now on, and who led it works with it no more. Raises NoSuchWorker."""
    new = colleague(session, by.agency_id, to)
    session.refresh(family, with_for_update=True)  # of two at once the second sees what the first did
    working = {one.worker_id: one.lead for one in session.scalars(select(FamilyWorker).filter_by(family_id=family.id))}
    old = next((worker_id for worker_id, lead in working.items() if lead), None)
    if old == new.id:
        return
    assign(session, family.id, (set(working) - {old}) | {new.id}, new.id, by)
    _record(session, family, by, "handed_over_family", {"to": str(new.id), "from": str(old or "")})
    _tell(session, family, new.id, "given", by)
    if old is not None:
        messages.hand_back_all(session, old, by, family.id)
        _tell(session, family, old, "taken", by)


def take_off(session: Session, family: Family, by: Worker, worker_id: uuid.UUID) -> None:
    """Somebody who does not lead the family works with it no more. Whoever leads it hands it over instead."""
    session.refresh(family, with_for_update=True)
    row = session.scalar(select(FamilyWorker).filter_by(family_id=family.id, worker_id=worker_id, lead=False))
    if row is None:  # somebody was quicker
        return
    session.delete(row)
    session.flush()
    _record(session, family, by, "took_off_family", {"worker": str(worker_id)})
    messages.hand_back_all(session, worker_id, by, family.id)
    _tell(session, family, worker_id, "taken", by)


def assign(
    session: Session,
    family_id: uuid.UUID,
    wanted: Collection[uuid.UUID],
    lead: uuid.UUID | None,
    by: Worker | None,
) -> None:
    """Exactly these workers see the family; the lead is one of them. Who sees it no more gives back what they had taken
    over there. ``by`` is None for an import."""
    existing = {
        assigned.worker_id: assigned
        for assigned in session.scalars(select(FamilyWorker).where(FamilyWorker.family_id == family_id))
    }
    for worker_id, assigned in existing.items():
        if worker_id not in wanted:
            session.delete(assigned)
            if session.get_one(Worker, worker_id).role not in AGENCY_WIDE:
                messages.hand_back_all(session, worker_id, by, family_id)
        elif worker_id != lead:
            assigned.lead = False
    session.flush()  # one lead a family: the old one goes before the new one comes
    for worker_id in wanted:
        if worker_id in existing:
            existing[worker_id].lead = worker_id == lead
        else:
            session.add(FamilyWorker(family_id=family_id, worker_id=worker_id, lead=worker_id == lead))
    session.flush()


def assign_by_file(session: Session, family: Family, wanted: Collection[uuid.UUID], lead: uuid.UUID | None) -> None:
    """The same for a family that was here before: who leads it because of a file, and whom the file takes off, are
    told as if a colleague had done it (it may undo what one did)."""
    before = {one.worker_id: one.lead for one in session.scalars(select(FamilyWorker).filter_by(family_id=family.id))}
    assign(session, family.id, wanted, lead, None)
    if lead is not None and not before.get(lead):
        _tell(session, family, lead, "given", None)
    for worker_id in before.keys() - set(wanted):
        _tell(session, family, worker_id, "taken", None)


def colleague(session: Session, agency_id: uuid.UUID, worker_id: uuid.UUID) -> Worker:
    """Somebody who works for the agency now. Raises NoSuchWorker."""
    one = session.scalar(select(Worker).filter_by(id=worker_id, agency_id=agency_id, active=True))
    if one is None:
        raise NoSuchWorker
    return one


def news(session: Session, worker_id: uuid.UUID) -> list[News]:
    """What the worker has not said yet that they have seen, the oldest first."""
    rows = session.execute(
        select(AssignmentNews, Family.name, Worker.name)
        .join(Family, Family.id == AssignmentNews.family_id)
        .outerjoin(Worker, Worker.id == AssignmentNews.by_id)
        .where(AssignmentNews.worker_id == worker_id, AssignmentNews.seen_at.is_(None))
        .order_by(AssignmentNews.at)
    ).all()
    return [News(one.id, one.what, one.family_id, family, by or "", one.at) for one, family, by in rows]


def counting_news(worker_id: uuid.UUID) -> Select[int]:
    """How many of those there are, to ask the database."""
    unseen = AssignmentNews.worker_id == worker_id, AssignmentNews.seen_at.is_(None)
    return select(func.count()).select_from(AssignmentNews).where(*unseen)


def mark_seen(session: Session, worker_id: uuid.UUID, which: Sequence[uuid.UUID], now: datetime) -> None:
    """The worker has seen these of theirs; others' stay as they are."""
    session.execute(
        update(AssignmentNews)
        .where(AssignmentNews.worker_id == worker_id, AssignmentNews.id.in_(which), AssignmentNews.seen_at.is_(None))
        .values(seen_at=now)
    )


def _keep(session: Session, family: Family) -> None:
    try:
        with session.begin_nested():
            session.add(family)
            session.flush()
    except IntegrityError:
        raise ReferenceTaken from None


def _tell(session: Session, family: Family, worker_id: uuid.UUID, what: str, by: Worker | None) -> None:
    """A note on the worker's page; nobody is told of what they did themself."""
    by_id = by.id if by else None
    if worker_id != by_id:
        session.add(AssignmentNews(family_id=family.id, worker_id=worker_id, what=what, by_id=by_id, at=clock.now()))


def _record(session: Session, family: Family, by: Worker, verb: str, detail: dict[str, object]) -> None:
    audit.record_change(
        session, actor_kind="worker", actor_id=by.id, verb=verb, family_id=family.id, agency_id=family.agency_id,
        object_id=family.id, detail=detail,
    )  # fmt: skip
