"""The whole app on a port of its own, and a real Chromium in front of it (fixtures ``site`` and ``page``)."""

from __future__ import annotations

import atexit
import shutil
import threading
from collections.abc import Iterator
from functools import lru_cache

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from sqlalchemy.engine import Engine

from api.settings import settings
from tests import once
from tests.harness.processes import free_port, wait_until

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Axe().axe_script
# A busy machine is no fault of the page's.
expect.set_options(timeout=30_000)
#: axe's rules that look at colours.
COLOURS = ("color-contrast", "link-in-text-block")


@pytest.fixture
def site(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the app, served from this process with its own port."""
    port = free_port()
    monkeypatch.setattr(settings(), "port", port)
    monkeypatch.setattr(settings(), "public_url", f"http://127.0.0.1:{port}")
    config = uvicorn.Config(once.app(), port=port, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, "the pages to be served")
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@lru_cache(maxsize=1)
def chromium() -> Browser:
    """One browser for the run: the machine's own if there is one, else Playwright's."""
    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    try:
        return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGS)
    except PlaywrightError as error:
        pytest.fail(f"no Chromium to test with: apt install chromium, or playwright install chromium ({error})")


@pytest.fixture
def page(site: str) -> Iterator[Page]:
    """A fresh window on the site; an error in its scripts fails the test."""
    context = chromium().new_context(base_url=site, viewport={"width": 1000, "height": 800})
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console",
        lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield opened
    context.close()
    assert problems == [], problems


def assert_accessible(page: Page, *rules: str) -> None:
    """axe finds nothing (by these rules, or by all that it has), and nothing sticks out sideways."""
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("options => axe.run(options).then(found => found.violations)", options)
    assert found == [], [(v["id"], [node["html"][:120] for node in v["nodes"]]) for v in found]
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], f"{page.url} sticks out sideways: {wide}"


def assert_accessible_everywhere(page: Page, *widths: int) -> None:
    """At each width, in light and in dark; dark changes colours and nothing else, so there their rules are tried."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        assert_accessible(page)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        assert_accessible(page, *COLOURS)
