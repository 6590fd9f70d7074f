"""The demo: its phones text by the same signed webhook as Twilio; its Twilio answers as the twilio package expects."""

from __future__ import annotations

import uuid
from datetime import timedelta

import httpx
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select, update

from api import clock
from api.appointments.models import Appointment, Attendee
from api.channels.twilio import client as twilio
from api.database import reading, transaction
from api.demo.models import DemoText
from api.messages import jobs as messages
from api.messages.models import InboundMessage
from api.reminders import jobs as reminders
from api.reminders.models import AppointmentChange
from api.settings import settings
from tests.browser import assert_accessible, page, site
from tests.harness.processes import wait_until
from tests.small_town import Town

__all__ = ["page", "site"]


def texts() -> list[DemoText]:
    with reading() as session:
        return list(session.scalars(select(DemoText).order_by(DemoText.id)))


def test_a_phones_text_comes_in_by_the_signed_webhook(site: str, town: Town) -> None:
    form = {"sender": town.mine.conversation.address, "body": "when is my next meeting", "family": "", "worker": ""}
    assert httpx.post(f"{site}/demo/texts", data=form).status_code == 303
    with reading() as session:
        message = session.scalars(select(InboundMessage)).one()
    assert (message.channel, message.body) == ("sms", "when is my next meeting")
    assert message.conversation_id == town.mine.conversation.id
    assert [(text.sid, text.state) for text in texts()] == [(message.external_id, "delivered")]


def test_only_the_demos_phones_can_text(site: str, town: Town) -> None:
    httpx.post(f"{site}/demo/texts", data={"sender": "+447700900000", "body": "hello"})
    assert texts() == []


def test_what_the_twilio_package_sends_lands_on_the_phone(site: str, town: Town) -> None:
    twilio._client.cache_clear()
    outcome = twilio.send(town.mine.conversation.address, "Reminder: Thursday 10:00", callback_for=uuid.uuid4())
    assert outcome.result == "accepted" and outcome.provider_id
    arrived = [(outcome.provider_id, "Reminder: Thursday 10:00", "delivered")]
    wait_until(lambda: [(t.sid, t.body, t.state) for t in texts()] == arrived, "the text did not arrive")


def test_who_texts_stop_is_answered_by_twilio_and_gets_nothing_until_start(site: str, town: Town) -> None:
    twilio._client.cache_clear()
    number = town.mine.conversation.address

    def say(body: str) -> list[str]:
        before = len(texts())
        httpx.post(f"{site}/demo/texts", data={"sender": number, "body": body})
        return [text.body for text in texts()[before:] if text.recipient == number]

    assert "Reply START" in say(" Stop ")[0]
    refused = twilio.send(number, "Reminder: Thursday 10:00", callback_for=uuid.uuid4())
    assert (refused.result, refused.error) == ("refused", "21610")
    assert "Reply STOP to end them" in say("START")[0]
    assert say("start") == [], "who gets texts anyway is not told"
    assert "Reply STOP" in say("help")[0]
    assert twilio.send(number, "Reminder: Thursday 10:00", callback_for=uuid.uuid4()).result == "accepted"


def test_moving_the_clock_makes_a_reminder_arrive_on_the_phone(site: str, town: Town) -> None:
    twilio._client.cache_clear()
    noon = (clock.now() + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    clock.move(noon - clock.now())
    with transaction() as session:
        session.execute(update(Attendee).values(answer="none"))
        meeting = session.get_one(Appointment, town.mine.appointment.id)
        meeting.starts_at, meeting.ends_at = noon + timedelta(hours=26), noon + timedelta(hours=27)
        session.flush()
        session.execute(delete(AppointmentChange))
    reminders.look_ahead(at_once=True)
    for _ in range(2):
        reminders.remind()
        assert texts() == []
        assert httpx.post(f"{site}/demo/clock", data={"by": "1h"}).status_code == 303
    reminders.remind()
    for lane in range(messages.LANES):
        messages.deliver_reminders(lane)
    wait_until(lambda: [t.body for t in texts() if t.body.startswith("Reminder: tomorrow at")], "no reminder came")
    assert "Reminder: tomorrow at" in httpx.get(f"{site}/demo", params={"family": texts()[0].recipient}).text


@pytest.mark.parametrize("auth", [None, ("AC" + "d" * 32, "wrong"), ("ACother", "wrong")])
def test_the_simulated_twilio_wants_the_accounts_token(
    client: TestClient, town: Town, auth: tuple[str, str] | None
) -> None:
    path = f"/demo/twilio/2010-04-01/Accounts/{settings().twilio_account}/Messages.json"
    answer = client.post(path, data={"To": "+447700900100", "Body": "x"}, auth=auth)
    assert answer.status_code == 401 and texts() == []


def test_it_calls_nobody_else_back(client: TestClient, town: Town) -> None:
    path = f"/demo/twilio/2010-04-01/Accounts/{settings().twilio_account}/Messages.json"
    form = {"To": "+447700900100", "Body": "x", "StatusCallback": "http://169.254.169.254/latest"}
    answer = client.post(path, data=form, auth=(settings().twilio_account, settings().twilio_tokens[0]))
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/demo"),
        ("POST", "/demo/texts"),
        ("POST", "/demo/clock"),
        ("POST", f"/demo/sign-in-as/{uuid.UUID(int=7)}"),
        ("POST", f"/demo/chat-as/{uuid.UUID(int=7)}"),
        ("GET", "/demo/left"),
        ("GET", "/demo/events"),
        ("POST", "/demo/twilio/2010-04-01/Accounts/AC/Messages.json"),
    ],
)
def test_outside_demo_mode_there_is_no_demo(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    monkeypatch.setattr(settings(), "twilio_account_sid", "AC" + "1" * 32)
    assert client.request(method, path, data={"To": "x"} if method == "POST" else None).status_code == 404


def test_nobody_can_be_signed_in_as_who_is_not_there(client: TestClient, town: Town) -> None:
    assert client.post(f"/demo/sign-in-as/{uuid.uuid4()}").status_code == 404
    assert client.post(f"/demo/sign-in-as/{town.worker.id}").status_code == 303
    assert "Lena Worker" in client.get("/console").text


def test_moving_the_clock_keeps_people_signed_in(client: TestClient, town: Town) -> None:
    client.post(f"/demo/sign-in-as/{town.worker.id}")
    before = client.get("/demo").text
    assert client.post("/demo/clock", data={"by": "1d"}).status_code == 303
    assert client.get("/console").status_code == 200
    assert client.get("/demo").text != before
    assert client.post("/demo/clock", data={"by": "1 year"}).status_code == 400


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1600])
def test_a_newcomer_sees_a_cry_for_help_on_the_workers_phone_and_console(page: Page, town: Town, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto("/demo")
    assert_accessible(page)
    page.get_by_role("button", name="Sign in as Fara").click()
    console = page.frame_locator("iframe[name=console]")
    expect(console.get_by_text("Fara Worker").first).to_be_visible()
    page.get_by_role("button", name="hes kicking the door in").click()
    expect(page.locator(".phone.family .mine")).to_contain_text("hes kicking the door in")
    expect(console.locator("article").first).to_contain_text("Immediate danger")


@pytest.mark.slow
def test_the_exit_in_the_demos_frame_says_where_it_would_lead(page: Page, town: Town) -> None:
    page.goto("/demo")
    chat = page.frame_locator("iframe[name=chat]")
    chat.get_by_role("button", name="Exit this page").click()
    expect(chat.get_by_text("The chat is gone")).to_be_visible()
