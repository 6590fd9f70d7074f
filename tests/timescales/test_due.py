"""By when something is due: the rules of four places, and what must hold for any events at all."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.jurisdiction import clocks
from api.jurisdiction.clocks import EVENTS, Unit
from api.jurisdiction.packs import names, pack
from api.timescales.due import CannotCount, Due, Event, bank_holidays, dues, is_working_day, of_visits, shifted, state

ENGLAND, SCOTLAND, WALES, OHIO = "uk-england", "uk-scotland", "uk-wales", "us-ohio"
DAYS = st.dates(date(1990, 1, 1), date(2080, 12, 31))
PLANS = (None, uuid.UUID(int=1), uuid.UUID(int=2))
CASES = st.lists(st.builds(Event, st.sampled_from(EVENTS), DAYS, st.sampled_from(PLANS)), max_size=12)
PLACES = st.sampled_from(names())
UNITS: st.SearchStrategy[Unit] = st.sampled_from(("working_days", "days", "weeks", "months"))


def worked_out(place: str, *events: tuple[str, str]) -> list[Due]:
    here = pack(place)
    return dues(here.clocks, [Event(kind, date.fromisoformat(day)) for kind, day in events], here.calendar)


def of(rule: str, found: list[Due]) -> list[tuple[str, str | None]]:
    return [(str(d.due_on), str(d.done_on) if d.done_on else None) for d in found if d.rule == rule]


def test_fifteen_working_days_skip_the_bank_holidays_of_easter() -> None:
    found = worked_out(ENGLAND, ("strategy_discussion", "2026-03-30"))
    assert of("initial_conference", found) == [("2026-04-22", None)]  # 3 and 6 April are closed


def test_the_nations_have_bank_holidays_of_their_own() -> None:
    easter_monday, january_second, st_andrew = date(2026, 4, 6), date(2026, 1, 2), date(2026, 11, 30)
    assert not is_working_day(easter_monday, pack(ENGLAND).calendar)
    assert not is_working_day(easter_monday, pack(WALES).calendar)
    assert is_working_day(easter_monday, pack(SCOTLAND).calendar)
    assert is_working_day(january_second, pack(ENGLAND).calendar)
    assert not is_working_day(january_second, pack(SCOTLAND).calendar)
    assert not is_working_day(st_andrew, pack(SCOTLAND).calendar)
    thanksgiving = date(2026, 11, 26)
    assert not is_working_day(thanksgiving, pack(OHIO).calendar) and is_working_day(thanksgiving, pack(WALES).calendar)


def test_a_holiday_at_a_weekend_is_kept_on_the_day_observed() -> None:
    assert date(2026, 12, 28) in bank_holidays(pack(ENGLAND).calendar, 2026)  # Boxing Day was a Saturday
    assert date(2026, 7, 3) in bank_holidays(pack(OHIO).calendar, 2026)


def test_a_conference_in_england_is_followed_by_a_core_group_and_reviews() -> None:
    found = worked_out(
        ENGLAND,
        ("strategy_discussion", "2026-09-01"),
        ("initial_conference", "2026-09-18"),
        ("plan_started", "2026-09-18"),
        ("core_group", "2026-10-01"),
        ("review_conference", "2026-12-10"),
    )
    assert of("initial_conference", found) == [("2026-09-22", "2026-09-18")]
    assert of("first_core_group", found) == [("2026-10-02", "2026-10-01")]
    assert of("first_review", found) == [("2026-12-18", "2026-12-10")]
    assert of("next_review", found) == [("2027-06-10", None)]


def test_scotland_gives_28_calendar_days_and_six_months() -> None:
    found = worked_out(SCOTLAND, ("concern_raised", "2026-11-02"), ("initial_conference", "2026-11-27"))
    assert of("initial_conference", found) == [("2026-11-30", "2026-11-27")]
    assert of("first_review", found) == [("2027-05-27", None)]
    assert of("first_core_group", found) == [("2026-12-21", None)]  # St Andrew's Day is not counted
    assert of("record_shared", found) == [("2026-12-14", None)]


def test_in_wales_core_groups_follow_each_other_within_six_weeks() -> None:
    found = worked_out(
        WALES, ("initial_conference", "2026-09-01"), ("core_group", "2026-09-10"), ("core_group", "2026-10-30")
    )
    assert of("next_core_group", found) == [("2026-10-22", "2026-10-30"), ("2026-12-11", None)]
    assert state(date(2026, 10, 22), date(2026, 10, 15), date(2026, 10, 30), date(2026, 11, 1)) == "done_late"


def test_in_wales_a_child_is_seen_alone_every_ten_working_days_and_at_home_every_four_weeks() -> None:
    found = worked_out(
        WALES,
        ("initial_conference", "2026-04-01"),
        ("plan_started", "2026-04-01"),
        ("child_seen", "2026-04-17"),  # at school: seen, but not at home
        ("home_visit", "2026-04-27"),  # at home is seen as well
    )
    assert of("child_seen", found) == [
        ("2026-04-17", "2026-04-17"), ("2026-05-01", "2026-04-27"), ("2026-05-12", None),
    ]  # fmt: skip
    assert of("seen_at_home", found) == [("2026-04-29", "2026-04-27"), ("2026-05-25", None)]


@pytest.mark.parametrize("name", names())
def test_only_where_a_rule_says_how_often_a_child_is_seen_does_a_clock_of_the_place_run(name: str) -> None:
    seen = {rule for rule, one in pack(name).clocks.items() if {"child_seen", "home_visit"} & set(one.done)}
    said = {WALES: {"child_seen", "seen_at_home"}, OHIO: {"monthly_contact"}}
    assert seen == said.get(name, set())


def test_in_ohio_reviews_are_due_every_ninety_days_from_the_signature_whenever_the_last_was() -> None:
    found = worked_out(
        OHIO,
        ("services_agreed", "2026-01-05"),
        ("plan_signed", "2026-01-20"),
        ("case_review", "2026-04-01"),  # early: the next is still due 180 days after the signature
        ("case_review", "2026-04-03"),  # a second one in the same period is not the next period's
        ("administrative_review", "2026-07-25"),  # late
    )
    assert of("case_plan", found) == [("2026-02-04", "2026-01-20")]
    assert of("case_review", found) == [
        ("2026-04-20", "2026-04-01"), ("2026-07-19", "2026-07-25"), ("2026-10-17", None),
    ]  # fmt: skip
    assert of("administrative_review", found) == [("2026-07-19", "2026-07-25"), ("2027-01-15", None)]


@pytest.mark.parametrize(
    ("held", "then"),
    [
        ("2026-06-18", [("2026-07-19", None)]),  # 31 days before
        ("2026-06-19", [("2026-07-19", "2026-06-19"), ("2027-01-15", None)]),
        ("2026-07-25", [("2026-07-19", "2026-07-25"), ("2027-01-15", None)]),
    ],
    ids=["too early", "early", "late"],
)
def test_in_ohio_a_semiannual_review_held_too_early_does_not_count(
    held: str, then: list[tuple[str, str | None]]
) -> None:
    found = worked_out(OHIO, ("plan_signed", "2026-01-20"), ("administrative_review", held))
    assert of("administrative_review", found) == then


def test_english_clocks_never_run_in_ohio() -> None:
    found = worked_out(OHIO, ("strategy_discussion", "2026-01-05"), ("initial_conference", "2026-01-12"))
    assert found == []


def test_a_clock_that_runs_is_not_started_again() -> None:
    found = worked_out(ENGLAND, ("strategy_discussion", "2026-09-01"), ("strategy_discussion", "2026-09-10"))
    assert of("initial_conference", found) == [("2026-09-22", None)]


def test_an_enquiry_that_is_closed_and_a_plan_that_ended_leave_nothing_due() -> None:
    assert worked_out(ENGLAND, ("strategy_discussion", "2026-09-01"), ("enquiry_closed", "2026-09-09")) == []
    found = worked_out(
        ENGLAND, ("plan_started", "2026-01-05"), ("core_group", "2026-01-12"), ("plan_ended", "2026-03-02")
    )
    assert [due.rule for due in found] == ["first_core_group"]


def test_a_plan_that_ends_does_not_end_the_clocks_of_another() -> None:
    one, other = uuid.UUID(int=1), uuid.UUID(int=2)
    here = pack(ENGLAND)
    events = [
        Event("plan_started", date(2026, 1, 5), one),
        Event("plan_started", date(2026, 1, 5), other),
        Event("plan_ended", date(2026, 1, 9), one),
    ]
    assert {due.plan for due in dues(here.clocks, events, here.calendar)} == {other}


def of_plans(place: str, *events: Event) -> list[tuple[str, uuid.UUID | None, str, str | None]]:
    here = pack(place)
    found = dues(here.clocks, events, here.calendar)
    return [(due.rule, due.plan, str(due.started_on), due.done_on and str(due.done_on)) for due in found]


def test_a_conference_that_decided_on_no_plan_begins_no_clock_of_a_plan() -> None:
    early = Event("initial_conference", date(2024, 1, 8), no_plan=True)
    same = Event("initial_conference", date(2024, 1, 8))  # the appointment for it, recorded as held
    talk = Event("strategy_discussion", date(2024, 1, 2))
    assert of_plans(ENGLAND, talk, early, same) == [("initial_conference", None, "2024-01-02", "2024-01-08")]
    assert of_plans(WALES, early) == [("record_shared", None, "2024-01-08", None)]  # its record is shared all the same


@pytest.mark.parametrize("no_plan", [True, False], ids=["said so", "nobody said"])
def test_the_clocks_of_a_plan_begin_with_its_own_conference_and_those_of_an_earlier_one_are_over(no_plan: bool) -> None:
    one = uuid.UUID(int=1)
    early = Event("initial_conference", date(2024, 1, 8), no_plan=no_plan)
    events = [Event(kind, date(2026, 2, 2), one) for kind in ("initial_conference", "plan_started")]
    rules = ("record_shared", "first_core_group", "first_review", "child_seen", "seen_at_home")
    found = of_plans(WALES, early, *events)
    assert {(rule, plan, day) for rule, plan, day, _ in found} == {(rule, one, "2026-02-02") for rule in rules}


def test_two_plans_at_a_time_have_the_clocks_of_their_own_conferences() -> None:
    one, other = uuid.UUID(int=1), uuid.UUID(int=2)
    found = of_plans(
        ENGLAND,
        Event("initial_conference", date(2026, 1, 5)),
        Event("plan_started", date(2026, 1, 6), one),
        Event("initial_conference", date(2026, 2, 2), other),
        Event("plan_started", date(2026, 2, 2), other),
    )
    assert [row[1:] for row in found if row[0] == "first_review"] == [
        (one, "2026-01-05", None), (other, "2026-02-02", None),
    ]  # fmt: skip


def test_months_end_where_the_month_does() -> None:
    place = pack(ENGLAND).calendar
    assert shifted(date(2026, 11, 30), 3, "months", place) == date(2027, 2, 28)
    assert shifted(date(2028, 8, 31), -6, "months", place) == date(2028, 2, 29)


def test_a_day_in_another_age_cannot_be_counted_from() -> None:
    with pytest.raises(CannotCount):
        shifted(date(1, 1, 1), -1, "months", pack(ENGLAND).calendar)


def test_where_it_is_counted_another_way_every_family_is_worked_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = pack(ENGLAND).rules
    monkeypatch.setattr(clocks, "COUNTING", clocks.COUNTING + 1)
    assert pack(ENGLAND).rules != before


@pytest.mark.parametrize("name", names())
def test_every_clock_says_where_it_is_written_and_is_to_be_checked(name: str) -> None:
    here = pack(name)
    assert here.clocks
    for clock in here.clocks.values():
        assert clock.source and clock.paragraph and clock.last_verified.year >= 2026 and clock.check
        assert set(clock.name) == set(here.languages)


@given(DAYS, st.integers(1, 60), PLACES)
@settings(max_examples=200, deadline=None)
def test_so_many_working_days_on_there_are_so_many_working_days_between(day: date, number: int, name: str) -> None:
    place = pack(name).calendar
    there = shifted(day, number, "working_days", place)
    between = [day + timedelta(days=n) for n in range(1, (there - day).days + 1)]
    assert sum(is_working_day(one, place) for one in between) == number and is_working_day(there, place)


@given(DAYS, st.integers(1, 40), UNITS, PLACES)
@settings(max_examples=200, deadline=None)
def test_later_starts_and_longer_spans_never_end_earlier(day: date, number: int, unit: Unit, name: str) -> None:
    place = pack(name).calendar
    there = shifted(day, number, unit, place)
    assert day < there <= shifted(day + timedelta(days=1), number, unit, place)
    assert there <= shifted(day, number + 1, unit, place)
    assert shifted(there, -number, unit, place) <= there


@given(CASES, PLACES)
@settings(max_examples=200, deadline=None)
def test_whatever_happened_the_dates_make_sense(events: list[Event], name: str) -> None:
    here = pack(name)
    found = dues(here.clocks, events, here.calendar)
    assert found == dues(here.clocks, list(reversed(events)), here.calendar), "the order they are told in is nothing"
    keys = [(due.rule, due.plan, due.started_on) for due in found]
    assert len(keys) == len(set(keys))
    for due in found:
        assert due.started_on < due.due_on and due.warn_on < due.due_on
        assert due.done_on is None or due.done_on >= due.started_on
        assert here.clocks[due.rule].done
        if due.done_on is not None:
            assert any(e.kind in here.clocks[due.rule].done and e.day == due.done_on for e in events)


@given(CASES, PLACES)
@settings(max_examples=100, deadline=None)
def test_what_has_ended_for_every_plan_leaves_nothing_due(events: list[Event], name: str) -> None:
    here = pack(name)
    last = max((event.day for event in events), default=date(2026, 1, 1)) + timedelta(days=1)
    ends = [Event(kind, last) for kind in ("plan_ended", "enquiry_closed")]
    assert all(due.done_on for due in dues(here.clocks, [*events, *ends], here.calendar))


@given(DAYS, DAYS, st.one_of(st.none(), DAYS), DAYS)
@settings(max_examples=200)
def test_a_state_is_late_exactly_when_it_is_not_done_and_the_day_is_over(
    due_on: date, warn_on: date, done_on: date | None, today: date
) -> None:
    assert (state(due_on, warn_on, done_on, today) == "late") == (done_on is None and today > due_on)
    assert (state(due_on, warn_on, done_on, today) in ("done", "done_late")) == (done_on is not None)


def test_a_plan_that_says_how_often_children_are_seen_has_a_clock_of_its_own() -> None:
    plan = uuid.UUID(int=1)
    events = [Event("plan_started", date(2026, 3, 2), plan), Event("home_visit", date(2026, 3, 10))]
    found = of_visits(plan, 10, events, pack(ENGLAND).calendar)
    assert [(due.due_on, due.done_on) for due in found] == [
        (date(2026, 3, 12), date(2026, 3, 10)), (date(2026, 3, 20), None),
    ]  # fmt: skip
    assert of_visits(plan, 10, [*events, Event("plan_ended", date(2026, 3, 15), plan)], pack(ENGLAND).calendar)[
        -1
    ].done_on
