"""Lines of a plan that have no ids: a file that changes one leaves alone what was done here to the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api.access.models import Worker
from api.imports import plan_lines, said
from api.imports.report import Report
from api.imports.service import import_tables
from api.plans import editing
from api.plans.models import Plan

Raw = dict[str, Any]
Load = Callable[..., Report]
RISKS = "families[0].plans[0].risks"
STAY = f"{RISKS}: {said.STAY}"


@pytest.fixture
def given(load: Load, raw: Raw) -> Raw:
    """A plan of the file with three risks, which is here already."""
    found: Raw = raw["families"][0]["plans"][0]
    found["risks"] = [
        {"harm": "neglect", "description": "Cold", "level": "low"},
        {"harm": "physical", "description": "Stairs", "level": "low"},
        {"harm": "emotional", "description": "Shouting", "level": "low"},
    ]
    load(raw)
    return found


def the_plan(session: Session) -> Plan:
    session.expire_all()
    return session.scalars(select(Plan).filter_by(external_id="bennett-2026")).one()


def risks(session: Session) -> list[tuple[str, str]]:
    return [(one.description, one.level) for one in the_plan(session).risks]


def change(session: Session, lines: list[Raw]) -> None:
    """The risks as a worker leaves them; those with a ``description`` that stands there are changed."""
    plan = the_plan(session)
    known = {one.description: one.id for one in plan.risks}
    worker = session.scalars(select(Worker).filter_by(external_id="amara")).one()
    asked = [{"id": known[line["was"]], **{k: v for k, v in line.items() if k != "was"}} if "was" in line else line
             for line in lines]  # fmt: skip
    editing.change(session, plan, worker, {}, {"risks": asked}, version=None)
    session.commit()


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "from before that was kept"])
def test_a_file_that_changes_one_line_leaves_what_was_changed_entered_or_taken_out_of_the_others(
    load: Load, raw: Raw, session: Session, given: Raw, kept: bool
) -> None:
    change(session, [
        {"was": "Cold", "level": "high", "description": "Cold and damp"},
        {"was": "Stairs"},
        {"harm": "sexual", "description": "A visitor", "level": "high"},
    ])  # fmt: skip
    if not kept:
        session.execute(text("UPDATE plans SET said = NULL"))
        session.commit()
    given["risks"][1]["level"] = "medium"
    for _ in range(2):
        report = load(raw)
        assert risks(session) == [("Cold and damp", "high"), ("Stairs", "medium"), ("A visitor", "high")]
        assert STAY in report.notes
    given["risks"].insert(0, {"harm": "neglect", "description": "Alone"})
    load(raw)
    assert [one for one, _ in risks(session)] == ["Alone", "Cold and damp", "Stairs", "A visitor"], (
        "in the file's order"
    )


def test_a_line_that_was_entered_here_is_no_file_s_though_an_import_s_version_has_it(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    known = [{"was": "Cold"}, {"was": "Stairs"}, {"was": "Shouting"}]
    change(session, [*known, {"harm": "sexual", "description": "A visitor"}])
    given["actions"][0]["why"] = "It is nearer"
    load(raw)
    session.execute(text("UPDATE plans SET said = NULL"))
    session.commit()
    given["risks"][0]["level"] = "high"
    load(raw)
    assert [one for one, _ in risks(session)] == ["Cold", "Stairs", "Shouting", "A visitor"]


def test_of_one_line_only_the_fields_that_the_file_says_otherwise_are_written(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    change(session, [{"was": "Cold", "level": "high"}, {"was": "Stairs"}, {"was": "Shouting"}])
    given["risks"][0]["evidence"] = "The boiler is broken."
    load(raw)
    (cold, *_) = the_plan(session).risks
    assert (cold.level, cold.evidence) == ("high", "The boiler is broken.")
    given["risks"][0]["level"] = "medium"
    load(raw)
    assert risks(session)[0] == ("Cold", "medium"), "what a file says anew counts"


def test_a_line_that_the_file_has_no_more_goes_unless_it_was_changed_here_and_the_report_says_so(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    change(session, [{"was": "Cold", "level": "high"}, {"was": "Stairs"}, {"was": "Shouting"}])
    del given["risks"][:2]
    report = load(raw)
    assert risks(session) == [("Cold", "high"), ("Shouting", "low")]
    assert f"{RISKS}: {plan_lines.GOES_NOT}" in report.notes and report.gone["risks"] == 1
    given["risks"] = []
    load(raw)
    assert risks(session) == [("Cold", "high")]


def test_a_line_that_was_taken_out_here_comes_back_only_when_the_file_says_something_new_of_it(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    change(session, [{"was": "Cold"}, {"was": "Stairs"}])
    given["risks"][0]["level"] = "high"
    assert STAY in load(raw).notes
    assert risks(session) == [("Cold", "high"), ("Stairs", "low")]
    given["risks"][2]["level"] = "high"
    assert not load(raw).notes
    assert risks(session) == [("Cold", "high"), ("Stairs", "low"), ("Shouting", "high")]


def test_a_line_that_was_changed_here_does_not_become_another_one_of_the_file(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    change(session, [{"was": "Cold", "level": "high"}, {"was": "Stairs"}, {"was": "Shouting"}])
    given["risks"][0] = {"harm": "sexual", "description": "A visitor"}
    load(raw)
    assert sorted(risks(session)) == [("A visitor", ""), ("Cold", "high"), ("Shouting", "low"), ("Stairs", "low")]


def test_a_line_that_was_entered_here_in_the_file_s_words_is_one_line_and_keeps_what_it_says(
    load: Load, raw: Raw, session: Session, given: Raw
) -> None:
    known = [{"was": "Cold"}, {"was": "Stairs"}, {"was": "Shouting"}]
    change(session, [*known, {"harm": "sexual", "description": "A visitor", "level": "high"}])
    given["risks"].append({"harm": "sexual", "description": "a  visitor", "level": "low", "evidence": "Seen twice."})
    report = load(raw)
    assert risks(session)[3:] == [("A visitor", "high")] and STAY in report.notes
    assert the_plan(session).risks[3].evidence == "Seen twice.", "what nobody had filled in is the file's"
    load(raw)
    assert risks(session)[3:] == [("A visitor", "high")]


def test_a_table_leaves_the_lines_that_were_changed_here_too(
    load: Load, raw: Raw, session: Session, given: Raw, tmp_path: Path
) -> None:
    change(session, [{"was": "Cold", "level": "high"}, {"was": "Stairs"}, {"was": "Shouting"}])
    table = tmp_path / "risks.csv"
    head, at = "agency,family,plan,harm,description,level\n", "aire-valley,bennett,bennett-2026"
    table.write_text(f"{head}{at},neglect,Cold,low\n{at},physical,Stairs,medium\n", encoding="utf-8")
    report = import_tables([table])
    assert risks(session) == [("Cold", "high"), ("Stairs", "medium")]
    assert [note.partition(":")[0] for note in report.notes].count("risks") == 1, "one goes"


def test_what_a_table_does_not_name_of_a_line_is_still_what_the_file_before_it_said(
    load: Load, raw: Raw, session: Session, given: Raw, tmp_path: Path
) -> None:
    change(session, [{"was": "Cold", "level": "high"}, {"was": "Stairs"}, {"was": "Shouting"}])
    table = tmp_path / "risks.csv"
    at = "aire-valley,bennett,bennett-2026"
    rows = "".join(f"{at},{risk['harm']},{risk['description']}\n" for risk in given["risks"])
    table.write_text(f"agency,family,plan,harm,description\n{rows}", encoding="utf-8")
    import_tables([table])
    load(raw)
    assert risks(session)[0] == ("Cold", "high")
