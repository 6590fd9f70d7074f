"""Ladders in the console: everybody sees and rehearses them, managers change them."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from api import clock
from api.access.models import Agency, Worker
from api.database import reading
from api.escalations import rules
from api.settings import settings
from tests.small_town import Town

STEPS = {"priority": "urgent", "tell-1": "duty", "wait-1": "7", "tell-2": "worker:Mona", "wait-2": "9"}


def sign_in(client: TestClient, town: Town, worker: Worker) -> dict[str, str]:
    cookies = town.signed_in(worker)
    client.cookies.update(cookies)
    return cookies


def own(town: Town) -> list[rules.Row]:
    with reading() as session:
        return rules.own(session, town.agency.id)


def test_every_worker_sees_who_would_be_told_at_a_time(client: TestClient, town: Town) -> None:
    sign_in(client, town, town.worker)
    day = clock.now().astimezone(ZoneInfo("Europe/London")).date() + timedelta(days=5)
    page = client.get(f"/console/ladders?at={day}T02:00&priority=emergency&lead={town.worker.id}").text
    played = page.partition('id="played"')[2].partition("</ol>")[0]
    lines = [" ".join(re.sub("<[^>]+>", "", line).split()) for line in played.split("<li>")[1:3]]
    assert lines == [
        f"{day:%a} {day.day} {day:%b}, 02:00: Lena Worker (lead worker), Dora Worker (duty worker)",
        f"{day:%a} {day.day} {day:%b}, 02:03: Mona Worker (manager on call)",
    ]
    assert "/console/ladders/new" not in page


@pytest.mark.parametrize(
    "odd", ["at=nonsense", "at=0001-01-01T00:00", "lead=x", "priority=huge", "at=9999-12-31T23:59"]
)
def test_an_odd_question_gets_the_usual_answer(client: TestClient, town: Town, odd: str) -> None:
    sign_in(client, town, town.worker)
    assert client.get(f"/console/ladders?{odd}").status_code == 200


def test_a_manager_adds_changes_and_removes_a_ladder(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.manager)
    assert client.get("/console/ladders/new?priority=urgent").status_code == 200
    hours = {"begins": "20:00", "ends": "08:00", "day": "5"}
    assert client.post("/console/ladders/new", data=town.form(cookies, **STEPS, **hours)).status_code == 303
    (row,) = own(town)
    assert [(step.targets, step.wait.total_seconds()) for step in row.rule.steps] == [
        (("duty",), 420), (("worker:Mona",), 540)
    ]  # fmt: skip
    assert (row.rule.days, str(row.rule.begins)) == (frozenset({5}), "20:00:00")
    page = client.get("/console/ladders").text
    assert "20:00–08:00" in page and "then wait 7 min" in page and "Mona Worker" in page
    link = f"/console/ladders/{row.id}"
    assert 'value="7"' in client.get(link).text
    client.post(link, data=town.form(cookies, **{**STEPS, "wait-1": "8"}))
    assert own(town)[0].rule.steps[0].wait.total_seconds() == 480
    client.post(link, data=town.form(cookies, do="up"))
    client.post(link, data=town.form(cookies, do="remove"))
    assert own(town) == []


def test_a_step_of_a_routine_ladder_can_wait_for_working_hours(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.manager)
    assert '<option value="office" selected>' in client.get("/console/ladders/new?priority=routine").text
    steps = {"priority": "routine", "tell-1": "duty", "wait-1": "60", "when-1": "daytime"}
    assert client.post("/console/ladders/new", data=town.form(cookies, **steps)).status_code == 303
    (row,) = own(town)
    assert [step.when for step in row.rule.steps] == ["daytime"]
    assert "only by day, 9 to 17" in client.get("/console/ladders").text
    urgent = client.post("/console/ladders/new", data=town.form(cookies, **{**steps, "priority": "urgent"}))
    assert urgent.status_code == 400 and "Only a routine call may wait" in urgent.text


def test_a_step_tells_by_email_and_the_rehearsal_says_so(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "smtp_url", "smtp://127.0.0.1:25")
    cookies = sign_in(client, town, town.manager)
    steps = {**STEPS, "by-1": "email", "by-2": ["sms", "email"]}
    assert client.post("/console/ladders/new", data=town.form(cookies, **steps)).status_code == 303  # type: ignore[arg-type]
    (row,) = own(town)
    assert [step.channels for step in row.rule.steps] == [("email",), ("sms", "email")]
    form = client.get(f"/console/ladders/{row.id}").text
    assert 'name="by-1" value="email" checked' in form and 'name="by-1" value="sms">' in form
    assert "E-mail is not set up" not in form
    page = client.get("/console/ladders?priority=urgent").text
    played = page.partition('id="played"')[2].partition("</ol>")[0]
    assert "by e-mail" in played and "by text and e-mail" in played
    number = town.escalation(town.mine, "please ring", "urgent")
    card = client.get("/console").text
    assert str(number) in card and "by e-mail" in card


def test_without_a_mail_server_the_form_and_the_rehearsal_say_that_an_email_reaches_nobody(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town, town.manager)
    client.post("/console/ladders/new", data=town.form(cookies, **STEPS, **{"by-1": "email"}))
    assert "E-mail is not set up" in client.get("/console/ladders/new").text
    played = client.get("/console/ladders?priority=urgent").text.partition('id="played"')[2].partition("</ol>")[0]
    assert "has no e-mail address here" in played


def test_an_emergency_cannot_begin_by_email(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.manager)
    steps = {"priority": "emergency", "tell-1": "duty", "wait-1": "3", "by-1": "email"}
    answer = client.post("/console/ladders/new", data=town.form(cookies, **steps))
    assert answer.status_code == 400 and "must go by text" in answer.text
    assert own(town) == []


def test_a_mistake_is_named_at_its_step_and_nothing_is_changed(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.manager)
    wrong = {"priority": "emergency", "tell-1": "lead", "wait-1": "3", "tell-2": "duty", "wait-2": "-1"}
    answer = client.post("/console/ladders/new", data=town.form(cookies, **wrong))
    assert answer.status_code == 400
    assert "must start with everyone on duty" in answer.text and "Step 2: Wait at least" in answer.text
    assert own(town) == []


def test_whoever_is_no_manager_and_another_agencys_manager_can_change_nothing(client: TestClient, town: Town) -> None:
    manager = sign_in(client, town, town.manager)
    client.post("/console/ladders/new", data=town.form(manager, **STEPS))
    link = f"/console/ladders/{own(town)[0].id}"
    for worker in (town.worker, town.duty, town.far_manager):
        cookies = sign_in(client, town, worker)
        assert client.get(link).status_code == 404
        assert client.post(link, data=town.form(cookies, do="remove")).status_code == 404
        if worker is not town.far_manager:
            assert client.get("/console/ladders/new").status_code == 404
            assert client.post("/console/ladders/new", data=town.form(cookies, **STEPS)).status_code == 404
    assert len(own(town)) == 1
    sign_in(client, town, town.manager)
    assert client.get(f"/console/ladders/{uuid.uuid4()}").status_code == 404


def waits(town: Town) -> tuple[int, int, int]:
    with reading() as session:
        agency = session.get_one(Agency, town.agency.id)
        return agency.takeover_web_minutes, agency.takeover_sms_minutes, agency.ring_again_minutes


def test_a_manager_says_how_long_is_too_long_within_bounds(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.manager)
    given = {"takeover_web_minutes": "5", "takeover_sms_minutes": "20", "ring_again_minutes": "15"}
    assert client.post("/console/ladders/waits", data=town.form(cookies, **given)).status_code == 303
    assert waits(town) == (5, 20, 15) and 'value="20"' in client.get("/console/ladders").text
    for odd in ("0", "9999", "", "soon", "٣"):
        answer = client.post("/console/ladders/waits", data=town.form(cookies, **{**given, "ring_again_minutes": odd}))
        assert answer.status_code == 400 and 'role="alert"' in answer.text
    assert waits(town) == (5, 20, 15)


def test_a_worker_reads_how_long_and_cannot_change_it(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town, town.worker)
    page = client.get("/console/ladders").text
    assert "Minutes without an answer by text" in page and 'name="takeover_sms_minutes"' not in page
    given = {"takeover_web_minutes": "5", "takeover_sms_minutes": "20", "ring_again_minutes": "15"}
    assert client.post("/console/ladders/waits", data=town.form(cookies, **given)).status_code == 404
    assert waits(town) == (10, 30, 30)
