"""What the last file said, field by field: only what this file says otherwise is written.

Promise: what somebody changed here stays when a file says what the last one said, and the report names it. Kept are
digests of what was said, so that no address or name stands in a second place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from api.families.models import Family, Person
from api.imports.writer import Path, Writer
from api.plans import history
from api.plans.models import Plan
from api.sealed import all_open

#: Digests by the names of fields; within a plan, by part and id.
Kept = dict[str, Any]
#: Stands for whatever the first file says of a field that was filled in here before any file told of it.
HERE = "here"
STAYS = "was changed here since your last file, and stays as it is here"
UNKNOWN = (
    "is otherwise here, where the appointment was changed by hand, and stays as it is here; "
    "what your last file said was not kept"
)
STAY = "were changed here since your last file, and stay as they are here"


def digest(value: Any) -> str:
    """A short mark of a value that JSON has, or of a day, moment, length of time or id: alike for what is alike."""
    words = json.dumps(value, default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(words.encode(), digest_size=8).hexdigest()


def opened(said: str | None) -> Kept | None:
    """What a row's ``said`` holds; None where nobody kept it, or it does not open."""
    return None if said is None or not all_open(said) else json.loads(said or "{}")


@dataclass
class LastFile:
    """What files have said of one row, which stands at ``path`` in this one; ``kept`` follows what it says. ``stays``:
    how the report tells of what stays as it is here."""

    writer: Writer
    path: Path
    kept: Kept
    stays: str = STAYS

    def otherwise(self, name: str, value: Any) -> bool:
        """Does this file say it otherwise than the last one? The next one is held against this."""
        before, now = self.kept.get(name), digest(value)
        self.kept[name] = now
        return before not in (now, HERE)

    def anew(
        self, here: Mapping[str, Any], values: Mapping[str, Any], at: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Those of the values that this file says otherwise than the last one, or all where nothing is ``here`` yet.
        What else differs from what is here stays, and the report says so. ``at``: how the file calls a field."""
        found = {}
        for name, value in values.items():
            place = (*self.path, (at or {}).get(name, name))
            if not self.writer.says(place):
                continue
            if self.otherwise(name, value):
                found[name] = value
            elif here and here[name] != value:
                self.writer.note(place, self.stays)
        return found if here else dict(values)


def of_row(row: Family | Person, names: Sequence[str], corrected: Collection[str]) -> Kept:
    """What files have said of a family or of somebody in it, of these fields. What was entered here before any file
    told of it counts as said, whatever the first one says; and so does what was ``corrected`` here, where nobody kept
    yet what files said."""
    kept = opened(row.said)
    if kept is None:
        return dict.fromkeys(corrected, HERE)
    return kept if row.said else {name: HERE for name in names if getattr(row, name)}


def of_plan(session: Session, row: Plan, children: Sequence[str]) -> Kept:
    """What files have said of a plan: its own fields, and its outcomes and actions by id. Where nobody kept that, it is
    told by the plan's last version that an import made. ``children`` (first names, sorted) are this file's: they count
    as said before where that version has them."""
    kept = opened(row.said)
    if kept is not None:
        return kept
    version = history.newest(session, row.id, imported=True)
    if version is None or "children" not in version.content.get("plan", {}):
        return {}
    content = version.content
    own = _digests(content["plan"])
    if content["plan"]["children"] != children:
        del own["children"]
    lines_of = {
        part: {one.external_id: _digests(content.get(part, {}).get(str(one.id), {})) for one in getattr(row, part)}
        for part in ("outcomes", "actions")
    }
    return {"own": own, **lines_of}


def _digests(line: Mapping[str, Any]) -> Kept:
    return {name: digest(value) for name, value in line.items()}
