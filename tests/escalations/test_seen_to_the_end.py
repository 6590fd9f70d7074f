"""Nothing is closed that came after whoever closes it looked: by a page, by a program, by text."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.database import reading, transaction
from api.escalations import service
from api.escalations.models import Escalation, EscalationEvent
from api.messages.models import Conversation, HandoverNote, InboundMessage
from tests.escalations.test_api import listed, post
from tests.escalations.test_by_text import says
from tests.small_town import Town


def one(number: int) -> Escalation:
    with reading() as session:
        return session.get_one(Escalation, number)


def mark(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found
    return found[1]


def take(town: Town, number: int, worker: Worker) -> None:
    with transaction() as session:
        service.acknowledge(session, number, worker, via="sms")


def test_a_stale_page_does_not_close_what_danger_has_opened_again(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    take(town, number, town.worker)
    seen = mark(client.get(f"/console/e/{number}").text)
    town.escalation(town.mine, "he is back and he has the keys")
    typed = town.form(cookies, outcome="Rang her, she is safe", kind="helped", seen=seen)
    refused = client.post(f"/console/e/{number}/resolve", data=typed)
    assert refused.status_code == 409 and "It was not closed" in refused.text
    assert "he is back and he has the keys" in refused.text, "the new words"
    assert "Rang her, she is safe</textarea>" in refused.text, "and what was typed"
    assert '<option value="helped" selected>' in refused.text
    assert one(number).state == "open" and one(number).next_rung_at is not None
    again = client.post(f"/console/e/{number}/resolve", data=typed | {"seen": mark(refused.text)})
    assert again.status_code == 303, "who has read them closes it in one step"
    assert (one(number).state, one(number).acknowledged_by) == ("resolved", town.worker.id)


def test_words_that_join_an_open_one_are_new_too_and_taking_it_on_is_not(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    client.cookies.update(cookies := town.signed_in(town.manager))
    take(town, number, town.manager)
    before = mark(client.get(f"/console/e/{number}").text)
    town.escalation(town.mine, "and now the door")
    take(town, number, town.worker)
    assert mark(client.get(f"/console/e/{number}").text) != before
    form = town.form(cookies, outcome="seen to", seen=before)
    assert client.post(f"/console/e/{number}/resolve", data=form).status_code == 409
    fresh = one(number).version
    town.escalation(town.mine, "and now the window")
    now = one(number).version
    take(town, number, town.worker)
    assert fresh < now == one(number).version


def test_a_program_that_acknowledged_earlier_does_not_close_what_was_opened_again(
    client: TestClient, town: Town
) -> None:
    number = town.escalation(town.mine)
    assert post(client, town, town.worker, f"{number}/acknowledge").status_code == 200
    town.escalation(town.mine, "he is back")
    for taken_by in (None, town.duty):
        if taken_by is not None:
            take(town, number, taken_by)
        refused = post(client, town, town.worker, f"{number}/resolve", outcome="rang her, safe")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "changed_since")
        assert one(number).state != "resolved"
    (item,) = listed(client, town, town.worker)["items"]
    stale = post(client, town, town.worker, f"{number}/resolve", outcome="safe", seen=item["version"] - 1)
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "changed_since")
    done = post(client, town, town.worker, f"{number}/resolve", outcome="safe", seen=item["version"])
    assert (done.status_code, done.json()["state"]) == (200, "resolved")


def test_a_program_that_has_taken_the_new_words_on_closes_as_before(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    town.escalation(town.mine, "he is back")
    assert post(client, town, town.worker, f"{number}/resolve", outcome="safe").status_code == 409
    assert "he is back" in post(client, town, town.worker, f"{number}/acknowledge").json()["words"]
    assert post(client, town, town.worker, f"{number}/resolve", outcome="rang her, safe").status_code == 200


def test_by_text_what_opens_again_in_the_same_moment_stays_open(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    take(town, number, town.duty)
    session.get_one(Escalation, number)  # looked at before the danger
    town.escalation(town.mine, "he is back")
    answer = says(session, town.duty, f"CLOSE {number} rang her, safe")
    session.commit()
    assert "still open" in answer and one(number).state == "open"


def raised_late(town: Town, kind: str = "harm_disclosed", priority: str = "emergency") -> None:
    """The bot's turn finds that its message is more pressing than the screen thought."""
    with transaction() as session:
        message = session.scalars(select(InboundMessage).order_by(InboundMessage.seq.desc())).first()
        conversation = session.get_one(Conversation, town.mine.conversation.id)
        service.open_escalation(
            session, conversation=conversation, message=message, kind=kind, priority=priority, words="he hits me"
        )


def test_raised_while_somebody_takes_it_on_it_climbs(town: Town) -> None:
    town.message(town.mine.conversation, "he hits me")
    raised_late(town, "contact", "urgent")
    with reading() as session:
        number = session.scalars(select(Escalation.id)).one()
    with transaction() as late:
        message = late.scalars(select(InboundMessage).order_by(InboundMessage.seq.desc())).first()
        read = late.scalars(select(Escalation)).one()
        assert read.state == "open"
        take(town, number, town.duty)
        conversation = late.get_one(Conversation, town.mine.conversation.id)
        service.open_escalation(
            late,
            conversation=conversation,
            message=message,
            kind="harm_disclosed",
            priority="emergency",
            words="he hits me",
        )
    raised = one(number)
    assert (raised.state, raised.priority, raised.acknowledged_by) == ("open", "emergency", None)
    assert raised.next_rung_at is not None


@pytest.mark.parametrize("kind", ["helped", "false_alarm"])
def test_raised_after_it_was_closed_it_is_open_with_nothing_left_of_the_closing(
    session: Session, town: Town, kind: str
) -> None:
    town.message(town.mine.conversation, "he hits me")
    raised_late(town, "contact", "urgent")
    number = session.scalars(select(Escalation.id)).one()
    with transaction() as closing:
        service.resolve(closing, number, town.duty, "Asked about a form", kind=kind)
    clock.move(timedelta(seconds=1))
    raised_late(town)
    again = one(number)
    left = (again.resolved_at, again.resolved_by, again.outcome, again.outcome_kind, again.acknowledged_by)
    assert again.state == "open" and left == (None, None, "", "", None)
    events = session.execute(
        select(EscalationEvent.kind, EscalationEvent.worker_id).filter_by(escalation_id=number).order_by("at")
    )
    assert [tuple(event) for event in events] == [("opened", None), ("resolved", town.duty.id), ("raised", None)]
    note = session.scalars(select(HandoverNote)).one()
    assert (note.words, note.worker_id) == ("Asked about a form", town.duty.id), "colleagues still read it"
