"""A ladder takes another's place while an escalation climbs; a step names a rota in which there is nobody."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.database import reading, transaction
from api.escalations import rules, service
from api.escalations.jobs import climb
from api.escalations.ladder import Case, Rule, Step, Telling, mark_of, rehearse, telling
from api.escalations.models import Escalation, LadderRule, Notification, Shift
from api.escalations.queries import make_cards
from api.escalations.rota import Leave, Member, Rota, Turn
from api.messages.models import OutboundMessage
from tests.small_town import Town

LONDON = ZoneInfo("Europe/London")
#: Five in the afternoon, when the night begins.
FIVE = datetime(2026, 11, 24, 17, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LEAD, DUTY, NIGHT, BOSS, CHIEF = (
    Member(uuid.UUID(int=n), name, name.lower()) for n, name in enumerate(("Lena", "Dora", "Nils", "Mona", "Cleo"), 1)
)
ALL = {member.id: member for member in (LEAD, DUTY, NIGHT, BOSS, CHIEF)}
ROTA = Rota(ALL, (Turn(DUTY.id, "duty", FIVE - DAY, FIVE + DAY), Turn(BOSS.id, "manager", FIVE - DAY, FIVE + DAY)))
CASE = Case("emergency", LEAD.id)


def steps(*targets: str) -> tuple[Step, ...]:
    return tuple(Step((target,), 3 * MINUTE) for target in targets)


NIGHTS = Rule("emergency", steps("worker:nils", "manager"), begins=time(17), ends=time(8))


def names(said: Telling) -> list[list[str]]:
    return [[told.member.name if told.member else told.problem for told in rung] for rung in said.rungs]


def played(rules: tuple[Rule, ...], start: datetime, minutes: int) -> list[tuple[str, list[str]]]:
    told = rehearse(rules, ROTA, LONDON, CASE, start, start + minutes * MINUTE)
    return [(f"{at:%H:%M}", [" ".join(rung) for rung in names(said)]) for at, said in told]


def test_the_nights_first_step_is_told_to_a_call_that_came_by_day() -> None:
    days = Rule("emergency", steps("duty", "manager"))
    assert played((NIGHTS, days), FIVE - 2 * MINUTE, 14) == [
        ("16:58", ["Dora"]), ("17:01", ["Nils"]), ("17:04", ["Mona"]), ("17:07", ["Nils"]), ("17:10", ["Mona"])
    ]  # fmt: skip


def test_a_ladder_that_stays_is_climbed_as_ever() -> None:
    days = Rule("emergency", steps("duty", "manager", "worker:cleo"))
    assert [who for _, who in played((days,), FIVE, 15)] == [["Dora"], ["Mona"], ["Cleo"], ["Dora"], ["Mona"]]


def test_the_morning_begins_at_its_first_step_though_the_night_was_long() -> None:
    days = Rule("emergency", steps("duty", "manager"))
    nights = replace(NIGHTS, ends=time(8, 3))
    told = dict(played((nights, days), FIVE - 2 * MINUTE, 15 * 60 + 20))
    assert told["08:01"] == ["Nils"] and told["08:04"] == ["Dora"] and told["08:07"] == ["Mona"]


def in_turn(ladders: list[tuple[Step, ...]], times: int) -> list[list[str]]:
    """What is told where another ladder holds whenever a rung is due."""
    step, begun, told = 0, "", []
    for n in range(times):
        own = Rule("emergency", ladders[n % len(ladders)])
        said = telling((own,), ROTA, LONDON, CASE, step, FIVE, begun)
        assert said.wait >= MINUTE
        told.append([name for rung in names(said) for name in rung])
        step, begun = said.next_step, said.begun
    return told


def test_a_second_change_before_the_ladder_is_through_passes_nobody_over() -> None:
    day, night = steps("duty", "worker:lena", "worker:cleo"), steps("worker:nils", "manager", "worker:cleo")
    other = steps("worker:cleo", "duty", "manager")
    assert in_turn([day, night, other], 3) == [["Dora"], ["Nils"], ["Cleo", "Dora"]]


@given(st.lists(st.permutations(["duty", "manager", "worker:nils", "worker:cleo"]), min_size=1, max_size=6))
def test_however_often_ladders_change_a_call_does_not_stay_at_their_first_steps(orders: list[list[str]]) -> None:
    step, begun, stood = 0, "", []
    for n in range(48):
        own = Rule("emergency", steps(*orders[n % len(orders)][: 2 + n % len(orders) % 3]))
        said = telling((own,), ROTA, LONDON, CASE, step, FIVE, begun)
        step, begun = said.next_step, said.begun
        stood.append(step)
    assert all(set(stood[n : n + 4]) != {1} for n in range(44)), "more than first steps are told, again and again"


def test_two_ladders_of_the_same_steps_are_one() -> None:
    assert mark_of(steps("duty", "manager")) == mark_of(steps("duty", "manager")) != mark_of(steps("manager", "duty"))


def own(town: Town, *targets: str) -> None:
    """The agency's ladder for emergencies, now."""
    kept = [{"tell": [target], "wait_minutes": 3} for target in targets]
    with transaction() as session:
        session.execute(delete(LadderRule))
        session.add(
            LadderRule(agency_id=town.agency.id, position=1, priority="emergency", steps=kept, changed_at=clock.now())
        )


def roles(session: Session, number: int) -> list[tuple[int, str]]:
    session.expire_all()
    rows = session.scalars(select(Notification).filter_by(escalation_id=number).order_by(Notification.rung))
    return [(row.rung, row.role) for row in rows]


def test_a_manager_who_changes_the_ladder_in_flight_begins_it_anew_and_the_card_says_so(
    session: Session, town: Town
) -> None:
    own(town, "duty", "manager")
    number = town.escalation(town.mine)
    own(town, "lead", "manager")
    with reading() as looking:
        assert make_cards(looking, [looking.get_one(Escalation, number)])[0].next_roles == ["lead"]
    for _ in range(2):
        clock.move(timedelta(minutes=3))
        climb()
    assert roles(session, number) == [(0, "duty"), (1, "lead"), (2, "manager")]


def test_with_nobody_on_duty_an_emergencys_next_step_is_told_with_its_first() -> None:
    nobody = Rota(ALL, (Turn(BOSS.id, "manager", FIVE - DAY, FIVE + DAY),))
    first = telling((), nobody, LONDON, CASE, 0, FIVE)
    assert names(first) == [["Lena", "nobody"], ["Mona"]] and first.next_step == 0
    assert first.wait == timedelta(minutes=3)


def test_with_a_duty_worker_who_has_no_phone_the_manager_is_told_at_once_too() -> None:
    rota = replace(ROTA, members={**ALL, DUTY.id: replace(DUTY, has_phone=False)})
    assert names(telling((), rota, LONDON, CASE, 0, FIVE)) == [["Lena", "Dora"], ["Mona"]]


def test_where_no_rota_has_anybody_an_emergency_is_told_to_everyone_at_once_by_all_channels() -> None:
    members = {i: replace(member, has_email=True) for i, member in ALL.items()}
    away = (Leave(BOSS.id, FIVE - DAY, FIVE + DAY),)
    said = telling((), Rota(members, leaves=away), LONDON, CASE, 0, FIVE)
    assert names(said) == [["Lena", "nobody"], ["nobody"], ["Cleo", "Dora", "Mona", "Nils"]], "Lena has been told"
    assert {(told.role, told.problem, told.channels) for told in said.rungs[-1]} == {("everyone", "", ("sms", "email"))}
    assert (said.next_step, said.wait) == (0, timedelta(minutes=3))


def test_where_no_rota_has_anybody_no_step_of_an_emergency_is_waited_for() -> None:
    steps = (Step(("lead", "duty"), 3 * MINUTE), Step(("worker:mona",), 5 * MINUTE), Step(("manager",), 5 * MINUTE))
    own = Rule("emergency", steps)
    assert names(telling((own,), Rota(ALL), LONDON, CASE, 0, FIVE)) == [
        ["Lena", "nobody"], ["Mona"], ["nobody"], ["Cleo", "Dora", "Nils"]
    ]  # fmt: skip
    on_call = Rota(ALL, (Turn(CHIEF.id, "manager", FIVE - DAY, FIVE + DAY),))
    assert names(telling((own,), on_call, LONDON, CASE, 0, FIVE)) == [["Lena", "nobody"], ["Mona"], ["Cleo"]]
    both = Rota(ALL, (*on_call.shifts, Turn(DUTY.id, "duty", FIVE - DAY, FIVE + DAY)))
    assert names(telling((own,), both, LONDON, CASE, 0, FIVE)) == [["Lena", "Dora"]], "somebody is on watch"


def test_the_familys_own_worker_who_is_on_duty_is_on_watch() -> None:
    own = Rule("emergency", (Step(("lead", "duty", "manager"), 3 * MINUTE),))
    hers = Rota(ALL, (Turn(LEAD.id, "duty", FIVE - DAY, FIVE + DAY),))
    assert names(telling((own,), hers, LONDON, CASE, 0, FIVE)) == [["Lena", "nobody"]]


def test_a_step_that_tells_everyone_needs_no_rota() -> None:
    own = Rule("emergency", (Step(("everyone", "duty"), 3 * MINUTE), Step(("manager",), 3 * MINUTE)))
    said = telling((own,), Rota(ALL), LONDON, CASE, 0, FIVE)
    assert names(said) == [["Cleo", "Dora", "Lena", "Mona", "Nils", "nobody"], ["nobody"]], "and nobody twice"


def test_what_is_less_than_an_emergency_waits_for_whoever_was_reached() -> None:
    urgent = Rule("urgent", (Step(("lead", "duty"), 5 * MINUTE), Step(("manager",), 5 * MINUTE)))
    nobody = Rota(ALL, (Turn(BOSS.id, "manager", FIVE - DAY, FIVE + DAY),))
    assert names(telling((urgent,), nobody, LONDON, Case("urgent", LEAD.id), 0, FIVE)) == [["Lena", "nobody"]]


def test_the_manager_hears_in_the_same_moment_as_rehearsed_and_the_empty_rota_is_on_record(
    session: Session, town: Town
) -> None:
    session.execute(delete(Shift).where(Shift.role == "duty"))
    session.commit()
    with reading() as looking:
        _, foretold = rules.rehearsal(looking, town.agency.id, "emergency", clock.now(), town.worker.id).tellings[0]
    assert len(foretold.rungs) == 2
    number = town.escalation(town.mine)
    told = session.scalars(select(Notification).filter_by(escalation_id=number)).all()
    assert {(one.rung, one.role, one.problem) for one in told} == {
        (0, "lead", ""), (0, "duty", "nobody"), (1, "manager", "")
    }  # fmt: skip
    assert len({one.at for one in told}) == 1
    with reading() as looking:
        assert make_cards(looking, [looking.get_one(Escalation, number)])[0].next_roles == ["lead", "duty", "manager"]


def bounces(number: int, worker: Worker) -> None:
    """The last text about this to that worker does not arrive."""
    with transaction() as session:
        query = select(OutboundMessage).filter_by(escalation_id=number, worker_id=worker.id)
        message = session.scalars(query.order_by(OutboundMessage.seq.desc())).first()
        assert message is not None
        message.state = "failed"
        service.skip_rung(session, session.get_one(Escalation, number), message, "30003")


def test_of_two_steps_told_together_one_that_bounces_does_not_ring_the_other_again(
    session: Session, town: Town
) -> None:
    session.execute(delete(Shift).where(Shift.role == "duty"))
    session.commit()
    number = town.escalation(town.mine)
    together = [(0, "duty"), (0, "lead"), (1, "manager")]
    assert sorted(roles(session, number)) == together
    bounces(number, town.manager)
    assert climb() == 0 and len(roles(session, number)) == 3, "the family's worker has their minutes"
    bounces(number, town.worker)
    assert {role for rung, role in roles(session, number) if rung > 1} == {"everybody"}, "now nobody was reached"
