"""The console in a real browser: an escalation appears without a reload, and nothing that somebody types is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from api.database import transaction
from api.escalations import links
from api.escalations import service as escalations
from api.escalations.models import Notification
from api.families.models import ContactPoint
from api.messages import letters
from tests.browser import assert_accessible_everywhere, page, site
from tests.small_town import PASSWORD, Town

__all__ = ["page", "site"]
pytestmark = pytest.mark.slow


def sign_in(page: Page, path: str = "/console") -> None:
    page.goto(path)
    page.get_by_label("E-mail").fill("mona@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Mona Worker").first).to_be_visible()


def test_a_new_escalation_comes_in_on_top_without_a_reload(page: Page, town: Town) -> None:
    town.escalation(town.other, "the first one", "routine")
    sign_in(page)
    expect(page.get_by_text("the first one")).to_be_visible()
    page.evaluate("window.sameWindow = true")
    number = town.escalation(town.mine, "he is at the door")
    expect(page.locator("article").first).to_contain_text("he is at the door")
    expect(page).to_have_title("(2) Escalations – Hearthline")
    expect(page.locator("#announce")).to_have_text("A new escalation has come in.")
    page.get_by_role("button", name=f"Acknowledge {number}").click()
    expect(page.locator(f"[data-key=e{number}]")).to_contain_text("Acknowledged by")


def test_an_acknowledgement_elsewhere_shows_and_typed_words_stay(page: Page, town: Town) -> None:
    first, second = town.escalation(town.mine, "one"), town.escalation(town.other, "two")
    sign_in(page)
    page.get_by_role("button", name=f"Acknowledge {first}").click()
    page.locator(f"[data-key=e{first}] summary").click()
    page.get_by_label("What came of it?").fill("I am half way thr")
    with transaction() as session:
        escalations.acknowledge(session, second, town.duty, via="sms")
    expect(page.locator(f"[data-key=e{second}]")).to_contain_text("Dora Worker")
    expect(page.get_by_label("What came of it?")).to_have_value("I am half way thr")


def test_a_conversation_grows_while_it_is_open_and_a_started_reply_stays(page: Page, town: Town) -> None:
    from api.messages import inbox

    town.message(town.mine.conversation, "hello")
    sign_in(page, f"/console/conversations/{town.mine.conversation.id}")
    page.get_by_label("Your words").fill("I will ring")
    phone = town.mine.conversation.address
    inbox.accept(channel="sms", external_id="SM1", address=phone, body="are you coming tomorrow")
    expect(page.locator(".thread")).to_contain_text("are you coming tomorrow")
    expect(page.get_by_label("Your words")).to_have_value("I will ring")


def test_every_page_is_accessible_and_fits_a_phone_and_a_desk_in_light_and_in_dark(page: Page, town: Town) -> None:
    number = town.escalation(town.mine, "he is at the door")
    town.message(town.mine.conversation, "x" * 200, "unanswered", "flag.no_answer")
    with transaction() as session:
        told = session.scalars(select(Notification.id).where(Notification.worker_id.is_not(None))).first()
        inbox = ContactPoint(person_id=town.mine.parent.id, channel="email", address="jo.with.a.long.name@example.org")
        session.add(inbox)
    assert told
    page.goto("/console")
    assert_accessible_everywhere(page, 1200, 360)
    sign_in(page)
    for path in (
        "/console",
        f"/console/e/{number}",
        "/console/today",
        "/console/audit",
        f"/console/families/{town.mine.family.id}/timeline",
        "/console/conversations",
        f"/console/conversations/{town.mine.conversation.id}",
        "/console/families",
        f"/console/families/{town.mine.family.id}",
        f"/console/families/{town.mine.family.id}/people",
        f"/console/people/{town.mine.parent.id}/contact",
        "/console/families/nowhere",
        "/console/rota",
        "/console/ladders",
        "/console/ladders/new",
        "/console/status",
        links.address(told).removeprefix("http://testserver"),
        letters.stop_address(inbox.id).removeprefix("http://testserver"),
    ):
        page.goto(path)
        assert_accessible_everywhere(page, 1200, 360)
    page.goto(links.address(told).removeprefix("http://testserver"))
    page.get_by_role("button", name="I take it on").click()
    expect(page.get_by_role("button", name="Mark as resolved")).to_be_visible()
    assert_accessible_everywhere(page, 1200, 360)
    page.goto("/console/search")
    page.get_by_role("searchbox").fill("ashpar")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_text("Found: 1")).to_be_visible()
    assert_accessible_everywhere(page, 1200, 360)
