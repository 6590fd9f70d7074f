"""Stored scripts: hostile words in every field that a person or a file can fill, and every page read afterwards.

Two ways in: every form that the console, the chat and the demo show, filled as a browser would and sent; and the import
with every text of its schema replaced. Then every page that links lead to, parsed: no tag, attribute, script or link of
theirs. That a browser runs none of it, even without the content security policy: test_scripts_in_a_browser.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.access import service as access
from api.access.guards import CHAT_COOKIE, WORKER_COOKIE
from api.access.models import Worker
from api.channels.webchat import service as webchat
from api.database import reading, transaction
from api.families.models import Person
from api.messages import inbox
from tests.attacks.hostile_import import import_hostile
from tests.attacks.pages import Page, hostile
from tests.attacks.visits import Walk, filled
from tests.attacks.walk import places, routes
from tests.small_town import Town

#: What would sign the walker out, or take the family from them.
UNSENT = re.compile(
    r"/families/[^/]+/workers/[^/]+/end$|/leave$|/sign-out|/chat/end|/chat/exit|/deactivate|/sessions/|/sign-in"
)


def numbering() -> tuple[dict[str, int], Callable[[str], int]]:
    """A number for each field, and what it was given to."""
    given: dict[str, int] = {}

    def number(name: str) -> int:
        return given.setdefault(re.sub(r"[0-9a-f-]{36}|\d+", "*", name), len(given))

    return given, number


@pytest.mark.slow  # some two hundred pages
def test_no_form_takes_in_what_breaks_out_of_a_page(client: TestClient, town: Town) -> None:
    here = places(town)
    cookies = town.signed_in(town.manager) | town.chatting(town.mine.parent)[0]
    client.cookies.update(cookies)
    starts = [here.address(route) for route in routes("GET") if route.path.startswith(("/console", "/chat", "/demo"))]
    starts = [path for path in starts if not path.endswith("/events")]
    first = Walk(client)
    first.visit(starts, "/")
    fields, number = numbering()
    sent: set[tuple[str, ...]] = set()
    for page in list(first.pages.values()):
        for form in page.forms:
            if form.method != "post" or UNSENT.search(form.action):
                continue
            fields_of = (form.action, *(one.name for one in form.fields))
            if fields_of in sent:
                continue
            sent.add(fields_of)
            answer = client.post(form.action, data=filled(form, number))
            assert answer.status_code < 500, form.action
            first.look(form.action, answer)
    inbox.accept(channel="sms", external_id="SM1", address=town.mine.conversation.address, body=hostile(9001))
    after = Walk(client)
    after.visit(starts, "/")
    assert first.wrong + after.wrong == []
    shown = first.seen | after.seen
    unseen = [name for name, given in fields.items() if given not in shown]
    assert len(sent) > 40 and len(fields) > 40, (sorted(sent), sorted(fields))
    # Passwords, codes and names of services to look for are not shown again; nearly all the rest is.
    assert len(unseen) < len(fields) / 8, unseen
    assert 9001 in after.seen


@pytest.mark.slow
def test_no_import_brings_in_what_breaks_out_of_a_page(client: TestClient, tmp_path: Path) -> None:
    fields = import_hostile(tmp_path / "import.json")
    assert len(fields) > 60
    shown: set[int] = set()
    with reading() as session:
        leaders = session.scalars(select(Worker).where(Worker.role == "manager")).all()
    assert len(leaders) == 2
    for leader in leaders:
        client.cookies.clear()
        with transaction() as session:
            client.cookies.set(WORKER_COOKIE, access.start_session(session, leader).token)
        walk = Walk(client)
        paths = walk.visit(["/console", "/console/rota", "/console/ladders", "/console/openings"], "/console")
        assert walk.wrong == []
        assert len(paths) > 15
        shown |= walk.seen
    with reading() as session:
        people = session.scalars(select(Person).where(Person.kind != "child")).all()
    for person in people:
        with transaction() as session:
            code = webchat.make_code(session, person, leaders[0].id)
        client.cookies.clear()
        client.cookies.set(CHAT_COOKIE, webchat.start_with_code(code, "testclient").token)
        walk = Walk(client)
        assert "/chat/plan" in walk.visit(["/chat/talk", "/chat/plan"], "/chat")
        assert walk.wrong == []
        shown |= walk.seen
    by_field: dict[str, list[int]] = defaultdict(list)
    for number, name in fields.items():
        by_field[name].append(number)
    unseen = sorted(name for name, numbers in by_field.items() if not shown & set(numbers))
    assert len(unseen) < len(by_field) / 8, unseen


def test_the_check_itself_sees_what_breaks_out() -> None:
    """A page that forgot to escape is caught, in text, in an attribute and in a textarea."""
    words: Any = hostile(1)
    for html in (
        f"<p>{words}</p>",
        f'<input value="{words}">',
        f"<textarea>{words}</textarea>",
        f"<a title='{words}'>",
    ):
        assert Page(html).wrong, html
    assert Page('<a href="javascript:alert(1)">x</a>').wrong
    assert Page("<p>zqzqzq</p>").wrong, "what a template would make of it"
    assert Page("<p style='x'>").wrong and Page("<script>1</script>").wrong
    assert not Page(
        '<p title="&#34;&gt;&lt;xss&gt;">&lt;script&gt;</p><script src="/static/js/chat.js"></script>'
    ).wrong
