"""Several take one escalation on within a millisecond, each through a door of their own; and danger that is told again.

On two processes: tests/promises/test_twice_at_once.py.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.app import create_app
from api.database import reading, transaction
from api.escalations import service
from api.escalations.models import Escalation, EscalationEvent, Notification
from api.messages import inbox
from tests.escalations.test_links import link_to
from tests.small_town import Town

ROUNDS = 8


def at_once(*deeds: Callable[[], str]) -> list[str]:
    """Let all begin in the same moment, each in a thread of its own; what each heard."""
    gate = threading.Barrier(len(deeds))
    heard = [""] * len(deeds)

    def run(place: int) -> None:
        gate.wait(30)
        heard[place] = deeds[place]()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return heard


def test_of_three_who_take_it_on_at_once_one_has_it_and_the_others_see_who(client: TestClient, town: Town) -> None:
    app = create_app()
    winners = {three_take_it_on(app, town) for _ in range(ROUNDS)}
    assert winners <= {"Mona Worker", "Dora Worker", "Lena Worker"}


def three_take_it_on(app: FastAPI, town: Town) -> str:
    """By the console, by the link and over the API; who had it, of whom all three have heard."""
    number = town.escalation(town.mine)
    link = link_to(town.duty)
    cookies = town.signed_in(town.manager)
    header = town.program(town.worker)
    browser = TestClient(app, follow_redirects=False, cookies=cookies)
    phone, program = TestClient(app, follow_redirects=False), TestClient(app, follow_redirects=False)

    def by_console() -> str:
        browser.post(f"/console/e/{number}/acknowledge", data=town.form(cookies))
        return browser.get(f"/console/e/{number}").text

    def by_link() -> str:
        phone.post(link)
        return phone.get(link).text

    def by_program() -> str:
        answer = program.post(f"/api/v1/escalations/{number}/acknowledge", headers=header)
        assert answer.status_code in (200, 409)
        return answer.text

    pages = at_once(by_console, by_link, by_program)
    with reading() as session:
        escalation = session.get_one(Escalation, number)
        events = session.scalars(select(EscalationEvent).filter_by(escalation_id=number, kind="acknowledged")).all()
    assert escalation.state == "acknowledged" and escalation.next_rung_at is None
    assert [event.worker_id for event in events] == [escalation.acknowledged_by], "one of them, once"
    name = {town.manager.id: "Mona Worker", town.duty.id: "Dora Worker", town.worker.id: "Lena Worker"}
    assert escalation.acknowledged_by is not None
    winner = name[escalation.acknowledged_by]
    # The console and the program name whoever has it; the link says "yours" to its own worker.
    assert winner in pages[0] and winner in pages[2]
    assert (f"{number} is yours" if winner == "Dora Worker" else f"taken before you, by {winner}") in pages[1]
    browser.post(f"/console/e/{number}/resolve", data=town.form(cookies, outcome="seen to", kind="no_danger"))
    return winner


def danger(town: Town, words: str) -> None:
    inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=town.mine.conversation.address, body=words)


def test_danger_told_while_somebody_closes_is_never_closed_with_it(client: TestClient, town: Town) -> None:
    app = create_app()
    for turn in range(ROUNDS):
        number = town.escalation(town.mine, f"please ring me {turn}")
        cookies = town.signed_in(town.duty)
        browser = TestClient(app, follow_redirects=False, cookies=cookies)
        browser.post(f"/console/e/{number}/acknowledge", data=town.form(cookies))
        seen = mark_on(browser.get(f"/console/e/{number}").text)
        closing = town.form(cookies, outcome="rang her, safe", kind="helped", seen=seen)
        cry = f"hes got a knife and hes coming up the stairs {turn}"
        at_once(
            lambda post=browser.post, to=number, form=closing: str(post(f"/console/e/{to}/resolve", data=form)),
            lambda cry=cry: danger(town, cry) or "",
        )
        with reading() as session:
            (left,) = session.scalars(select(Escalation).where(Escalation.state != "resolved")).all()
        assert left.state == "open" and cry in left.words and left.next_rung_at is not None
        with transaction() as session:
            service.resolve(session, left.id, town.duty, "seen to", seen=left.version)


def mark_on(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found, "the form says what its page has shown"
    return found[1]


def opened() -> Escalation:
    with reading() as session:
        return session.scalars(select(Escalation)).one()


def test_the_same_cry_for_help_again_opens_what_somebody_had_taken_on(client: TestClient, town: Town) -> None:
    """Word for word: in fear people write the same again, and the worker may have thought that it was over."""
    cry = "hes got a knife and hes coming up the stairs"
    danger(town, cry)
    number = opened().id
    client.post(link_to(town.duty))
    assert opened().state == "acknowledged"
    with reading() as session:
        told = len(session.scalars(select(Notification.id)).all())
    clock.move(timedelta(minutes=2))
    danger(town, cry)
    again = opened()
    assert (again.id, again.state, again.acknowledged_by) == (number, "open", None)
    assert again.next_rung_at is not None and again.next_rung_at > clock.now()
    with reading() as session:
        assert len(session.scalars(select(Notification.id)).all()) > told, "and it was told again at once"
        kinds = session.scalars(select(EscalationEvent.kind).order_by(EscalationEvent.at)).all()
    assert kinds.count("reopened") == 1


def test_danger_and_an_acknowledgement_in_one_moment_lose_neither(client: TestClient, town: Town) -> None:
    app = create_app()
    for n in range(4):
        danger_meets_an_acknowledgement(app, town, n)


def danger_meets_an_acknowledgement(app: FastAPI, town: Town, n: int) -> None:
    danger(town, f"hes got a knife and hes coming up the stairs {n}")
    number = opened().id
    link = link_to(town.duty)
    phone = TestClient(app, follow_redirects=False)
    again = f"hes got a knife he is kicking the door in {n}"
    at_once(lambda: str(phone.post(link).status_code), lambda: str(danger(town, again)))
    one = opened()
    # Whichever came first: it was open all the time, or danger opened it again, or the worker has seen both.
    assert again in one.words and one.state in ("open", "acknowledged")
    assert (one.next_rung_at is not None) == (one.state == "open")
    clock.move(timedelta(minutes=2))
    danger(town, again)
    assert opened().state == "open" and opened().id == number
