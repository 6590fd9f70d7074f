"""A case in an import file: taken once, and refused with its place and the reason where something cannot be."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.conferences.models import Conference
from api.earlier.models import EarlierVersion
from api.families.models import Family
from api.imports.schemas import json_schema
from api.imports.service import Report
from api.plans.models import Contingency, Outcome, Plan, PlanAction, PlanVersion, Risk
from api.reviews.models import Review
from api.settings import DATA
from api.timescales.models import CaseEvent, Deadline
from api.views.models import StatedView

Raw = dict[str, Any]
Load = Callable[..., Report]
Refused = Callable[[Any], dict[str, str]]
DOYLE = 2


def count(session: Session, model: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_case_comes_in_whole_and_its_dates_follow(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    plan = session.scalars(select(Plan).where(Plan.external_id == "doyle-2026")).one()
    review = session.scalars(select(Review).filter_by(plan_id=plan.id)).one()
    assert review.next_step == "continue" and {p.progress for p in review.progress} == {"good", "some"}
    meeting = session.get_one(Conference, review.conference_id)
    assert (meeting.external_id, meeting.decision, meeting.held_on) == ("rcpc-1", "continue", review.held_on)
    first = session.scalars(select(Conference).filter_by(plan_id=plan.id, kind="initial")).one()
    assert [sorted(child.harms) for child in first.children] == [["emotional", "neglect"]]
    dates = {d.rule: d for d in session.scalars(select(Deadline).filter_by(family_id=plan.family_id))}
    assert dates["first_review"].done_on == review.held_on and dates["next_review"].done_on is None
    action = session.scalars(select(PlanAction).where(PlanAction.external_id == "boiler")).one()
    assert action.kind == "practical" and session.get_one(Outcome, action.outcome_id).external_id == "warm"
    hidden = session.scalars(select(StatedView).where(StatedView.external_id == "tia-1")).one()
    assert (hidden.audience, hidden.family_may_see) == ("lead", False)
    assert session.scalars(select(Risk).where(Risk.kept_from_family)).all() and count(session, Contingency)


def test_the_same_case_twice_changes_nothing(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    models = (Conference, Review, CaseEvent, StatedView, Outcome, Contingency, Risk, PlanVersion, Deadline)
    before = {model: count(session, model) for model in models}
    report = load(raw)
    assert not report.created and not report.updated
    session.expire_all()
    assert {model: count(session, model) for model in models} == before


def test_a_plan_that_the_file_changes_keeps_a_version_of_the_change(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    raw["families"][DOYLE]["plans"][0]["outcomes"][0]["title"] = "Connor is settled"
    load(raw)
    plan = session.scalars(select(Plan).where(Plan.external_id == "doyle-2026")).one()
    newest = session.scalars(
        select(PlanVersion).filter_by(plan_id=plan.id).order_by(PlanVersion.number.desc()).limit(1)
    ).one()
    assert newest.made_by is None and newest.changes[0]["fields"]["title"][1] == "Connor is settled"


def change(raw: Raw, path: str, value: Any) -> Raw:
    made: Any = copy.deepcopy(raw)
    spot = made["families"][DOYLE]
    *steps, last = path.split(".")
    for step in steps:
        spot = spot[int(step)] if step.isdigit() else spot[step]
    spot[last] = value
    return dict(made)


@pytest.mark.parametrize(
    ("path", "value", "place", "words"),
    [
        ("plans.0.reviews.0.held_on", "today-110", "plans[0].reviews[0]", "before the conference that made the plan"),
        ("plans.0.reviews.0.held_on", "today+2", "plans[0].reviews[0]", "has not come yet"),
        ("plans.0.reviews.0.conference", "nobody", "plans[0].reviews[0].conference", "no conference of this family"),
        ("plans.0.reviews.0.next_step", "modify", "plans[0].reviews[0]", "another decision"),
        ("plans.0.reviews.0.progress", [{"outcome": "x", "progress": "good"}],
         "plans[0].reviews[0].progress[0].outcome", "no outcome of this plan"),
        ("plans.0.actions.0.outcome", "x", "plans[0].actions[0].outcome", "no outcome of this plan"),
        ("conferences.0.held_on", "today+1", "conferences[0]", "has not come yet"),
        ("conferences.0.held_on", "2026-02-30", "conferences[0].held_on", "calendar"),
        ("conferences.0.decision", "continue", "conferences[0]", "cannot decide that"),
        ("conferences.0.plan", "other", "conferences[0].plan", "no plan of this family"),
        ("conferences.0.children", [{"person": "lisa", "harms": ["neglect"]}], "conferences[0]", "not a child"),
        ("conferences.1.held_on", "today-200", "conferences[1]", "before the conference that made the plan"),
        ("events.0.kind", "party", "events[0].kind", ""),
        ("events.0.day", "today+3", "events[0].day", "has not come yet"),
        ("events.0.plan", "other", "events[0].plan", "no plan of this family"),
        ("views.0.person", "nobody", "views[0].person", "nobody in this family"),
        ("views.0.words", " ", "views[0].words", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place_and_nothing_is_written(
    refused: Refused, raw: Raw, session: Session, path: str, value: Any, place: str, words: str
) -> None:
    told = refused(change(raw, path, value))
    assert words in told[f"families[{DOYLE}].{place}"], told
    assert count(session, Family) == 0


def test_ids_that_stand_twice_are_refused(refused: Refused, raw: Raw) -> None:
    family = raw["families"][DOYLE]
    family["events"].append(copy.deepcopy(family["events"][0]))
    assert "taken in this list" in refused(raw)[f"families[{DOYLE}].events[{len(family['events']) - 1}]"]


def test_a_child_who_stands_twice_at_a_conference_is_refused(refused: Refused, raw: Raw) -> None:
    children = raw["families"][DOYLE]["conferences"][0]["children"]
    children.append(children[0] | {"harms": ["physical"]})
    place = f"families[{DOYLE}].conferences[0].children[{len(children) - 1}]"
    assert "keep one line" in refused(raw)[place]


def test_the_published_schema_is_the_importer_s_and_the_demo_file_fits_it(raw: Raw) -> None:
    published = (DATA / "demo" / "import.schema.json").read_text(encoding="utf-8")
    assert published == json_schema(), "write api.imports.schemas.json_schema() to data/demo/import.schema.json"
    jsonschema.Draft202012Validator(json.loads(published)).validate(raw)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(published)).validate({**raw, "families": [{"id": 3}]})


def test_what_a_corrected_file_says_otherwise_is_written_and_what_was_said_stays_to_be_read(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    changed = change(raw, "plans.0.reviews.0.reason", "A better reason")
    family = changed["families"][DOYLE]
    event = next(one for one in family["events"] if one["kind"] != "review_conference")
    event["note"], event["outcome"] = "not held after all", "missed"
    report = load(changed)
    assert (report.updated["reviews"], report.updated["events"]) == (1, 1) and not report.created
    again = load(changed)
    assert not again.updated and not again.created and not again.notes
    session.expire_all()
    review = session.scalars(select(Review).where(Review.reason != "")).first()
    doyles = select(Family.id).filter_by(external_id=family["id"]).scalar_subquery()
    rows = session.scalars(
        select(CaseEvent).where(CaseEvent.family_id == doyles, CaseEvent.external_id.startswith(event["id"]))
    ).all()
    assert review is not None and review.reason == "A better reason" and review.version == 2
    kept = session.scalars(select(EarlierVersion).filter_by(object_id=review.id)).one()
    assert kept.content["record"]["reason"] and kept.content["record"]["reason"] != "A better reason"
    live = [row for row in rows if row.withdrawn_at is None]
    assert len(rows) == 2 and [(row.outcome, row.note) for row in live] == [("missed", "not held after all")]


def test_what_stays_though_the_file_says_otherwise_is_told_of(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    view = session.scalars(select(StatedView).where(StatedView.external_id == "tia-1")).one()
    words = view.words
    review = session.scalars(select(Review)).first()
    assert review is not None
    review.withdrawn_at = review.recorded_at
    session.commit()
    views = [one for family in raw["families"] for one in family.get("views", []) if one["id"] == "tia-1"]
    views[0]["words"] = "something else"
    report = load(raw)
    assert not report.updated and len(report.notes) == 2
    assert any("was withdrawn here and stays so" in note for note in report.notes)
    assert any("somebody's words are never changed" in note for note in report.notes)
    session.expire_all()
    assert session.scalars(select(StatedView).where(StatedView.external_id == "tia-1")).one().words == words
