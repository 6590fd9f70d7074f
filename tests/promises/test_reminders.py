"""Reminders on real processes: exactly one for each moment, whatever is killed; none after the appointment moved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crashpoints import POINTS
from tests.harness import promises
from tests.harness.processes import wait_until
from tests.harness.system import System
from tests.harness.town import Team

#: Those on the way of a reminder.
ON_THE_WAY = [point for point in POINTS if point.startswith(("reminder.", "delivery."))]
#: After these nobody can know whether the text went out, so it is not sent again, and a worker is shown it.
IN_DOUBT = ("delivery.after_attempt", "delivery.after_send")
REMINDER = r"^Reminder: "
#: So long before a reminder is due, all else is out of the way and nothing is armed yet.
ALMOST = timedelta(minutes=2)


def meets(system: System, team: Team, ahead: timedelta) -> str:
    """The parent's meeting is that long from now; its id.

    They are told of the new time; the reminders for it are planned when this returns.
    """
    row = system.one(
        "UPDATE appointments SET starts_at = %(begin)s, ends_at = %(end)s WHERE id ="
        " (SELECT t.appointment_id FROM attendees t JOIN contact_points c ON c.person_id = t.person_id"
        "  WHERE c.address = %(n)s) RETURNING id",
        n=team.parent.number,
        begin=system.now() + ahead,
        end=system.now() + ahead + timedelta(hours=1),
    )
    team.parent.expect("^Change of time")
    wait_until(lambda: len(moments(system, row["id"])) == 3, "the reminders were not planned")
    system.settle()
    return str(row["id"])


def moments(system: System, appointment: object) -> dict[str, str]:
    """What is planned or done, moment by moment, for the appointment's present time."""
    rows = system.rows(
        "SELECT r.moment, CASE WHEN r.reason = '' THEN r.state ELSE r.reason END AS state FROM reminders r"
        " JOIN appointments a ON a.id = r.appointment_id AND a.starts_at = r.starts_at"
        " WHERE a.id = %(id)s AND r.change_id = 0",
        id=appointment,
    )
    return {row["moment"]: row["state"] for row in rows}


@pytest.mark.parametrize("point", ON_THE_WAY)
def test_killed_on_the_way_of_a_reminder(point: str, system: System, team: Team) -> None:
    appointment = meets(system, team, timedelta(hours=26))
    system.move_clock(timedelta(hours=2) - ALMOST)
    system.settle()  # whatever else is due by then has gone out: it is not what the worker dies of
    worker = system.workers[0]
    worker.crash_at(point)
    before = len(system.twilio.texts)
    system.move_clock(ALMOST)

    def over() -> bool:
        worker.restart_if_dead()
        return worker.crashed and system.work_left() == 0

    wait_until(over, f"nothing passed {point}, or something was left undone")
    promises.check(team)
    message = system.outbound(team.parent)[-1]
    texts = team.parent.expect_whatever()
    assert moments(system, appointment) == {"3d": "just_booked", "1d": "queued", "2h": "planned"}
    assert len(system.outbound(team.parent)) == 2  # the change of time, and one reminder
    if point in IN_DOUBT:
        assert (message["state"], message["seen_at"]) == ("uncertain", None), (
            f"a worker is shown it; meanwhile there were texts to {[text.to for text in system.twilio.texts[before:]]}"
        )
        assert len(texts) == (0 if point == "delivery.after_attempt" else 1)
    else:
        assert message["state"] == "sent"
        assert len(texts) == 1


def test_answered_in_its_context_moved_and_reminded_anew(system: System, team: Team) -> None:
    appointment = meets(system, team, timedelta(hours=26))
    system.move_clock(timedelta(hours=2, seconds=1))
    assert "1 I will be there" in team.parent.expect(REMINDER).body
    team.parent.text("is there a food bank near LS9")
    assert team.parent.expect()
    team.parent.text("1")
    team.parent.expect()
    answer = system.one("SELECT answer FROM attendees WHERE appointment_id = %(id)s", id=appointment)
    assert answer["answer"] == "confirmed"
    assert meets(system, team, timedelta(hours=26)) == appointment
    system.move_clock(timedelta(hours=2, seconds=1))
    team.parent.expect(REMINDER)
    system.change("UPDATE appointments SET status = 'cancelled' WHERE id = %(id)s", id=appointment)
    team.parent.expect("is called off")
    system.move_clock(timedelta(hours=23))
    promises.check(team)
    team.expect_nothing_else()


def test_a_reminder_that_does_not_arrive_is_shown_to_a_worker(system: System, team: Team) -> None:
    meets(system, team, timedelta(hours=26))
    system.twilio.fail("30006", to=team.parent.number)
    system.move_clock(timedelta(hours=2, seconds=1))
    wait_until(lambda: len(system.outbound(team.parent)) == 2, "nothing was queued")
    system.settle()
    message = system.outbound(team.parent)[-1]
    assert (message["state"], message["seen_at"]) == ("failed", None)
    assert not team.parent.unexpected()
