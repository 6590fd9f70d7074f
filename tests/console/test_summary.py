"""What stands beside an alarm for whoever takes it on: what is recorded, for who may see the family; few statements."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from fastapi.testclient import TestClient
from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.audit.models import AuditEntry
from api.console import summary
from api.database import reading, transaction
from api.escalations import service
from api.escalations.models import Escalation, Notification
from api.families.models import Person
from api.messages import service as conversations
from api.messages.models import Conversation
from api.plans.models import Contingency, Plan, Risk
from api.timescales.models import CaseEvent
from tests.small_town import Town


def sign_in(client: TestClient, town: Town, worker: Worker) -> dict[str, str]:
    cookies = town.signed_in(worker)
    client.cookies.update(cookies)
    return cookies


def block(page: str) -> str:
    """The part of the page that is the summary."""
    return page.partition('data-live="summary"')[2].partition("</section>")[0]


def lived(town: Town) -> int:
    """An alarm of the family's with a life around it: its number."""
    earlier = town.escalation(town.mine, "earlier words", "urgent")
    with transaction() as session:
        service.resolve(session, earlier, town.duty, "Rang her, safe at a friend's", kind="helped")
        session.add(
            Contingency(plan_id=town.mine.plan.id, position=1, trigger="a visit is missed", response="police check")
        )
        session.add(
            CaseEvent(
                family_id=town.mine.family.id, external_id="v", kind="home_visit", day=date(2026, 2, 3),
                recorded_at=clock.now(),
            )
        )  # fmt: skip
    town.message(town.mine.conversation, "he has <b>a key</b> & he knows")
    number = town.escalation(town.mine, "he has a key")
    with transaction() as session:
        there = session.get_one(Conversation, town.mine.conversation.id)
        conversations.take_over(session, there, town.duty)
        conversations.reply_from_worker(session, there, town.duty, "Where are you now?")
        conversations.hand_back(session, there, town.duty, "Sounded calm")
    return number


def test_it_has_who_the_words_the_plan_the_last_and_next_meeting_and_what_was_tried(
    client: TestClient, town: Town
) -> None:
    number = lived(town)
    sign_in(client, town, town.worker)
    shown = block(client.get(f"/console/e/{number}").text)
    for words in (
        "Ashparent", "Ashchild", "lead worker: Lena Worker", "he has &lt;b&gt;a key&lt;/b&gt; &amp; he knows",
        "Ash risk", "a visit is missed", "police check", "Ash contingency", "3 February 2026", "Ash rooms",
        "Workers told: 2", "Written by workers since: 1", "Sounded calm", "Rang her, safe at a friend",
    ):  # fmt: skip
        assert words in shown, words
    assert "Birch" not in shown
    with reading() as session:
        look = session.scalars(select(AuditEntry).filter_by(verb="viewed_summary")).one()
    assert (look.actor_id, look.family_id) == (town.worker.id, town.mine.family.id)


def test_of_two_plans_that_go_on_it_has_what_matters_of_both(client: TestClient, town: Town) -> None:
    number = lived(town)
    with transaction() as session:
        second = Plan(id=uuid.uuid4(), family_id=town.mine.family.id, external_id="second", started_on=date(2026, 3, 2))
        second.children = [session.get_one(Person, town.mine.child.id)]
        session.add(second)
        session.flush()
        session.add(Risk(plan_id=second.id, position=1, harm="neglect", description="left alone at night"))
    sign_in(client, town, town.duty)
    said = block(client.get(f"/console/e/{number}").text)
    assert "left alone at night" in said and "a visit is missed" in said
    assert "Plan 1" in said and "Plan 2" in said and town.mine.child.first_name in said


def test_on_the_conversations_page_it_stands_while_an_alarm_is_not_closed(client: TestClient, town: Town) -> None:
    page = f"/console/conversations/{town.mine.conversation.id}"
    sign_in(client, town, town.manager)
    assert 'data-live="summary"' not in client.get(page).text
    lived(town)
    assert "police check" in block(client.get(page).text)


def test_who_was_only_told_of_it_sees_no_people_and_no_plan(client: TestClient, town: Town) -> None:
    """Lena is told of a family that is not hers."""
    town.message(town.other.conversation, "please somebody")
    number = town.escalation(town.other)
    with transaction() as session:
        told = Notification(escalation_id=number, rung=9, role="team", worker_id=town.worker.id, at=clock.now())
        session.add(told)
    sign_in(client, town, town.worker)
    page = client.get(f"/console/e/{number}").text
    shown = block(page)
    assert "please somebody" in shown and "not yours to see" in shown
    for words in ("Birch risk", "Birch contingency", "Birchchild", "Birch rooms"):
        assert words not in page
    with transaction() as session:
        service.resolve(session, number, town.manager, "safe")
    assert "please somebody" not in block(client.get(f"/console/e/{number}").text), "closed: it is not theirs to read"
    with reading() as session:
        assert session.scalars(select(AuditEntry).filter_by(verb="viewed_summary")).all() == []


def test_of_somebody_unknown_it_says_that_nobody_knows_who_it_is(client: TestClient, town: Town) -> None:
    _, conversation_id = town.chatting()
    with transaction() as session:
        there = session.get_one(Conversation, conversation_id)
        number = service.open_escalation(
            session, conversation=there, message=None, kind="contact", priority="urgent", words="help"
        ).id
    sign_in(client, town, town.manager)
    assert "Nobody knows who this is" in block(client.get(f"/console/e/{number}").text)


def test_it_takes_few_statements_however_much_there_is(database: Engine, session: Session, town: Town) -> None:
    number = lived(town)
    for n in range(30):
        town.message(town.mine.conversation, f"message {n}")
    clock.move(timedelta(minutes=1))
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    escalation = session.get_one(Escalation, number)
    event.listen(database, "before_cursor_execute", note)
    made = summary.of(session, town.manager, escalation)
    event.remove(database, "before_cursor_execute", note)
    assert len(made.said) == summary.MOST_SAID and made.said[-1].words == "message 29"
    assert len(seen) <= 14
