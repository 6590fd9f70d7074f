"""What days people mean. The clock stands at Thursday 19 November 2026, ten in the morning in Leeds."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.appointments.when import mentions, resolve, unclear

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
        ("tuesday week", "Tue 01 Dec 00", "Wed 02 Dec 00"),
        ("a week on friday", "Fri 27 Nov 00", "Sat 28 Nov 00"),
        ("a week from tuesday", "Tue 01 Dec 00", "Wed 02 Dec 00"),
        ("a week today", "Thu 26 Nov 00", "Fri 27 Nov 00"),
        ("fortnight today", "Thu 03 Dec 00", "Fri 04 Dec 00"),
        ("in a fortnight", "Mon 30 Nov 00", "Mon 07 Dec 00"),
        ("next fortnight", "Thu 19 Nov 00", "Fri 04 Dec 00"),
        ("in the next 2 weeks", "Thu 19 Nov 00", "Fri 04 Dec 00"),
        ("next week but one", "Mon 30 Nov 00", "Mon 07 Dec 00"),
        ("weekend after next", "Sat 05 Dec 00", "Mon 07 Dec 00"),
        ("friday gone", "Fri 13 Nov 00", "Sat 14 Nov 00"),
        ("2 weeks ago", "Mon 02 Nov 00", "Mon 09 Nov 00"),
        ("nxt wk", "Mon 23 Nov 00", "Mon 30 Nov 00"),
        ("wens", "Wed 25 Nov 00", "Thu 26 Nov 00"),
        ("wendsday", "Wed 25 Nov 00", "Thu 26 Nov 00"),
        ("is it tuseday", "Tue 24 Nov 00", "Wed 25 Nov 00"),
        ("saterday", "Sat 21 Nov 00", "Sun 22 Nov 00"),
        ("2moz", "Fri 20 Nov 00", "Sat 21 Nov 00"),
        ("tommorow", "Fri 20 Nov 00", "Sat 21 Nov 00"),
        ("friday, the 27th", "Fri 27 Nov 00", "Sat 28 Nov 00"),
        ("the fourteenth", "Mon 14 Dec 00", "Tue 15 Dec 00"),
        ("end of the month", "Sat 21 Nov 00", "Tue 01 Dec 00"),
        ("first week of december", "Tue 01 Dec 00", "Tue 08 Dec 00"),
        ("first monday of december", "Mon 07 Dec 00", "Tue 08 Dec 00"),
        ("later this week", "Thu 19 Nov 00", "Mon 23 Nov 00"),
        ("early next week", "Mon 23 Nov 00", "Thu 26 Nov 00"),
        ("w/c 7th december", "Mon 07 Dec 00", "Mon 14 Dec 00"),
        ("the week after the 5th", "Sun 06 Dec 00", "Sun 13 Dec 00"),
        ("good friday", "Fri 26 Mar 00", "Sat 27 Mar 00"),
        ("after thursday", "Fri 20 Nov 00", "Sat 20 Mar 00"),
        ("after the 5th", "Sun 06 Dec 00", "Mon 05 Apr 00"),
        ("from monday", "Mon 23 Nov 00", "Wed 24 Mar 00"),
        ("monday onwards", "Mon 23 Nov 00", "Wed 24 Mar 00"),
        ("before christmas", "Thu 19 Nov 00", "Fri 25 Dec 00"),
        ("by friday", "Thu 19 Nov 00", "Sat 21 Nov 00"),
        ("next week before thursday", "Mon 23 Nov 00", "Thu 26 Nov 00"),
        ("not before friday", "Fri 20 Nov 00", "Sun 21 Mar 00"),
        ("thursday after 3", "Thu 19 Nov 00", "Fri 20 Nov 00"),
        ("between monday and wednesday", "Mon 23 Nov 00", "Thu 26 Nov 00"),
        ("the 3rd to the 7th", "Thu 03 Dec 00", "Tue 08 Dec 00"),
        ("wednesday to friday", "Wed 25 Nov 00", "Sat 28 Nov 00"),
        ("next week except friday", "Mon 23 Nov 00", "Mon 30 Nov 00"),
        ("la semana siguiente", "Mon 23 Nov 00", "Mon 30 Nov 00"),
        ("q tengo la sem q viene", "Mon 23 Nov 00", "Mon 30 Nov 00"),
        ("el catorce", "Mon 14 Dec 00", "Tue 15 Dec 00"),
        ("a finales de mes", "Sat 21 Nov 00", "Tue 01 Dec 00"),
        ("del lunes al miércoles", "Mon 23 Nov 00", "Thu 26 Nov 00"),
        ("del 3 al 7 de diciembre", "Thu 03 Dec 00", "Tue 08 Dec 00"),
        ("después del 5", "Sun 06 Dec 00", "Mon 05 Apr 00"),
        ("antes de navidad", "Thu 19 Nov 00", "Fri 25 Dec 00"),
        ("hasta el viernes", "Thu 19 Nov 00", "Sat 21 Nov 00"),
        ("el viernes en ocho", "Fri 27 Nov 00", "Sat 28 Nov 00"),
        ("mñn", "Fri 20 Nov 00", "Sat 21 Nov 00"),
        ("miercoels", "Wed 25 Nov 00", "Thu 26 Nov 00"),
        ("el viernes que viene", "Fri 20 Nov 00", "Sat 21 Nov 00"),
        ("¿qué hay el próximo viernes?", "Fri 20 Nov 00", "Sat 21 Nov 00"),
        ("el viernes próximo", "Fri 20 Nov 00", "Sat 21 Nov 00"),
        ("el próximo jueves", "Thu 26 Nov 00", "Fri 27 Nov 00"),
        ("el viernes de la semana que viene", "Fri 27 Nov 00", "Sat 28 Nov 00"),
        ("el próximo fin de semana", "Sat 21 Nov 00", "Mon 23 Nov 00"),
        ("next friday", "Fri 27 Nov 00", "Sat 28 Nov 00"),
        ("the tuesday after the 14th", "Tue 15 Dec 00", "Wed 16 Dec 00"),
        ("the tuesday after friday", "Tue 24 Nov 00", "Wed 25 Nov 00"),
        ("the saturday after next week", "Sat 05 Dec 00", "Sun 06 Dec 00"),
        ("el lunes después del 14", "Mon 21 Dec 00", "Tue 22 Dec 00"),
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
        "wed like to know when it is",
        "out in the sun",
        "is frida coming",
        "playing fortnite",
        "the 32nd",
        "after half term",
        "monday after half term",
        "the day before my court date",
        "when is my 3rd session",
        "between 3 and 5",
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


@pytest.mark.parametrize(
    ("words", "starts"),
    [
        ("anything monday or tuesday", ["Mon 23", "Tue 24"]),
        ("tuesday and thursday", ["Tue 24", "Thu 19"]),
        ("tuesday and thursday next week", ["Tue 24", "Thu 26"]),
        ("mon, tues n weds", ["Mon 23", "Tue 24", "Wed 25"]),
        ("mon/tues", ["Mon 23", "Tue 24"]),
        ("monday tuesday", ["Mon 23", "Tue 24"]),
        ("the 3rd and the 5th of december", ["Thu 03", "Sat 05"]),
        ("mañana o pasado mañana", ["Fri 20", "Sat 21"]),
        ("el lunes y el martes", ["Mon 23", "Tue 24"]),
        ("el 5 o el 6", ["Sat 05", "Sun 06"]),
        ("anything tuesday week or the friday after?", ["Tue 01", "Fri 04"]),
        ("the 3rd or the tuesday after that", ["Thu 03", "Tue 08"]),
        ("friday or the following monday pls", ["Fri 20", "Mon 23"]),
        ("el martes de la semana que viene o el viernes siguiente", ["Tue 24", "Fri 27"]),
        ("¿hay algo el 1 de diciembre o el viernes después?", ["Tue 01", "Fri 04"]),
        ("next week or the week after", ["Mon 23", "Mon 30"]),
        ("el viernes o al día siguiente", ["Fri 20", "Sat 21"]),
        ("friday or monday after school", ["Fri 20", "Mon 23"]),
    ],
)
def test_every_day_that_is_named_is_heard(words: str, starts: list[str]) -> None:
    assert [f"{span.start:%a %d}" for span in mentions(words, NOW, LEEDS)] == starts


def test_where_something_is_moved_from_one_day_to_another_the_days_between_are_not_meant() -> None:
    moved = mentions("can we move it from tuesday to friday", NOW, LEEDS, ranges=False)
    assert [f"{span.start:%a %d}" for span in moved] == ["Tue 24", "Fri 20"]
    assert all(span.days == 1 for span in moved)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("anything after half term", "school"),
        ("antes de las vacaciones", "school"),
        ("the week of my birthday", "day"),
        ("30 feb", "day"),
        ("the day before my court date", "day"),
        ("whens my next meeting", ""),
        ("what have i got", ""),
        ("when is my weekly visit", ""),
    ],
)
def test_a_time_that_cannot_be_known_is_told_from_none(words: str, kind: str) -> None:
    assert mentions(words, NOW, LEEDS) == []
    assert unclear(words) == kind


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
    assert all(span.start < span.end for span in mentions(words, now, LEEDS))
    assert unclear(words) in ("", "school", "day")


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


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("its not friday its monday i cant do", 23),
        ("the monday course, i meant friday", 20),
        ("friday no wait monday", 23),
        ("no es el viernes es el lunes", 23),
        ("el martes, digo el viernes", 20),
        ("cant come friday and i mean it", 20),
    ],
)
def test_a_day_that_is_taken_back_for_another_is_not_named(words: str, day: int) -> None:
    assert [span.start.day for span in mentions(words, NOW, LEEDS, ranges=False)] == [day]
