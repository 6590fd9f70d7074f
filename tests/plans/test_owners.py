"""A professional whose an action is: the core group's names are offered, and a name that is nobody's is said to be."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.database import transaction
from api.plans.models import CoreGroupMember
from tests.small_town import Town

NOBODY = "Nobody in the core group has this name"


@pytest.fixture
def saving(client: TestClient, town: Town) -> Any:
    """Saves the plan's form, with one more action of that professional."""
    with transaction() as session:
        session.add(CoreGroupMember(plan_id=town.mine.plan.id, name="Jo Fielding", role="health visitor"))
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)

    def save(owner: str, **more: str) -> Any:
        page = client.get(f"/console/plans/{town.mine.plan.id}").text
        version = page.partition('name="version" value="')[2].partition('"')[0]
        fields = {"version": version, "actions-9-title": f"Write to {owner}", "actions-9-owner_name": owner, **more}
        return client.post(f"/console/plans/{town.mine.plan.id}", data=town.form(cookies, **fields))

    return save


def test_the_names_of_the_core_group_are_offered_where_one_is_typed(
    client: TestClient, town: Town, saving: Any
) -> None:
    page = client.get(f"/console/plans/{town.mine.plan.id}").text
    assert '<datalist id="core-group"><option value="Jo Fielding"></option></datalist>' in page
    assert 'id="actions-2-owner_name" name="actions-2-owner_name" maxlength="200" list="core-group"' in page


@pytest.mark.parametrize("owner", ["Jo Fielding", " jo fielding", "LENA WORKER"])
def test_one_of_the_group_or_a_worker_is_somebody_however_it_is_written(
    client: TestClient, town: Town, saving: Any, owner: str
) -> None:
    saved = saving(owner)
    assert saved.headers["location"].startswith("/console/families/")
    assert NOBODY not in client.get(f"/console/plans/{town.mine.plan.id}").text


def test_one_who_joins_the_group_with_the_same_save_is_somebody(client: TestClient, town: Town, saving: Any) -> None:
    more = {"core_group-9-name": "Mr Reid", "core_group-9-role": "housing"}
    assert saving("Mr Reid", **more).headers["location"].startswith("/console/families/")
    refused = saving("Ms Hale", **more, **{"core_group-8-name": "Ms Hale"})
    assert refused.status_code == 400 and NOBODY not in refused.text, "typed just now"


def test_a_name_that_is_nobodys_is_saved_and_said_to_be_and_not_again_with_each_save(
    client: TestClient, town: Town, saving: Any
) -> None:
    saved = saving("Jo Feilding")
    assert (saved.status_code, saved.headers["location"]) == (303, f"/console/plans/{town.mine.plan.id}?saved=on")
    page = client.get(saved.headers["location"]).text
    assert "It is saved." in page and page.count(NOBODY) == 1
    said = page[page.index('value="Jo Feilding"') :]
    assert said.index('aria-describedby="') < said.index(NOBODY) < 300
    other = saving("Lena Worker")
    assert other.headers["location"].startswith("/console/families/"), "nobody typed a new one"
    plain = client.get(f"/console/plans/{town.mine.plan.id}").text
    assert NOBODY in plain and "It is saved." not in plain


def test_an_action_of_the_familys_own_is_nobody_elses(client: TestClient, town: Town, saving: Any) -> None:
    assert saving("Ashparent", **{"actions-9-owner_person_id": str(town.mine.parent.id)}).status_code == 303
    assert NOBODY not in client.get(f"/console/plans/{town.mine.plan.id}").text
