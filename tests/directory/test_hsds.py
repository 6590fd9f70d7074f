"""The public directory: Open Referral HSDS 3.0, checked against the standard's own schemas."""

from __future__ import annotations

import json
import uuid
from functools import lru_cache
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from api.settings import ROOT

SCHEMAS = ROOT.parent / "shared" / "hsds" / "schema"
#: They lie beside the checkout where the project is made and in its CI; a copy of the project alone has none.
official = pytest.mark.skipif(
    not SCHEMAS.is_dir(), reason=f"the official HSDS schemas are not there ({SCHEMAS.parent.name}/{SCHEMAS.name})"
)
LISTS = ("services", "organizations", "taxonomies", "taxonomy_terms", "service_at_locations")
SCHEMA = dict(zip(LISTS, ("service", "organization", "taxonomy", "taxonomy_term", "service_at_location"), strict=True))
pytestmark = pytest.mark.usefixtures("directory")


@lru_cache
def validator(name: str) -> Draft202012Validator:
    files = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    registry: Registry[Any] = Registry().with_resources(
        (file, Resource.from_contents(schema, default_specification=DRAFT202012)) for file, schema in files.items()
    )
    return Draft202012Validator(files[f"{name}.json"], registry=registry, format_checker=FormatChecker())


def mistakes(name: str, item: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(item)]


def page(client: TestClient, path: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(f"/hsds/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_root_says_what_it_is(client: TestClient) -> None:
    for address in ("/hsds/", "/hsds"):
        about = client.get(address).json()
        assert about["version"] == "3.0" and about["profile"].startswith("https://")
        assert about["openapi_url"].endswith("/openapi.json")


@official
@pytest.mark.parametrize("name", LISTS)
def test_every_object_of_every_list_keeps_the_official_schema(client: TestClient, name: str) -> None:
    for full in ({}, {"full": "true"} if name in ("services", "service_at_locations", "organizations") else {}):
        contents = page(client, name, per_page=500, **full)["contents"]
        assert contents
        assert not [mistake for item in contents for mistake in mistakes(SCHEMA[name], item)]


@official
@pytest.mark.parametrize("name", LISTS)
def test_every_single_object_keeps_the_official_schema(client: TestClient, name: str) -> None:
    for item in page(client, name, per_page=500)["contents"]:
        whole = client.get(f"/hsds/{name}/{item['id']}").json()
        assert whole["id"] == item["id"]
        assert not mistakes(SCHEMA[name], whole)


@official
@pytest.mark.parametrize("name", LISTS)
def test_pages_have_the_fields_of_the_official_description(client: TestClient, name: str) -> None:
    described = json.loads((SCHEMAS / "openapi.json").read_text())["components"]["schemas"]["Page"]
    answer = page(client, name)
    assert set(answer) == {*described["properties"], "contents"}
    assert not list(Draft202012Validator(described).iter_errors(answer))


@official
@pytest.mark.parametrize("name", LISTS)
def test_every_parameter_of_the_official_description_is_taken(client: TestClient, name: str) -> None:
    described = json.loads((SCHEMAS / "openapi.json").read_text())
    values = {
        "search": "food", "page": 1, "per_page": 5, "format": "json", "taxonomy_term_id": uuid.uuid4(),
        "taxonomy_id": uuid.uuid4(), "organization_id": uuid.uuid4(), "modified_after": "2026-01-01T00:00:00Z",
        "minimal": "true", "full": "true", "full_service": "true", "postcode": "LS9", "proximity": "1000",
        "top_only": "true", "parent_id": uuid.uuid4(),
    }  # fmt: skip
    given = {}
    for parameter in described["paths"][f"/{name}"]["get"].get("parameters", []):
        key = parameter.get("name") or parameter["$ref"].rsplit("/", 1)[-1]
        given[key] = str(values[key])
    page(client, name, **given)


def test_pages_follow_each_other_and_leave_nothing_out(client: TestClient) -> None:
    whole = page(client, "services", per_page=500)
    seen: list[str] = []
    for number in range(1, 100):
        one = page(client, "services", per_page=10, page=number)
        seen += [service["id"] for service in one["contents"]]
        assert one["first_page"] == (number == 1)
        assert one["size"] == len(one["contents"])
        if one["last_page"]:
            break
    assert seen == [service["id"] for service in whole["contents"]]
    assert one["total_items"] == len(seen) and one["total_pages"] == number
    beyond = page(client, "services", per_page=10, page=number + 1)
    assert beyond["empty"] and beyond["contents"] == []


def test_filters_are_cumulative(client: TestClient) -> None:
    term = page(client, "taxonomy_terms", search="housing")["contents"][0]
    by_term = page(client, "services", taxonomy_term_id=term["id"], per_page=500)["contents"]
    assert 0 < len(by_term) < page(client, "services")["total_items"]
    organization = by_term[0]["organization"]["id"]
    both = page(client, "services", taxonomy_term_id=term["id"], organization_id=organization)["contents"]
    assert both and all(service["organization"]["id"] == organization for service in both)
    assert not page(client, "services", taxonomy_term_id=term["id"], search="nappies")["contents"]


def test_search_takes_percent_and_underscore_as_they_are(client: TestClient) -> None:
    assert page(client, "services", search="%")["empty"]
    assert page(client, "services", search="_")["empty"]
    assert page(client, "services", search="FOOD bank")["contents"]


def test_modified_after_takes_a_date_or_a_time(client: TestClient) -> None:
    total = page(client, "services")["total_items"]
    assert page(client, "services", modified_after="2026-01-01")["total_items"] == total
    assert page(client, "services", modified_after="2026-09-14T09:00:00Z")["total_items"] == total - 1
    assert page(client, "services", modified_after="2026-09-15")["empty"]


def test_minimal_gives_only_what_tells_whether_a_copy_is_fresh(client: TestClient) -> None:
    assert all(set(item) == {"id", "last_modified"} for item in page(client, "services", minimal="true")["contents"])


def test_proximity_is_measured_from_the_postcode(client: TestClient) -> None:
    near = page(client, "service_at_locations", postcode="LS9", proximity=1000, per_page=500)
    wide = page(client, "service_at_locations", postcode="LS9", proximity=20_000, per_page=500)
    assert 0 < near["total_items"] < wide["total_items"]
    assert {item["id"] for item in near["contents"]} <= {item["id"] for item in wide["contents"]}


def test_ndjson_streams_everything_without_pages(client: TestClient) -> None:
    answer = client.get("/hsds/services", params={"format": "ndjson", "full": "true"})
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert len(lines) == page(client, "services")["total_items"]


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("services", {"page": "0"}), ("services", {"page": "two"}), ("services", {"per_page": "100000"}),
        ("services", {"per_page": "-1"}), ("services", {"format": "xml"}), ("services", {"taxonomy_id": "food"}),
        ("services", {"modified_after": "yesterday"}), ("services", {"full": "perhaps"}), ("services", {"pge": "1"}),
        ("services", {"search": "a\x00b"}), ("services", {"page": "9" * 40}),
        ("service_at_locations", {"postcode": "nowhere"}), ("service_at_locations", {"proximity": "100"}),
        ("service_at_locations", {"postcode": "LS9", "proximity": "near"}), ("taxonomy_terms", {"parent_id": "1"}),
    ],
)  # fmt: skip
def test_bad_parameters_are_422_with_the_name_of_the_parameter(
    client: TestClient, path: str, parameters: dict[str, str]
) -> None:
    answer = client.get(f"/hsds/{path}", params=parameters)
    assert answer.status_code == 422, answer.text
    mistake = answer.json()["detail"][0]
    assert mistake["msg"] and list(parameters)[-1] in [*mistake["loc"], *mistake["msg"].split()]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("key", ["00000000-0000-4000-8000-000000000000", "food", "1", "%00", "x' or 1=1"])
def test_an_unknown_id_is_404(client: TestClient, name: str, key: str) -> None:
    assert client.get(f"/hsds/{name}/{key}").status_code == 404


def test_hidden_addresses_leave_in_no_list_no_object_and_no_search(client: TestClient, secrets: list[str]) -> None:
    said = [client.get(f"/hsds/{name}", params={"per_page": 500, "full": "true"}).text for name in LISTS[::4]]
    said.append(client.get("/hsds/organizations", params={"per_page": 500, "full_service": "true"}).text)
    said.append(client.get("/hsds/services", params={"format": "ndjson", "full": "true"}).text)
    for name in ("services", "service_at_locations"):
        items = page(client, name, per_page=500)["contents"]
        said += [client.get(f"/hsds/{name}/{item['id']}").text for item in items]
    assert "The address is kept private." in said[0]
    assert not [secret for secret in secrets for text in said if secret in text]
    for secret in secrets:
        assert page(client, "services", search=secret)["empty"]


def test_a_hidden_location_is_near_no_postcode(client: TestClient) -> None:
    near = page(client, "service_at_locations", postcode="LS8", proximity=500_000, per_page=500)["contents"]
    assert near and not [item for item in near if "latitude" not in item["location"]]
