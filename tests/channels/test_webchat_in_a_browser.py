"""The chat in a real browser: live, each message once whatever the connection does, and gone at the exit."""

from __future__ import annotations

import uuid

import httpx
import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from api.database import reading, transaction
from api.messages import outbox
from api.messages.models import Conversation, InboundMessage
from api.messages.options import Option
from tests.browser import assert_accessible_everywhere, page, site
from tests.harness.processes import wait_until
from tests.small_town import Town

__all__ = ["page", "site"]
pytestmark = pytest.mark.slow


def start(page: Page) -> uuid.UUID:
    page.goto("/chat")
    page.get_by_label("Near Services").check()
    page.get_by_role("button", name="Start the chat").click()
    expect(page.get_by_label("Write a message")).to_be_visible()
    page.wait_for_load_state()  # only now is the live part listening
    with reading() as session:
        return session.scalars(select(Conversation.id).where(Conversation.channel == "web")).one()


def write(page: Page, words: str) -> None:
    page.get_by_label("Write a message").fill(words)
    page.keyboard.press("Enter")


def answer(conversation_id: uuid.UUID, words: str, *options: str) -> None:
    with transaction() as session:
        conversation = session.get_one(Conversation, conversation_id)
        outbox.queue_reply(session, conversation, words, options=[Option(label=o, payload="/affirm") for o in options])


def stored() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(InboundMessage.body).order_by(InboundMessage.seq)))


def ended(conversation_id: uuid.UUID) -> bool:
    with reading() as session:
        return session.get_one(Conversation, conversation_id).closed_at is not None


def test_messages_appear_once_and_answers_come_live(page: Page, town: Town) -> None:
    conversation = start(page)
    write(page, "when is my next meeting")
    expect(page.locator(".line.theirs", has_text="when is my next meeting")).to_have_count(1)
    expect(page.get_by_text("An answer is on its way")).to_be_visible()
    answer(conversation, "On Thursday at 10.")
    expect(page.locator(".line.ours", has_text="On Thursday at 10.")).to_have_count(1)
    page.reload()
    expect(page.locator(".line.theirs")).to_have_count(1)
    assert stored() == ["when is my next meeting"]


@pytest.mark.parametrize("stream", ["up", "down"])
def test_a_message_whose_answer_was_lost_is_stored_and_shown_once(page: Page, town: Town, stream: str) -> None:
    if stream == "down":  # else the page hears from it that the message has arrived
        page.route("**/chat/events?*", lambda route: route.abort())
    start(page)
    tries: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        tries.append(route.request.post_data or "")
        if len(tries) == 1:
            route.fetch()  # the server has it, but the browser never hears
            route.abort()
        else:
            route.continue_()

    page.route("**/chat/messages", lose_the_first_answer)
    write(page, "did you get this")
    expect(page.locator(".line.theirs", has_text="did you get this")).to_have_count(1)
    expect(page.locator(".line.pending")).to_have_count(0)
    assert set(tries) == {tries[0]} and stored() == ["did you get this"]
    assert len(tries) == (2 if stream == "down" else 1)
    if stream == "up":
        expect(page.locator("#banner")).to_be_hidden()


def test_what_is_written_offline_waits_and_goes_out_in_order(page: Page, town: Town) -> None:
    start(page)
    page.context.set_offline(True)
    write(page, "first")
    write(page, "second")
    expect(page.locator("#banner")).to_be_visible()
    expect(page.locator(".line.pending")).to_have_count(2)
    assert stored() == []
    page.context.set_offline(False)
    expect(page.locator(".line.pending")).to_have_count(0)
    expect(page.locator(".line.theirs")).to_have_count(2)
    expect(page.locator("#banner")).to_be_hidden()
    assert stored() == ["first", "second"]


def test_a_tapped_choice_is_sent_as_its_words_and_the_buttons_go(page: Page, town: Town) -> None:
    conversation = start(page)
    answer(conversation, "Is that right?", "Yes, that is right", "No")
    page.get_by_role("button", name="Yes, that is right").click()
    expect(page.locator(".choices")).to_have_count(0)
    wait_until(lambda: stored() == ["Yes, that is right"], "what was tapped was not stored")


def test_the_exit_button_covers_clears_and_ends(page: Page, town: Town) -> None:
    conversation = start(page)
    write(page, "something private")
    wait_until(lambda: stored() == ["something private"], "what was written was not stored")
    page.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="weather"))
    page.get_by_role("button", name="Exit this page").click()
    page.wait_for_url("https://www.bbc.co.uk/weather")
    # The browser does not wait for the server before it leaves.
    wait_until(lambda: ended(conversation), "the chat did not end")
    page.go_back()
    page.wait_for_load_state()
    assert "something private" not in page.content()


def test_shift_three_times_is_the_exit_and_capital_letters_are_not(page: Page, town: Town) -> None:
    start(page)
    page.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="weather"))
    field = page.get_by_label("Write a message")
    field.focus()
    for letter in "ABC":
        page.keyboard.down("Shift")
        page.keyboard.press(letter)
        page.keyboard.up("Shift")
    expect(field).to_have_value("ABC")
    for _ in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url("https://www.bbc.co.uk/weather")


def test_another_tabs_exit_ends_this_page_too(page: Page, town: Town) -> None:
    start(page)
    second = page.context.new_page()
    second.goto("/chat/talk")
    second.get_by_role("button", name="End chat").click()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    expect(page.get_by_role("button", name="Exit this page")).to_be_enabled()


def test_a_worker_who_joins_is_shown(page: Page, town: Town) -> None:
    from api.access.models import Worker
    from api.messages import service

    conversation = start(page)
    with transaction() as session:
        worker = session.get_one(Worker, town.duty.id)
        service.take_over(session, session.get_one(Conversation, conversation), worker)
        service.reply_from_worker(session, session.get_one(Conversation, conversation), worker, "Hi, Dora here.")
    expect(page.locator("#with")).to_have_text("Dora from the team is here")
    expect(page.locator(".line.ours", has_text="Hi, Dora here.")).to_contain_text("Dora, from the team")


def test_all_of_it_works_without_javascript(page: Page, site: str, town: Town) -> None:
    assert page.context.browser
    plain = page.context.browser.new_context(base_url=site, java_script_enabled=False).new_page()
    conversation = start(plain)
    plain.get_by_label("Write a message").fill("no scripts here")
    plain.get_by_role("button", name="Send").click()
    expect(plain.locator(".line.theirs", has_text="no scripts here")).to_have_count(1)
    answer(conversation, "Which one?", "The first")
    plain.get_by_role("link", name="Look for new messages").click()
    plain.get_by_role("button", name="The first").click()
    expect(plain.locator(".line.theirs")).to_have_count(2)
    plain.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="weather"))
    plain.get_by_role("button", name="Exit this page").click()
    plain.wait_for_url("https://www.bbc.co.uk/weather")
    with reading() as session:
        assert session.get_one(Conversation, conversation).closed_at is not None
    plain.context.close()


def test_both_pages_are_accessible_and_fit(page: Page, town: Town) -> None:
    page.goto("/chat")
    assert_accessible_everywhere(page, 1000, 320)
    conversation = start(page)
    answer(conversation, "A question with a very" + " long" * 40 + " text?", "A choice", "Another choice")
    expect(page.get_by_role("button", name="Another choice")).to_be_visible()
    write(page, "x" * 300)
    expect(page.locator(".line.theirs")).to_have_count(1)
    assert_accessible_everywhere(page, 1000, 320)


def test_the_stream_goes_on_where_it_was(site: str, town: Town) -> None:
    cookies, conversation = town.chatting()

    def read(last_event_id: str, lines: int) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        with httpx.stream("GET", f"{site}/chat/events", cookies=cookies, headers=headers, timeout=60) as stream:
            event_id = ""
            for text in stream.iter_lines():
                event_id = text[4:] if text.startswith("id: ") else event_id
                if text.startswith("data: ") and '"key"' in text:
                    found.append((event_id, text))
                    if len(found) == lines:
                        return found
        raise AssertionError("the stream ended")

    for n in range(25):
        answer(conversation, f"before {n}")
    first = read("", 25)
    for n in range(3):
        answer(conversation, f"while away {n}")
    second = read(first[-1][0], 20 + 3)
    keys = [text for _, text in first + second]
    for n in range(3):
        assert any(f"while away {n}" in text for text in keys)
    assert not any("before 0" in text for _, text in second), "what was seen long ago does not come again"
