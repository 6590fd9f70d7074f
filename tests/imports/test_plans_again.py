"""A file that says of a plan what the last one said: what was changed here since stays, and is told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.families import people
from api.families.models import Person
from api.imports import plans
from api.imports.service import Report
from api.plans import editing, history
from api.plans.models import Plan, PlanAction

Raw = dict[str, Any]
Load = Callable[..., Report]
STAYS = "was changed here since your last file, and stays as it is here"


@pytest.fixture
def given(load: Load, raw: Raw) -> Raw:
    """The first plan of the file, which is here already."""
    load(raw)
    found: Raw = raw["families"][0]["plans"][0]
    return found


def the_plan(session: Session) -> Plan:
    session.expire_all()
    return session.scalars(select(Plan).filter_by(external_id="bennett-2026")).one()


def action(session: Session, key: str) -> PlanAction:
    return next(one for one in the_plan(session).actions if one.external_id == key)


def worker(session: Session) -> Worker:
    return session.scalars(select(Worker).filter_by(external_id="amara")).one()


def change(session: Session, own: Raw, **parts: Any) -> None:
    editing.change(session, the_plan(session), worker(session), own, parts, version=None)
    session.commit()


def change_action(session: Session, key: str, **values: Any) -> None:
    editing.change_action(session, action(session, key), worker(session), values)
    session.commit()


@pytest.mark.parametrize("named", [False, True], ids=["the file is silent", "the file says null"])
@pytest.mark.parametrize("kept", [True, False], ids=["kept", "from before that was kept"])
def test_a_plan_that_a_review_ended_here_stays_ended(
    load: Load, raw: Raw, session: Session, given: Raw, named: bool, kept: bool
) -> None:
    if named:
        given["ended_on"] = None
        load(raw)
    row = the_plan(session)
    today = row.started_on + timedelta(days=70)
    row.ended_on, row.review_on = today, today + timedelta(days=400)
    history.keep_version(session, row, worker(session).id)
    if not kept:
        row.said = None
    session.commit()
    report = load(raw)
    row = the_plan(session)
    assert (row.ended_on, row.review_on) == (today, today + timedelta(days=400))
    assert f"families[0].plans[0].review_on: {STAYS}" in report.notes and not report.updated
    given["review_on"] = "workday+30"
    load(raw)
    assert the_plan(session).review_on != today + timedelta(days=400) and the_plan(session).ended_on == today
    given["ended_on"] = "today-1"
    load(raw)
    assert the_plan(session).ended_on != today, "an end that the file says is the file's"


def test_an_end_that_the_file_said_is_taken_back_by_null_and_not_by_silence(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    given["ended_on"] = "today"
    load(raw)
    del given["ended_on"]
    load(raw)
    row = the_plan(session)
    assert row.ended_on is not None
    row.end_kind, row.end_support = "moved", "The hub"
    session.commit()
    given["ended_on"] = None
    load(raw)
    row = the_plan(session)
    assert (row.ended_on, row.end_kind, row.end_support) == (None, "", "")


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "from before that was kept"])
def test_a_worker_s_words_dates_and_owners_of_actions_stay_and_only_what_the_file_changes_is_written(
    load: Load, raw: Raw, session: Session, given: Raw, kept: bool
) -> None:
    due = the_plan(session).started_on + timedelta(days=300)
    change_action(session, "gp", title="See the nurse", why="It is nearer", due_on=due)
    change_action(session, "course", owner_name="Dr Lee", owner_person_id=None)
    if not kept:
        the_plan(session).said = None
        session.commit()
    report = load(raw)
    row = action(session, "gp")
    assert (row.title, row.why, row.due_on) == ("See the nurse", "It is nearer", due) and not report.updated
    course = action(session, "course")
    assert (course.owner_name, course.owner_person_id) == ("Dr Lee", None)
    at = "families[0].plans[0].actions"
    assert set(report.notes) == {
        *(f"{at}[0].{name}: {STAYS}" for name in ("title", "why", "due_on")),
        *(f"{at}[1].{name}: {STAYS}" for name in ("owner", "owner_name")),
    }
    given["actions"][0]["due_on"] = "today+3"
    load(raw)
    row = action(session, "gp")
    assert (row.title, row.why) == ("See the nurse", "It is nearer") and row.due_on != due
    load(raw)
    assert action(session, "gp").title == "See the nurse", "nor the file after the one that changed something else"
    given["actions"][1]["owner_name"], given["actions"][1]["owner"] = "Bev Stott", None
    load(raw)
    course = action(session, "course")
    assert (course.owner_name, course.owner_person_id) == ("Bev Stott", None)


def test_whose_an_action_is_changes_as_one_thing(load: Load, raw: Raw, session: Session, given: Raw) -> None:
    change_action(session, "gp", owner_name="Dr Lee", owner_person_id=None)
    other = next(one["id"] for one in raw["families"][0]["people"] if one["id"] != given["actions"][0]["owner"])
    given["actions"][0]["owner"] = other
    load(raw)
    mine = session.scalars(select(Person).filter_by(external_id=other)).one()
    assert (action(session, "gp").owner_person_id, action(session, "gp").owner_name) == (mine.id, "")


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "from before that was kept"])
def test_lines_without_ids_and_outcomes_that_were_changed_here_stay_until_the_file_s_change(
    load: Load, raw: Raw, session: Session, given: Raw, kept: bool
) -> None:
    given["contingencies"] = [{"trigger": "No heating", "response": "A night at Dawn's"}]
    load(raw)
    plan = the_plan(session)
    change(
        session,
        {"contingency": "Ring Amara."},
        contingencies=[{"id": plan.contingencies[0].id, "response": "The hub"}, {"trigger": "New", "response": "Call"}],
        risks=[{"id": one.id} for one in plan.risks[:2]],
        outcomes=[{"id": plan.outcomes[0].id, "measure": "Ask Jayden"}, *({"id": o.id} for o in plan.outcomes[1:])],
    )
    if not kept:
        the_plan(session).said = None
        session.commit()
    report = load(raw)
    plan = the_plan(session)
    assert [one.response for one in plan.contingencies] == ["The hub", "Call"] and len(plan.risks) == 2
    assert (plan.contingency, plan.outcomes[0].measure) == ("Ring Amara.", "Ask Jayden") and not report.updated
    told = {note.partition(":")[0].removeprefix("families[0].plans[0].") for note in report.notes}
    assert told == {"contingency", "contingencies", "risks", "outcomes[0].measure"}
    given["contingencies"][0]["by_on"] = "today+30"
    load(raw)
    plan = the_plan(session)
    assert [one.response for one in plan.contingencies] == ["The hub", "Call"] and len(plan.risks) == 2
    assert plan.contingencies[0].by_on is not None, "only what the file says otherwise is written"


def test_only_checking_a_plan_reports_the_same_and_writes_nothing(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    change_action(session, "gp", title="See the nurse")
    given["actions"][0]["why"] = "Because"
    checked = load(raw, check_only=True)
    assert action(session, "gp").why != "Because"
    done = load(raw)
    assert checked.notes == done.notes != [] and checked.updated == done.updated
    assert (action(session, "gp").title, action(session, "gp").why) == ("See the nurse", "Because")


def test_an_action_goes_to_nobody_who_has_left_the_family_here_and_the_report_says_so(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    own = given["actions"][0]["owner"]
    other = next(one["id"] for one in raw["families"][0]["people"] if one["id"] != own)
    mine, gone = (session.scalars(select(Person).filter_by(external_id=key)).one() for key in (own, other))
    people.leave(session, gone, worker(session), clock.now())
    session.commit()
    given["actions"][0] |= {"owner": other, "why": "It is nearer"}
    place = "families[0].plans[0].actions"
    for _ in range(2):
        report = load(raw)
        assert f"{place}[0].owner: {plans.NOT_THEIRS}" in report.notes
        row = action(session, "gp")
        assert (row.owner_person_id, row.why) == (mine.id, "It is nearer"), "the rest of it is written"
    people.come_back(session, session.get_one(Person, gone.id), worker(session))
    session.commit()
    assert not [note for note in load(raw).notes if "owner" in note]
    assert action(session, "gp").owner_person_id == gone.id


@pytest.mark.parametrize("status", ["open", "verified"])
def test_a_new_action_of_somebody_who_has_left_is_written_and_the_report_asks_for_another_owner(
    load: Load, raw: Raw, session: Session, given: Raw, status: str
) -> None:
    own = given["actions"][0]["owner"]
    gone = session.scalars(select(Person).filter_by(external_id=own)).one()
    people.leave(session, gone, worker(session), clock.now())
    session.commit()
    given["actions"].append({"id": "new", "title": "Ring the school", "owner": own, "status": status})
    place = f"families[0].plans[0].actions[{len(given['actions']) - 1}].owner"
    told = f"{place}: {plans.NOBODY_S}" in load(raw).notes
    assert told == (status == "open"), "what is over is nobody's to do"
    assert action(session, "new").owner_person_id == gone.id
