"""From what somebody sent to a clean, sealed file in our own folder: starts ``api.evidence.cleaning`` in an empty room.

Promise: the original never has a name on a disk, is never read by this process, and is gone when this returns; nor has
the clean file a name before it is sealed.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from api.evidence import cleaning, sealing, store
from api.evidence.cleaning import Refused
from api.evidence.models import ENDINGS

SECONDS = 30.0
_PROGRAM = [sys.executable, "-I", str(Path(cleaning.__file__).resolve())]


@dataclass(frozen=True)
class Cleaned:
    """A clean file that waits in the folder, sealed, for its place (``store.place``), and what is known of it."""

    path: Path
    media_type: str
    size: int
    sha256: str


def scrub(source: BinaryIO) -> Cleaned:
    """Make the file anew. Raises Refused."""
    with tempfile.TemporaryFile(dir=store.incoming()) as original, tempfile.TemporaryFile(dir=store.incoming()) as out:
        source.seek(0)
        shutil.copyfileobj(source, original)
        original.seek(0)
        media_type = _run(original, out)
        out.seek(0)
        content = out.read()
    sha256 = hashlib.sha256(content).hexdigest()
    return Cleaned(sealing.write(content, sha256), media_type, len(content), sha256)


def _run(original: BinaryIO, out: BinaryIO) -> str:
    try:
        done = subprocess.run(  # noqa: S603 (our own program; the file is its input)
            _PROGRAM, stdin=original, stdout=out, stderr=subprocess.PIPE, env={}, cwd="/", timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise Refused("broken") from None
    said = done.stderr.decode("ascii", "replace").strip().rpartition("\n")[2]
    if done.returncode == 0 and said in ENDINGS:
        return said
    raise Refused(said if done.returncode == cleaning.REFUSED and said.isalpha() else "broken")
