"""Dates and times as a file writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from api.imports.dates import DateError, local_day, moment

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
#: A Saturday evening in both zones' winter.
NOW = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("today", TODAY),
        ("today-7", date(2026, 11, 14)),
        ("today+3", date(2026, 11, 24)),
        ("today+2w", date(2026, 12, 5)),
        ("today-8y", date(2018, 11, 21)),
        ("today+3m", date(2027, 2, 21)),
        ("workday", date(2026, 11, 23)),
        ("workday+1", date(2026, 11, 23)),
        ("workday+6", date(2026, 11, 30)),
        ("workday-1", date(2026, 11, 20)),
        ("saturday", date(2026, 11, 28)),
        ("sunday", date(2026, 11, 22)),
        ("tuesday+1w", date(2026, 12, 1)),
        ("2026-12-01", date(2026, 12, 1)),
    ],
)
def test_a_day_is_read(words: str, day: date) -> None:
    assert local_day(words, TODAY) == day


def test_the_end_of_a_month_stays_in_the_month() -> None:
    assert local_day("today+1m", date(2027, 1, 31)) == date(2027, 2, 28)
    assert local_day("today-4y", date(2028, 2, 29)) == date(2024, 2, 29)
    assert local_day("today-1y", date(2028, 2, 29)) == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("words", "zone", "when"),
    [
        ("today+3 10:00", LONDON, "2026-11-24T10:00:00+00:00"),
        ("today+3 10:00", NEW_YORK, "2026-11-24T15:00:00+00:00"),
        ("2027-06-01 10:00", LONDON, "2027-06-01T09:00:00+00:00"),
        ("2026-12-01T10:00:00Z", NEW_YORK, "2026-12-01T10:00:00+00:00"),
        ("workday+2 9:05", LONDON, "2026-11-24T09:05:00+00:00"),
    ],
)
def test_a_time_is_local_to_the_agency_unless_it_has_a_zone(words: str, zone: ZoneInfo, when: str) -> None:
    assert moment(words, NOW, zone) == datetime.fromisoformat(when)


def test_today_is_the_agency_s_today() -> None:
    late = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # still the 21st in New York
    assert moment("today 10:00", late, NEW_YORK) == datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    assert moment("today 10:00", late, LONDON) == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def test_a_time_that_the_clock_change_skips_or_doubles_is_still_a_time() -> None:
    assert moment("2027-03-28 01:30", NOW, LONDON) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert moment("2026-10-25 01:30", NOW, LONDON) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "words",
    ["", "soon", "today+", "today 25:00", "2026-02-30 10:00", "01/12/2026 10:00", "today+3", "2026-12-01",
     "workday+1w 10:00", "today+99999y 10:00", "today+3 10:00; drop table", "yesterday 10:00"],
)  # fmt: skip
def test_what_is_no_time_is_refused_in_words(words: str) -> None:
    with pytest.raises(DateError):
        moment(words, NOW, LONDON)
