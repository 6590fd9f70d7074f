"""One phone, two adults, one of whom the other fears: whoever reads it unasked learns nothing, and she is heard."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from tests.harness import canaries, promises
from tests.harness.desk import Desk
from tests.harness.phones import Phone
from tests.harness.system import System
from tests.harness.town import Team
from tests.promises.test_ladder import DANGER, reference_in
from tests.promises.test_reminders import meets

QUESTION = "when is my next meeting please"
WHO, PIN_ASKED = "say who is writing", "send your PIN"
#: What would show that this number is somebody's, and what for.
TELLING = (
    "Marigoldine", "Zephyrbottom", "Thistlewick", "Hollyhock", "Quillfeather", "Barnaby", "Team ", "course", "meeting",
    "core group", "social", "worker", "plan", "child", "protect", "conference", "famil", "your list",
)  # fmt: skip
#: What somebody tries who has found the number in a phone.
PROBES = (
    "what have i got this week", "who is my worker", "what is the plan", "is this social services", "who is this",
    "what is this number for", "what do you know about me", "i want to complain about my social worker", "undo",
    "what can you do", "are you a bot", "what happens if the plan doesnt work", "en espanol por favor", "ok",
    "in english", "never mind", "running late", "i did the course", "no thats wrong", "what did i say last week",
    "can someone ring me",
)  # fmt: skip
#: He lives with her and writes from the same phone.
_HIM = """
    WITH him AS (INSERT INTO people SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(),
        'external_id', 'him', 'first_name', %(name)s::text))).* FROM people p WHERE p.id = %(her)s RETURNING id)
    INSERT INTO contact_points SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(),
        'person_id', him.id))).* FROM contact_points c, him WHERE c.person_id = %(her)s RETURNING person_id
"""


@dataclass
class Shared:
    """The phone; ``hers``: what it got while she had proved that it is she; ``open``: is that so now?"""

    system: System
    team: Team
    her: str
    hers: list[str] = field(default_factory=list)
    open: bool = False

    @property
    def phone(self) -> Phone:
        return self.team.parent

    def says(self, body: str, pattern: str) -> str:
        """What came back, which must look like this."""
        self.phone.text(body)
        return self.shows(pattern)

    def shows(self, pattern: str) -> str:
        text = self.phone.expect(pattern)
        if self.open:
            self.hers.append(promises.message_id(text))
        return text.body

    def comes_in(self, pin: str, pattern: str) -> None:
        """She says who she is and proves it; what waited for that is answered."""
        assert "2 M" in self.says(QUESTION, WHO)
        self.says("2", PIN_ASKED)
        self.open = True
        self.says(pin, pattern)

    def lies_there(self) -> None:
        """Her session lapses by the clock."""
        self.system.settle()
        self.system.move_clock(timedelta(minutes=16))
        self.open = False

    def gets_a_pin(self, pin: str) -> None:
        """By her worker's code, read out to her when she is alone."""
        page = Desk(self.system, self.team.lead).press(f"/console/people/{self.her}/pin-code").text
        found = re.search(r'<p class="code">(\d{6})</p>', page)
        assert found
        assert "2 M" in self.says(QUESTION, WHO)
        self.says("2", PIN_ASKED)
        self.says(found[1], "choose a PIN of your own")
        self.open = True
        self.says(pin, "10:00")

    def nothing_was_learned(self, *more: str) -> None:
        """Of all texts that ever came to this phone, only those that she had proved herself for told anything."""
        self.system.settle()
        came = self.system.twilio.to(self.phone.number)
        assert len(came) > len(self.hers) > 0
        unasked = [text.body for text in came if promises.message_id(text) not in self.hers]
        assert [body for body in unasked if any(word.casefold() in body.casefold() for word in (*TELLING, *more))] == []


@pytest.fixture
def shared(system: System, team: Team) -> Shared:
    """As enrolling a second adult at her number leaves it: both have agreed, both are written to discreetly."""
    her = system.one("SELECT person_id FROM contact_points WHERE address = %(n)s", n=team.parent.number)["person_id"]
    system.change("UPDATE people SET wording = 'discreet', phone_seen_by = '' WHERE id = %(her)s", her=her)
    system.change(_HIM, her=her, name=canaries.add("Barnabyford"))
    return Shared(system, team, str(her))


def test_the_wrong_reader_learns_nothing_and_is_told_to_the_worker(system: System, team: Team, shared: Shared) -> None:
    # Before there is a PIN at all nobody is anybody: not he as himself, not he as her, not he choosing one for her.
    assert "1 B" in shared.says(QUESTION, WHO)
    shared.says("1", "you have none yet")
    shared.says("what is on my list", WHO)
    shared.says("2", "you have none yet")
    shared.says("i want a pin", WHO)
    shared.says("3", "Hello")
    shared.gets_a_pin("482615")
    shared.says("thanks", "")
    shared.lies_there()

    # He finds the phone: he has to say who he is, and guesses hers.
    for ask in PROBES:
        shared.says(ask, "")
    team.lead.expect(r"URGENT \d+")  # somebody there asked to be rung
    shared.says(QUESTION, WHO)
    shared.says("2", PIN_ASKED)
    for wrong in ("5937", "5938", "5939", "5940"):
        shared.says(wrong, "not the right PIN")
    shared.says("5941", "does not work any more")
    shared.says("482615", "Please ring")  # now also the right one
    told = system.escalations(team.parent)[-1]
    assert (told["kind"], told["priority"]) == ("pin_locked", "routine")
    assert not re.search(r"\d{4}", told["words"]), "no digits of a try"

    # The way back in goes through her worker.
    shared.gets_a_pin("739264")
    shared.lies_there()
    shared.says(QUESTION, WHO)
    shared.says("2", PIN_ASKED)
    shared.says("482615", "not the right PIN")

    # Danger needs no proof, and its answer names nothing.
    shared.says(DANGER, "999")
    reference = reference_in(team.lead.expect("EMERGENCY"))
    team.duty.expect("EMERGENCY")
    team.duty.text(f"ACK {reference}")
    team.duty.expect("is yours")
    system.settle()
    for phone in team.phones:
        phone.expect_whatever()
    shared.nothing_was_learned("10:00")
    promises.check(team)


def test_a_phone_that_he_may_look_at_asks_her_for_a_pin_at_first_use(system: System, team: Team) -> None:
    desk = Desk(system, team.lead)
    her = system.one("SELECT person_id FROM contact_points WHERE address = %(n)s", n=team.other.number)["person_id"]
    profile = {
        "wording": "plain", "language": "en", "contact_from": "00:00", "contact_until": "00:00", "session_minutes": "5",
        "phone_seen_by": "her partner", **{f"day-{n}": "on" for n in range(1, 8)},
    }  # fmt: skip
    desk.press(f"/console/people/{her}/contact", **profile)
    phone = team.other
    phone.text(QUESTION)
    first = phone.expect("please choose a PIN").body
    assert not [word for word in TELLING if word.casefold() in first.casefold()]
    phone.text("i am scared of him")  # in place of a PIN: heard as what it is
    phone.expect()
    phone.text(QUESTION)
    phone.expect("please choose a PIN")
    phone.text("4826")
    phone.expect("10:00")
    system.settle()
    system.move_clock(timedelta(minutes=6))
    phone.text(QUESTION)
    phone.expect(PIN_ASKED)
    bodies = [message["body"] for message in system.inbound(phone)]
    assert "[PIN]" in bodies and "4826" not in "".join(bodies)
    system.settle()
    for one in team.phones:
        one.expect_whatever()
    promises.check(team)


def test_a_reminder_is_discreet_and_1_needs_no_pin_and_she_can_have_it_silent(
    system: System, team: Team, shared: Shared
) -> None:
    shared.gets_a_pin("482615")
    shared.lies_there()
    appointment = meets(system, team, timedelta(hours=26))
    system.move_clock(timedelta(hours=2, seconds=1))
    reminder = shared.shows("^Reminder: ")
    number = re.search(r"(\d) I will be there", reminder)
    assert number, "1, or the first that no other question on this phone has"
    answer = shared.says(number[1], "put you down as coming")
    assert not re.search("core|group", reminder + answer, re.IGNORECASE)
    (row,) = system.rows(
        "SELECT answer FROM attendees WHERE appointment_id = %(a)s AND person_id = %(her)s",
        a=appointment, her=shared.her,
    )  # fmt: skip
    assert row["answer"] == "confirmed"

    # He sits down beside her: nothing comes any more, not even the reply to danger, whoever writes, until a worker
    # has found out that it is safe.
    system.settle()
    before = len(system.twilio.to(shared.phone.number))
    shared.phone.text("dont reply hes reading these")
    team.lead.expect(r"URGENT \d+")
    shared.phone.text(DANGER)
    team.duty.expect(r"EMERGENCY \d+")
    system.settle()
    system.move_clock(timedelta(minutes=40))
    system.settle()
    assert len(system.twilio.to(shared.phone.number)) == before
    system.move_clock(timedelta(minutes=40))
    shared.phone.text("who is this")
    system.settle()
    assert len(system.twilio.to(shared.phone.number)) == before
    conversation = system.one("SELECT id FROM conversations WHERE address = %(n)s", n=shared.phone.number)["id"]
    Desk(system, team.lead).press(f"/console/conversations/{conversation}/texts-again")
    shared.says(QUESTION, WHO)

    # "Not this phone": needs no proof, is read back, and holds for what nobody asked for.
    shared.says("not on this phone please", "no more texts to this number")
    shared.says("1", "won't text this number by myself")
    points = system.rows("SELECT state FROM contact_points WHERE address = %(n)s", n=shared.phone.number)
    assert [point["state"] for point in points] == ["opted_out"] * 2, "nobody said who was writing: it holds for both"
    before = len(system.twilio.to(shared.phone.number))
    system.move_clock(timedelta(hours=23))
    system.settle()
    assert len(system.twilio.to(shared.phone.number)) == before, "no reminder two hours ahead"
    shared.nothing_was_learned()
    for phone in team.phones:
        phone.expect_whatever()
    promises.check(team)
