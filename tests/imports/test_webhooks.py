"""What an import changes, the agency's own system hears: each once, what is as it was never, and never a flood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import select, update

from api import clock
from api.access.models import Agency, Worker
from api.appointments.models import Appointment
from api.database import reading, transaction
from api.families.models import Person
from api.imports.service import ImportProblems, Report
from api.webhooks import events
from api.webhooks.jobs import deliver_webhooks
from api.webhooks.models import KINDS, WebhookEndpoint, WebhookEvent

Raw = dict[str, Any]
Load = Callable[..., Report]
OURS = "https://case.example/hook"


@pytest.fixture
def here(load: Load, raw: Raw) -> Raw:
    """The demo's agencies and its first two families, both of one agency, are here."""
    raw["families"] = raw["families"][:2]
    assert {family["agency"] for family in raw["families"]} == {"aire-valley"}
    load(raw)
    assert told() == []
    return raw


def listen(*kinds: str, agency: str = "aire-valley", url: str = OURS) -> None:
    with transaction() as session:
        owner = session.scalars(select(Agency).filter_by(external_id=agency)).one()
        worker = session.scalars(select(Worker).filter_by(agency_id=owner.id).limit(1)).one()
        session.add(
            WebhookEndpoint(
                agency_id=owner.id, url=url, kinds=list(kinds or KINDS), salt="s", created_at=clock.now(),
                created_by=worker.id,
            )
        )  # fmt: skip


def told(url: str = OURS) -> list[dict[str, Any]]:
    """What was queued since the last time, in order: the type among the data."""
    with transaction() as session:
        rows = session.scalars(
            select(WebhookEvent)
            .join(WebhookEndpoint, WebhookEndpoint.id == WebhookEvent.endpoint_id)
            .where(WebhookEndpoint.url == url)
            .order_by(WebhookEvent.due_at)
        ).all()
        found = [{"type": one.body["type"], **one.body["data"]} for one in rows]
        for one in rows:
            session.delete(one)
    return found


def appointment_ids() -> dict[str, str]:
    with reading() as session:
        rows = session.execute(select(Appointment.external_id, Appointment.id))
        return {key: str(one) for key, one in rows}


def test_that_what_a_file_says_is_kept_from_now_on_is_no_change_of_anybody(load: Load, here: Raw) -> None:
    with transaction() as session:
        session.execute(update(Person).values(said=None))
    listen()
    load(here)
    assert told() == []


def test_each_object_that_a_file_changes_is_told_once_and_in_order_and_the_same_file_tells_nothing(
    load: Load, here: Raw
) -> None:
    listen()
    load(here)
    assert told() == []
    changed = deepcopy(here)
    bennett = changed["families"][0]
    by_id = {one["id"]: one for one in bennett["appointments"]}
    by_id["bennett-visit-1"]["starts"] = "workday+3 16:00"
    by_id["bennett-core-3"]["status"] = "cancelled"
    by_id["bennett-school"]["bring"] = "The school report"
    by_id["bennett-eyes"]["attendees"] = [*by_id["bennett-eyes"]["attendees"][:1], {"name": "Dr New", "role": "GP"}]
    new = {"id": "bennett-new", "kind": "home_visit", "starts": "workday+9 10:00", "minutes": 30}
    bennett["appointments"].append(new | {"attendees": [{"person": "kelly"}]})
    action = next(one for one in bennett["plans"][0]["actions"] if one["id"] == "course")
    action["status"] = "verified"
    load(changed)
    ids, heard = appointment_ids(), told()
    *single, last = heard
    assert {one.get("appointment_id", ""): one.get("what", one["type"]) for one in single} == {
        ids["bennett-visit-1"]: "moved", ids["bennett-core-3"]: "cancelled", ids["bennett-school"]: "changed",
        ids["bennett-eyes"]: "changed", ids["bennett-new"]: "booked", "": "action.verified",
    }  # fmt: skip
    assert [one["number"] for one in heard] == list(range(1, 8)) and len({one["import_id"] for one in heard}) == 1
    assert last["type"] == "import.completed" and (last["told"], last["left_out"]) == (6, 0)
    assert (last["appointments_new"], last["appointments_changed"], last["families_changed"]) == (1, 4, 1)
    assert "people_changed" not in last and "families_new" not in last
    load(changed)
    assert told() == []


def test_nothing_is_told_of_what_was_only_checked_or_refused(load: Load, here: Raw) -> None:
    listen()
    changed = deepcopy(here)
    changed["families"][0]["appointments"][0]["starts"] = "workday+3 16:00"
    load(changed, check_only=True)
    changed["families"][1]["appointments"][0]["minutes"] = -5
    with pytest.raises(ImportProblems):
        load(changed)
    assert told() == []


def test_a_big_fill_is_one_event_also_for_who_did_not_ask_for_the_sum(
    load: Load, here: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_SINGLY", 5)
    other = "https://other.example/hook"
    listen("appointment.changed")
    listen("action.verified", url=other)
    changed = deepcopy(here)
    for family in changed["families"]:
        for one in family["appointments"]:
            one["bring"] = "The red book"
    load(changed)
    (only,) = told()
    assert only["type"] == "import.completed" and only["told"] == 0
    assert only["left_out"] == only["appointments_changed"] > 5
    assert told(other) == []  # nothing that it asked for was left out


def test_an_agency_hears_of_its_own_only(load: Load, here: Raw) -> None:
    listen(agency="franklin-falls")
    changed = deepcopy(here)
    changed["families"][0]["appointments"][0]["starts"] = "workday+3 16:00"
    load(changed)
    assert told() == []


def test_visits_that_a_file_says_anew_are_told_each_by_itself(load: Load, here: Raw) -> None:
    changed = deepcopy(here)
    series = {
        "id": "visits", "kind": "home_visit", "frequency": "weekly", "starts_on": "today+2", "at": "07:05",
        "minutes": 30, "attendees": [{"person": "kelly"}],
    }  # fmt: skip
    changed["families"][0]["series"] = [series]
    listen("appointment.changed", "import.completed")
    load(changed)
    *single, last = told()
    assert len(single) >= 7 and {one["what"] for one in single} == {"booked"} and last["series_new"] == 1
    series["at"] = "07:35"
    load(changed)
    *again, last = told()
    assert Counter(one["what"] for one in again) == {"moved": len(single)} and last["series_changed"] == 1
    assert {one["appointment_id"] for one in again} == {one["appointment_id"] for one in single}
    load(changed)
    assert told() == [] and deliver_webhooks() == 0


def test_a_first_file_after_the_update_tells_nothing_of_what_it_only_remembers(load: Load, here: Raw) -> None:
    with transaction() as session:
        for row in session.scalars(select(Appointment)):
            row.said = None
    listen()
    load(here)
    assert told() == []
    with reading() as session:
        assert all(session.scalars(select(Appointment.said)))
