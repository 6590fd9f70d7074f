"""What happened while a worker had a conversation: shown before it is handed back, kept beside the note, and counted
from what is recorded, so that nothing in it is invented."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api import clock
from api.audit import service as audit
from api.database import reading, transaction
from api.escalations import service as escalations
from api.escalations.models import Escalation
from api.families import profile
from api.families.models import Person
from api.messages import handback, takeovers
from api.messages.models import Conversation, HandoverNote, InboundMessage, OutboundMessage
from api.plans.models import Plan
from api.protection import erasure
from tests.console.test_conversations import place, sign_in
from tests.small_town import Town

NOTE = "She rings her sister tonight"


def had(town: Town) -> int:
    """Mona takes the conversation over; the family writes twice; she and Lena answer, once in vain; one action is
    verified and the profile changed; one call for help is closed and another is not. Returns the number of the open
    one."""
    with transaction() as session:
        there = session.get_one(Conversation, town.mine.conversation.id)
        takeovers.take_over(session, there, town.manager)
    clock.move(timedelta(minutes=5))
    town.message(town.mine.conversation, "thank you for the knife thing", "recorded")
    town.message(town.mine.conversation, "are you there", "recorded", "flag.taken_over")
    for worker, state in ((town.manager, "delivered"), (town.worker, "delivered"), (town.manager, "failed")):
        with transaction() as session:
            session.add(
                OutboundMessage(
                    conversation_id=town.mine.conversation.id, channel="sms", address="+447700900100", kind="family",
                    body="I hear you", written_by=worker.id, state=state, created_at=clock.now(), due_at=clock.now(),
                )
            )  # fmt: skip
    with transaction() as session:
        parent = session.get_one(Person, town.mine.parent.id)
        changes = {"wording": "plain"}
        profile.change(session, parent, changes, actor_kind="worker", actor_id=town.manager.id, now=clock.now())
        for _ in range(2):
            _audit(town, session, "verified_action")
        _audit(town, session, "viewed_family")
    closed = town.escalation(town.mine)
    with transaction() as session:
        escalations.resolve(session, closed, town.manager, "spoke")
    return town.escalation(town.mine)


def _audit(town: Town, session: object, verb: str) -> None:
    audit.record(
        session,  # type: ignore[arg-type]
        actor_kind="worker", actor_id=town.worker.id, verb=verb, family_id=town.mine.family.id, object_id="x",
    )  # fmt: skip


EXPECTED = (
    "Lena Worker, Mona Worker had this conversation from",
    "Messages: 2 from them, 2 from workers.",
    "Not known to have arrived: 1.",
    "Mona Worker: changed how it is safe to write",
    "Lena Worker: verified an action (2 times)",
    "Messages that wait for an answer: 1",
    "Actions reported as done, to verify: 1",
    "Requests for another time: 1",
)


def test_it_is_shown_before_handing_back_and_kept_beside_the_note(client: TestClient, town: Town) -> None:
    number = had(town)
    cookies = sign_in(client, town)
    page = place(town.mine)
    before = client.get(page).text
    for line in EXPECTED:
        assert line in before
    client.post(f"{page}/hand-back", data=town.form(cookies, note=NOTE))
    clock.move(timedelta(hours=1))
    with transaction() as session:
        escalations.resolve(session, number, town.manager, "seen to", seen=_version(number))
    after = client.get(page).text
    assert NOTE in after and f"#{number}" in after.partition("Escalations still open:")[2][:80], "as it was then"
    for line in EXPECTED:
        assert line in after
    assert "looked at the family" not in after.partition("Mona Worker: changed")[2]


def _version(number: int) -> int:
    with reading() as session:
        return session.get_one(Escalation, number).version


def test_what_was_before_it_and_in_another_family_is_no_part_of_it(client: TestClient, town: Town) -> None:
    town.message(town.mine.conversation, "before", "answered")
    with transaction() as session:
        _audit(town, session, "verified_action")
        there = session.get_one(Conversation, town.mine.conversation.id)
        clock.move(timedelta(minutes=1))
        takeovers.take_over(session, there, town.manager)
    clock.move(timedelta(minutes=1))
    town.message(town.other.conversation, "elsewhere", "answered")
    elsewhere = town.escalation(town.other)
    sign_in(client, town)
    shown = client.get(place(town.mine)).text
    assert "Messages: 0 from them, 0 from workers." in shown and "Nothing was changed on the family" in shown
    with reading() as session:
        kept = handback.facts(session, session.get_one(Conversation, town.mine.conversation.id), clock.now())
    assert elsewhere not in kept["opened"] + kept["still_open"] and kept["did"] == []


def test_it_holds_no_word_that_anybody_wrote_and_no_name(town: Town) -> None:
    had(town)
    with reading() as session:
        kept = handback.facts(session, session.get_one(Conversation, town.mine.conversation.id), clock.now())
    said = json.dumps(kept)
    for word in ("knife", "hear you", "spoke", "Ash", "Mona", "please ring"):
        assert word not in said


@pytest.mark.parametrize("note", ["", NOTE])
def test_it_is_kept_without_a_note_too_and_goes_with_the_persons_data(
    client: TestClient, town: Town, note: str
) -> None:
    number = had(town)
    cookies = sign_in(client, town)
    client.post(f"{place(town.mine)}/hand-back", data=town.form(cookies, note=note))
    with transaction() as session:
        escalations.resolve(session, number, town.manager, "seen to", seen=_version(number))
        session.execute(update(InboundMessage).values(state="answered"))
        plan = session.get_one(Plan, town.mine.plan.id)
        plan.ended_on = plan.started_on  # what is held is needed no more
    with reading() as session:
        one = session.scalars(select(HandoverNote)).one()
    assert (one.words, one.summary["came"], one.worker_id) == (note, 2, town.manager.id)
    assert ("No note was left." in client.get(place(town.mine)).text) is (note == "")
    erasure.erase(str(town.mine.parent.id), "they asked for it")
    with reading() as session:
        gone = session.scalars(select(HandoverNote)).one()
    assert (gone.words, gone.summary) == ("", {})


def test_nobody_has_it_so_there_is_nothing_to_tell(client: TestClient, town: Town) -> None:
    sign_in(client, town)
    assert "had this conversation" not in client.get(place(town.mine)).text
    with reading() as session:
        assert handback.facts(session, session.get_one(Conversation, town.mine.conversation.id), clock.now()) == {}
