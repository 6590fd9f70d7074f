"""A cry for help goes up the ladder until a human has it, for ever."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.harness.system import System
from tests.harness.town import Team
from tests.harness.twilio import Text

DANGER = "help he has got a knife and he is going to kill us"


def reference_in(text: Text) -> str:
    found = re.search(r"\b(\d+)\b", text.body)
    assert found
    return found[1]


def test_nobody_acknowledges_so_the_next_rung_is_told_round_and_round(system: System, team: Team) -> None:
    team.parent.text(DANGER)
    team.parent.expect("999")
    references = set()
    for _ in range(4):
        references |= {reference_in(phone.expect("EMERGENCY")) for phone in (team.lead, team.duty)}
        team.manager.expect_nothing_else()
        system.move_clock(timedelta(minutes=3, seconds=1))
        references.add(reference_in(team.manager.expect("EMERGENCY")))
        team.lead.expect_nothing_else()
        system.move_clock(timedelta(minutes=3, seconds=1))
    for phone in (team.lead, team.duty):
        references.add(reference_in(phone.expect("EMERGENCY")))
    assert len(references) == 1, "every rung is told the same reference"


def test_an_acknowledgement_ends_the_ladder(system: System, team: Team) -> None:
    team.parent.text(DANGER)
    team.parent.expect("999")
    reference = reference_in(team.lead.expect("EMERGENCY"))
    team.duty.expect("EMERGENCY")
    team.lead.text(f" Ack  #{reference}. on my way")
    team.lead.expect(f"{reference} is yours")
    (escalation,) = system.escalations(team.parent)
    assert (escalation["state"], escalation["acknowledged_via"]) == ("acknowledged", "sms")
    system.move_clock(timedelta(hours=5))
    system.settle()
    team.expect_nothing_else()


def test_the_text_to_a_worker_says_nothing_about_the_family(system: System, team: Team) -> None:
    team.parent.text("my name is Marigoldine and " + DANGER)
    team.parent.expect("999")
    body = team.lead.expect("EMERGENCY").body + team.duty.expect("EMERGENCY").body
    for word in ("Marigoldine", "Zephyrbottom", "knife", team.parent.number[-6:]):
        assert word not in body


def test_only_the_agencys_own_worker_can_acknowledge(system: System, team: Team) -> None:
    team.parent.text(DANGER)
    team.parent.expect("999")
    reference = reference_in(team.lead.expect("EMERGENCY"))
    team.duty.expect("EMERGENCY")
    elsewhere = system.team()
    elsewhere.lead.text(f"ACK {reference}")
    elsewhere.lead.expect(f"There is no {reference}")
    team.other.text(f"ACK {reference}")
    team.other.expect()  # to a family it is a message like any other
    (escalation,) = system.escalations(team.parent)
    assert escalation["state"] == "open"


def test_danger_told_again_after_an_acknowledgement_rings_again(system: System, team: Team) -> None:
    team.parent.text(DANGER)
    team.parent.expect("999")
    reference = reference_in(team.lead.expect("EMERGENCY"))
    team.duty.expect("EMERGENCY")
    team.duty.text(f"ACK {reference}")
    team.duty.expect("is yours")
    team.parent.text("he is back with the knife and he is going to kill us now")
    team.parent.expect("999")
    system.settle()
    rung_again = [phone for phone in (team.lead, team.duty, team.manager) if phone.unexpected()]
    assert rung_again, "nobody was told that it goes on"
    for phone in rung_again:
        assert reference_in(phone.expect("EMERGENCY")) == reference
    (escalation,) = system.escalations(team.parent)
    assert escalation["state"] == "open"


def test_the_words_are_kept_for_the_worker(system: System, team: Team) -> None:
    team.parent.text(DANGER)
    team.parent.text("and please hurry he is going to kill us all now")
    system.settle()
    (escalation,) = system.escalations(team.parent)
    assert DANGER in escalation["words"] and "please hurry" in escalation["words"]
    for phone in team.phones:
        phone.expect_whatever()
