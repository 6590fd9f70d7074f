"""Whatever Twilio does: no family is sent a text twice, and no worker is left untold."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.harness import promises
from tests.harness.processes import wait_until
from tests.harness.system import System
from tests.harness.town import Team

DANGER = "help he has got a knife and he is going to kill us"
QUESTION = "when is my next meeting please"


@pytest.mark.parametrize("fault", ["429", "500", "20003"])
def test_a_text_that_was_surely_not_sent_is_tried_again(fault: str, system: System, team: Team) -> None:
    system.twilio.fail(fault, to=team.parent.number, times=2)
    team.parent.text(QUESTION)
    for _ in range(2):
        wait_until(lambda: system.outbound(team.parent) and system.outbound(team.parent)[0]["error"], "no try failed")
        system.move_clock(timedelta(seconds=10))
    team.parent.expect()
    promises.check(team)
    (message,) = system.outbound(team.parent)
    assert (message["state"], message["error"]) == ("sent", "")


@pytest.mark.parametrize("fault", ["html", "drop"])
def test_a_familys_text_that_may_have_gone_out_is_not_sent_again(fault: str, system: System, team: Team) -> None:
    system.twilio.fail(fault, to=team.parent.number)
    team.parent.text(QUESTION)
    system.settle()
    system.move_clock(timedelta(hours=4))
    system.settle()
    (message,) = system.outbound(team.parent)
    assert (message["state"], message["seen_at"]) == ("uncertain", None)
    assert len([call for call in system.twilio.calls if call[0] == team.parent.number]) == 1
    promises.check(team)


def test_twilio_takes_the_text_and_never_answers(system: System, team: Team) -> None:
    system.twilio.fail("lost", to=team.parent.number)
    system.twilio.fail("lost", to=team.lead.number)
    team.parent.text(DANGER)
    team.duty.expect("EMERGENCY")
    first = team.lead.expect("EMERGENCY")
    second = team.lead.expect("EMERGENCY")  # a worker is told again rather than not at all
    assert first.body == second.body
    system.settle()
    team.parent.expect("999")
    states = {row["state"] for row in system.outbound(team.parent)}
    assert states == {"uncertain"}
    promises.check(team)


def test_a_worker_who_has_opted_out_is_passed_over_at_once(system: System, team: Team) -> None:
    system.twilio.fail("21610", to=team.lead.number, times=9)
    system.twilio.fail("21610", to=team.duty.number, times=9)
    team.parent.text(DANGER)
    team.parent.expect("999")
    team.manager.expect(r"EMERGENCY \d+")  # without waiting three minutes
    rows = system.rows(
        "SELECT n.problem FROM notifications n JOIN escalations e ON e.id = n.escalation_id"
        " JOIN agencies a ON a.id = e.agency_id WHERE a.external_id = %(key)s AND n.rung = 0",
        key=team.key,
    )
    assert {row["problem"] for row in rows} == {"bounced 21610"}


def test_a_family_that_has_opted_out_is_not_texted_again_and_a_worker_sees_it(system: System, team: Team) -> None:
    system.twilio.fail("21610", to=team.parent.number)
    team.parent.text(QUESTION)
    system.settle()
    (message,) = system.outbound(team.parent)
    assert (message["state"], message["error"], message["seen_at"]) == ("failed", "21610", None)
    point = system.one("SELECT state FROM contact_points WHERE address = %(n)s", n=team.parent.number)
    assert point["state"] == "opted_out"
    promises.check(team)


def test_callbacks_out_of_order_never_take_a_text_back(system: System, team: Team) -> None:
    team.parent.text(QUESTION)
    text = team.parent.expect()
    system.settle()
    for status in ("sending", "delivered", "sent", "queued", "failed", "delivered", "undelivered"):
        assert system.status(text, status, error="30003" if status == "failed" else "").status_code == 204
    (message,) = system.outbound(team.parent)
    assert message["state"] == "delivered"


def test_a_phone_that_is_off_is_tried_again_later(system: System, team: Team) -> None:
    team.parent.text(QUESTION)
    text = team.parent.expect()
    system.settle()
    assert system.status(text, "undelivered", error="30003").status_code == 204
    system.move_clock(timedelta(minutes=5))
    again = team.parent.expect(re.escape(text.body[:20]))
    assert promises.message_id(again) == promises.message_id(text)
    assert system.status(again, "delivered").status_code == 204
    system.status(text, "undelivered", error="30003")  # the first try's callback comes once more, late
    (message,) = system.outbound(team.parent)
    assert message["state"] == "delivered"


def test_an_escalation_whose_text_bounces_later_goes_on_at_once(system: System, team: Team) -> None:
    team.parent.text("i want to kill myself")
    team.parent.expect()
    text = team.lead.expect(r"URGENT \d+")
    system.settle()
    system.status(text, "undelivered", error="30006")
    team.duty.expect(r"URGENT \d+")  # ten minutes early


def test_twilio_is_down_for_an_hour_and_the_family_gets_its_answer_once(system: System, team: Team) -> None:
    system.twilio.fail("500", to=team.parent.number, times=6)
    team.parent.text(QUESTION)
    tries = 0
    while tries < 7:
        tries += 1
        system.settle()
        wait_until(
            lambda n=tries: len([c for c in system.twilio.calls if c[0] == team.parent.number]) >= n, "no further try"
        )
        system.settle()
        system.move_clock(timedelta(minutes=10))
    team.parent.expect()
    promises.check(team)
