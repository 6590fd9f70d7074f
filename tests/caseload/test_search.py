"""One box finds families, people, escalations and conversations, however they are written, of what one may see only."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.engine import Engine

from api.access.models import Worker
from api.audit.models import AuditEntry
from api.caseload import search
from api.database import reading, transaction
from api.families import people, spelling
from api.families.models import ContactPoint, Family, Person
from tests.caseload.test_today import statements
from tests.small_town import Household, Town


def find(viewer: Worker, typed: str) -> list[search.Found]:
    with reading() as session:
        return search.search(session, viewer, search.wanted(typed, "GB"))


def names(viewer: Worker, typed: str) -> list[str]:
    return [one.name for one in find(viewer, typed)]


def number_of(house: Household) -> str:
    return house.conversation.address


@pytest.fixture
def garcia(town: Town) -> Person:
    """Somebody with accents, two last names and a hyphen, in the worker's family."""
    with transaction() as session:
        made = Person(
            family_id=town.mine.family.id,
            external_id="cs-77",
            kind="carer",
            first_name="José",
            last_name="García-Núñez",
        )
        session.add(made)
    return made


@pytest.mark.parametrize(
    "typed",
    [
        "jose",
        "JOSÉ",
        "García",
        "garc",
        "nunez",
        "jose garcia",
        "Garcia, Jose",
        "garcía-núñez josé",
        "CS-77",
        "  jo  gar ",
    ],
    ids=range(10),
)
def test_a_name_is_found_by_its_beginnings_in_any_order_without_accents(town: Town, garcia: Person, typed: str) -> None:
    assert names(town.worker, typed) == ["José García-Núñez"]


@pytest.mark.parametrize("typed", ["j", "", "%", "__", "osé", "jose rowan", "x' OR 1=1"], ids=range(7))
def test_what_is_too_short_or_fits_nobody_finds_nothing(town: Town, garcia: Person, typed: str) -> None:
    assert find(town.worker, typed) == []


def test_a_family_is_found_by_name_and_by_reference(town: Town) -> None:
    found = find(town.worker, "ash")
    assert (found[0].what, found[0].name) == ("family", "Ash")
    assert {one.name for one in found if one.what == "person"} == {"Ashparent Ash", "Ashchild"}
    (one,) = [one for one in find(town.worker, town.mine.family.external_id.upper()) if one.what == "family"]
    assert one.family_id == town.mine.family.id


def test_a_number_is_found_however_it_is_written(town: Town) -> None:
    digits = number_of(town.mine)
    home = "0" + digits.removeprefix("+44")
    for typed in (digits, home, f"{home[:5]} {home[5:8]} {home[8:]}", f"({home[:5]}) {home[5:]}", f"0044{home[1:]}"):
        assert names(town.worker, typed) == ["Ashparent Ash"], typed
    with transaction() as session:
        point = session.scalars(select(ContactPoint).where(ContactPoint.address == digits)).one()
        point.state = "quarantined"
    assert names(town.worker, digits) == [], "it may be somebody else's now"


def test_an_escalation_is_found_by_its_number_as_it_is_said(town: Town) -> None:
    number = town.escalation(town.mine)
    for typed in (str(number), f"#{number}", f"ACK {number}"):
        assert [(one.what, one.object_id) for one in find(town.worker, typed)] == [("escalation", str(number))]
    assert find(town.far_manager, str(number)) == []


def test_nobody_finds_what_they_may_not_see(town: Town) -> None:
    for typed in ("birch", number_of(town.other), town.other.family.external_id, "birchparent"):
        assert find(town.worker, typed) == [], typed
        assert find(town.manager, typed), typed
        assert find(town.far_manager, typed) == [], typed


def test_somebody_who_has_left_is_found_and_said_to_have(town: Town, garcia: Person) -> None:
    from api import clock

    with transaction() as session:
        people.leave(session, session.get_one(Person, garcia.id), session.get_one(Worker, town.worker.id), clock.now())
    assert [one.over for one in find(town.worker, "jose")] == [True]


def test_the_page_shows_it_and_neither_the_address_nor_the_log_has_what_was_typed(
    client: TestClient, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    assert (
        'action="/console/search"' in client.get("/console").text and client.get("/console/search").status_code == 200
    )
    page = client.post("/console/search", data=town.form(cookies, sought="Ashpar"))
    assert page.status_code == 200 and "Ashparent" in page.text
    assert f"/console/families/{town.mine.family.id}#person-{town.mine.parent.id}" in page.text
    assert "Ashpar" not in str(page.url) and "ashpar" not in caplog.text.lower()
    nothing = client.post("/console/search", data=town.form(cookies, sought="Birch"))
    assert "Nothing was found" in nothing.text
    with reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.verb == "searched").order_by(AuditEntry.id)).all()
        listed = session.scalars(select(AuditEntry.family_id).where(AuditEntry.verb == "listed_family")).all()
    assert [entry.detail for entry in entries] == [{"found": 1}, {"found": 0}] and set(listed) == {town.mine.family.id}


def test_a_search_takes_few_statements_and_the_names_index(town: Town, database: Engine) -> None:
    with statements(database) as asked:
        find(town.manager, "ash")
    assert len(asked) <= 5
    with transaction() as session:
        for n in range(600):
            family = Family(agency_id=town.agency.id, external_id=f"many{n}", name=f"Oak {n}")
            session.add(family)
            session.flush()
            session.add(
                Person(family_id=family.id, external_id="p", kind="parent", first_name=f"N{n}", last_name="Oak")
            )
    with database.begin() as connection:
        connection.exec_driver_sql("ANALYZE people")
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plain = spelling.SQL.format("last_name").replace("%", "%%")
        rows: Any = connection.exec_driver_sql(f"EXPLAIN SELECT id FROM people WHERE {plain} LIKE 'ash%%'")
        assert "ix_people_search_last" in "\n".join(row[0] for row in rows)


def test_the_actions_of_all_families_come_by_status_and_lateness_in_pages(client: TestClient, town: Town) -> None:
    from datetime import date

    from api.plans.models import PlanAction

    with transaction() as session:
        for house, title, status, due_on in (
            (town.mine, "late", "open", date(2020, 1, 1)), (town.mine, "early", "open", date(2999, 1, 1)),
            (town.other, "stuck", "blocked", date(2021, 1, 1)), (town.far, "elsewhere", "open", date(2020, 1, 1)),
        ):  # fmt: skip
            session.add(
                PlanAction(
                    plan_id=house.plan.id, external_id=title, title=title, owner_name="n", status=status, due_on=due_on
                )
            )

    def titles(who: Worker, query: str) -> list[str]:
        answer = client.get(f"/api/v1/actions{query}", headers=town.program(who)).json()
        return [one["title"] for one in answer["items"]]

    assert titles(town.manager, "")[:3] == ["late", "stuck", "early"], "what has no date comes last"
    assert titles(town.manager, "?overdue=true") == ["late", "stuck"]
    assert titles(town.worker, "?overdue=true") == ["late"], "of their own families only"
    assert titles(town.worker, "?overdue=false&status=open") == ["early"]
    assert titles(town.manager, "?status=reported_done&per_page=1&page=3") == []
    page = client.get("/api/v1/actions?per_page=1&page=2", headers=town.program(town.manager)).json()
    assert (page["total"], page["items"][0]["title"], page["items"][0]["family_name"]) == (5, "stuck", "Birch")
    assert client.get("/api/v1/actions?status=lost", headers=town.program(town.worker)).status_code == 422
