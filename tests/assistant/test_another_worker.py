"""Who wants somebody else for a worker is heard by the agency, in their own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from api.database import reading
from api.escalations.models import Escalation
from tests.assistant.conftest import Talk

Phone = Callable[[str], Talk]

WANTED = [
    ("kelly", "can i change worker i dont like mine"),
    ("kelly", "can we get a different social worker please"),
    ("kelly", "i want another worker she never listens"),
    ("kelly", "how do i ask for a new social worker"),
    ("rosa", "puedo cambiar de trabajadora?"),
    ("rosa", "quisiera otra trabajadora por favor"),
]


def passed_on() -> list[tuple[str, str]]:
    with reading() as session:
        return [(one.kind, one.words) for one in session.scalars(select(Escalation).order_by(Escalation.id))]


@pytest.mark.parametrize(("who", "words"), WANTED)
@pytest.mark.parametrize("intent", ["ask_who_is_my_worker", "ask_about_plan", "fallback"])
def test_the_wish_is_passed_on_in_their_words(talk: Phone, who: str, words: str, intent: str) -> None:
    reply = talk(who).says(words, intent)
    assert passed_on() == [("complaint", words)]
    assert "Amara" not in reply


@pytest.mark.parametrize(
    "words",
    ["who is my new worker", "whats the other worker called", "has my worker changed the time", "whos my worker"],
)
def test_who_asks_for_the_name_is_told_it(talk: Phone, words: str) -> None:
    assert "Amara Okafor" in talk("kelly").says(words, "ask_who_is_my_worker")
    assert passed_on() == []
