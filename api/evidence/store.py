"""The folder with the files: each under the SHA-256 of what is in it, so that the same content is one file.

Promises: a file is there whole or not at all; a row is committed after its file is in place; whatever no row stands for
(any more) is removed, at once or by the sweep. Placing and removing happen under one lock for each content, so that
neither removes what the other has just found there.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api.database import reading, transaction
from api.evidence.models import Evidence
from api.settings import settings

log = logging.getLogger(__name__)

#: A file that waits so long for its place (by the machine's own clock, as its times are) was left by a crash.
LEFT_BEHIND = 3600.0


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
    """Move a clean file (its content is on the disk already) to its place. The caller adds the row in the same
    transaction, which holds the content's lock until it ends."""
    _lock(session, sha256)
    there = path_of(sha256)
    there.parent.mkdir(mode=0o700, exist_ok=True)
    os.replace(path, there)
    directory = os.open(there.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def drop_unused(sha256: str) -> bool:
    """Remove the file unless a row still stands for it; whether it was removed. Commits."""
    with transaction() as session:
        _lock(session, sha256)
        if session.scalar(select(Evidence.id).filter_by(sha256=sha256, state="kept").limit(1)) is not None:
            return False
        with suppress(FileNotFoundError):
            path_of(sha256).unlink()
            return True
    return False


def sweep() -> int:
    """Remove every file that nothing stands for: what a crash left; returns how many. Rows without file are logged."""
    gone = 0
    for left in incoming().iterdir():
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > LEFT_BEHIND:
                left.unlink()
                gone += 1
    for part in sorted(one for one in folder().iterdir() if len(one.name) == 2):
        there = {one.name for one in part.iterdir()}
        with reading() as session:
            wanted = select(Evidence.sha256).where(Evidence.sha256.startswith(part.name), Evidence.state == "kept")
            known = set(session.scalars(wanted))
        gone += sum(drop_unused(name) for name in there - known)
        if known - there:
            log.error("evidence: %d files are missing from the folder", len(known - there))
    return gone


def _lock(session: Session, sha256: str) -> None:
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('hearthline.evidence'), hashtext(:it))"), {"it": sha256}
    )
