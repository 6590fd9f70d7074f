"""One's account, the workers and the keys in a real browser: accessible, fitting; a second factor from end to end."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import Page, expect

from api import clock
from api.access import openings
from api.access.models import Worker
from api.database import transaction
from tests.browser import assert_accessible_everywhere, page, site
from tests.small_town import PASSWORD, Town

__all__ = ["page", "site"]
pytestmark = pytest.mark.slow


def sign_in(page: Page) -> None:
    page.goto("/console/sign-in")
    page.get_by_label("E-mail").fill("mona@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def code(secret: str) -> str:
    return pyotp.TOTP(secret).generate_otp(int(clock.now().timestamp()) // 30)


def test_a_second_factor_is_set_up_and_asked_for_and_every_page_fits(page: Page, town: Town) -> None:
    with transaction() as session:
        session.get_one(Worker, town.manager.id).role = "administrator"
    openings.open_family(town.worker, "Birch", "The lead worker is away and the school rang")
    page.goto("/console/first-password")
    assert_accessible_everywhere(page, 1200, 320)
    sign_in(page)
    for path in (
        "/console/workers", "/console/workers/new", f"/console/workers/{town.worker.id}", "/console/new-family",
        f"/console/families/{town.mine.family.id}/details", f"/console/people/{town.mine.parent.id}/details",
        "/console/keys", "/console/openings", "/console/account",
    ):  # fmt: skip
        page.goto(path)
        assert_accessible_everywhere(page, 1200, 320)
    page.get_by_role("textbox", name="Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Set it up").click()
    secret = page.locator("code").inner_text()
    assert re.fullmatch("[A-Z2-7]{32}", secret)
    assert_accessible_everywhere(page, 1200, 320)
    page.get_by_label("The code that the app shows").fill(code(secret))
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("code")).to_have_count(10)
    assert_accessible_everywhere(page, 1200, 320)
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    clock.move(timedelta(seconds=60))
    sign_in(page)
    expect(page.get_by_role("heading", name="Your code")).to_be_visible()
    assert_accessible_everywhere(page, 1200, 320)
    page.get_by_label(re.compile("Code from your authenticator")).fill(code(secret))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Mona Worker").first).to_be_visible()
