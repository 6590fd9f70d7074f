"""A young person in the web chat: the exit works whatever else does not, and workers hear of it."""

from __future__ import annotations

import re
import uuid

import httpx

from tests.harness.system import System
from tests.harness.town import Team

DANGER = "hes hurting my mum hes got a knife im hiding upstairs"
OURS = {"sec-fetch-site": "same-origin"}


class Browser:
    """A young person's browser on the first agency's chat, without scripts; keeps the cookie itself (it is Secure)."""

    def __init__(self, system: System, team: Team) -> None:
        self.url = system.api_urls[0]
        agency = system.one("SELECT id FROM agencies WHERE external_id = %(key)s", key=team.key)["id"]
        entered = httpx.post(f"{self.url}/chat/start", data={"agency": str(agency), "language": "en"}, headers=OURS)
        assert entered.headers["location"] == "/chat/talk"
        self.headers = {**OURS, "cookie": entered.headers["set-cookie"].partition(";")[0]}
        found = re.search(r'name="form_token" value="([^"]+)"', self.look().text)
        assert found
        self.form_token = found[1]

    def look(self) -> httpx.Response:
        return httpx.get(f"{self.url}/chat/talk", headers=self.headers)

    def write(self, body: str, **more: str) -> None:
        form = {"form_token": self.form_token, "body": body, "message_id": uuid.uuid4().hex, **more}
        answer = httpx.post(f"{self.url}/chat/messages", data=form, headers=self.headers)
        assert answer.status_code == 303, answer.status_code

    def leave(self) -> httpx.Response:
        return httpx.post(f"{self.url}/chat/exit", headers=self.headers)


def test_leaving_in_the_middle_of_telling_ends_the_chat_and_workers_hear_so(system: System, team: Team) -> None:
    chat = Browser(system, team)
    chat.write(DANGER)
    reference = re.search(r"EMERGENCY (\d+)", team.duty.expect("EMERGENCY").body)[1]  # type: ignore[index]
    team.duty.text(f"ACK {reference}")
    team.duty.expect(f"{reference} is yours")
    system.settle()  # else what is under way to a worker is sent again
    worker = system.workers[0]
    worker.kill()
    assert chat.leave().status_code == 303, "with no worker process at all"
    assert chat.look().headers["location"] == "/chat?ended=1"
    assert chat.leave().status_code == 303, "twice does no harm"
    worker.start()
    left = team.duty.expect(f"{reference}: they left the web chat")
    assert "knife" not in left.body and "mum" not in left.body
    system.settle()
    for phone in team.phones:
        phone.expect_whatever() if phone is team.manager else phone.expect_nothing_else()
