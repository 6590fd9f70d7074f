"""The upload page on a small phone without scripts, and what the console shows of it, in a real browser."""

from __future__ import annotations

import io

import pytest
from playwright.sync_api import Page, expect

from api.database import transaction
from api.evidence import asking, links, service
from api.families.models import Person
from tests.browser import assert_accessible, chromium, page, site
from tests.evidence import files
from tests.evidence.test_links import kept, text_to
from tests.small_town import PASSWORD, Town

__all__ = ["page", "site"]
pytestmark = pytest.mark.slow

PHOTO = {"name": "IMG_0001.HEIC", "mimeType": "image/heic", "buffer": files.jpeg(size=(800, 600))}
WORD = {"name": "letter.docx", "mimeType": "application/msword", "buffer": files.REFUSED["word"][0]}


def asked(town: Town) -> str:
    """The path of a link that a worker had sent."""
    with transaction() as session:
        asking.ask(session, session.get_one(Person, town.mine.parent.id), town.worker, town.mine.action.id)
    body = text_to(town.mine.parent)
    assert links.without_links(body).endswith("/u/...")
    return "/u/" + body.rpartition("/")[2]


def sign_in(page: Page) -> None:
    page.goto("/console/sign-in")
    page.get_by_label("E-mail").fill("lena@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_photo_is_sent_from_a_small_phone(page: Page, site: str, town: Town, scripts: bool) -> None:
    context = chromium().new_context(base_url=site, viewport={"width": 320, "height": 600}, java_script_enabled=scripts)
    phone = context.new_page()
    phone.goto(asked(town))

    def fits() -> None:
        if scripts:
            assert_accessible(phone)

    fits()
    phone.get_by_label("Choose a photo or PDF").set_input_files(WORD)
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_role("alert")).to_contain_text("save it as a PDF")
    fits()
    phone.get_by_label("Choose a photo or PDF").set_input_files([PHOTO, PHOTO])
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(phone.get_by_role("status")).to_have_text("It has arrived.")
    fits()
    phone.reload()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    assert len(kept()) == 2
    context.close()


@pytest.mark.parametrize("width", [320, 1200])
def test_the_worker_is_told_while_the_page_is_open_and_looks_at_it(page: Page, town: Town, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    path = asked(town)
    sign_in(page)
    page.goto(f"/console/families/{town.mine.family.id}")
    expect(page.get_by_text("Ashparent was asked")).to_be_visible()
    service.receive_by_link(path.rpartition("/")[2], [io.BytesIO(files.jpeg())])
    expect(page.get_by_role("link", name="New photos and documents from families: 1")).to_be_visible()
    expect(page.locator("#evidence .card")).to_have_count(1)
    assert_accessible(page)
    (row,) = kept()
    shown = page.request.get(f"/console/evidence/{row.id}")
    assert shown.headers["content-type"] == "image/jpeg"
    page.goto("/console/evidence")
    assert_accessible(page)
    page.get_by_role("button", name="I have looked at it").click()
    expect(page.get_by_role("link", name="New photos and documents")).to_have_count(0)
    page.get_by_text("Remove", exact=False).first.click()
    page.get_by_label("Why? The file goes").fill("sent twice")
    page.get_by_role("button", name="Remove the file").click()
    expect(page.locator("#evidence")).to_contain_text("sent twice")


def test_my_plan_has_the_field_and_fits(page: Page, site: str, town: Town) -> None:
    cookies, _ = town.chatting(town.mine.parent)
    page.context.add_cookies([{"name": name, "value": value, "url": site} for name, value in cookies.items()])
    page.set_viewport_size({"width": 320, "height": 600})
    page.goto("/chat/plan")
    assert_accessible(page)
    page.get_by_label("What is it for?").select_option(label="Ash course")
    page.get_by_label("Choose a photo or PDF").set_input_files(PHOTO)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="It has arrived")).to_be_visible()
    assert [row.action_id for row in kept()] == [town.mine.action.id]
