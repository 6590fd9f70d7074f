"""The people of a test system: many small agencies, so that each test has one of its own and meets nobody else's texts.

Each agency has a lead worker, a duty worker and a manager on shift, and two families: ``parent`` and ``other``. All
names and numbers are canaries: none may stand in any output (tests/harness/canaries.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.harness import canaries
from tests.harness.phones import Phone

if TYPE_CHECKING:
    from tests.harness.system import System

AGENCIES = 120
_SHIFT = {"starts": "today-1 00:00", "ends": "today 00:00", "repeat_days": 30}


@dataclass
class Team:
    """One agency's phones, and the keys of its rows. ``parent`` and ``other`` belong to different families."""

    system: System
    key: str
    lead: Phone
    duty: Phone
    manager: Phone
    parent: Phone
    other: Phone

    @property
    def phones(self) -> tuple[Phone, ...]:
        return (self.lead, self.duty, self.manager, self.parent, self.other)

    def expect_nothing_else(self) -> None:
        """No phone of this agency has a text that nobody expected."""
        for phone in self.phones:
            phone.expect_nothing_else()


def number(n: int) -> str:
    """The n-th of Ofcom's thousand mobile numbers for drama; nobody has them."""
    assert 0 <= n < 990
    return canaries.add(f"+447700900{n:03}")


def write(path: Path, agencies: int = AGENCIES) -> None:
    """Write the import file of the whole town."""
    document: dict[str, Any] = {"format": "hearthline-import-1", "agencies": [], "workers": [], "families": []}
    for n in range(agencies):
        key = f"agency-{n}"
        document["agencies"].append(
            {"id": key, "name": f"Team {n}", "jurisdiction": "uk-england", "timezone": "Europe/London",
             "phone": "+442079460100"}
        )  # fmt: skip
        for offset, role in enumerate(("lead", "duty", "manager")):
            worker: dict[str, Any] = {
                "id": role, "agency": key, "name": f"{canaries.add('Quillfeather')} {role.title()}{n}",
                "email": f"{role}.{n}@quillfeather.example", "phone": number(n * 5 + offset),
                "role": "worker" if role == "lead" else role,
            }  # fmt: skip
            if role != "lead":
                worker["shifts"] = [{**_SHIFT, "role": role}]
            document["workers"].append(worker)
        for offset, who in ((3, "parent"), (4, "other")):
            document["families"].append(_family(key, who, number(n * 5 + offset)))
    path.write_text(json.dumps(document))


def _family(agency: str, who: str, phone: str) -> dict[str, Any]:
    return {
        "id": who, "agency": agency, "name": canaries.add("Zephyrbottom"), "lead_worker": "lead",
        "people": [
            {"id": who, "kind": "parent", "first_name": canaries.add("Marigoldine"), "last_name": "Zephyrbottom",
             "phone": phone, "safe_contact": {"wording": "plain", "may_name_children": True}},
            {"id": "child", "kind": "child", "first_name": canaries.add("Thistlewick"), "born": "today-6y"},
        ],
        "plans": [
            {"id": "plan", "started_on": "today-30", "children": ["child"],
             "actions": [{"id": "course", "title": "Finish the parenting course", "owner": who, "due_on": "today+20"}]}
        ],
        "appointments": [
            {"id": "meeting", "kind": "core_group", "starts": "today+40 10:00", "minutes": 60,
             "place": canaries.add("Hollyhock Rooms"), "attendees": [{"person": who}]}
        ],
    }  # fmt: skip


def team(system: System, n: int) -> Team:
    """The n-th agency's people."""
    phones = {
        owner: Phone(number(n * 5 + offset), f"{owner} of agency {n}", system)
        for offset, owner in enumerate(("lead", "duty", "manager", "parent", "other"))
    }
    return Team(system, f"agency-{n}", **phones)
