"""Whatever Rasa does: a plain reply, a message that a worker sees, and danger is heard all the same."""

from __future__ import annotations

import pytest

from tests.harness.bad_rasa import BadRasa
from tests.harness.town import Team

FALLBACK = "could not answer.*person will look"
BAD = ("empty", "html", "huge", "words", "unknown", "null", "deep", "slow", "drip", "drop")


@pytest.mark.parametrize("mode", BAD)
def test_a_useless_answer_means_a_plain_reply_and_a_flag(rough_team: Team, rasa: BadRasa, mode: str) -> None:
    rasa.mode = mode
    rough_team.parent.text("when is my next meeting please")
    rough_team.parent.expect(FALLBACK)
    (message,) = rough_team.system.inbound(rough_team.parent)
    assert (message["state"], message["flag"]) == ("unanswered", "flag.no_answer")
