"""A cry for help goes up the ladder until a human has it, for ever."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx

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
    system.move_clock(timedelta(minutes=59))
    system.settle()
    team.expect_nothing_else()
    team.lead.text(f"CLOSE {reference} rang her, safe")
    team.lead.expect(f"{reference} is closed")
    system.move_clock(timedelta(hours=5))
    system.settle()
    team.expect_nothing_else()


def test_what_somebody_took_on_and_forgot_goes_up_the_ladder_again(system: System, team: Team) -> None:
    team.parent.text(DANGER)
    team.parent.expect("999")
    reference = reference_in(team.lead.expect("EMERGENCY"))
    team.duty.expect("EMERGENCY")
    team.lead.text(f"ACK {reference}")
    team.lead.expect(f"{reference} is yours")
    system.move_clock(timedelta(minutes=60, seconds=1))
    assert reference_in(team.lead.expect("is still yours")) == reference
    team.duty.expect_nothing_else()
    system.move_clock(timedelta(minutes=60, seconds=1))
    assert {reference_in(phone.expect("EMERGENCY")) for phone in (team.lead, team.duty)} == {reference}
    (escalation,) = system.escalations(team.parent)
    assert (escalation["state"], escalation["acknowledged_by"]) == ("open", None)


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


def test_an_emergency_at_night_climbs_past_two_silent_rungs_until_the_duty_worker_texts(
    system: System, team: Team
) -> None:
    london = ZoneInfo("Europe/London")
    local = system.now().astimezone(london)
    night = local.replace(hour=2, minute=0, second=0)
    system.move_clock((night if night > local else night + timedelta(days=1)) - local)
    team.parent.text(DANGER)
    team.parent.expect("999")
    off = team.lead.expect("EMERGENCY")
    reference = reference_in(off)
    system.status(off, "undelivered", error="30003")  # the lead worker's phone is off
    team.duty.expect("EMERGENCY")
    system.move_clock(timedelta(minutes=3, seconds=1))
    team.manager.expect("EMERGENCY")
    system.move_clock(timedelta(minutes=3, seconds=1))
    team.duty.expect("EMERGENCY")
    team.duty.text(f"ack {reference}, ring in 10 min")
    team.duty.expect(f"{reference} is yours.*family knows that you will ring")
    team.parent.expect(r"A person on the team has your message now. They will ring you by \d\d:\d\d")
    team.lead.expect_whatever()  # what came for a phone that was off
    team.lead.text(f"ACK {reference}")
    team.lead.expect(rf"{reference} was taken before you, by .* Duty")
    team.duty.text(f"CLOSE {reference}")
    team.duty.expect("what came of it")
    team.duty.text(f"CLOSE {reference} rang her, police are there, safe")
    team.duty.expect(f"{reference} is closed")
    system.move_clock(timedelta(hours=2))
    system.settle()
    (escalation,) = system.escalations(team.parent)
    assert (escalation["state"], escalation["outcome"]) == ("resolved", "rang her, police are there, safe")
    team.lead.expect_whatever()


def test_the_links_in_the_texts_are_each_workers_own_and_the_first_that_is_pressed_wins(
    system: System, team: Team
) -> None:
    team.parent.text(DANGER)
    team.parent.expect("999")
    lead, duty = team.lead.expect("EMERGENCY"), team.duty.expect("EMERGENCY")
    first, second = (re.search(r"(/a/\S+)", text.body)[1] for text in (lead, duty))  # type: ignore[index]
    assert first != second
    url = system.api_urls[0]
    assert httpx.get(url + first).status_code == 200
    assert system.escalations(team.parent)[0]["state"] == "open", "a preview of the link acknowledges nothing"
    for link, api in ((first, url), (second, system.api_urls[-1])):
        assert httpx.post(api + link, headers={"sec-fetch-site": "same-origin"}).status_code == 303
    (escalation,) = system.escalations(team.parent)
    assert (escalation["state"], escalation["acknowledged_via"]) == ("acknowledged", "link")
    assert "was taken before you" in httpx.get(url + second).text
