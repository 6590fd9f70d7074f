"""A conference that was recorded here and is told again by a file: no second plan, and what was withdrawn stays so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.appointments.models import Appointment
from api.conferences import service, withdrawing
from api.conferences.models import Conference
from api.conferences.service import CannotRecord, Details
from api.families.models import Family, FamilyWorker, Person
from api.imports.said import STAY, STAYS
from api.imports.service import Report
from api.plans import editing
from api.plans.models import WITHDRAWN, Plan

Raw = dict[str, Any]
Load = Callable[..., Report]
DOYLE = 2


def of_doyle(session: Session, model: type[Any]) -> list[Any]:
    family = session.scalars(select(Family).filter_by(external_id="doyle")).one()
    return list(session.scalars(select(model).filter_by(family_id=family.id)))


def lead(session: Session, family: Family) -> Worker:
    return session.scalars(
        select(Worker).join(FamilyWorker).where(FamilyWorker.family_id == family.id, FamilyWorker.lead)
    ).one()


@pytest.fixture
def by_hand(load: Load, raw: Raw, session: Session) -> tuple[Raw, Conference]:
    """What the file is to say of the Doyles next, and the conference that was recorded here before it: on the same day,
    with the same plan for the same child."""
    doyle, day = raw["families"][DOYLE], clock.now().date()
    told, plan = doyle["conferences"][0], {**doyle["plans"][0], "started_on": day.isoformat(), "reviews": []}
    doyle |= {"conferences": [], "plans": [], "events": []}
    load(raw)
    family = session.scalars(select(Family).filter_by(external_id="doyle")).one()
    child = session.scalars(
        select(Person).filter_by(family_id=family.id, external_id=told["children"][0]["person"])
    ).one()
    details = Details("initial", day, "held", decision="plan", children={child.id: ["neglect"]})
    made = service.record(session, family, lead(session, family), details, today=day)
    session.commit()
    doyle |= {"conferences": [{**told, "held_on": day.isoformat()}], "plans": [plan]}
    return doyle, made


def withdraw(session: Session, row: Conference) -> None:
    session.refresh(row)
    family = session.get_one(Family, row.family_id)
    withdrawing.withdraw(session, row, lead(session, family), "another family's", today=clock.now().date())
    session.commit()


def change(session: Session, plan: Plan, own: Raw, **parts: Any) -> None:
    worker = lead(session, session.get_one(Family, plan.family_id))
    editing.change(session, plan, worker, own, parts, version=None)
    session.commit()


def test_a_file_that_tells_of_a_conference_made_by_hand_makes_no_second_plan(
    load: Load, raw: Raw, session: Session, by_hand: tuple[Raw, Conference]
) -> None:
    plan_id = by_hand[1].plan_id
    report = load(raw)
    assert any("was recorded here by hand" in note for note in report.notes), report.notes
    assert any("is that plan from now on" in note for note in report.notes), report.notes
    session.expire_all()
    (there,) = of_doyle(session, Plan)
    assert (there.id, there.external_id) == (plan_id, "doyle-2026") and there.actions, "with what the file has of it"
    assert len(of_doyle(session, Conference)) == 1
    assert not load(raw).created, "once is enough"
    session.expire_all()
    assert len(of_doyle(session, Plan)) == len(of_doyle(session, Conference)) == 1


def test_the_plan_that_a_file_took_over_is_still_its_conference_s_own(
    load: Load, raw: Raw, session: Session, by_hand: tuple[Raw, Conference]
) -> None:
    made = by_hand[1]
    load(raw)
    session.expire_all()
    with pytest.raises(CannotRecord, match="plan_is_built_on"):
        withdraw(session, made)
    session.rollback()
    assert made.withdrawn_at is None


def test_a_plan_that_a_file_took_over_and_said_nothing_of_ends_with_its_conference_and_no_file_brings_it_back(
    load: Load, raw: Raw, session: Session, by_hand: tuple[Raw, Conference]
) -> None:
    doyle, made = by_hand
    doyle["plans"] = [{name: doyle["plans"][0][name] for name in ("id", "started_on", "children")}]
    load(raw)
    withdraw(session, made)
    assert_nothing_comes_back(load, raw, session, made)


def test_a_conference_that_was_withdrawn_here_and_its_plan_do_not_come_back_under_a_file_s_ids(
    load: Load, raw: Raw, session: Session, by_hand: tuple[Raw, Conference]
) -> None:
    doyle, made = by_hand
    withdraw(session, made)
    doyle["plans"][0]["ended_on"] = None
    assert_nothing_comes_back(load, raw, session, made)


def test_a_conference_that_only_names_a_plan_that_a_file_took_over_leaves_it_alone(
    load: Load, raw: Raw, session: Session, by_hand: tuple[Raw, Conference]
) -> None:
    doyle, made = by_hand
    doyle["plans"] = [{name: doyle["plans"][0][name] for name in ("id", "started_on", "children")}]
    load(raw)
    family = session.get_one(Family, made.family_id)
    children = {one.person_id: ["neglect"] for one in made.children}
    before = made.held_on - timedelta(days=9)
    details = Details("transfer_in", before, "held", decision="plan", plan_id=made.plan_id, children=children)
    other = service.record(session, family, lead(session, family), details, today=made.held_on)
    session.commit()
    with pytest.raises(CannotRecord, match="plan_is_built_on"):
        withdraw(session, made)
    session.rollback()
    withdraw(session, other)
    session.expire_all()
    assert session.get_one(Plan, made.plan_id).ended_on is None


def assert_nothing_comes_back(load: Load, raw: Raw, session: Session, made: Conference) -> None:
    for _ in range(2):
        report = load(raw)
        (place,) = [note.partition(":")[0] for note in report.notes if "was withdrawn here and stays so" in note]
        assert place == f"families[{DOYLE}].conferences[0]"
        session.expire_all()
        (row,), (plan,) = of_doyle(session, Conference), of_doyle(session, Plan)
        assert (row.id, row.status, plan.id) == (made.id, "cancelled", made.plan_id)
        assert (plan.ended_on, plan.end_kind) == (clock.now().date(), WITHDRAWN)


def test_a_conference_that_was_recorded_anew_after_it_was_withdrawn_is_the_one_that_the_file_tells_of(
    load: Load, raw: Raw, session: Session, by_hand: tuple[Raw, Conference]
) -> None:
    made = by_hand[1]
    withdraw(session, made)
    family = session.get_one(Family, made.family_id)
    children = {one.person_id: ["neglect"] for one in made.children}
    details = Details("initial", made.held_on, "held", decision="plan", children=children)
    again = service.record(session, family, lead(session, family), details, today=made.held_on)
    session.commit()
    report = load(raw)
    assert any("was recorded here by hand" in note for note in report.notes), report.notes
    session.expire_all()
    assert {one.external_id for one in of_doyle(session, Plan)} == {f"conference-{made.id}", "doyle-2026"}
    assert session.get_one(Plan, again.plan_id).external_id == "doyle-2026"
    assert len(of_doyle(session, Conference)) == 2


def test_a_plan_whose_beginning_was_put_right_here_is_still_the_file_s(
    load: Load, raw: Raw, session: Session, by_hand: tuple[Raw, Conference]
) -> None:
    made = by_hand[1]
    session.get_one(Plan, made.plan_id).started_on += timedelta(days=1)
    session.commit()
    load(raw)
    session.expire_all()
    (plan,) = of_doyle(session, Plan)
    assert plan.external_id == "doyle-2026" and plan.started_on == made.held_on + timedelta(days=1)


def test_what_was_filled_in_here_stays_when_a_file_takes_the_plan_over_until_it_says_something_new(
    load: Load, raw: Raw, session: Session, by_hand: tuple[Raw, Conference]
) -> None:
    doyle, made = by_hand
    given = doyle["plans"][0] | {"visit_every_days": 20}
    doyle["plans"] = [given]
    plan = session.get_one(Plan, made.plan_id)
    by_rule = plan.review_on
    change(session, plan, {"contingency": "Ring Pat."}, risks=[{"harm": "neglect", "description": "Left alone."}])
    report = load(raw)
    session.expire_all()
    assert (plan.contingency, plan.visit_every_days) == ("Ring Pat.", 20), "what nobody had filled in is the file's"
    assert plan.review_on != by_rule, "nobody had chosen that day: it was worked out"
    assert "Left alone." in {one.description for one in plan.risks} and len(plan.core_group) == len(given["core_group"])
    place = f"families[{DOYLE}].plans[0]"
    assert {f"{place}.contingency", f"{place}.risks"} <= {note.partition(":")[0] for note in report.notes}
    load(raw)
    session.expire_all()
    assert plan.contingency == "Ring Pat." and "Left alone." in {one.description for one in plan.risks}
    given["contingency"] = "Uncle Pat has Connor."
    load(raw)
    session.expire_all()
    assert plan.contingency == "Uncle Pat has Connor."


def test_what_was_filled_in_here_stays_too_in_a_plan_that_was_made_here_under_the_file_s_id(
    load: Load, raw: Raw, session: Session, by_hand: tuple[Raw, Conference]
) -> None:
    plan = session.get_one(Plan, by_hand[1].plan_id)
    plan.external_id = "doyle-2026"
    change(session, plan, {"contingency": "Ring Pat."})
    report = load(raw)
    session.expire_all()
    assert plan.contingency == "Ring Pat." and plan.actions
    assert f"families[{DOYLE}].plans[0].contingency: {STAYS}" in report.notes


def test_a_child_whom_the_conference_put_on_the_plan_stays_on_it_when_a_file_takes_it_over(
    load: Load, raw: Raw, session: Session, by_hand: tuple[Raw, Conference]
) -> None:
    made = by_hand[1]
    plan = session.get_one(Plan, made.plan_id)
    baby = Person(family_id=made.family_id, external_id="baby", kind="child", first_name="Nora")
    session.add(baby)
    session.flush()
    change(session, plan, {"children": [*(child.id for child in plan.children), baby.id]})
    report = load(raw)
    session.expire_all()
    assert baby in plan.children and f"families[{DOYLE}].plans[0].children: {STAY}" in report.notes


def test_a_conference_that_was_withdrawn_here_stays_so_when_a_file_says_it_again(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    withdraw(session, next(one for one in of_doyle(session, Conference) if one.kind == "initial"))
    plans = len(of_doyle(session, Plan))
    report = load(raw)
    assert any("was withdrawn here and stays so" in note for note in report.notes), report.notes
    session.expire_all()
    row = next(one for one in of_doyle(session, Conference) if one.kind == "initial")
    assert row.status == "cancelled" and row.withdrawn_at is not None and len(of_doyle(session, Plan)) == plans


def test_a_conference_that_a_file_corrects_to_no_plan_holds_up_nothing_else_while_its_plan_goes_on(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    doyle, other = raw["families"][DOYLE], raw["families"][0]
    told = next(one for one in doyle["conferences"] if one["kind"] == "initial")
    told["decision"] = "no_plan"
    told.pop("plan", None)
    other["appointments"][0]["bring"] = "your letters"
    place = f"families[{DOYLE}].conferences[{doyle['conferences'].index(told)}]"
    for _ in range(2):
        report = load(raw)
        assert [note for note in report.notes if note.startswith(place) and "goes on here" in note], report.notes
        assert not report.updated["conferences"]
    session.expire_all()
    row = next(one for one in of_doyle(session, Conference) if one.kind == "initial")
    assert (row.decision, row.status, row.version) == ("plan", "held", 1) and row.plan_id is not None
    visit = session.scalars(select(Appointment).filter_by(external_id=other["appointments"][0]["id"])).one()
    assert visit.bring == "your letters", "the rest is written"
