"""Writing the false alarms out, for a person to review. The file is its owner's alone; that it was made is recorded."""

from __future__ import annotations

import json
import os
from pathlib import Path

from api.audit import service as audit
from api.database import transaction
from api.escalations.times import false_alarms


def write_false_alarms(path: Path) -> int:
    """One message a line (JSONL) into a new file; returns how many. Raises OSError where there is a file already."""
    with transaction() as session:
        found = list(false_alarms(session))
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            for one in found:
                file.write(json.dumps(one, ensure_ascii=False) + "\n")
        audit.record(
            session, actor_kind="system", actor_id=None, verb="exported_false_alarms", detail={"messages": len(found)}
        )
    return len(found)
