"""What a person reads after asking for help."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from api import texts
from api.directory.answers import Answer, answer
from api.directory.service import needs, understand_place
from api.jurisdiction.packs import pack
from api.jurisdiction.phones import local_number
from api.messages.sms import is_gsm7, segments, to_gsm7

ZONES = {"uk-england": ZoneInfo("Europe/London"), "us-ohio": ZoneInfo("America/New_York")}


def ask(session: Session, need: str, where: str, jurisdiction: str = "uk-england", **more: Any) -> Answer:
    here = pack(jurisdiction)
    place = understand_place(where, here.country)
    assert place is not None
    given = {"language": "en", "now": datetime(2026, 11, 24, 15, 0, tzinfo=UTC), "room_for": "1 Show more"} | more
    return answer(session, need=need, place=place, pack=here, zone=ZONES[jurisdiction], **given)


def words(found: Answer, jurisdiction: str = "uk-england", language: str = "en") -> str:
    return texts.render(found.text_id, language, **{**pack(jurisdiction).text_args(language), **found.args})


@pytest.mark.usefixtures("directory")
def test_the_answer_says_what_where_when_phone_and_cost(session: Session) -> None:
    text = words(ask(session, "food", "LS9"))
    assert text.splitlines()[0] == "Help with food near LS9:"
    assert "Chapeltown Community Fridge, 1.8 mi. Today 08:00-18:00. 020 7946 0204. Free" in text


@pytest.mark.parametrize("jurisdiction", ["uk-england", "us-ohio"])
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.usefixtures("directory")
def test_every_answer_with_its_option_fits_in_two_segments(session: Session, jurisdiction: str, language: str) -> None:
    more = "1 " + texts.render("services.option_more", language)
    for need in needs():
        for where in (
            ("Leeds", "Bradford", "Sheffield", "LS9", "Norwich")
            if jurisdiction == "uk-england"
            else (
                "Columbus",
                "Dayton",
                "43205",
            )
        ):
            skip: list[str] = []
            for _ in range(6):
                found = ask(session, need, where, jurisdiction, language=language, skip=skip, room_for=more)
                text = to_gsm7(words(found, jurisdiction, language) + (f"\n{more}" if found.more else ""))
                assert is_gsm7(text), text
                assert segments(text) <= 2, text
                assert "{" not in text and ". ." not in text and ", ." not in text, text
                skip += found.shown
                if not found.shown:
                    break
            assert len(skip) == len(set(skip))


@pytest.mark.usefixtures("directory")
def test_more_goes_on_until_there_is_no_more_and_then_says_so(session: Session) -> None:
    first = ask(session, "food", "LS9")
    second = ask(session, "food", "LS9", skip=first.shown)
    assert first.more and second.shown and not set(first.shown) & set(second.shown)
    everything = [*first.shown, *second.shown]
    while (next_ := ask(session, "food", "LS9", skip=everything)).shown:
        everything += next_.shown
    assert next_.text_id == "services.no_more"


@pytest.mark.usefixtures("directory")
def test_nothing_near_is_said_plainly_and_the_nearest_further_away_is_named(session: Session) -> None:
    found = ask(session, "legal", "Newcastle")
    assert found.text_id == "services.found_further"
    assert "Aire Valley Law Centre, Leeds" in words(found)


@pytest.mark.usefixtures("directory")
def test_nothing_at_all_is_said_plainly(session: Session) -> None:
    found = ask(session, "legal", "Plymouth")
    assert found.text_id == "services.none"
    assert "social worker" in words(found)


@pytest.mark.usefixtures("directory")
def test_where_only_a_phone_line_is_left_it_is_named(session: Session) -> None:
    assert "Standing Line" in words(ask(session, "domestic_abuse", "Plymouth"))


@pytest.mark.usefixtures("directory")
def test_a_discreet_answer_does_not_say_the_need(session: Session) -> None:
    assert "domestic" not in words(ask(session, "domestic_abuse", "Plymouth", discreet=True)).lower()


def test_no_answer_ever_holds_a_hidden_address(session: Session, secrets: list[str]) -> None:
    for where in ("Leeds", "Sheffield", "LS8", "LS9"):
        text = words(ask(session, "domestic_abuse", where)) + words(ask(session, "housing", where))
        assert not [secret for secret in secrets if secret in text]
    assert "address private" in words(ask(session, "domestic_abuse", "Leeds"))


@pytest.mark.usefixtures("directory")
def test_hours_are_told_in_the_way_of_the_place(session: Session) -> None:
    assert re.search(r"Today 5pm-7pm", words(ask(session, "food", "43205", "us-ohio"), "us-ohio"))
    assert "Hoy 5pm-7pm" in words(ask(session, "food", "43205", "us-ohio", language="es"), "us-ohio", "es")


def test_numbers_are_written_as_people_there_dial_them() -> None:
    assert local_number("+442079460201", "GB") == "020 7946 0201"
    assert local_number("+16145550101", "US") == "614-555-0101"
    assert local_number("+16145550101", "GB") == "+1 614-555-0101"
    assert local_number("", "GB") == ""
