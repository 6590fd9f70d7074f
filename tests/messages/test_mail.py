"""E-mail to workers: the reference and the link, no word of the case; retried like texts, and a refusal is the next
rung's."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from email.message import Message
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.channels.mail import client as mail_client
from api.database import reading, transaction
from api.escalations import service as escalations
from api.escalations.jobs import climb
from api.escalations.models import Escalation
from api.messages import delivery
from api.messages.jobs import sweep
from api.messages.models import DeliveryAttempt, OutboundMessage
from api.settings import Settings, SettingsError, settings
from tests.escalations.rungs import ladder, opened, rows, told
from tests.harness.mail import PASSWORD, USER, FakeMail
from tests.harness.twilio import FakeTwilio
from tests.small_town import Town


def use(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "smtp_url", url)
    monkeypatch.setattr(settings(), "mail_from", "Hearthline <help@hearthline.example>")


def deliver(session: Session, channel: str = "email") -> OutboundMessage:
    """One try at the newest; its row afterwards."""
    delivery.deliver(rows(session, channel)[-1].id)
    return rows(session, channel)[-1]


def words_of(mail: Message) -> str:
    return f"{mail['Subject']}\n{mail.get_payload(decode=True).decode()}"  # type: ignore[union-attr]


def link_in(text: str) -> str:
    found = re.search(r"http://testserver/a/\S+", text)
    assert found
    return found[0]


def test_a_step_by_email_sends_the_reference_and_the_link_and_no_word_of_the_case(
    post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["email"]))
    number = opened(town)
    assert told(session) == [(0, "duty", "email", "")]
    assert deliver(session).state == "sent"
    (mail,) = post.mails
    said = words_of(mail)
    assert (mail["To"], mail["From"]) == (town.duty.email, "Hearthline <help@hearthline.example>")
    assert str(number) in mail["Subject"] and "/a/" in said
    for word in ("door", "Ash", "kicked", town.mine.parent.first_name):
        assert word not in said
    assert not session.scalars(select(OutboundMessage).filter_by(channel="sms", worker_id=town.duty.id)).all()


def test_the_link_in_an_email_takes_the_escalation_on(
    post: FakeMail, session: Session, town: Town, client: Any
) -> None:
    ladder(town, ("duty", ["email"]))
    number = opened(town)
    deliver(session)
    link = link_in(words_of(post.mails[0])).removeprefix("http://testserver")
    page = client.get(link)
    assert page.status_code == 200
    client.post(link)
    session.expire_all()
    escalation = session.get_one(Escalation, number)
    assert (escalation.state, escalation.acknowledged_by) == ("acknowledged", town.duty.id)


def test_text_and_email_of_one_telling_have_the_same_link(
    post: FakeMail, twilio: FakeTwilio, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms", "email"]))
    opened(town)
    assert told(session) == [(0, "duty", "sms email", "")]
    deliver(session)
    deliver(session, "sms")
    assert link_in(words_of(post.mails[0])) == link_in(twilio.texts[0].body)


@pytest.mark.parametrize("fault", ["550", "554"])
def test_a_refused_email_is_recorded_and_the_next_rung_is_told_at_once(
    fault: str, post: FakeMail, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["email"]), ("manager", ["sms"]))
    opened(town)
    post.fail(fault)
    row = deliver(session)
    assert (row.state, row.error, post.mails) == ("failed", fault, [])
    assert climb() == 1
    assert told(session) == [(0, "duty", "email", f"bounced {fault}"), (1, "manager", "sms", "")]


def test_an_email_that_the_server_took_is_no_acknowledgement_so_the_ladder_climbs_until_a_human_has_it(
    post: FakeMail, session: Session, town: Town
) -> None:
    """(It may come back later, and nobody here reads that.)"""
    ladder(town, ("duty", ["email"]), ("manager", ["email"]))
    number = opened(town)
    for n in range(7):
        assert deliver(session).state == "sent"
        assert [rung for rung, *_ in told(session)] == list(range(n + 1)), "each step in its turn, round and round"
        clock.move(timedelta(minutes=5))
        assert climb() == 1
    with transaction() as acting:
        acting.get_one(Worker, town.manager.id).phone = None
        acting.flush()
        escalations.hand_over(acting, number, town.duty, town.manager.id)
    assert deliver(session).state == "sent" and told(session)[-1] == (8, "handover", "email", "")
    clock.move(timedelta(minutes=5))
    assert climb() == 1, "what was handed over climbs too"
    with transaction() as acting:
        escalations.acknowledge(acting, number, town.manager, via="link")
    clock.move(timedelta(minutes=50))
    assert climb() == 0


def test_a_refused_email_beside_a_text_that_went_out_is_no_missed_rung(
    post: FakeMail, twilio: FakeTwilio, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms", "email"]), ("manager", ["sms"]))
    opened(town)
    deliver(session, "sms")
    post.fail("550")
    deliver(session)
    assert told(session) == [(0, "duty", "sms email", "")]
    assert climb() == 0


def test_when_text_and_email_are_both_refused_the_next_rung_is_told(
    post: FakeMail, twilio: FakeTwilio, session: Session, town: Town
) -> None:
    ladder(town, ("duty", ["sms", "email"]), ("manager", ["sms"]))
    opened(town)
    twilio.fail("30006")
    deliver(session, "sms")
    assert climb() == 0, "the e-mail may still arrive"
    post.fail("550")
    deliver(session)
    assert climb() == 1
    assert told(session)[0][3] == "bounced 550"


@pytest.mark.parametrize("fault", ["451", "hang", "drop", "drop_after"])
def test_what_may_not_have_arrived_is_sent_again_as_the_same_mail(
    fault: str, post: FakeMail, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_client, "TIMEOUT_SECONDS", 0.5)
    ladder(town, ("duty", ["email"]))
    opened(town)
    post.fail(fault)
    row = deliver(session)
    assert row.state == "queued" and row.due_at > clock.now() and row.error
    assert told(session)[0][3] == "", "it may have arrived: no problem yet"
    session.execute(text("DELETE FROM procrastinate_jobs"))  # the job of the first try is done
    session.commit()
    clock.move(timedelta(seconds=30))
    assert sweep() == 1
    monkeypatch.setattr(mail_client, "TIMEOUT_SECONDS", 10.0)
    assert deliver(session).state == "sent"
    assert [mail["Message-ID"] for mail in post.mails] == [f"<{row.id}@hearthline.example>"]


def test_every_try_is_committed_before_the_server_is_given_the_mail(
    post: FakeMail, session: Session, town: Town
) -> None:
    seen: list[tuple[str, str]] = []

    def look() -> None:
        with reading() as looking:
            query = select(OutboundMessage.state, DeliveryAttempt.result).join(
                DeliveryAttempt, DeliveryAttempt.outbound_id == OutboundMessage.id
            )
            seen.extend((state, result) for state, result in looking.execute(query))

    post.looks.append(look)
    ladder(town, ("duty", ["email"]))
    opened(town)
    deliver(session)
    assert seen == [("sending", "")]


def test_a_mail_that_was_cut_off_is_sent_again(post: FakeMail, session: Session, town: Town) -> None:
    ladder(town, ("duty", ["email"]))
    opened(town)
    session.execute(update(OutboundMessage).values(state="sending"))
    session.commit()
    assert deliver(session).state == "sent"
    assert len(post.mails) == 1


def test_no_mail_server_there_is_tried_later(session: Session, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    use("smtp://127.0.0.1:1", monkeypatch)
    ladder(town, ("duty", ["email"]))
    opened(town)
    row = deliver(session)
    assert (row.state, row.error) == ("queued", "ConnectionRefusedError")


@pytest.mark.parametrize("wrong", ["not set up", "no address"])
def test_without_email_here_the_step_is_passed_over_at_once_and_recorded(
    wrong: str, post: FakeMail, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wrong == "not set up":
        monkeypatch.setattr(settings(), "smtp_url", "")
    else:
        session.execute(update(Worker).where(Worker.id == town.duty.id).values(email=""))
        session.commit()
    ladder(town, ("duty", ["email"]), ("manager", ["sms"]))
    opened(town)
    assert told(session) == [(0, "duty", "", "no_email"), (1, "manager", "sms", "")]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize(("password", "state"), [(PASSWORD, "sent"), ("wrong", "failed")], ids=["right", "wrong"])
def test_the_server_is_given_its_password_and_a_wrong_one_is_the_next_rungs(
    password: str, state: str, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = FakeMail(password=True)
    try:
        use(f"smtp://{USER}:{quote(password, safe='')}@127.0.0.1:{server.port}", monkeypatch)
        ladder(town, ("duty", ["email"]), ("manager", ["sms"]))
        opened(town)
        row = deliver(session)
    finally:
        server.stop()
    assert row.state == state
    assert password not in json.dumps([row.error, row.body])


def test_where_encryption_is_asked_for_nothing_is_sent_without(
    post: FakeMail, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(f"smtp+starttls://{USER}:x@127.0.0.1:{post.port}", monkeypatch)
    ladder(town, ("duty", ["email"]))
    opened(town)
    deliver(session)
    row = rows(session, "email")[0]  # (a ladder of one step: all the others have been told since)
    assert (row.state, row.error) == ("failed", "SMTPNotSupportedError")
    assert post.tries == 0


@pytest.mark.parametrize(
    ("url", "sender", "good"),
    [
        ("smtps://u:p@mail.example:465", "a@b.example", True),
        ("smtp+starttls://u:p@mail.example", "Help <a@b.example>", True),
        ("smtp://localhost:25", "a@b.example", True),
        ("smtp://mail.example:25", "a@b.example", False),
        ("smtps://", "a@b.example", False),
        ("smtps://mail.example:port", "a@b.example", False),
        ("smtps://mail.example", "", False),
        ("https://mail.example", "a@b.example", False),
    ],
)
def test_a_mail_server_that_cannot_be_meant_is_refused_at_the_start(url: str, sender: str, good: bool) -> None:
    made = Settings(smtp_url=url, mail_from=sender)
    if good:
        made.check()
        return
    with pytest.raises(SettingsError) as refusal:
        made.check()
    assert "HEARTHLINE_" in str(refusal.value) and "u:p" not in str(refusal.value)


def test_a_colleague_without_a_phone_is_handed_it_by_email(
    post: FakeMail, session: Session, town: Town, client: Any
) -> None:
    with transaction() as acting:
        acting.get_one(Worker, town.manager.id).phone = None
    number = opened(town)
    client.cookies.update(town.signed_in(town.duty))
    assert str(town.manager.id) in client.get(f"/console/e/{number}").text, "she can be chosen"
    with transaction() as acting:
        escalations.hand_over(acting, number, town.duty, town.manager.id)
    assert told(session)[-1] == (1, "handover", "email", "")
    deliver(session)
    said = words_of(post.mails[0])
    assert post.mails[0]["To"] == town.manager.email and "Dora" in post.mails[0]["Subject"]
    client.cookies.clear()
    client.post(link_in(said).removeprefix("http://testserver"))
    session.expire_all()
    assert session.get_one(Escalation, number).acknowledged_by == town.manager.id


def test_who_can_be_told_in_no_way_is_handed_nothing(
    session: Session, town: Town, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "smtp_url", "")
    with transaction() as acting:
        acting.get_one(Worker, town.manager.id).phone = None
    number = opened(town)
    client.cookies.update(town.signed_in(town.duty))
    assert str(town.manager.id) not in client.get(f"/console/e/{number}").text
    with pytest.raises(escalations.NobodyThere), transaction() as acting:
        escalations.hand_over(acting, number, town.duty, town.manager.id)
