"""Webhooks from the console's form to a real receiver: signed, ids only, tried again, switched off, never elsewhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api import clock
from api.access.models import Worker
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.escalations import service as escalations
from api.messages.models import OutboundMessage
from api.plans import service as plans
from api.plans.models import PlanAction
from api.protection import retention
from api.settings import settings
from api.webhooks.jobs import deliver_webhooks
from api.webhooks.models import KINDS, WebhookEndpoint, WebhookEvent
from api.webhooks.service import GIVES_UP_AFTER, WAITS
from tests.access.api_routes import APPOINTMENT
from tests.access.test_sessions import administrator
from tests.small_town import Town

__all__ = ["administrator"]


@dataclass
class Receiver:
    """A real HTTP server: what it got, and with which status it answers."""

    url: str
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.got]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(settings(), "webhooks_private", True)
    receiver = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield receiver
    server.shutdown()
    thread.join()
    server.server_close()


def register(client: TestClient, town: Town, administrator: Worker, url: str, *kinds: str) -> bytes:
    """Register it in the console, and the key of the secret that is shown."""
    cookies = town.signed_in(administrator)
    client.cookies.update(cookies)
    form = {**town.form(cookies, url=url), "kind": list(kinds or KINDS)}
    shown = client.post("/console/webhooks", data=form)
    found = re.search(r"<code>whsec_([\w+/=&#;]+)</code>", shown.text)
    assert shown.status_code == 200 and found, shown.text[:400]
    assert found[1] not in client.get("/console/webhooks").text, "it is shown once"
    client.cookies.clear()
    return base64.b64decode(found[1].replace("&#43;", "+"))


def press(client: TestClient, town: Town, administrator: Worker, what: str, **fields: str) -> int:
    cookies = town.signed_in(administrator)
    client.cookies.update(cookies)
    answer = client.post(f"/console/webhooks/{endpoint().id}/{what}", data=town.form(cookies, **fields))
    client.cookies.clear()
    return answer.status_code


def endpoint() -> WebhookEndpoint:
    with reading() as session:
        return session.scalars(select(WebhookEndpoint)).one()


def states() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(WebhookEvent.state).order_by(WebhookEvent.created_at)))


def fits(key: bytes, headers: dict[str, str], body: bytes) -> bool:
    """As a receiver checks it, by the standard's own words."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(wanted, headers["webhook-signature"])


def change_everything(client: TestClient, town: Town) -> int:
    """One of each kind of event, by the ways that people have; returns the escalation's number."""
    headers = town.program(town.manager)
    family = f"/api/v1/families/{town.mine.family.id}/appointments"
    assert client.post(family, json={**APPOINTMENT, "place": "a secret place"}, headers=headers).status_code == 201
    assert client.post(f"/api/v1/actions/{town.mine.action.id}/verify", headers=headers).status_code == 200
    number = town.escalation(town.mine, "he broke the door")
    assert client.post(f"/api/v1/escalations/{number}/acknowledge", headers=headers).status_code == 200
    closed = client.post(f"/api/v1/escalations/{number}/resolve", json={"outcome": "she is safe"}, headers=headers)
    assert closed.status_code == 200
    message = town.message(town.mine.conversation, "i did it honestly")
    with transaction() as session:
        session.execute(update(PlanAction).where(PlanAction.id == town.mine.action.id).values(status="open"))
        plans.report_done(
            session, town.mine.parent.id, town.mine.action.id,
            message_id=message.id, words="i did it honestly", now=clock.now(),
        )  # fmt: skip
    mine, plan = f"/api/v1/families/{town.mine.family.id}", f"/api/v1/plans/{town.mine.plan.id}"
    title = {"id": str(town.mine.action.id), "title": "Ash honestly", "owner_person_id": str(town.mine.parent.id)}
    assert client.patch(plan, json={"actions": [title]}, headers=headers).status_code == 200
    meeting = {"kind": "initial", "held_on": "2030-01-07", "assessment": "a secret place"}
    assert client.post(f"{mine}/conferences", json=meeting, headers=headers).status_code == 201
    found = {"held_on": "2026-04-02", "next_step": "continue", "reason": "honestly", "at_conference": False}
    found |= {"effects": [{"action_id": str(town.mine.action.id), "effect": "helped"}]}
    assert client.post(f"{plan}/reviews", json=found, headers=headers).status_code == 201
    words = {"person_id": str(town.mine.child.id), "given_on": "2026-04-02", "words": "I honestly like it"}
    assert client.post(f"{mine}/views", json=words, headers=headers).status_code == 201
    chat = f"/api/v1/conversations/{town.mine.conversation.id}/takeover"
    assert client.post(chat, headers=headers).status_code == 200
    return number


def test_every_change_reaches_the_agencys_system_signed_and_with_ids_only(
    client: TestClient, town: Town, administrator: Worker, receiver: Receiver
) -> None:
    key = register(client, town, administrator, receiver.url)
    number = change_everything(client, town)
    assert deliver_webhooks() == 13 and states() == ["delivered"] * 13
    assert sorted([*(event["type"] for event in receiver.events), "import.completed"]) == sorted(
        [*KINDS, "plan.changed"]  # the review says by when the plan is looked at again
    )
    for path, headers, body in receiver.got:
        assert path == "/hook" and headers["content-type"] == "application/json"
        assert fits(key, headers, body) and not fits(key, headers, body + b" ")
        assert abs(int(headers["webhook-timestamp"]) - clock.now().timestamp()) < 300
        assert headers["host"] == receiver.url.split("/")[2]
        for word in (b"Ash", b"door", b'safe"', b"honestly", b"secret place", b"44770"):
            assert word not in body
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 13
    data = {event["type"]: event["data"] for event in receiver.events}
    assert data["escalation.opened"] == {"family_id": str(town.mine.family.id), "escalation_id": number}
    assert data["takeover.changed"] == {
        "family_id": str(town.mine.family.id), "conversation_id": str(town.mine.conversation.id), "what": "joined",
    }  # fmt: skip
    assert data["action.reported"]["action_id"] == str(town.mine.action.id)
    assert data["action.reported"]["status"] == "reported_done" and data["appointment.changed"]["what"] == "booked"
    assert deliver_webhooks() == 0, "nothing goes twice"
    assert base64.b64encode(key).decode() not in repr(vars(endpoint())), "the secret is kept nowhere"


def test_only_the_kinds_that_were_asked_for_and_only_the_own_agencys(
    client: TestClient, town: Town, administrator: Worker, receiver: Receiver
) -> None:
    register(client, town, administrator, receiver.url, "escalation.opened")
    town.escalation(town.far)
    change_everything(client, town)
    deliver_webhooks()
    assert [event["type"] for event in receiver.events] == ["escalation.opened"]
    assert receiver.events[0]["data"]["family_id"] == str(town.mine.family.id)


def test_what_is_rolled_back_is_told_to_nobody(
    client: TestClient, town: Town, administrator: Worker, receiver: Receiver
) -> None:
    register(client, town, administrator, receiver.url)
    with pytest.raises(RuntimeError), transaction() as session:
        action = session.get_one(PlanAction, town.mine.action.id)
        plans.verify(session, action, town.mine.family.id, session.get_one(Worker, town.worker.id))
        raise RuntimeError
    assert states() == [] and deliver_webhooks() == 0


def test_a_try_that_fails_is_made_again_later_with_the_same_id_and_a_new_moment(
    client: TestClient, town: Town, administrator: Worker, receiver: Receiver
) -> None:
    key = register(client, town, administrator, receiver.url, "escalation.opened")
    receiver.status = 500
    town.escalation(town.mine)
    assert deliver_webhooks() == 1 and deliver_webhooks() == 0
    assert states() == ["queued"] and endpoint().failing_since is not None
    for wait in WAITS[:3]:
        clock.move(wait)
        assert deliver_webhooks() == 1
    receiver.status = 200
    clock.move(WAITS[3])
    assert deliver_webhooks() == 1 and states() == ["delivered"] and endpoint().failing_since is None
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    moments = [int(headers["webhook-timestamp"]) for _, headers, _ in receiver.got]
    assert moments == sorted(moments) and len(set(moments)) > 1
    assert all(fits(key, headers, body) for _, headers, body in receiver.got)


def test_a_redirect_is_a_failure_and_is_not_followed(
    client: TestClient, town: Town, administrator: Worker, receiver: Receiver
) -> None:
    register(client, town, administrator, receiver.url, "escalation.opened")
    receiver.status, receiver.headers = 307, {"location": receiver.url + "/elsewhere"}
    town.escalation(town.mine)
    deliver_webhooks()
    assert [path for path, _, _ in receiver.got] == ["/hook"] and states() == ["queued"]


def test_an_address_that_fails_for_days_is_switched_off_and_the_administrator_is_told(
    client: TestClient, town: Town, administrator: Worker, receiver: Receiver
) -> None:
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == administrator.id).values(phone="+447700900998"))
    register(client, town, administrator, receiver.url, "escalation.opened")
    receiver.status = 503
    town.escalation(town.mine)
    began = clock.now()
    while endpoint().off_at is None:
        clock.move(timedelta(hours=6))
        deliver_webhooks()
        assert clock.now() - began < GIVES_UP_AFTER + timedelta(days=2)
    assert clock.now() - began >= GIVES_UP_AFTER and endpoint().off_why == "failing"
    with reading() as session:
        told = session.scalars(select(OutboundMessage).filter_by(worker_id=administrator.id)).one()
        assert "webhook_switched_off" in session.scalars(select(AuditEntry.verb)).all()
    assert "/console/webhooks" in told.body and told.address == "+447700900998"
    clock.move(timedelta(days=2))
    assert deliver_webhooks() == 0, "nothing is sent while it is off"
    cookies = town.signed_in(administrator)
    client.cookies.update(cookies)
    assert "nothing had got through for three days" in client.get("/console/webhooks").text
    receiver.status = 200
    assert press(client, town, administrator, "switch", to="on") == 303
    assert deliver_webhooks() == 1 and states() == ["delivered"]


def test_an_address_that_says_it_is_gone_is_switched_off_at_once(
    client: TestClient, town: Town, administrator: Worker, receiver: Receiver
) -> None:
    register(client, town, administrator, receiver.url)
    receiver.status = 410
    town.escalation(town.mine)
    deliver_webhooks()
    assert endpoint().off_why == "gone"
    town.escalation(town.other)
    assert len(states()) == 1, "nothing more is queued for it"


def test_a_private_address_gets_nothing_without_the_setting(
    client: TestClient, town: Town, administrator: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookies = town.signed_in(administrator)
    register(client, town, administrator, receiver.url)
    monkeypatch.setattr(settings(), "webhooks_private", False)
    town.escalation(town.mine)
    assert deliver_webhooks() == 1 and receiver.got == [] and states() == ["queued"]
    client.cookies.update(cookies)
    for url, says in (
        (receiver.url, "must start with https"),
        ("https://127.0.0.1/hook", "inside a private network"),
        ("https://me:word@example.org/", "without a password"),
        ("", "not an address"),
    ):
        refused = client.post("/console/webhooks", data={**town.form(cookies, url=url), "kind": "action.verified"})
        assert refused.status_code == 400 and says in refused.text
    empty = client.post("/console/webhooks", data=town.form(cookies, url="https://cases.example.org/"))
    assert empty.status_code == 400 and "Choose at least one" in empty.text


def test_a_test_event_comes_and_removing_ends_it(
    client: TestClient, town: Town, administrator: Worker, receiver: Receiver
) -> None:
    register(client, town, administrator, receiver.url)
    assert press(client, town, administrator, "test") == 303 and deliver_webhooks() == 1
    assert receiver.events[0]["type"] == "webhook.test" and receiver.events[0]["data"] == {}
    assert press(client, town, administrator, "switch", to="off") == 303
    town.escalation(town.mine)
    assert press(client, town, administrator, "remove") == 303
    assert endpoint().off_why == "removed" and deliver_webhooks() == 0
    with reading() as session:
        verbs = session.scalars(select(AuditEntry.verb)).all()
    assert {"made_webhook", "switched_webhook_off", "removed_webhook"} <= set(verbs)
    clock.move(timedelta(days=31))
    assert retention.clear()["webhook_events"] == 1


def test_only_the_own_agencys_administrator_sees_and_changes_them(
    client: TestClient, town: Town, administrator: Worker, receiver: Receiver
) -> None:
    register(client, town, administrator, receiver.url)
    for worker in (town.worker, town.manager, town.far_manager):
        cookies = town.signed_in(worker)
        client.cookies.update(cookies)
        assert client.get("/console/webhooks").status_code == 404
        form = {**town.form(cookies, url=receiver.url, to="off"), "kind": "action.verified"}
        for path in ("", *(f"/{endpoint().id}/{what}" for what in ("test", "switch", "remove"))):
            assert client.post(f"/console/webhooks{path}", data=form).status_code == 404
    assert endpoint().off_at is None and states() == []


def test_an_escalation_that_is_handed_over_is_open_again(
    client: TestClient, town: Town, administrator: Worker, receiver: Receiver
) -> None:
    register(client, town, administrator, receiver.url, "escalation.opened")
    number = town.escalation(town.mine)
    with transaction() as session:
        manager = session.get_one(Worker, town.manager.id)
        escalations.acknowledge(session, number, manager, via="console")
        escalations.hand_over(session, number, manager, town.duty.id)
    deliver_webhooks()
    assert [event["type"] for event in receiver.events] == ["escalation.opened"] * 2, "it is open again"
