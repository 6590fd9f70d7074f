"""The routes of /api/v1 that name something: each is tried with what is somebody else's, and with one's own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from api.appointments.models import Appointment
from api.conferences.models import Conference
from api.plans.models import Plan, PlanAction

APPOINTMENT = {
    "kind": "home_visit",
    "starts_at": "2030-05-01T10:00:00+01:00",
    "ends_at": "2030-05-01T11:00:00+01:00",
    "attendees": [{"name": "Amara Okafor", "role": "social worker"}],
}
RHYTHM = {"frequency": "weekly", "starts_on": "2030-05-02", "at": "10:00"}
NEW_PLAN = "/api/v1/families/{family}/plans"
ROUTES = (
    ("GET", "/api/v1/families/{family}"),
    ("PATCH", "/api/v1/families/{family}"),
    ("POST", "/api/v1/families/{family}/people"),
    ("GET", "/api/v1/people/{person}"),
    ("PATCH", "/api/v1/people/{person}"),
    ("GET", "/api/v1/families/{family}/timeline"),
    ("GET", "/api/v1/families/{family}/appointments"),
    ("POST", "/api/v1/families/{family}/appointments"),
    ("GET", "/api/v1/appointments/{appointment}"),
    ("GET", "/api/v1/appointments/{appointment}/versions"),
    ("PATCH", "/api/v1/appointments/{appointment}"),
    ("POST", "/api/v1/appointments/{appointment}/happened"),
    ("GET", "/api/v1/families/{family}/changes"),
    ("POST", "/api/v1/changes/{change}/offer"),
    ("POST", "/api/v1/changes/{change}/handled"),
    ("GET", "/api/v1/families/{family}/series"),
    ("POST", "/api/v1/families/{family}/series"),
    ("GET", "/api/v1/series/{series}"),
    ("PATCH", "/api/v1/series/{series}"),
    ("POST", "/api/v1/series/{series}/end"),
    ("GET", "/api/v1/families/{family}/actions"),
    ("POST", "/api/v1/actions/{action}/verify"),
    ("GET", "/api/v1/families/{family}/timescales"),
    ("GET", "/api/v1/families/{family}/events"),
    ("POST", "/api/v1/families/{family}/events"),
    ("POST", "/api/v1/events/{event}/withdraw"),
    ("GET", "/api/v1/families/{family}/conferences"),
    ("POST", "/api/v1/families/{family}/conferences"),
    ("PUT", "/api/v1/conferences/{meeting}"),
    ("GET", "/api/v1/conferences/{meeting}"),
    ("GET", "/api/v1/conferences/{meeting}/versions"),
    ("POST", "/api/v1/conferences/{meeting}/withdraw"),
    ("GET", "/api/v1/reviews/{review}"),
    ("GET", "/api/v1/reviews/{review}/versions"),
    ("PUT", "/api/v1/reviews/{review}"),
    ("POST", "/api/v1/reviews/{review}/withdraw"),
    ("POST", NEW_PLAN),
    ("GET", "/api/v1/plans/{plan}"),
    ("PATCH", "/api/v1/plans/{plan}"),
    ("PUT", "/api/v1/plans/{plan}/start"),
    ("POST", "/api/v1/plans/{plan}/end"),
    ("POST", "/api/v1/plans/{plan}/go-on"),
    ("POST", "/api/v1/plans/{plan}/outcomes/{outcome}/restore"),
    ("POST", "/api/v1/plans/{plan}/actions"),
    ("GET", "/api/v1/plans/{plan}/versions"),
    ("PATCH", "/api/v1/actions/{action}"),
    ("GET", "/api/v1/families/{family}/views"),
    ("POST", "/api/v1/families/{family}/views"),
    ("POST", "/api/v1/views/{view}/withdraw"),
    ("GET", "/api/v1/plans/{plan}/reviews"),
    ("GET", "/api/v1/plans/{plan}/review-preparation"),
    ("POST", "/api/v1/plans/{plan}/reviews"),
    ("POST", "/api/v1/actions/{action}/reopen"),
    ("POST", "/api/v1/actions/{action}/block"),
    ("POST", "/api/v1/actions/{action}/unblock"),
    ("POST", "/api/v1/actions/{action}/drop"),
    ("POST", "/api/v1/actions/{action}/restore"),
    ("POST", "/api/v1/actions/{action}/done"),
    ("POST", "/api/v1/escalations/{escalation}/acknowledge"),
    ("POST", "/api/v1/escalations/{escalation}/resolve"),
    ("GET", "/api/v1/people/{person}/reminders"),
    ("PUT", "/api/v1/people/{person}/reminders"),
    ("GET", "/api/v1/conversations/{conversation}/messages"),
    ("POST", "/api/v1/conversations/{conversation}/messages"),
    ("POST", "/api/v1/conversations/{conversation}/texts-again"),
    ("GET", "/api/v1/conversations/{conversation}/takeover"),
    ("POST", "/api/v1/conversations/{conversation}/takeover"),
    ("POST", "/api/v1/conversations/{conversation}/hand-back"),
)
LISTS = (
    ("GET", "/api/v1/families"),
    ("POST", "/api/v1/families"),
    ("GET", "/api/v1/escalations"),
    ("GET", "/api/v1/timescales"),
    ("GET", "/api/v1/today"),
    ("GET", "/api/v1/actions"),
    ("GET", "/api/v1/audit"),
)
#: Those that only managers read, of families that they see.
FOR_MANAGERS = (("GET", "/api/v1/families/{family}/audit"),)
#: A body with which the route would do something, if the object were there.
BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/families/{family}": {"name": "Ashe"},
    "/api/v1/families/{family}/people": {"kind": "child", "first_name": "Aisha"},
    "/api/v1/people/{person}": {"first_name": "Aisha"},
    "/api/v1/families/{family}/appointments": APPOINTMENT,
    "/api/v1/appointments/{appointment}": {"status": "cancelled"},
    "/api/v1/appointments/{appointment}/happened": {"outcome": "missed", "note": "Ash was ill"},
    "/api/v1/changes/{change}/offer": {"starts_at": ["2030-05-01T10:00:00Z", "2030-05-02T10:00:00Z"]},
    "/api/v1/families/{family}/series": {**RHYTHM, "kind": "home_visit", "attendees": [{"name": "Amara Okafor"}]},
    "/api/v1/series/{series}": {**RHYTHM, "from": "2026-01-29"},
    "/api/v1/series/{series}/end": {"from": "2030-05-02"},
    "/api/v1/families/{family}/events": {"kind": "core_group", "day": "2026-01-12"},
    "/api/v1/families/{family}/conferences": {"kind": "initial", "held_on": "2026-01-03"},
    "/api/v1/conferences/{meeting}": {"kind": "review", "held_on": "2026-03-03", "status": "cancelled"},
    "/api/v1/conferences/{meeting}/withdraw": {"why": "of the other family"},
    "/api/v1/plans/{plan}/reviews": {"held_on": "2026-04-02", "next_step": "continue"},
    "/api/v1/reviews/{review}": {"held_on": "2026-02-02", "next_step": "continue", "why": "wrong day"},
    "/api/v1/reviews/{review}/withdraw": {"why": "wrong plan"},
    "/api/v1/people/{person}/reminders": {"moments": ["1d"]},
    "/api/v1/plans/{plan}": {"contingency": "Ash goes to his aunt"},
    "/api/v1/plans/{plan}/start": {"started_on": "2026-01-06", "why": "wrong day"},
    "/api/v1/plans/{plan}/end": {"ended_on": "2026-05-04", "kind": "moved", "why": "to Leeds", "support": "his aunt"},
    "/api/v1/plans/{plan}/go-on": {"why": "the other family moved"},
    "/api/v1/plans/{plan}/actions": {"title": "Ask Ash", "owner_name": "Mr Reid"},
    "/api/v1/actions/{action}": {"why": "Ash likes it"},
    "/api/v1/actions/{action}/block": {"reason": "Ash has no way there"},
    "/api/v1/actions/{action}/drop": {"reason": "Ash has moved"},
    "/api/v1/actions/{action}/reopen": {"note": "not yet"},
    "/api/v1/escalations/{escalation}/resolve": {"outcome": "seen to"},
    "/api/v1/conversations/{conversation}/messages": {"words": "hello"},
    "/api/v1/conversations/{conversation}/hand-back": {"note": "Ash is at his aunt's"},
}

#: What can be decided only in another state than the town's is in: of which thing, and that state.
STATES: dict[str, tuple[type[Any], str, dict[str, Any]]] = {
    "/api/v1/actions/{action}/block": (PlanAction, "action", {"status": "open"}),
    "/api/v1/actions/{action}/unblock": (PlanAction, "action", {"status": "blocked"}),
    "/api/v1/actions/{action}/restore": (PlanAction, "action", {"status": "dropped"}),
    "/api/v1/conferences/{meeting}/withdraw": (Conference, "meeting", {"status": "held", "decision": "continue"}),
    "/api/v1/plans/{plan}/go-on": (Plan, "plan", {"ended_on": date(2026, 5, 4)}),
    "/api/v1/appointments/{appointment}/happened": (
        Appointment,
        "appointment",
        {"starts_at": datetime(2026, 5, 4, 9, tzinfo=UTC), "ends_at": datetime(2026, 5, 4, 10, tzinfo=UTC)},
    ),
}
