"""A real browser, with the content security policy taken away, reads what hostile words have filled: nothing runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import select

from api.access import service as access
from api.access.guards import CHAT_COOKIE, WORKER_COOKIE
from api.access.models import Worker
from api.channels.webchat import service as webchat
from api.database import reading, transaction
from api.families.models import ContactPoint, Person
from api.messages import inbox, outbox
from api.messages.models import Conversation
from api.messages.options import Option
from tests.attacks.hostile_import import import_hostile
from tests.attacks.pages import RAN, hostile
from tests.browser import chromium, site
from tests.harness.processes import wait_until

__all__ = ["site"]
pytestmark = pytest.mark.slow
MOST = 45


def test_no_script_of_theirs_runs_even_without_the_policy(site: str, tmp_path: Path) -> None:
    import_hostile(tmp_path / "import.json")
    with reading() as session:
        manager = session.scalars(select(Worker).where(Worker.role == "manager").order_by(Worker.email)).first()
        assert manager is not None
        parent = session.scalars(select(Person).where(Person.kind == "parent")).first()
        assert parent is not None
        phone = session.scalars(select(ContactPoint.address).where(ContactPoint.person_id.is_not(None))).first()
    assert phone
    inbox.accept(channel="sms", external_id="SM1", address=phone, body=f"hes got a knife {hostile(1)}")
    with transaction() as session:
        worker_token = access.start_session(session, manager).token
        code = webchat.make_code(session, parent, manager.id)
    chat = webchat.start_with_code(code, "a browser")
    context = chromium().new_context(base_url=site, bypass_csp=True)
    try:
        context.add_cookies(
            [
                {"name": WORKER_COOKIE, "value": worker_token, "url": site},
                {"name": CHAT_COOKIE, "value": chat.token, "url": f"{site}/chat"},
            ]
        )
        page = context.new_page()
        dialogs: list[str] = []

        def note(dialog: Dialog) -> None:
            dialogs.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", note)
        seen = walk(page, ["/console", "/console/families", "/console/conversations", "/console/rota"])
        assert seen >= 20, seen
        page.goto("/chat/plan")
        clean(page)
        # The chat's lines come live, put into the page by our own script.
        page.goto("/chat/talk")
        page.wait_for_load_state()
        with transaction() as session:
            conversation = session.get_one(Conversation, chat.conversation_id)
            options = [Option(label=f"xq3q'\"><img src=x onerror=window.{RAN}=1>", payload="/affirm")]
            outbox.queue_reply(session, conversation, hostile(2), options=options)
        expect(page.locator(".line.ours", has_text="xq2q")).to_have_count(1)
        page.get_by_label("Write a message").fill(hostile(4))
        page.keyboard.press("Enter")
        expect(page.locator(".line.theirs", has_text="xq4q")).to_have_count(1)
        clean(page)
        assert dialogs == []
        # That the check sees a script that runs: with one that we put there ourselves.
        page.evaluate(f"document.body.innerHTML += '<img src=x onerror=window.{RAN}=1>'")
        wait_until(lambda: bool(page.evaluate(f"window.{RAN} === 1")), "the check did not see a script")
    finally:
        context.close()


def walk(page: Page, waiting: list[str]) -> int:
    """Visit what is linked, each once; returns how many."""
    known: set[str] = set()
    while waiting and len(known) < MOST:
        path = waiting.pop(0).partition("#")[0]
        if path in known or not path.startswith("/console") or "language=" in path or "first=" in path:
            continue
        known.add(path)
        page.goto(path)
        clean(page)
        waiting += page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    return len(known)


def clean(page: Page) -> None:
    """Nothing ran, and there is nothing of theirs in what the browser made of the page."""
    assert page.evaluate(f"window.{RAN}") is None, page.url
    theirs = page.evaluate(
        "[...document.querySelectorAll('*')].filter(one => one.localName === 'xss'"
        " || [...one.attributes].some(a => a.name.startsWith('on') || a.name.startsWith('xss'))"
        " || (one.localName === 'script' && !one.src)).map(one => one.outerHTML.slice(0, 80))"
    )
    assert theirs == [], (page.url, theirs)
