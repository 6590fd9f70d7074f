"""What changed from one version of a plan to the next. Pure: takes what the plan held before and after.

A plan's content is plain JSON: its own fields, and for each part (risks, outcomes, ...) its lines by their ids. How
far an action has come (reported, verified) is no change of the plan and is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

#: The parts of a plan, and the field by which a line of each is called.
PARTS = {
    "risks": "description",
    "outcomes": "title",
    "actions": "title",
    "core_group": "name",
    "contingencies": "trigger",
}
#: The plan's own fields, told as one line of the part "plan".
OWN = "plan"
Content = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """``what``: added, removed or changed. ``fields`` has what each changed field was and is."""

    part: str
    what: str
    name: str
    fields: dict[str, list[Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For keeping in a version."""
        return asdict(self)


def compare(before: Content, after: Content, parts: Mapping[str, str] = PARTS, own_part: str = OWN) -> list[Change]:
    """Every difference, part by part. Empty where nothing changed."""
    changes = []
    own = _fields(before.get(own_part, {}), after.get(own_part, {}))
    if own:
        changes.append(Change(own_part, "changed", "", own))
    for part, called in parts.items():
        old, new = before.get(part, {}), after.get(part, {})
        changes += [Change(part, "removed", str(old[key].get(called, ""))) for key in old if key not in new]
        for key, line in new.items():
            if key not in old:
                changes.append(Change(part, "added", str(line.get(called, ""))))
            elif fields := _fields(old[key], line):
                changes.append(Change(part, "changed", str(line.get(called, "")), fields))
    return changes


def _fields(old: Content, new: Content) -> dict[str, list[Any]]:
    names = [*old, *(name for name in new if name not in old)]
    return {name: [old.get(name), new.get(name)] for name in names if old.get(name) != new.get(name)}
