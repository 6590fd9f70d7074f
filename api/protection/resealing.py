"""``hearthline seal``: everything that people wrote and sent, sealed with the first key, while everything runs.

Promises: batch by batch, each a transaction of its own, so it may be stopped and begun again at any time; it waits for
nobody's row and so stands in nobody's way (what somebody is just changing comes in the next pass); what it cannot open
it leaves as it is; and it says that an older key may be dropped only after a whole look finds nothing sealed with it.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, select, text
from sqlalchemy.orm import Session

from api import clock
from api.audit import service as audit
from api.database import reading, transaction
from api.evidence import sealing
from api.protection.data_keys import SEALED
from api.protection.models import DataKey
from api.sealed import MARK, NotOpened, Sealed, SealedJson, sealer
from api.tables import metadata

BATCH = 200
#: Rows that somebody is changing are come back to so often.
PASSES = 30

Kinds = Mapping[str, Sealed | SealedJson]


@dataclass
class Done:
    """How many values of each table were sealed; how many are left: by the key that is missing, and damaged."""

    sealed: Counter[str] = field(default_factory=Counter)
    no_key: Counter[str] = field(default_factory=Counter)
    damaged: Counter[str] = field(default_factory=Counter)
    #: Values that somebody was changing in every pass.
    busy: int = 0
    #: Photos and documents that are kept but not in the folder that this process sees.
    missing: int = 0
    #: The ids of older keys that nothing is sealed with any more.
    droppable: list[str] = field(default_factory=list)

    @property
    def unreadable(self) -> int:
        return self.no_key.total() + self.damaged.total()

    def in_words(self) -> list[str]:
        """For the operator."""
        lines = [f"{name}: {count} sealed" for name, count in sorted(self.sealed.items()) if count]
        lines += [
            f"{n} values need the key {key}, which is not given; they stay as they are."
            for key, n in self.no_key.items()
        ]
        if self.damaged:
            lines.append(f"{self.damaged.total()} values are damaged or were changed by hand; they stay as they are.")
        if self.busy:
            lines.append(f"{self.busy} values were being changed all the time. Run it again.")
        elif self.missing:
            lines.append(
                f"{self.missing} photos and documents are not in HEARTHLINE_EVIDENCE_DIR here, so no key may be"
                " dropped: run it where that folder is; what is lost for good, a worker removes on its family's page."
            )
        else:
            lines.append(f"All else is sealed with the key {sealer().ids[0]}.")
        if self.droppable:
            lines.append(
                f"No longer needed: {', '.join(self.droppable)}. Drop it from HEARTHLINE_DATA_KEYS once every process"
                " runs with the new key first; keep it, apart, as long as backups that it opens."
            )
        return lines


def sealed_columns() -> dict[Table, Kinds]:
    """Every table that holds words, with the columns that do."""
    found: dict[Table, Kinds] = {}
    for one in metadata.sorted_tables:
        kinds = {c.name: c.type for c in one.columns if isinstance(c.type, Sealed | SealedJson)}
        if kinds:
            found[one] = kinds
    return found


def reseal(batch: int = BATCH) -> Done:
    """Do it. Commits batch by batch; how much it was, and which keys were retired, is in the audit trail."""
    done = Done()
    for _ in range(PASSES):
        done.no_key.clear()
        done.damaged.clear()
        before = done.sealed.total()
        for one, kinds in sealed_columns().items():
            _table(one, kinds, batch, done)
        done.busy = max(_older_values() - done.unreadable, 0)
        if not done.busy:
            break
        if done.sealed.total() == before:
            time.sleep(0.5)  # somebody is at them
    _files(done)
    with transaction() as session:
        if not done.busy and not done.missing:
            _retire(session, done)
        detail = {"sealed": done.sealed.total(), "unreadable": done.unreadable, "retired": done.droppable}
        first = sealer().ids[0]
        audit.record(session, actor_kind="system", actor_id=None, verb=SEALED, object_id=first, detail=detail)
    return done


def _files(done: Done) -> None:
    """The photos and documents as well, which are not in the database."""
    files = sealing.reseal()
    done.sealed["photos and documents"] += files.sealed
    done.no_key += files.no_key
    done.damaged += files.damaged
    done.missing = files.missing


def _retire(session: Session, done: Done) -> None:
    for key in session.scalars(select(DataKey).order_by(DataKey.first_used_at)):
        if key.id != sealer().ids[0] and not done.no_key[key.id]:
            key.retired_at = key.retired_at or clock.now()
            done.droppable.append(key.id)


def _older(name: str, kind: Sealed | SealedJson) -> str:
    """As SQL: this column holds words that the first key has not sealed."""
    if isinstance(kind, Sealed):
        return f'("{name}" <> \'\' AND NOT starts_with("{name}", :newest))'
    return f"(\"{name}\" NOT IN ('[]', '{{}}', 'null', '\"\"') AND NOT starts_with(\"{name}\" #>> '{{}}', :newest))"


def _older_values() -> int:
    with reading() as session:
        return sum(
            session.scalar(
                text(f"SELECT count(*) FROM {one.name} WHERE {_older(name, kind)}"),  # noqa: S608 (our own names)
                {"newest": sealer().newest},
            )
            or 0
            for one, kinds in sealed_columns().items()
            for name, kind in kinds.items()
        )


def _table(one: Table, kinds: Kinds, batch: int, done: Done) -> None:
    keys = [column.name for column in one.primary_key]
    last: Sequence[Any] = ()
    while True:
        with transaction() as session:
            session.execute(text("SET LOCAL hearthline.resealing = 'on'"))  # migration 0017: no appointment changed
            rows = _some(session, one, kinds, keys, last, batch)
            fresh = [made for row in rows if (made := _sealed_anew(one, kinds, row, done))]
            if fresh:
                session.execute(_update(one, kinds, keys), fresh)
        if len(rows) < batch:
            return
        last = [rows[-1][name] for name in keys]


def _some(
    session: Session, one: Table, kinds: Kinds, keys: Sequence[str], last: Sequence[Any], batch: int
) -> list[dict[str, Any]]:
    """The next rows that hold such words, locked; without those that somebody else has."""
    key, names = ", ".join(keys), ", ".join(f'"{name}"' for name in kinds)
    after = f"({key}) > ({', '.join(f':last{n}' for n in range(len(last)))}) AND" if last else ""
    query = text(
        f"SELECT {key}, {names} FROM {one.name} WHERE {after}"  # noqa: S608 (our own names)
        f" ({' OR '.join(_older(name, kind) for name, kind in kinds.items())})"
        f" ORDER BY {key} LIMIT :batch FOR NO KEY UPDATE SKIP LOCKED"
    )
    given = {f"last{n}": value for n, value in enumerate(last)} | {"newest": sealer().newest, "batch": batch}
    return [dict(row) for row in session.execute(query, given).mappings()]


def _update(one: Table, kinds: Kinds, keys: Sequence[str]) -> Any:
    values = ", ".join(
        f'"{name}" = ' + (f":{name}" if isinstance(kind, Sealed) else f"CAST(:{name} AS jsonb)")
        for name, kind in kinds.items()
    )
    where = " AND ".join(f"{key} = :{key}" for key in keys)
    return text(f"UPDATE {one.name} SET {values} WHERE {where}")  # noqa: S608 (our own names)


def _sealed_anew(one: Table, kinds: Kinds, row: dict[str, Any], done: Done) -> dict[str, Any] | None:
    """The row with its words sealed by the first key, as the update takes it; None where there is nothing to do."""
    made, changed = dict(row), 0
    for name, kind in kinds.items():
        stored = row[name]
        as_text = isinstance(kind, Sealed)
        opened = as_text or (isinstance(stored, str) and stored.startswith(MARK))
        if stored and not (opened and stored.startswith(sealer().newest)):
            try:
                words = sealer().open(stored, kind.place) if opened else json.dumps(stored, ensure_ascii=False)
                stored, changed = sealer().seal(words, kind.place), changed + 1
            except NotOpened as problem:
                (done.no_key if problem.reason == "no_key" else done.damaged)[problem.key_id] += 1
        made[name] = stored if as_text or stored is None else json.dumps(stored, ensure_ascii=False)
    done.sealed[one.name] += changed
    return made if changed else None
