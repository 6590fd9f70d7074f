"""Conversations in the console: what needs a human stands first, and a worker's words go out on the right channel."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from api import clock
from api.audit.models import AuditEntry
from api.console import conversation_routes
from api.database import reading, transaction
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from tests.small_town import Household, Town


def sign_in(client: TestClient, town: Town) -> dict[str, str]:
    cookies = town.signed_in(town.manager)
    client.cookies.update(cookies)
    return cookies


def place(household: Household, deed: str = "") -> str:
    return f"/console/conversations/{household.conversation.id}" + (f"/{deed}" if deed else "")


def test_what_nobody_has_answered_comes_first(client: TestClient, town: Town) -> None:
    town.message(town.mine.conversation, "nobody answered me", "unanswered", "flag.no_answer")
    town.message(town.other.conversation, "all is well")
    sign_in(client, town)
    page = client.get("/console/conversations").text
    assert page.index("nobody answered me") < page.index("all is well")
    assert "1 to answer" in page


def test_what_is_plainly_in_a_language_is_read_aloud_in_it(client: TestClient, town: Town) -> None:
    town.message(town.mine.conversation, "no puedo ir mañana, perdón")
    sign_in(client, town)
    assert 'dir="auto" lang="es">no puedo ir mañana, perdón</p>' in client.get(place(town.mine)).text


def test_the_list_comes_by_pages_and_what_nobody_has_answered_is_on_the_first(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_routes, "PER_PAGE", 1)
    town.message(town.mine.conversation, "nobody answered me", "unanswered", "flag.no_answer")
    town.message(town.other.conversation, "all is well")
    sign_in(client, town)
    first, second, third = (client.get(f"/console/conversations?page={number}").text for number in (1, 2, 3))
    assert "nobody answered me" in first
    assert "all is well" not in first
    assert "Page 1 of 2, 2 in all" in first
    assert "all is well" in second
    assert "nobody answered me" not in second
    assert "There is nothing more on this page" in third


def test_a_delivery_that_failed_is_flagged_until_somebody_has_seen_it(client: TestClient, town: Town) -> None:
    with transaction() as session:
        lost = OutboundMessage(
            conversation_id=town.mine.conversation.id,
            channel="sms",
            address=town.mine.conversation.address,
            kind="family",
            body="an answer",
            created_at=clock.now(),
            due_at=clock.now(),
            state="uncertain",
        )
        session.add(lost)
        session.flush()
    cookies = sign_in(client, town)
    assert "1 not delivered" in client.get("/console/conversations").text
    assert "May not have been delivered" in client.get(place(town.mine)).text
    client.post(place(town.mine, f"deliveries/{lost.id}/seen"), data=town.form(cookies))
    assert "1 not delivered" not in client.get("/console/conversations").text


def test_a_reply_goes_out_to_the_phone_and_settles_what_waited(client: TestClient, town: Town) -> None:
    waiting = town.message(town.mine.conversation, "can someone ring", "unanswered")
    cookies = sign_in(client, town)
    answer = client.post(place(town.mine, "reply"), data=town.form(cookies, words="I will ring you at 3."))
    assert answer.status_code == 303
    with reading() as session:
        sent = session.scalars(select(OutboundMessage).where(OutboundMessage.written_by.is_not(None))).one()
        assert session.get_one(InboundMessage, waiting.id).state == "handled"
    assert (sent.channel, sent.address, sent.body) == ("sms", town.mine.conversation.address, "I will ring you at 3.")


def test_words_that_cannot_be_sent_stay_in_the_box(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    answer = client.post(place(town.mine, "reply"), data=town.form(cookies, words="x" * 1501))
    assert answer.status_code == 400 and "x" * 1501 in answer.text and 'role="alert"' in answer.text


def test_taking_over_and_handing_back(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    client.post(place(town.mine, "take-over"), data=town.form(cookies))
    assert "You have taken over" in client.get(place(town.mine)).text
    other = town.signed_in(town.duty)
    client.cookies.update(other)
    refused = client.post(place(town.mine, "take-over"), data=town.form(other))
    assert refused.status_code == 409 and "Mona Worker has taken over" in refused.text
    client.cookies.update(cookies)
    client.post(place(town.mine, "hand-back"), data=town.form(cookies))
    with reading() as session:
        assert session.get_one(Conversation, town.mine.conversation.id).taken_over_by is None


def test_the_workers_first_name_is_all_that_a_chat_shows(client: TestClient, town: Town) -> None:
    chat, conversation_id = town.chatting()
    cookies = sign_in(client, town)
    client.post(f"/console/conversations/{conversation_id}/reply", data=town.form(cookies, words="Hello, it is me."))
    client.cookies.update(chat)
    page = client.get("/chat/talk").text
    assert "Mona, from the team" in page and "Mona Worker" not in page


def test_a_message_of_another_conversation_cannot_be_settled_here(client: TestClient, town: Town) -> None:
    elsewhere = town.message(town.other.conversation, "waiting", "unanswered")
    cookies = sign_in(client, town)
    answer = client.post(place(town.mine, f"messages/{elsewhere.id}/handled"), data=town.form(cookies))
    assert answer.status_code == 404
    with reading() as session:
        assert session.get_one(InboundMessage, elsewhere.id).state == "unanswered"


def test_reading_a_conversation_is_recorded(client: TestClient, town: Town) -> None:
    sign_in(client, town)
    client.get(place(town.mine))
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "viewed_conversation")).one()
    assert (entry.actor_id, entry.family_id) == (town.manager.id, town.mine.family.id)


def test_what_families_write_is_inert(client: TestClient, town: Town) -> None:
    hostile = "<script>alert(1)</script>\u202e{{ 7*7 }}"
    town.message(town.mine.conversation, hostile, "unanswered")
    sign_in(client, town)
    for page in (client.get("/console/conversations").text, client.get(place(town.mine)).text):
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


def test_who_hands_back_leaves_a_note_that_colleagues_read_and_the_family_does_not(
    client: TestClient, town: Town
) -> None:
    chat, conversation_id = town.chatting(town.mine.parent)
    cookies = sign_in(client, town)
    page = f"/console/conversations/{conversation_id}"
    client.post(f"{page}/take-over", data=town.form(cookies))
    assert 'name="note"' in client.get(page).text
    words = "She is at her sister's tonight <b>"
    assert client.post(f"{page}/hand-back", data=town.form(cookies, note=words)).status_code == 303
    shown = client.get(page).text
    assert "Note by Mona Worker for colleagues" in shown and "sister&#39;s tonight &lt;b&gt;" in shown
    assert shown.index("The person has left the chat") > shown.index("sister") > shown.index("A person from the team")
    with reading() as session:
        stored = session.scalar(text("SELECT words FROM handover_notes"))
    assert "sister" not in stored, "sealed like all that is written"
    client.cookies.update(chat)
    assert "sister" not in client.get("/chat/talk").text
