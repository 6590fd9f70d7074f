"""Only what Twilio signed for our configured address gets in; of all else nothing is stored."""

from __future__ import annotations

import httpx
import pytest

from tests.harness.system import PUBLIC_URL, System
from tests.harness.town import Team
from tests.harness.twilio import new_sid

SMS = "/channels/twilio/sms"
STATUS = "/channels/twilio/status"


@pytest.fixture(scope="module")
def team(system: System) -> Team:
    """One agency for all of this module: what is refused leaves nothing behind."""
    system.revive()
    return system.team()


def fields(team: Team) -> dict[str, str]:
    return {"MessageSid": new_sid(), "From": team.parent.number, "Body": "hello there friends", "NumMedia": "0"}


def everything(system: System) -> tuple[int, ...]:
    """How many rows there are of what a webhook may make."""
    tables = ("inbound_messages", "conversations", "outbound_messages", "escalations", "audit_entries")
    return tuple(int(system.one(f"SELECT count(*) AS n FROM {table}")["n"]) for table in tables)


WRONG = ("missing", "empty", "forged", "another token", "another url", "http host", "changed")


def badly_signed(system: System, path: str, form: dict[str, str], wrong: str) -> httpx.Response:
    """Send a webhook that Twilio did not sign so."""
    good = system.twilio.sign(PUBLIC_URL + path, form)
    signature = {
        "missing": None,
        "empty": "",
        "forged": "A" * len(good),
        "another token": system.twilio.sign(PUBLIC_URL + path, form, token="0" * 32),
        "another url": system.twilio.sign(PUBLIC_URL + path + "?x=1", form),
        "http host": system.twilio.sign(system.api_urls[0] + path, form),
        "changed": good,
    }[wrong]
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    if wrong == "changed":
        form = {**form, "Body": form.get("Body", "") + "!"}
    return httpx.post(system.api_urls[0] + path, data=form, headers=headers, timeout=60)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("path", [SMS, STATUS])
def test_it_is_refused_and_nothing_is_stored(path: str, wrong: str, system: System, team: Team) -> None:
    form = fields(team)
    before = everything(system)
    response = badly_signed(system, path, form, wrong)
    assert response.status_code == 403
    assert form["Body"] not in response.text
    assert everything(system) == before


def test_the_host_header_has_no_say(system: System, team: Team) -> None:
    form = fields(team)
    signature = system.twilio.sign(f"http://evil.example{SMS}", form)
    headers = {"X-Twilio-Signature": signature, "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    assert httpx.post(system.api_urls[0] + SMS, data=form, headers=headers, timeout=60).status_code == 403


def test_every_parameter_counts(system: System, team: Team) -> None:
    form = {**fields(team), "Unheard": "of", "Empty": ""}
    headers = {"X-Twilio-Signature": system.twilio.sign(PUBLIC_URL + SMS, form)}
    assert httpx.post(system.api_urls[0] + SMS, data=form, headers=headers, timeout=60).status_code == 200
    team.parent.expect()
    assert len(system.inbound(team.parent)) == 1
    form["Empty"] = "no longer"
    assert httpx.post(system.api_urls[0] + SMS, data=form, headers=headers, timeout=60).status_code == 403
    assert len(system.inbound(team.parent)) == 1
