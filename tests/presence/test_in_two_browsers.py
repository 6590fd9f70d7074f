"""A young person and a worker, each in a browser of their own: who writes, who has seen what, who else is here."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from api.database import reading
from api.messages.models import Conversation
from api.presence.models import Presence
from tests.browser import assert_accessible, chromium, page, site
from tests.harness.processes import wait_until
from tests.small_town import Town

__all__ = ["page", "site"]
pytestmark = pytest.mark.slow


@pytest.fixture
def contexts(site: str) -> Iterator[list[BrowserContext]]:
    opened: list[BrowserContext] = []
    yield opened
    for context in opened:
        context.close()


def console(
    contexts: list[BrowserContext], site: str, town: Town, name: str, chat: uuid.UUID, clock: bool = False
) -> Page:
    context = chromium().new_context(base_url=site, viewport={"width": 1000, "height": 800})
    contexts.append(context)
    cookies = town.signed_in(getattr(town, name))
    context.add_cookies([{"name": key, "value": value, "url": site} for key, value in cookies.items()])
    opened = context.new_page()
    if clock:
        opened.clock.install()
    opened.goto(f"/console/conversations/{chat}#latest")
    expect(opened.get_by_label("Your words")).to_be_visible()
    opened.wait_for_load_state()
    return opened


def start(page: Page) -> uuid.UUID:
    page.goto("/chat")
    page.get_by_label("Near Services").check()
    page.get_by_role("button", name="Start the chat").click()
    expect(page.get_by_label("Write a message")).to_be_visible()
    page.wait_for_load_state()
    with reading() as session:
        return session.scalars(select(Conversation.id).where(Conversation.channel == "web")).one()


def write(page: Page, words: str) -> None:
    page.get_by_label("Write a message").fill(words)
    page.keyboard.press("Enter")


def person_seen() -> int:
    with reading() as session:
        return session.scalar(select(Presence.seen_seq).where(Presence.worker_id.is_(None))) or 0


def test_each_side_sees_that_the_other_writes_and_has_seen(
    page: Page, site: str, town: Town, contexts: list[BrowserContext]
) -> None:
    chat = start(page)
    worker = console(contexts, site, town, "duty", chat)
    status = page.locator("#presence")

    # The young person writes: nobody is told before a worker has joined.
    page.get_by_label("Write a message").press_sequentially("is any")
    expect(worker.locator("#writing")).to_be_empty()
    page.get_by_label("Write a message").fill("")
    worker.get_by_role("button", name="Take over from the assistant").click()
    expect(page.locator("#with")).to_have_text("Dora from the team is here")
    page.get_by_label("Write a message").press_sequentially("is anybody")
    expect(worker.locator("#writing")).to_have_text("They are writing ...")
    assert "is anybody" not in worker.content(), "not the words"
    assert_accessible(worker)
    page.get_by_label("Write a message").fill("")
    expect(worker.locator("#writing")).to_be_empty()

    # She has seen the message once her hand moves in front of the screen.
    write(page, "is anybody there")
    expect(worker.locator(".thread")).to_contain_text("is anybody there")
    worker.mouse.move(200, 300)
    worker.mouse.move(220, 300)
    expect(status).to_have_text("Dora has seen your last message")

    # She writes: that wins over "seen", and her message over both.
    worker.get_by_label("Your words").press_sequentially("Yes, I")
    expect(status).to_have_text("Dora is writing ...")
    assert "Yes, I" not in page.content()
    assert_accessible(page)
    worker.get_by_label("Your words").fill("Yes, I am here.")
    worker.get_by_role("button", name="Send").click()
    expect(page.locator(".line.ours", has_text="Yes, I am here.")).to_have_count(1)
    expect(status).to_be_empty()
    expect(worker.locator(".thread .out", has_text="Yes, I am here.")).to_contain_text("Seen ")
    assert_accessible(worker)


def test_that_somebody_writes_ends_by_itself(page: Page, site: str, town: Town, contexts: list[BrowserContext]) -> None:
    chat = start(page)
    worker = console(contexts, site, town, "duty", chat)
    worker.get_by_label("Your words").press_sequentially("Hm")
    expect(page.locator("#presence")).to_have_text("Dora is writing ...")
    expect(page.locator("#presence")).to_be_empty()


def test_two_workers_on_one_conversation_see_each_other_come_and_go(
    page: Page, site: str, town: Town, contexts: list[BrowserContext]
) -> None:
    chat = start(page)
    dora = console(contexts, site, town, "duty", chat)
    expect(dora.locator("#others")).to_be_empty()
    mona = console(contexts, site, town, "manager", chat)
    expect(dora.locator("#others")).to_have_text("Mona Worker is looking at this too.")
    expect(mona.locator("#others")).to_have_text("Dora Worker is looking at this too.")
    mona.get_by_label("Your words").press_sequentially("Hi")
    expect(dora.locator("#others")).to_have_text("Mona Worker is writing an answer.")
    mona.goto("/console")
    expect(dora.locator("#others")).to_be_empty()


def test_a_message_above_the_edge_of_the_screen_is_not_seen_before_it_is_scrolled_to(
    page: Page, site: str, town: Town, contexts: list[BrowserContext]
) -> None:
    chat = start(page)
    for n in range(12):
        write(page, f"a long story, part {n}" + "\nand more" * 3)
    expect(page.locator(".line.theirs:not(.pending)")).to_have_count(12)
    page.locator("#log").evaluate("log => { log.scrollTop = 0 }")
    worker = console(contexts, site, town, "duty", chat)
    worker.get_by_label("Your words").fill("I am reading it.")
    worker.get_by_role("button", name="Send").click()
    expect(page.locator(".line.ours", has_text="I am reading it.")).to_have_count(1)
    assert person_seen() == 0
    page.locator("#log").evaluate("log => { log.scrollTop = log.scrollHeight }")
    wait_until(lambda: person_seen() > 0, "what was scrolled to was not seen")
    expect(worker.locator(".thread .out", has_text="I am reading it.")).to_contain_text("Seen ")


ON_SCREEN = """() => new Promise((done) => {
  const observer = new IntersectionObserver(() => { observer.disconnect(); done(); });
  observer.observe(document.querySelector(".thread li:last-child"));
})"""


def test_a_page_that_is_open_on_an_empty_desk_says_nothing(
    page: Page, site: str, town: Town, contexts: list[BrowserContext]
) -> None:
    chat = start(page)
    worker = console(contexts, site, town, "duty", chat, clock=True)
    said: list[str] = []
    worker.on("request", lambda request: said.append(request.post_data or "") if request.method == "POST" else None)
    worker.clock.fast_forward(11_000)
    write(page, "is anybody there")
    expect(worker.locator(".thread")).to_contain_text("is anybody there")
    worker.evaluate(ON_SCREEN)  # the page's own look at what is on the screen has been by now
    assert not any("seen=" in words for words in said)
    expect(page.locator("#presence")).to_be_empty()
    worker.mouse.move(200, 300)
    worker.mouse.move(220, 300)
    expect(page.locator("#presence")).to_have_text("Dora has seen your last message")
