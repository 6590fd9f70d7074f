"""What people report: several at once, misspelt, by number, and what they have not done yet."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from api.database import reading, transaction
from api.escalations.models import Escalation
from api.plans import matching
from api.plans.models import PlanAction
from tests.assistant.conftest import Talk
from tests.assistant.test_action_turns import action, count

Phone = Callable[[str], Talk]


def escalations() -> list[tuple[str, str]]:
    with reading() as session:
        return [(one.kind, one.priority) for one in session.scalars(select(Escalation))]


def test_two_that_are_done_in_one_message_are_both_recorded_and_undone_together(talk: Phone) -> None:
    kelly = talk("kelly")
    reply = kelly.says("gp and parenting course done", "report_action_done")
    assert "Register all three of you with a GP and Finish the Stepping Stones parenting course - done" in reply
    assert count("reported_done") == 2
    assert "are on your list again" in kelly.says("1")
    assert (action("gp").status, action("course").status) == ("open", "open")


def test_where_one_of_two_may_be_something_else_both_are_offered(talk: Phone) -> None:
    kelly = talk("kelly")
    reply = kelly.says("finished the parenting course and my gp letter came", "report_action_done")
    assert count("reported_done") == 0
    number = next(line.split()[0] for line in reply.splitlines() if line.endswith(" Both"))
    kelly.says(number)
    assert count("reported_done") == 2


def test_one_that_is_done_and_one_that_is_not_are_told_apart(talk: Phone) -> None:
    talk("kelly").says("done the gp but not the parenting course yet", "report_action_done")
    assert (action("gp").status, action("course").status) == ("reported_done", "open")


@pytest.mark.parametrize(
    "words",
    ["ive not done the parenting course yet", "im gonna finish the parenting course", "no he terminado el parenting"],
    ids=["not yet", "going to", "spanish"],
)
def test_what_is_not_done_yet_is_never_recorded_without_asking(talk: Phone, words: str) -> None:
    kelly = talk("kelly")
    reply = kelly.says(words, "report_action_done")
    assert "Finish the Stepping Stones parenting course: it sounds as if that is not done yet" in reply
    assert count("reported_done") == 0
    assert kelly.says("1") == "All right, nothing has changed."
    kelly.says(words, "report_action_done")
    kelly.says("2")
    assert action("course").status == "reported_done"


def test_not_yet_without_a_name_records_nothing(talk: Phone) -> None:
    assert "I have written nothing down" in talk("kelly").says("not done it yet sorry", "report_action_done")
    assert count("reported_done") == 0


def test_a_misspelt_name_is_that_action(talk: Phone) -> None:
    talk("kelly").says("docters sorted", "report_action_done")
    assert action("gp").status == "reported_done"


def test_every_open_action_can_be_chosen_by_number(talk: Phone) -> None:
    with transaction() as session:
        owner = session.scalars(select(PlanAction.owner_person_id).filter_by(external_id="gp")).one()
        theirs = session.scalars(select(PlanAction).filter_by(owner_person_id=owner)).all()
        for one in theirs:
            one.status = "open"
        titles = {one.title.rstrip(".") for one in theirs}
    kelly = talk("kelly")
    assert len(titles) > 3
    seen = kelly.says("done", "report_action_done")
    assert "\n4 Show more" in seen
    seen = [*seen.splitlines(), *kelly.says("more").splitlines()]
    assert titles <= {line[2:] for line in seen}
    kelly.says("1")
    assert count("reported_done") == 1
    listed = kelly.says("what have i got to do", "check_actions")
    assert "\n4 Show more" in listed and "\n1 " in kelly.says("4")


def test_something_else_asks_what_it_is_and_raises_no_alarm(talk: Phone) -> None:
    kelly = talk("kelly")
    reply = kelly.says("done", "report_action_done")
    number = next(line.split()[0] for line in reply.splitlines() if line.endswith("Something else"))
    assert "Tell me in a few words which one it is." in kelly.says(number)
    assert escalations() == []
    assert "passed your message on" in kelly.says("the thing with the bank", "out_of_scope")
    assert escalations() == [("report", "routine")]


def test_numbers_of_a_list_report_what_stands_there(talk: Phone) -> None:
    kelly = talk("kelly")
    lines = kelly.says("what have i got to do", "check_actions").splitlines()
    assert lines[1].startswith("1 Register all three of you with a GP (was due")
    reply = kelly.says("done 1 and 2", "nlu_fallback")
    assert "Register all three of you with a GP and " in reply and reply.count("Undo") == 1
    assert count("reported_done") == 2


def test_one_of_the_list_can_be_chosen_and_is_done_or_stuck(talk: Phone) -> None:
    kelly = talk("kelly")
    kelly.says("what have i got to do", "check_actions")
    assert "is it done, or are you stuck with it?" in kelly.says("1")
    kelly.says("1")
    assert action("gp").status == "reported_done"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("done 1 and 3", ([1, 3], "done")),
        ("1,3 done", ([1, 3], "done")),
        ("2 y 3 hechas", ([2, 3], "done")),
        ("stuck with 2", ([2], "stuck")),
        ("both done", ([0], "done")),
        ("i have 3 kids", ([], "")),
        ("1 more thing he hit me", ([], "")),
    ],
)
def test_only_a_message_that_is_all_numbers_is_taken_for_numbers(words: str, found: tuple[list[int], str]) -> None:
    assert matching.numbers(words) == found


@pytest.mark.parametrize(
    ("words", "undone"),
    [
        ("ive not done the gp or got the form", True),
        ("still need to do the gp", True),
        ("voy a llamar al medico", True),
        ("todavia no he ido", True),
        ("been going to the parenting course", False),
        ("not done the gp but finished the course", False),
        ("been n gone", False),
        ("ya lo hice", False),
    ],
)
def test_not_yet_is_heard_in_both_languages(words: str, undone: bool) -> None:
    assert matching.undone(words) == undone
