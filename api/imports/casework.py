"""Writing what happened in a case: events, conferences, reviews, what people said.

Promise: the same rules as in the console hold, with the same words when something cannot be; and what was recorded once
is not recorded twice. What a later file says otherwise, api.imports.again decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from api import texts
from api.conferences import queries as conferences
from api.conferences import service as recording
from api.conferences.models import Conference
from api.families.models import Family, Person
from api.imports import again, dates, risks_then
from api.imports.case_schemas import ConferenceIn, EventIn, ReviewIn, ViewIn
from api.imports.schemas import FamilyIn, PlanIn
from api.imports.writer import Path, Writer
from api.plans.models import Outcome, Plan, PlanAction
from api.reviews import correcting
from api.reviews import queries as reviews
from api.reviews import service as reviewing
from api.timescales import queries as timescales
from api.timescales.due import FIRST_YEAR
from api.timescales.models import CaseEvent
from api.views.models import StatedView

_NOT_HERE = {
    "plan": "names no plan of this family; add it or mend the id",
    "person": "names nobody in this family's `people`; add them or mend the id",
    "conference": "names no conference of this family; add it or mend the id",
    "outcome": "names no outcome of this plan; add it or mend the id",
    "action": "names no action of this plan; add it or mend the id",
}


def write_case(
    writer: Writer, row: Family, path: Path, family: FamilyIn, people: dict[str, Person], zone: ZoneInfo
) -> None:
    """Write them; ``people`` by external id, ``zone`` the agency's, ``path`` where the family stands in the file."""
    case = _Case(writer, row, people, writer.now.astimezone(zone).date())
    for n, conference in enumerate(family.conferences):
        case.attempt((*path, "conferences", n), case.conference, conference)
    for i, plan in enumerate(family.plans):
        for n, review in sorted(enumerate(plan.reviews), key=lambda pair: case.day(pair[1].held_on)):
            case.attempt((*path, "plans", i, "reviews", n), partial(case.review, of=plan), review)
    for n, event in enumerate(family.events):
        case.attempt((*path, "events", n), case.event, event)
    for n, view in enumerate(family.views):
        case.attempt((*path, "views", n), case.view, view)


class _Case:
    """One family's case as its parts are written."""

    def __init__(self, writer: Writer, row: Family, people: dict[str, Person], today: date) -> None:
        self.writer, self.row, self.people, self.today = writer, row, people, today
        self.session = writer.session
        self.erased = any(person.erased_at is not None for person in people.values())
        self.plans = {plan.external_id: plan for plan in self.session.scalars(select(Plan).filter_by(family_id=row.id))}

    def day(self, words: str) -> date:
        return dates.local_day(words, self.today)

    def attempt(self, path: Path, write: Callable[[Path, Any], None], given: Any) -> None:
        """Write one; what the service refuses is told with its place in the file."""
        try:
            write(path, given)
        except (recording.CannotRecord, reviewing.CannotReview) as error:
            self.writer.refuse(path, texts.render(f"rest.error.{error.code}", "en"))

    def _known(self, table: dict[str, Any], key: str | None, path: Path, what: str) -> Any:
        if key is None:
            return None
        if key not in table:
            self.writer.refuse((*path, what), _NOT_HERE[what])
            return None
        return table[key]

    def conference(self, path: Path, given: ConferenceIn) -> None:
        plan = self._known(self.plans, given.plan, path, "plan")
        children: dict[uuid.UUID, Sequence[str]] = {
            person.id: list(child.harms)
            for n, child in enumerate(given.children)
            if (person := self._known(self.people, child.person, (*path, "children", n), "person"))
        }
        attendees = []
        for n, one in enumerate(given.attendees):
            person = self._known(self.people, one.person, (*path, "attendees", n), "person")
            attendees.append(
                recording.Invited(**one.model_dump(exclude={"person"}), person_id=person.id if person else None)
            )
        details = recording.Details(
            kind=given.kind,
            held_on=self.day(given.held_on),
            status=given.status,
            plan_id=plan.id if plan else None,
            decision=given.decision or "",
            words={name: getattr(given, name) for name in recording.WORDS},
            children=children,
            attendees=attendees,
            dissents=[recording.Disagreed(**one.model_dump()) for one in given.dissents],
        )
        if self.writer.report.problems:
            return
        known = conferences.by_external_id(self.session, self.row.id, given.id)
        here = None
        if known is None and plan is not None and details.decision == "plan":
            here = conferences.by_hand(self.session, self.row.id, given.kind, details.held_on, plan.id)
        if here is not None or (known is not None and known.withdrawn_at is not None):
            stands = here or known
            withdrawn = stands is not None and stands.withdrawn_at is not None
            self.writer.note(path, again.WITHDRAWN if withdrawn else again.HERE_ALREADY)
            self.writer.report.unchanged["conferences"] += 1
        elif known is None:
            recording.record(
                self.session, self.row, None, details, today=self.today, external_id=given.id, with_review=True
            )
            self.writer.report.created["conferences"] += 1
        elif known.status == "held" and details.status == "planned":
            self.writer.report.unchanged["conferences"] += 1  # it was held here meanwhile
        elif _same(known, details):
            self.writer.report.unchanged["conferences"] += 1
        else:
            self._change(path, known, details)

    def _change(self, path: Path, known: Conference, details: recording.Details) -> None:
        """The file's correction; one conference whose plan goes on here does not hold up all that the file says."""
        try:
            recording.change(self.session, known, None, details, today=self.today, with_review=True)
        except recording.CannotRecord as error:
            if error.code != "plan_goes_on":
                raise
            self.writer.note(path, again.PLAN_GOES_ON)
            self.writer.report.unchanged["conferences"] += 1
        else:
            self.writer.report.updated["conferences"] += 1

    def review(self, path: Path, given: ReviewIn, *, of: PlanIn) -> None:
        plan = self.plans[of.id]
        known = reviews.by_external_id(self.session, plan.id, given.id)
        held = self.session.scalars(select(Conference).filter_by(family_id=self.row.id, kind="review"))
        conference = self._known({one.external_id: one for one in held}, given.conference, path, "conference")
        outcomes = {o.external_id: o for o in self.session.scalars(select(Outcome).filter_by(plan_id=plan.id))}
        actions = {a.external_id: a for a in self.session.scalars(select(PlanAction).filter_by(plan_id=plan.id))}
        progress: dict[uuid.UUID, tuple[str, str]] = {}
        for n, one in enumerate(given.progress):
            if outcome := self._known(outcomes, one.outcome, (*path, "progress", n), "outcome"):
                progress[outcome.id] = (one.progress, one.words)
        effects: dict[uuid.UUID, tuple[str, str]] = {}
        for n, two in enumerate(given.effects):
            if action := self._known(actions, two.action, (*path, "effects", n), "action"):
                effects[action.id] = (two.effect, two.words)
        risks = None
        if given.risks is not None:
            in_file = {risk.description for risk in of.risks or ()}
            risks = risks_then.read(self.writer, plan, known, path, given.risks, in_file)
        if self.writer.report.problems:
            return
        self.session.expire(plan)
        found = reviewing.Findings(
            held_on=self.day(given.held_on),
            next_step=given.next_step,
            reason=given.reason,
            changes=given.changes,
            support=given.support,
            next_review_on=self.day(given.next_review_on) if given.next_review_on else None,
            conference_id=conference.id if conference else None,
            progress=progress,
            effects=effects,
            risks_then=risks,
        )
        if known is not None:
            differs = again.review_differs(known, given, found)
            by_hand = again.corrected_by_hand(self.writer, known)
            if again.stays(self.writer, path, known, by_hand=by_hand, differs=differs, erased=self.erased):
                self.writer.report.unchanged["reviews"] += 1
                return
            correcting.follow_file(self.session, plan, known, found, today=self.today)
            self.writer.report.updated["reviews"] += 1
            return
        reviewing.record(
            self.session,
            plan,
            None,
            found,
            today=self.today,
            external_id=given.id,
            at_conference=conference is not None,
            whole=False,
        )
        self.writer.report.created["reviews"] += 1

    def event(self, path: Path, given: EventIn) -> None:
        plan = self._known(self.plans, given.plan, path, "plan")
        day = self.day(given.day)
        if given.kind in ("plan_started", "plan_ended"):
            self.writer.refuse((*path, "kind"), texts.render("rest.error.event_is_the_plans", "en"))
        elif not day.year >= FIRST_YEAR or day > self.today:
            self.writer.refuse((*path, "day"), texts.render("rest.error.event_in_the_future", "en"))
        else:
            self._put_event(path, given, day, plan)

    def _put_event(self, path: Path, given: EventIn, day: date, plan: Plan | None) -> None:
        plan_id = plan.id if plan else None
        known = timescales.event(self.session, self.row.id, given.id)
        if known is not None:
            differs = again.event_differs(known, given, day, plan_id)
            by_hand = known.recorded_by is not None
            if again.stays(self.writer, path, known, by_hand=by_hand, differs=differs, erased=self.erased):
                self.writer.report.unchanged["events"] += 1
                return
            again.set_aside(self.session, known)
        made = CaseEvent(
            family_id=self.row.id,
            plan_id=plan_id,
            external_id=given.id,
            kind=given.kind,
            day=day,
            outcome=given.outcome,
            note=given.note,
            recorded_at=self.writer.now,
        )
        self.session.add(made)
        (self.writer.report.created if known is None else self.writer.report.updated)["events"] += 1

    def view(self, path: Path, given: ViewIn) -> None:
        person = self._known(self.people, given.person, path, "person")
        day = self.day(given.given_on)
        if day > self.today:
            self.writer.refuse((*path, "given_on"), texts.render("rest.error.event_in_the_future", "en"))
        elif known := self.session.scalar(select(StatedView).filter_by(family_id=self.row.id, external_id=given.id)):
            if again.view_differs(known, given, day, person.id if person else None):
                self.writer.note(path, again.WORDS)
            self.writer.report.unchanged["views"] += 1
        elif person is not None and person.erased_at is None:
            self.writer.put(
                "views",
                None,
                StatedView,
                family_id=self.row.id,
                person_id=person.id,
                external_id=given.id,
                given_on=day,
                words=given.words,
                way=given.way,
                audience=given.audience,
                family_may_see=given.family_may_see,
                recorded_at=self.writer.now,
            )


def _same(row: Conference, details: recording.Details) -> bool:
    """Does the conference hold already what the file says of it?"""
    there = recording.Details(
        kind=row.kind,
        held_on=row.held_on,
        status=row.status,
        plan_id=row.plan_id,
        decision=row.decision,
        words={name: getattr(row, name) for name in recording.WORDS},
        children={child.person_id: list(child.harms) for child in row.children},
        attendees=[
            recording.Invited(a.agency, a.person_id, a.name, a.role, a.attended, a.sent_report) for a in row.attendees
        ],
        dissents=[recording.Disagreed(d.name, d.words, d.role) for d in row.dissents],
    )
    wanted: dict[uuid.UUID, Sequence[str]] = {key: sorted(set(harms)) for key, harms in details.children.items()}
    return there == replace(details, children=wanted, plan_id=details.plan_id or row.plan_id)
