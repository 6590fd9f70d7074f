"""The folder with the files: each under the SHA-256 of its content, so that the same content is one file. They are
sealed (api.evidence.sealing).

Promises: a file is there whole or not at all; a row is committed after its file is in place; a file whose row was
removed goes at once, or with the next sweep; one that no row ever stood for is set aside first, because the database
may be the wrong one. All of it happens under one lock for each content, so that nobody removes what another has just
found there.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from api.database import reading, transaction
from api.evidence.models import Evidence
from api.families.models import Person
from api.settings import settings

log = logging.getLogger(__name__)

#: Seconds after which a file that waits for its place was left by a crash, and an unclaimed one goes.
LEFT_BEHIND = 3600.0
UNCLAIMED = 30 * 24 * 3600.0


def folder() -> Path:
    """Where the files are; for its owner's eyes only."""
    made = settings().evidence_folder
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    return made


def incoming() -> Path:
    """Where a file is made, on the same disk as its place."""
    made = folder() / "incoming"
    made.mkdir(mode=0o700, exist_ok=True)
    return made


def path_of(sha256: str) -> Path:
    """The place of this content."""
    return folder() / sha256[:2] / sha256


def place(session: Session, path: Path, sha256: str) -> None:
    """Move a sealed file (its content is on the disk already) to its place. The caller adds the row in the same
    transaction, which holds the content's lock until it ends."""
    lock(session, sha256)
    there = path_of(sha256)
    there.parent.mkdir(mode=0o700, exist_ok=True)
    os.replace(path, there)
    sync(there.parent)


def sync(folder: Path) -> None:
    """What was placed in this folder is there after a power cut, too."""
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def drop_unused(sha256: str) -> bool:
    """Remove the file unless a row still stands for it; whether it was removed. Commits."""
    with transaction() as session:
        lock(session, sha256)
        if not _stands_for(session, sha256, "kept"):
            return any([_removed(path_of(sha256)), _removed(unclaimed() / sha256)])
    return False


def unclaimed() -> Path:
    """Where files wait that no row stands for, though nobody removed them: what a crash left, or everything, where the
    database is the wrong one (an empty one, say, before a backup is brought back)."""
    made = folder() / "unclaimed"
    made.mkdir(mode=0o700, exist_ok=True)
    return made


def sweep() -> int:
    """Remove the files of removed rows, set aside what no row ever stood for and remove that after a month; how many
    files were removed or set aside. What a row stands for again comes back; what is missing is logged."""
    gone = sum(_removed(left) for left in _older(incoming(), LEFT_BEHIND))
    gone += sum(_removed(left) for left in _older(unclaimed(), UNCLAIMED))
    with reading() as session:
        kept = set(session.scalars(select(func.left(Evidence.sha256, 2)).where(Evidence.state == "kept").distinct()))
    for part in sorted(kept | {one.name for one in folder().iterdir() if len(one.name) == 2}):
        there = {one.name for one in (folder() / part).iterdir()} if (folder() / part).is_dir() else set()
        with reading() as session:
            wanted = select(Evidence.sha256).where(Evidence.sha256.startswith(part), Evidence.state == "kept")
            known = set(session.scalars(wanted))
        gone += sum(_set_aside(name) for name in there - known)
        missing = sum(not _brought_back(name) for name in known - there)
        if missing:
            log.error("evidence: %d files are missing from the folder", missing)
    forget_erased()
    return gone


def forget_erased() -> None:
    """Of erased people not even the files' hashes stay: by one, whoever has a file could tell that it was this one.
    Only where the file is gone. Commits."""
    with transaction() as session:
        rows = session.scalars(
            select(Evidence)
            .join(Person, Person.id == Evidence.person_id)
            .where(Evidence.state == "removed", Evidence.sha256 != "", Person.erased_at.is_not(None))
        ).all()
        for row in rows:
            if _stands_for(session, row.sha256, "kept") or not path_of(row.sha256).exists():
                row.sha256 = ""


def _set_aside(sha256: str) -> bool:
    """Away with a file that no row stands for: for good if a removed row did, else among the unclaimed."""
    with transaction() as session:
        lock(session, sha256)
        if _stands_for(session, sha256, "kept"):
            return False
        if _stands_for(session, sha256, "removed"):
            return _removed(path_of(sha256))
        with suppress(FileNotFoundError):
            os.utime(path_of(sha256))
            os.replace(path_of(sha256), unclaimed() / sha256)
            return True
    return False


def _brought_back(sha256: str) -> bool:
    """Is the file there (again)?"""
    with transaction() as session:
        lock(session, sha256)
        there = path_of(sha256)
        with suppress(FileNotFoundError):
            there.parent.mkdir(mode=0o700, exist_ok=True)
            os.replace(unclaimed() / sha256, there)
        return there.exists()


def _older(place: Path, seconds: float) -> Iterator[Path]:
    """By the machine's own clock, as the files' times are."""
    for left in place.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > seconds:
                yield left


def _removed(path: Path) -> bool:
    with suppress(FileNotFoundError):
        path.unlink()
        return True
    return False


def _stands_for(session: Session, sha256: str, state: str) -> bool:
    return session.scalar(select(Evidence.id).filter_by(sha256=sha256, state=state).limit(1)) is not None


def lock(session: Session, sha256: str) -> None:
    """Nobody else places, removes or seals this content until the transaction ends."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('hearthline.evidence'), hashtext(:it))"), {"it": sha256}
    )
