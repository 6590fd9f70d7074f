"""A worker says when they work: other times are proposed within it, and what can wait is told then."""

from __future__ import annotations

from datetime import time

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.access.models import Worker
from api.appointments import offers
from api.appointments.models import Appointment
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import FamilyWorker
from tests.small_town import Town

GOOD = {"works_from": "13:00", "works_until": "16:30", "day-2": "on", "day-4": "on", "news_by": "email"}


def send(client: TestClient, town: Town, **fields: str) -> tuple[int, str]:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    answer = client.post("/console/account/hours", data=town.form(cookies, **fields))
    return answer.status_code, answer.text


def test_hours_are_kept_shown_and_used_for_proposed_times(client: TestClient, town: Town) -> None:
    assert send(client, town, **GOOD)[0] == 303
    with reading() as session:
        worker = session.get_one(Worker, town.worker.id)
        assert session.scalars(select(AuditEntry.verb).where(AuditEntry.actor_id == worker.id)).all()[-1:] == [
            "changed_own_hours"
        ]
    assert (worker.works_from, worker.works_until, worker.works_on) == (time(13), time(16, 30), "24")
    assert worker.news_by == "email"
    page = client.get("/console/account?note=hours").text
    assert 'value="13:00"' in page and 'name="day-2" checked' in page and 'name="day-1" checked' not in page
    assert "Your hours are saved." in page and 'value="email" checked' in page
    with transaction() as session:
        assert session.scalars(select(FamilyWorker).filter_by(worker_id=town.worker.id, lead=True)).all()
        found = offers.proposals(session, session.get_one(Appointment, town.mine.appointment.id))
    assert found and all(one.starts_at.isoweekday() in (2, 4) and 12 <= one.starts_at.hour <= 15 for one in found)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"works_from": ""}, "Say from when until when"),
        ({"works_from": "25:00"}, "Say from when until when"),
        ({"works_until": "13:00"}, "must be later"),
        ({"works_until": "08:00"}, "must be later"),
        ({"day-2": "", "day-4": ""}, "at least one day"),
        ({"news_by": "pigeon"}, "how you want to hear"),
        ({"news_by": ""}, "how you want to hear"),
    ],
    ids=["no-begin", "no-time", "same", "order", "no-day", "way", "no-way"],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(
    client: TestClient, town: Town, wrong: dict[str, str], words: str
) -> None:
    status, page = send(client, town, **(GOOD | wrong))
    assert status == 400 and words in page
    assert ('value="16:30"' in page) == ("works_until" not in wrong)
    with reading() as session:
        worker = session.get_one(Worker, town.worker.id)
    assert (worker.works_from, worker.works_on, worker.news_by) == (time(9), "12345", "text")
