"""``hearthline import`` of CSV: what it takes from a spreadsheet, and with which words it refuses."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.appointments.models import Appointment, Attendee
from api.cli import app
from api.families.models import ContactPoint, Family, FamilyWorker, Person
from api.imports import standing
from api.imports.service import ImportProblems, Report, import_paths
from api.imports.tables import ACTIONS, KINDS, PEOPLE, template
from api.plans.models import Plan, PlanAction
from api.settings import settings

Raw = dict[str, Any]
Load = Callable[..., Report]
Said = dict[str, str]

PEOPLE_HEADER = "agency,family,family_name,lead_worker,id,kind,first_name,last_name,born,phone\n"
MUM = "aire-valley,reed,Reed,amara,ann,parent,Ann,Reed,1990-05-17,07700 900151\n"
BOY = "aire-valley,reed,,,bo,child,Bo,Reed,03/02/2018,\n"


@pytest.fixture
def agencies(load: Load, raw: Raw) -> Raw:
    """The demo's agencies and workers, and its first family, are here already."""
    for worker in raw["workers"]:
        del worker["password"]
    raw["families"] = raw["families"][:1]
    load(raw)
    return raw


@pytest.fixture
def give(tmp_path: Path, agencies: Raw) -> Callable[..., Report]:
    """Import tables by their file names."""

    def run(*, check_only: bool = False, **tables: str | bytes) -> Report:
        paths = []
        for name, words in tables.items():
            paths.append(tmp_path / f"{name}.csv")
            paths[-1].write_bytes(words.encode() if isinstance(words, str) else words)
        return import_paths(paths, check_only=check_only)

    return run


@pytest.fixture
def refused_by(give: Callable[..., Report]) -> Callable[..., Said]:
    """The same for what must be refused: place → what is said of it."""

    def run(**tables: str | bytes) -> Said:
        with pytest.raises(ImportProblems) as problems:
            give(**tables)
        return {problem.path: problem.message for problem in problems.value.report.problems}

    return run


def one(session: Session, table: Any, **by: Any) -> Any:
    session.expire_all()
    return session.scalars(select(table).filter_by(**by)).one()


def numbers(session: Session, key: str) -> dict[str, str]:
    session.expire_all()
    points = select(ContactPoint).join(Person).where(Person.external_id == key)
    return {point.address: point.state for point in session.scalars(points)}


def test_the_templates_come_in_as_they_are_and_twice_changes_nothing(
    agencies: Raw, tmp_path: Path, session: Session
) -> None:
    folder = tmp_path / "tables"
    made = CliRunner().invoke(app, ["import", "--template", str(folder)])
    assert made.exit_code == 0, made.output
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{kind.name}.csv" for kind in KINDS)
    checked = CliRunner().invoke(app, ["import", str(folder), "--check"])
    assert checked.exit_code == 0 and "nothing was written" in checked.output, checked.output
    assert session.scalar(select(func.count()).where(Family.external_id == "example-family")) == 0
    taken = CliRunner().invoke(app, ["import", *map(str, sorted(folder.iterdir()))])
    assert taken.exit_code == 0, taken.output
    family = one(session, Family, external_id="example-family")
    plan = one(session, Plan, family_id=family.id)
    assert [child.external_id for child in plan.children] == ["sam"]
    action = one(session, PlanAction, plan_id=plan.id)
    assert action.also_called == ["the doctor", "the surgery"]
    assert [one.name for one in plan.core_group] == ["Tom Hargreaves"] and len(plan.risks) == len(plan.outcomes) == 1
    meeting = one(session, Appointment, family_id=family.id, external_id="core-group-1")
    assert {(a.name, a.role, a.concerns) for a in meeting.attendees} == {
        ("Jo", "", False), ("Sam", "", True), ("Tom Hargreaves", "social worker", False),
    }  # fmt: skip
    assert numbers(session, "jo") == {"+447700900199": "active", "jo@example.org": "pending"}
    report = import_paths([folder])
    assert not report.created and not report.updated, str(report)


def test_a_template_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "plans.csv").write_text("mine")
    told = CliRunner().invoke(app, ["import", "--template", str(tmp_path)])
    assert told.exit_code == 1 and "cannot be written" in told.output
    assert (tmp_path / "plans.csv").read_text() == "mine" and not (tmp_path / "people.csv").exists()


def test_the_example_is_refused_outside_the_demo(refused_by: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "twilio_account_sid", "AC" + "0" * 32)
    assert "example" in refused_by(people=template(PEOPLE))["people.csv, row 2, column family"]


def test_a_spreadsheet_s_semicolons_marks_and_encodings_are_understood(give: Any, session: Session) -> None:
    words = (PEOPLE_HEADER + MUM.replace("Ann,Reed", "Zoë,Núñez")).replace(",", ";")
    for data in (words.encode("utf-8-sig"), words.encode("utf-16"), words.encode("cp1252"),
                 b"sep=;\r\n" + words.encode(), words.replace("\n", "\r\n").replace(";", "\t").encode()):  # fmt: skip
        report = give(people=data)
        person = one(session, Person, external_id="ann")
        assert (person.first_name, person.last_name) == ("Zoë", "Núñez")
    assert not report.updated
    assert any("Windows-1252" in note for note in give(people=words.encode("cp1252")).notes)


def test_local_dates_and_numbers_are_read_as_the_country_writes_them(give: Any, session: Session) -> None:
    give(people=PEOPLE_HEADER + MUM + BOY + "franklin-falls,diaz,Diaz,marisol,eva,parent,Eva,,3/2/1990,614 555 0188\n")
    assert one(session, Person, external_id="bo").born.isoformat() == "2018-02-03"
    assert one(session, Person, external_id="eva").born.isoformat() == "1990-03-02"
    assert numbers(session, "ann") == {"+447700900151": "active"}
    assert numbers(session, "eva") == {"+16145550188": "active"}
    header = "agency,family,id,kind,starts,minutes,attendees\n"
    give(appointments=header + "franklin-falls,diaz,v1,home_visit,1/31/2030 2:30 PM,60,eva\n"
         "aire-valley,reed,v1,home_visit,31/01/2030 14:30:00,60,ann\n")  # fmt: skip
    starts = {a.family_id: a.starts_at for a in session.scalars(select(Appointment).filter_by(external_id="v1"))}
    assert sorted(when.isoformat() for when in starts.values()) == [
        "2030-01-31T14:30:00+00:00", "2030-01-31T19:30:00+00:00",
    ]  # fmt: skip


def test_what_a_table_does_not_name_stays_as_it_is(give: Any, session: Session) -> None:
    family = one(session, Family, external_id="bennett")
    before = {
        "workers": session.scalar(select(func.count()).where(FamilyWorker.family_id == family.id)),
        "numbers": numbers(session, "kelly"),
    }
    plan = session.scalars(select(Plan).filter_by(family_id=family.id)).first()
    assert plan is not None
    held = (len(plan.risks), len(plan.core_group), len(plan.actions), plan.contingency)
    action = next(one for one in plan.actions if one.external_id == "gp")
    why, events = action.why, len(action.events)
    assert why and plan.risks and plan.core_group
    report = give(actions=f"agency,family,plan,id,title\naire-valley,bennett,{plan.external_id},gp,See a doctor\n")
    assert report.updated == {"actions": 1} and not report.created, str(report)
    session.expire_all()
    assert (action.title, action.why, len(action.events)) == ("See a doctor", why, events)
    assert (len(plan.risks), len(plan.core_group), len(plan.actions), plan.contingency) == held
    assert before["numbers"] == numbers(session, "kelly")
    report = give(people="agency,family,id,last_name\naire-valley,bennett,kelly,Bennett-Shaw\n")
    assert report.updated == {"people": 1}, str(report)
    assert before["numbers"] == numbers(session, "kelly")
    assert before["workers"] == session.scalar(select(func.count()).where(FamilyWorker.family_id == family.id))


def test_a_person_s_own_time_zone_comes_by_table_and_is_checked(give: Any, refused_by: Any, session: Session) -> None:
    header = PEOPLE_HEADER.replace("phone", "phone,timezone")
    give(people=header + MUM.replace("\n", ",Europe/Madrid\n") + BOY.replace("\n", ",\n"))
    assert one(session, Person, external_id="ann").timezone == "Europe/Madrid"
    assert one(session, Person, external_id="bo").timezone is None
    family = one(session, Family, external_id="reed")
    made = standing.family(session, family, "aire-valley")
    assert [person["safe_contact"]["timezone"] for person in made["people"]] == ["Europe/Madrid", None]
    told = refused_by(people=header + MUM.replace("\n", ",Madrid\n"))
    assert "Europe/London" in told["people.csv, row 2, column timezone"]


def test_a_plan_s_words_for_if_it_does_not_work_are_the_family_s_to_see_once_a_table_says_so(
    give: Any, session: Session
) -> None:
    header = "agency,family,id,started_on,children,contingency"
    row = "aire-valley,reed,p,2026-01-05,bo,Bo goes to his aunt"
    give(people=PEOPLE_HEADER + MUM + BOY, plans=f"{header}\n{row}\n")
    plan = session.scalars(select(Plan).filter_by(external_id="p")).one()
    assert plan.family_may_see_contingency is False
    give(plans=f"{header},family_may_see_contingency\n{row},yes\n")
    session.refresh(plan)
    assert plan.family_may_see_contingency is True
    give(plans=f"{header}\n{row}s\n")
    session.refresh(plan)
    assert plan.family_may_see_contingency is True and plan.contingency.endswith("aunts"), "not said is as it stands"


def test_an_empty_cell_empties_what_may_be_empty(give: Any, session: Session) -> None:
    plan = one(session, Plan, id=session.scalars(select(PlanAction).filter_by(external_id="gp")).one().plan_id)
    key = plan.external_id
    give(actions=f"agency,family,plan,id,why,due_on,title\naire-valley,bennett,{key},gp,,,\n")
    action = one(session, PlanAction, plan_id=plan.id, external_id="gp")
    assert (action.why, action.due_on) == ("", None) and action.title


def test_an_appointment_that_is_moved_keeps_its_length_and_who_is_expected(give: Any, session: Session) -> None:
    meeting = session.scalars(select(Appointment).join(Family).where(Family.external_id == "bennett")).first()
    assert meeting is not None
    length, there = meeting.ends_at - meeting.starts_at, {a.id for a in meeting.attendees}
    give(appointments=f"agency,family,id,starts\naire-valley,bennett,{meeting.external_id},2030-05-06 09:00\n")
    session.expire_all()
    assert meeting.starts_at.isoformat() == "2030-05-06T08:00:00+00:00"
    assert meeting.ends_at - meeting.starts_at == length and {a.id for a in meeting.attendees} == there
    give(appointments=f"agency,family,id,professionals\naire-valley,bennett,{meeting.external_id},Dr Lee (GP)\n")
    session.expire_all()
    assert {a.id for a in meeting.attendees if a.person_id} <= there
    assert [(a.name, a.role) for a in meeting.attendees if not a.person_id] == [("Dr Lee", "GP")]
    assert session.scalar(select(func.count()).where(Attendee.appointment_id == meeting.id)) == len(meeting.attendees)


def test_a_new_number_takes_the_old_one_out_of_use(give: Any, session: Session) -> None:
    (old,) = numbers(session, "kelly")
    give(people="agency,family,id,phone\naire-valley,bennett,kelly,07700 900152\n")
    assert numbers(session, "kelly") == {old: "quarantined", "+447700900152": "active"}


def test_everything_wrong_is_said_at_once_with_file_row_and_column(refused_by: Any, session: Session) -> None:
    said = refused_by(
        people=PEOPLE_HEADER
        + MUM
        + '\naire-valley,reed,Reid,,cy,aunt,,"Re\ned",31/31/2020,4.477E+11\n'
        + MUM
        + "nowhere,reed,Reed,amara,dee,parent,Dee,,,\n"
        + "aire-valley,shaw,Shaw,nobody,eve,parent,Eve,,tomorrow,07700 900101\n",
        plans="agency,family,id,started_on,children\naire-valley,reed,p1,2026-02-30,ann\naire-valley,gone,p1,today,x\n",
        actions="agency,family,plan,id,title,owner\naire-valley,reed,p9,a1,Go,ann\naire-valley,reed,p1,a2,Go,ghost\n",
        appointments="agency,family,id,kind,starts,minutes,attendees\naire-valley,reed,m1,party,today+1 10:00,60,\n",
    )
    expected = {
        "people.csv, row 4, column family_name": "differs from people.csv, row 2",
        "people.csv, row 4, column kind": "must be one of",
        "people.csv, row 4, column first_name": "is missing",
        "people.csv, row 4, column born": "no such month",
        "people.csv, row 4, column phone": "shortened by the spreadsheet",
        "people.csv, row 5, column id": "stands in people.csv, row 2 already",
        "people.csv, row 6, column agency": "is not the id of an agency here",
        "people.csv, row 7, column lead_worker": "a worker whom this agency does not have",
        "people.csv, row 7, column born": "is not a date",
        "plans.csv, row 2, column started_on": "not a day of the calendar",
        "plans.csv, row 2, column children": "names an adult",
        "plans.csv, row 3, column family": "neither in people.csv nor here",
        "actions.csv, row 2, column plan": "is no plan of this family",
        "actions.csv, row 3, column owner": "names nobody",
        "appointments.csv, row 2, column kind": "must be one of",
        "appointments.csv, row 2, column attendees": "too short",
    }
    assert {place: words for place, words in expected.items() if words not in said.get(place, "")} == {}, said
    assert set(said) == set(expected)
    assert session.scalar(select(func.count()).where(Family.external_id == "reed")) == 0


def test_what_is_refused_by_what_is_here_is_told_with_its_place(refused_by: Any) -> None:
    said = refused_by(people=PEOPLE_HEADER + MUM.replace("900151", "900101"))
    assert "in use here" in said["people.csv, row 2, column phone"]
    twice = MUM + MUM.replace("ann", "una")
    assert "same number as people.csv, row 2" in refused_by(people=PEOPLE_HEADER + twice)[
        "people.csv, row 3, column phone"
    ]  # fmt: skip


def test_no_message_repeats_what_stood_in_the_table(refused_by: Any) -> None:
    row = ",".join(["canary"] * 10) + "\n"
    said = refused_by(people=PEOPLE_HEADER + row + row.replace("canary", "aire-valley", 1))
    assert said and "canary" not in str(said)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no header"),
        (b"PK\x03\x04", "a workbook"),
        (b"\x81\x00", "neither UTF-8"),
        (b'agency,family,id,first_name\n"a', "quotation mark"),
        (b"agency,family,id,frist_name\n", "is no column"),
        (b"agency,family,id,id\n", "there twice"),
        (b"agency,family\n", "is missing"),
        (b"agency,family,id,first_name\na,b,c,d,e\n", "more cells"),
        (b"agency,family,id,first_name\nx,,,\n", "every row needs it"),
        (b"agency,family,id,first_name\naire-valley,f\x00,b\x00,c\n", ""),
        (b"agency|family|id|first_name\naire-valley|f|b|c\n", "neither commas nor semicolons nor tabs"),
        (b'"agency,family,id,first_name"\n"aire-valley,f,b,c"\n', "one column only"),
    ],
    ids=[
        "empty",
        "workbook",
        "neither",
        "quote",
        "unknown",
        "twice",
        "missing",
        "more",
        "needed",
        "nul",
        "bars",
        "quoted",
    ],
)
def test_a_file_of_any_other_shape_is_refused_in_words(refused_by: Any, data: bytes, words: str) -> None:
    said = refused_by(people=data)
    assert any(words in message for message in said.values()), said


def test_the_header_row_says_what_separates_whatever_stands_in_the_cells(give: Any, session: Session) -> None:
    words = (PEOPLE_HEADER + MUM).replace(",", ";").replace("Ann;Reed", "Ann, Lee, Jo, Di, Mo, Bea, Flo;Reed")
    give(people=words.encode())
    person = one(session, Person, external_id="ann")
    assert (person.first_name, person.last_name) == ("Ann, Lee, Jo, Di, Mo, Bea, Flo", "Reed")


def test_csv_and_json_are_not_mixed_and_an_empty_folder_is_said_so(agencies: Raw, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ImportProblems, match="no CSV file"):
        import_paths([empty])
    with pytest.raises(ImportProblems, match="one after the other"):
        import_paths([tmp_path / "a.json", tmp_path / "people.csv"])
    assert "Say what to import" in CliRunner().invoke(app, ["import"]).output


def test_an_appointment_s_children_and_the_header_s_order_do_not_matter(give: Any, session: Session) -> None:
    rows = list(csv.DictReader(io.StringIO(PEOPLE_HEADER + MUM + BOY)))
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    give(ours=out.getvalue())  # by its columns, whatever it is called
    assert one(session, Person, external_id="bo").kind == "child"
    assert ACTIONS.marks == "title"
