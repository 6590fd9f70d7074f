"""The same thing twice, at the same moment, on two processes: it counts once."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from tests.harness import promises
from tests.harness.system import System
from tests.harness.town import Team
from tests.harness.twilio import new_sid

DANGER = "help he has got a knife and he is going to kill us"


def both(*calls: Callable[[], Any]) -> list[Any]:
    """Do all at once."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_the_same_webhook_is_one_message_one_reply_and_one_escalation(system: System, team: Team) -> None:
    sid = new_sid()
    both(*[lambda api=n % 2: team.parent.text(DANGER, sid=sid, api=api) for n in range(6)])
    team.lead.expect(r"EMERGENCY \d+")
    team.duty.expect(r"EMERGENCY \d+")
    team.parent.expect("999")
    system.settle()
    team.parent.text(DANGER, sid=sid, api=1)  # and once more, late
    system.settle()
    assert len(system.inbound(team.parent)) == 1
    assert len(system.escalations(team.parent)) == 1
    assert len(system.twilio.to(team.parent.number)) == 1


def test_two_acknowledge_at_once_and_one_of_them_has_it(system: System, team: Team) -> None:
    team.parent.text("help he has got a knife and he is going to kill us")
    team.parent.expect("999")
    text = team.lead.expect(r"EMERGENCY \d+")
    team.duty.expect(r"EMERGENCY \d+")
    found = re.search(r"EMERGENCY (\d+)", text.body)
    assert found
    both(
        lambda: team.lead.text(f"ACK {found[1]}", api=0),
        lambda: team.duty.text(f"ack{found[1]}", api=1),
    )
    system.settle()
    answers = [phone.expect(found[1]).body for phone in (team.lead, team.duty)]
    assert sorted("is yours" in answer for answer in answers) == [False, True]
    assert sum("taken before you, by Quillfeather" in answer for answer in answers) == 1
    (escalation,) = system.escalations(team.parent)
    assert escalation["state"] == "acknowledged"


def test_two_workers_do_not_answer_one_message_twice(system: System, team: Team) -> None:
    second = system.make_worker("worker-second")
    second.start()
    try:
        for n in range(8):
            team.parent.text(f"when is my next meeting, asked {n} times", api=n % 2)
        system.settle()
        promises.check(team)
        assert len(system.twilio.to(team.parent.number)) == 8
        team.parent.expect_whatever()
    finally:
        second.stop()


def test_two_workers_tell_each_rung_once(system: System, team: Team) -> None:
    second = system.make_worker("worker-rungs")
    second.start()
    try:
        team.parent.text("help he has got a knife and he is going to kill us")
        team.parent.expect("999")
        for phones in ((team.lead, team.duty), (team.manager,), (team.lead, team.duty)):
            for phone in phones:
                phone.expect(r"EMERGENCY \d+")
            system.settle()
            system.move_clock(timedelta(minutes=3, seconds=1))
        team.manager.expect(r"EMERGENCY \d+")
    finally:
        second.stop()
