"""How a person is spoken to about their appointments: language, local time, and what may be said of where they are."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from api.access.models import Agency
from api.appointments.wording import Voice
from api.families import zones
from api.families.models import Person
from api.jurisdiction.packs import pack


def voice_of(person: Person | None, agency: Agency, language: str, now: datetime, *, on_web: bool = False) -> Voice:
    """The person's voice; of nobody known, the agency's. ``on_web``: they read it where they entered by themselves."""
    return Voice(
        pack(agency.jurisdiction),
        language,
        zones.zone_of(person, agency),
        now,
        place=ZoneInfo(agency.timezone),
        names_town=on_web or (person is not None and person.plainly),
    )
