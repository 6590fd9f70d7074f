"""At a shift's change: the numbers of what is still open, once, to who comes on duty."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.database import transaction
from api.escalations import changeover, service
from api.escalations.models import Escalation, RotaChange, Shift
from api.messages.models import OutboundMessage
from tests.harness.mail import FakeMail
from tests.small_town import Town

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def at_a_change(town: Town) -> None:
    """Dora's shift is over now, Lena's begins."""
    with transaction() as session:
        now = clock.now()
        session.execute(delete(Shift).where(Shift.role == "duty"))
        for worker, starts, ends in ((town.duty, -8, 0), (town.worker, 0, 8)):
            session.add(
                Shift(
                    agency_id=town.agency.id, worker_id=worker.id, role="duty",
                    starts_at=now + starts * HOUR, ends_at=now + ends * HOUR,
                )
            )  # fmt: skip


def said(session: Session, worker: Worker) -> list[str]:
    session.expire_all()
    query = select(OutboundMessage).filter_by(worker_id=worker.id, escalation_id=None).order_by(OutboundMessage.seq)
    return [one.body for one in session.scalars(query)]


def test_who_comes_on_duty_is_told_the_numbers_once_and_no_word_of_a_case(session: Session, town: Town) -> None:
    clock.move(-HOUR)
    waiting, taken, closed = (
        town.escalation(one, "he kicked the door in") for one in (town.mine, town.other, town.far)
    )
    with transaction() as acting:
        service.acknowledge(acting, taken, town.duty, via="console")
        service.resolve(acting, closed, town.far_manager, "seen to")
    clock.move(HOUR)
    assert changeover.tell_incoming() == 1
    (text,) = said(session, town.worker)
    assert f"Nobody has taken on: {waiting}." in text and f"off duty now: {taken}." in text and "/console" in text
    assert "door" not in text and "Ash" not in text and "Birch" not in text
    assert said(session, town.duty) == []
    for _ in range(3):
        clock.move(timedelta(minutes=1))
        assert changeover.tell_incoming() == 0
    assert len(said(session, town.worker)) == 1


@pytest.mark.parametrize("phone", ["+447700900811", None])
def test_it_comes_by_email_too_for_a_text_may_fail(
    phone: str | None, session: Session, town: Town, post: FakeMail
) -> None:
    number = town.escalation(town.mine)
    with transaction() as writing:
        writing.execute(update(Worker).values(phone=phone).where(Worker.id == town.worker.id))
    assert changeover.tell_incoming() == 1
    query = select(OutboundMessage).filter_by(worker_id=town.worker.id, escalation_id=None)
    told = {one.channel: one.body for one in session.scalars(query)}
    assert told.keys() == ({"sms", "email"} if phone else {"email"})
    assert all(f"Nobody has taken on: {number}." in words for words in told.values())


def test_where_nothing_is_open_nobody_is_disturbed(session: Session, town: Town) -> None:
    number = town.escalation(town.mine)
    with transaction() as acting:
        service.acknowledge(acting, number, town.manager, via="console")
    assert changeover.tell_incoming() == 0
    assert said(session, town.worker) == []


def test_who_was_on_duty_before_is_not_told_again_and_a_cover_is(session: Session, town: Town) -> None:
    town.escalation(town.mine)
    with transaction() as writing:
        writing.execute(update(Shift).values(worker_id=town.duty.id).where(Shift.worker_id == town.worker.id))
    assert changeover.tell_incoming() == 0
    now = clock.now()
    with transaction() as writing:
        writing.execute(update(Shift).values(told_at=None))
        writing.add(
            RotaChange(
                agency_id=town.agency.id, kind="cover", worker_id=town.worker.id, role="duty",
                instead_of=town.duty.id, starts_at=now - timedelta(seconds=1), ends_at=now + 8 * HOUR, made_at=now,
            )
        )  # fmt: skip
        writing.execute(update(Shift).where(Shift.ends_at > now).values(starts_at=now - timedelta(seconds=1)))
        writing.execute(update(Shift).where(Shift.ends_at <= now).values(ends_at=now - timedelta(seconds=1)))
    assert changeover.tell_incoming() == 1
    assert len(said(session, town.worker)) == 1 and said(session, town.duty) == []


def test_many_numbers_are_one_text(session: Session, town: Town) -> None:
    first = town.escalation(town.mine)
    with transaction() as writing:
        row = writing.get_one(Escalation, first)
        for _ in range(12):
            writing.add(
                Escalation(
                    agency_id=row.agency_id, kind="contact", priority="routine", words="x", reasons=[],
                    opened_at=clock.now(), next_rung_at=clock.now() + HOUR,
                )
            )  # fmt: skip
    assert changeover.tell_incoming() == 1
    (text,) = said(session, town.worker)
    assert "and 5 more" in text and len(text) < 306


def cover(town: Town, worker: Worker, after: timedelta, *, role: str = "duty", cancelled: bool = False) -> None:
    """This worker covers for eight hours, from so long after now."""
    with transaction() as writing:
        now = clock.now()
        writing.add(
            RotaChange(
                agency_id=town.agency.id, kind="cover", worker_id=worker.id, role=role,
                instead_of=None if worker is town.worker else town.worker.id, starts_at=now + after,
                ends_at=now + after + 8 * HOUR, made_at=now, cancelled_at=now if cancelled else None,
            )
        )  # fmt: skip


def test_who_comes_on_by_a_cover_in_the_middle_of_a_shift_is_told_once(session: Session, town: Town) -> None:
    changeover.tell_incoming()
    number = town.escalation(town.mine)
    cover(town, town.duty, 2 * HOUR)
    assert changeover.tell_incoming() == 0
    clock.move(2 * HOUR)
    assert changeover.tell_incoming() == 1
    (words,) = said(session, town.duty)
    assert f"Nobody has taken on: {number}." in words
    for _ in range(3):
        clock.move(timedelta(minutes=1))
        assert changeover.tell_incoming() == 0
    assert len(said(session, town.duty)) == 1 and said(session, town.worker) == []


def test_a_shift_and_a_cover_that_begin_together_are_told_together(session: Session, town: Town) -> None:
    town.escalation(town.mine)
    cover(town, town.manager, timedelta(0))
    assert changeover.tell_incoming() == 1, "Lena's shift is covered"
    assert changeover.tell_incoming() == 0
    assert len(said(session, town.manager)) == 1 and said(session, town.worker) == []


@pytest.mark.parametrize("which", ["the manager's rota", "taken back", "hours ago", "on duty before"])
def test_other_covers_tell_nobody(session: Session, town: Town, which: str) -> None:
    clock.move(timedelta(minutes=5))
    changeover.tell_incoming()
    town.escalation(town.mine)
    who = town.worker if which == "on duty before" else town.duty
    ago = -3 * HOUR if which == "hours ago" else timedelta(0)
    cover(town, who, ago, role="manager" if "manager" in which else "duty", cancelled=which == "taken back")
    clock.move(timedelta(seconds=1))
    assert changeover.tell_incoming() == 0
    assert said(session, who) == []


def test_leave_tells_nobody_and_two_processes_tell_once(session: Session, town: Town) -> None:
    clock.move(timedelta(minutes=5))
    changeover.tell_incoming()
    town.escalation(town.mine)
    with transaction() as writing:
        writing.add(
            RotaChange(
                agency_id=town.agency.id, kind="leave", worker_id=town.worker.id, role="",
                starts_at=clock.now(), ends_at=clock.now() + HOUR, made_at=clock.now(),
            )
        )  # fmt: skip
    assert changeover.tell_incoming() == 0
    cover(town, town.duty, timedelta(0))
    with transaction() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(hashtext('hearthline.changeover'))"))
        assert changeover.tell_incoming() == 0, "the other one is at it"
    assert changeover.tell_incoming() == 1
