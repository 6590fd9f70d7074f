"""What stands where a worker is about to write, to ring or to print: who else reads it, how somebody is reached, until
when they said to ring, that a request belongs to a time that is no more, and what changed while a form was open."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access.models import Worker
from api.appointments import service as appointments
from api.appointments.models import Appointment, ChangeRequest, OfferedTime
from api.database import reading, transaction
from api.escalations.models import Escalation, Notification
from api.families import profile
from api.families.models import Person
from api.messages import handback, inbox
from api.messages.models import Conversation
from api.views.models import StatedView
from tests.attacks.pages import Page
from tests.console.test_conversations import place, sign_in
from tests.console.test_summary import block
from tests.console.test_what_was_typed import would_send
from tests.small_town import Town

SECRET = "her ex, <Dean>"


def watched(town: Town) -> None:
    """Somebody else sees the parent's phone; a code word was agreed, and no name may be written."""
    with transaction() as session:
        for household in (town.mine, town.other):
            parent = session.get_one(Person, household.parent.id)
            parent.phone_seen_by, parent.code_word, parent.may_name_self = SECRET, "bluebell", False
            parent.contact_days = "12345"


def test_an_alarm_says_how_they_are_reached_and_who_else_sees_the_phone(client: TestClient, town: Town) -> None:
    watched(town)
    number = town.escalation(town.mine, "he has a key")
    sign_in(client, town)
    shown = block(client.get(f"/console/e/{number}").text)
    phone = town.mine.conversation.address
    for words in (f'href="tel:{phone}"', "her ex, &lt;Dean&gt;", "bluebell", "Discreet wording only", "Fri",
                  "Their own name may not be written"):  # fmt: skip
        assert words in shown, words


def test_a_number_that_may_not_be_written_to_is_no_link_and_says_why(client: TestClient, town: Town) -> None:
    with transaction() as session:
        points = session.get_one(Person, town.mine.parent.id).contact_points
        for point in points:
            point.state = "quarantined"
    number = town.escalation(town.mine, "he has a key")
    sign_in(client, town)
    shown = block(client.get(f"/console/e/{number}").text)
    assert "tel:" not in shown and town.mine.conversation.address in shown and 'class="tag alarm"' in shown


@pytest.mark.parametrize("alarm", [False, True])
def test_beside_the_answer_and_on_the_familys_page_stands_who_else_reads_it(
    client: TestClient, town: Town, alarm: bool
) -> None:
    if alarm:
        town.escalation(town.mine, "he has a key")
    sign_in(client, town)
    answer = client.get(place(town.mine)).text.partition('id="reply"')[2]
    assert "Discreet wording only" in answer and "may see this phone" not in answer
    watched(town)
    answer = client.get(place(town.mine)).text.partition('id="reply"')[2]
    assert "her ex, &lt;Dean&gt;" in answer and "bluebell" in answer
    family = client.get(f"/console/families/{town.mine.family.id}").text
    assert "her ex, &lt;Dean&gt;" in family and "bluebell" in family


def test_who_was_only_told_of_an_alarm_reads_nothing_of_the_familys_safe_contact(
    client: TestClient, town: Town
) -> None:
    """Lena is told of a family that is not hers."""
    watched(town)
    number = town.escalation(town.other)
    with transaction() as session:
        told = Notification(escalation_id=number, rung=9, role="team", worker_id=town.worker.id, at=clock.now())
        session.add(told)
    client.cookies.update(town.signed_in(town.worker))
    for path in (f"/console/e/{number}", place(town.other)):
        answer = client.get(path)
        assert answer.status_code == 200 and "Dean" not in answer.text and "bluebell" not in answer.text


def test_a_call_that_is_promised_for_another_day_names_the_day(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    cookies = sign_in(client, town)
    soon = (clock.now() + timedelta(hours=2)).astimezone(ZoneInfo("Europe/London")).strftime("%H:%M")
    client.post(f"/console/e/{number}/acknowledge", data=town.form(cookies, ring_by=soon))
    with transaction() as session:
        escalation = session.get_one(Escalation, number)
        assert escalation.ring_by is not None
        escalation.ring_by = clock.now() + timedelta(days=1)
    day = f"{clock.now() + timedelta(days=1):%a} {(clock.now() + timedelta(days=1)).day} "
    said = client.get(f"/console/e/{number}").text.partition("Will ring by ")[2]
    assert said.startswith(day), said[:40]


def asked_twice(town: Town) -> Appointment:
    """The parent wrote twice that they cannot come; one of the two has an open offer."""
    with transaction() as session:
        words = "I work then"
        second = ChangeRequest(
            appointment_id=town.mine.appointment.id, person_id=town.mine.parent.id, words=words, created_at=clock.now()
        )
        session.add(second)
        session.flush()
        at = clock.now() + timedelta(days=6)
        offer = OfferedTime(
            change_request_id=second.id, starts_at=at, ends_at=at + timedelta(hours=1), state="offered",
            offered_by=town.worker.id, offered_at=clock.now(),
        )  # fmt: skip
        session.add(offer)
    return town.mine.appointment


@pytest.mark.parametrize("how", ["moved", "cancelled"])
def test_a_request_for_another_time_is_met_when_a_worker_moves_it_or_calls_it_off(
    client: TestClient, town: Town, how: str
) -> None:
    asked = asked_twice(town)
    with transaction() as session:
        appointment, worker = session.get_one(Appointment, asked.id), session.get_one(Worker, town.worker.id)
        if how == "cancelled":
            appointments.cancel(session, appointment, worker, reason="not_all")
        else:
            appointments.change(
                session, appointment, worker, starts_at=appointment.starts_at + timedelta(days=1), ends_at=None,
                details={}, reason="not_all",
            )  # fmt: skip
    with reading() as session:
        requests = session.scalars(select(ChangeRequest).filter_by(appointment_id=asked.id)).all()
        assert len(requests) == 2 and {one.handled_by for one in requests} == {town.worker.id}
        assert {one.state for one in session.scalars(select(OfferedTime))} == {"withdrawn"}
    sign_in(client, town)
    assert "I work then" not in client.get(f"/console/families/{town.mine.family.id}").text


def test_a_request_stays_open_when_only_the_place_changes(client: TestClient, town: Town) -> None:
    asked = asked_twice(town)
    with transaction() as session:
        appointment, worker = session.get_one(Appointment, asked.id), session.get_one(Worker, town.worker.id)
        appointments.change(session, appointment, worker, starts_at=None, ends_at=None, details={"place": "here"})
    sign_in(client, town)
    assert "I work then" in client.get(f"/console/families/{town.mine.family.id}").text


def test_nobody_is_made_a_parent_who_was_not_said_to_be_one(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    address = f"/console/families/{town.mine.family.id}/people"
    [form] = [one for one in Page(client.get(address).text).forms if one.action == address]
    [kind] = [field for field in form.fields if field.name == "kind"]
    assert kind.choices[0][0] == "" and not any(chosen for value, chosen in kind.choices if value)
    refused = client.post(address, data=town.form(cookies, first_name="Dawn", kind="", language="en"))
    assert refused.status_code == 400 and 'value="Dawn"' in refused.text


def test_a_printed_review_leaves_out_what_was_not_said_for_the_meeting(client: TestClient, town: Town) -> None:
    with transaction() as session:
        for words, audience in (("He must not read this", "lead"), ("I want a bike", "meeting")):
            session.add(
                StatedView(
                    family_id=town.mine.family.id, person_id=town.mine.child.id, external_id=audience, words=words,
                    audience=audience, given_on=clock.now().date(), recorded_at=clock.now(),
                )
            )  # fmt: skip
    sign_in(client, town)
    page = client.get(f"/console/plans/{town.mine.plan.id}/review").text
    assert '<blockquote dir="auto" class="no-print">He must not read this' in page
    assert '<blockquote dir="auto">I want a bike' in page and "not for everybody at the meeting" in page


def test_an_answer_that_was_written_is_counted_and_is_not_something_else(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    client.post(place(town.mine, "take-over"), data=town.form(cookies))
    client.post(place(town.mine, "reply"), data=town.form(cookies, words="I will ring you"))
    with reading() as session:
        there = session.get_one(Conversation, town.mine.conversation.id)
        [kept] = handback.read(session, [handback.facts(session, there, clock.now())])
        assert kept is not None and [deed.verb for deed in kept.did] == []
    page = client.get(place(town.mine)).text
    assert "something else" not in page and "1 from workers" in page


def test_a_form_that_was_open_meanwhile_does_not_take_back_who_they_said_sees_the_phone(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town)
    address = f"/console/people/{town.mine.parent.id}/contact"
    opened = {**would_send(client.get(address).text, address), "wording": "plain", "phone_label": "Jo"}
    with transaction() as session:
        profile.seen_by_others(session, session.get_one(Person, town.mine.parent.id), "he sees my texts", clock.now())
    refused = client.post(address, data={**opened, **town.form(cookies)})
    assert refused.status_code == 412 and "This was changed since you opened it" in refused.text
    assert "he sees my texts" in refused.text.partition('role="alert"')[2].partition("</ul>")[0]
    with reading() as session:
        person = session.get_one(Person, town.mine.parent.id)
    assert (person.wording, person.phone_seen_by, person.phone_label) == ("discreet", "he sees my texts", "")
    again = would_send(refused.text, address)
    assert (again["wording"], again["phone_label"], again["phone_seen_by"]) == ("plain", "Jo", ""), "as it was typed"
    mended = {**again, "phone_seen_by": "her partner", "wording": "discreet", **town.form(cookies)}
    assert client.post(address, data=mended).status_code == 303
    with reading() as session:
        person = session.get_one(Person, town.mine.parent.id)
    assert (person.wording, person.phone_seen_by, person.phone_label) == ("discreet", "her partner", "Jo")


def test_a_form_that_nobody_overtook_is_saved(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    address = f"/console/people/{town.mine.parent.id}/contact"
    for label in ("Jo", "J"):
        typed = {**would_send(client.get(address).text, address), "phone_label": label}
        assert client.post(address, data={**typed, **town.form(cookies)}).status_code == 303


def test_beside_an_unknown_number_stands_how_it_becomes_somebodys_and_it_does(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    inbox.accept(channel="sms", external_id="SM9", address="+447700900998", body="hello who is this")
    with transaction() as session:
        there = session.scalars(select(Conversation).filter_by(address="+447700900998")).one()
        there.agency_id = town.agency.id
    page = client.get(f"/console/conversations/{there.id}").text
    assert "Unknown number" in page and "add this number to them" in page
    given = town.form(cookies, phone="07700 900998")
    assert client.post(f"/console/people/{town.mine.parent.id}/numbers", data=given).status_code == 303
    inbox.accept(channel="sms", external_id="SM10", address="+447700900998", body="ok")
    page = client.get(f"/console/conversations/{there.id}").text
    assert "Ashparent" in page and "add this number to them" not in page
