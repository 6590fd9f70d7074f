"""What days people mean. The clock stands at Thursday 19 November 2026, ten in the morning in Leeds."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.appointments.when import mentions, resolve

LEEDS = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 19, 10, 0, tzinfo=LEEDS)


def days(words: str, now: datetime = NOW, *, day_first: bool = True) -> tuple[str, str] | None:
    span = resolve(words, now, LEEDS, day_first=day_first)
    return (f"{span.start:%a %d %b %H}", f"{span.end:%a %d %b %H}") if span else None


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("whats on today", "Thu 19 Nov 00", "Fri 20 Nov 00"),
        ("wots happenin tmrw", "Fri 20 Nov 00", "Sat 21 Nov 00"),
        ("the day after tomorrow", "Sat 21 Nov 00", "Sun 22 Nov 00"),
        ("have i got owt thurs", "Thu 19 Nov 00", "Fri 20 Nov 00"),
        ("is it weds", "Wed 25 Nov 00", "Thu 26 Nov 00"),
        ("next thursday", "Thu 26 Nov 00", "Fri 27 Nov 00"),
        ("tuesday next week", "Tue 24 Nov 00", "Wed 25 Nov 00"),
        ("anything this week", "Thu 19 Nov 00", "Mon 23 Nov 00"),
        ("next week", "Mon 23 Nov 00", "Mon 30 Nov 00"),
        ("this weekend", "Sat 21 Nov 00", "Mon 23 Nov 00"),
        ("next weekend", "Sat 28 Nov 00", "Mon 30 Nov 00"),
        ("on the 14th", "Mon 14 Dec 00", "Tue 15 Dec 00"),
        ("3 dec", "Thu 03 Dec 00", "Fri 04 Dec 00"),
        ("december the 3rd", "Thu 03 Dec 00", "Fri 04 Dec 00"),
        ("3/12", "Thu 03 Dec 00", "Fri 04 Dec 00"),
        ("in january", "Fri 01 Jan 00", "Mon 01 Feb 00"),
        ("this morning", "Thu 19 Nov 00", "Thu 19 Nov 12"),
        ("tomorrow afternoon", "Fri 20 Nov 12", "Fri 20 Nov 18"),
        ("friday after school", "Fri 20 Nov 15", "Fri 20 Nov 18"),
        ("did i miss it yesterday", "Wed 18 Nov 00", "Thu 19 Nov 00"),
        ("mañana", "Fri 20 Nov 00", "Sat 21 Nov 00"),
        ("mañana por la mañana", "Fri 20 Nov 00", "Fri 20 Nov 12"),
        ("pasado mañana", "Sat 21 Nov 00", "Sun 22 Nov 00"),
        ("el jueves", "Thu 19 Nov 00", "Fri 20 Nov 00"),
        ("el miércoles que viene", "Wed 25 Nov 00", "Thu 26 Nov 00"),
        ("la próxima semana", "Mon 23 Nov 00", "Mon 30 Nov 00"),
        ("el 5 de enero", "Tue 05 Jan 00", "Wed 06 Jan 00"),
        ("dentro de 3 días", "Sun 22 Nov 00", "Mon 23 Nov 00"),
    ],
)
def test_what_people_write_is_the_day_they_mean(words: str, start: str, end: str) -> None:
    assert days(words) == (start, end)


@pytest.mark.parametrize(
    "words",
    [
        "what have i got",
        "ive got 3 kids",
        "por la mañana",
        "ive been sat in since 9",
        "30 feb",
        "who is it",
        "",
        "99/99",
    ],
)
def test_words_that_name_no_day_name_no_day(words: str) -> None:
    assert days(words) is None


def test_thursday_on_a_thursday_evening_means_next_weeks() -> None:
    assert days("thursday", NOW.replace(hour=19)) == ("Thu 26 Nov 00", "Fri 27 Nov 00")


def test_3_4_is_the_third_of_april_here_and_march_the_fourth_there() -> None:
    assert days("3/4") == ("Sat 03 Apr 00", "Sun 04 Apr 00")
    assert days("3/4", day_first=False) == ("Thu 04 Mar 00", "Fri 05 Mar 00")


def test_a_day_and_the_day_instead_are_both_heard() -> None:
    found = mentions("can we do friday instead of next tuesday", NOW, LEEDS)
    assert {f"{span.start:%a %d}" for span in found} == {"Fri 20", "Tue 24"}


def test_the_day_is_the_agencys_day_and_not_greenwichs() -> None:
    ohio = ZoneInfo("America/New_York")
    late = datetime(2026, 11, 20, 3, 0, tzinfo=ZoneInfo("UTC"))  # still Thursday evening in Ohio
    span = resolve("tomorrow", late, ohio)
    assert span is not None
    assert span.start == datetime(2026, 11, 20, 0, 0, tzinfo=ohio)


WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
moments = st.integers(1_577_836_800, 2_208_988_800).map(lambda seconds: datetime.fromtimestamp(seconds, LEEDS))


@given(words=st.text(max_size=80), now=moments)
def test_no_words_at_all_bring_it_down(words: str, now: datetime) -> None:
    span = resolve(words, now, LEEDS)
    assert span is None or span.start < span.end


@given(now=moments, weekday=st.sampled_from(WEEKDAYS))
def test_a_weekday_is_one_whole_day_within_the_next_seven(now: datetime, weekday: str) -> None:
    span = resolve(weekday, now, LEEDS)
    assert span is not None
    assert f"{span.start:%A}".lower() == weekday
    assert span.days == 1
    assert timedelta(0) <= span.start.date() - now.date() <= timedelta(days=7)


@given(now=moments, day=st.integers(1, 31))
def test_an_ordinal_is_a_day_to_come_with_that_number(now: datetime, day: int) -> None:
    span = resolve(f"the {day}th", now, LEEDS)
    assert span is not None
    assert span.start.day == day
    assert span.start.date() >= now.date()


@given(now=moments)
def test_this_week_and_next_week_meet_and_do_not_overlap(now: datetime) -> None:
    this, coming = resolve("this week", now, LEEDS), resolve("next week", now, LEEDS)
    assert this is not None and coming is not None
    assert this.end == coming.start
    assert coming.days == 7
