"""Other times: within working hours, when everybody is free, in time; on different days where it can be."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.appointments.proposals import COUNT, NOTICE, Slot, Working, propose
from api.jurisdiction.packs import pack

LONDON = ZoneInfo("Europe/London")
PLACE = pack("uk-england").calendar
WORKING = Working(time(9), time(17), "12345", LONDON, PLACE)
#: A Wednesday noon; the appointment is on Friday at two, for an hour.
NOW = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)


def at(day: date, hour: int, minute: int = 0, length: int = 60) -> Slot:
    starts_at = datetime.combine(day, time(hour, minute), tzinfo=LONDON).astimezone(UTC)
    return Slot(starts_at, starts_at + timedelta(minutes=length))


WAS = at(date(2027, 3, 12), 14)


def test_three_days_at_the_hour_that_it_was_where_everybody_is_free() -> None:
    found = propose(WAS, [WAS], WORKING, NOW)
    # (At two on Friday it is what they cannot come to: the nearest hour that day.)
    assert found == [at(date(2027, 3, 11), 14), at(date(2027, 3, 12), 13), at(date(2027, 3, 15), 14)]


def test_what_anybody_has_on_is_left_free_and_the_hour_stays_when_the_clocks_change() -> None:
    busy = [
        WAS,
        at(date(2027, 3, 11), 9, length=480),
        at(date(2027, 3, 12), 9, length=480),
        at(date(2027, 3, 15), 13, 30),
    ]
    found = propose(WAS, busy, WORKING, NOW)
    assert found == [at(date(2027, 3, 15), 14, 30), at(date(2027, 3, 16), 14), at(date(2027, 3, 17), 14)]
    after = propose(at(date(2027, 4, 1), 14), [], WORKING, datetime(2027, 3, 25, 18, 0, tzinfo=UTC))
    # 26 and 29 March 2027 are Good Friday and Easter Monday, and on the 28th the clocks go forward.
    assert after == [at(date(2027, 3, 30), 14), at(date(2027, 3, 31), 14), at(date(2027, 4, 1), 14)]
    assert after[0].starts_at.hour == 13


def test_none_is_after_the_date_by_which_it_has_to_be() -> None:
    found = propose(WAS, [WAS], WORKING, NOW, until=date(2027, 3, 12))
    assert [slot.starts_at.astimezone(LONDON).day for slot in found] == [11, 12, 12] or [
        slot.starts_at.astimezone(LONDON).day for slot in found
    ] == [11, 11, 12], "two on one day, where there are not days enough"
    assert propose(WAS, [WAS], WORKING, NOW, until=date(2027, 3, 10)) == []


def test_a_worker_who_works_on_mondays_only_is_met_on_mondays() -> None:
    mondays = Working(time(10), time(12), "1", LONDON, PLACE)
    found = propose(WAS, [WAS], mondays, NOW)
    assert found == [at(date(2027, 3, 15), 11), at(date(2027, 3, 22), 11), at(date(2027, 4, 5), 11)]
    assert mondays.next(NOW) == datetime(2027, 3, 15, 10, 0, tzinfo=UTC)


slots = st.builds(
    lambda hours, length: Slot(NOW + timedelta(hours=hours), NOW + timedelta(hours=hours, minutes=length)),
    st.integers(0, 24 * 20),
    st.integers(15, 600),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine too
@given(st.lists(slots, max_size=40), slots, st.integers(0, 30))
def test_whatever_is_proposed_can_be(busy: list[Slot], was: Slot, days: int) -> None:
    until = NOW.date() + timedelta(days=days)
    found = propose(was, [*busy, was], WORKING, NOW, until=until)
    assert len(found) <= COUNT and found == sorted(found)
    for number, slot in enumerate(found):
        hours = WORKING.on(slot.starts_at.astimezone(LONDON).date())
        assert hours is not None and hours.starts_at <= slot.starts_at and slot.ends_at <= hours.ends_at
        assert slot.starts_at >= NOW + NOTICE and slot.starts_at.astimezone(LONDON).date() <= until
        assert slot.ends_at - slot.starts_at == was.ends_at - was.starts_at
        assert not any(slot.touches(one) for one in [*busy, was, *found[:number]])
