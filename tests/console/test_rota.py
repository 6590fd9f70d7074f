"""The rota in the console: gaps in red, changes by managers only, calendars for everybody."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access.models import Worker
from api.audit.models import AuditEntry
from api.database import reading
from api.escalations.models import RotaChange, Shift
from tests.small_town import Town


def sign_in(client: TestClient, town: Town, worker: Worker) -> dict[str, str]:
    cookies = town.signed_in(worker)
    client.cookies.update(cookies)
    return cookies


def leave(town: Town, who: Worker, days: int = 3) -> dict[str, str]:
    today = clock.now().date()
    return {
        "kind": "leave",
        "who": str(who.id),
        "starts": f"{today + timedelta(days=1)}T00:00",
        "ends": f"{today + timedelta(days=1 + days)}T00:00",
    }


def rows() -> list[RotaChange]:
    with reading() as session:
        return list(session.scalars(select(RotaChange).order_by(RotaChange.made_at)))


def test_a_gap_ahead_is_red_and_gone_when_somebody_covers(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.manager)
    page = client.get("/console/rota").text
    assert "Somebody is on call at every moment" in page and "Dora Worker" in page
    client.post("/console/rota/changes", data=town.form(cookies, **leave(town, town.duty)))
    page = client.get("/console/rota").text
    gaps = page.partition('id="gaps"')[2].partition("</section>")[0]
    assert gaps.count("tag alarm") == 1 and "duty worker" in gaps and "Dora Worker is away" in page
    cover = {**leave(town, town.worker), "kind": "cover", "role": "duty", "instead_of": str(town.duty.id)}
    client.post("/console/rota/changes", data=town.form(cookies, **cover))
    page = client.get("/console/rota").text
    assert "Somebody is on call at every moment" in page and "Lena Worker instead of Dora Worker" in page


def test_a_manager_adds_shifts_and_takes_a_change_back(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.manager)
    shifts = {"who": str(town.worker.id), "role": "duty", "first": "2026-12-05", "last": "2026-12-20", "day": "6"}
    client.post("/console/rota/shifts", data=town.form(cookies, **shifts, begins="20:00", ends="08:00"))
    with reading() as session:
        assert len(session.scalars(select(Shift).filter_by(worker_id=town.worker.id)).all()) == 3
    assert "Lena Worker" in client.get("/console/rota?first=2026-12-05").text
    client.post("/console/rota/changes", data=town.form(cookies, **leave(town, town.duty)))
    client.post(f"/console/rota/changes/{rows()[0].id}/cancel", data=town.form(cookies))
    assert "Somebody is on call at every moment" in client.get("/console/rota").text


def test_shifts_that_have_not_begun_can_be_taken_back(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.manager)
    today = clock.now().date()
    asked = {
        "who": str(town.worker.id), "role": "duty", "first": f"{today + timedelta(days=2)}",
        "last": f"{today + timedelta(days=9)}",
    }  # fmt: skip
    client.post("/console/rota/shifts", data=town.form(cookies, **asked, begins="20:00", ends="08:00"))

    def left() -> int:
        with reading() as session:
            return len(session.scalars(select(Shift).filter_by(worker_id=town.worker.id)).all())

    assert left() == 8
    one = {**asked, "last": ""}
    assert client.post("/console/rota/shifts/remove", data=town.form(cookies, **one, begins="09:00")).status_code == 400
    assert left() == 8, "none of theirs begins then"
    assert client.post("/console/rota/shifts/remove", data=town.form(cookies, **one)).status_code == 303
    assert left() == 7
    client.post("/console/rota/shifts/remove", data=town.form(cookies, **asked))
    assert left() == 0
    running = {"who": str(town.duty.id), "role": "duty", "first": f"{today - timedelta(days=2)}", "last": f"{today}"}
    answer = client.post("/console/rota/shifts/remove", data=town.form(cookies, **running))
    assert answer.status_code == 400 and "No shift of theirs" in answer.text
    with reading() as session:
        entries = session.scalars(select(AuditEntry).filter_by(verb="removed_shifts")).all()
    assert [entry.detail["shifts"] for entry in entries] == [1, 7]
    for worker in (town.worker, town.duty):
        cookies = sign_in(client, town, worker)
        assert client.post("/console/rota/shifts/remove", data=town.form(cookies, **asked)).status_code == 404


@pytest.mark.parametrize("odd", ["", "x", "9999-99-99", "0001-01-01"])
def test_an_odd_first_day_is_today(client: TestClient, town: Town, odd: str) -> None:
    sign_in(client, town, town.worker)
    assert client.get(f"/console/rota?first={odd}").status_code == 200


def test_a_mistake_is_named_and_nothing_is_added(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.manager)
    wrong = {**leave(town, town.duty), "ends": "2020-01-01T00:00"}
    answer = client.post("/console/rota/changes", data=town.form(cookies, **wrong))
    assert answer.status_code == 400 and "The times are not right" in answer.text
    answer = client.post("/console/rota/shifts", data=town.form(cookies, who="nobody", role="duty"))
    assert answer.status_code == 400 and rows() == []


def test_nobody_but_its_managers_changes_a_rota(client: TestClient, town: Town) -> None:
    manager = sign_in(client, town, town.manager)
    client.post("/console/rota/changes", data=town.form(manager, **leave(town, town.duty)))
    cancel = f"/console/rota/changes/{rows()[0].id}/cancel"
    for worker in (town.worker, town.duty, town.far_manager):
        cookies = sign_in(client, town, worker)
        assert client.post(cancel, data=town.form(cookies)).status_code == 404
        if worker is not town.far_manager:
            assert client.post("/console/rota/changes", data=town.form(cookies)).status_code == 404
            assert client.post("/console/rota/shifts", data=town.form(cookies)).status_code == 404
            assert "/console/rota/shifts" not in client.get("/console/rota").text
    far = sign_in(client, town, town.far_manager)
    for field in ({"who": str(town.duty.id)}, {"who": str(uuid.uuid4())}):
        answer = client.post("/console/rota/changes", data=town.form(far, **{**leave(town, town.duty), **field}))
        assert answer.status_code == 400
    assert len(rows()) == 1 and rows()[0].cancelled_at is None
