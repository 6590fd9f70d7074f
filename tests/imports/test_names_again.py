"""Who somebody is and what a family is called: what was mended here stays until a file says something new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.earlier.models import EarlierVersion
from api.families import people, service
from api.families.models import Family, Person
from api.imports.report import Report
from api.imports.said import STAYS
from api.imports.service import import_tables

Raw = dict[str, Any]
Load = Callable[..., Report]
NAME = f"families[0].name: {STAYS}"


def family(session: Session) -> Family:
    session.expire_all()
    return session.scalars(select(Family).filter_by(external_id="bennett")).one()


def kelly(session: Session) -> Person:
    session.expire_all()
    return session.scalars(select(Person).filter_by(external_id="kelly")).one()


def amara(session: Session) -> Worker:
    return session.scalars(select(Worker).filter_by(external_id="amara")).one()


def mend(session: Session) -> None:
    service.rename(session, family(session), amara(session), "Bennett-Shaw", "")
    values = {"first_name": "Kelley", "born": date(1990, 1, 2)}
    people.correct(session, kelly(session), values, amara(session), clock.now().date())
    session.commit()


def nobody_kept_it(session: Session) -> None:
    for table in ("families", "people"):
        session.execute(text(f"UPDATE {table} SET said = NULL"))
    session.commit()


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "from before that was kept"])
def test_names_and_birthdays_that_were_mended_here_stay_and_the_report_says_so(
    load: Load, raw: Raw, session: Session, kept: bool
) -> None:
    load(raw)
    mend(session)
    if not kept:
        nobody_kept_it(session)
    for _ in range(2):
        report = load(raw)
        assert family(session).name == "Bennett-Shaw"
        assert (kelly(session).first_name, kelly(session).born) == ("Kelley", date(1990, 1, 2))
        at = "families[0].people[0]"
        assert set(report.notes) == {NAME, f"{at}.first_name: {STAYS}", f"{at}.born: {STAYS}"}
        assert not report.updated["families"] and not report.updated["people"]
    raw["families"][0]["name"] = "Shaw"
    raw["families"][0]["people"][0] |= {"first_name": "Kell", "last_name": "Shaw"}
    load(raw)
    assert family(session).name == "Shaw"
    assert (kelly(session).first_name, kelly(session).last_name) == ("Kell", "Shaw"), "what a file says anew is written"
    assert kelly(session).born == date(1990, 1, 2)
    said = session.scalars(select(EarlierVersion).filter_by(object_id=kelly(session).id)).all()
    assert "Kelley" in {row.content["record"]["first_name"] for row in said}, "and what stood here is kept"


def test_what_nobody_mended_here_follows_the_file_also_where_nobody_kept_what_it_said(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    nobody_kept_it(session)
    raw["families"][0]["name"] = "Shaw"
    raw["families"][0]["people"][0]["first_name"] = "Kell"
    report = load(raw)
    assert (family(session).name, kelly(session).first_name) == ("Shaw", "Kell") and not report.notes


def test_a_family_that_was_entered_here_keeps_the_names_it_was_given_until_a_file_says_something_new(
    load: Load, raw: Raw, session: Session
) -> None:
    given = raw["families"][0]
    first = {**raw, "families": raw["families"][1:]}
    load(first)
    made = service.found(session, amara(session), "Bennett (night)", "bennett", amara(session).id)
    values = {"external_id": "kelly", "kind": "parent", "first_name": "Kel", "language": "en"}
    people.add(session, made, values, amara(session), clock.now().date())
    session.commit()
    report = load(raw)
    assert (family(session).name, kelly(session).first_name) == ("Bennett (night)", "Kel")
    assert kelly(session).last_name == given["people"][0]["last_name"], "what nobody had filled in is the file's"
    assert NAME in report.notes and f"families[0].people[0].first_name: {STAYS}" in report.notes
    given["name"] = "Bennett-Shaw"
    load(raw)
    assert family(session).name == "Bennett-Shaw"


def test_a_table_that_does_not_name_the_family_says_nothing_of_its_name(
    load: Load, raw: Raw, session: Session, tmp_path: Path
) -> None:
    load(raw)
    mend(session)
    table = tmp_path / "people.csv"
    table.write_text("agency,family,id,last_name\naire-valley,bennett,kelly,Shaw\n", encoding="utf-8")
    import_tables([table])
    assert (family(session).name, kelly(session).first_name, kelly(session).last_name) == (
        "Bennett-Shaw", "Kelley", "Shaw",
    )  # fmt: skip
    assert NAME in load(raw).notes
    assert (family(session).name, kelly(session).first_name) == ("Bennett-Shaw", "Kelley")
    table.write_text("agency,family,id,family_name\naire-valley,bennett,kelly,Shaw\n", encoding="utf-8")
    import_tables([table])
    assert family(session).name == "Shaw", "where a column names it, it is said"


def test_the_name_of_a_family_in_which_everybody_was_erased_does_not_come_back(
    load: Load, raw: Raw, session: Session
) -> None:
    load(raw)
    row = family(session)
    row.name, row.said = "erased", ""
    for person in row.people:
        person.erased_at = clock.now()
    session.commit()
    raw["families"][0]["name"] = "Shaw"
    load(raw)
    assert family(session).name == "erased"
