"""A worker's text that the worker did not write: what a forged sender gets done, and how the real worker undoes it."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from api.access.models import Worker
from api.audit.models import AuditEntry
from api.database import reading
from api.escalations.models import Escalation, Notification
from api.messages import inbox
from api.messages.models import OutboundMessage
from tests.escalations.test_links import state
from tests.small_town import Town


def texts(sender: str, body: str) -> None:
    inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=sender, body=body)


def answers(worker: Worker) -> list[str]:
    """What came back to the real worker's phone."""
    with reading() as session:
        query = select(OutboundMessage).where(
            OutboundMessage.address == worker.phone, OutboundMessage.in_reply_to.is_not(None)
        )
        return [one.body for one in session.scalars(query.order_by(OutboundMessage.seq))]


def test_a_forged_acknowledgement_is_answered_to_the_real_worker_who_has_others_told_at_once(town: Town) -> None:
    number = town.escalation(town.mine, words="he has a knife")
    texts(town.duty.phone or "", f"ACK {number}")
    assert state(number) == ("acknowledged", town.duty.id, "sms"), "caller id cannot prevent it"
    (said,) = answers(town.duty)
    assert f"{number} is yours" in said and "knife" not in said and "Ash" not in said
    with reading() as session:
        entry = session.scalars(select(AuditEntry).filter_by(verb="acknowledged_escalation")).one()
        assert (entry.actor_id, entry.detail) == (town.duty.id, {"via": "sms"})
        to_family = select(OutboundMessage).filter_by(conversation_id=town.mine.conversation.id, kind="family")
        assert session.scalars(to_family).all() == [], "after danger nothing by text but a promised call"
    texts(town.duty.phone or "", f"HANDOVER {number}")
    assert state(number)[0] == "open"
    with reading() as session:
        handed = session.scalars(select(Notification).filter_by(escalation_id=number, role="handover")).all()
        assert handed and all(one.worker_id != town.duty.id and not one.problem for one in handed)


def test_one_forged_text_closes_nothing_that_nobody_has(town: Town) -> None:
    number = town.escalation(town.mine)
    texts(town.duty.phone or "", f"CLOSE {number} false alarm")
    assert state(number)[0] == "open" and len(answers(town.duty)) == 1


def test_a_forged_sender_reaches_no_further_than_the_worker_does(town: Town) -> None:
    number = town.escalation(town.mine, words="he has a knife")
    for sender, body in (
        (town.far_manager.phone, f"ACK {number}"),  # another agency's
        (town.duty.phone, f"ACK {number + 500}"),
        (town.duty.phone, "ACK 99999999999999"),
        ("+447700900998", f"ACK {number}"),  # nobody's
        (town.other.conversation.address, f"ACK {number}"),  # a family's
    ):
        texts(sender or "", body)
    assert state(number)[0] == "open"
    for worker in (town.duty, town.far_manager):
        assert all("knife" not in said and "Ash" not in said for said in answers(worker)) and answers(worker)
    with reading() as session:
        assert len(session.scalars(select(Escalation).filter_by(state="acknowledged")).all()) == 0
