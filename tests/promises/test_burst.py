"""Many at once: all stored, all answered, none twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.harness import promises
from tests.harness.system import System
from tests.harness.town import Team

MESSAGES = 200


def test_a_burst_is_all_stored_and_all_answered(system: System) -> None:
    teams = [system.team() for _ in range(5)]
    phones = [phone for team in teams for phone in (team.parent, team.other)]

    def send(n: int) -> str:
        # All at one process: the other one answers /assist, for which the product has a process as well.
        return phones[n % len(phones)].text(f"when is my next meeting, {n} of the burst", api=1)

    sent = [send(0)]
    phones[0].expect("10:00")  # what is loaded on first use is loaded
    with ThreadPoolExecutor(32) as pool:
        sent += pool.map(send, range(1, MESSAGES))
    assert len(set(sent)) == MESSAGES
    system.settle(seconds=150)
    for team in teams:
        promises.check(team)
    assert sum(len(system.inbound(phone)) for phone in phones) == MESSAGES
    answered = [message for phone in phones for message in system.inbound(phone) if message["state"] == "answered"]
    assert len(answered) == MESSAGES
    assert sum(len(system.twilio.to(phone.number)) for phone in phones) == MESSAGES
    answers_came_in_the_order_of_the_questions(teams)


def answers_came_in_the_order_of_the_questions(teams: list[Team]) -> None:
    for team in teams:
        for phone in (team.parent, team.other):
            order = team.system.rows(
                "SELECT i.seq AS asked FROM outbound_messages o JOIN inbound_messages i ON i.id = o.in_reply_to"
                " WHERE o.address = %(number)s ORDER BY o.seq",
                number=phone.number,
            )
            assert [row["asked"] for row in order] == sorted(row["asked"] for row in order)
