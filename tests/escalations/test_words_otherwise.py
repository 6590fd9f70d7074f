"""Words to a worker beside the ladder (the chat was left, you said you would ring, it is still yours): where the text
does not arrive, they go by e-mail and to their browsers, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.database import transaction
from api.escalations import otherwise, service
from api.escalations.jobs import climb, watch_calls
from api.messages import delivery
from api.messages.models import OutboundMessage
from tests.escalations.rungs import rows
from tests.escalations.test_after_the_link import closing, taken
from tests.escalations.test_by_text import says
from tests.escalations.test_left_chat import leave, told_of_danger
from tests.harness.mail import FakeMail
from tests.harness.push import FakePush
from tests.harness.twilio import FakeTwilio
from tests.push.conftest import service as browsers_service
from tests.push.test_ladder import has
from tests.small_town import Town

__all__ = ["browsers_service"]
MONA = "mona@example.org"


def taken_on(town: Town, number: int, worker: Worker, ring_in: int | None = None) -> None:
    with transaction() as acting:
        ring_by = clock.now() + timedelta(minutes=ring_in) if ring_in else None
        service.acknowledge(acting, number, worker, via="console", ring_by=ring_by)


def left(town: Town) -> int:
    """A chat about danger that Mona has taken on and that is left; the texts of before are gone out."""
    token, _, number = told_of_danger(town)
    with transaction() as session:
        session.execute(update(OutboundMessage).values(state="delivered"))
    taken_on(town, number, town.manager)
    leave(token)
    return number


def tick(session: Session, many: int = 1) -> None:
    """What happens so many times at this moment: the ladder looks, and what is due goes out."""
    for _ in range(many):
        climb()
        for channel in ("sms", "email", "push"):
            for message in rows(session, channel):
                delivery.deliver(message.id)


def test_a_text_of_leaving_that_bounces_goes_by_e_mail_and_to_browsers_once(
    twilio: FakeTwilio, post: FakeMail, browsers_service: FakePush, session: Session, town: Town
) -> None:
    has(town.manager, browsers_service, "office", "home")
    twilio.fail("30006", to=town.manager.phone or "", times=99)
    number = left(town)
    tick(session, 3)
    (mail,) = rows(session, "email")
    assert (mail.worker_id, mail.address, mail.state) == (town.manager.id, MONA, "sent")
    subject, words, *_, link = mail.body.splitlines()
    assert subject == f"{number}: a text to you did not arrive"
    assert words.startswith(f"{number}: they left the web chat") and link.endswith(f"/console/e/{number}")
    assert "mum" not in mail.body
    notes = rows(session, "push")
    assert {(note.worker_id, note.state) for note in notes} == {(town.manager.id, "sent")} and len(notes) == 2
    assert all(words in note.body for note in notes)


def test_the_word_that_somebody_said_they_would_ring_goes_by_e_mail_while_twilio_refuses_our_account(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    number = town.escalation(town.mine)
    taken_on(town, number, town.duty, ring_in=20)
    tick(session)
    twilio.fail("20003", times=99)
    clock.move(timedelta(minutes=26))
    assert watch_calls() == 1
    tick(session, 4)
    (mail,) = rows(session, "email")
    assert (mail.worker_id, mail.state) == (town.duty.id, "sent") and "you said you would ring by" in mail.body
    assert rows(session, "sms")[-1].state == "queued", "the text is still tried"


def test_while_twilio_is_down_it_goes_by_e_mail_after_a_minute(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    twilio.fail("500", times=99)
    left(town)
    tick(session, 2)
    assert rows(session, "email") == [], "a hiccup is no outage"
    clock.move(timedelta(seconds=61))
    tick(session, 2)
    assert [mail.address for mail in rows(session, "email")] == [MONA]
    clock.move(timedelta(hours=3))
    tick(session, 3)
    assert rows(session, "sms")[-1].state == "failed" and len(rows(session, "email")) == 1, "once"


@pytest.mark.parametrize("meanwhile", ["closed", "handed over"])
def test_nobody_is_written_to_of_what_is_theirs_no_more(
    meanwhile: str, twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    twilio.fail("20003", to=town.manager.phone or "", times=99)
    number = left(town)
    with transaction() as acting:
        if meanwhile == "closed":
            service.resolve(acting, number, town.manager, "spoke with her, safe")
        else:
            service.hand_over(acting, number, town.manager, town.duty.id)
    if meanwhile == "handed over":
        taken_on(town, number, town.duty)
    tick(session, 3)
    clock.move(timedelta(hours=3))
    tick(session, 2)
    assert [mail for mail in rows(session, "email") if "left the web" in mail.body] == []


def test_who_has_no_other_way_is_looked_at_once(twilio: FakeTwilio, session: Session, town: Town) -> None:
    twilio.fail("20003", times=99)
    left(town)
    for message in rows(session, "sms"):
        delivery.deliver(message.id)
    assert len(otherwise.held_up(session, clock.now(), 9)) == 1
    session.rollback()
    climb()
    assert otherwise.held_up(session, clock.now(), 9) == [], "those behind are not kept waiting"


def test_a_text_that_another_process_has_in_hand_is_left_to_it(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    twilio.fail("20003", times=99)
    left(town)
    for message in rows(session, "sms"):
        delivery.deliver(message.id)
    with transaction() as other:
        other.scalars(select(OutboundMessage).filter_by(channel="sms").with_for_update()).all()
        climb()
        assert rows(session, "email") == []
    climb()
    climb()
    assert [mail.address for mail in rows(session, "email")] == [MONA]


def test_without_a_phone_it_goes_in_all_ways_that_they_have(
    post: FakeMail, browsers_service: FakePush, session: Session, town: Town
) -> None:
    has(town.manager, browsers_service, "office")
    session.execute(update(Worker).where(Worker.id == town.manager.id).values(phone=None))
    session.commit()
    left(town)
    words = [(row.channel, row.body.splitlines()[0][-17:]) for row in rows(session, "email") + rows(session, "push")]
    assert [channel for channel, subject in words if subject == "left the web chat"] == ["email", "push"]


def test_while_nobody_has_it_each_who_was_told_and_missed_the_text_hears_otherwise(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    token, _, number = told_of_danger(town)
    tick(session)
    twilio.fail("30006", to=town.duty.phone or "", times=99)
    leave(token)
    tick(session, 2)
    (mail,) = rows(session, "email")
    assert mail.worker_id == town.duty.id and f"{number}: they left the web chat" in mail.body


def orders(session: Session, worker: Worker, body: str) -> None:
    """The worker texts; the answer goes out, as far as it does."""
    says(session, worker, body)
    session.commit()
    tick(session, 2)


@pytest.mark.parametrize(("fault", "waits"), [("30006", 0), ("20003", 0), ("500", 61)])
@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("ACK {0}", "{0} is yours"),
        ("HANDOVER {0} DW", "Dora Worker has been told of {0}"),
        ("CLOSE {0} rang her, all well", "{0} is closed"),
    ],
)
def test_the_answer_to_what_they_did_by_text_goes_otherwise_too_once(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town, fault: str, waits: int, body: str, answer: str
) -> None:
    number = town.escalation(town.mine)
    tick(session)
    if not body.startswith("ACK"):
        taken_on(town, number, town.worker)
    session.execute(update(OutboundMessage).values(state="delivered"))
    session.commit()
    twilio.fail(fault, to=town.worker.phone or "", times=99)
    orders(session, town.worker, body.format(number))
    clock.move(timedelta(seconds=waits))
    tick(session, 3)
    mails = [
        mail for mail in rows(session, "email") if mail.worker_id == town.worker.id and "did not arrive" in mail.body
    ]
    assert len(mails) == 1 and mails[0].state == "sent"
    assert mails[0].body.splitlines()[1].startswith(answer.format(number))


def test_the_second_to_take_it_on_hears_otherwise_who_was_first(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    number = town.escalation(town.mine)
    tick(session)
    taken_on(town, number, town.duty)
    session.execute(update(OutboundMessage).values(state="delivered"))
    session.commit()
    twilio.fail("30006", to=town.worker.phone or "", times=99)
    orders(session, town.worker, f"ACK {number}")
    (mail,) = rows(session, "email")
    assert mail.worker_id == town.worker.id and "was taken before you, by Dora Worker" in mail.body


def test_what_was_closed_by_a_link_is_confirmed_otherwise_too(
    client: TestClient, twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    number, link = taken(client, town)
    client.post(f"{link}/close", data=closing(client.get(link).text))
    twilio.fail("30006", to=town.duty.phone or "", times=99)
    tick(session, 2)
    (mail,) = [mail for mail in rows(session, "email") if "did not arrive" in mail.body]
    assert mail.worker_id == town.duty.id and mail.body.startswith(f"{number}: ")


def test_an_answer_about_no_call_of_theirs_has_no_other_way(
    twilio: FakeTwilio, post: FakeMail, session: Session, town: Town
) -> None:
    twilio.fail("30006", to=town.worker.phone or "", times=99)
    orders(session, town.worker, "ACK 999")
    assert rows(session, "email") == []
