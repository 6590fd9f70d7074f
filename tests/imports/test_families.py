"""``hearthline import``: what it takes and what it refuses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import clock, texts
from api.access.models import Agency, Worker
from api.appointments.models import Appointment, Attendee
from api.escalations.models import Shift
from api.families.models import ContactPoint, Family, Person
from api.imports.schemas import APPOINTMENT_KINDS
from api.imports.service import ImportProblems, Report
from api.plans.models import ActionEvent, Plan, PlanAction
from api.settings import settings

Raw = dict[str, Any]
Load = Callable[..., Report]
Refused = Callable[[Any], dict[str, str]]


def count(session: Session, model: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def person(session: Session, key: str) -> Person:
    return session.scalars(select(Person).where(Person.external_id == key)).one()


def action(session: Session, key: str) -> PlanAction:
    return session.scalars(select(PlanAction).where(PlanAction.external_id == key)).one()


def test_the_demo_file_has_the_families_that_the_product_is_shown_with(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    assert count(session, Agency) == 2
    assert count(session, Worker) == 5
    assert count(session, Family) >= 4
    for plan in session.scalars(select(Plan)):
        states = {action.status for action in plan.actions}
        assert {"open", "blocked", "reported_done", "verified"} <= states
        assert 4 <= len(plan.actions) <= 6
        assert plan.risks and plan.contingency and plan.core_group and plan.children
    assert person(session, "rosa").language == "es"
    assert person(session, "tia").kind == "young_person" and not person(session, "tia").contact_points


def test_every_family_of_the_demo_has_something_soon_and_something_later(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    now = clock.now()
    for family in session.scalars(select(Family)):
        coming = session.scalars(
            select(Appointment.starts_at).where(Appointment.family_id == family.id, Appointment.starts_at > now)
        ).all()
        assert 3 <= len(coming) <= 6
        assert min(coming) < now + timedelta(days=8) and max(coming) < now + timedelta(days=32)


def test_somebody_is_on_call_in_both_roles_at_every_hour_of_the_next_weeks(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    now = clock.now()
    for agency in session.scalars(select(Agency)):
        for role in ("duty", "manager"):
            shifts = session.execute(
                select(Shift.starts_at, Shift.ends_at).where(Shift.agency_id == agency.id, Shift.role == role)
            ).all()
            for hours in range(0, 59 * 24, 5):
                moment = now + timedelta(hours=hours)
                assert any(starts <= moment < ends for starts, ends in shifts), (agency.name, role, moment)


def test_separated_parents_are_expected_at_their_own_appointments_only(load: Load, raw: Raw, session: Session) -> None:
    load(raw)

    def expected(key: str) -> set[str]:
        rows = session.scalars(
            select(Appointment.external_id).join(Attendee).where(Attendee.person_id == person(session, key).id)
        )
        return set(rows)

    assert expected("sarah") and expected("imran") and not expected("sarah") & expected("imran")


def test_the_same_file_twice_changes_nothing(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    before = {model: count(session, model) for model in (Person, Appointment, Attendee, PlanAction, ActionEvent, Shift)}
    report = load(raw)
    assert not report.created and not report.updated
    session.expire_all()
    assert before == {model: count(session, model) for model in before}


def test_a_changed_file_changes_what_is_there_and_doubles_nothing(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    raw["families"][0]["appointments"][0]["place"] = "the library"
    raw["families"][0]["plans"][0]["actions"][0]["title"] = "Register with a doctor"
    report = load(raw)
    assert report.updated == {"appointments": 1, "actions": 1} and not report.created
    assert action(session, "gp").title == "Register with a doctor"


def test_everything_wrong_is_said_at_once_with_its_path(refused: Refused, raw: Raw, session: Session) -> None:
    families = raw["families"]
    families[2]["people"][0]["phone"] = "07700 900104"
    families[0]["people"][0]["phone"] = families[1]["people"][1]["phone"]
    families[0]["lead_worker"] = "nobody"
    families[0]["plans"][0]["actions"][0]["owner"] = "ghost"
    families[1]["appointments"][0]["starts"] = "2026-02-30 10:00"
    families[1]["appointments"][1]["kind"] = "party"
    families[1]["colour"] = "blue"
    families[3]["appointments"][0]["minutes"] = None
    del families[3]["people"][0]["first_name"]
    raw["workers"][0]["shifts"][0]["ends"] = "today-3 07:00"
    raw["agencies"][0]["timezone"] = "Leeds"
    said = refused(raw)
    assert set(said) == {
        "families[2].people[0].phone",
        "families[1].people[1].phone",
        "families[0].lead_worker",
        "families[0].plans[0].actions[0].owner",
        "families[1].appointments[0].starts",
        "families[1].appointments[1].kind",
        "families[1].colour",
        "families[3].appointments[0]",
        "families[3].people[0].first_name",
        "workers[0].shifts[0].ends",
        "agencies[0].timezone",
    }
    assert "+447700900123" in said["families[2].people[0].phone"]
    assert count(session, Agency) == 0


def test_what_is_said_never_repeats_what_stood_in_the_file(refused: Refused, raw: Raw) -> None:
    raw["families"][0]["people"][0]["phone"] = "canary-number"
    raw["families"][0]["people"][0]["kind"] = "canary-kind"
    raw["families"][0]["appointments"][0]["starts"] = "canary-date"
    raw["families"][0]["plans"][0]["contingency"] = "canary\x00"
    raw["families"][0]["name"] = ["canary-list"]
    said = refused(raw)
    assert len(said) >= 5
    assert "canary" not in str(said)


@pytest.mark.parametrize(
    "given",
    ["", "{", "[]", "null", '"text"', "{}", '{"format": "other"}', '{"format": "hearthline-import-1", "families": 3}',
     '{"format": "hearthline-import-1", "families": [null, 1, {"people": [null], "plans": {"a": 1}}]}', "[" * 5000],
)  # fmt: skip
def test_a_file_of_any_other_shape_is_refused_in_words(refused: Refused, given: str) -> None:
    assert refused(given)


def test_a_file_that_is_not_there_is_said_to_be_so(database: object) -> None:
    from api.imports.service import import_file

    with pytest.raises(ImportProblems, match="cannot be read"):
        import_file("/nowhere/at/all.json")


def test_checking_writes_nothing(load: Load, raw: Raw, session: Session) -> None:
    report = load(raw, check_only=True)
    assert report.created["families"] == len(raw["families"]) and "nothing was written" in str(report)
    assert count(session, Agency) == count(session, Family) == 0


def test_a_number_that_somebody_else_holds_here_refuses_the_whole_file(
    load: Load, refused: Refused, raw: Raw, session: Session
) -> None:
    load(raw)
    new = copy.deepcopy(raw["families"][0])
    new["id"] = "another"
    said = refused({"format": raw["format"], "families": [new]})
    assert "in use here" in said["families[0].people[0].phone"]
    assert session.scalar(select(Family).where(Family.external_id == "another")) is None


def test_two_people_may_swap_numbers_in_one_file(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    sarah, imran = raw["families"][1]["people"][:2]
    sarah["phone"], imran["phone"] = imran["phone"], sarah["phone"]
    load(raw)
    live = select(ContactPoint.address).where(ContactPoint.state == "active")
    assert session.scalars(live.where(ContactPoint.person_id == person(session, "sarah").id)).all() == [sarah["phone"]]


def test_passwords_are_taken_from_demo_files_only(refused: Refused, raw: Raw) -> None:
    del raw["demo"]
    assert "demo files only" in refused(raw)["workers[0].password"]


def test_a_demo_file_is_refused_outside_demo_mode(refused: Refused, raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "twilio_account_sid", "AC" + "0" * 32)
    assert "demo" in refused(raw)


def test_there_are_words_for_every_kind_of_appointment() -> None:
    assert all(texts.has(f"appointments.kind.{kind}") for kind in APPOINTMENT_KINDS)
