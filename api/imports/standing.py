"""What stands in the database, in the import's own format: for the export, and for a file that names only a part.

Promise: importing what this gives changes nothing here, and in an empty database makes the same again. What has been
withdrawn, and the words of whoever was erased, are not in it. Times are in UTC.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.models import Agency, Worker
from api.appointments.models import Appointment, AppointmentSeries
from api.appointments.recurrence import frequency_of, weeks_of
from api.conferences.models import Conference
from api.escalations.models import Shift
from api.families.models import ContactPoint, Family, FamilyWorker, Person
from api.imports import risks_then
from api.plans.models import EVENTS, CoreGroupMember, Outcome, Plan, PlanAction, Risk
from api.reviews.models import Review
from api.timescales.models import CaseEvent
from api.views.models import StatedView

Raw = dict[str, Any]
#: Stands where the format wants a word and the person whose words they were has been erased.
NOT_KEPT = "-"
#: What follows from a plan itself: the import makes these.
_THE_PLANS = ("plan_started", "plan_ended")


def agency(row: Agency) -> Raw:
    return {"id": row.external_id, "phone": row.phone or None, **_fields(row, "name jurisdiction timezone language")}


def worker(session: Session, row: Worker, agency_key: str, now: datetime) -> Raw:
    """With the shifts that are not over. No password."""
    coming = select(Shift).where(Shift.worker_id == row.id, Shift.agency_id == row.agency_id, Shift.ends_at > now)
    shifts = session.scalars(coming.order_by(Shift.starts_at, Shift.role))
    return {
        "id": row.external_id,
        "agency": agency_key,
        **_fields(row, "name email phone role active team"),
        "shifts": [{"role": s.role, "starts": _plain(s.starts_at), "ends": _plain(s.ends_at)} for s in shifts],
    }


class Keys:
    """Rows' ids as the agency's own ids, for one family."""

    def __init__(self, session: Session, row: Family) -> None:
        self.session, self.row = session, row
        self.people = {p.id: p for p in session.scalars(select(Person).filter_by(family_id=row.id))}
        workers = select(Worker.id, Worker.external_id).filter_by(agency_id=row.agency_id)
        self.workers = {key: external_id for key, external_id in session.execute(workers)}
        plans = select(Plan.id, Plan.external_id).filter_by(family_id=row.id)
        series = select(AppointmentSeries.id, AppointmentSeries.external_id).filter_by(family_id=row.id)
        self.series = {key: external_id for key, external_id in session.execute(series)}
        self.plans = {key: external_id for key, external_id in session.execute(plans)}

    def person(self, person_id: UUID | None) -> str | None:
        return self.people[person_id].external_id if person_id in self.people else None


def family(session: Session, row: Family, agency_key: str) -> Raw:
    """All of a family that the format has."""
    keys = Keys(session, row)
    made = core(keys, agency_key)
    plans = session.scalars(select(Plan).filter_by(family_id=row.id).order_by(Plan.started_on, Plan.external_id))
    made["plans"] = [plan(keys, one) for one in plans]
    again = select(AppointmentSeries).filter_by(family_id=row.id)
    made["series"] = [
        _series(keys, one)
        for one in session.scalars(again.order_by(AppointmentSeries.starts_on, AppointmentSeries.external_id))
    ]
    appointments = (
        select(Appointment).filter_by(family_id=row.id).order_by(Appointment.starts_at, Appointment.external_id)
    )
    made["appointments"] = [appointment(keys, one) for one in session.scalars(appointments)]
    meetings = select(Conference).filter_by(family_id=row.id).order_by(Conference.held_on, Conference.external_id)
    made["conferences"] = [_conference(keys, one) for one in session.scalars(meetings)]
    happened = (
        select(CaseEvent)
        .where(CaseEvent.family_id == row.id, CaseEvent.withdrawn_at.is_(None), CaseEvent.kind.not_in(_THE_PLANS))
        .order_by(CaseEvent.day, CaseEvent.external_id)
    )
    made["events"] = [
        {"id": e.external_id, "plan": keys.plans.get(e.plan_id) if e.plan_id else None}
        | _fields(e, "kind day outcome note")
        for e in session.scalars(happened)
    ]
    said = (
        select(StatedView)
        .where(StatedView.family_id == row.id, StatedView.withdrawn_at.is_(None), StatedView.words != "")
        .order_by(StatedView.given_on, StatedView.external_id)
    )
    made["views"] = [
        {"id": v.external_id, "person": keys.person(v.person_id)}
        | _fields(v, "given_on words way audience family_may_see")
        for v in session.scalars(said)
    ]
    return made


def core(keys: Keys, agency_key: str) -> Raw:
    """The family itself: who is in it, how they are reached, who works with them."""
    assigned = keys.session.scalars(select(FamilyWorker).filter_by(family_id=keys.row.id)).all()
    lead = next((keys.workers[one.worker_id] for one in assigned if one.lead), None)
    return {
        "id": keys.row.external_id,
        "agency": agency_key,
        "name": keys.row.name,
        "lead_worker": lead,
        "workers": sorted(keys.workers[one.worker_id] for one in assigned if not one.lead),
        "people": [_person(keys, one) for one in sorted(keys.people.values(), key=lambda p: p.external_id)],
    }


def _person(keys: Keys, row: Person) -> Raw:
    found = keys.session.scalars(
        select(ContactPoint)
        .where(ContactPoint.person_id == row.id, ContactPoint.state != "quarantined")
        .order_by(ContactPoint.state == "opted_out", ContactPoint.address)
    ).all()
    mails = [point.address for point in found if point.channel == "email" and point.state != "opted_out"]
    points = sorted((point for point in found if point.channel == "sms"), key=lambda point: point.address)
    held = set(
        keys.session.scalars(
            select(ContactPoint.address).where(
                ContactPoint.address.in_([point.address for point in points]),
                ContactPoint.person_id != row.id,
                ContactPoint.state != "quarantined",
            )
        )
    )
    numbers = [point.address for point in points if point.state == "active" and point.address not in held]
    made: Raw = {"id": row.external_id, **_fields(row, "kind first_name last_name born language")}
    if numbers:
        made |= {"phone": numbers[0], "other_phones": numbers[1:]}
    made["shared_phones"] = [point.address for point in points if point.state == "active" and point.address in held]
    made["closed_phones"] = [
        {"number": point.address, "state": point.state} for point in points if point.state != "active"
    ]
    if mails:
        made["email"] = mails[0]
    hours = {"from": _clock(row.contact_from), "until": _clock(row.contact_until)}
    if hours["from"] >= hours["until"]:  # over midnight, or the whole day: the format has no such hours
        hours = {}
    made["safe_contact"] = {**_fields(row, "wording may_name_children timezone"), **hours}
    if row.reminder_moments is not None or row.reminder_kinds:
        moments = None if row.reminder_moments is None else _codes(row.reminder_moments)
        kinds = {kind: _codes(own) for kind, own in sorted(row.reminder_kinds.items())}
        made["reminders"] = {"moments": moments, "kinds": kinds}
    return made


def plan(keys: Keys, row: Plan) -> Raw:
    """All of it, with its reviews."""
    outcomes = {outcome.id: outcome.external_id for outcome in row.outcomes}
    actions = sorted(row.actions, key=lambda one: one.external_id)
    reviews = keys.session.scalars(select(Review).filter_by(plan_id=row.id, withdrawn_at=None).order_by(Review.held_on))
    return {
        **plan_core(keys, row),
        "risks": [risk(r) for r in row.risks],
        "outcomes": [outcome(o) for o in row.outcomes],
        "actions": [action(keys, one, outcomes) for one in actions],
        "core_group": [member(m) for m in row.core_group],
        "contingencies": [_fields(c, "trigger by_on response who kept_from_family") for c in row.contingencies],
        "reviews": [
            {**_review(keys, one, outcomes, {a.id: a.external_id for a in actions}), "risks": risks_then.of(row, one)}
            for one in reviews
        ],
    }


def plan_core(keys: Keys, row: Plan) -> Raw:
    """The plan itself, without its parts."""
    return {
        "id": row.external_id,
        **_fields(row, "started_on review_on ended_on contingency family_may_see_contingency visit_every_days"),
        "children": sorted(child.external_id for child in row.children),
    }


def risk(row: Risk) -> Raw:
    return _fields(row, "harm description level evidence lower_when kept_from_family")


def outcome(row: Outcome) -> Raw:
    return {"id": row.external_id, **_fields(row, "title measure by_on state")}


def member(row: CoreGroupMember) -> Raw:
    return {**_fields(row, "name role organisation email responsibility"), "phone": row.phone or None}


def action(keys: Keys, row: PlanAction, outcomes: dict[UUID, str]) -> Raw:
    """With its history."""
    made = {
        "id": row.external_id,
        "owner": keys.person(row.owner_person_id),
        "outcome": outcomes.get(row.outcome_id) if row.outcome_id else None,
        **_fields(row, "title why owner_name due_on status blocked_reason kind measure evidence also_called"),
    }
    if row.status == "blocked" and not row.blocked_reason:
        made["blocked_reason"] = NOT_KEPT
    if made["owner"] is None and not row.owner_name:
        made["owner_name"] = NOT_KEPT
    made["history"] = [
        {"kind": e.kind, "at": _plain(e.at), "words": e.words}
        | (
            {"person": keys.person(e.person_id)}
            if e.person_id
            else {"worker": keys.workers.get(e.worker_id) if e.worker_id else None}
        )
        for e in row.events
        if e.kind in EVENTS and (e.person_id in keys.people or (not e.person_id and e.worker_id in keys.workers))
    ]
    return made


def _codes(moments: str) -> list[str]:
    return moments.split(",") if moments else []


_OF_SERIES = "kind every_working_days starts_on ends_on minutes place address address_hidden link bring travel"


def _series(keys: Keys, row: AppointmentSeries) -> Raw:
    return {
        "id": row.external_id,
        **_fields(row, f"{_OF_SERIES} written_until"),
        "frequency": frequency_of(row.rrule),
        "every_weeks": weeks_of(row.rrule),
        "at": row.at.isoformat("minutes" if not row.at.second else "seconds"),
        "attendees": _expected(keys, row.attendees),
        "follows": keys.series.get(row.follows_id) if row.follows_id else None,
    }


def series_as_said(keys: Keys, row: AppointmentSeries) -> Raw:
    """The series as the last file said it, not as workers have changed it since: what they ended or moved here stays
    so when another file says the same again (api.imports.series). Without a file, as it stands."""
    if not row.said:
        return {name: value for name, value in _series(keys, row).items() if name != "written_until"}
    said: Raw = json.loads(row.said)
    return {
        "id": row.external_id,
        **{name: said.get(name, "") for name in _OF_SERIES.split()},
        "frequency": frequency_of(said["rrule"]),
        "every_weeks": weeks_of(said["rrule"]),
        "at": said["at"].removesuffix(":00") if said["at"].count(":") == 2 else said["at"],
        "attendees": _expected(keys, said["attendees"]),
        "follows": keys.series.get(row.follows_id) if row.follows_id else None,
    }


def _expected(keys: Keys, attendees: list[Raw]) -> list[Raw]:
    return [
        ({"person": person} if (person := keys.person(_id(a["person_id"]))) else {"name": a["name"] or NOT_KEPT})
        | {"role": a["role"], "concerns": a["concerns"]}
        for a in attendees
    ]


def _id(words: str | None) -> UUID | None:
    return UUID(words) if words else None


def appointment(keys: Keys, row: Appointment) -> Raw:
    """With who is expected; what they answered is not in the format."""
    there = sorted(row.attendees, key=lambda a: (keys.person(a.person_id) or "", a.name, a.role))
    return {
        "id": row.external_id,
        **_fields(row, "kind place address address_hidden link bring travel status"),
        "starts": _plain(row.starts_at),
        "ends": _plain(row.ends_at),
        **({"reason": row.change_reason} if row.change_reason else {}),
        **({"series": keys.series[row.series_id], "series_on": _plain(row.series_on)} if row.series_id else {}),
        "attendees": [
            ({"person": keys.person(a.person_id)} if a.person_id else {"name": a.name or NOT_KEPT})
            | _fields(a, "role concerns")
            for a in there
        ],
    }


def _conference(keys: Keys, row: Conference) -> Raw:
    return {
        "id": row.external_id,
        **_fields(row, "kind status held_on chair assessment discussion decision_reason planning"),
        "plan": keys.plans.get(row.plan_id) if row.plan_id else None,
        "decision": row.decision or None,
        "children": sorted(
            ({"person": keys.person(c.person_id), "harms": sorted(c.harms)} for c in row.children),
            key=lambda child: str(child["person"]),
        ),
        "attendees": [
            ({"person": keys.person(a.person_id)} if a.person_id else {"name": a.name or NOT_KEPT})
            | _fields(a, "role agency attended sent_report")
            for a in row.attendees
        ],
        "dissents": [_fields(d, "name role words") for d in row.dissents],
    }


def _review(keys: Keys, row: Review, outcomes: dict[UUID, str], actions: dict[UUID, str]) -> Raw:
    meeting = keys.session.get(Conference, row.conference_id) if row.conference_id else None
    return {
        "id": row.external_id,
        **_fields(row, "held_on next_step reason changes support next_review_on"),
        "conference": meeting.external_id if meeting else None,
        "progress": sorted(
            ({"outcome": outcomes[p.outcome_id], **_fields(p, "progress words")} for p in row.progress),
            key=lambda one: str(one["outcome"]),
        ),
        "effects": sorted(
            ({"action": actions[e.action_id], **_fields(e, "effect words")} for e in row.effects),
            key=lambda one: str(one["action"]),
        ),
    }


def _fields(row: object, names: str) -> Raw:
    return {name: _plain(getattr(row, name)) for name in names.split()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _clock(value: Any) -> str:
    return f"{value:%H:%M}"
