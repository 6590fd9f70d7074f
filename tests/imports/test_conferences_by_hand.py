"""A conference that was recorded here and is told again by a file: no second plan, and what was withdrawn stays so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.appointments.models import Appointment
from api.conferences import service, withdrawing
from api.conferences.models import Conference
from api.conferences.service import Details
from api.families.models import Family, FamilyWorker, Person
from api.imports.service import Report
from api.plans.models import Plan

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


def test_a_file_that_tells_of_a_conference_made_by_hand_makes_no_second_plan(
    load: Load, raw: Raw, session: Session
) -> None:
    doyle, day = raw["families"][DOYLE], clock.now().date()
    told, plan = doyle["conferences"][0], {**doyle["plans"][0], "started_on": day.isoformat(), "reviews": []}
    doyle |= {"conferences": [], "plans": [], "events": []}
    load(raw)
    family = session.scalars(select(Family).filter_by(external_id="doyle")).one()
    child = session.scalars(
        select(Person).filter_by(family_id=family.id, external_id=told["children"][0]["person"])
    ).one()
    details = Details("initial", day, "held", decision="plan", children={child.id: ["neglect"]})
    made = service.record(session, family, lead(session, family), details, today=day).plan_id
    session.commit()
    doyle |= {"conferences": [{**told, "held_on": day.isoformat()}], "plans": [plan]}
    report = load(raw)
    assert any("was recorded here by hand" in note for note in report.notes), report.notes
    assert any("is that plan from now on" in note for note in report.notes), report.notes
    session.expire_all()
    (there,) = of_doyle(session, Plan)
    assert (there.id, there.external_id) == (made, plan["id"]) and there.actions, "with what the file has of it"
    assert len(of_doyle(session, Conference)) == 1
    assert not load(raw).created, "once is enough"
    session.expire_all()
    assert len(of_doyle(session, Plan)) == len(of_doyle(session, Conference)) == 1


def test_a_conference_that_was_withdrawn_here_stays_so_when_a_file_says_it_again(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    row = next(one for one in of_doyle(session, Conference) if one.kind == "initial")
    family = session.get_one(Family, row.family_id)
    withdrawing.withdraw(session, row, lead(session, family), "another family's", today=clock.now().date())
    session.commit()
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
