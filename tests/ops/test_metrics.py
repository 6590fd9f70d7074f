"""``/metrics`` and the status page: for whom, and that nobody is in them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api import clock
from api.database import transaction
from api.escalations import service
from api.settings import settings
from tests import once
from tests.small_town import Town


def local() -> TestClient:
    return TestClient(once.app(), client=("127.0.0.1", 50000), raise_server_exceptions=False)


def values(page: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"^(hearthline_\S+) (\S+)$", page, re.MULTILINE)}


def test_a_program_on_this_machine_reads_them_and_nobody_from_elsewhere(client: TestClient, town: Town) -> None:
    assert client.get("/metrics").status_code == 404, "the test's own client is no loopback address"
    assert local().get("/metrics").status_code == 200
    for brought in ("x-forwarded-for", "forwarded", "x-real-ip", "via"):
        assert local().get("/metrics", headers={brought: "127.0.0.1"}).status_code == 404


def test_with_a_token_set_only_the_token_opens_them(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "metrics_token", "t0ken")
    assert client.get("/metrics", headers={"authorization": "Bearer t0ken"}).status_code == 200
    for wrong in ({}, {"authorization": "Bearer x"}, {"authorization": "Bearer tök"}, {"authorization": "t0ken"}):
        encoded = {name: value.encode() for name, value in wrong.items()}
        assert client.get("/metrics", headers=encoded).status_code == 404
        assert local().get("/metrics", headers=encoded).status_code == 404


def test_they_say_what_waits_and_nothing_of_anybody(client: TestClient, town: Town) -> None:
    town.escalation(town.mine, words="he is at the door")
    clock.move(timedelta(minutes=5))
    page = local().get("/metrics").text
    found = values(page)
    assert found['hearthline_waiting{queue="ladder"}'] == 1
    assert 100 < found['hearthline_oldest_wait_seconds{queue="ladder"}'] < 300
    assert found['hearthline_warning{name="ladder_stuck"}'] == 1
    assert not re.search("Ash|Birch|door|near|07700|agency|family", page)


def test_the_status_page_names_what_is_wrong_and_the_health_says_it_too(client: TestClient, town: Town) -> None:
    town.escalation(town.mine)
    clock.move(timedelta(minutes=10))
    client.cookies.update(town.signed_in(town.worker))
    page = client.get("/console/status").text
    assert "People who should have been told of an escalation were not." in page
    assert "The last four weeks" not in page, "figures are for managers"
    assert client.get("/health").json()["parts"]["queues"] == "stuck (ladder_stuck, deliveries_stuck)"


def test_a_manager_sees_how_long_things_took(client: TestClient, town: Town) -> None:
    for minutes, outcome in ((4, "helped"), (8, "false_alarm")):
        number = town.escalation(town.mine)
        clock.move(timedelta(minutes=minutes))
        with transaction() as session:
            service.acknowledge(session, number, town.duty, via="sms")
        clock.move(timedelta(minutes=30))
        with transaction() as session:
            service.resolve(session, number, town.duty, "seen to", kind=outcome)
    town.escalation(town.far)
    client.cookies.update(town.signed_in(town.manager))
    page = client.get("/console/status").text
    (row,) = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", page, re.DOTALL)
    cells = [re.sub("<[^>]+>", "", cell).strip() for cell in row.split("<td>")]
    assert cells == ["Emergency", "2", "6 min / 7 min (2)", "36 min / 37 min (2)", "0", "1"]
