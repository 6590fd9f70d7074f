"""Whose local time it is: the person's own zone where their profile names one, else the agency's.

Everything that is said to a person or worked out for one (times, "tomorrow", safe hours, when to remind) asks here;
what workers see and when meetings are stays in the agency's zone. Pure.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import ZoneInfo

from api.access.models import Agency
from api.families.models import Person

#: The same for statements of SQL, in which ``p`` is the people and ``g`` the agencies.
OF_PERSON = "coalesce(p.timezone, g.timezone)"
#: What tz calls the parts of the world; its other names are old ones of the same places.
_AREAS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip
#: These are names of tz, and no zones of anybody.
_NOWHERE = frozenset({"Factory", "localtime"})


def zone_of(person: Person | None, agency: Agency) -> ZoneInfo:
    """The person's local time; of nobody known, the agency's."""
    return ZoneInfo(name_of(person, agency))


def name_of(person: Person | None, agency: Agency) -> str:
    """The same as an IANA name."""
    return (person.timezone if person is not None else None) or agency.timezone


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    """Every zone that there is; looking for them walks through folders."""
    return frozenset(zoneinfo.available_timezones()) - _NOWHERE


def checked(name: str) -> str:
    """The name, if it is a time zone's. Raises ValueError."""
    if name not in _known():
        raise ValueError('is not a time zone; take an IANA name such as "Europe/London" or "America/New_York"')
    return name


@lru_cache(maxsize=1)
def by_area() -> Mapping[str, list[tuple[str, str]]]:
    """All that a form offers: part of the world → (IANA name, its town), in order."""
    found: dict[str, list[tuple[str, str]]] = {area: [] for area in _AREAS}
    for name in sorted(_known()):
        area, _, town = name.partition("/")
        if town and area in found:
            found[area].append((name, town.replace("_", " ")))
    return found
