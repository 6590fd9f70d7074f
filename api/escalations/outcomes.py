"""What can have come of an escalation. Pure. Each has its words as ``console.outcome.<kind>``."""

from __future__ import annotations

import re

FALSE_ALARM = "false_alarm"
#: helped: spoke with them; passed_on: police, hospital, another team; not_reached: tried, and could not.
KINDS = ("helped", "passed_on", "not_reached", FALSE_ALARM, "other")
#: So many letters say something; fewer are a slip of the thumb.
SHORTEST = 2

#: Only where the reason begins with it: "this was not a false alarm" is none.
_FALSE_ALARM = re.compile(r"\W*(it was |was )?(a )?(false alarm|falsa alarma)\b", re.IGNORECASE)


def kind_of(reason: str) -> str:
    """The kind that a worker's own words name: false_alarm where they begin with it, else other."""
    return FALSE_ALARM if _FALSE_ALARM.match(reason) else "other"
