"""What needs doing today: everything that waits, the most urgent first, for whoever may see it, by few statements."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.appointments.models import Appointment
from api.audit.models import AuditEntry
from api.caseload import today
from api.caseload.schemas import What
from api.console import today_routes
from api.database import reading, transaction
from api.families.models import Family, FamilyWorker, Person
from api.messages.models import OutboundMessage
from api.plans.models import Contingency, Plan, PlanAction
from api.reminders.models import Reminder
from api.timescales import service as timescales
from api.timescales.models import Deadline
from tests.small_town import Household, Town

#: A Wednesday, ten in the morning in London: nothing here depends on when the tests run.
NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
TODAY = date(2026, 11, 18)


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def meet(session: Session, family: Family, kind: str, begins: datetime, status: str = "scheduled") -> Appointment:
    made = Appointment(
        family_id=family.id, external_id=uuid.uuid4().hex, kind=kind, starts_at=begins,
        ends_at=begins + timedelta(hours=1), status=status,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def act(session: Session, house: Household, title: str, status: str, due_on: date | None) -> PlanAction:
    made = PlanAction(
        plan_id=house.plan.id, external_id=title, title=title, owner_name="x", status=status, due_on=due_on
    )
    session.add(made)
    session.flush()
    return made


def lines(viewer: Worker, **asked: Any) -> list[today.Line]:
    with reading() as session:
        found, total = today.to_do(session, viewer, NOW, "Europe/London", **asked)
    assert total == len(found)
    return found


def of(found: list[today.Line], what: str) -> list[today.Line]:
    return [line for line in found if line.what == what]


@pytest.fixture
def busy(town: Town) -> Town:
    """Everything that can wait waits in the worker's family, and the same in a family that is not theirs."""
    for house in (town.mine, town.other):
        with transaction() as session:
            parent = session.get_one(Person, house.parent.id)
            parent.reconfirm_on, parent.profile_confirmed_at = TODAY, NOW - timedelta(days=90)
            meet(session, house.family, "home_visit", NOW + timedelta(hours=4))
            meet(session, house.family, "core_group", NOW + timedelta(hours=5), status="cancelled")
            meet(session, house.family, "school_meeting", NOW + timedelta(hours=22))
            meet(session, house.family, "court_hearing", NOW - timedelta(days=2))
            meet(session, house.family, "home_visit", NOW - timedelta(days=1))
            meet(session, house.family, "home_visit", NOW - timedelta(days=40))  # too long ago to be asked after
            later = meet(session, house.family, "health_visit", NOW + timedelta(days=3))
            act(session, house, "the later one", "open", TODAY - timedelta(days=1))
            act(session, house, "the older one", "open", TODAY - timedelta(days=9))
            act(session, house, "due today", "open", TODAY)
            act(session, house, "stuck", "blocked", None)
            for days, trigger in ((-1, "no change seen"), (1, "still to come")):
                by_on = TODAY + timedelta(days=days)
                session.add(Contingency(plan_id=house.plan.id, position=1, trigger=trigger, response="r", by_on=by_on))
            session.add(
                OutboundMessage(
                    conversation_id=house.conversation.id, channel="sms", address=house.conversation.address,
                    kind="reminder", body="b", created_at=NOW, due_at=NOW, state="failed",
                )
            )  # fmt: skip
            session.add(
                Reminder(
                    appointment_id=later.id, person_id=parent.id, moment="3d", starts_at=later.starts_at, due_at=NOW,
                    state="skipped", reason="no_way",
                )
            )  # fmt: skip
            for rule, day in (("late_one", TODAY - timedelta(days=1)), ("near_one", TODAY + timedelta(days=1))):
                session.add(
                    Deadline(
                        family_id=house.family.id, rule=rule, started_on=TODAY - timedelta(days=30), due_on=day,
                        warn_on=TODAY - timedelta(days=2),
                    )
                )  # fmt: skip
        town.message(house.conversation, "is anybody there", "unanswered", "flag.no_answer")
        town.escalation(house)
    return town


def test_everything_that_waits_is_there_the_most_urgent_first(busy: Town) -> None:
    found = lines(busy.worker)
    expected = [what for what in today.WHAT if what not in ("urgent", "held", "routine", "taken")]
    assert [line.what for line in found] == expected
    assert {line.family for line in found} == {"Ash"}, "Birch is not this worker's"


def test_what_is_alike_is_one_line_told_by_its_first(busy: Town) -> None:
    found = lines(busy.worker)
    (overdue,) = of(found, "overdue")
    assert (overdue.count, overdue.title, overdue.day) == (2, "the older one", TODAY - timedelta(days=9))
    (over,) = of(found, "unrecorded")
    assert (over.count, over.kind, over.at) == (2, "court_hearing", NOW - timedelta(days=2))
    assert [(line.kind, line.count) for line in of(found, "today")] == [("home_visit", 1)], "the cancelled one is off"
    assert [line.title for line in of(found, "contingency")] == ["no change seen"]
    assert [(line.kind, line.day) for line in of(found, "date_late")] == [("late_one", TODAY - timedelta(days=1))]
    (stuck,) = of(found, "blocked")
    assert (stuck.title, stuck.day) == ("stuck", None)


def test_every_line_leads_to_a_page_that_is_there_and_where_its_thing_stands(
    client: TestClient, town: Town, busy: Town
) -> None:
    client.cookies.update(town.signed_in(town.worker))
    with transaction() as session:  # the page shows meetings around the real now
        soon = meet(session, town.mine.family, "home_visit", clock.now() + timedelta(minutes=5))
    seen = set()
    for line in lines(town.worker):
        if line.what in ("today", "tomorrow", "unrecorded"):
            line = today.Line(**{**vars(line), "object_id": str(soon.id)})
        path, _, anchor = today_routes.place(line).partition("#")
        page = client.get(path)
        assert page.status_code == 200, (line.what, path)
        assert not anchor or f'id="{anchor}"' in page.text, (line.what, anchor)
        seen.add(line.what)
    assert len(seen) > 12


def test_an_escalation_is_there_until_it_is_closed_for_whoever_took_it(busy: Town) -> None:
    number = int(of(lines(busy.worker), "emergency")[0].object_id)
    from api.escalations import service as escalations

    with transaction() as session:
        escalations.acknowledge(session, number, session.get_one(Worker, busy.worker.id), via="console")
    found = lines(busy.worker)
    assert not of(found, "emergency") and [line.object_id for line in of(found, "taken")] == [str(number)]
    assert str(number) not in [line.object_id for line in of(lines(busy.manager), "taken")], "it is somebody else's"


def test_a_plan_that_has_ended_asks_for_nothing(busy: Town) -> None:
    with transaction() as session:
        session.get_one(Plan, busy.mine.plan.id).ended_on = TODAY - timedelta(days=1)
    left = {line.what for line in lines(busy.worker)}
    assert not left & {"overdue", "blocked", "contingency"} and "to_verify" in left


def test_who_sees_all_can_narrow_it_to_one_workers_families(busy: Town) -> None:
    assert {line.family for line in lines(busy.manager)} == {"Ash", "Birch"}
    assert {line.family for line in lines(busy.manager, of=busy.worker.id)} == {"Ash"}
    assert lines(busy.far_manager, of=busy.worker.id) == [], "another agency's worker leads nobody there"


def test_the_evening_in_ohio_is_still_today(town: Town) -> None:
    with transaction() as session:
        # The clock says the 19th in London; in New York it is half past eight in the evening of the 18th.
        meet(session, town.mine.family, "home_visit", datetime(2026, 11, 19, 2, tzinfo=UTC))
        meet(session, town.mine.family, "key_work", datetime(2026, 11, 19, 15, tzinfo=UTC))
    with reading() as session:
        now = datetime(2026, 11, 19, 1, 30, tzinfo=UTC)
        found, _ = today.to_do(session, town.worker, now, "America/New_York", what=("today", "tomorrow"))
    assert [(line.what, line.kind) for line in found] == [("today", "home_visit"), ("tomorrow", "key_work")]


def test_pages_say_how_many_there_are_and_a_far_page_too(busy: Town) -> None:
    with reading() as session:
        first, total = today.to_do(session, busy.worker, NOW, "Europe/London", limit=4)
        rest, again = today.to_do(session, busy.worker, NOW, "Europe/London", limit=40, offset=4)
        none, still = today.to_do(session, busy.worker, NOW, "Europe/London", limit=4, offset=400)
    assert (len(first), len(rest), none) == (4, total - 4, []) and again == still == total


def test_the_page_and_the_api_show_the_same_and_looking_is_recorded(client: TestClient, town: Town) -> None:
    client.cookies.update(town.signed_in(town.worker))
    page = client.get("/console/today").text
    for words in ("Wants another time", "Reported done, to verify", "Ash course", "Go over safe contact"):
        assert words in page, words
    assert "Birch" not in page and f"/console/families/{town.mine.family.id}#changes" in page
    assert "Ash course" not in client.get("/console/today?what=change").text
    answer = client.get("/api/v1/today?what=to_verify", headers=town.program(town.worker)).json()
    assert [(one["title"], one["family_name"], one["object_id"]) for one in answer["items"]] == [
        ("Ash course", "Ash", str(town.mine.action.id))
    ]
    with reading() as session:
        seen = session.scalars(select(AuditEntry).where(AuditEntry.verb == "listed_family")).all()
    assert [entry.family_id for entry in seen] == [town.mine.family.id]


def test_more_families_take_no_more_statements(client: TestClient, busy: Town, database: Engine) -> None:
    client.cookies.update(busy.signed_in(busy.manager))
    for path, most in (("/console/today", 9), ("/console/families", 8)):
        client.get(path)  # what is noted once in ten minutes is noted
        with statements(database) as few:
            assert client.get(path).status_code == 200
        with transaction() as session:
            for n in range(12):
                family = Family(agency_id=busy.agency.id, external_id=f"{path}{n}", name=f"More {n}")
                session.add(family)
                session.flush()
                session.add(FamilyWorker(family_id=family.id, worker_id=busy.worker.id, lead=True))
                plan = Plan(family_id=family.id, external_id="p", started_on=TODAY)
                session.add(plan)
                session.flush()
                session.add(
                    PlanAction(plan_id=plan.id, external_id="a", title="t", owner_name="x", status="reported_done")
                )
                timescales.refresh(session, family.id)
        client.get(path)
        with statements(database) as many:
            assert "More 11" in client.get(path).text
        assert len(many) == len(few) <= most, "\n".join(many)


def test_the_list_of_families_is_narrowed_and_comes_in_pages(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.cookies.update(town.signed_in(town.manager))

    def shown(query: str) -> list[str]:
        page = client.get(f"/console/families{query}").text
        return [name for name in ("Ash", "Birch") if f"{name} family" in page or f"The {name}" in page]

    assert shown("") == ["Ash", "Birch"]
    town.escalation(town.mine)
    assert shown("?only=escalations") == ["Ash"]
    assert shown("?only=no_lead") == ["Birch"]
    assert shown(f"?lead={town.worker.id}") == ["Ash"]
    assert shown("?only=nonsense&lead=nobody&page=x") == ["Ash", "Birch"]
    monkeypatch.setattr("api.console.family_routes.PER_PAGE", 1)
    assert shown("") == ["Ash"] and shown("?page=2") == ["Birch"] and shown("?page=3") == []
    assert 'rel="next"' in client.get("/console/families").text


def test_one_reference_finds_one_family(client: TestClient, town: Town) -> None:
    reference = town.mine.family.external_id
    for who, found in ((town.worker, 1), (town.far_manager, 0)):
        answer = client.get(f"/api/v1/families?external_id={reference}", headers=town.program(who)).json()
        assert (len(answer["items"]), answer["total"]) == (found, found)


def test_words_of_the_api_and_of_the_list_are_the_same() -> None:
    from typing import get_args

    assert get_args(What) == today.WHAT
