"""When somebody is reminded: moments, safe hours, clocks that change, what is no longer so."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.reminders import rules
from api.reminders.rules import Facts, Hours, Moment, decide, parse, plan, written

LEEDS, OHIO = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
ALL = parse("3d,1d,2h")
DAY = Hours(time(8), time(20), LEEDS)
ZONES = st.sampled_from(["Europe/London", "America/New_York", "Europe/Madrid", "Australia/Lord_Howe", "UTC"])
HOURS = st.builds(
    Hours,
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    ZONES.map(ZoneInfo),
    st.sampled_from(["1234567", "12345", "67", "3"]),
)
MOMENTS = st.integers(0, 2 * 366 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def local(zone: ZoneInfo, year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=zone)


def due(made: list[rules.Planned]) -> dict[str, datetime | str]:
    return {one.moment.code: one.reason or one.due_at for one in made}


def test_three_days_a_day_and_two_hours_before() -> None:
    start = local(LEEDS, 2026, 11, 26, 13)
    assert due(plan(start, ALL, DAY, local(LEEDS, 2026, 11, 1, 9), fresh=True)) == {
        "3d": local(LEEDS, 2026, 11, 23, 13),
        "1d": local(LEEDS, 2026, 11, 25, 13),
        "2h": local(LEEDS, 2026, 11, 26, 11),
    }


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        (LEEDS, (2026, 3, 29, 10)),  # the clocks went forward that night
        (LEEDS, (2026, 10, 25, 10)),  # back
        (OHIO, (2026, 3, 8, 10)),
        (OHIO, (2026, 11, 1, 10)),
    ],
)
def test_a_day_before_is_the_same_hour_also_over_a_night_when_the_clocks_change(
    zone: ZoneInfo, start: tuple[int, int, int, int]
) -> None:
    begins = local(zone, *start)
    hours = Hours(time(0), time(0), zone)
    for moment in (Moment(1, "d"), Moment(3, "d")):
        before = moment.before(begins, zone).astimezone(zone)
        assert (before.hour, before.minute) == (10, 0)
        assert begins.date() - before.date() == timedelta(days=moment.count)
    night = begins.replace(hour=3, minute=30).astimezone(UTC)
    assert night - Moment(2, "h").before(night, zone) == timedelta(hours=2)  # two hours that really go by
    assert due(plan(night, (Moment(2, "h"),), hours, night - timedelta(days=9), fresh=True)) == {
        "2h": night - timedelta(hours=2)
    }


def test_an_hour_that_the_clocks_leave_out_or_that_comes_twice_is_a_time_like_any_other() -> None:
    for begins in (local(LEEDS, 2026, 3, 30, 1, 30), local(LEEDS, 2026, 10, 26, 1, 30)):
        before = Moment(1, "d").before(begins, LEEDS)
        assert timedelta(hours=22) <= begins - before <= timedelta(hours=26)
    opens = Hours(time(1, 30), time(5), LEEDS)
    assert opens.span(local(LEEDS, 2026, 3, 29, 2, 30)) is not None
    assert opens.span(local(LEEDS, 2026, 10, 25, 1, 45)) is not None


@pytest.mark.parametrize(
    ("start", "moment", "expected"),
    [
        ((26, 8, 30), "2h", (26, 8, 0)),  # half past six: eight o'clock is nearer than the evening before
        ((26, 8, 15), "2h", (25, 19, 45)),  # eight o'clock would be a quarter of an hour before: too late
        ((26, 21, 30), "1d", (25, 19, 45)),  # half past nine in the evening: back to before the hours end
        ((26, 5, 0), "1d", (25, 8, 0)),  # five in the morning: on to when they begin
        ((26, 2, 0), "1d", (25, 8, 0)),  # six hours either way, less a quarter: eight is nearer
        ((26, 1, 0), "1d", (24, 19, 45)),
    ],
)
def test_outside_the_safe_hours_it_moves_to_the_nearest_allowed_time_before_the_appointment(
    start: tuple[int, int, int], moment: str, expected: tuple[int, int, int]
) -> None:
    begins = local(LEEDS, 2026, 11, *start)
    (made,) = plan(begins, parse(moment), DAY, local(LEEDS, 2026, 11, 1, 9), fresh=True)
    assert (made.reason, made.due_at) == ("", local(LEEDS, 2026, 11, *expected))


def test_where_no_safe_time_is_left_nothing_is_sent() -> None:
    begins = local(LEEDS, 2026, 11, 26, 8, 15)
    now = local(LEEDS, 2026, 11, 25, 22)
    assert due(plan(begins, parse("2h"), DAY, now, fresh=True)) == {"2h": "no_safe_time"}


def test_what_was_just_booked_is_not_reminded_of_at_once() -> None:
    now = local(LEEDS, 2026, 11, 25, 12)
    made = due(plan(local(LEEDS, 2026, 11, 26, 12, 30), ALL, DAY, now, fresh=True))
    assert made == {"3d": "just_booked", "1d": "just_booked", "2h": local(LEEDS, 2026, 11, 26, 10, 30)}
    made = due(plan(now + timedelta(hours=2, minutes=30), ALL, DAY, now, fresh=True))
    assert set(made.values()) == {"just_booked"}


def test_a_new_profile_does_not_count_as_booked_anew() -> None:
    now = local(LEEDS, 2026, 11, 25, 12)
    made = due(plan(local(LEEDS, 2026, 11, 26, 12, 30), ALL, DAY, now, fresh=False))
    assert made == {"3d": "passed", "1d": local(LEEDS, 2026, 11, 25, 12, 30), "2h": local(LEEDS, 2026, 11, 26, 10, 30)}


def test_two_that_would_come_together_are_one() -> None:
    short = Hours(time(9), time(9, 45), LEEDS)
    begins = local(LEEDS, 2026, 11, 26, 11)
    made = due(plan(begins, parse("2h,3h,1d"), short, local(LEEDS, 2026, 11, 1, 9), fresh=True))
    assert made == {"2h": local(LEEDS, 2026, 11, 26, 9), "3h": "together", "1d": local(LEEDS, 2026, 11, 25, 9, 30)}


@given(start=MOMENTS, hours=HOURS, lead=st.timedeltas(timedelta(minutes=1), timedelta(days=30)), fresh=st.booleans())
def test_whatever_the_hours_it_is_in_them_after_now_and_well_before_the_appointment(
    start: datetime, hours: Hours, lead: timedelta, fresh: bool
) -> None:
    now = start - lead
    made = plan(start, ALL, hours, now, fresh=fresh)
    assert {one.moment for one in made} == set(ALL)
    sent = sorted(one.due_at for one in made if not one.reason)
    for moment in sent:
        assert hours.span(moment) is not None
        assert (now + rules.JUST_BOOKED if fresh else now - rules.LATE) <= moment <= start - rules.LEAD
    assert all(b - a >= rules.TOGETHER for a, b in pairwise(sent))


@given(wanted=MOMENTS, hours=HOURS)
def test_no_allowed_minute_is_nearer_than_the_one_it_moves_to(wanted: datetime, hours: Hours) -> None:
    earliest, latest = wanted - timedelta(days=9), wanted + timedelta(days=9)
    found = hours.nearest(wanted, earliest=earliest, latest=latest)
    assert found is not None
    if hours.span(wanted) is None and found != wanted:
        step = (abs(found - wanted) - rules.LAST_CALL) / 7
        if step > timedelta():
            for n in range(1, 7):
                assert hours.span(wanted + step * n) is None or hours.span(wanted - step * n) is None


@given(now=MOMENTS, hours=HOURS)
def test_the_soonest_safe_time_is_safe_and_not_before_now(now: datetime, hours: Hours) -> None:
    found = hours.soonest(now, latest=now + timedelta(days=9))
    assert found is not None and found >= now and hours.span(found) is not None
    assert hours.soonest(now, latest=found - timedelta(microseconds=1)) is None


@given(st.lists(st.builds(Moment, st.integers(1, 14), st.sampled_from("dh")), max_size=5))
def test_moments_are_written_as_they_are_read(moments: list[Moment]) -> None:
    assert set(parse(written(moments))) == set(moments)


@pytest.mark.parametrize("words", ["3", "d", "0d", "15d", "3w", "1d,2d,3d,4d,5d,6d", "1d;2h", "-1d", "999h"])
def test_what_is_no_moment_is_refused(words: str) -> None:
    with pytest.raises(ValueError):
        parse(words)


def facts(**more: object) -> Facts:
    start = local(LEEDS, 2026, 11, 26, 13)
    so = {
        "moment": "1d", "told_of": start, "starts_at": start, "ends_at": start + timedelta(hours=1),
        "status": "scheduled", "expected": True, "answer": "none", "wanted": True, "superseded": False, "reach": "ok",
        "hours": DAY, **more,
    }  # fmt: skip
    return Facts(**so)  # type: ignore[arg-type]


NOON = local(LEEDS, 2026, 11, 25, 13)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"status": "cancelled"}, "cancelled"),
        ({"starts_at": NOON + timedelta(days=9), "ends_at": NOON + timedelta(days=10)}, "moved"),
        ({"expected": False}, "not_expected"),
        ({"wanted": False}, "not_wanted"),
        ({"answer": "cannot_come"}, "cannot_come"),
        ({"superseded": True}, "superseded"),
        ({"reach": "opted_out"}, "opted_out"),
        ({"moment": "cancelled"}, "changed_again"),
        ({"moment": "moved", "told_of": NOON}, "moved"),
    ],
)
def test_what_is_no_longer_so_is_not_told(more: dict[str, object], reason: str) -> None:
    assert decide(facts(**more), NOON).reason == reason


def test_what_is_due_goes_out_until_the_safe_hours_end() -> None:
    assert decide(facts(), NOON).not_after == local(LEEDS, 2026, 11, 25, 20)
    assert decide(facts(answer="confirmed"), NOON).not_after == local(LEEDS, 2026, 11, 25, 20)
    all_day = Hours(time(0), time(0), LEEDS)
    assert decide(facts(hours=all_day), NOON).not_after == local(LEEDS, 2026, 11, 26, 0)  # "tomorrow" ends there


def test_what_is_due_at_night_after_a_standstill_waits_for_the_morning() -> None:
    assert decide(facts(), local(LEEDS, 2026, 11, 25, 22)).wait_until == local(LEEDS, 2026, 11, 26, 8)
    early = facts(starts_at=local(LEEDS, 2026, 11, 26, 8), told_of=local(LEEDS, 2026, 11, 26, 8))
    assert decide(early, local(LEEDS, 2026, 11, 25, 22)).reason == "no_safe_time"
    assert decide(facts(), local(LEEDS, 2026, 11, 26, 12, 55)).reason == "too_late"


def test_news_that_it_is_called_off_waits_for_the_safe_hours_as_well() -> None:
    off = facts(moment="cancelled", status="cancelled")
    assert decide(off, local(LEEDS, 2026, 11, 25, 22)).wait_until == local(LEEDS, 2026, 11, 26, 8)
    assert decide(off, NOON).not_after == local(LEEDS, 2026, 11, 25, 20)


@given(st.sets(st.integers(1, 12)))
def test_two_numbers_that_stand_for_nothing_yet(taken: set[int]) -> None:
    first = rules.free_number(taken)
    assert not {first, first + 1} & taken
