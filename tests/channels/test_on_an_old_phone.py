"""The family's pages on a small phone, for somebody afraid: help and the way in are one press away."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import page, site
from tests.channels.test_webchat_in_a_browser import start
from tests.small_town import Town

__all__ = ["page", "site"]
pytestmark = pytest.mark.slow

PHONE = {"width": 320, "height": 568}


def test_the_emergency_number_is_rung_by_one_press(page: Page, town: Town) -> None:
    page.set_viewport_size(PHONE)
    page.goto("/chat")
    assert page.locator(".emergency a").first.get_attribute("href") == "tel:999"
    start(page)
    expect(page.get_by_role("link", name="In danger now: call 999")).to_have_attribute("href", "tel:999")


def test_the_way_in_is_one_press_from_the_top_of_a_phone(page: Page, town: Town) -> None:
    page.set_viewport_size(PHONE)
    page.goto("/chat")
    page.get_by_role("link", name="Go to the chat").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "agency"
    expect(page.locator("input[name=agency]").first).to_be_in_viewport()
