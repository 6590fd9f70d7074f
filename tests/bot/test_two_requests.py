"""Where a message is cut in two, and when it is left whole. Runs in Rasa's environment, as the bot does."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from api.assistant.training import bot_python
from api.settings import ROOT

SPLIT = """
import json, sys
import numpy as np
from bot.components.two_requests import halves, two_requests
INTENTS = ["check_appointments", "report_action_done", "stop_messages", "thank", "disclose_harm", "express_distress",
           "out_of_scope"]
MARKS = ["when", "done", "stop", "ta", "hurt", "cope"]
def chances(sure):
    def of(text):
        hits = [mark in text.casefold() for mark in MARKS]
        rest = (1 - sure) / 6
        if sum(hits) != 1:
            return np.array([rest] * 6 + [sure])
        return np.array([sure if hit else rest for hit in hits] + [rest])
    return of
text, whole, sure = json.loads(sys.argv[1])
of = chances(sure)
print(json.dumps({"halves": halves(text), "requests": two_requests(text, whole, INTENTS, of, of)}))
"""


def split(text: str, whole: str, sure: float = 0.95) -> dict[str, Any]:
    done = subprocess.run(
        [str(bot_python()), "-c", SPLIT, json.dumps([text, whole, sure])],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-1500:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("done the gp form. when is the meeting", "done the gp form.", "when is the meeting"),
        ("done the gp form and when is the meeting", "done the gp form", "when is the meeting"),
        ("done the gp form whens the meeting", "done the gp form", "whens the meeting"),
        ("ya lo done todo, y when es eso", "ya lo done todo", "when es eso"),
    ],
)
def test_two_requests_are_found_however_they_are_joined(text: str, first: str, second: str) -> None:
    requests = split(text, "report_action_done")["requests"]
    assert [one["intent"] for one in requests] == ["report_action_done", "check_appointments"]
    assert [one["text"] for one in requests] == [first, second]


@pytest.mark.parametrize(
    ("text", "whole", "sure"),
    [
        ("when is the meeting and when is the visit", "check_appointments", 0.95),  # the same twice
        ("when is it they can stop me having him", "check_appointments", 0.95),  # nobody ends with "they"
        ("done it when", "report_action_done", 0.95),  # too short to be two
        ("done the gp form. when is the meeting", "report_action_done", 0.75),  # not sure enough to record
        ("done the gp form. please stop the texts", "report_action_done", 0.85),  # not sure enough to stop
        ("done the gp form. ta for that love", "report_action_done", 0.95),  # thanks are company, not a request
        ("he hurt me bad. when is the meeting", "check_appointments", 0.7),  # the question is answered as it is
        ("he hurt me bad. when is the meeting", "disclose_harm", 0.65),  # not sure enough a question
        ("he hurt me bad. you know when", "disclose_harm", 0.95),  # no question by itself
        ("he hurt me bad you know how when is the meeting", "disclose_harm", 0.95),  # one breath
        ("he hurt me bad. done the gp form now", "disclose_harm", 0.95),  # nothing is recorded beside danger
        ("he hurt me bad. please stop the texts", "disclose_harm", 0.95),  # nor ended
        ("he hurt me bad when it hurt", "disclose_harm", 0.95),
        ("", "out_of_scope", 0.95),
        ("... !!! ???", "out_of_scope", 0.95),
    ],
)
def test_one_request_is_left_whole(text: str, whole: str, sure: float) -> None:
    assert split(text, whole, sure)["requests"] == []


@pytest.mark.parametrize(
    ("text", "whole", "danger"),
    [
        ("he hurt me bad. when is the meeting", "disclose_harm", "disclose_harm"),
        ("when is the meeting, he hurt me bad again", "disclose_harm", "disclose_harm"),
        ("i cant cope anymore. when is the meeting", "express_distress", "express_distress"),
        ("when is the meeting, i just cant cope", "check_appointments", "express_distress"),
        ("when is the meeting and he hurt me bad", "check_appointments", "disclose_harm"),
    ],
)
def test_danger_comes_first_and_whole_and_the_question_beside_it_is_kept(text: str, whole: str, danger: str) -> None:
    first, second = split(text, whole, 0.97)["requests"]
    assert (first["intent"], first["text"]) == (danger, text)
    assert second["intent"] == "check_appointments" and second["text"] in ("when is the meeting",)


def test_every_cut_leaves_two_words_on_each_side() -> None:
    found = split("hi, when is it, and where? and who, please, and why not", "out_of_scope")["halves"]
    assert found and all(len(half.split()) >= 2 for pair in found for half in pair)
