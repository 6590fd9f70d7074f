"""False alarms written out for a person to review."""

from __future__ import annotations

import json
import stat
import uuid
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api import clock
from api.audit.models import AuditEntry
from api.cli import app
from api.database import transaction
from api.escalations import service, times
from api.escalations.models import Escalation
from api.messages import danger, inbox
from api.messages.models import Conversation, InboundMessage
from api.safety.screen import Verdict
from tests.small_town import Town

DANGER = "help he has got a knife and he is going to kill us"


def test_only_what_was_called_a_false_alarm_is_in_the_file_and_only_its_owner_reads_it(
    session: Session, town: Town, tmp_path: Path
) -> None:
    for household, outcome in ((town.mine, "False alarm: a line of a song"), (town.other, "police are there")):
        inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=household.conversation.address, body=DANGER)
        inbox.accept(
            channel="sms", external_id=uuid.uuid4().hex, address=household.conversation.address, body="sorry, hello"
        )
        number = session.scalars(select(Escalation.id).order_by(Escalation.id.desc())).first()
        assert number
        session.rollback()
        with transaction() as acting:
            service.resolve(acting, number, town.duty, outcome)
    out = tmp_path / "review.jsonl"
    said = CliRunner().invoke(app, ["false-alarms", str(out)])
    assert said.exit_code == 0, said.output
    (line,) = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert (line["text"], line["kind"], line["said"]["kind"]) == (DANGER, "none", "immediate_danger")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "exported_false_alarms" in set(session.scalars(select(AuditEntry.verb)))
    again = CliRunner().invoke(app, ["false-alarms", str(out)])
    assert again.exit_code == 1 and "cannot be written" in again.stderr


def test_what_the_understanding_raised_is_in_it_and_of_several_messages_none_is_called_false(
    session: Session, town: Town
) -> None:
    with transaction() as acting:
        conversation = acting.get_one(Conversation, town.mine.conversation.id)
        message = InboundMessage(
            conversation_id=conversation.id, channel="sms", external_id="one", body="i cant go on with the form",
            received_at=clock.now(), state="answered",
        )  # fmt: skip
        acting.add(message)
        acting.flush()
        danger.respond(acting, conversation, message, Verdict("self_harm", "urgent", ["understanding.self_harm"]))
        number = acting.scalars(select(Escalation.id)).one()
        service.resolve(acting, number, town.duty, "False alarm: about a form")
    (line,) = list(times.false_alarms(session))
    assert (line["kind"], line["raised_by"], line["said"]["kind"]) == ("none", "understanding", "self_harm")
    session.rollback()

    for body in (DANGER, "please come quick he is hitting me"):
        inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=town.other.conversation.address, body=body)
    second = session.scalars(select(Escalation.id).order_by(Escalation.id.desc())).first()
    session.rollback()
    with transaction() as acting:
        service.acknowledge(acting, second or 0, town.duty, via="sms")
        service.resolve(acting, second or 0, town.duty, "False alarm")
    two = [line for line in times.false_alarms(session) if line["reference"] == second]
    assert [line["kind"] for line in two] == ["unsure", "unsure"]


def test_a_message_that_two_escalations_cover_is_in_it_once_with_its_own(session: Session, town: Town) -> None:
    address = town.mine.conversation.address
    first = "please come quick he is hitting me"
    for body in (first, DANGER):  # within a minute: the first escalation is closed when the second comes
        inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=address, body=body)
        number = session.scalars(select(Escalation.id).order_by(Escalation.id.desc())).first() or 0
        session.rollback()
        with transaction() as acting:
            service.resolve(acting, number, town.duty, "False alarm: a play at school")
    found = [(line["text"], line["kind"], line["reference"]) for line in times.false_alarms(session)]
    assert [one[:2] for one in found] == [(first, "none"), (DANGER, "none")]
    assert found[0][2] == found[1][2] - 1

    session.rollback()
    with transaction() as acting:
        acting.get_one(Escalation, found[0][2]).outcome_kind = "helped"
    assert [line["text"] for line in times.false_alarms(session)] == [DANGER], "what the first raised was real"


def test_workers_say_of_each_message_whether_its_alarm_was_false(
    session: Session, town: Town, client: TestClient
) -> None:
    bodies = (DANGER, "please come quick he is hitting me", "im going to kill myself laughing")
    for body in bodies:
        inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=town.mine.conversation.address, body=body)
    ids = session.scalars(
        select(InboundMessage.id).where(InboundMessage.safety_kind != "none").order_by(InboundMessage.seq)
    ).all()
    session.rollback()
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    thread = f"/console/conversations/{town.mine.conversation.id}"
    assert client.get(thread).text.count("It raised an alarm.") == len(ids) >= 2
    for message, was in zip(ids, ("real", "false"), strict=False):
        client.post(f"{thread}/messages/{message}/alarm", data=town.form(cookies, was=was))
    client.post(f"{thread}/messages/{ids[0]}/alarm", data=town.form(cookies, was="nonsense"))
    page = client.get(thread).text
    assert "A false alarm, a colleague says." in page and "A real alarm, a colleague says." in page
    found = [(line["text"], line["kind"]) for line in times.false_alarms(session)]
    assert found == [(bodies[1], "none")], "while the escalation goes on, and whatever is said of it as a whole"
