"""A console page that is open says what is new, whatever happened to it: a try to read it again that broke, a refused
form, a page that shows no alarms. What a worker typed on it stays theirs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from api.access import sessions
from api.database import transaction
from api.messages import inbox
from tests.browser import page, site
from tests.console.test_console_in_a_browser import sign_in
from tests.small_town import Town

__all__ = ["page", "site"]
pytestmark = pytest.mark.slow

#: Every try to read the page again breaks in the middle of the answer, until ``mend()``.
BREAK = """() => { const real = window.fetch; window.mend = () => (window.fetch = real);
  window.fetch = async () => new Response(new ReadableStream({ start(it) { it.error(new Error("cut off")); } })); }"""


def test_an_emergency_is_shown_although_the_page_once_broke_off_while_it_was_read_again(page: Page, town: Town) -> None:
    sign_in(page)
    page.evaluate(BREAK)
    town.escalation(town.other, "the first one", "routine")
    expect(page.locator("#stale")).to_be_visible()
    page.evaluate("mend()")
    expect(page.get_by_text("the first one")).to_be_visible()
    expect(page.locator("#stale")).to_be_hidden()
    town.escalation(town.mine, "he is at the door")
    expect(page.locator("article").first).to_contain_text("he is at the door")


def test_a_page_without_alarms_says_on_top_that_one_came_in(page: Page, town: Town) -> None:
    sign_in(page, f"/console/families/{town.mine.family.id}")
    expect(page.locator("#arrived")).to_be_hidden()
    town.escalation(town.mine, "he is at the door")
    page.locator("#arrived").get_by_role("link", name="A new escalation has come in.").click()
    expect(page.locator("article").first).to_contain_text("he is at the door")


def test_the_page_of_a_refused_answer_goes_on_with_the_conversation_and_keeps_the_words(page: Page, town: Town) -> None:
    town.message(town.mine.conversation, "hello")
    sign_in(page, f"/console/conversations/{town.mine.conversation.id}")
    page.locator("#words").evaluate("field => field.removeAttribute('maxlength')")
    too_long = "word" * 400
    page.locator("#words").fill(too_long)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#problem")).to_be_visible()
    phone = town.mine.conversation.address
    inbox.accept(channel="sms", external_id="SM1", address=phone, body="hes kicking the door in, please help")
    expect(page.locator(".thread")).to_contain_text("kicking the door in")
    expect(page.locator("#waiting")).to_contain_text("1")
    expect(page.get_by_label("Your words")).to_have_value(too_long)


def test_an_outcome_that_was_refused_is_not_wiped_when_something_new_comes_in(page: Page, town: Town) -> None:
    number = town.escalation(town.mine, "he is at the door")
    sign_in(page, f"/console/e/{number}")
    page.get_by_role("button", name=f"Acknowledge {number}").click()
    page.locator("details.resolve summary").click()
    page.locator("details.resolve select").select_option("not_reached")
    page.locator("details.resolve textarea").evaluate("field => field.removeAttribute('required')")
    page.locator("details.resolve textarea").fill(" ")
    page.get_by_role("button", name="Mark as resolved").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("details.resolve textarea").fill("Nobody answered, I drive there n")
    town.escalation(town.other, "the other one")
    expect(page).to_have_title(f"(1) {number} · Escalations – Hearthline")
    expect(page.locator("details.resolve textarea")).to_have_value("Nobody answered, I drive there n")


def test_an_outcome_that_was_chosen_stays_chosen_when_something_new_comes_in(page: Page, town: Town) -> None:
    number = town.escalation(town.mine, "he is at the door")
    sign_in(page, f"/console/e/{number}")
    page.get_by_role("button", name=f"Acknowledge {number}").click()
    page.locator("details.resolve summary").click()
    page.locator("details.resolve select").select_option("not_reached")
    page.locator("details.resolve select").evaluate("field => field.blur()")
    town.escalation(town.other, "the other one")
    expect(page).to_have_title(f"(1) {number} · Escalations – Hearthline")
    expect(page.locator("details.resolve select")).to_have_value("not_reached")


@pytest.mark.parametrize("button", ["Take over from the assistant", "Hand back to the assistant"])
def test_an_answer_that_was_begun_stays_when_the_conversation_is_taken_or_given_back(
    page: Page, town: Town, button: str
) -> None:
    town.message(town.mine.conversation, "hello")
    sign_in(page, f"/console/conversations/{town.mine.conversation.id}")
    if button.startswith("Hand"):
        page.get_by_role("button", name="Take over from the assistant").click()
    page.get_by_label("Your words").fill("Half an answer that I")
    page.get_by_role("button", name=button).click()
    other = "Hand back" if button.startswith("Take") else "Take over"
    expect(page.get_by_role("button", name=other)).to_be_visible()
    expect(page.get_by_label("Your words")).to_have_value("Half an answer that I")


def test_who_is_signed_out_while_typing_keeps_the_words_on_the_page(page: Page, town: Town) -> None:
    town.message(town.mine.conversation, "hello")
    sign_in(page, f"/console/conversations/{town.mine.conversation.id}")
    page.get_by_label("Your words").fill("I will ring you at six")
    with transaction() as session:
        sessions.end_all(session, town.manager.id, town.manager.id)
    town.escalation(town.mine, "he is at the door")
    expect(page.locator("#stale")).to_be_visible()
    expect(page.get_by_label("Your words")).to_have_value("I will ring you at six")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("I will ring you at six")).to_be_visible()
