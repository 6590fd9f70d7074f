"""An agency's own ladders: checked before they count, on record, and told exactly as they were rehearsed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api import clock
from api.audit.models import AuditEntry
from api.cli import app
from api.database import reading, transaction
from api.escalations import rules
from api.escalations.jobs import climb
from api.escalations.ladder import Rule, Step
from api.escalations.models import LadderRule, Notification
from tests.small_town import Town

FIVE = timedelta(minutes=5)


def add(town: Town, *steps: Step, priority: str = "urgent", **more: object) -> LadderRule:
    with transaction() as session:
        return rules.save(session, town.manager, None, Rule(priority, steps, **more))  # type: ignore[arg-type]


def test_an_agencys_own_ladder_is_told_from_then_on_and_no_other_agencys(session: Session, town: Town) -> None:
    add(town, Step(("manager",), FIVE), Step(("worker:Dora",), FIVE))
    number = town.escalation(town.mine, priority="urgent")
    clock.move(FIVE)
    climb()
    told = session.scalars(select(Notification).filter_by(escalation_id=number).order_by(Notification.rung)).all()
    assert [(one.role, one.worker_id) for one in told] == [("manager", town.manager.id), ("named", town.duty.id)]
    with reading() as looking:
        far = rules.rehearsal(looking, town.far_agency.id, "urgent", clock.now())
    assert far.here.rules == ()


def test_what_is_rehearsed_is_what_happens(session: Session, town: Town) -> None:
    add(town, Step(("lead", "manager"), FIVE), Step(("team",), FIVE), Step(("duty",), FIVE))
    with reading() as looking:
        played = rules.rehearsal(looking, town.agency.id, "urgent", clock.now(), town.worker.id).tellings
    number = town.escalation(town.mine, priority="urgent")
    for _ in played[1:6]:
        clock.move(FIVE)
        climb()
    happened = session.scalars(select(Notification).filter_by(escalation_id=number).order_by(Notification.rung)).all()
    rungs = [rung for _, telling in played[:6] for rung in telling.rungs]
    foretold = {
        (n, told.role, told.member.id if told.member else None, told.problem)
        for n, rung in enumerate(rungs)
        for told in rung
    }
    assert {(one.rung, one.role, one.worker_id, one.problem) for one in happened} == foretold
    assert "nobody" in {one.problem for one in happened}, "the family's worker is in no team"


def test_the_first_that_fits_holds_and_they_can_change_places(town: Town) -> None:
    first, second = add(town, Step(("duty",), FIVE)), add(town, Step(("manager",), FIVE))

    def holds() -> str:
        with reading() as session:
            return rules.rehearsal(session, town.agency.id, "urgent", clock.now()).tellings[0][1].rungs[0][0].role

    assert holds() == "duty"
    with transaction() as session:
        rules.move_up(session, town.manager, session.get_one(LadderRule, second.id))
    assert holds() == "manager"
    with transaction() as session:
        for row in (first, second):
            rules.remove(session, town.manager, session.get_one(LadderRule, row.id))
    assert holds() == "lead"
    with reading() as session:
        verbs = list(session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)))
    assert verbs == ["changed_ladder", "changed_ladder", "moved_ladder", "removed_ladder", "removed_ladder"]


@pytest.mark.parametrize(
    ("rule", "mistake"),
    [
        (Rule("emergency", (Step(("lead",), FIVE),)), "emergency_without_duty"),
        (Rule("urgent", (Step(("worker:Fara",), FIVE),)), "unknown_worker"),  # another agency's
        (Rule("urgent", (Step(("duty",), FIVE),), begins=clock.now().time()), "hours"),
    ],
)
def test_a_ladder_with_a_mistake_does_not_count(town: Town, rule: Rule, mistake: str) -> None:
    with pytest.raises(rules.BadRule) as refused, transaction() as session:
        rules.save(session, town.manager, None, rule)
    assert mistake in {found for found, _ in refused.value.mistakes}
    with reading() as session:
        assert rules.own(session, town.agency.id) == []


def test_the_command_says_who_would_be_told_at_two_on_sunday(town: Town) -> None:
    said = CliRunner().invoke(app, ["rehearse", "Sunday 02:00", "--agency", "near", "--worker", "Lena"])
    assert said.exit_code == 0, said.output
    lines = said.stdout.splitlines()
    assert "02:00  Lena Worker (lead worker), Dora Worker (duty worker)" in lines[0] and lines[0].startswith("Sun")
    assert "02:03  Mona Worker (manager on call)" in lines[1]
    assert lines[-1] == "and so on, until somebody acknowledges"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--agency", "nowhere"], "far, near"),
        ([], "far, near"),
        (["--agency", "near", "--worker", "Zoe"], "Dora, Lena, Mona"),
        (["--agency", "near", "--priority", "huge"], "emergency, urgent, routine"),
    ],
)
def test_the_command_says_what_there_is(town: Town, more: list[str], says: str) -> None:
    said = CliRunner().invoke(app, ["rehearse", "sunday 02:00", *more])
    assert said.exit_code == 1 and says in said.stderr
    assert CliRunner().invoke(app, ["rehearse", "some day", "--agency", "near"]).exit_code == 1
