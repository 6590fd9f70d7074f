"""A review says of each risk of the plan whether it is higher, the same, lower or gone, and in which words."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from api.database import reading, transaction
from api.plans.models import Risk
from api.reviews.models import RiskFinding
from tests.small_town import Town


@pytest.fixture
def risks(town: Town) -> list[Risk]:
    """Two of the plan's own, and nothing else on it."""
    with transaction() as session:
        session.execute(delete(Risk).where(Risk.plan_id == town.mine.plan.id))
        made = [
            Risk(id=uuid.uuid4(), plan_id=town.mine.plan.id, position=n, harm="neglect", description=words)
            for n, words in enumerate(("cold and damp beds", "nobody at home after school"), start=1)
        ]
        session.add_all(made)
    return made


def said(town: Town, **more: Any) -> dict[str, Any]:
    effects = [{"action_id": str(town.mine.action.id), "effect": "helped"}]
    return {"held_on": "2026-04-02", "next_step": "continue", "effects": effects, **more}


def record(client: TestClient, town: Town, *risks: dict[str, Any], **more: Any) -> Any:
    body = said(town, risks=list(risks), **more)
    return client.post(f"/api/v1/plans/{town.mine.plan.id}/reviews", json=body, headers=town.program(town.worker))


def found(risk: Risk, change: str, words: str = "") -> dict[str, Any]:
    return {"risk_id": str(risk.id), "change": change, "words": words}


def test_a_program_records_how_risks_stand_and_reads_it_back_for_the_next_one(
    client: TestClient, town: Town, risks: list[Risk]
) -> None:
    made = record(client, town, found(risks[1], "gone"), found(risks[0], "lower", "a new boiler"))
    assert made.status_code == 201, made.text
    wanted = [
        {**found(risks[0], "lower", "a new boiler"), "description": "cold and damp beds"},
        {**found(risks[1], "gone"), "description": "nobody at home after school"},
    ]
    me = town.program(town.worker)
    assert client.get(f"/api/v1/reviews/{made.json()['id']}", headers=me).json()["risks"] == wanted
    prepared = client.get(f"/api/v1/plans/{town.mine.plan.id}/review-preparation", headers=me).json()
    assert prepared["last_risks"] == wanted
    with reading() as session:
        stored = str(session.connection().exec_driver_sql("SELECT words, description FROM risk_findings").all())
    assert "boiler" not in stored and "damp" not in stored, "sealed"


def test_a_risk_of_another_plan_and_a_word_that_is_none_are_refused(
    client: TestClient, town: Town, risks: list[Risk]
) -> None:
    with reading() as session:
        strange = session.scalars(select(Risk).filter_by(plan_id=town.other.plan.id)).first()
    other = strange or Risk(id=uuid.uuid4())
    refused = record(client, town, found(other, "lower"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "risk_of_another_plan")
    assert record(client, town, found(risks[0], "better")).status_code == 422


def test_the_console_asks_for_each_shows_it_on_the_page_and_beside_the_next_review(
    client: TestClient, town: Town, risks: list[Risk]
) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    address = f"/console/plans/{town.mine.plan.id}/review"
    assert f'name="risk-{risks[0].id}"' in client.get(address).text
    fields = {
        "held_on": "2026-04-02", "next_step": "continue", f"effect-{town.mine.action.id}": "helped",
        f"risk-{risks[0].id}": "higher", f"risk_words-{risks[0].id}": "the <window> is broken",
    }  # fmt: skip
    refused = client.post(
        f"/console/plans/{town.mine.plan.id}/reviews", data=town.form(cookies, **{**fields, "held_on": ""})
    )
    assert refused.status_code == 400 and "the &lt;window&gt; is broken" in refused.text, "what was typed stays"
    done = client.post(f"/console/plans/{town.mine.plan.id}/reviews", data=town.form(cookies, **fields))
    assert done.status_code == 303
    page = client.get(done.headers["location"]).text
    assert "<strong>cold and damp beds</strong>: higher than before" in page and "the &lt;window&gt; is broken" in page
    assert "<strong>nobody at home" not in page, "nothing was said of that"
    prepared = client.get(address).text
    assert re.search(r"<strong>cold and damp beds</strong>: last time:? higher than before", prepared, re.IGNORECASE)


def test_a_correction_says_otherwise_and_what_it_said_is_an_earlier_version(
    client: TestClient, town: Town, risks: list[Risk]
) -> None:
    made = record(client, town, found(risks[0], "lower", "a new boiler"), found(risks[1], "same")).json()
    address, me = f"/api/v1/reviews/{made['id']}", town.program(town.worker)
    right = said(town, risks=[found(risks[0], "gone", "mended")], why="the wrong box")
    done = client.put(address, json=right, headers=me)
    assert [one["change"] for one in done.json()["risks"]] == ["gone"]
    (kept,) = client.get(f"{address}/versions", headers=me).json()["items"]
    assert kept["before"]["risks"][str(risks[0].id)] == {"change": "lower", "words": "a new boiler"}
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    page = client.get(f"/console/reviews/{made['id']}").text
    assert "lower than before → gone" in page and "cold and damp beds" in page
    fields = {
        "held_on": "2026-04-02", "next_step": "continue", f"effect-{town.mine.action.id}": "helped", "version": "2",
        f"risk-{risks[1].id}": "lower", "why": "the other one",
    }  # fmt: skip
    assert client.post(f"/console/reviews/{made['id']}", data=town.form(cookies, **fields)).status_code == 303
    again = client.get(address, headers=me).json()["risks"]
    assert [(one["risk_id"], one["change"]) for one in again] == [(str(risks[1].id), "lower")]


def test_what_was_said_of_a_risk_stays_when_the_risk_is_taken_out_of_the_plan(
    client: TestClient, town: Town, risks: list[Risk]
) -> None:
    made = record(client, town, found(risks[0], "gone", "a new boiler"), found(risks[1], "same")).json()
    address, me = f"/api/v1/reviews/{made['id']}", town.program(town.worker)
    left = [{"id": str(risks[1].id), "harm": "neglect", "description": "nobody at home after school"}]
    edited = client.patch(f"/api/v1/plans/{town.mine.plan.id}", json={"risks": left}, headers=me)
    assert edited.status_code == 200, edited.text
    there = {"risk_id": None, "description": "cold and damp beds", "change": "gone", "words": "a new boiler"}
    assert client.get(address, headers=me).json()["risks"][0] == there
    right = said(town, risks=[found(risks[1], "lower")], why="the wrong box")
    corrected = client.put(address, json=right, headers=me).json()["risks"]
    assert there in corrected and [one["change"] for one in corrected] == ["gone", "lower"]
    with reading() as session:
        assert len(session.scalars(select(RiskFinding)).all()) == 2
