"""How long things took, and which rungs were missed: by nobody being reached, or by nobody answering in time."""

from __future__ import annotations

import re
from datetime import timedelta

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api import clock
from api.database import transaction
from api.escalations import service
from api.escalations.jobs import climb
from api.escalations.times import Times, bars, times
from tests.small_town import Town


def missed(session: Session, town: Town) -> dict[str, tuple[int, int]]:
    session.expire_all()
    return {
        one.priority: (one.missed, one.silent)
        for one in times(session, town.agency.id, clock.now() - timedelta(days=7))
    }


def test_a_rung_that_stayed_silent_is_missed_and_one_that_answered_or_was_told_anew_is_not(
    session: Session, town: Town
) -> None:
    silent = town.escalation(town.mine)
    clock.move(timedelta(minutes=3, seconds=1))
    assert climb() == 1
    with transaction() as acting:
        service.resolve(acting, silent, town.manager, "rang her, safe")
    answered = town.escalation(town.mine)
    clock.move(timedelta(minutes=2))
    with transaction() as acting:
        service.acknowledge(acting, answered, town.duty, via="sms")
    town.escalation(town.mine, "and he is back")  # told from the top, because danger was told again
    assert missed(session, town) == {"emergency": (1, 1)}


def test_what_reached_nobody_is_missed_and_not_silent(session: Session, town: Town) -> None:
    town.escalation(town.other, priority="urgent")  # nobody leads this family
    assert missed(session, town) == {"urgent": (1, 0)}


def figures(priority: str, half: float, most: float) -> Times:
    spans = (timedelta(minutes=half), timedelta(minutes=most))
    return Times(priority, 3, 3, *spans, 3, *spans, 0, 0, 0)


def test_minutes_and_days_stand_side_by_side_and_the_longest_fills_the_line() -> None:
    made = bars([figures("emergency", 2, 9), figures("routine", 99, 9999)], "ack")
    assert [(bar.priority, bar.most_length) for bar in made] == [("emergency", 25.0), ("routine", 100.0)]
    assert all(0 < bar.half_length < bar.most_length for bar in made)
    assert bars([figures("urgent", 0, 0)], "close")[0].most_length == 100.0
    assert bars([], "ack") == []
    none = Times("urgent", 1, 0, None, None, 0, None, None, 0, 0, 0)
    assert bars([none], "ack") == []


def test_the_charts_are_drawn_without_styles_or_scripts_and_say_the_same_as_the_table(
    client: TestClient, town: Town
) -> None:
    number = town.escalation(town.mine)
    clock.move(timedelta(minutes=4))
    with transaction() as acting:
        service.acknowledge(acting, number, town.duty, via="sms")
    client.cookies.update(town.signed_in(town.manager))
    page = client.get("/console/status").text
    (chart,) = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert "Until somebody took it on" in chart and "4 min / 4 min" in chart and 'width="100.0"' in chart
    assert 'aria-hidden="true"' in chart and "style" not in chart and "<script" not in chart
    assert "4 min / 4 min (1)" in page, "the table"
