"""E-mail to families: only to an address that was confirmed, discreet, with the rules of a text; and how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import clock
from api.database import reading, transaction
from api.escalations.models import Escalation
from api.families.models import Consent, ContactPoint, Person
from api.messages import delivery, inbox, mail_enrolment, mailing, outbox
from api.messages.jobs import sweep
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from tests.harness.mail import FakeMail
from tests.harness.twilio import FakeTwilio
from tests.messages.by_mail import (
    CODE,
    JO,
    LINK,
    any_hour,
    asked,
    by_mail,
    change,
    code_in,
    confirm,
    deliver_all,
    point,
    says,
    to_family,
    words_of,
    write,
)
from tests.small_town import Town

__all__ = ["any_hour", "by_mail"]


def test_an_address_gets_one_discreet_code_and_nothing_else_before_it_came_back(
    town: Town, post: FakeMail, twilio: FakeTwilio, any_hour: None
) -> None:
    asked(town)
    (mail,) = post.mails
    said = words_of(mail)
    assert (mail["To"], mail["From"]) == (JO, "help@hearthline.example"), "no name shows whom they hear from"
    assert mail["Subject"] == "Please confirm your e-mail address"
    for word in (town.mine.parent.first_name, town.mine.child.first_name, "Ash", "plan", "worker", "child", "social"):
        assert word.casefold() not in said.casefold(), word
    write(town, "Your visit is at noon.")
    assert len(post.mails) == 1 and len(twilio.texts) == 1
    confirm(town, code_in(mail))
    assert (point().state, write(town, "Your visit is at one.").channel) == ("active", "email")
    with reading() as session:
        consent = session.scalars(select(Consent).where(Consent.contact_point_id == point().id)).one()
        assert (consent.answer, consent.wording_id, consent.asked_by) == ("agreed", "mail.confirm", town.worker.id)
        kept = session.scalars(select(OutboundMessage.body).where(OutboundMessage.kind == "consent")).one()
    assert CODE.search(kept) is None, "no worker reads the code"


def test_what_nobody_asked_for_goes_by_mail_and_says_how_to_answer_and_how_to_stop(
    by_mail: Town, post: FakeMail, twilio: FakeTwilio
) -> None:
    assert write(by_mail, "Your visit is at noon.").state == "sent"
    (mail,) = post.mails
    said = words_of(mail)
    assert (mail["To"], mail["Subject"], twilio.texts) == (JO, "A message for you", [])
    for part in ("Your visit is at noon.", "nobody reads the answers", "STOP", "999", "/chat", "http://testserver/e/"):
        assert part in said
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].strip("<> \r\n") in said


def test_spanish_words_for_who_reads_spanish(by_mail: Town, post: FakeMail, twilio: FakeTwilio) -> None:
    change(by_mail, language="es")
    write(by_mail, "La visita será mañana a las dos según tu cita.")
    said = words_of(post.mails[0])
    assert said.startswith("Un mensaje para ti") and "nadie lee las respuestas" in said
    assert "será mañana a las dos según tu cita" in said
    change(by_mail, contact_channel="sms")
    write(by_mail, "La visita será mañana a las dos según tu cita.")
    assert twilio.texts[-1].body == "La visita sera mañana a las dos segun tu cita."


def test_an_answer_and_the_reply_to_danger_go_where_they_were_written(
    by_mail: Town, post: FakeMail, twilio: FakeTwilio
) -> None:
    says(by_mail, "help he has got a knife and he is going to kill us")
    deliver_all()
    assert len(twilio.texts) >= 1 and post.mails == []
    with transaction() as session:  # what a worker says then does not wait for e-mail either
        conversation = session.get_one(Conversation, by_mail.mine.conversation.id)
        conversation.last_inbound_at = clock.now() - timedelta(hours=2)
        outbox.queue_reply(session, conversation, "I am on my way to you", written_by=by_mail.worker)
    deliver_all()
    assert "I am on my way to you" in twilio.texts[-1].body and post.mails == []


def test_a_change_of_mind_holds_for_what_is_queued(by_mail: Town, post: FakeMail, twilio: FakeTwilio) -> None:
    with transaction() as session:
        conversation = session.get_one(Conversation, by_mail.mine.conversation.id)
        conversation.last_inbound_at = None
        outbox.queue_reply(session, conversation, "Your visit is at noon.")
    change(by_mail, contact_channel="sms")
    deliver_all()
    assert [one.body for one in twilio.texts] == ["Your visit is at noon."] and post.mails == []


def test_mail_keeps_safe_hours_and_names_as_a_text_does(by_mail: Town, post: FakeMail) -> None:
    today = clock.now().isoweekday()
    change(by_mail, contact_days="".join(str(day) for day in range(1, 8) if day not in (today, today % 7 + 1)))
    waits = write(by_mail, "Your visit is at noon.")
    assert (waits.state, post.mails) == ("queued", []) and waits.due_at > clock.now()
    change(by_mail, contact_days="1234567", may_name_self=False)
    named = write(by_mail, f"Hello {by_mail.mine.parent.first_name}")
    assert (named.state, named.error) == ("failed", "names")
    assert all(by_mail.mine.parent.first_name not in words_of(mail) for mail in post.mails)


def test_whoever_asked_for_no_texts_because_somebody_reads_along_gets_no_mail_either(
    by_mail: Town, post: FakeMail
) -> None:
    with transaction() as session:
        session.get_one(Conversation, by_mail.mine.conversation.id).hushed_at = clock.now()
    assert (write(by_mail, "Your visit is at noon.").error, post.mails) == ("hushed", [])


def test_an_unknown_address_falls_back_to_a_text_and_a_worker_is_told(
    by_mail: Town, post: FakeMail, twilio: FakeTwilio
) -> None:
    post.fail("550")
    assert write(by_mail, "Your visit is at noon.").state == "queued"
    deliver_all()
    assert to_family(by_mail, twilio) == ["Your visit is at noon."]
    assert point().state == "pending"
    with reading() as session:
        told = session.scalars(select(Escalation).where(Escalation.kind == "mail_refused")).one()
        assert (told.priority, told.family_id) == ("routine", by_mail.mine.family.id)
    write(by_mail, "And at one.")
    assert len(to_family(by_mail, twilio)) == 2 and post.tries == 1, "after the code nothing was handed over"


def test_a_refused_mail_stays_failed_where_the_phone_is_not_to_be_used(by_mail: Town, post: FakeMail) -> None:
    with transaction() as session:
        session.execute(update(ContactPoint).where(ContactPoint.channel == "sms").values(state="opted_out"))
    post.fail("554")
    failed = write(by_mail, "Your visit is at noon.")
    assert (failed.state, failed.error, failed.channel) == ("failed", "554", "email")
    assert point().state == "active", "the letter was refused, not the address"


def test_a_server_that_is_away_is_waited_for_and_then_the_text_goes(
    by_mail: Town, post: FakeMail, twilio: FakeTwilio
) -> None:
    post.fail("451")
    waits = write(by_mail, "Your visit is at noon.")
    assert (waits.state, waits.channel, twilio.texts) == ("queued", "email", [])
    with transaction() as session:
        row = session.get_one(OutboundMessage, waits.id)
        row.due_at = clock.now()
        session.execute(update(delivery.DeliveryAttempt).values(started_at=clock.now() - timedelta(minutes=16)))
    deliver_all()
    assert [one.body for one in twilio.texts] == ["Your visit is at noon."]


def test_the_link_stops_the_mails_after_one_press_and_says_nobodys_name(
    by_mail: Town, post: FakeMail, twilio: FakeTwilio, client: Any
) -> None:
    write(by_mail, "Your visit is at noon.")
    found = LINK.search(words_of(post.mails[0]))
    assert found
    shown = client.get(found[1])
    assert shown.status_code == 200 and by_mail.mine.parent.first_name not in shown.text and JO not in shown.text
    assert point().state == "active", "a mail program that looks ends nothing"
    elsewhere = client.post(found[1], headers={"origin": "https://mail.example"})
    assert (elsewhere.status_code, point().state) == (403, "active")
    done = client.post(found[1], data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200 and point().state == "opted_out"
    client.post(found[1])
    with reading() as session:
        assert session.scalars(select(Escalation).where(Escalation.kind == "mail_stopped")).one().priority == "routine"
    write(by_mail, "And at one.")
    assert len(post.mails) == 1 and len(to_family(by_mail, twilio)) == 1
    assert client.get(f"{found[1][:-3]}AAA").status_code == client.get("/e/x").status_code == 404


@pytest.mark.parametrize("code", ["dghh-jmqm", "MTTH DKXB", "hfwhkhfv"])
def test_letters_drawn_by_lot_are_no_cry_for_help_and_words_beside_them_are(town: Town, code: str) -> None:
    quiet, loud = (says(town, words) for words in (f"the code is {code}", f"{code} he has a knife help me"))
    with reading() as session:
        kinds = [session.get_one(InboundMessage, one).safety_kind for one in (quiet, loud)]
    assert kinds == ["none", "immediate_danger"]


def test_stop_by_text_stops_the_mails_too(by_mail: Town, post: FakeMail, twilio: FakeTwilio) -> None:
    says(by_mail, "STOP")
    assert point().state == "opted_out"
    write(by_mail, "Your visit is at noon.")
    assert post.mails == [] == to_family(by_mail, twilio)


def test_somebody_elses_code_or_a_wrong_one_confirms_nothing(
    town: Town, post: FakeMail, twilio: FakeTwilio, any_hour: None
) -> None:
    parent = asked(town)
    with transaction() as session:
        mail_enrolment.invite(session, session.get_one(Person, parent.id), point_in(session), town.worker)
    deliver_all()
    old, new = (code_in(mail) for mail in post.mails)
    inbox.accept(channel="sms", external_id="x", address=town.other.conversation.address, body=new)
    confirm(town, "BCDF-GHJK")
    confirm(town, old)
    assert point().state == "pending", "a newer code takes the older one's place"
    confirm(town, new)
    assert point().state == "active"


def point_in(session: Session) -> ContactPoint:
    return session.scalars(select(ContactPoint).where(ContactPoint.address == JO)).one()


def test_the_link_in_the_first_mail_sets_a_strangers_address_aside(
    town: Town, post: FakeMail, any_hour: None, client: Any
) -> None:
    with transaction() as session:
        mail_enrolment.add_address(session, session.get_one(Person, town.mine.parent.id), JO, town.worker)
    deliver_all()
    found = LINK.search(words_of(post.mails[0]))
    assert found
    client.post(found[1])
    assert point().state == "quarantined"
    confirm(town, code_in(post.mails[0]))
    assert point().state == "quarantined"


def test_a_worker_sets_an_address_and_confirms_it_with_the_code_they_were_told(
    town: Town, post: FakeMail, any_hour: None, client: Any
) -> None:
    client.cookies.update(town.signed_in(town.worker))
    page = f"/console/people/{town.mine.parent.id}"
    form = town.form(dict(client.cookies))
    wrong = client.post(f"{page}/addresses", data={**form, "email_address": "jo at example"})
    assert wrong.status_code == 400 and post.mails == []
    assert client.post(f"{page}/addresses", data={**form, "email_address": " Jo@Example.org "}).status_code == 303
    deliver_all()
    assert client.post(f"{page}/addresses/confirm", data={**form, "code": "BCDF-GHJK"}).status_code == 400
    code = code_in(post.mails[0])
    assert client.post(f"{page}/addresses/confirm", data={**form, "code": code}).status_code == 303
    assert point().state == "active"
    shown = client.get(f"{page}/contact").text
    assert JO in shown and "Confirmed on" in shown and code not in shown


def test_whoever_has_no_phone_to_be_texted_on_gets_mail_in_a_conversation_of_its_own(
    by_mail: Town, post: FakeMail, client: Any
) -> None:
    with transaction() as session:
        session.execute(update(ContactPoint).where(ContactPoint.channel == "sms").values(state="opted_out"))
    with reading() as session:
        own = session.scalars(select(Conversation).where(Conversation.channel == "email")).first()
    assert own is not None
    client.cookies.update(by_mail.signed_in(by_mail.worker))
    shown = client.get(f"/console/conversations/{own.id}")
    assert shown.status_code == 200 and "as an e-mail" in shown.text
    form = by_mail.form(dict(client.cookies), words="I can come at two.")
    assert client.post(f"/console/conversations/{own.id}/reply", data=form).status_code == 303
    deliver_all()
    said = words_of(post.mails[-1])
    assert "I can come at two." in said and "STOP" not in said


def test_the_page_says_which_way_a_workers_words_go(by_mail: Town, client: Any) -> None:
    client.cookies.update(by_mail.signed_in(by_mail.worker))
    page = f"/console/conversations/{by_mail.mine.conversation.id}"
    assert "This goes out as a text message" in client.get(page).text, "they have just written from the phone"
    with transaction() as session:
        session.get_one(Conversation, by_mail.mine.conversation.id).last_inbound_at = None
    assert "This goes out as an e-mail" in client.get(page).text
    change(by_mail, contact_channel="sms")
    assert "This goes out as a text message" in client.get(page).text


def test_the_sweep_finds_a_mail_that_no_job_carries(by_mail: Town, post: FakeMail) -> None:
    with transaction() as session:
        conversation = session.get_one(Conversation, by_mail.mine.conversation.id)
        conversation.last_inbound_at = None
        outbox.queue_reply(session, conversation, "Your visit is at noon.", follows=True)
    assert sweep() >= 1


def test_an_inbox_that_two_share_names_whom_it_is_for_and_a_queued_mail_ends_with_their_address(
    by_mail: Town, post: FakeMail
) -> None:
    with transaction() as session:
        sister = Person(family_id=by_mail.mine.family.id, external_id="s", kind="carer", first_name="Pat")
        session.add(sister)
        session.flush()
        session.add(ContactPoint(person_id=sister.id, channel="email", address=JO))
        session.execute(update(ContactPoint).where(ContactPoint.channel == "sms").values(state="opted_out"))
        own = session.scalars(select(Conversation).where(Conversation.channel == "email")).first()
        parent = session.get_one(Person, by_mail.mine.parent.id)
        own = own or mailing.conversation_with(session, parent)
        outbox.queue_reply(session, own, "Your visit is at noon.")
        outbox.queue_reply(session, own, "And at one.", kind="reminder", due_at=clock.now() + timedelta(minutes=1))
    deliver_all()
    assert "For A:" in words_of(post.mails[-1]), "by an initial, as on a shared phone"
    with transaction() as session:
        mine = ContactPoint.person_id == by_mail.mine.parent.id
        session.execute(update(ContactPoint).where(mine).values(state="quarantined"))
        session.execute(update(OutboundMessage).where(OutboundMessage.state == "queued").values(due_at=clock.now()))
    deliver_all()
    with reading() as session:
        last = session.scalars(select(OutboundMessage).order_by(OutboundMessage.seq.desc())).first()
    assert last is not None and (last.state, last.error) == ("cancelled", "opted_out") and len(post.mails) == 1
