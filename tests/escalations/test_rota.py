"""Who is on call: shifts, covers and leave; and no moment without somebody goes unseen."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from api.escalations.rota import Leave, Member, Rota, Turn, gaps, next_in, on_call, spans

START = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
ANNA, BEN, CLEO = (Member(uuid.UUID(int=n), name) for n, name in enumerate(("Anna", "Ben", "Cleo"), 1))
MEMBERS = {member.id: member for member in (ANNA, BEN, CLEO)}


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def shift(member: Member, begins: float, ends: float, role: str = "duty") -> Turn:
    return Turn(member.id, role, at(begins), at(ends))


def test_a_shift_holds_from_its_first_moment_up_to_its_last() -> None:
    rota = Rota(MEMBERS, (shift(ANNA, 8, 20), shift(BEN, 20, 32)))
    assert [on_call(rota, "duty", at(h)) for h in (7.99, 8, 19.99, 20)] == [(), (ANNA,), (ANNA,), (BEN,)]
    assert on_call(rota, "manager", at(9)) == ()


def test_a_cover_takes_the_others_place_or_stands_beside() -> None:
    rota = Rota(MEMBERS, (shift(ANNA, 8, 20),), (Turn(BEN.id, "duty", at(10), at(12), ANNA.id),))
    assert [on_call(rota, "duty", at(h)) for h in (9, 11, 12)] == [(ANNA,), (BEN,), (ANNA,)]
    beside = Rota(MEMBERS, (shift(ANNA, 8, 20),), (Turn(BEN.id, "duty", at(10), at(12)),))
    assert on_call(beside, "duty", at(11)) == (ANNA, BEN)


def test_nobody_on_leave_or_gone_is_on_call() -> None:
    rota = Rota(MEMBERS, (shift(ANNA, 0, 24), shift(CLEO, 0, 24)), leaves=(Leave(ANNA.id, at(5), at(6)),))
    assert on_call(rota, "duty", at(5)) == (CLEO,)
    gone = Rota({ANNA.id: ANNA}, rota.shifts, leaves=rota.leaves)
    assert on_call(gone, "duty", at(5)) == ()
    assert [(gap.starts, gap.ends) for gap in gaps(gone, at(0), at(24)) if gap.role == "duty"] == [(at(5), at(6))]


def test_who_comes_next_is_the_next_shift_that_brings_somebody_else() -> None:
    rota = Rota(MEMBERS, (shift(ANNA, 8, 20), shift(ANNA, 20, 21), shift(BEN, 21, 30)))
    assert next_in(rota, "duty", at(19.5), timedelta(hours=1)) == ()
    assert next_in(rota, "duty", at(20.5), timedelta(hours=1)) == (BEN,)


turns = st.builds(
    lambda who, role, begins, long, instead: Turn(who, role, at(begins), at(begins + long), instead),
    st.sampled_from([*MEMBERS, uuid.UUID(int=9)]),
    st.sampled_from(["duty", "manager"]),
    st.integers(-10, 40),
    st.integers(1, 30),
    st.none(),
)
covers = st.builds(
    lambda turn, instead: Turn(turn.worker, turn.role, turn.starts, turn.ends, instead),
    turns,
    st.sampled_from([None, *MEMBERS]),
)
leaves = st.builds(lambda turn: Leave(turn.worker, turn.starts, turn.ends), turns)
rotas = st.builds(
    lambda s, c, v: Rota(MEMBERS, tuple(s), tuple(c), tuple(v)),
    st.lists(turns, max_size=6),
    st.lists(covers, max_size=3),
    st.lists(leaves, max_size=3),
)


@given(rotas, st.integers(0, 47))
def test_a_moment_is_in_a_gap_exactly_when_nobody_is_on_call(rota: Rota, half_hours: int) -> None:
    moment = at(half_hours / 2)
    for role in ("duty", "manager"):
        inside = any(g.role == role and g.starts <= moment < g.ends for g in gaps(rota, at(0), at(24)))
        assert inside == (on_call(rota, role, moment) == ())


@given(rotas)
def test_the_spans_of_a_day_have_no_hole_and_no_overlap(rota: Rota) -> None:
    found = list(spans(rota, "duty", at(0), at(24)))
    assert (found[0].starts, found[-1].ends) == (at(0), at(24))
    assert all(one.ends == two.starts and one.workers != two.workers for one, two in pairwise(found))
