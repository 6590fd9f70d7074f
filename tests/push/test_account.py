"""Turning notifications on in a browser, seeing where they are on, turning them off: one's own, and nobody else's."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.access.models import Agency
from api.audit.models import AuditEntry
from api.channels.push import client as push
from api.channels.push import keys
from api.channels.push.models import PushBrowser
from api.channels.push.service import MOST_BROWSERS
from api.database import reading, transaction
from api.settings import Settings
from tests.harness.push import FakePush
from tests.small_town import Town

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def sign_in(client: TestClient, town: Town, who: str = "duty") -> dict[str, str]:
    cookies = town.signed_in(getattr(town, who))
    client.cookies.clear()
    client.cookies.update(cookies)
    return cookies


def turn_on(client: TestClient, town: Town, cookies: dict[str, str], **given: str) -> Any:
    return client.post("/console/browsers", data=town.form(cookies, **given), headers={"User-Agent": FIREFOX})


def rows() -> list[PushBrowser]:
    with reading() as session:
        return list(session.scalars(select(PushBrowser).order_by(PushBrowser.created_at)))


def test_a_worker_turns_it_on_sees_where_and_turns_it_off(client: TestClient, town: Town, service: FakePush) -> None:
    cookies = sign_in(client, town)
    page = client.get("/console/account").text
    assert f'data-key="{keys.public()}"' in page and "Firefox, Linux" not in page
    given = service.browser("office").form
    answer = turn_on(client, town, cookies, **given)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/account?note=browser_on")
    page = client.get("/console/account?note=browser_on").text
    assert "Firefox, Linux" in page
    for secret in (given["endpoint"], given["p256dh"], given["auth"]):
        assert secret not in page, "the page has only a mark of it"
    (row,) = rows()
    assert client.post(f"/console/browsers/{row.id}/remove", data=town.form(cookies)).status_code == 303
    assert rows() == [] and "Firefox, Linux" not in client.get("/console/account").text
    with reading() as session:
        verbs = session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all()
    assert [verb for verb in verbs if "notifications" in verb] == [
        "turned_on_notifications",
        "turned_off_notifications",
    ]


def test_the_same_browser_again_is_the_same_row_and_another_worker_has_their_own(
    client: TestClient, town: Town, service: FakePush
) -> None:
    given = service.browser("shared").form
    for who in ("duty", "duty", "manager"):
        turn_on(client, town, sign_in(client, town, who), **given)
    assert {row.worker_id for row in rows()} == {town.duty.id, town.manager.id} and len(rows()) == 2


def test_nobody_removes_a_colleagues(client: TestClient, town: Town, service: FakePush) -> None:
    turn_on(client, town, sign_in(client, town), **service.browser("office").form)
    cookies = sign_in(client, town, "manager")
    assert client.post(f"/console/browsers/{rows()[0].id}/remove", data=town.form(cookies)).status_code == 404
    assert len(rows()) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("endpoint", "http://push.example/for/x"),
        ("endpoint", "https://127.0.0.1/for/x"),
        ("endpoint", "https://[::1]/for/x"),
        ("endpoint", "https://169.254.169.254/latest/meta-data"),
        ("endpoint", "https://me:secret@push.example/"),
        ("endpoint", "file:///etc/passwd"),
        ("endpoint", ""),
        ("endpoint", "https://push.example/" + "x" * 500),
        ("p256dh", ""),
        ("p256dh", "B" * 87),
        ("p256dh", "x" * 5000),
        ("p256dh", "é"),
        ("auth", ""),
        ("auth", "B" * 21),
        ("auth", "?" * 22),
    ],
)
def test_what_is_no_browser_is_refused(
    client: TestClient, town: Town, service: FakePush, monkeypatch: pytest.MonkeyPatch, field: str, value: str
) -> None:
    monkeypatch.setattr(push, "PRIVATE", False)
    given = {**service.browser("x").form, "endpoint": "https://push.example/for/x", field: value}
    answer = turn_on(client, town, sign_in(client, town), **given)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/account?note=browser_refused")
    assert rows() == []
    assert "did not give what is needed" in client.get(answer.headers["location"]).text


def test_one_worker_has_so_many_browsers_and_no_more(client: TestClient, town: Town, service: FakePush) -> None:
    cookies = sign_in(client, town)
    for n in range(MOST_BROWSERS):
        turn_on(client, town, cookies, **service.browser(f"b{n}").form)
    more = turn_on(client, town, cookies, **service.browser("one-more").form)
    assert more.headers["location"].endswith("note=browser_too_many") and len(rows()) == MOST_BROWSERS


def test_without_the_second_factor_that_the_agency_asks_for_none_is_turned_on(
    client: TestClient, town: Town, service: FakePush
) -> None:
    with transaction() as session:
        session.get_one(Agency, town.agency.id).second_factor_roles = ["duty"]
    answer = turn_on(client, town, sign_in(client, town), **service.browser("office").form)
    assert answer.headers["location"] == "/console/account?note=needed" and rows() == []


@pytest.mark.parametrize("deed", ["deactivate", "sessions/end"])
def test_whoever_leaves_or_is_signed_out_by_an_administrator_is_told_in_no_browser(
    client: TestClient, town: Town, service: FakePush, deed: str
) -> None:
    turn_on(client, town, sign_in(client, town), **service.browser("lost-laptop").form)
    turn_on(client, town, sign_in(client, town, "worker"), **service.browser("another").form)
    with transaction() as session:
        session.merge(town.manager).role = "administrator"
    cookies = sign_in(client, town, "manager")
    assert client.post(f"/console/workers/{town.duty.id}/{deed}", data=town.form(cookies)).status_code == 303
    assert [row.worker_id for row in rows()] == [town.worker.id]


def test_where_it_is_not_set_up_there_is_nothing_to_turn_on(
    client: TestClient, town: Town, service: FakePush, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "pushes", property(lambda _: False))
    cookies = sign_in(client, town)
    assert 'id="turn-on"' not in client.get("/console/account").text
    assert turn_on(client, town, cookies, **service.browser("office").form).status_code == 404


def test_the_browsers_script_is_ours_for_the_console_only_and_the_same_for_everybody(
    client: TestClient, town: Town
) -> None:
    answer = client.get("/console/notices.js")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["service-worker-allowed"] == "/console"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "fetch(" not in answer.text and "importScripts" not in answer.text
    sign_in(client, town)
    assert client.get("/console/notices.js").text == answer.text


def test_an_id_that_was_never_there_is_not_found(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    assert client.post(f"/console/browsers/{uuid.uuid4()}/remove", data=town.form(cookies)).status_code == 404
