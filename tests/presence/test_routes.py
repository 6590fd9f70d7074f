"""What the pages say and show of who is here: with their own guards, without scripts, never what is being written."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api import clock
from api.access.guards import CHAT_COOKIE
from api.database import reading
from api.presence.models import Presence
from tests.small_town import Town

JSON = {"Accept": "application/json"}


def rows() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Presence)) or 0


def console(client: TestClient, town: Town, chat: uuid.UUID, deed: str, worker: str = "duty", **fields: str) -> int:
    cookies = town.signed_in(getattr(town, worker))
    answer = client.post(f"/console/conversations/{chat}/{deed}", data=town.form(cookies, **fields), cookies=cookies)
    return answer.status_code


def test_the_chats_page_says_who_writes_and_who_has_seen_it_also_without_scripts(
    client: TestClient, town: Town
) -> None:
    cookies, chat = town.chatting()
    form = town.form(cookies, body="is anybody there", message_id=uuid.uuid4().hex)
    client.post("/chat/messages", data=form, cookies=cookies)
    assert "has seen" not in client.get("/chat/talk", cookies=cookies).text
    assert console(client, town, chat, "here", seen="9" * 18) == 204
    page = client.get("/chat/talk", cookies=cookies).text
    assert "Dora has seen your last message" in page and "Dora Worker" not in page
    assert console(client, town, chat, "here", writing="yes") == 204
    assert "Dora is writing ..." in client.get("/chat/talk", cookies=cookies).text
    assert console(client, town, chat, "reply", words="Yes, I am here.") == 303
    page = client.get("/chat/talk", cookies=cookies).text
    assert "is writing" not in page and "has seen" not in page and "Yes, I am here." in page


def test_looking_at_a_conversations_page_is_not_having_seen_it(client: TestClient, town: Town) -> None:
    """A page reads itself again on a desk where nobody sits."""
    cookies, chat = town.chatting()
    form = town.form(cookies, body="is anybody there", message_id=uuid.uuid4().hex)
    client.post("/chat/messages", data=form, cookies=cookies)
    client.get(f"/console/conversations/{chat}", cookies=town.signed_in(town.duty))
    assert rows() == 0 and "has seen" not in client.get("/chat/talk", cookies=cookies).text


def test_the_console_shows_beside_the_workers_last_seen_message_when_it_was_seen(
    client: TestClient, town: Town
) -> None:
    cookies, chat = town.chatting()
    console(client, town, chat, "reply", words="Hello, it is me.")
    there = f"/console/conversations/{chat}"
    workers = town.signed_in(town.manager)
    assert 'class="delivery">Seen' not in client.get(there, cookies=workers).text
    assert client.post("/chat/here", data=town.form(cookies, seen="9" * 18), cookies=cookies).status_code == 204
    first = client.get(there, cookies=workers).text
    assert first.count('class="delivery">Seen') == 1
    console(client, town, chat, "reply", words="Still there?")
    later = client.get(there, cookies=workers).text
    assert later.index("Hello, it is me.") < later.index('class="delivery">Seen') < later.index("Still there?")
    clock.move(timedelta(days=1))
    another_day = client.get(there, cookies=town.signed_in(town.manager)).text
    assert 'class="delivery">Seen' in another_day and first != another_day


def test_a_colleague_who_looks_or_writes_is_named_on_the_page(client: TestClient, town: Town) -> None:
    chat = town.chatting()[1]
    there = f"/console/conversations/{chat}"
    console(client, town, chat, "here", worker="duty")
    assert "Dora Worker is looking at this too." in client.get(there, cookies=town.signed_in(town.manager)).text
    assert "looking at this too" not in client.get(there, cookies=town.signed_in(town.duty)).text, "not oneself"
    console(client, town, chat, "here", worker="duty", writing="yes")
    assert "Dora Worker is writing an answer." in client.get(there, cookies=town.signed_in(town.manager)).text
    console(client, town, chat, "here", worker="duty", gone="yes")
    assert "Dora Worker" not in client.get(there, cookies=town.signed_in(town.manager)).text


def test_a_chat_that_is_over_takes_no_word_of_who_is_here(client: TestClient, town: Town) -> None:
    cookies, _ = town.chatting()
    form = town.form(cookies, writing="yes", seen="1")
    clock.move(timedelta(minutes=61))
    assert client.post("/chat/here", data=form, cookies=cookies, headers=JSON).status_code == 410
    assert rows() == 0


def test_another_chats_token_or_none_says_nothing(client: TestClient, town: Town) -> None:
    mine, other = town.chatting()[0], town.chatting()[0]
    for form in ({"writing": "yes"}, town.form(other, writing="yes"), {"form_token": "x"}):
        assert client.post("/chat/here", data=form, cookies=mine).status_code == 403
    assert client.post("/chat/here", data=town.form(mine), cookies={CHAT_COOKIE: "x"}).status_code == 403
    assert rows() == 0


@pytest.mark.parametrize("odd", ["-1", "1e9", "x", "٣", "9" * 40, "1\x00", "NULL"])
def test_an_odd_number_says_nothing(client: TestClient, town: Town, odd: str) -> None:
    cookies, chat = town.chatting()
    assert client.post("/chat/here", data=town.form(cookies, seen=odd, writing=odd), cookies=cookies).status_code == 204
    assert console(client, town, chat, "here", seen=odd, writing=odd, gone=odd) == 204
    with reading() as session:
        assert set(session.scalars(select(Presence.seen_seq))) == {0}


def test_the_first_page_says_what_a_worker_sees_of_you(client: TestClient, town: Town) -> None:
    assert "they can see that you are writing (not the words)" in client.get("/chat").text
    spanish = client.get("/chat?language=es").text
    assert "puede ver que estás escribiendo (no las palabras)" in spanish
