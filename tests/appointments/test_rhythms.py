"""How often a series comes: every so many weeks or working days, each month on the same weekday."""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.appointments import jobs, recurrence
from api.timescales.due import is_working_day
from tests.appointments.test_series import ENGLAND, MONDAY, book, coming, post, set_day
from tests.small_town import Town

MONTHLY = ("monthly", "monthly_last")
#: The first Tuesday of its month.
TUESDAY = date(2027, 4, 6)


def nth(day: date) -> int:
    return (day.day - 1) // 7 + 1


def last_of_month(day: date) -> bool:
    return (day + timedelta(days=7)).month != day.month


@given(
    st.sampled_from(sorted(recurrence.FREQUENCIES)),
    st.integers(1, 26),
    st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    st.integers(0, 400),
)
def test_the_days_are_in_order_within_bounds_and_as_far_apart_as_said(
    frequency: str, every: int, starts_on: date, length: int
) -> None:
    until = starts_on + timedelta(days=length)
    counted = every if frequency == "working_days" else None
    rule = recurrence.rule_of(frequency, starts_on, every if frequency == "weekly" else None)
    found = list(recurrence.days(rule, counted, starts_on, ENGLAND, until=until))
    assert all(starts_on <= day <= until for day in found)
    last = frequency == "monthly_last" or nth(starts_on) == 5
    for one, other in pairwise(found):
        if frequency == "working_days":
            between = [one + timedelta(days=n) for n in range(1, (other - one).days + 1)]
            assert sum(is_working_day(day, ENGLAND) for day in between) == every and is_working_day(other, ENGLAND)
        elif frequency in MONTHLY:
            assert other.weekday() == starts_on.weekday() and (other.month - one.month) % 12 == 1
            assert last_of_month(other) if last else nth(other) == nth(starts_on)
        else:
            assert (other - one).days == 7 * (every if frequency == "weekly" else 2)
    assert frequency == "working_days" or not recurrence.may_start(frequency, starts_on) or found[0] == starts_on
    # Said again from any of its days, as a form does that changes it from there on, it is the same rule.
    name, weeks = recurrence.frequency_of(rule), recurrence.weeks_of(rule)
    assert {recurrence.rule_of(name, day, weeks) for day in found} <= {rule}
    assert all(recurrence.may_start(name, day) for day in found)


def test_a_core_group_meets_every_six_weeks_or_on_the_first_tuesday_and_the_tick_writes_on(town: Town) -> None:
    set_day(MONDAY)
    six = book(town, "weekly", every_weeks=6, starts_on=TUESDAY)
    first = book(town, "monthly", starts_on=TUESDAY, at=time(14))
    last = book(town, "monthly_last", starts_on=date(2027, 4, 30), at=time(16))
    assert [one.date() for one in coming(last)] == [date(2027, 4, 30)]
    for day in (date(2027, 4, 12), date(2027, 5, 10)):
        set_day(day)
        jobs.write_series()
        assert jobs.write_series() == 0
    assert [one.date() for one in coming(six)] == [TUESDAY, date(2027, 5, 18), date(2027, 6, 29)]
    assert [one.date() for one in coming(first)] == [TUESDAY, date(2027, 5, 4), date(2027, 6, 1)]
    assert [one.date() for one in coming(last)] == [date(2027, 4, 30), date(2027, 5, 28), date(2027, 6, 25)]
    assert {one.time() for one in coming(first)} == {time(14)}


def test_the_api_takes_them_and_gives_back_what_it_takes(client: TestClient, town: Town) -> None:
    set_day(MONDAY)
    six = post(client, town, every_weeks=6).json()
    assert (six["frequency"], six["every_weeks"], six["rrule"]) == ("weekly", 6, "FREQ=WEEKLY;INTERVAL=6")
    two = post(client, town, every_weeks=2).json()
    assert (two["frequency"], two["every_weeks"]) == ("fortnightly", None)
    month = post(client, town, frequency="monthly", starts_on="2027-04-06").json()
    assert (month["frequency"], month["every_weeks"], month["rrule"]) == ("monthly", None, "FREQ=MONTHLY;BYDAY=1TU")
    names = ("frequency", "every_weeks", "at", "minutes")
    changed = client.patch(
        f"/api/v1/series/{six['id']}", headers=town.program(town.worker),
        json={**{name: six[name] for name in names}, "from": "2027-04-22", "starts_on": "2027-04-22", "bring": "it"},
    )  # fmt: skip
    assert changed.status_code == 200, changed.text
    assert (changed.json()["every_weeks"], changed.json()["follows_id"]) == (6, six["id"])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"frequency": "fortnightly", "every_weeks": 4}, "belongs to `weekly`"),
        ({"every_weeks": 27}, "every_weeks"),
        ({"every_weeks": 0}, "every_weeks"),
        ({"frequency": "monthly_last", "starts_on": "2027-04-23"}, "not the last of its weekdays"),
    ],
)
def test_what_cannot_be_is_refused_in_plain_words(
    client: TestClient, town: Town, wrong: dict[str, Any], words: str
) -> None:
    set_day(MONDAY)
    answer = post(client, town, **wrong)
    assert answer.status_code == 422 and words in answer.json()["error"]["message"], answer.text
