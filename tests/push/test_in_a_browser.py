"""A real browser: notifications are turned on on one's account, a note is shown by our service worker, and it leads to
the escalation and nowhere else. (The browser maker's push service is the one part that is not there.)"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from api.channels.push import client
from api.channels.push.models import PushBrowser
from api.database import reading
from api.messages import delivery
from api.messages.models import OutboundMessage
from tests.browser import assert_accessible, page, site
from tests.harness.processes import wait_until
from tests.harness.push import FakePush
from tests.push.test_ladder import WORDS, ladder
from tests.small_town import Town

__all__ = ["page", "site"]
pytestmark = pytest.mark.slow

#: What the browser would hand to our page, had it a push service to ask.
SUBSCRIBED = """([endpoint, p256dh, auth]) => {
  let made = null;
  const it = { endpoint, toJSON: () => ({ endpoint, keys: { p256dh, auth } }), unsubscribe: async () => (made = null) };
  PushManager.prototype.subscribe = async function (options) {
    if (!options.userVisibleOnly || options.applicationServerKey.length !== 65) throw new Error("odd options");
    return (made = it);
  };
  PushManager.prototype.getSubscription = async () => (sessionStorage.getItem("on") ? it : made);
}"""


def rows() -> list[PushBrowser]:
    with reading() as session:
        return list(session.scalars(select(PushBrowser)))


def shown(page: Page) -> list[dict[str, Any]]:
    """The notifications that the browser shows for us now."""
    found: list[dict[str, Any]] = page.evaluate("""async () => {
      const ours = await navigator.serviceWorker.getRegistration("/console");
      return (await ours.getNotifications()).map(({ title, body, tag, data }) => ({ title, body, tag, data }));
    }""")
    return found


def hand_over(page: Page, said: str, path: str) -> None:
    """The note as the browser gives it to our service worker, decrypted, until it shows one that leads to ``path``.

    (On a busy machine the browser's tools now and then lose one that they are given; the same twice is shown as one.)
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        _hand_over_once(page, said)
        try:
            wait_until(lambda: path in [one["data"]["path"] for one in shown(page)], "not shown", seconds=10)
        except AssertionError:
            continue
        return
    pytest.fail(f"no notification that leads to {path} was shown")


def _hand_over_once(page: Page, said: str) -> None:
    devtools = page.context.new_cdp_session(page)
    registered: list[dict[str, Any]] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated", lambda event: registered.extend(event.get("registrations", []))
    )
    devtools.send("ServiceWorker.enable")
    page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")

    def ours() -> list[dict[str, Any]]:
        page.evaluate("1")  # lets in what the browser's tools have to say, which may come after their answer
        return [one for one in registered if one["scopeURL"].endswith("/console")]

    wait_until(lambda: bool(ours()), "our service worker is not registered")
    origin = page.evaluate("location.origin")
    devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": origin, "registrationId": ours()[0]["registrationId"], "data": said},
    )


def test_turned_on_shown_and_turned_off(page: Page, site: str, town: Town, service: FakePush) -> None:
    cookies = town.signed_in(town.duty)
    page.context.add_cookies([{"name": key, "value": value, "url": site} for key, value in cookies.items()])
    page.context.grant_permissions(["notifications"], origin=site)
    given = service.browser("office").form
    page.add_init_script(f"({SUBSCRIBED})({json.dumps([given['endpoint'], given['p256dh'], given['auth']])})")
    page.goto("/console/account")
    assert_accessible(page)
    page.get_by_role("button", name="Turn on in this browser").click()
    expect(page.get_by_text("This browser tells you from now on.")).to_be_visible()
    page.evaluate("sessionStorage.setItem('on', 'yes')")
    page.reload()
    expect(page.locator("tr", has_text="Chrome").get_by_text("this one")).to_be_visible()
    expect(page.get_by_role("button", name="Turn on in this browser")).to_be_hidden()
    assert_accessible(page)

    # A note as the ladder makes it, encrypted for this browser, and decrypted as it would.
    ladder(town, ("duty", ["push"]))
    number = town.escalation(town.mine, WORDS, "urgent")
    with reading() as session:
        note = session.scalars(select(OutboundMessage).filter_by(channel="push")).one()
    delivery.deliver(note.id)
    said = json.dumps(service.notes[0].said)
    path = f"/console/e/{number}"
    hand_over(page, said, path)
    hand_over(page, said, path)
    (one,) = shown(page)
    assert str(number) in one["title"] and one["data"] == {"path": path}, "twice is one"
    assert "door" not in json.dumps(one)

    # What another's note would say of where to go is not believed.
    hand_over(page, json.dumps({"title": "x", "body": "", "path": "https://evil.example/console/e/1"}), "/console")
    assert sorted(one["data"]["path"] for one in shown(page)) == ["/console", path]

    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("That browser tells you no more.")).to_be_visible()
    assert rows() == [] and client.PRIVATE, "the last is the test's own"


def test_whoever_does_not_allow_it_is_told_how(page: Page, site: str, town: Town, service: FakePush) -> None:
    cookies = town.signed_in(town.duty)
    page.context.add_cookies([{"name": key, "value": value, "url": site} for key, value in cookies.items()])
    page.add_init_script("Notification.requestPermission = async () => 'denied'")
    page.goto("/console/account")
    button = page.get_by_role("button", name="Turn on in this browser")
    for _ in range(2):
        button.click()
        expect(page.get_by_role("alert")).to_contain_text("does not allow notifications")
    assert rows() == []


def test_without_scripts_the_list_and_turning_off_work(page: Page, site: str, town: Town, service: FakePush) -> None:
    assert page.context.browser
    plain = page.context.browser.new_context(base_url=site, java_script_enabled=False)
    cookies = town.signed_in(town.duty)
    plain.add_cookies([{"name": key, "value": value, "url": site} for key, value in cookies.items()])
    given = service.browser("office").form
    from api.channels.push import service as browsers
    from api.database import transaction

    with transaction() as session:
        browsers.turn_on(
            session, town.duty.id, endpoint=given["endpoint"], public_key=given["p256dh"], auth=given["auth"],
            browser="Firefox, Linux",
        )  # fmt: skip
    opened = plain.new_page()
    opened.goto("/console/account")
    expect(opened.get_by_role("button", name="Turn on in this browser")).to_be_hidden()
    assert "This needs JavaScript." in opened.content()
    opened.get_by_role("button", name="Turn off").click()
    expect(opened.get_by_text("That browser tells you no more.")).to_be_visible()
    assert rows() == []
    plain.close()
