"""``hearthline services import``."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.directory.models import Phone, Service, ServiceAtLocation
from api.directory.service import needs
from api.imports.hsds import NEEDS
from api.imports.service import ImportProblems, Report, import_services
from api.settings import DATA

SERVICES = DATA / "directory" / "services.json"


@pytest.fixture
def raw() -> list[dict[str, Any]]:
    return list(json.loads(SERVICES.read_text(encoding="utf-8"))["contents"])


@pytest.fixture
def load(tmp_path: Path, database: object) -> Callable[[Any], Report]:
    def run(given: Any) -> Report:
        path = tmp_path / "services.json"
        path.write_text(json.dumps(given), encoding="utf-8")
        return import_services(path)

    return run


Load = Callable[[Any], Report]


def test_the_same_file_twice_changes_nothing(load: Load, raw: list[dict[str, Any]]) -> None:
    assert load(raw).created["services"] == len(raw)
    again = load({"contents": raw})
    assert not again.created and not again.updated


def test_a_service_s_parts_become_what_the_file_says(load: Load, raw: list[dict[str, Any]], session: Session) -> None:
    load(raw)
    one = copy.deepcopy(raw[0])
    one["phones"] = [{"id": "11111111-1111-4111-8111-111111111111", "number": "+442079460299"}]
    one["status"] = "temporarily closed"
    load([one])
    row = session.scalars(select(Service).where(Service.name == one["name"])).one()
    assert [phone.number for phone in row.phones] == ["+442079460299"] and row.status == "temporarily closed"
    assert session.scalar(select(func.count()).select_from(Service)) == len(raw)


def test_a_service_whose_words_give_a_hidden_address_away_is_refused(load: Load, raw: list[dict[str, Any]]) -> None:
    hidden = next(item for item in raw if any(part["location"].get("hidden") for part in item["service_at_locations"]))
    address = hidden["service_at_locations"][0]["location"]["addresses"][0]
    hidden["description"] += f" We are at {address['address_1']}."
    with pytest.raises(ImportProblems, match="gives away the address") as problems:
        load(raw)
    assert address["address_1"] not in str(problems.value)


def test_an_open_entry_of_a_hidden_address_is_refused(load: Load, raw: list[dict[str, Any]]) -> None:
    hidden = next(item for item in raw if any(part["location"].get("hidden") for part in item["service_at_locations"]))
    part = copy.deepcopy(hidden["service_at_locations"][0])
    part["id"], part["location"]["id"] = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
    part["location"]["hidden"] = False
    raw[0]["service_at_locations"].append(part)
    with pytest.raises(ImportProblems, match="hides"):
        load(raw)


def test_everything_wrong_is_said_with_its_path_and_nothing_is_written(
    load: Load, raw: list[dict[str, Any]], session: Session
) -> None:
    raw[0]["status"] = "open"
    raw[1]["phones"][0]["number"] = "ring us"
    raw[2]["schedules"][0]["byday"] = "Monday"
    del raw[3]["organization"]
    with pytest.raises(ImportProblems) as problems:
        load(raw)
    assert {problem.path for problem in problems.value.report.problems} == {
        "contents[0].status",
        "contents[1].phones[0].number",
        "contents[2].schedules[0].byday",
        "contents[3].organization",
    }
    assert session.scalar(select(func.count()).select_from(Service)) == 0


def test_the_demonstration_directory_covers_every_need_in_both_countries(raw: list[dict[str, Any]]) -> None:
    assert set(NEEDS) == set(needs())
    found = {
        (attribute["taxonomy_term"]["code"], cost["currency"])
        for item in raw
        for attribute in item["attributes"]
        for cost in item["cost_options"]
    }
    assert found == {(need, currency) for need in NEEDS for currency in ("GBP", "USD")}
    assert {item["status"] for item in raw} == {"active", "defunct", "temporarily closed"}


def test_numbers_in_the_demonstration_directory_are_kept_for_fiction(raw: list[dict[str, Any]]) -> None:
    for item in raw:
        for phone in item["phones"]:
            number = phonenumbers.parse(phone["number"])
            digits = str(number.national_number)
            assert digits.startswith("207946") or digits[3:8] == "55501", phone


def test_what_the_public_list_shows_can_be_imported_again(
    load: Load, raw: list[dict[str, Any]], session: Session
) -> None:
    from api.directory import published

    load(raw)
    rows = session.scalars(select(Service)).all()
    again = load(json.loads(json.dumps([published.full_service(row) for row in rows if not _hidden(row)])))
    assert not again.created.get("services") and not again.updated.get("services")
    assert session.scalar(select(func.count()).select_from(Phone)) == len([p for item in raw for p in item["phones"]])


def _hidden(row: Service) -> bool:
    parts: list[ServiceAtLocation] = row.service_at_locations
    return any(part.location.hidden for part in parts)
