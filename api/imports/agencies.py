"""Writing agencies, workers and the on-call rota."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from api.access import staff
from api.access.models import Agency, Worker
from api.access.service import hash_password
from api.escalations.models import Shift
from api.imports import dates
from api.imports.schemas import AgencyIn, ShiftIn, WorkerIn
from api.imports.writer import Writer


def write_agencies(writer: Writer, given: Sequence[AgencyIn]) -> dict[str, Agency]:
    """Write them; returns all agencies there are, by external id."""
    known = {agency.external_id: agency for agency in writer.session.scalars(select(Agency))}
    for agency in given:
        known[agency.id] = writer.put(
            "agencies",
            known.get(agency.id),
            Agency,
            external_id=agency.id,
            name=agency.name,
            jurisdiction=agency.jurisdiction,
            timezone=agency.timezone,
            phone=agency.phone or "",
            language=agency.language,
        )
    writer.session.flush()
    return known


def write_workers(
    writer: Writer, given: Sequence[WorkerIn], agencies: dict[str, Agency]
) -> dict[tuple[str, str], Worker]:
    """Write them and their shifts; returns all workers there are, by (agency, worker) external ids."""
    keys = {agency.id: key for key, agency in agencies.items()}
    known = {(keys[worker.agency_id], worker.external_id): worker for worker in writer.session.scalars(select(Worker))}
    _refuse_taken(writer, given, known)
    writer.settle()
    for i, worker in enumerate(given):
        agency = agencies[worker.agency]
        existing = known.get((worker.agency, worker.id))
        was = staff.Standing.of(existing) if existing is not None else None
        role: str = worker.role
        if existing is not None and existing.role_by_hand and existing.role != role:
            role = existing.role
            writer.note(("workers", i, "role"), f"was changed here ({role}) and stays so; change it in the console")
        row = known[worker.agency, worker.id] = writer.put(
            "workers",
            existing,
            Worker,
            agency_id=agency.id,
            external_id=worker.id,
            name=worker.name,
            email=worker.email,
            phone=worker.phone,
            role=role,
            **{name: value for name in ("active", "team") if (value := getattr(worker, name)) is not None},
        )
        # Only a first password: one that the worker has chosen since is theirs.
        if worker.password and not row.password_hash:
            row.password_hash = hash_password(worker.password)
        writer.session.flush()
        if was is not None:
            staff.settle(writer.session, row, was, None)
        if worker.shifts is not None:
            _write_shifts(writer, row, agency, worker.shifts)
    return known


def _refuse_taken(writer: Writer, given: Sequence[WorkerIn], known: dict[tuple[str, str], Worker]) -> None:
    in_file = {(worker.agency, worker.id) for worker in given}
    emails = {worker.email: key for key, worker in known.items() if key not in in_file}
    phones = {worker.phone: key for key, worker in known.items() if worker.phone and key not in in_file}
    for i, worker in enumerate(given):
        if worker.email in emails:
            writer.refuse(("workers", i, "email"), "is another worker's here; each worker needs their own")
        if worker.phone in phones:
            writer.refuse(("workers", i, "phone"), "is another worker's here; each worker needs their own")


def _write_shifts(writer: Writer, worker: Worker, agency: Agency, given: Sequence[ShiftIn]) -> None:
    """The rota from now on becomes what the file says; shifts that are over stay as they were."""
    wanted = {key for shift in given for key in _repeated(shift, writer.now, ZoneInfo(agency.timezone))}
    coming = select(Shift).where(Shift.worker_id == worker.id, Shift.agency_id == agency.id, Shift.ends_at > writer.now)
    for row in writer.session.scalars(coming):
        key = (row.role, row.starts_at.astimezone(UTC), row.ends_at.astimezone(UTC))
        if key in wanted:
            wanted.discard(key)
            writer.report.unchanged["shifts"] += 1
        else:
            writer.session.delete(row)
    for role, starts_at, ends_at in sorted(wanted):
        if ends_at > writer.now:
            writer.put(
                "shifts",
                None,
                Shift,
                agency_id=agency.id,
                worker_id=worker.id,
                role=role,
                starts_at=starts_at,
                ends_at=ends_at,
            )


def _repeated(shift: ShiftIn, now: datetime, zone: ZoneInfo) -> list[tuple[str, datetime, datetime]]:
    """Each day's shift at the same local times, whatever the clocks do."""
    first, last = (dates.moment(words, now, zone).astimezone(zone) for words in (shift.starts, shift.ends))
    days = [timedelta(days=n) for n in range(shift.repeat_days)]
    moments = [
        (
            shift.role,
            dates.at(first.date() + day, first.time(), zone),
            dates.at(last.date() + day, last.time(), zone),
        )
        for day in days
    ]
    return [moment for moment in moments if moment[2] > moment[1]]
