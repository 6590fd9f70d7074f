"""``hearthline import``: what a second import never undoes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access import staff
from api.access.models import EntryCode, Worker
from api.access.service import hash_password
from api.appointments.models import Appointment, Attendee
from api.families.models import AssignmentNews, Family, FamilyWorker, Person
from api.families.service import news
from api.imports import standing
from api.imports.service import Report
from api.messages.models import Conversation
from api.plans import editing
from api.plans import service as plans
from api.plans.models import ActionEvent, Plan, PlanAction

Raw = dict[str, Any]
Load = Callable[..., Report]
Refused = Callable[[Any], dict[str, str]]


def person(session: Session, key: str) -> Person:
    return session.scalars(select(Person).where(Person.external_id == key)).one()


def action(session: Session, key: str) -> PlanAction:
    return session.scalars(select(PlanAction).where(PlanAction.external_id == key)).one()


def test_when_somebody_is_reminded_comes_with_them_and_is_theirs_afterwards(
    load: Load, raw: Raw, session: Session
) -> None:
    mine = raw["families"][0]["people"][0]
    mine["reminders"] = {"moments": ["1d"], "kinds": {"court_hearing": ["1d", "7d"], "other": []}}
    load(raw)
    row = person(session, mine["id"])
    assert (row.reminder_moments, row.reminder_kinds) == ("1d", {"court_hearing": "7d,1d", "other": ""})
    made = standing.family(session, row.family, raw["families"][0]["agency"])
    told = next(one for one in made["people"] if one["id"] == mine["id"])
    assert told["reminders"] == {"moments": ["1d"], "kinds": {"court_hearing": ["7d", "1d"], "other": []}}
    mine["reminders"] = {"moments": [], "kinds": {}}
    load(raw)
    session.expire_all()
    assert person(session, mine["id"]).reminder_moments == "1d"


def test_a_number_that_opted_out_stays_out(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    point = person(session, "kelly").contact_points[0]
    point.state = "opted_out"
    session.commit()
    report = load(raw)
    assert "opted_out" in str(report)
    session.refresh(point)
    assert point.state == "opted_out"


def report_done(session: Session, key: str) -> None:
    row = action(session, key)
    row.status = "reported_done"
    session.add(
        ActionEvent(
            action_id=row.id,
            kind="reported_done",
            at=clock.now(),
            words="done it",
            status_before="open",
            person_id=row.owner_person_id,
        )
    )
    session.commit()


def test_an_action_that_a_family_reported_done_stays_so(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    report_done(session, "gp")
    load(raw)
    session.expire_all()
    assert action(session, "gp").status == "reported_done"


def test_the_agency_s_own_system_may_close_what_a_family_reported(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    report_done(session, "gp")
    raw["families"][0]["plans"][0]["actions"][0]["status"] = "verified"
    load(raw)
    session.expire_all()
    assert action(session, "gp").status == "verified"


def test_what_a_worker_reopened_here_stays_open(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    row = action(session, "bedroom")
    row.status = "open"
    session.add(ActionEvent(action_id=row.id, kind="reopened", at=clock.now(), words="", status_before="verified"))
    session.commit()
    load(raw)
    session.expire_all()
    assert action(session, "bedroom").status == "open"


def test_what_a_worker_dropped_or_blocked_here_stays_so_whatever_a_later_file_says(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    lena = session.scalars(select(Worker)).first()
    assert lena is not None
    row = action(session, "gp")
    plans.drop(session, row, row.plan.family_id, lena, "they have moved")
    other = action(session, "bedroom")
    plans.reopen(session, other, other.plan.family_id, lena, "")
    session.commit()
    plans.block(session, other, other.plan.family_id, lena, "no paint")
    session.commit()
    for one in raw["families"][0]["plans"][0]["actions"]:
        one["status"] = "verified" if one["id"] in ("gp", "bedroom") else one.get("status", "open")
    load(raw)
    session.expire_all()
    assert [action(session, key).status for key in ("gp", "bedroom")] == ["dropped", "blocked"]


def test_a_child_who_joined_a_plan_here_stays_on_it_until_a_file_says_otherwise(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    given = raw["families"][0]["plans"][0]
    plan = session.scalars(select(Plan).where(Plan.external_id == given["id"])).one()
    lena = session.scalars(select(Worker)).first()
    assert lena is not None
    baby = Person(family_id=plan.family_id, external_id="baby", kind="child", first_name="Nora")
    session.add(baby)
    session.flush()
    before = [child.id for child in plan.children]
    editing.change(session, plan, lena, {"children": [*before, baby.id]}, {}, version=None)
    session.commit()
    notes = load(raw).notes
    session.expire_all()
    assert baby in plan.children and notes == [
        "families[0].plans[0].children: were changed here since your last file, and stay as they are here"
    ]
    given["children"] = given["children"][:1]
    load(raw)
    session.expire_all()
    assert len(plan.children) == 1


def test_answers_to_appointments_outlive_an_import_and_a_moved_time_is_noted(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    kelly = person(session, "kelly")
    answer = session.scalars(select(Attendee).where(Attendee.person_id == kelly.id)).first()
    assert answer is not None
    answer.answer, answer.answer_words = "confirmed", "ill be there"
    session.commit()
    key = session.get_one(Appointment, answer.appointment_id).external_id
    given = next(item for item in raw["families"][0]["appointments"] if item["id"] == key)
    given["starts"] = "workday+4 12:00"
    report = load(raw)
    session.refresh(answer)
    assert (answer.answer, answer.answer_words) == ("confirmed", "ill be there")
    assert any("ask them again" in note for note in report.notes)


def test_somebody_no_longer_expected_no_longer_sees_the_appointment(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    shared = next(item for item in raw["families"][2]["appointments"] if item["id"] == "doyle-review")
    shared["attendees"] = [attendee for attendee in shared["attendees"] if attendee.get("person") != "lisa"]
    load(raw)
    expected = (
        select(Attendee)
        .join(Appointment)
        .where(Appointment.external_id == "doyle-review", Attendee.person_id == person(session, "lisa").id)
    )
    assert session.scalars(expected).all() == []


def test_how_it_is_safe_to_reach_somebody_is_theirs_to_change_once_here(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    kelly = person(session, "kelly")
    kelly.wording = "discreet"
    session.commit()
    load(raw)
    session.refresh(kelly)
    assert kelly.wording == "discreet"


def test_a_worker_taken_off_a_family_sees_it_no_more_and_there_is_one_lead(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    raw["families"][0]["lead_worker"], raw["families"][0]["workers"] = "tom", []
    load(raw)
    family = session.scalars(select(Family).where(Family.external_id == "bennett")).one()
    assigned = session.scalars(select(FamilyWorker).where(FamilyWorker.family_id == family.id)).all()
    assert [(session.get_one(Worker, row.worker_id).external_id, row.lead) for row in assigned] == [("tom", True)]


def test_a_password_that_a_worker_has_chosen_is_not_overwritten(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    worker = session.scalars(select(Worker).where(Worker.external_id == "amara")).one()
    assert worker.password_hash.startswith("$argon2id$")
    worker.password_hash = chosen = hash_password("my own long password")
    session.commit()
    load(raw)
    session.refresh(worker)
    assert worker.password_hash == chosen


def test_a_worker_who_was_deactivated_here_stays_so_until_a_file_says_otherwise(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    key = raw["workers"][0]["id"]
    worker = session.scalars(select(Worker).where(Worker.external_id == key)).one()
    assert worker.active
    worker.active = False
    session.commit()
    load(raw)
    session.refresh(worker)
    assert not worker.active
    raw["workers"][0]["active"] = True
    load(raw)
    session.refresh(worker)
    assert worker.active


def worker_called(session: Session, key: str) -> Worker:
    return session.scalars(select(Worker).where(Worker.external_id == key)).one()


def test_who_a_file_takes_off_a_family_or_off_the_agency_gives_back_the_conversations(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    family = session.scalars(select(Family).where(Family.external_id == "bennett")).one()
    lead = session.scalars(
        select(Worker).join(FamilyWorker).where(FamilyWorker.family_id == family.id, FamilyWorker.lead)
    ).one()
    tom = worker_called(session, "tom")
    assert lead.role == "worker" and lead.id != tom.id
    kelly = person(session, "kelly")
    taken = Conversation(
        channel="sms", address="+447700900555", person_id=kelly.id, agency_id=family.agency_id, language="en",
        taken_over_by=lead.id, created_at=clock.now(),
    )  # fmt: skip
    session.add(taken)
    session.commit()
    raw["families"][0]["lead_worker"], raw["families"][0]["workers"] = "tom", []
    load(raw)
    session.refresh(taken)
    assert taken.taken_over_by is None
    taken.taken_over_by = tom.id
    session.commit()
    next(given for given in raw["workers"] if given["id"] == "tom")["active"] = False
    load(raw)
    session.refresh(taken)
    assert taken.taken_over_by is None


def test_a_code_for_a_password_ends_when_a_file_gives_another_role(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    given = next(one for one in raw["workers"] if one["role"] == "worker")
    worker, by = worker_called(session, given["id"]), worker_called(session, manager_of(raw))
    staff.make_code(session, by, worker)
    session.commit()
    load(raw)
    code = session.scalars(select(EntryCode)).one()
    assert code.expires_at > clock.now()
    given["role"] = "manager"
    load(raw)
    session.refresh(code)
    session.refresh(worker)
    assert worker.role == "manager"
    assert code.expires_at <= clock.now()


def manager_of(raw: Raw) -> str:
    return str(next(one["id"] for one in raw["workers"] if one["role"] in ("manager", "administrator")))


def test_a_role_that_was_changed_here_stays_and_the_report_says_so(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    given = next(one for one in raw["workers"] if one["role"] == "manager")
    worker, by = worker_called(session, given["id"]), worker_called(session, manager_of(raw))
    by.role = "administrator"
    session.flush()
    same = {"name": worker.name, "email": worker.email, "phone": worker.phone}
    if worker.id == by.id:
        by = Worker(
            agency_id=worker.agency_id, external_id="boss", name="B", email="b@example.org", role="administrator"
        )
        session.add(by)
        session.flush()
    staff.change(session, by, worker, {**same, "role": "worker"})
    session.commit()
    report = load(raw)
    session.refresh(worker)
    assert worker.role == "worker" and any("was changed here (worker)" in note for note in report.notes)


def test_who_a_file_gives_a_family_or_takes_it_from_is_told_and_nobody_of_a_new_one(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    load(raw)
    assert session.scalars(select(AssignmentNews)).all() == []
    family = session.scalars(select(Family).where(Family.external_id == "bennett")).one()
    before = set(session.scalars(select(FamilyWorker.worker_id).filter_by(family_id=family.id)))
    tom = worker_called(session, "tom").id
    led = session.scalar(select(FamilyWorker.worker_id).filter_by(family_id=family.id, lead=True))
    assert led != tom
    session.commit()
    raw["families"][0]["lead_worker"], raw["families"][0]["workers"] = "tom", []
    load(raw)
    told = {(one.worker_id, one.what) for one in session.scalars(select(AssignmentNews))}
    assert told == {(tom, "given"), *((one, "taken") for one in before - {tom})}
    (mine,) = news(session, tom)
    assert (mine.family_id, mine.by) == (family.id, "")
