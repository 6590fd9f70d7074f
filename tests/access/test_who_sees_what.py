"""Somebody else's family, conversation, escalation, action or request does not exist: 404 on every route, never 403."""

from __future__ import annotations

import uuid

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.access import queries
from api.access.guards import Visitor
from api.access.models import Worker
from api.database import reading, transaction
from api.escalations import service as escalations
from api.escalations.models import Notification
from api.families.models import Family
from tests.small_town import Household, Town, dropped_outcome_of, review_of

ROUTES = (
    ("GET", "/console/families/{family}"),
    ("GET", "/console/families/{family}/history"),
    ("GET", "/console/families/{family}/timeline"),
    ("GET", "/console/conversations/{conversation}"),
    ("GET", "/console/events?conversation={conversation}"),
    ("POST", "/console/conversations/{conversation}/take-over"),
    ("POST", "/console/conversations/{conversation}/hand-back"),
    ("POST", "/console/conversations/{conversation}/texts-again"),
    ("POST", "/console/conversations/{conversation}/reply"),
    ("POST", "/console/conversations/{conversation}/here"),
    ("POST", "/console/conversations/{conversation}/messages/{message}/handled"),
    ("POST", "/console/conversations/{conversation}/messages/{message}/alarm"),
    ("POST", "/console/conversations/{conversation}/deliveries/{message}/seen"),
    ("GET", "/console/e/{escalation}"),
    ("POST", "/console/e/{escalation}/acknowledge"),
    ("POST", "/console/e/{escalation}/resolve"),
    ("POST", "/console/e/{escalation}/hand-over"),
    ("POST", "/console/actions/{action}/verify"),
    ("POST", "/console/actions/{action}/reopen"),
    ("POST", "/console/actions/{action}/status"),
    ("POST", "/console/changes/{change}/handled"),
    ("POST", "/console/changes/{change}/offer"),
    ("POST", "/console/people/{person}/chat-code"),
    ("POST", "/console/people/{person}/reminders"),
    ("POST", "/console/families/{family}/events"),
    ("POST", "/console/appointments/{appointment}/happened"),
    ("GET", "/console/appointments/{appointment}"),
    ("POST", "/console/appointments/{appointment}"),
    ("GET", "/console/families/{family}/appointments"),
    ("POST", "/console/families/{family}/appointments"),
    ("POST", "/console/events/{event}/withdraw"),
    ("GET", "/console/families/{family}/conferences"),
    ("POST", "/console/families/{family}/conferences"),
    ("GET", "/console/conferences/{meeting}"),
    ("POST", "/console/conferences/{meeting}"),
    ("POST", "/console/conferences/{meeting}/withdraw"),
    ("GET", "/console/plans/{plan}/review"),
    ("GET", "/console/plans/{plan}"),
    ("POST", "/console/plans/{plan}"),
    ("GET", "/console/plans/{plan}/course"),
    ("POST", "/console/plans/{plan}/start"),
    ("POST", "/console/plans/{plan}/end"),
    ("POST", "/console/plans/{plan}/go-on"),
    ("POST", "/console/plans/{plan}/outcomes/{outcome}/restore"),
    ("GET", "/console/families/{family}/plans"),
    ("POST", "/console/families/{family}/plans"),
    ("POST", "/console/families/{family}/views"),
    ("POST", "/console/views/{view}/withdraw"),
    ("POST", "/console/plans/{plan}/reviews"),
    ("GET", "/console/reviews/{review}"),
    ("POST", "/console/reviews/{review}"),
    ("POST", "/console/reviews/{review}/withdraw"),
    ("GET", "/console/ladders/{unseen}"),  # with real ones: tests/console/test_ladders.py, test_rota.py
    ("POST", "/console/ladders/{unseen}"),
    ("POST", "/console/rota/changes/{unseen}/cancel"),
    ("GET", "/console/people/{person}/contact"),
    ("GET", "/console/people/{person}/plan"),
    ("POST", "/console/people/{person}/pin-code"),
    ("POST", "/console/people/{person}/questions"),
    ("POST", "/console/people/{person}/questions/remove"),
    ("POST", "/console/people/{person}/questions/again"),
    ("POST", "/console/people/{person}/contact"),
    ("POST", "/console/people/{person}/calendar"),
    ("POST", "/console/people/{person}/calendar/end"),
    ("POST", "/console/people/{person}/numbers"),
    ("POST", "/console/people/{person}/numbers/ask"),
    ("POST", "/console/people/{person}/numbers/remove"),
    ("POST", "/console/people/{person}/addresses"),
    ("POST", "/console/people/{person}/addresses/confirm"),
    ("GET", "/console/families/{family}/people"),
    ("POST", "/console/families/{family}/people"),
    ("GET", "/console/families/{family}/details"),
    ("POST", "/console/families/{family}/details"),
    ("POST", "/console/families/{family}/hand-over"),
    ("POST", "/console/families/{family}/workers/{unseen}/end"),
    ("GET", "/console/people/{person}/details"),
    ("POST", "/console/people/{person}/details"),
    ("POST", "/console/people/{person}/leave"),
    ("POST", "/console/people/{person}/return"),
    ("POST", "/console/account/sessions/{unseen}/end"),  # with real ones: tests/access/test_sessions.py
    ("GET", "/console/workers/{unseen}"),  # with real ones: tests/access/test_staff.py
    ("POST", "/console/workers/{unseen}"),
    ("POST", "/console/workers/{unseen}/code"),
    ("POST", "/console/workers/{unseen}/sessions/end"),
    ("POST", "/console/workers/{unseen}/second-factor/reset"),
    ("POST", "/console/workers/{unseen}/provider/forget"),  # with real ones: tests/access/test_openid.py
    ("POST", "/console/workers/{unseen}/deactivate"),
    ("POST", "/console/workers/{unseen}/reactivate"),
    ("POST", "/console/browsers/{unseen}/remove"),  # with real ones: tests/push/test_account.py
    ("POST", "/console/keys/{unseen}/revoke"),
    ("POST", "/console/webhooks/{unseen}/test"),  # with real ones: tests/webhooks/test_webhooks.py
    ("POST", "/console/webhooks/{unseen}/switch"),
    ("POST", "/console/webhooks/{unseen}/remove"),
    ("POST", "/console/people/{person}/evidence"),
    ("GET", "/console/evidence/{file}"),
    ("POST", "/console/evidence/{file}/seen"),
    ("POST", "/console/evidence/{file}/remove"),
    ("POST", "/console/openings/{unseen}/seen"),  # with real ones: tests/access/test_openings.py
)


def address(path: str, town: Town, household: Household, escalation: object, message: object) -> str:
    return path.format(
        family=household.family.id,
        conversation=household.conversation.id,
        escalation=escalation,
        action=household.action.id,
        change=household.change.id,
        person=household.parent.id,
        appointment=household.appointment.id,
        event=household.event.id,
        meeting=household.meeting.id,
        review=review_of(household),
        plan=household.plan.id,
        outcome=dropped_outcome_of(household),
        view=household.view.id,
        file=town.photo(household),
        message=message,
        unseen=uuid.uuid4(),
    )


def ask(client: TestClient, town: Town, worker: Worker, method: str, path: str) -> int:
    cookies = town.signed_in(worker)
    client.cookies.update(cookies)
    form = town.form(cookies, words="hello", outcome="done") if method == "POST" else None
    return client.request(method, path, data=form).status_code


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_manager_of_another_agency_finds_nothing(client: TestClient, town: Town, method: str, path: str) -> None:
    escalation, message = town.escalation(town.mine), town.message(town.mine.conversation, "hello").id
    there = address(path, town, town.mine, escalation, message)
    assert ask(client, town, town.far_manager, method, there) == 404


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_worker_who_is_not_assigned_finds_nothing(client: TestClient, town: Town, method: str, path: str) -> None:
    escalation, message = town.escalation(town.other), town.message(town.other.conversation, "hello").id
    there = address(path, town, town.other, escalation, message)
    assert ask(client, town, town.worker, method, there) == 404


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_what_was_never_there_looks_the_same(client: TestClient, town: Town, method: str, path: str) -> None:
    names = (
        "family", "conversation", "action", "change", "person", "message", "appointment", "event", "meeting", "plan",
        "unseen", "review", "outcome",
        "view",
        "file",
    )  # fmt: skip
    there = path.format(**dict.fromkeys(names, uuid.uuid4()), escalation=9999)
    assert ask(client, town, town.manager, method, there) == 404


@pytest.mark.parametrize("odd", ["0", "-1", "99999999999999999999", "1%00", "abc"])
def test_a_reference_that_cannot_be_is_not_there(client: TestClient, town: Town, odd: str) -> None:
    assert ask(client, town, town.manager, "GET", f"/console/e/{odd}") == 404


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if "/console/events?" not in route[1]])
def test_nobody_who_is_not_signed_in_gets_further_than_the_sign_in_page(
    client: TestClient, town: Town, method: str, path: str
) -> None:
    there = address(path, town, town.mine, town.escalation(town.mine), uuid.uuid4())
    answer = client.request(method, there)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/console/sign-in")
    assert "Ash" not in answer.text


def test_a_worker_lists_only_the_assigned_families(client: TestClient, town: Town) -> None:
    town.message(town.mine.conversation, "near words")
    town.message(town.other.conversation, "birch words")
    client.cookies.update(town.signed_in(town.worker))
    families, conversations = client.get("/console/families").text, client.get("/console/conversations").text
    assert "Ash" in families and "Birch" not in families and "Cedar" not in families
    assert "near words" in conversations and "birch words" not in conversations


@pytest.mark.parametrize("role", ["duty", "manager"])
def test_duty_and_managers_see_the_whole_agency_and_no_other(client: TestClient, town: Town, role: str) -> None:
    client.cookies.update(town.signed_in(getattr(town, role)))
    page = client.get("/console/families").text
    assert "Ash" in page and "Birch" in page and "Cedar" not in page


def test_an_unknown_role_sees_nothing(town: Town) -> None:
    visitor = Visitor(town.manager, "", "uk-england", "UTC", "en", "")
    visitor.worker.role = "visitor"
    with reading() as session:
        assert session.scalars(queries.visible_families(visitor)).all() == []
        assert session.scalars(queries.visible_conversations(visitor)).all() == []
        assert session.scalars(queries.visible_escalations(visitor)).all() == []


def test_whoever_was_told_of_an_escalation_can_open_it_until_it_is_resolved(client: TestClient, town: Town) -> None:
    number = town.escalation(town.other)
    with transaction() as session:  # the rota had the worker on duty that night
        told = session.scalars(select(Notification).where(Notification.escalation_id == number)).first()
        assert told is not None
        session.add(Notification(escalation_id=number, rung=9, role="duty", worker_id=town.worker.id, at=told.at))
    conversation = f"/console/conversations/{town.other.conversation.id}"
    assert ask(client, town, town.worker, "GET", f"/console/e/{number}") == 200
    assert ask(client, town, town.worker, "GET", conversation) == 200
    assert ask(client, town, town.worker, "GET", f"/console/families/{town.other.family.id}") == 404
    with transaction() as session:
        escalations.resolve(session, number, town.duty, "seen to")
    assert ask(client, town, town.worker, "GET", conversation) == 404


def test_a_strangers_chat_is_seen_by_the_agency_it_was_started_with(client: TestClient, town: Town) -> None:
    _, conversation = town.chatting()
    for worker, status in ((town.worker, 200), (town.manager, 200), (town.far_manager, 404)):
        assert ask(client, town, worker, "GET", f"/console/conversations/{conversation}") == status


def test_the_family_or_404_function_is_the_same_filter(town: Town) -> None:
    with reading() as session:
        assert queries.family_or_404(session, town.worker, town.mine.family.id).id == town.mine.family.id
        for family in session.scalars(select(Family).where(Family.id != town.mine.family.id)):
            with pytest.raises(queries.NotVisible):
                queries.family_or_404(session, town.worker, family.id)
