"""The export of an agency: all of it and nothing of another's, importable, no secrets, an administrator's alone."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from api import clock
from api.access import second_factor
from api.access.models import Agency, Worker
from api.appointments import series, service
from api.appointments.models import Appointment
from api.appointments.service import Expected
from api.audit.models import AuditEntry
from api.cli import app
from api.database import transaction
from api.families import sharing
from api.families.models import ContactPoint, Family, Person
from api.imports.service import import_file, import_paths
from api.plans.models import Plan, Risk
from api.protection import agency_file
from api.reviews.models import Review, RiskFinding
from api.settings import DATA
from api.tables import metadata
from tests.conftest import empty
from tests.small_town import PASSWORD, Town


def export(agency: str, out: Path, by: str, *, password: str = PASSWORD, more: tuple[str, ...] = ()) -> Result:
    return CliRunner().invoke(app, ["export-agency", agency, str(out), "--by", by, *more], input=f"{password}\n")


@pytest.fixture
def chief(town: Town) -> Iterator[Worker]:
    """An administrator of the town's agency."""
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.manager.id).values(role="administrator"))
        for plan in session.scalars(select(Plan)):
            plan.children = list(session.scalars(select(Person).filter_by(family_id=plan.family_id, kind="child")))
    yield town.manager


def rows(archive: Path, name: str) -> list[dict[str, Any]]:
    with zipfile.ZipFile(archive) as opened:
        return [json.loads(line) for line in opened.read(f"beyond/{name}.jsonl").splitlines()]


def imported(archive: Path) -> dict[str, Any]:
    with zipfile.ZipFile(archive) as opened:
        return dict(json.loads(opened.read("import.json")))


def test_it_holds_all_of_the_agency_and_nothing_of_another_s(
    town: Town, chief: Worker, tmp_path: Path, session: Session
) -> None:
    town.message(town.mine.conversation, "near words")
    town.message(town.far.conversation, "far words")
    escalation = town.escalation(town.mine, "near help")
    town.escalation(town.far, "far help")
    out = tmp_path / "near.zip"
    said = export("near", out, chief.email)
    assert said.exit_code == 0, said.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert {one["id"] for one in imported(out)["families"]} == {"Ash", "Birch"}
    assert [one["body"] for one in rows(out, "inbound_messages")] == ["near words"]
    assert [(one["id"], one["words"]) for one in rows(out, "escalations")] == [(escalation, "near help")]
    assert rows(out, "notifications") and rows(out, "outbound_messages") and rows(out, "change_requests")
    assert {one["verb"] for one in rows(out, "audit_entries")} >= {"exported_agency"}
    with zipfile.ZipFile(out) as opened:
        everything = b"".join(opened.read(name) for name in opened.namelist()).decode()
    assert "Cedar" not in everything and "far words" not in everything and "far help" not in everything
    entry = session.scalars(select(AuditEntry).filter_by(verb="exported_agency")).one()
    assert (entry.actor_id, entry.object_id) == (chief.id, str(town.agency.id))


def test_one_family_s_archive_is_that_family_s_alone(town: Town, chief: Worker, tmp_path: Path) -> None:
    town.message(town.mine.conversation, "ash words")
    town.message(town.other.conversation, "birch words")
    out = tmp_path / "ash.zip"
    assert export("near", out, chief.email, more=("--family", "Ash")).exit_code == 0
    with zipfile.ZipFile(out) as opened:
        everything = b"".join(opened.read(name) for name in opened.namelist()).decode()
    assert "ash words" in everything and "Lena" in everything and "Dora" not in everything
    assert "Birch" not in everything and "birch words" not in everything
    assert [one["verb"] for one in rows(out, "audit_entries")] == ["exported_family"]
    unknown = export("near", tmp_path / "x.zip", chief.email, more=("--family", "Cedar"))
    assert unknown.exit_code == 1 and "no family" in unknown.output and not (tmp_path / "x.zip").exists()


def test_only_an_administrator_of_that_agency_who_proves_it(town: Town, chief: Worker, tmp_path: Path) -> None:
    out = tmp_path / "near.zip"
    for agency, who, password in (
        ("near", town.duty.email, PASSWORD),
        ("far", chief.email, PASSWORD),
        ("near", chief.email, "not the password"),
        ("nowhere", chief.email, PASSWORD),
    ):
        assert export(agency, out, who, password=password).exit_code == 1
        assert not out.exists()
    with transaction() as session:
        session.execute(update(Agency).where(Agency.id == town.agency.id).values(second_factor_roles=["administrator"]))
    assert "second factor" in export("near", out, chief.email).output and not out.exists()
    with transaction() as session:
        secret = second_factor.begin(session, chief.id, clock.now())
    assert secret and export("near", out, chief.email).exit_code == 1 and not out.exists()


def test_a_file_that_is_there_is_not_overwritten(town: Town, chief: Worker, tmp_path: Path) -> None:
    out = tmp_path / "near.zip"
    out.write_text("mine")
    said = export("near", out, chief.email)
    assert said.exit_code == 1 and "cannot be written" in said.output and out.read_text() == "mine"


def test_no_secret_is_in_it_and_every_table_that_hangs_on_a_family_is(
    town: Town, chief: Worker, tmp_path: Path
) -> None:
    with transaction() as session:
        session.execute(
            update(Person)
            .where(Person.id == town.mine.parent.id)
            .values(pin_hash="canary-pin", door_words=["First pet?"], door_hashes=["canary-pin of an answer"])
        )
    out = tmp_path / "near.zip"
    assert export("near", out, chief.email).exit_code == 0
    with zipfile.ZipFile(out) as opened:
        everything = b"".join(opened.read(name) for name in opened.namelist()).decode()
    assert "canary-pin" not in everything and "$argon2" not in everything and "_hash" not in everything
    queries = agency_file.row_queries(agency_file.Scope(town.agency.id, "near"))
    hanging = {
        table.name
        for table in metadata.tables.values()
        if {key.column.table.name for key in table.foreign_keys}
        & {"agencies", "families", "people", "plans", "conversations", "escalations", "appointments", "workers"}
    }
    assert hanging - agency_file.LEFT_OUT <= set(queries), "not exported"
    assert {"families", "people", "plan_versions", "audit_entries", "consents", "delivery_attempts"} <= set(queries)


def test_what_is_imported_from_it_gives_the_same_again(database: Engine, session: Session, tmp_path: Path) -> None:
    import_file(DATA / "demo" / "families.json")
    with transaction() as writing:
        lisa = writing.scalars(select(Person).filter_by(external_id="lisa")).one()
        margaret = writing.scalars(select(Person).filter_by(external_id="maggie")).one()
        (shared,) = writing.scalars(select(ContactPoint.address).filter_by(person_id=margaret.id)).all()
        too = ContactPoint(person_id=lisa.id, channel="sms", address=shared, state="active")
        writing.add(too)
        sharing.begins(writing, too, None, clock.now())
        kelly = writing.scalars(select(ContactPoint).join(Person).where(Person.external_id == "kelly")).one()
        kelly.state = "opted_out"
        plan = writing.scalars(select(Plan).join(Family).where(Family.external_id == "bennett")).one()
        plan.actions[0].status, plan.actions[0].blocked_reason, plan.ended_on = "blocked", "", date(2026, 1, 1)
        family, amara = plan_family(writing), writing.scalars(select(Worker).filter_by(external_id="amara")).one()
        today = clock.now().date()
        booked = series.book(
            writing, family, amara, series.Rhythm("weekly", today + timedelta(days=1), time(10), 60),
            kind="home_visit", attendees=[Expected(kelly.person_id), Expected(name="Amara")], details={"bring": "it"},
        )  # fmt: skip
        visits = writing.scalars(select(Appointment).filter_by(series_id=booked.id).order_by("starts_at")).all()
        service.cancel(writing, visits[2], amara, reason="travel")
        later = visits[1].starts_at + timedelta(hours=3)
        service.change(writing, visits[1], amara, starts_at=later, ends_at=None, details={}, reason="asked")
        review = writing.scalars(select(Review)).one()
        lower = writing.scalars(select(Risk).filter_by(plan_id=review.plan_id, position=1)).one()
        review.risks = [
            RiskFinding(
                risk_id=lower.id, position=1, description="as it was put then", change="lower", words="settled"
            ),
            RiskFinding(position=2, description="one that is no more", change="gone"),
        ]
        on = today + timedelta(days=22)
        series.change_from(writing, booked, amara, on, series.Rhythm("weekly", on, time(14, 30), 45))
    first = _archive(session, tmp_path / "first.zip")
    assert len([one for one in first["families"] if one["series"]]) == 1
    reviews = [one for family in first["families"] for plan in family["plans"] for one in plan["reviews"]]
    assert [[one["change"] for one in review["risks"]] for review in reviews] == [["lower", "gone"]]
    same = import_paths([tmp_path / "first.zip"], check_only=True)
    assert not same.created and not same.updated, str(same)
    empty(database)
    session.expire_all()
    taken = import_paths([tmp_path / "first.zip"])
    assert taken.created["families"] == len(first["families"]) > 1, str(taken)
    second = _archive(session, tmp_path / "second.zip")
    assert second == first
    states = {point.address: point.state for point in session.scalars(select(ContactPoint))}
    assert states["+447700900101"] == "opted_out", "a number that opted out stays closed wherever it is taken"


def plan_family(session: Session) -> Family:
    return session.scalars(select(Family).where(Family.external_id == "bennett")).one()


def _archive(session: Session, out: Path) -> dict[str, Any]:
    agency = session.scalars(select(Agency).filter_by(external_id="aire-valley")).one()
    helen = session.scalars(select(Worker).filter_by(external_id="helen")).one()
    agency_file.write(agency_file.Scope(agency.id, "aire-valley"), out, by=helen.id)
    return imported(out)
