"""The console with a keyboard alone, and on a worker's phone: what is pressing is near, and one's place is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from api import clock
from tests.browser import page, site
from tests.console.test_console_in_a_browser import sign_in
from tests.small_town import Town

__all__ = ["page", "site"]
pytestmark = pytest.mark.slow

PHONE = {"width": 320, "height": 640}


def test_after_acknowledging_the_keyboard_goes_on_in_that_card(page: Page, town: Town) -> None:
    sign_in(page)
    town.escalation(town.mine)
    second = town.escalation(town.other, priority="urgent")
    page.goto("/console")
    page.locator(f"[data-key=e{second}] button.main").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console#e{second}-title")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('article')?.dataset.key") == f"e{second}"


def test_on_a_phone_an_emergency_can_be_acknowledged_without_scrolling(page: Page, town: Town) -> None:
    sign_in(page)
    number = town.escalation(town.mine, words="hes kicking the door in, please help")
    page.set_viewport_size(PHONE)
    page.goto("/console")
    place = page.locator(f"[data-key=e{number}] button.main").bounding_box()
    assert place and place["y"] + place["height"] <= PHONE["height"], place


def test_a_refused_form_begins_at_what_is_wrong_and_offers_no_address_that_is_none(page: Page, town: Town) -> None:
    sign_in(page)
    page.goto(f"/console/families/{town.mine.family.id}")
    page.get_by_text("Write down what somebody said").click()
    page.fill("#view-words", "I like it here")
    page.evaluate("document.querySelector('#view-day').max = ''")
    page.fill("#view-day", str(clock.now().date() + timedelta(days=9)))
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    assert page.input_value("#view-words") == "I like it here"
    assert page.locator("footer.languages").count() == 0, "this answer stands at no address in another language"


def test_the_parts_of_a_long_family_page_are_one_press_away(page: Page, town: Town) -> None:
    sign_in(page)
    page.goto(f"/console/families/{town.mine.family.id}")
    links = page.get_by_role("navigation", name="On this page").get_by_role("link")
    for n in range(links.count()):
        assert page.locator(links.nth(n).get_attribute("href") or "-").count() == 1
    links.filter(has_text="Actions").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert "Verify" in page.evaluate("document.activeElement.textContent")


def test_what_somebody_said_is_not_taken_back_by_one_press(page: Page, town: Town) -> None:
    sign_in(page)
    page.goto(f"/console/families/{town.mine.family.id}")
    said = page.locator("#views .card").filter(has=page.get_by_text("They take it back"))
    before = said.count()
    said.first.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(said.first).to_contain_text("it cannot be brought back")
    assert said.count() == before
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(said).to_have_count(before - 1)


def test_who_came_to_a_conference_can_be_read_on_a_phone(page: Page, town: Town) -> None:
    sign_in(page)
    page.set_viewport_size(PHONE)
    page.goto(f"/console/families/{town.mine.family.id}/conferences")
    place = page.locator("[name=guest-1-name]").bounding_box()
    assert place and place["width"] > 120, place
