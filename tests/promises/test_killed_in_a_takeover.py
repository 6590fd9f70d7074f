"""kill -9 while a conversation is taken over or a call promised: whoever waits is not forgotten, and hears it once."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.harness import promises
from tests.harness.processes import wait_until
from tests.harness.system import System
from tests.harness.town import Team
from tests.promises.test_crashes import DANGER
from tests.promises.test_ladder import reference_in


def taken_on(team: Team, how: str = "") -> str:
    """An emergency of the parent's that the duty worker has taken on by text; its reference."""
    team.parent.text(DANGER)
    team.parent.expect("999")
    team.lead.expect("EMERGENCY")
    reference = reference_in(team.duty.expect("EMERGENCY"))
    team.duty.text(f"ACK {reference} {how}")
    team.duty.expect(f"{reference} is yours")
    return reference


def take_over(system: System, team: Team) -> None:
    """The duty worker takes the parent's conversation over."""
    system.change(
        "UPDATE conversations SET taken_over_at = %(now)s, taken_over_by ="
        " (SELECT id FROM workers WHERE phone = %(duty)s) WHERE address = %(parent)s",
        now=system.now(), duty=team.duty.number, parent=team.parent.number,
    )  # fmt: skip


def killed_at(system: System, point: str, after: timedelta) -> None:
    """The worker dies at this point when that much time has passed, and somebody restarts it; all is at rest again."""
    worker = system.workers[0]
    worker.crash_at(point)
    system.move_clock(after)

    def over() -> bool:
        worker.restart_if_dead()
        return worker.crashed and system.work_left() == 0

    wait_until(over, f"nothing passed {point}, or something was left undone")


@pytest.mark.parametrize("point", ["takeover.before_commit", "takeover.after_commit"])
def test_killed_while_a_silent_takeover_ends(point: str, system: System, team: Team) -> None:
    reference = taken_on(team)
    take_over(system, team)
    team.parent.text("are you still there")
    system.settle()
    team.parent.expect_nothing_else()
    killed_at(system, point, timedelta(minutes=31))
    team.lead.expect(rf"EMERGENCY {reference}\b")
    promises.check(team)
    assert [(m["state"], m["flag"]) for m in system.inbound(team.parent)][-1] == ("unanswered", "flag.left_waiting")
    (escalation,) = system.escalations(team.parent)
    assert escalation["state"] == "open"
    happened = system.rows(
        "SELECT 1 FROM escalation_events WHERE escalation_id = %(e)s AND kind = 'left_waiting'", e=int(reference)
    )
    assert len(happened) == 1
    for phone in team.phones:
        phone.expect_whatever()


@pytest.mark.parametrize("point", ["call.before_commit", "call.after_commit"])
def test_killed_while_a_worker_is_reminded_of_a_call(point: str, system: System, team: Team) -> None:
    by = (system.now() + timedelta(minutes=10)).astimezone(ZoneInfo("Europe/London"))
    reference = taken_on(team, f"RING {by:%H:%M}")
    team.parent.expect_whatever()
    killed_at(system, point, timedelta(minutes=17))
    team.duty.expect(rf"{reference}: you said you would ring by")
    system.move_clock(timedelta(minutes=30))
    team.lead.expect(rf"EMERGENCY {reference}\b")
    promises.check(team)
    sent = [text for text in system.twilio.to(team.duty.number) if re.search("said you would ring", text.body)]
    assert len({promises.message_id(text) for text in sent}) == 1, "reminded once"
    for phone in team.phones:
        phone.expect_whatever()
