"""Every fault at once with what is under way: a ladder that climbs in one family, a takeover in another.

Whatever fails, the ladder's next rung is told, what is written to the worker waits for the worker, what the worker
writes goes out once (or they are shown that it may not have), and danger is heard in the middle of a takeover too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.harness import promises
from tests.harness.desk import Desk
from tests.harness.processes import wait_until
from tests.harness.system import System
from tests.harness.town import Team
from tests.harness.twilio import new_sid
from tests.promises.test_ladder import DANGER, reference_in
from tests.promises.test_rasa_fails import FALLBACK, RUNG
from tests.promises.test_twice_at_once import both

TAKEN_OVER = ("recorded", "flag.taken_over")


@dataclass
class UnderWay:
    """The parent's emergency nobody has taken on; the other family's conversation, which the lead worker has."""

    system: System
    team: Team
    reference: str
    desk: Desk
    conversation: str

    def replies(self, words: str) -> dict[str, Any]:
        """The lead worker writes to the other family in the console; the text, which is on its way."""
        self.desk.press(f"/console/conversations/{self.conversation}/reply", words=words)
        return [text for text in self.system.outbound(self.team.other) if text["written_by"]][-1]

    def goes_on(self) -> None:
        """Nothing of either is lost."""
        promises.check(self.team)
        row = self.system.one("SELECT taken_over_by FROM conversations WHERE id = %(id)s", id=self.conversation)
        assert row["taken_over_by"], "the takeover has ended by itself"
        assert self.system.escalations(self.team.parent)[0]["state"] == "open"

    def last_written(self) -> tuple[str, str]:
        message = self.system.inbound(self.team.other)[-1]
        return message["state"], message["flag"]


@pytest.fixture
def under_way(system: System, team: Team) -> UnderWay:
    return begun(system, team)


def begun(system: System, team: Team) -> UnderWay:
    team.other.text("hello")
    team.other.expect()
    conversation = system.one("SELECT id FROM conversations WHERE address = %(n)s", n=team.other.number)["id"]
    desk = Desk(system, team.lead)
    desk.press(f"/console/conversations/{conversation}/take-over")
    team.parent.text(DANGER)
    team.parent.expect("999")
    reference = reference_in(team.lead.expect("EMERGENCY"))
    team.duty.expect("EMERGENCY")
    system.settle()
    return UnderWay(system, team, reference, desk, str(conversation))


@pytest.mark.parametrize(
    ("fault", "becomes"), [("429", "sent"), ("500", "sent"), ("lost", "uncertain"), ("21610", "failed")],
    ids=["429", "500", "never answers", "21610"],
)  # fmt: skip
def test_twilio_fails_the_rung_and_the_workers_words(
    fault: str, becomes: str, system: System, team: Team, under_way: UnderWay
) -> None:
    for phone in (team.manager, team.other):
        system.twilio.fail(fault, to=phone.number)
    sent = under_way.replies("I am ringing you at four.")
    system.move_clock(RUNG)
    if fault == "21610":
        # The only one on this rung cannot be texted: the next round begins at once, and nobody waits three minutes.
        assert reference_in(team.lead.expect("EMERGENCY")) == under_way.reference
        team.duty.expect("EMERGENCY")
    else:
        if becomes == "sent":
            wait_until(lambda: not any(fault.times for fault in system.twilio.faults), "nothing was tried")
            system.move_clock(timedelta(seconds=10))
        assert reference_in(team.manager.expect("EMERGENCY")) == under_way.reference
    if becomes == "sent":
        team.other.expect("ringing you at four")
    if becomes == "uncertain":
        team.other.expect("is here now")  # for their first words may not have arrived
    system.settle()
    sent = system.one("SELECT * FROM outbound_messages WHERE id = %(id)s", id=sent["id"])
    assert (sent["state"], sent["seen_at"]) == (becomes, None)
    calls = [call for call in system.twilio.calls if call[0] == team.other.number and "at four" in call[1]]
    assert len(calls) == (2 if becomes == "sent" else 1), "never twice where it may have gone out"
    under_way.goes_on()
    for phone in team.phones:
        phone.expect_whatever()


def test_webhooks_come_twice_and_callbacks_out_of_order(system: System, team: Team, under_way: UnderWay) -> None:
    sent = under_way.replies("I am ringing you at four.")
    written = team.other.expect("at four")
    system.move_clock(RUNG)
    rung = team.manager.expect("EMERGENCY")
    system.settle()
    for text in (written, rung):
        for status in ("delivered", "sent", "undelivered", "queued", "failed"):
            assert system.status(text, status, error="30003" if "e" in status[-2:-1] else "").status_code == 204
    system.settle()
    team.expect_nothing_else()  # neither is sent again, nor the next rung told early
    assert [one["state"] for one in system.outbound(team.other) if one["id"] == sent["id"]] == ["delivered"]

    words, danger, ack = new_sid(), new_sid(), new_sid()
    both(*[lambda api=n % 2: team.other.text("ok thank you", sid=words, api=api) for n in range(4)])
    system.settle()
    assert under_way.last_written() == TAKEN_OVER
    both(*[lambda api=n % 2: team.other.text(DANGER, sid=danger, api=api) for n in range(4)])
    team.other.expect("999")  # the bot is silent, the screen is not
    second = reference_in(team.lead.expect("EMERGENCY"))
    team.duty.expect("EMERGENCY")
    both(*[lambda api=n % 2: team.duty.text(f"ACK {second}", sid=ack, api=api) for n in range(4)])
    team.duty.expect(f"{second} is yours")
    system.settle()
    assert [len(system.inbound(phone)) for phone in (team.other, team.parent, team.duty)] == [3, 1, 1]
    assert [one["state"] for one in system.escalations(team.other)] == ["acknowledged"]
    team.other.expect_whatever()  # that somebody has it now
    under_way.goes_on()
    team.expect_nothing_else()


def test_actions_worker_and_api_are_killed_in_turn(system: System, team: Team, under_way: UnderWay) -> None:
    turn = (team.manager,), (team.lead, team.duty)
    # (Rasa takes long to come back; with it gone: tests/promises/test_rasa_fails.py.)
    processes = {"actions": system.actions, "worker": system.workers[0], "api": system.apis[0]}
    for n, (name, process) in enumerate(processes.items()):
        team.other.text(f"are you there, {name}", api=1)
        process.kill()
        system.move_clock(RUNG)
        if name == "actions":
            for phone in turn[n % 2]:
                assert reference_in(phone.expect("EMERGENCY")) == under_way.reference
            team.parent.text(f"when is my next meeting please, {name}", api=1)
            team.parent.expect(FALLBACK)
            under_way.replies(f"Yes, I am here for the {name}.")
            team.other.expect("Yes, I am here")
            process.start(wait=False)
        else:
            process.start(wait=False)
            for phone in turn[n % 2]:
                assert reference_in(phone.expect("EMERGENCY")) == under_way.reference
            system.settle()
            assert under_way.last_written() == TAKEN_OVER
    under_way.goes_on()
    team.duty.text(f"ACK {under_way.reference}", api=1)
    team.duty.expect("is yours")
    for phone in team.phones:
        phone.expect_whatever()
