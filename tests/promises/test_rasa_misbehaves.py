"""Whatever Rasa does: a plain reply, a message that a worker sees, and danger is heard all the same."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.harness import promises
from tests.harness.bad_rasa import BadRasa
from tests.harness.town import Team
from tests.promises.test_killed_in_a_takeover import take_over

RUNG = timedelta(minutes=3, seconds=1)
FALLBACK = "could not answer.*person will look"
BAD = ("empty", "html", "huge", "words", "unknown", "null", "deep", "slow", "drip", "drop")


DANGER = "help he has got a knife and he is going to kill us"


@pytest.mark.parametrize("mode", BAD)
def test_a_useless_answer_means_a_plain_reply_and_a_flag(rough_team: Team, rasa: BadRasa, mode: str) -> None:
    rasa.mode = mode
    rough_team.parent.text("when is my next meeting please")
    rough_team.parent.expect(FALLBACK)
    (message,) = rough_team.system.inbound(rough_team.parent)
    assert (message["state"], message["flag"]) == ("unanswered", "flag.no_answer")
    promises.check(rough_team)


@pytest.mark.parametrize("mode", ["empty", "html", "slow", "drop"])
def test_a_rasa_that_stalls_once_is_asked_again_and_the_family_hears_only_the_answer(
    rough_team: Team, rasa: BadRasa, mode: str
) -> None:
    rough_team.parent.text("hello")
    rough_team.parent.expect()
    rasa.once = mode
    rough_team.parent.text("when is my next meeting please")
    rough_team.system.settle()
    assert not re.search(FALLBACK, rough_team.parent.expect().body)
    assert [message["state"] for message in rough_team.system.inbound(rough_team.parent)] == ["answered"] * 2
    promises.check(rough_team)


@pytest.mark.parametrize("mode", ["empty", "slow", "huge"])
def test_danger_is_escalated_all_the_same(rough_team: Team, rasa: BadRasa, mode: str) -> None:
    rasa.mode = mode
    rough_team.parent.text(DANGER)
    rough_team.lead.expect(r"EMERGENCY \d+")
    rough_team.duty.expect(r"EMERGENCY \d+")
    rough_team.parent.expect("999")
    promises.check(rough_team)


def test_a_silent_takeover_ends_all_the_same(rough_team: Team, rasa: BadRasa) -> None:
    rasa.mode = "empty"
    system, parent = rough_team.system, rough_team.parent
    parent.text("when is my next meeting please")
    parent.expect(FALLBACK)
    take_over(system, rough_team)
    parent.text("are you still there")
    system.settle()
    parent.expect_nothing_else()
    system.move_clock(timedelta(minutes=31))
    rough_team.lead.expect(r"URGENT \d+")
    promises.check(rough_team)
    states = [(message["state"], message["flag"]) for message in system.inbound(parent)]
    assert states == [("unanswered", "flag.no_answer"), ("unanswered", "flag.left_waiting")]
    parent.expect_whatever()  # at safe hours it hears so by text
    parent.text("hello?")
    parent.expect(FALLBACK)
    for phone in rough_team.phones:
        phone.expect_whatever()


def test_a_ladder_climbs_and_a_takeover_stands_whatever_rasa_answers(rough_team: Team, rasa: BadRasa) -> None:
    system, parent, other = rough_team.system, rough_team.parent, rough_team.other
    parent.text(DANGER)
    for phone in (rough_team.lead, rough_team.duty):
        phone.expect(r"EMERGENCY \d+")
    parent.expect("999")
    other.text("hello")
    other.expect()
    system.settle()
    system.change(
        "UPDATE conversations SET taken_over_at = %(now)s, taken_over_by ="
        " (SELECT id FROM workers WHERE phone = %(lead)s) WHERE address = %(n)s",
        now=system.now(), lead=rough_team.lead.number, n=other.number,
    )  # fmt: skip
    rungs = ((rough_team.manager,), (rough_team.lead, rough_team.duty))
    for n, rasa.mode in enumerate(("empty", "html", "huge", "slow", "drop")):
        parent.text("when is my next meeting please")
        parent.expect(FALLBACK)
        other.text("are you still there")
        system.settle()
        other.expect_nothing_else()
        message = system.inbound(other)[-1]
        assert (message["state"], message["flag"]) == ("recorded", "flag.taken_over"), rasa.mode
        system.move_clock(timedelta(minutes=3, seconds=1))
        for phone in rungs[n % 2]:
            phone.expect(r"EMERGENCY \d+")
        if n == 0:  # said once, to who has had no word for some minutes: what she writes is read
            other.expect("is here now instead of the assistant")
    other.text(DANGER)  # in the middle of the takeover
    other.expect("999")
    rough_team.lead.expect(r"EMERGENCY \d+")
    promises.check(rough_team)
    for phone in rough_team.phones:
        phone.expect_whatever()
