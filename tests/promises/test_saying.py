"""Having a say, on real processes with the real Rasa: nothing is lost or doubled when the worker dies in the middle."""

from __future__ import annotations

from tests.harness import promises
from tests.harness.processes import wait_until
from tests.harness.system import System
from tests.harness.town import Team

WROTE = [
    "I left him in March and I changed the locks",
    "when the health visitor came the flat was clean, can somebody put that down",
    "what I want is weekends first and then we see",
]


def test_what_was_written_over_a_crash_is_read_back_and_passed_on_as_it_was(system: System, team: Team) -> None:
    parent = team.parent
    parent.text("i want to say something at the meeting")
    parent.expect("as many messages as you like.*1 DONE")
    parent.text(WROTE[0])
    system.settle()
    worker = system.workers[0]
    worker.crash_at("turn.before_commit")
    parent.text(WROTE[1])

    def at_rest() -> bool:
        worker.restart_if_dead()
        return worker.crashed and system.work_left() == 0

    wait_until(at_rest, "the turn was not run again")
    parent.text(WROTE[2], api=1)
    system.settle()
    parent.text("done")
    read_back = parent.expect("This is what you want said").body
    assert "\n".join(WROTE) in read_back
    parent.text("1")
    parent.expect("passed it on in your own words.*2 Everybody at the meeting")
    parent.text("2")
    parent.expect("just as you wrote them")
    promises.check(team)
    [view] = system.rows(
        "SELECT v.words, v.audience FROM stated_views v JOIN contact_points c ON c.person_id = v.person_id"
        " WHERE c.address = %(number)s AND v.way = 'message'",
        number=parent.number,
    )
    assert (view["words"], view["audience"]) == ("\n".join(WROTE), "meeting")
    assert system.rows("SELECT id FROM view_drafts") == []
    for phone in team.phones:
        phone.expect_whatever()
