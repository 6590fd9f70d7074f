"""CSV of what hangs on a plan (risks, outcomes, core group) and of visits that come again."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.appointments import series as service
from api.appointments.models import Appointment, AppointmentSeries
from api.imports.tables import KINDS, SERIES
from api.plans.models import CoreGroupMember, Outcome, Plan, PlanAction, PlanVersion, Risk
from tests.imports.test_csv import BOY, MUM, PEOPLE_HEADER, agencies, give, one, refused_by

__all__ = ["agencies", "give", "refused_by"]

PLANS = "agency,family,id,started_on,children\naire-valley,reed,plan-1,today-30,bo\n"
PLACE = "aire-valley,reed,plan-1"
RISKS = f"""agency,family,plan,description,harm,level,lower_when
{PLACE},Bo goes to bed hungry.,neglect,high,There is food in the house all week.
{PLACE},Shouting at night.,emotional,,
"""
OUTCOMES = f"""agency,family,plan,id,title,measure,by_on
{PLACE},fed,Bo eats well,A full lunch box each day,today+60
{PLACE},calm,Nights are quiet,,
"""
GROUP = f"""agency,family,plan,name,role,organisation,phone
{PLACE},Dr Lee,GP,Hyde Park Surgery,020 7946 0155
{PLACE},Ms Shah,teacher,Beckside School,
"""
SERIES_TABLE = """agency,family,id,kind,frequency,starts_on,at,minutes,place,attendees,children
aire-valley,reed,visits,home_visit,weekly,today+3,4:00 PM,45,your home,ann,bo
"""


def whole(give: Any, **more: str) -> Any:
    people = PEOPLE_HEADER + MUM + BOY
    tables = {"people": people, "plans": PLANS, "risks": RISKS, "outcomes": OUTCOMES, "core_group": GROUP}
    return give(**{**tables, "series": SERIES_TABLE, **more})


def count(session: Session, table: Any) -> int:
    session.expire_all()
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_plan_s_parts_and_its_visits_come_by_table_and_twice_changes_nothing(give: Any, session: Session) -> None:
    before = count(session, PlanVersion)
    whole(give)
    plan = one(session, Plan, external_id="plan-1")
    assert [(r.harm, r.description, r.level) for r in plan.risks] == [
        ("neglect", "Bo goes to bed hungry.", "high"), ("emotional", "Shouting at night.", ""),
    ]  # fmt: skip
    assert [(o.external_id, o.title, o.state) for o in plan.outcomes] == [
        ("fed", "Bo eats well", "open"), ("calm", "Nights are quiet", "open"),
    ]  # fmt: skip
    assert [(m.name, m.role, m.phone) for m in plan.core_group] == [
        ("Dr Lee", "GP", "+442079460155"), ("Ms Shah", "teacher", ""),
    ]  # fmt: skip
    visits = one(session, AppointmentSeries, external_id="visits")
    assert (visits.at, visits.minutes, visits.place) == (time(16), 45, "your home")
    written = session.scalar(select(func.count()).where(Appointment.series_id == visits.id))
    assert written and written >= 7
    report = whole(give)
    assert not report.created and not report.updated and not report.notes, str(report)
    assert count(session, PlanVersion) == before + 1
    assert session.scalar(select(func.count()).where(Appointment.series_id == visits.id)) == written


def test_what_a_table_leaves_out_of_a_row_stays_and_an_action_may_name_its_outcome(give: Any, session: Session) -> None:
    whole(give)
    actions = f"agency,family,plan,id,title,owner,outcome\n{PLACE},shop,Plan the meals,ann,fed\n"
    give(outcomes=f"agency,family,plan,id,state\n{PLACE},fed,achieved\n", actions=actions)
    plan = one(session, Plan, external_id="plan-1")
    assert [(o.external_id, o.state, o.measure) for o in plan.outcomes] == [
        ("fed", "achieved", "A full lunch box each day"), ("calm", "open", ""),
    ]  # fmt: skip
    assert one(session, PlanAction, external_id="shop").outcome_id == plan.outcomes[0].id
    assert len(plan.risks) == 2 and len(plan.core_group) == 2


def test_of_a_plan_that_the_table_names_its_rows_are_all_the_risks_and_who_goes_is_counted(
    give: Any, session: Session
) -> None:
    whole(give)
    less = f"agency,family,plan,description,level\n{PLACE},Bo goes to bed hungry.,low\n"
    members = f"agency,family,plan,name,responsibility\n{PLACE},Ms Shah,Breakfast club\n"
    checked = give(check_only=True, risks=less, core_group=members)
    assert len(one(session, Plan, external_id="plan-1").risks) == 2
    report = give(risks=less, core_group=members)
    assert checked.notes == report.notes == [
        "risks: 1 of plans that the table names are not in it and go",
        "core_group: 1 of plans that the table names are not in it and go",
    ]  # fmt: skip
    plan = one(session, Plan, external_id="plan-1")
    (risk,), (member,) = plan.risks, plan.core_group
    assert (risk.level, risk.harm, risk.lower_when) == ("low", "neglect", "There is food in the house all week.")
    assert (member.name, member.role, member.responsibility) == ("Ms Shah", "teacher", "Breakfast club")


def test_what_is_wrong_in_them_is_said_with_its_place_and_nothing_is_taken(refused_by: Any, session: Session) -> None:
    numbers = tuple(count(session, table) for table in (Risk, Outcome, CoreGroupMember, AppointmentSeries))
    told = refused_by(
        people=PEOPLE_HEADER + MUM + BOY,
        plans=PLANS,
        risks=RISKS.replace("emotional", "shouting") + f"{PLACE},Shouting at night.,emotional,,\n",
        outcomes=OUTCOMES.replace("plan-1,calm", "plan-9,calm").replace("today+60", "31/31/2027"),
        core_group=GROUP.replace("020 7946 0155", "4.47E+11").replace("Ms Shah,teacher", "Ms Shah,"),
        series=SERIES_TABLE.replace("4:00 PM", "four").replace("weekly", "often") + "aire-valley,reed,,,,,,,,,\n",
    )
    assert "must be one of" in told["risks.csv, row 3, column harm"]
    assert "risks.csv, row 3" in told["risks.csv, row 4, column description"]
    assert "is no plan of this family" in told["outcomes.csv, row 3, column plan"]
    assert "no such month" in told["outcomes.csv, row 2, column by_on"]
    assert "spreadsheet" in told["core_group.csv, row 2, column phone"]
    assert "missing" in told["core_group.csv, row 3, column role"]
    assert "16:00" in told["series.csv, row 2, column at"]
    assert "must be one of" in told["series.csv, row 2, column frequency"]
    assert "every row needs it" in told["series.csv, row 3, column id"]
    assert numbers == tuple(count(session, table) for table in (Risk, Outcome, CoreGroupMember, AppointmentSeries))


def test_visits_that_a_worker_ended_here_are_not_brought_back_by_a_table(give: Any, session: Session) -> None:
    """Not by the same table, nor by one that says something else of them and later the same again."""
    whole(give)
    visits = one(session, AppointmentSeries, external_id="visits")
    worker = session.scalars(select(Worker).filter_by(external_id="amara")).one()
    on = (clock.now() + timedelta(days=20)).date()
    service.end_from(session, visits, worker, on)
    session.commit()
    ended = one(session, AppointmentSeries, external_id="visits").ends_on
    assert ended is not None and ended < on
    whole(give)
    give(series="agency,family,id,place\naire-valley,reed,visits,the centre\n")
    whole(give)
    again = one(session, AppointmentSeries, external_id="visits")
    assert again.ends_on == ended and again.place == "your home"
    coming = select(func.count()).where(
        Appointment.series_id == again.id, Appointment.status == "scheduled", Appointment.starts_at > clock.now()
        + timedelta(days=21),
    )  # fmt: skip
    assert session.scalar(coming) == 0


def test_a_table_says_every_so_many_weeks_and_a_later_one_another_rhythm(give: Any, session: Session) -> None:
    head = "agency,family,id,kind,frequency,every_weeks,starts_on,at,minutes,attendees\n"
    row = "aire-valley,reed,visits,home_visit,weekly,6,2030-04-02,10:00,45,ann\n"
    whole(give, series=head + row)
    assert one(session, AppointmentSeries, external_id="visits").rrule == "FREQ=WEEKLY;INTERVAL=6"
    give(series="agency,family,id,place\naire-valley,reed,visits,the centre\n")
    again = one(session, AppointmentSeries, external_id="visits")
    assert (again.rrule, again.place) == ("FREQ=WEEKLY;INTERVAL=6", "the centre"), "what it does not say stays"
    give(series="agency,family,id,frequency\naire-valley,reed,visits,monthly\n")
    assert one(session, AppointmentSeries, external_id="visits").rrule == "FREQ=MONTHLY;BYDAY=1TU"


def test_every_table_is_known_by_its_name_and_by_a_column_of_its_own() -> None:
    assert len({kind.marks for kind in KINDS}) == len({kind.name for kind in KINDS}) == 8
    for kind in KINDS:
        earlier = KINDS[: KINDS.index(kind)]
        assert not any(before.marks in kind.by_name for before in earlier), kind.name
    assert SERIES.by_name["at"].keeps
