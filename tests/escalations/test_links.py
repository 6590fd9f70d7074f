"""The link in a worker's text: one telling, one worker, one day, and never by being looked at. What it may do after it
took something on: test_after_the_link.py."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from api import clock
from api.access.models import Worker
from api.database import reading, transaction
from api.escalations import links, service
from api.escalations.models import Escalation, Notification
from api.messages.models import OutboundMessage
from tests.small_town import Town


def link_to(worker: Worker) -> str:
    """The path of the link in the newest text to this worker."""
    with reading() as session:
        query = select(OutboundMessage.body).filter_by(address=worker.phone).order_by(OutboundMessage.seq.desc())
        body = session.scalars(query).first()
    found = re.search(r"http://testserver(/a/\S+)", body or "")
    assert found
    return found[1]


def state(number: int) -> tuple[str, uuid.UUID | None, str]:
    with reading() as session:
        escalation = session.get_one(Escalation, number)
        return escalation.state, escalation.acknowledged_by, escalation.acknowledged_via


def test_looking_acknowledges_nothing_and_the_button_does(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    link = link_to(town.duty)
    for method in ("GET", "HEAD", "GET"):
        client.request(method, link)
    assert state(number)[0] == "open"
    answer = client.post(link)
    assert (answer.status_code, answer.headers["location"]) == (303, link)
    assert state(number) == ("acknowledged", town.duty.id, "link")
    assert f"{number} is yours" in client.get(link).text


def test_the_page_says_nothing_about_anybody(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine, words="he has a knife")
    page = client.get(link_to(town.duty)).text
    assert str(number) in page
    for secret in ("Ash", "knife", "danger", "Dora", "door", town.mine.conversation.address[-6:]):
        assert secret not in page


def test_the_second_link_says_who_was_first_and_takes_nothing_away(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    first, second = link_to(town.duty), link_to(town.worker)
    client.post(first)
    client.post(second)
    assert "taken before you, by Dora Worker" in client.get(second).text
    assert state(number)[1] == town.duty.id


def test_a_link_is_good_for_a_day(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine, priority="urgent")
    link = link_to(town.worker)
    clock.move(links.LIFETIME + timedelta(minutes=1))
    assert client.get(link).status_code == 410
    client.post(link)
    assert state(number)[0] == "open"


def test_a_link_closes_nothing_and_opens_nothing_again(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    link = link_to(town.duty)
    with transaction() as session:
        service.resolve(session, number, town.manager, "seen to")
    client.post(link)
    assert state(number)[0] == "resolved"
    assert "closed before, by Mona Worker" in client.get(link).text


def test_the_link_of_a_worker_who_has_left_is_not_there(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    link = link_to(town.duty)
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.duty.id).values(active=False))
    assert client.get(link).status_code == 404 and client.post(link).status_code == 404
    assert state(number)[0] == "open"


def test_another_sites_page_cannot_press_the_button(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    assert client.post(link_to(town.duty), headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert state(number)[0] == "open"


def test_it_is_no_key_to_the_console(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    client.post(link_to(town.duty))
    assert client.get(f"/console/e/{number}").headers["location"].startswith("/console/sign-in")


@pytest.mark.parametrize("token", ["x", "a" * 43, "é", "a/b", links.token(uuid.UUID(int=5))])
def test_what_is_no_link_of_ours_is_not_there(client: TestClient, town: Town, token: str) -> None:
    for method in ("GET", "POST"):
        assert client.request(method, f"/a/{token}").status_code in (303, 404)


@given(st.uuids(), st.text(max_size=60))
def test_only_what_this_installation_signed_is_read(notification: uuid.UUID, other: str) -> None:
    assert links.notification_of(links.token(notification)) == notification
    assert len(links.token(notification)) == 43
    with pytest.raises(links.BadLink):
        links.notification_of(other)


def test_a_signature_is_for_one_telling(town: Town) -> None:
    town.escalation(town.mine)
    with reading() as session:
        one, two = session.scalars(select(Notification.id)).all()[:2]
    mixed = links.token(one)[:22] + links.token(two)[22:]
    with pytest.raises(links.BadLink):
        links.notification_of(mixed)
