"""The streams carry who is here as it happens, without content, and to nobody who may not see it."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.access import sessions
from api.database import transaction
from api.live import Waiting
from api.messages import service as messages
from api.messages.models import Conversation
from tests.browser import site
from tests.small_town import Town

__all__ = ["site"]


class Listener:
    """Reads a stream's events in a thread of its own until it is closed."""

    def __init__(self, url: str, cookies: dict[str, str]) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.some = threading.Condition()
        self.client = httpx.Client(cookies=cookies, timeout=60)
        self.url = url
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        name = ""
        try:
            with self.client.stream("GET", self.url) as stream:
                for line in stream.iter_lines():
                    name = line[7:] if line.startswith("event: ") else name
                    if line.startswith("data: "):
                        with self.some:
                            self.heard.append((name, json.loads(line[6:])))
                            self.some.notify_all()
        except (httpx.HTTPError, RuntimeError):
            return  # the test is over

    def expect(self, name: str, **said: object) -> dict[str, Any]:
        """The first event of this name that says this; what came before it is forgotten."""

        def found() -> int:
            fits = (
                at
                for at, (which, what) in enumerate(self.heard)
                if which == name and all(what.get(key) == value for key, value in said.items())
            )
            return next(fits, -1)

        with self.some:
            assert self.some.wait_for(lambda: found() >= 0, 20), f"no {name} that says {said}: {self.heard}"
            at = found()
            what = self.heard[at][1]
            del self.heard[: at + 1]
            return what


@pytest.fixture
def listen(site: str) -> Iterator[Any]:
    opened: list[Listener] = []

    def start(path: str, cookies: dict[str, str]) -> Listener:
        opened.append(Listener(site + path, cookies))
        return opened[-1]

    yield start
    for one in opened:
        one.client.close()


def say(site: str, town: Town, path: str, cookies: dict[str, str], **fields: str) -> None:
    assert httpx.post(site + path, data=town.form(cookies, **fields), cookies=cookies).status_code in (204, 303)


def take_over(chat: uuid.UUID, town: Town) -> None:
    with transaction() as session:
        conversation = session.get_one(Conversation, chat)
        messages.take_over(session, conversation, session.merge(town.duty, load=True))


@pytest.mark.slow
def test_each_side_hears_that_the_other_writes_and_nothing_of_the_words(site: str, town: Town, listen: Any) -> None:
    cookies, chat = town.chatting()
    dora = town.signed_in(town.duty)
    take_over(chat, town)
    young = listen("/chat/events", cookies)
    worker = listen(f"/console/events?conversation={chat}", dora)
    young.expect("presence", writing="", seen="")
    worker.expect("presence", writing="", others="")

    say(site, town, "/chat/here", cookies, writing="yes", body="the unsent words")
    said = worker.expect("presence", writing="They are writing ...")
    assert 0 < said["seconds"] <= 8 and "unsent" not in json.dumps(worker.heard)
    say(site, town, "/chat/here", cookies, writing="no")
    worker.expect("presence", writing="")

    say(site, town, f"/console/conversations/{chat}/here", dora, writing="yes")
    assert set(young.expect("presence", writing="Dora is writing ...")) == {"writing", "seconds", "seen"}
    say(site, town, f"/console/conversations/{chat}/reply", dora, words="Hi.")
    young.expect("presence", writing="")


@pytest.mark.slow
def test_a_colleague_who_comes_and_goes_is_heard_of_and_what_was_seen_changes_the_page(
    site: str, town: Town, listen: Any
) -> None:
    cookies, chat = town.chatting()
    dora, mona = town.signed_in(town.duty), town.signed_in(town.manager)
    there = f"/console/conversations/{chat}"
    say(site, town, f"{there}/reply", dora, words="Hi.")
    worker = listen(f"/console/events?conversation={chat}", dora)
    worker.expect("presence", others="")
    say(site, town, f"{there}/here", mona)
    worker.expect("presence", others="Mona Worker is looking at this too.")
    say(site, town, f"{there}/here", mona, gone="yes")
    worker.expect("presence", others="")
    say(site, town, "/chat/here", cookies, seen="9" * 18)
    worker.expect("changed")


@pytest.mark.slow
def test_whoever_has_signed_out_elsewhere_hears_no_more_of_it(site: str, town: Town, listen: Any) -> None:
    _, chat = town.chatting()
    dora, mona = town.signed_in(town.duty), town.signed_in(town.manager)
    there = f"/console/conversations/{chat}/here"
    worker = listen(f"/console/events?conversation={chat}", dora)
    say(site, town, there, mona)
    worker.expect("presence", others="Mona Worker is looking at this too.")
    with transaction() as session:
        sessions.end_all(session, town.duty.id, town.manager.id)
    say(site, town, there, mona, writing="yes")
    worker.expect("presence", others="")


def test_two_topics_with_one_name_wake_a_page_once_and_two_names_twice() -> None:
    async def check() -> None:
        waiting = Waiting({"agency:1": "changed", "conversation:1": "changed", "presence:1": "presence"})
        for topic in ("agency:1", "presence:1", "conversation:1", "presence:1"):
            waiting.add(topic)
        assert [await waiting.next(), await waiting.next()] == ["changed", "presence"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(waiting.next(), 0.01)
        waiting.add("conversation:1")
        assert await waiting.next() == "changed"

    thread = threading.Thread(target=lambda: found.append(asyncio.run(check())))
    found: list[None] = []
    thread.start()  # a browser's tests leave a loop running in this thread
    thread.join(20)
    assert found == [None]
