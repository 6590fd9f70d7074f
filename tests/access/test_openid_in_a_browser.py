"""Signing in by the agency's provider in a real browser, with a real provider on another site: with and without
JavaScript, on a narrow page."""

from __future__ import annotations

from collections.abc import Iterator

import oidc_provider_mock
import pytest
from playwright.sync_api import Page, expect

from tests.browser import assert_accessible, chromium, page, site
from tests.harness.provider import connect
from tests.small_town import PASSWORD, Town

__all__ = ["page", "site"]
pytestmark = pytest.mark.slow

LENA = oidc_provider_mock.User(sub="lena-1", claims={"email": "lena@example.org", "email_verified": True})
STRANGER = oidc_provider_mock.User(sub="stranger-1", claims={"email": "x@example.org", "email_verified": True})


@pytest.fixture
def agencys(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The provider at ``localhost``, which for a browser is another site than ours at 127.0.0.1."""
    with oidc_provider_mock.run_server_in_thread(user_claims=[LENA, STRANGER]) as server:
        issuer = f"http://localhost:{server.server_port}"
        connect(monkeypatch, issuer)
        yield issuer


def test_a_worker_clicks_through_and_lands_where_she_wanted_to_go(page: Page, town: Town, agencys: str) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto("/console/families")
    assert_accessible(page)
    page.get_by_role("link", name="Sign in with Near account").click()
    assert page.url.startswith(agencys)
    page.get_by_role("button", name="stranger-1").click()
    expect(page.get_by_role("alert")).to_contain_text("no account here that fits")
    assert "code=" not in page.url and "state=" not in page.url
    assert_accessible(page)
    page.get_by_role("link", name="Sign in with Near account").click()
    page.get_by_role("button", name="lena-1").click()
    expect(page.get_by_text("Lena Worker").first).to_be_visible()
    assert page.url.endswith("/console/families")
    page.goto("/console/account")
    assert_accessible(page)


def test_it_works_without_javascript_and_beside_the_password(site: str, town: Town, agencys: str) -> None:
    context = chromium().new_context(base_url=site, java_script_enabled=False)
    opened = context.new_page()
    opened.goto("/console/sign-in")
    opened.get_by_role("link", name="Sign in with Near account").click()
    opened.get_by_role("button", name="lena-1").click()
    expect(opened.get_by_text("Lena Worker").first).to_be_visible()
    opened.get_by_role("button", name="Sign out").click()
    opened.get_by_label("E-mail").fill("dora@example.org")
    opened.get_by_label("Password").fill(PASSWORD)
    opened.get_by_role("button", name="Sign in").click()
    expect(opened.get_by_text("Dora Worker").first).to_be_visible()
    context.close()
