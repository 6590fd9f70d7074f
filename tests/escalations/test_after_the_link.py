"""After a worker took something on, the page behind the link hands it over or closes it: as a text would, no more."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text, update

from api import clock
from api.access.models import Worker
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.escalations import links, service
from api.escalations.models import Escalation, EscalationEvent, Shift
from api.messages.models import OutboundMessage
from tests.escalations.test_links import link_to, state
from tests.harness.mail import FakeMail
from tests.harness.processes import wait_until
from tests.small_town import Town


def closing(page: str, outcome: str = "rang them, all well", kind: str = "helped") -> dict[str, str]:
    """The form of that page, filled in."""
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen, "the page offers to close it"
    return {"seen": seen[1], "outcome": outcome, "kind": kind}


def offers(page: str) -> bool:
    return "/hand-over" in page and "/close" in page


def texts_to(worker: Worker) -> list[str]:
    with reading() as session:
        query = select(OutboundMessage.body).filter_by(address=worker.phone).order_by(OutboundMessage.seq)
        return list(session.scalars(query))


def events(number: int) -> list[tuple[str, str]]:
    with reading() as session:
        query = select(EscalationEvent.kind, EscalationEvent.via).filter_by(escalation_id=number)
        return [(kind, via) for kind, via in session.execute(query.order_by(EscalationEvent.at))]


def audited(number: int) -> list[tuple[str, str]]:
    with reading() as session:
        query = select(AuditEntry.verb, AuditEntry.detail).filter_by(object_id=str(number)).order_by(AuditEntry.at)
        return [(verb, detail["via"]) for verb, detail in session.execute(query) if "via" in (detail or {})]


def taken(client: TestClient, town: Town) -> tuple[int, str]:
    """An escalation that the worker on duty has taken on by their link."""
    number = town.escalation(town.mine, words="he has a knife")
    link = link_to(town.duty)
    assert not offers(client.get(link).text), "first it is taken on"
    client.post(link)
    return number, link


def test_after_taking_on_the_same_page_offers_both_and_shows_no_case(client: TestClient, town: Town) -> None:
    _, link = taken(client, town)
    page = client.get(link).text
    assert offers(page)
    for secret in ("Ash", "knife", "danger", "door", town.mine.conversation.address[-6:]):
        assert secret not in page


def test_it_is_closed_with_an_outcome_and_a_reason_as_by_text(client: TestClient, town: Town) -> None:
    number, link = taken(client, town)
    answer = client.post(f"{link}/close", data=closing(client.get(link).text))
    assert (answer.status_code, answer.headers["location"]) == (303, link)
    with reading() as session:
        closed = session.get_one(Escalation, number)
        assert (closed.state, closed.resolved_by) == ("resolved", town.duty.id)
        assert (closed.outcome, closed.outcome_kind) == ("rang them, all well", "helped")
    assert events(number)[-1] == ("resolved", "link")
    assert audited(number)[-1] == ("resolved_escalation", "link")
    page = client.get(link).text
    assert f"{number} is closed." in page and "<form" not in page and "all well" not in page


def test_it_is_handed_to_the_next_on_duty_as_by_text(client: TestClient, town: Town) -> None:
    number, link = taken(client, town)
    client.post(f"{link}/hand-over")
    assert state(number)[0] == "open"
    assert events(number)[-1] == ("handed_over", "link")
    assert audited(number)[-1] == ("handed_over_escalation", "link")
    page = client.get(link)
    assert page.status_code == 200 and "Mona Worker has been told" in page.text and "<form" not in page.text
    client.post(link_to(town.manager))
    assert state(number)[:2] == ("acknowledged", town.manager.id)
    assert "taken before you, by Mona Worker" in client.get(link).text


@pytest.mark.parametrize("deed", ["hand-over", "close"])
def test_the_worker_reads_on_their_own_phone_what_was_done_in_their_name(
    client: TestClient, town: Town, deed: str
) -> None:
    number, link = taken(client, town)
    form = closing(client.get(link).text, outcome="she is at her aunt in Leeds")
    client.post(f"{link}/{deed}", data=form)
    told = texts_to(town.duty)[-1]
    assert str(number) in told and "Was it not you?" in told
    assert "Leeds" not in told and "Ash" not in told


def test_whoever_has_no_phone_reads_it_in_an_e_mail(client: TestClient, town: Town, post: FakeMail) -> None:
    _, link = taken(client, town)
    assert post.url, "there is a mail server"
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.duty.id).values(phone=None))
    client.post(f"{link}/hand-over")
    with reading() as session:
        query = select(OutboundMessage.body).filter_by(address=town.duty.email)
        assert [body for body in session.scalars(query) if "Was it not you?" in body]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_whatever_looks_at_its_addresses_does_nothing(client: TestClient, town: Town, method: str) -> None:
    number, link = taken(client, town)
    for path in ("/hand-over", "/close", "/close?outcome=fine&kind=helped&seen=1", "?outcome=fine"):
        client.request(method, f"{link}{path}")
    assert state(number) == ("acknowledged", town.duty.id, "link")


@pytest.mark.parametrize("said", ["", "  ", "x"])
def test_closing_needs_a_few_words_and_keeps_what_was_chosen(client: TestClient, town: Town, said: str) -> None:
    number, link = taken(client, town)
    answer = client.post(f"{link}/close", data=closing(client.get(link).text, outcome=said, kind="not_reached"))
    assert answer.status_code == 409 and "few words" in answer.text
    assert '<option value="not_reached" selected' in answer.text
    assert state(number)[0] == "acknowledged"


def test_what_has_changed_since_the_page_was_made_is_not_closed_with_it(client: TestClient, town: Town) -> None:
    number, link = taken(client, town)
    form = closing(client.get(link).text)
    with transaction() as session:
        service.chat_left(session, town.mine.conversation.id)
    answer = client.post(f"{link}/close", data=form)
    assert answer.status_code == 409 and "something has changed" in answer.text
    assert "rang them, all well" in answer.text, "what was typed is there still"
    assert state(number)[0] == "acknowledged"
    for nothing in ({"outcome": "fine", "kind": "helped"}, {**form, "seen": ""}, {**form, "seen": "-1"}):
        client.post(f"{link}/close", data=nothing)
    assert state(number)[0] == "acknowledged", "nor by a form that does not say what it has seen"


def test_where_nobody_else_is_there_it_stays_and_the_page_says_so(client: TestClient, town: Town) -> None:
    number, link = taken(client, town)
    with transaction() as session:
        session.execute(update(Shift).where(Shift.worker_id != town.duty.id).values(ends_at=clock.now()))
    answer = client.post(f"{link}/hand-over")
    assert answer.status_code == 409 and "not handed over" in answer.text and offers(answer.text)
    assert state(number) == ("acknowledged", town.duty.id, "link")


def test_whoever_took_it_on_by_text_may_go_on_by_the_link(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    link = link_to(town.duty)
    with transaction() as session:
        service.acknowledge(session, number, town.duty, via="sms")
    client.post(f"{link}/close", data=closing(client.get(link).text))
    assert state(number)[0] == "resolved"


def test_who_is_second_sees_who_closed_it_and_changes_nothing(client: TestClient, town: Town) -> None:
    number, link = taken(client, town)
    form = closing(client.get(link).text)
    with transaction() as session:
        service.resolve(session, number, town.manager, "spoke with Dora")
    assert client.post(f"{link}/close", data=form).status_code == 303
    client.post(f"{link}/hand-over")
    assert "closed before, by Mona Worker" in client.get(link).text
    with reading() as session:
        assert session.get_one(Escalation, number).outcome == "spoke with Dora"


@pytest.mark.parametrize("deed", ["hand-over", "close"])
def test_whoever_presses_while_a_colleague_is_closing_it_waits_and_then_sees_who(
    client: TestClient, town: Town, deed: str
) -> None:
    number, link = taken(client, town)
    form = closing(client.get(link).text)
    with ThreadPoolExecutor(1) as pool:
        with transaction() as colleague:
            pid = colleague.scalar(text("SELECT pg_backend_pid()"))
            service.resolve(colleague, number, town.manager, "spoke with Dora")
            answer = pool.submit(client.post, f"{link}/{deed}", data=form)
            wait_until(lambda: _waits_for(pid), "the press waits for the escalation", seconds=30)
        assert answer.result(30).status_code == 303
    assert state(number)[0] == "resolved" and "closed before, by Mona Worker" in client.get(link).text


def _waits_for(pid: int | None) -> bool:
    with reading() as session:
        blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND :pid = ANY (pg_blocking_pids(pid))")
        return bool(session.scalar(blocked, {"pid": pid}))


def test_after_a_day_it_does_neither(client: TestClient, town: Town) -> None:
    number, link = taken(client, town)
    form = closing(client.get(link).text)
    clock.move(links.LIFETIME + timedelta(minutes=1))
    assert client.get(link).status_code == 410 and not offers(client.get(link).text)
    client.post(f"{link}/close", data=form)
    client.post(f"{link}/hand-over")
    assert state(number) == ("acknowledged", town.duty.id, "link")
