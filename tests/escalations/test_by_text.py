"""ACK, HANDOVER and CLOSE by text: what they do, what they answer, and what they must not do."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.database import transaction
from api.escalations import service
from api.escalations.jobs import climb
from api.escalations.models import Escalation, EscalationEvent, Notification, RotaChange, Shift
from api.messages import inbox
from api.messages.models import OutboundMessage
from tests.small_town import Town


def texts_to(session: Session, worker: Worker) -> list[str]:
    session.expire_all()
    query = select(OutboundMessage).filter_by(address=worker.phone).order_by(OutboundMessage.seq)
    return [message.body for message in session.scalars(query)]


def says(session: Session, worker: Worker, body: str) -> str:
    """The worker texts; returns the answer."""
    assert worker.phone
    inbox.accept(channel="sms", external_id=uuid.uuid4().hex, address=worker.phone, body=body)
    return texts_to(session, worker)[-1]


def one(session: Session, number: int) -> Escalation:
    session.expire_all()
    return session.get_one(Escalation, number)


def life(session: Session, number: int) -> list[str]:
    session.expire_all()
    query = select(EscalationEvent.kind).filter_by(escalation_id=number).order_by(EscalationEvent.at)
    return list(session.scalars(query))


def test_the_first_has_it_and_the_second_hears_who(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    assert f"{number} is yours" in says(session, town.duty, f"ack {number}")
    assert says(session, town.worker, f"ACK {number}") == f"{number} was taken before you, by Dora Worker."
    assert f"{number} is yours" in says(session, town.duty, f"ACK {number}"), "again, oneself"
    assert one(session, number).acknowledged_by == town.duty.id


def test_two_who_acknowledge_in_the_same_moment_are_one_first_and_one_second(session: Session, town: Town) -> None:
    for _ in range(5):
        number = town.escalation(town.mine)
        ready = threading.Barrier(2)
        firsts: list[bool] = []

        def acknowledge(worker: Worker, number: int = number, ready: threading.Barrier = ready) -> None:
            with transaction() as acting:
                ready.wait(10)
                firsts.append(service.acknowledge(acting, number, worker, via="sms").first)  # noqa: B023

        threads = [threading.Thread(target=acknowledge, args=(worker,)) for worker in (town.worker, town.duty)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(firsts) == [False, True]
        assert life(session, number).count("acknowledged") == 1
        with transaction() as acting:
            service.resolve(acting, number, town.duty, "seen to")


def test_what_a_worker_may_not_see_cannot_be_taken_handed_over_or_closed(session: Session, town: Town) -> None:
    number = town.escalation(town.other, priority="urgent")  # nobody told Lena, and the family is not hers
    for body in (f"ACK {number}", f"HANDOVER {number}", f"CLOSE {number} done"):
        assert says(session, town.worker, body).startswith(f"There is no {number}")
        assert says(session, town.far_manager, body).startswith(f"There is no {number}")
    assert one(session, number).state == "open"


def test_closing_needs_a_reason_and_says_so(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    assert f"ACK {number}" in says(session, town.worker, f"CLOSE {number} all fine"), "take it first"
    says(session, town.worker, f"ACK {number}")
    assert f"CLOSE {number}" in says(session, town.worker, f"CLOSE {number}")
    assert one(session, number).state == "acknowledged"
    assert says(session, town.worker, f"CLOSE {number} false alarm, it was the radio").startswith(f"{number} is closed")
    closed = one(session, number)
    assert (closed.outcome, closed.outcome_kind) == ("false alarm, it was the radio", "false_alarm")
    assert says(session, town.duty, f"CLOSE {number} me too") == f"{number} was closed before, by Lena Worker."
    assert says(session, town.duty, f"ACK {number}") == f"{number} was closed before, by Lena Worker."


def test_a_mistyped_number_does_not_close_a_colleagues(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    says(session, town.worker, f"ACK {number}")
    assert says(session, town.duty, f"CLOSE {number} rang, all well").startswith(f"{number} is with Lena Worker")
    assert one(session, number).state == "acknowledged"
    assert "is closed" in says(session, town.manager, f"CLOSE {number} spoke with Lena, all well")


def test_a_handover_goes_to_the_next_on_duty_who_is_told_at_once_and_the_ladder_waits_for_them(
    session: Session, town: Town
) -> None:
    number = town.escalation(town.mine)
    says(session, town.worker, f"ACK {number}")
    before = len(texts_to(session, town.duty))
    assert says(session, town.worker, f"HANDOVER {number}").startswith("Dora Worker has been told")
    (told,) = texts_to(session, town.duty)[before:]
    assert told.startswith(f"Lena Worker hands {number} over to you. Reply ACK {number} or open http://testserver/a/")
    escalation = one(session, number)
    assert (escalation.state, escalation.acknowledged_by) == ("open", None)
    assert escalation.next_rung_at is not None and escalation.next_rung_at > clock.now()
    assert climb() == 0
    assert "is yours" in says(session, town.duty, f"ACK {number}")
    assert life(session, number) == ["opened", "acknowledged", "handed_over", "acknowledged"]


def test_a_handover_that_nobody_takes_goes_up_the_ladder_again(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    says(session, town.worker, f"ACK {number}")
    says(session, town.worker, f"HANDOVER {number}")
    clock.move(timedelta(minutes=3))
    assert climb() == 1
    last = session.scalars(
        select(Notification).filter_by(escalation_id=number).order_by(Notification.rung.desc())
    ).all()
    newest = [told.role for told in last if told.rung == last[0].rung]
    assert sorted(newest) == ["duty", "lead"], "from the top"


def test_a_handover_to_a_name_must_mean_one_person_who_can_take_it(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    says(session, town.worker, f"ACK {number}")
    assert "Dora Worker, Mona Worker" in says(session, town.worker, f"HANDOVER {number} worker")
    assert "nobody like that" in says(session, town.worker, f"HANDOVER {number} Zoe")
    with transaction() as changing:
        now = clock.now()
        changing.add(
            RotaChange(
                agency_id=town.agency.id, kind="leave", worker_id=town.manager.id, starts_at=now - timedelta(hours=1),
                ends_at=now + timedelta(days=3), made_at=now,
            )
        )  # fmt: skip
    assert "Mona Worker is away" in says(session, town.worker, f"HANDOVER {number} mona")
    with transaction() as changing:
        changing.execute(update(Worker).where(Worker.id == town.manager.id).values(phone=None))
        changing.execute(update(RotaChange).values(cancelled_at=clock.now()))
    assert "no phone" in says(session, town.worker, f"HANDOVER {number} mona")
    assert one(session, number).acknowledged_by == town.worker.id, "still hers"
    assert says(session, town.worker, f"HANDOVER {number} to dora").startswith("Dora Worker has been told")


def test_nobody_hands_over_what_somebody_else_has(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    says(session, town.worker, f"ACK {number}")
    assert says(session, town.duty, f"HANDOVER {number}").startswith(f"{number} is with Lena Worker")
    assert "has been told" in says(session, town.manager, f"HANDOVER {number} Dora"), "a manager may"


def test_with_nobody_on_duty_a_handover_asks_for_a_name(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    says(session, town.worker, f"ACK {number}")
    with transaction() as changing:
        changing.execute(update(Shift).values(ends_at=clock.now() - timedelta(minutes=1)))
    assert "was not handed over" in says(session, town.worker, f"HANDOVER {number}")
    assert one(session, number).state == "acknowledged"


def test_an_escalation_whose_worker_has_left_is_open_again_and_climbs(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    says(session, town.worker, f"ACK {number}")
    before = len(texts_to(session, town.duty))
    with transaction() as changing:
        changing.execute(update(Worker).where(Worker.id == town.worker.id).values(active=False))
    climb()
    assert one(session, number).state == "open"
    assert len(texts_to(session, town.duty)) == before + 1
    assert life(session, number)[-1] == "left"
    assert says(session, town.duty, f"ACK {number}").startswith(f"{number} is yours")


@pytest.mark.parametrize("body", ["hello", "ACK", "what is this about", "CLOSE"])
def test_anything_else_gets_the_instruction(session: Session, town: Town, body: str) -> None:
    assert "HANDOVER 12" in says(session, town.worker, body)
