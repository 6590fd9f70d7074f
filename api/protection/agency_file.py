"""All that is held for an agency, or for one family, as an archive: to move elsewhere, to keep, to account for.

``import.json`` is what an import takes (api.imports); ``beyond/`` has every row of every table that belongs there, for
what the import does not take. Promises: one moment's state; written piece by piece, whatever its size; nobody's
password, PIN, code or key is in it, not as a hash either; that it was made, and by whom, is recorded first.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from sqlalchemy import Connection, Table, select, text
from sqlalchemy.orm import Session

from api import clock
from api.access import queries as access
from api.access import service as signing_in
from api.access.models import Agency, Worker
from api.audit import service as audit
from api.database import engine, transaction
from api.evidence import sealing
from api.evidence.models import ENDINGS, Evidence
from api.families.models import Family, FamilyWorker
from api.imports import standing
from api.imports.schemas import FORMAT
from api.protection.resealing import Kinds, sealed_columns
from api.sealed import NotOpened
from api.tables import metadata

#: Not case data, and of no use elsewhere.
LEFT_OUT = frozenset(
    {
        "worker_sessions",
        "worker_identities",
        "second_factors",
        "recovery_codes",
        "kept_answers",
        "sign_in_attempts",
    }
)
_SECRET = re.compile(r"hash|salt|secret|token")
_STREAMED = {"stream_results": True, "yield_per": 1000}
_README = """What Hearthline holds for {whose}, as of {at} (UTC).

import.json       agencies, workers, families with people, plans, appointments, conferences, reviews, events, views:
                  `hearthline import THIS_ARCHIVE` takes it (the format: data/demo/README.md of Hearthline).
beyond/*.jsonl    one JSON object a line, one file a table: everything, also what the import does not take: messages,
                  escalations and who was told, answers, agreements, earlier versions, withdrawn words, the audit trail.
                  `id` and `external_id` tie them to import.json.
files/            the photos and documents that families sent; beyond/evidence.jsonl says by `sha256` which is what.

Passwords, PINs, codes and keys are not in it. It holds what families said in confidence, and addresses that members of
one family must not learn of each other: encrypt it, and hand none of it to a family member without reading it.
"""


class NotAllowed(PermissionError):
    """Only an administrator of the agency may; says what was wrong, without saying whether there is such a person."""


@dataclass(frozen=True)
class Scope:
    """What is written: an agency's (``family`` None) or one family's."""

    agency: UUID
    agency_key: str
    family: UUID | None = None

    @property
    def root(self) -> tuple[str, UUID]:
        return ("families", self.family) if self.family else ("agencies", self.agency)


def administrator(email: str, password: str, code: str, agency_key: str) -> tuple[UUID, UUID]:
    """The worker and the agency, for an administrator of this agency who proves who they are. Raises NotAllowed, and
    what api.access.service.give_bearer_token raises."""
    signed_in = signing_in.give_bearer_token(email, password, "command line", code)
    if signed_in is None:
        raise NotAllowed("This e-mail address and password do not belong together.")
    try:
        with transaction() as session:
            seen = access.worker_of_session(session, signing_in.bearer_hash(signed_in.token))
    finally:
        signing_in.take_back_bearer_token(signed_in.token)
    if seen is None or seen.worker.role != "administrator" or seen.agency.external_id != agency_key:
        raise NotAllowed("Only an administrator of that agency may do this.")
    if seen.factor_missing:
        raise NotAllowed("The agency wants a second factor from administrators: set it up in the console first.")
    return seen.worker.id, seen.agency.id


def write(scope: Scope, path: Path, *, by: UUID) -> dict[str, int]:
    """Write the archive, its owner's alone; returns how many rows of each table are in it. Raises OSError where there
    is a file already."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            _record(scope, by)
            return _write(scope, file)
        except BaseException:
            path.unlink()
            raise


def _record(scope: Scope, by: UUID) -> None:
    with transaction() as session:
        audit.record(
            session,
            actor_kind="worker",
            actor_id=by,
            verb="exported_family" if scope.family else "exported_agency",
            family_id=scope.family,
            object_id=scope.family or scope.agency,
        )


def _write(scope: Scope, file: IO[bytes]) -> dict[str, int]:
    counts: dict[str, int] = {}
    with (
        engine().connect().execution_options(isolation_level="REPEATABLE READ") as connection,
        connection.begin(),
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        connection.execute(text("SET TRANSACTION READ ONLY"))
        whose = "one family" if scope.family else "an agency"
        archive.writestr("README.txt", _README.format(whose=whose, at=f"{clock.now():%Y-%m-%d %H:%M}"))
        with archive.open("import.json", "w", force_zip64=True) as part:
            for piece in _import_file(connection, scope):
                part.write(piece.encode())
        kinds = {one.name: columns for one, columns in sealed_columns().items()}
        for name, query in row_queries(scope).items():
            with archive.open(f"beyond/{name}.jsonl", "w", force_zip64=True) as part:
                counts[name] = 0
                rows = connection.execute(text(query), {"root": scope.root[1]}, execution_options=_STREAMED)
                for line in rows.scalars():
                    part.write(_opened(line, kinds.get(name, {})).encode() + b"\n")
                    counts[name] += 1
        counts["files"] = _files(connection, scope, archive)
    return counts


def _files(connection: Connection, scope: Scope, archive: zipfile.ZipFile) -> int:
    """The photos and documents, each once; returns how many. One that is missing in our folder, or does not open, is
    missing here."""
    families = select(Family.id).where(Family.id == scope.family if scope.family else Family.agency_id == scope.agency)
    kept = select(Evidence.sha256, Evidence.media_type).where(
        Evidence.state == "kept", Evidence.family_id.in_(families)
    )
    count = 0
    for sha256, media_type in connection.execute(kept.distinct().order_by(Evidence.sha256)):
        with suppress(FileNotFoundError, NotOpened):
            archive.writestr(f"files/{sha256}.{ENDINGS[media_type]}", sealing.read(sha256), zipfile.ZIP_STORED)
            count += 1
    return count


def _opened(line: str, kinds: Kinds) -> str:
    """A row as JSON, its sealed words opened."""
    if not kinds:
        return line
    row = json.loads(line)
    for name in kinds.keys() & row.keys():
        row[name] = kinds[name].process_result_value(row[name])
    return _json(row)


def _import_file(connection: Connection, scope: Scope) -> Iterator[str]:
    """The import file family by family, so that no more than one is held at a time."""
    with Session(connection, autoflush=False) as session:
        home = session.get_one(Agency, scope.agency)
        workers = select(Worker).where(Worker.agency_id == home.id).order_by(Worker.external_id)
        families = select(Family.id).where(Family.agency_id == home.id).order_by(Family.external_id)
        if scope.family:
            workers = workers.join(FamilyWorker).where(FamilyWorker.family_id == scope.family)
            families = families.where(Family.id == scope.family)
        now = clock.now()
        yield f'{{"format": {json.dumps(FORMAT)},\n"agencies": [{_json(standing.agency(home))}],\n"workers": [\n'
        yield ",\n".join(
            _json(standing.worker(session, one, scope.agency_key, now)) for one in session.scalars(workers)
        )
        yield '\n],\n"families": ['
        for n, key in enumerate(session.scalars(families).all()):
            yield ("," if n else "") + "\n"
            yield _json(standing.family(session, session.get_one(Family, key), scope.agency_key))
            session.expunge_all()
        yield "\n]}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def row_queries(scope: Scope) -> dict[str, str]:
    """For each table that belongs to the scope a query of its rows as JSON (``:root``), without secrets.

    Which rows belong follows from the foreign keys, so that a new table is in it without being named here.
    """
    belongs: dict[str, str] = {scope.root[0]: "id = :root"}
    for table in metadata.sorted_tables:  # what a table refers to comes before it
        if table.name not in belongs and (condition := _belongs(table, belongs)):
            belongs[table.name] = condition
    belongs["audit_entries"] = _audit_trail(scope)
    made = {}
    for table in metadata.sorted_tables:
        if table.name in belongs and table.name not in LEFT_OUT:
            names = ", ".join(f'"{one.name}"' for one in table.columns if not _SECRET.search(one.name))
            order = ", ".join(f'"{one.name}"' for one in table.primary_key)
            made[table.name] = (
                f"SELECT row_to_json(x)::text FROM (SELECT {names} FROM {table.name} "  # noqa: S608 (our own names)
                f"WHERE {belongs[table.name]} ORDER BY {order}) x"
            )
    return made


def _belongs(table: Table, belongs: dict[str, str]) -> str:
    """By the first foreign key that must be there; else by any. "" where none leads to the root."""
    by = []
    for column in table.columns:
        for key in column.foreign_keys:
            parent = key.column.table.name
            if parent in belongs and parent != table.name:
                condition = (
                    f'"{column.name}" = :root'
                    if belongs[parent] == "id = :root"
                    else f'"{column.name}" IN (SELECT "{key.column.name}" FROM {parent} WHERE {belongs[parent]})'  # noqa: S608
                )
                if not column.nullable and parent != "workers":
                    return condition
                by.append(condition)
    return " OR ".join(f"({one})" for one in by)


def _audit_trail(scope: Scope) -> str:
    """The trail has no foreign keys: it outlives what it tells of."""
    if scope.family:
        return "family_id = :root"
    return """family_id IN (SELECT id FROM families WHERE agency_id = :root)
        OR actor_id IN (SELECT id FROM workers WHERE agency_id = :root)
        OR object_id = CAST(:root AS text)
        OR object_id IN (SELECT CAST(id AS text) FROM workers WHERE agency_id = :root)"""
