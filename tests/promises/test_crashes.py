"""kill -9 at every named point: after a restart nothing is lost, and nothing reaches a family twice."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from crashpoints import POINTS
from tests.harness import promises
from tests.harness.phones import Phone
from tests.harness.processes import Process, wait_until
from tests.harness.system import System
from tests.harness.town import Team
from tests.harness.twilio import new_sid

DANGER = "help he has got a knife and he is going to kill us"
QUESTION = "when is my next meeting please"
#: What happens in the process that Twilio talks to, and in the one that the action server asks; all else happens in
#: the worker.
IN_THE_API, IN_ASSIST = ("inbox", "acknowledge"), ("assist",)


#: What is passed when a reminder is due: tests/promises/test_reminders.py; when a file is sent: tests/evidence; when a
#: takeover or a promise to ring comes to its end: tests/promises/test_killed_in_a_takeover.py; in Rasa and the action
#: server: tests/promises/test_rasa_fails.py.
ELSEWHERE = ("reminder", "evidence", "takeover", "call", "rasa", "actions")
PASSED = [point for point in POINTS if point.split(".")[0] not in ELSEWHERE]
#: Every point, with the first thing that passes it: a family's question; at a delivery, a worker's text as well.
CASES = [(point, "question") for point in PASSED] + [(p, "danger") for p in PASSED if p.startswith("delivery.")]


@pytest.mark.parametrize(("point", "first"), CASES)
def test_killed_at(point: str, first: str, system: System, team: Team) -> None:
    part = point.split(".")[0]
    armed = system.apis[0] if part in IN_THE_API else system.assist if part in IN_ASSIST else system.workers[0]
    armed.crash_at(point)

    def at_rest() -> bool:
        armed.restart_if_dead()
        return system.work_left() == 0

    if first == "question":
        deliver(team.other, QUESTION, armed)
        wait_until(at_rest, "the question was left undone")
    deliver(team.parent, DANGER, armed)
    reference = told(team.lead, armed)
    assert told(team.duty, armed) == reference
    if first == "danger":
        deliver(team.other, QUESTION, armed)
    system.move_clock(timedelta(minutes=3, seconds=1))
    assert told(team.manager, armed) == reference
    deliver(team.lead, f"ACK {reference}", armed)

    wait_until(lambda: at_rest() and armed.crashed, f"nothing passed {point}, or something was left undone")
    promises.check(team)
    (escalation,) = system.escalations(team.parent)
    assert escalation["state"] == "acknowledged"
    assert len(system.inbound(team.parent)) == len(system.inbound(team.other)) == len(system.inbound(team.lead)) == 1
    for phone in team.phones:
        phone.expect_whatever()


def deliver(phone: Phone, body: str, armed: Process) -> None:
    """Text us as Twilio does: what was not answered with 200 comes again, to a process that is up."""
    sid = new_sid()
    try:
        response = phone.system.webhook(phone.number, body, sid=sid, api=0)
        answered = response.status_code == 200
    except httpx.TransportError:
        answered = False
    armed.restart_if_dead()
    if not answered:
        phone.text(body, sid=sid, api=1)


def told(phone: Phone, armed: Process) -> str:
    """Wait for the escalation's text (somebody restarts what dies meanwhile); the reference in it."""

    def arrived() -> bool:
        armed.restart_if_dead()
        return bool(phone.unexpected())

    wait_until(arrived, f"{phone.owner} was not told")
    found = re.search(r"EMERGENCY (\d+)", phone.expect("EMERGENCY").body)
    assert found
    return found[1]
