"""Whoever reports done what a paper shows may send a photo of it: offered once, on a phone of their own."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.evidence import asking
from api.evidence.models import UploadLink
from api.messages.models import Conversation
from api.plans.models import PlanAction
from tests.assistant.conftest import Talk
from tests.assistant.test_door_turns import kept, person, share

Phone = Callable[[str], Talk]
DONE = "ive registered with the doctors"
OFFER = "2 Send a photo of it"


def links() -> list[UploadLink]:
    with reading() as session:
        return list(session.scalars(select(UploadLink).order_by(UploadLink.created_at)))


def measured(words: str, kind: str = "") -> None:
    """How everybody will know that Kelly has registered with a doctor."""
    with transaction() as session:
        action = session.scalars(select(PlanAction).where(PlanAction.external_id == "gp")).one()
        action.measure, action.evidence, action.kind = words, "", kind


def test_what_a_letter_shows_is_read_back_with_an_offer_and_the_link_comes_when_they_want_it(talk: Phone) -> None:
    kelly = talk("kelly")
    reply = kelly.says(DONE, "report_action_done")
    assert reply.endswith(f"1 Undo\n{OFFER}") and links() == []
    answer = kelly.says("2")
    found = re.search(r"Please send your photo or document by this link\..*/u/([A-Za-z0-9_-]{43})$", answer)
    assert found, answer
    (link,) = links()
    with reading() as session:
        action = session.get_one(PlanAction, link.action_id)
        entry = session.scalars(select(AuditEntry).filter_by(verb="wished_to_send_evidence")).one()
        state = session.get_one(Conversation, kelly.conversation_id).state
    assert (action.external_id, link.person_id, link.asked_by) == ("gp", person("kelly").id, None)
    assert (entry.actor_id, entry.object_id) == (person("kelly").id, str(link.id))
    assert found[1] not in str(state) and kept().count(found[1]) == 1, "in the text to them, and nowhere else"


@pytest.mark.parametrize(
    ("measure", "kind", "offered"),
    [("Seen at a visit", "", False), ("", "medical", False), ("", "parenting", True), ("El certificado", "", True)],
    ids=["visit", "nothing", "course", "spanish"],
)
def test_it_is_offered_only_where_something_could_be_photographed(
    talk: Phone, measure: str, kind: str, offered: bool
) -> None:
    measured(measure, kind)
    assert (OFFER in talk("kelly").says(DONE, "report_action_done")) is offered


def test_it_is_offered_once(talk: Phone) -> None:
    kelly = talk("kelly")
    assert OFFER in kelly.says(DONE, "report_action_done")
    assert "taken that back" in kelly.says("1")
    assert OFFER not in kelly.says(DONE, "report_action_done")


def test_nobody_is_offered_one_who_was_asked_for_it(talk: Phone) -> None:
    with transaction() as session:
        action = session.scalars(select(PlanAction).where(PlanAction.external_id == "gp")).one()
        session.add(
            UploadLink(
                person_id=person("kelly").id, action_id=action.id, token_hash="x",
                created_at=action.plan.started_on, expires_at=action.plan.started_on,
            )
        )  # fmt: skip
    assert OFFER not in talk("kelly").says(DONE, "report_action_done")


def test_on_a_phone_that_others_read_none_is_offered_and_none_is_sent(talk: Phone) -> None:
    kelly = talk("kelly")
    assert OFFER in kelly.says(DONE, "report_action_done")
    share("kelly", "sarah")
    with transaction() as session:
        conversation = session.get_one(Conversation, kelly.conversation_id)
        action = session.scalars(select(PlanAction).where(PlanAction.external_id == "gp")).one()
        assert not asking.may_offer(session, person("kelly"), conversation, action.id)
    assert "/u/" not in kelly.says("2") and links() == []
