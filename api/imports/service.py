"""``hearthline import FILE`` and ``hearthline services import FILE``.

Promise: a file is validated whole before anything is written, every problem is told at once, and it is taken whole or
not at all, in one transaction. The same file twice changes nothing.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from api import clock, database
from api.access.models import Agency, Worker
from api.audit import service as audit
from api.imports import agencies, checks, families, from_csv, hsds, sheets
from api.imports.checks import Known
from api.imports.problems import Problem, problems_of
from api.imports.report import ImportProblems, Report
from api.imports.schemas import ImportFile
from api.imports.writer import Refused, Writer
from api.settings import settings

__all__ = ["ImportProblems", "Report", "import_file", "import_paths", "import_services", "import_tables"]

#: Two imports at once would race for the same ids; any fixed number does for PostgreSQL's advisory lock.
_ONE_AT_A_TIME = 4_711_001
_SERIALIZATION = "40001"
_CHANGED_MEANWHILE = "something in the database changed while this was being imported; try again"


def import_paths(paths: Sequence[Path], *, check_only: bool = False, ask_first: bool = False) -> Report:
    """Import one JSON file, one archive of ``hearthline export-agency``, or CSV tables (a folder: all in it) as one.
    ``ask_first``: as if the file said so.

    Returns and raises as ``import_file``.
    """
    report = Report(checked_only=check_only)
    files = [one for path in paths for one in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]
    tables = [path for path in files if path.suffix.casefold() in (".csv", ".txt", ".tsv")]
    if not files:
        report.problems.append(Problem(path="", message="there is no CSV file in this folder"))
        raise ImportProblems(report)
    if tables:
        if len(tables) < len(files):
            report.problems.append(Problem(path="", message="import JSON and CSV one after the other, JSON first"))
            raise ImportProblems(report)
        return import_tables(tables, check_only=check_only, ask_first=ask_first)
    if len(files) > 1:
        report.problems.append(Problem(path="", message="give one JSON file at a time"))
        raise ImportProblems(report)
    return import_file(files[0], check_only=check_only, ask_first=ask_first)


def import_file(path: Path | str, *, check_only: bool = False, ask_first: bool = False) -> Report:
    """Import agencies, workers and families from a JSON file (data/demo/README.md has the format).

    Returns what was done; with ``check_only`` nothing is written. Raises ImportProblems, with everything that is wrong
    in the file, when anything is; then nothing is written either.
    """
    report = Report(checked_only=check_only)
    raw = read_json(Path(path), report)
    now = clock.now()
    with database.reading() as session:
        given = _validated(session, raw, now, report)
    if given is None:
        raise ImportProblems(report)
    return _write(report, lambda session: _write_families(session, given, now, report, ask_first))


def import_tables(paths: Sequence[Path], *, check_only: bool = False, ask_first: bool = False) -> Report:
    """Import people, plans and the rest from CSV (api.imports.tables), by the same checks and the same writer.
    Returns and raises as ``import_file``."""
    report = Report(checked_only=check_only)
    tables = sheets.read(paths, report)
    if not report.ok:
        raise ImportProblems(report)
    now = clock.now()

    def write(session: Session) -> None:
        combined = from_csv.combine(session, tables)
        report.locate, report.says = combined.locate, combined.says
        given = _validated(session, combined.raw, now, report)
        report.notes += combined.notes
        told = {problem.path for problem in combined.found}  # a cell that cannot be read is not missing as well
        others = from_csv.relocated(report.problems, combined)
        report.problems = [*combined.found, *(problem for problem in others if problem.path not in told)]
        if given is None or not report.ok:
            raise Refused(report.problems)
        try:
            _write_families(session, given, now, report, ask_first)
        except Refused:
            report.problems = from_csv.relocated(report.problems, combined)
            raise
        report.notes += from_csv.left_out(report)

    return _write(report, write, one_view=True)


def _validated(session: Session, raw: Any, now: datetime, report: Report) -> ImportFile | None:
    """The file, if it is of the shape and nothing in it leads nowhere; else None, and the report says why."""
    given: ImportFile | None = None
    try:
        given = ImportFile.model_validate(raw)
    except ValidationError as error:
        report.problems += problems_of(error)
    report.problems += checks.references(raw, _known(session), now)
    if not settings().demo and isinstance(raw, dict) and raw.get("demo") is True:
        report.problems.append(Problem(path="demo", message="demo files have known passwords and are not taken here"))
    report.problems.sort(key=lambda problem: problem.path)
    return given if report.ok else None


def _write_families(session: Session, given: ImportFile, now: datetime, report: Report, ask_first: bool) -> None:
    writer = Writer(session, now, report, ask_first=ask_first or given.ask_first)
    known_agencies = agencies.write_agencies(writer, given.agencies)
    workers = agencies.write_workers(writer, given.workers, known_agencies)
    families.write_families(writer, given.families, known_agencies, workers)
    audit.record(session, actor_kind="system", actor_id=None, verb="imported_families", detail=report.audit())
    for agency in known_agencies.values():
        database.notify(session, f"agency:{agency.id}")


def import_services(path: Path | str, *, check_only: bool = False) -> Report:
    """Import services from an HSDS 3.0 JSON file (data/directory/README.md); returns and raises as ``import_file``."""
    report = Report(checked_only=check_only)
    raw = read_json(Path(path), report)
    try:
        given = hsds.ServicesFile.model_validate(hsds.as_file(raw))
    except ValidationError as error:
        report.problems += problems_of(error)
        raise ImportProblems(report) from None
    report.problems += hsds.check(given)
    if not report.ok:
        raise ImportProblems(report)

    def write(session: Session) -> None:
        hsds.write(Writer(session, clock.now(), report), given)
        audit.record(session, actor_kind="system", actor_id=None, verb="imported_services", detail=report.audit())

    return _write(report, write)


def _write(report: Report, write: Callable[[Session], None], *, one_view: bool = False) -> Report:
    """Run ``write`` in one transaction, rolled back when only checking or when anything is refused. ``one_view``: it
    writes over what it reads, so whatever others change meanwhile refuses it instead of being overwritten."""
    try:
        with database.transaction() as session:
            if one_view:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
            write(session)
            session.flush()
            if report.checked_only:
                session.rollback()
    except Refused:
        raise ImportProblems(report) from None
    except DBAPIError as error:
        if not isinstance(error, IntegrityError) and getattr(error.orig, "sqlstate", "") != _SERIALIZATION:
            raise
        report.problems.append(Problem(path="", message=_CHANGED_MEANWHILE))
        raise ImportProblems(report) from None
    return report


def _known(session: Session) -> Known:
    known = {agency.id: agency.external_id for agency in session.scalars(select(Agency))}
    workers = session.execute(select(Worker.agency_id, Worker.external_id))
    return Known(agencies=set(known.values()), workers={(known[agency_id], key) for agency_id, key in workers})


def read_json(path: Path, report: Report) -> Any:
    """What the file holds; of an agency's export, its part that is an import file. Raises ImportProblems when it cannot
    be read or is not JSON."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return json.loads(archive.read("import.json"))
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        report.problems.append(Problem(path="", message=f"cannot be read ({error.strerror}); check its name"))
    except (KeyError, zipfile.BadZipFile):
        report.problems.append(
            Problem(path="", message="is an archive, but no whole one of `hearthline export-agency`")
        )
    except UnicodeDecodeError:
        report.problems.append(Problem(path="", message="is not UTF-8 text; save it as UTF-8"))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        report.problems.append(Problem(path="", message=f"is not JSON: {error.msg} at {where}"))
    except RecursionError:
        report.problems.append(Problem(path="", message="is nested too deeply to be an import file"))
    raise ImportProblems(report)
