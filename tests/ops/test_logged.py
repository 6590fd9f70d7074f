"""That every test's log lines are searched for what must not be in them: the search itself (tests/logged.py)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.database import reading
from api.families.models import ContactPoint, Person
from tests import logged
from tests.small_town import Town


@pytest.mark.parametrize("line", ["sent to {number}", "turn of {name} failed", "escalation: bolt on the cellar door"])
def test_a_name_a_number_or_words_of_a_family_in_a_line_are_found(town: Town, line: str) -> None:
    town.escalation(town.mine, words="he has put the bolt on the cellar door")
    with reading() as session:
        number = session.scalars(select(ContactPoint.address)).first()
        name = session.get_one(Person, town.mine.parent.id).first_name
    said = line.format(number=number, name=name)
    assert number and name and logged.personal([f"2026-11-23 INFO api.messages {said}"])


def test_an_ordinary_line_is_not_one_of_them(town: Town) -> None:
    town.escalation(town.mine)
    assert logged.personal(["2026-11-23 INFO api.messages.delivery not sent, tried again (ConnectTimeout)"]) == []
