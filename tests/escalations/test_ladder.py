"""Who is told, in what order, and that it goes round for ever. Pure."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.escalations.ladder import Case, Rule, Step, ladders, rehearse, steps_for, telling
from api.escalations.mistakes import mistakes
from api.escalations.rota import Leave, Member, Rota, Turn

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # a Sunday
LEAD, DUTY, BOSS, MATE = (
    Member(uuid.UUID(int=n), name, name.lower(), team)
    for n, (name, team) in enumerate((("Lena", "north"), ("Dora", ""), ("Mona", ""), ("Max", "north")), 1)
)
ALL = {member.id: member for member in (LEAD, DUTY, BOSS, MATE)}
DAY = timedelta(days=1)
ROTA = Rota(ALL, (Turn(DUTY.id, "duty", NOW - DAY, NOW + DAY), Turn(BOSS.id, "manager", NOW - DAY, NOW + DAY)))
PRIORITIES = ("emergency", "urgent", "routine")


def names(rungs: tuple[tuple[object, ...], ...]) -> list[list[str]]:
    return [[told.member.name if told.member else told.problem for told in rung] for rung in rungs]  # type: ignore[attr-defined]


@pytest.mark.parametrize("priority", PRIORITIES)
def test_the_ladders_of_the_file_have_no_mistake(priority: str) -> None:
    assert mistakes(priority, ladders()[priority], set()) == []


def test_an_emergency_starts_with_everyone_on_duty_and_the_lead_and_waits_least() -> None:
    said = telling((), ROTA, LONDON, Case("emergency", LEAD.id), 0, NOW)
    assert names(said.rungs) == [["Lena", "Dora"]]
    longest = {priority: max(step.wait for step in steps) for priority, steps in ladders().items()}
    assert longest["emergency"] < longest["urgent"] < longest["routine"]


@pytest.mark.parametrize("priority", ("emergency", "urgent"))
def test_after_the_last_step_it_starts_again_for_ever(priority: str) -> None:
    steps = ladders()[priority]
    told = list(rehearse((), ROTA, LONDON, Case(priority, LEAD.id), NOW, NOW + DAY * 0.9))
    assert len(told) >= len(steps)
    at = NOW
    for n, (moment, said) in enumerate(told):
        assert moment == at and said.wait == steps[n % len(steps)].wait
        at += said.wait


ON_DUTY = Rota(
    ALL, tuple(Turn(m.id, role, NOW - 9 * DAY, NOW + 9 * DAY) for m, role in ((DUTY, "duty"), (BOSS, "manager")))
)


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """That hour in London: the 20th is a Friday, the 22nd a Sunday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("opens", "told"),
    [
        (
            local(24, 3),
            [("Lena", local(24, 9)), ("Dora", local(24, 13)), ("Mona", local(25, 9)), ("Lena", local(25, 11))],
        ),
        (local(24, 10), [("Lena", local(24, 10)), ("Dora", local(24, 14)), ("Mona", local(25, 9))]),
        (local(20, 17), [("Dora", local(21, 9)), ("Dora", local(21, 13)), ("Dora", local(22, 9))]),
        (local(22, 14), [("Dora", local(22, 14)), ("Lena", local(23, 9)), ("Dora", local(23, 13))]),
    ],
    ids=["before work", "at work", "friday evening", "sunday"],
)
def test_a_routine_call_wakes_nobody_and_is_never_lost(opens: datetime, told: list[tuple[str, datetime]]) -> None:
    played = list(rehearse((), ON_DUTY, LONDON, Case("routine", LEAD.id), opens, opens + 4 * DAY))
    happened = [(names(said.rungs)[-1][0], at.astimezone(LONDON)) for at, said in played]
    assert happened[: len(told)] == told


def test_a_step_behind_one_that_waits_for_its_hours_is_told_in_its_turn() -> None:
    hour = timedelta(hours=1)
    own = Rule("routine", (Step(("lead",), hour, when="office"), Step(("duty",), hour), Step(("manager",), hour)))
    played = rehearse((own,), ON_DUTY, LONDON, Case("routine", LEAD.id), local(21, 10), local(21, 14))
    assert [names(said.rungs)[-1][0] for _, said in played][:4] == ["Dora", "Mona", "Dora", "Mona"]


def test_out_of_its_hours_a_routine_call_tells_nobody_and_has_its_next_rung() -> None:
    said = telling((), ON_DUTY, LONDON, Case("routine", LEAD.id), 0, local(24, 17))
    assert (said.rungs, said.next_step) == ((), 0) and local(24, 17) + said.wait == local(25, 9)


def test_with_nobody_on_duty_at_the_weekend_a_routine_call_is_not_told_to_everyone() -> None:
    said = telling((), Rota(ALL), LONDON, Case("routine", LEAD.id), 0, local(21, 10))
    assert names(said.rungs) == [["nobody"]] and local(21, 10) + said.wait == local(21, 14)


@given(st.integers(0, 366 * 24 * 60), st.integers(0, 2))
def test_whenever_a_routine_call_is_due_its_next_rung_is_ahead_and_within_four_days(minutes: int, step: int) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    said = telling((), Rota(ALL), LONDON, Case("routine", LEAD.id), step, moment)
    assert timedelta() < said.wait <= 4 * DAY
    assert bool(said.rungs) == (9 <= moment.astimezone(LONDON).hour < 17)


def test_a_rung_with_nobody_is_passed_over_at_once_and_said() -> None:
    said = telling((), ROTA, LONDON, Case("urgent"), 0, NOW)  # nobody leads this family
    assert names(said.rungs) == [["nobody"], ["Dora"]]
    assert said.next_step == 2


def test_a_lead_on_leave_is_passed_over_and_said() -> None:
    rota = Rota(ALL, ROTA.shifts, leaves=(Leave(LEAD.id, NOW, NOW + DAY),))
    assert names(telling((), rota, LONDON, Case("urgent", LEAD.id), 0, NOW).rungs) == [["Lena"], ["Dora"]]
    assert telling((), rota, LONDON, Case("urgent", LEAD.id), 0, NOW).rungs[0][0].problem == "away"


def test_with_nobody_reachable_on_any_rung_everyone_is_told_those_on_leave_too() -> None:
    rota = Rota({MATE.id: MATE}, leaves=(Leave(MATE.id, NOW, NOW + DAY),))
    said = telling((), rota, LONDON, Case("emergency"), 1, NOW)
    assert names(said.rungs)[-1] == ["Max"] and said.rungs[-1][0].problem == ""
    assert said.wait == timedelta(minutes=3)


def test_who_is_lead_and_on_duty_at_once_is_told_once() -> None:
    said = telling((), ROTA, LONDON, Case("emergency", DUTY.id), 0, NOW)
    assert names(said.rungs) == [["Dora"]]


def test_a_rule_of_the_agencys_own_goes_before_the_files_for_its_team_and_hours() -> None:
    steps = (Step(("team", "worker:mona"), timedelta(minutes=5)),)
    nights = Rule("urgent", steps, team="north", begins=time(20), ends=time(8))
    north, south = Case("urgent", LEAD.id, "north"), Case("urgent", DUTY.id, "south")
    noon = NOW + timedelta(hours=10)
    assert names(telling((nights,), ROTA, LONDON, north, 0, NOW).rungs) == [["Lena", "Max", "Mona"]]
    assert steps_for((nights,), south, NOW.astimezone(LONDON)) == ladders()["urgent"]
    assert steps_for((nights,), north, noon.astimezone(LONDON)) == ladders()["urgent"]


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin() -> None:
    saturday_night = Rule("urgent", (Step(("duty",), DAY),), days=frozenset({5}), begins=time(20), ends=time(8))
    case = Case("urgent")
    fits = [
        saturday_night.fits(case, datetime(2026, 11, day, hour, tzinfo=LONDON))
        for day, hour in ((21, 19), (21, 20), (22, 2), (22, 8), (22, 21))
    ]
    assert fits == [False, True, True, False, False]


@pytest.mark.parametrize(
    ("priority", "steps", "mistake"),
    [
        ("urgent", (), "empty"),
        ("urgent", (Step((), DAY / 24),), "tells_nobody"),
        ("urgent", (Step(("worker:nobody",), DAY / 24),), "unknown_worker"),
        ("urgent", (Step(("everybody",), DAY / 24),), "unknown_worker"),
        ("urgent", (Step(("duty",), timedelta()),), "wait"),
        ("emergency", (Step(("duty",), timedelta(minutes=16)),), "wait"),
        ("emergency", (Step(("lead",), timedelta(minutes=3)), Step(("duty",), DAY / 480)), "emergency_without_duty"),
        ("routine", (Step(("lead",), DAY / 24),), "only_lead"),
        ("routine", (Step(("duty",), DAY / 24),) * 9, "too_many"),
        ("urgent", (Step(("duty",), DAY / 24, when="office"),), "when"),
        ("routine", (Step(("duty",), DAY / 24, when="never"),), "when"),
        ("urgent", (Step(("duty",), DAY / 24, ("pigeon",)),), "channels"),
        ("urgent", (Step(("duty",), DAY / 24, ()),), "channels"),
        ("emergency", (Step(("duty",), DAY / 480, ("email",)),), "emergency_by_email"),
    ],
)
def test_a_ladder_that_could_leave_somebody_waiting_is_a_mistake(
    priority: str, steps: tuple[Step, ...], mistake: str
) -> None:
    assert mistake in {found for found, _ in mistakes(priority, steps, {"mona"})}


def reached(
    channels: tuple[str, ...], *, phone: bool, email: bool, browser: bool = False
) -> tuple[str, tuple[str, ...]]:
    """What the first rung says of a duty worker who has these, told by those channels."""
    dora = replace(DUTY, has_phone=phone, has_email=email, has_browser=browser)
    rules = (Rule("urgent", (Step(("duty",), DAY / 24, channels), Step(("manager",), DAY / 24))),)
    (first, *_), *_ = telling(
        rules, replace(ROTA, members={**ALL, DUTY.id: dora}), LONDON, Case("urgent"), 0, NOW
    ).rungs
    return first.problem, first.channels


@pytest.mark.parametrize(
    ("channels", "phone", "email", "problem", "by"),
    [
        (("email",), True, True, "", ("email",)),
        (("sms", "email"), True, True, "", ("sms", "email")),
        (("sms", "email"), False, True, "", ("email",)),
        (("sms", "email"), True, False, "", ("sms",)),
        (("email",), True, False, "no_email", ()),
        (("sms",), False, True, "no_phone", ()),
        (("sms", "email"), False, False, "no_way", ()),
    ],
)
def test_a_step_tells_by_what_somebody_has_and_says_what_is_missing(
    channels: tuple[str, ...], phone: bool, email: bool, problem: str, by: tuple[str, ...]
) -> None:
    assert reached(channels, phone=phone, email=email) == (problem, by)


def test_where_no_rung_reaches_anybody_everyone_is_told_by_all_that_they_have() -> None:
    nobody_by_text = {i: replace(m, has_phone=False, has_email=m is not LEAD) for i, m in ALL.items()}
    said = telling((), replace(ROTA, members=nobody_by_text), LONDON, Case("urgent", LEAD.id), 0, NOW)
    assert [(t.problem, t.channels) for t in said.rungs[-1]] == [
        ("", ("email",)), ("no_way", ()), ("", ("email",)), ("", ("email",))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("channels", "browser", "problem", "by"),
    [
        (("push",), True, "", ("push",)),
        (("push",), False, "no_browser", ()),
        (("sms", "push"), True, "", ("sms", "push")),
        (("sms", "email", "push"), False, "", ("sms",)),
        (("email", "push"), False, "no_way", ()),
    ],
)
def test_a_step_by_notes_tells_whoever_has_turned_them_on(
    channels: tuple[str, ...], browser: bool, problem: str, by: tuple[str, ...]
) -> None:
    assert reached(channels, phone=True, email=False, browser=browser) == (problem, by)


def test_an_emergencys_first_step_does_not_go_by_a_note_alone() -> None:
    first = Step(("duty",), timedelta(minutes=5), ("push",))
    assert ("emergency_by_email", 1) in mistakes("emergency", (first,), set())
    assert mistakes("emergency", (replace(first, channels=("sms", "push")),), set()) == []


a_step = st.builds(
    lambda targets, minutes: Step(tuple(targets), timedelta(minutes=minutes)),
    st.lists(st.sampled_from(["lead", "duty", "manager", "team", "everyone", "worker:mona"]), min_size=1, max_size=3),
    st.integers(1, 15),
)


@given(
    st.lists(a_step, min_size=1, max_size=5),
    st.sets(st.sampled_from(sorted(ALL)), min_size=1),
    st.integers(0, 9),
    st.sampled_from([None, LEAD.id]),
)
def test_whatever_the_ladder_and_whoever_is_left_somebody_is_told_and_it_goes_on(
    steps: list[Step], left: set[uuid.UUID], step: int, lead: uuid.UUID | None
) -> None:
    rota = Rota({who: ALL[who] for who in left}, ROTA.shifts)
    rule = Rule("urgent", tuple(steps))
    said = telling((rule,), rota, LONDON, Case("urgent", lead, "north"), step, NOW)
    assert any(not told.problem for told in said.rungs[-1])
    assert said.wait >= timedelta(minutes=1) and 0 <= said.next_step < len(steps)
    assert all(all(told.problem for told in rung) for rung in said.rungs[:-1]), (
        "only what reaches nobody is passed over"
    )
