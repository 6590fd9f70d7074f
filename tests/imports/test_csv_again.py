"""The same tables again: what was changed here stays, and is told of only where a table names it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access.models import Worker
from api.appointments import service
from api.appointments.models import Appointment
from api.plans import editing
from api.plans.models import Plan, PlanAction
from tests.imports.test_csv import agencies, give, one
from tests.imports.test_csv_parts import PLACE, RISKS, whole

__all__ = ["agencies", "give"]

ACTIONS = f"agency,family,plan,id,title,owner,due_on\n{PLACE},shop,Plan the meals,ann,today+20\n"
VISITS = (
    "agency,family,id,kind,starts,minutes,place,attendees\n"
    "aire-valley,reed,visit-1,home_visit,today+5 10:00,60,your home,ann\n"
)
HEAD = "agency,family,id"


def worker(session: Session) -> Worker:
    return session.scalars(select(Worker).filter_by(external_id="amara")).one()


def test_a_visit_that_was_moved_and_called_off_here_stays_so(give: Any, session: Session) -> None:
    whole(give, actions=ACTIONS, appointments=VISITS)
    row = one(session, Appointment, external_id="visit-1")
    at = row.starts_at + timedelta(days=1)
    service.change(
        session, row, worker(session), starts_at=at, ends_at=at + timedelta(minutes=30), details={"place": "the hub"}
    )
    session.commit()
    checked = give(check_only=True, appointments=VISITS)
    report = give(appointments=VISITS)
    row = one(session, Appointment, external_id="visit-1")
    assert (row.starts_at, row.place) == (at, "the hub") and not report.updated
    stays = "was changed here since your last file, and stays as it is here"
    assert checked.notes == report.notes
    assert set(report.notes) == {
        f"appointments.csv, row 2, column {column}: {stays}" for column in ("starts", "ends", "place")
    }
    quiet = give(appointments=f"{HEAD},travel\naire-valley,reed,visit-1,a taxi comes\n")
    row = one(session, Appointment, external_id="visit-1")
    assert (row.starts_at, row.place, row.travel) == (at, "the hub", "a taxi comes") and not quiet.notes
    service.cancel(session, row, worker(session))
    session.commit()
    give(appointments=VISITS)
    assert one(session, Appointment, external_id="visit-1").status == "cancelled"
    give(appointments=f"{HEAD},starts\naire-valley,reed,visit-1,today+9 10:00\n")
    row = one(session, Appointment, external_id="visit-1")
    assert (row.status, row.starts_at) == ("cancelled", at)
    give(appointments=f"{HEAD},status\naire-valley,reed,visit-1,cancelled\n")
    give(appointments=f"{HEAD},status\naire-valley,reed,visit-1,scheduled\n")
    give(appointments=f"{HEAD},starts\naire-valley,reed,visit-1,today+9 10:00\n")
    row = one(session, Appointment, external_id="visit-1")
    assert (row.status, row.ends_at - row.starts_at) == ("scheduled", timedelta(minutes=30)) and row.starts_at != at


def test_an_action_a_risk_and_a_plan_that_were_changed_here_stay(give: Any, session: Session) -> None:
    whole(give, actions=ACTIONS)
    plan = one(session, Plan, external_id="plan-1")
    due = plan.started_on + timedelta(days=200)
    lines = [{"id": plan.risks[0].id, "level": "low", "evidence": "Seen"}, {"id": plan.risks[1].id},
             {"description": "New", "harm": "neglect"}]  # fmt: skip
    actions = [{"id": plan.actions[0].id, "title": "Cook together", "due_on": due}]
    own = {"review_on": due, "contingency": "Ring Amara."}
    editing.change(session, plan, worker(session), own, {"risks": lines, "actions": actions}, version=None)
    session.commit()
    report = whole(give, actions=ACTIONS)
    plan = one(session, Plan, external_id="plan-1")
    assert [risk.level for risk in plan.risks] == ["low", "", ""] and not report.updated, str(report)
    row = one(session, PlanAction, external_id="shop")
    assert (row.title, row.due_on, plan.review_on, plan.contingency) == ("Cook together", due, due, "Ring Amara.")
    where = {note.partition(":")[0] for note in report.notes}
    assert where == {
        "actions.csv, row 2, column title", "actions.csv, row 2, column due_on", "risks.csv, row 2",
    }  # fmt: skip
    give(risks=RISKS.replace("high", "medium"))
    plan = one(session, Plan, external_id="plan-1")
    assert [risk.level for risk in plan.risks] == ["medium", "", ""] and plan.risks[0].evidence == "Seen"
