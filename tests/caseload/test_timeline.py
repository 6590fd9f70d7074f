"""A family's timeline: everything that happened, the newest first, without anybody's words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlalchemy.engine import Engine

from api.access.models import Agency, Worker
from api.audit.models import AuditEntry
from api.caseload import timeline
from api.caseload.schemas import TimelineKind
from api.conferences.models import Conference
from api.database import reading, transaction
from api.escalations import service as escalations
from api.messages.models import HandoverNote, InboundMessage, OutboundMessage
from api.plans.models import PlanVersion
from api.reviews.models import Review
from api.timescales.models import CaseEvent
from api.views.models import StatedView
from tests.caseload.test_today import statements
from tests.small_town import Town

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def lines(town: Town, viewer: Worker, **asked: Any) -> list[timeline.Line]:
    with reading() as session:
        found, total = timeline.timeline(session, viewer, town.mine.family.id, "Europe/London", **asked)
    assert total == len(found)
    return found


def of(found: list[timeline.Line], kind: str) -> list[timeline.Line]:
    return [line for line in found if line.kind == kind]


@pytest.fixture
def lived(town: Town) -> Town:
    """Some of everything has happened in the worker's family."""
    mine = town.mine
    number = town.escalation(mine, words="he is at the door")
    with transaction() as session:
        escalations.acknowledge(session, number, session.get_one(Worker, town.worker.id), via="console")
        meeting = session.get_one(Conference, mine.meeting.id)
        meeting.status, meeting.decision = "held", "continue"
        session.add(
            Review(
                plan_id=mine.plan.id, external_id="r", held_on=DAY, next_step="continue", recorded_by=town.worker.id,
                recorded_at=NOON,
            )
        )  # fmt: skip
        session.add(
            PlanVersion(plan_id=mine.plan.id, number=1, made_at=NOON, made_by=town.worker.id, changes=[], content={})
        )
        for key, kind, outcome, gone in (
            ("v", "home_visit", "held", None), ("m", "court_hearing", "missed", None),
            ("w", "core_group", "held", NOON),
        ):  # fmt: skip
            session.add(
                CaseEvent(
                    family_id=mine.family.id, external_id=key, kind=kind, day=DAY + timedelta(days=1), outcome=outcome,
                    recorded_at=NOON, recorded_by=town.worker.id, withdrawn_at=gone,
                )
            )  # fmt: skip
        session.add(
            StatedView(
                family_id=mine.family.id, person_id=mine.parent.id, external_id="p", given_on=DAY, audience="lead",
                words="only Lena may read this", recorded_at=NOON,
            )
        )  # fmt: skip
        for n in range(3):
            session.add(
                InboundMessage(
                    conversation_id=mine.conversation.id, channel="sms", external_id=f"SM{n}", body="secret words",
                    received_at=NOON + timedelta(hours=n), state="answered",
                )
            )  # fmt: skip
        session.add(
            HandoverNote(
                conversation_id=mine.conversation.id, family_id=mine.family.id, worker_id=town.worker.id, at=NOON,
                words="secret note",
                summary={
                    "workers": [str(town.worker.id)], "began": NOON.isoformat(), "ended": NOON.isoformat(), "came": 2,
                    "went": 4, "unheard": 0, "did": [], "opened": [], "closed": [], "still_open": [], "waited": 0,
                    "reported": 0, "requests": 0,
                },
            )
        )  # fmt: skip
        session.add(
            OutboundMessage(
                conversation_id=mine.conversation.id, channel="sms", address=mine.conversation.address, kind="family",
                body="an answer", created_at=NOON, due_at=NOON, state="delivered",
            )
        )  # fmt: skip
    return town


def test_everything_that_happened_is_there_the_newest_first(lived: Town) -> None:
    found = lines(lived, lived.worker)
    assert {line.kind for line in found} == set(timeline.KINDS)
    days = [line.day for line in found]
    assert days == sorted(days, reverse=True)
    assert [(line.by, line.came, line.went, line.object_id) for line in of(found, "takeover")] == [
        ("Lena Worker", 2, 4, str(lived.mine.conversation.id))
    ]
    assert [(line.what, line.state, line.result) for line in of(found, "conference")] == [
        ("review", "held", "continue")
    ]
    assert [(line.what, line.by) for line in of(found, "review")] == [("continue", "Lena Worker")]
    assert [(line.what, line.by) for line in of(found, "plan")] == [("1", "Lena Worker")]
    events = [(line.what, line.state) for line in of(found, "event") if line.day > DAY]
    assert sorted(events) == [("court_hearing", "missed"), ("home_visit", "held")], "what was withdrawn is gone"
    assert [(line.what, line.title, line.by) for line in of(found, "action")] == [
        ("reported_done", "Ash course", "Ashparent")
    ]
    assert {line.what for line in of(found, "escalation")} == {"opened", "acknowledged"}
    assert [(line.day, line.came, line.went) for line in of(found, "message") if line.day == DAY] == [(DAY, 3, 1)]


def test_what_somebody_said_is_there_for_whoever_may_read_it_and_no_words_for_anybody(
    client: TestClient, lived: Town
) -> None:
    assert len(of(lines(lived, lived.worker), "view")) == 2 and len(of(lines(lived, lived.manager), "view")) == 2
    assert len(of(lines(lived, lived.duty), "view")) == 1, (
        "what is for the family's own worker is not the duty worker's"
    )
    client.cookies.update(lived.signed_in(lived.worker))
    page = client.get(f"/console/families/{lived.mine.family.id}/timeline").text
    for words in ("only Lena may read this", "secret words", "an answer", "he is at the door", "wants to stay"):
        assert words not in page, words
    for words in ("Court hearing", "Version 1", "3 came, 1 went", "Ash course", "Lena Worker"):
        assert words in page, words
    assert f"/console/families/{lived.mine.family.id}/timeline" in client.get(
        f"/console/families/{lived.mine.family.id}"
    ).text  # fmt: skip


def test_it_is_narrowed_to_a_kind_paged_and_printed_whole(
    client: TestClient, lived: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {line.kind for line in lines(lived, lived.worker, kinds=("event",))} == {"event"}
    client.cookies.update(lived.signed_in(lived.worker))
    path = f"/console/families/{lived.mine.family.id}/timeline"
    assert "Court hearing" in client.get(f"{path}?only=event").text
    assert "Court hearing" not in client.get(f"{path}?only=plan").text
    monkeypatch.setattr("api.console.timeline_routes.PER_PAGE", 2)
    first = client.get(path).text
    assert 'rel="next"' in first and "whole=yes" in first
    assert "Concern raised" not in first and "Concern raised" in client.get(f"{path}?whole=yes").text
    assert client.get(f"{path}?page=nonsense&only=odd").status_code == 200
    for who, status in ((lived.far_manager, 404), (lived.manager, 200)):
        client.cookies.update(lived.signed_in(who))
        assert client.get(path).status_code == status


def test_a_day_is_the_agencys(lived: Town) -> None:
    with transaction() as session:
        session.execute(update(Agency).where(Agency.id == lived.agency.id).values(timezone="America/New_York"))
        session.execute(update(InboundMessage).values(received_at=datetime(2026, 3, 3, 2, tzinfo=UTC)))
        session.execute(update(OutboundMessage).values(created_at=datetime(2026, 3, 3, 2, tzinfo=UTC)))
    with reading() as session:
        found, _ = timeline.timeline(
            session, lived.worker, lived.mine.family.id, "America/New_York", kinds=("message", "review")
        )
    assert {line.day for line in found} == {DAY}, "nine in the evening of the 2nd; and a day is a day"


def test_the_api_has_the_same_and_looking_is_recorded(client: TestClient, lived: Town) -> None:
    path = f"/api/v1/families/{lived.mine.family.id}/timeline"
    answer = client.get(f"{path}?kind=conference", headers=lived.program(lived.worker)).json()
    assert [(one["kind"], one["day"], one["at"]) for one in answer["items"]] == [("conference", "2026-03-02", None)]
    assert client.get(path, headers=lived.program(lived.far_manager)).status_code == 404
    assert get_args(TimelineKind) == timeline.KINDS
    with reading() as session:
        looked = session.scalars(select(AuditEntry.family_id).where(AuditEntry.verb == "viewed_timeline")).all()
    assert looked == [lived.mine.family.id]


def test_more_lines_take_no_more_statements(lived: Town, database: Engine) -> None:
    with statements(database) as few:
        lines(lived, lived.worker)
    with transaction() as session:
        for n in range(30):
            at = NOON - timedelta(days=n + 1)
            session.add(
                CaseEvent(
                    family_id=lived.mine.family.id, external_id=f"e{n}", kind="home_visit", day=at.date(),
                    recorded_at=at, recorded_by=lived.worker.id,
                )
            )  # fmt: skip
    with statements(database) as many, reading() as session:
        timeline.timeline(session, lived.worker, lived.mine.family.id, "Europe/London", limit=100)
    assert len(many) == len(few) <= 15, "\n".join(many)
