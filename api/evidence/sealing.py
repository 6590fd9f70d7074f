"""Photos and documents at rest: sealed with the keys of the words (api.sealed), each bound to its own content.

Promises: no clean file has a name on a disk before it is sealed; what is read is what was kept, or ``NotOpened``: for
plain files of before as well; a file is sealed anew under the lock of its content, whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from api.database import reading, transaction
from api.evidence import store
from api.evidence.models import Evidence
from api.sealed import NotOpened, sealer


@dataclass
class Done:
    """How many files were sealed anew; how many are left, by the key that is missing, and damaged; how many that are
    kept are not in the folder."""

    sealed: int = 0
    no_key: Counter[str] = field(default_factory=Counter)
    damaged: Counter[str] = field(default_factory=Counter)
    missing: int = 0


def write(content: bytes, sha256: str) -> Path:
    """A sealed file that waits in the folder for its place (``store.place``), its content on the disk."""
    handle, name = tempfile.mkstemp(dir=store.incoming())
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(sealer().seal_file(content, _place(sha256)))
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def read(sha256: str) -> bytes:
    """The clean file. Raises FileNotFoundError, and NotOpened where it cannot be opened or is not what was kept."""
    return content_of(store.path_of(sha256), sha256)


def content_of(path: Path, sha256: str) -> bytes:
    """As ``read``, wherever the file waits."""
    content = sealer().open_file(path.read_bytes(), _place(sha256))
    if hashlib.sha256(content).hexdigest() != sha256:
        raise NotOpened("damaged", "?")
    return content


def reseal() -> Done:
    """Seal with the first key whatever is not. What does not open stays as it is."""
    done = Done()
    for path in _all():
        with suppress(FileNotFoundError):
            if _begins(path) == sealer().newest.encode():
                continue
            try:
                done.sealed += _anew(path)
            except NotOpened as problem:
                (done.no_key if problem.reason == "no_key" else done.damaged)[problem.key_id] += 1
    with reading() as session:
        kept = session.scalars(select(Evidence.sha256).where(Evidence.state == "kept").distinct()).all()
    done.missing = sum(not (store.path_of(sha256).exists() or (store.unclaimed() / sha256).exists()) for sha256 in kept)
    return done


def _anew(path: Path) -> int:
    with transaction() as session:
        store.lock(session, path.name)
        times = path.stat()
        made = write(content_of(path, path.name), path.name)
        os.utime(made, ns=(times.st_atime_ns, times.st_mtime_ns))  # what waits unclaimed goes by its age
        os.replace(made, path)
        store.sync(path.parent)
    return 1


def _all() -> Iterator[Path]:
    for part in sorted(one for one in store.folder().iterdir() if len(one.name) == 2):
        yield from sorted(part.iterdir())
    yield from sorted(store.unclaimed().iterdir())


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(sealer().newest))


def _place(sha256: str) -> str:
    return f"evidence files/{sha256}"
