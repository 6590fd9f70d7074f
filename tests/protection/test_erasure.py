"""Erasing one person: no word, number or name of theirs is left, what happened stays, and others keep theirs."""

from __future__ import annotations

import copy
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from api import clock
from api.access import answers
from api.access.models import Opening
from api.audit.models import AuditEntry
from api.cli import app
from api.database import transaction
from api.demo.models import DemoText
from api.escalations import service as escalations
from api.escalations.models import Escalation
from api.families import people, profile
from api.families.models import ContactPoint, Family, Person
from api.imports.service import import_file
from api.jurisdiction.phones import local_number
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.plans import history
from api.plans.models import Plan, PlanAction, PlanVersion
from api.protection import erasure
from api.settings import DATA
from api.tables import metadata
from api.timescales.models import CaseEvent
from api.views.models import StatedView
from tests.harness.words import opened
from tests.small_town import Household, Town

YESTERDAY = timedelta(days=1)


def run(who: object, *more: str, reason: str = "request 4711") -> Result:
    return CliRunner().invoke(app, ["erase-person", str(who), "--reason", reason, *more])


def end_plan(household: Household) -> None:
    with transaction() as session:
        session.execute(update(Plan).where(Plan.id == household.plan.id).values(ended_on=date(2026, 1, 31)))


def everything(session: Session, *leave: str) -> str:
    """Every row of every table, as text."""
    session.rollback()
    return "\n".join(
        str(opened(json.loads(row)))
        for name in metadata.tables
        if name not in (*leave, "data_keys")  # a command notes its key before it does anything
        for row in session.connection().exec_driver_sql(f'SELECT to_jsonb(t)::text FROM "{name}" t').scalars()
    )


def lived(session: Session, town: Town) -> int:
    """A life with the service behind her, all settled: returns the escalation's number."""
    mine = town.mine
    town.message(mine.conversation, "he broke the bathroom door")
    number = town.escalation(mine, "he broke the bathroom door")
    with transaction() as writing:
        escalations.resolve(writing, number, town.duty, "Spoke with Ashparent Ash, safe at her mother's")
        person = writing.get_one(Person, mine.parent.id)
        person.code_word, person.phone_seen_by = "pineapple", "her husband"
        person.door_words, person.door_hashes = ["Who taught you to swim?"], ["canary of an answer"]
        writing.add(DemoText(sid="SM1", at=clock.now(), sender=mine.conversation.address, recipient="x", body="door"))
        writing.add(
            OutboundMessage(
                conversation_id=mine.conversation.id,
                channel="sms",
                address=mine.conversation.address,
                kind="family",
                body="your meeting with the bathroom people",
                created_at=clock.now(),
                due_at=clock.now() + YESTERDAY,
            )
        )
        writing.add(
            StatedView(
                family_id=mine.family.id,
                person_id=mine.parent.id,
                external_id="v",
                given_on=date(2026, 1, 1),
                words="I want quiet evenings",
                recorded_at=clock.now(),
            )
        )
        writing.add(
            CaseEvent(
                family_id=mine.family.id,
                external_id="visit",
                kind="home_visit",
                day=date(2026, 1, 3),
                note="Ashparent was calm",
                recorded_at=clock.now(),
            )
        )
        plan = writing.get_one(Plan, mine.plan.id)
        plan.contingency = "If Ashparent Ash is ill, her mother comes"
        writing.flush()
        writing.add(
            PlanVersion(
                plan_id=plan.id,
                number=1,
                made_at=clock.now(),
                changes=[],
                content=copy.deepcopy(history.content_of(plan)),
            )
        )
    end_plan(mine)
    return number


def test_no_word_number_or_name_is_left_and_what_happened_stays(session: Session, town: Town) -> None:
    number = lived(session, town)
    address = town.mine.conversation.address
    claimed = answers.claim(town.worker.id, "key", "asked")
    answers.keep(claimed, 201, '{"first_name": "Ashparent"}')
    now = clock.now()
    session.add(
        Opening(
            family_id=town.mine.family.id,
            worker_id=town.duty.id,
            reason="Ashparent rang the office twice",
            opened_at=now,
            ends_at=now,
        )
    )
    session.commit()
    before = session.get_one(Escalation, number)
    times = (before.priority, before.opened_at, before.resolved_at)
    said = run(town.mine.parent.id, "--yes")
    assert said.exit_code == 0, said.output
    left = everything(session)
    for word in (
        "bathroom", address, "Ashparent", "pineapple", "husband", "swim", "canary of an", "quiet evenings",
        "Ash cannot come", "Ash done it",
    ):  # fmt: skip
        assert word not in left, word
    session.expire_all()
    kept = session.get_one(Escalation, number)
    assert (kept.priority, kept.opened_at, kept.resolved_at) == times and kept.state == "resolved"
    assert kept.outcome == "Spoke with Erased person, safe at her mother's"
    assert session.get_one(Plan, town.mine.plan.id).contingency == "If Erased person is ill, her mother comes"
    (message,) = session.scalars(select(InboundMessage).filter_by(conversation_id=town.mine.conversation.id))
    assert message.body == "" and message.state == "answered" and message.received_at
    waiting = session.scalars(select(OutboundMessage).filter_by(kind="family")).one()
    assert waiting.state == "cancelled" and waiting.body == ""
    views = session.scalars(select(StatedView).filter_by(person_id=town.mine.parent.id)).all()
    assert date(2026, 1, 1) in [view.given_on for view in views] and {view.words for view in views} == {""}
    person = session.get_one(Person, town.mine.parent.id)
    assert person.first_name == "Erased person" and person.erased_at and person.kind == "parent"
    assert session.scalars(select(Opening.reason)).one() == "Erased person rang the office twice"
    again = answers.claim(town.worker.id, "key", "asked")
    assert (again.kind, again.status, again.body) == ("same", 201, ""), "emptied, and still nothing is done twice"
    entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "erased_person")).one()
    assert entry.detail["reason"] == "request 4711" and entry.detail["messages"] == 2


def test_the_names_and_profiles_that_were_theirs_before_go_and_a_relatives_stay(session: Session, town: Town) -> None:
    mine = town.mine
    with transaction() as writing:
        for person, name in ((mine.parent, "Marigold"), (mine.child, "Primrose")):
            known = writing.get_one(Person, person.id)
            people.correct(writing, known, {"first_name": name}, town.worker, clock.now().date())
            people.correct(writing, known, {"first_name": person.first_name}, town.worker, clock.now().date())
        seen = {"phone_seen_by": "her husband"}
        who = {"actor_kind": "worker", "actor_id": town.worker.id, "now": clock.now()}
        profile.change(writing, writing.get_one(Person, mine.parent.id), seen, **who)
        profile.change(writing, writing.get_one(Person, mine.parent.id), {"phone_seen_by": ""}, **who)
    assert "Marigold" in everything(session) and "her husband" in everything(session)
    end_plan(mine)
    answer = run(mine.parent.id, "--yes")
    assert answer.exit_code == 0 and "earlier profiles: 4" in answer.output, answer.output
    left = everything(session)
    assert "Marigold" not in left and "her husband" not in left and "Primrose" in left


def test_nobody_elses_is_touched(session: Session, town: Town) -> None:
    lived(session, town)
    town.message(town.other.conversation, "the other family's words")
    assert run(town.mine.parent.id, "--yes").exit_code == 0
    left = everything(session)
    for word in (
        "the other family's words",
        town.other.conversation.address,
        "Birchparent",
        "Birch course",
        "Ashchild",
    ):
        assert word in left, word


def test_twice_is_harmless_and_the_second_time_says_so(session: Session, town: Town) -> None:
    lived(session, town)
    assert run(town.mine.parent.id, "--yes").exit_code == 0
    once = everything(session)
    again = run(town.mine.parent.id, "--yes")
    assert again.exit_code == 0 and "Nothing of theirs is left" in again.stdout
    assert everything(session) == once


def test_without_yes_it_says_what_would_happen_and_changes_nothing(session: Session, town: Town) -> None:
    lived(session, town)
    before = everything(session)
    said = run("Ash/parent")
    assert said.exit_code == 1 and "--yes" in said.stderr and "messages: 2" in said.stdout
    assert everything(session) == before


def test_it_is_refused_while_somebody_works_with_them(session: Session, town: Town) -> None:
    mine = town.mine
    before = everything(session)
    said = run(mine.parent.id, "--yes")
    assert said.exit_code == 1 and "a plan that has not ended" in said.stderr
    assert everything(session) == before
    end_plan(mine)
    number = town.escalation(mine)
    said = run(mine.parent.id, "--yes")
    assert said.exit_code == 1 and f"not closed: {number}" in said.stderr
    with transaction() as writing:
        escalations.resolve(writing, number, town.duty, "rang her")
    town.message(mine.conversation, "hello?", state="unanswered")
    said = run(mine.parent.id, "--yes")
    assert said.exit_code == 1 and "wait for an answer" in said.stderr
    with transaction() as writing:
        writing.execute(update(InboundMessage).values(state="handled"))
        writing.execute(
            update(Conversation).where(Conversation.id == mine.conversation.id).values(taken_over_by=town.worker.id)
        )
    assert "taken over" in run(mine.parent.id, "--yes").stderr
    with transaction() as writing:
        writing.execute(update(Conversation).values(taken_over_by=None))
    assert run(mine.parent.id, "--yes").exit_code == 0


@pytest.mark.parametrize("reason", ["", "   ", "Ashparent asked", "rang from 07700 900 100", "x" * 201])
def test_the_reason_is_a_reference_and_no_name_or_number(reason: str, town: Town) -> None:
    end_plan(town.mine)
    said = run(town.mine.parent.id, "--yes", reason=reason)
    assert said.exit_code == 1 and "--reason" in said.stderr


def test_a_shared_phones_texts_go_with_the_last_who_had_it(session: Session, town: Town) -> None:
    mine = town.mine
    end_plan(mine)
    town.message(mine.conversation, "whose words are these")
    with transaction() as writing:
        writing.add(ContactPoint(person_id=mine.child.id, channel="sms", address=mine.conversation.address))
        for table in (Family, Person):
            for one in writing.scalars(select(table)):
                one.said = '{"name": "4f1c"}'
    said = run(mine.parent.id, "--yes")
    assert said.exit_code == 0 and "1 conversations stay" in said.stdout
    assert "whose words are these" in everything(session)
    assert run(mine.child.id, "--yes").exit_code == 0
    left = everything(session)
    assert "whose words are these" not in left and mine.conversation.address not in left
    row = session.get_one(Family, mine.family.id)
    assert (row.name, row.said) == ("Erased person", "")
    assert {person.said for person in row.people} == {""}, "nor a digest of a name, which a guess would find"


def test_the_number_is_a_strangers_afterwards(session: Session, town: Town) -> None:
    from api.messages import inbox

    lived(session, town)
    address = town.mine.conversation.address
    assert run(town.mine.parent.id, "--yes").exit_code == 0
    accepted = inbox.accept(channel="sms", external_id="again", address=address, body="when is my meeting")
    conversation = session.get_one(Conversation, accepted.conversation_id)
    assert conversation.person_id is None and conversation.id != town.mine.conversation.id


def test_the_consoles_pages_show_what_is_left(client: TestClient, session: Session, town: Town) -> None:
    lived(session, town)
    address = town.mine.conversation.address
    assert run(town.mine.parent.id, "--yes").exit_code == 0
    cookies = town.signed_in(town.manager)
    for path in (
        f"families/{town.mine.family.id}",
        f"conversations/{town.mine.conversation.id}",
        f"people/{town.mine.parent.id}/contact",
        "",
    ):
        page = client.get(f"/console/{path}".rstrip("/"), cookies=cookies)
        assert page.status_code == 200, path
        assert "Ashparent" not in page.text and local_number(address, "GB") not in page.text
    assert "Erased person" in client.get(f"/console/families/{town.mine.family.id}", cookies=cookies).text


def test_an_import_brings_nobody_back(session: Session, database: object, tmp_path: Path) -> None:
    import_file(DATA / "demo" / "families.json")
    person = session.scalars(select(Person).join(ContactPoint).where(ContactPoint.address == "+447700900101")).one()
    name, person_id, family_id = person.first_name, person.id, person.family_id
    session.execute(update(Plan).where(Plan.family_id == family_id).values(ended_on=date(2026, 1, 31)))
    session.execute(update(Escalation).values(state="resolved"))
    session.commit()
    assert run(person_id, "--yes").exit_code == 0
    report: Any = import_file(DATA / "demo" / "families.json")
    assert "was erased here and stays so" in str(report)
    session.expire_all()
    assert session.get_one(Person, person_id).first_name == "Erased person"
    assert session.scalars(select(Person).where(Person.family_id == family_id, Person.first_name == name)).all() == []
    addresses = session.scalars(select(ContactPoint.address).where(ContactPoint.person_id == person_id)).all()
    assert addresses and all(one.startswith("erased:") for one in addresses)
    assert session.scalar(select(func.count()).select_from(PlanAction))
    assert json.dumps(session.scalars(select(AuditEntry.detail)).all()).count("+4477") == 0


def test_every_table_that_names_a_person_is_treated() -> None:
    """A new table needs its line in erasure.TREATED, what it says done there, and its part in person_file."""
    naming = {
        table.name
        for table in metadata.tables.values()
        if any(key.column.table.name == "people" for key in table.foreign_keys)
    }
    assert naming - set(erasure.TREATED) == set()
    assert set(erasure.TREATED) - naming == {"people"}
