"""Which services are offered, in which order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from api.directory.service import Found, Place, miles_between, search, understand_place

LONDON = ZoneInfo("Europe/London")
TUESDAY = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


def at(words: str, country: str = "GB") -> Place:
    place = understand_place(words, country)
    assert place is not None
    return place


def find(session: Session, need: str, where: str, country: str = "GB", **more: Any) -> list[Found]:
    more = {"limit": 50, "now": TUESDAY, "zone": LONDON} | more
    return search(session, need=need, place=at(where, country), country=country, **more)


@pytest.mark.usefixtures("directory")
def test_the_nearest_that_are_open_today_come_first(session: Session) -> None:
    found = find(session, "food", "LS9", limit=3)
    assert [offer.name for offer in found] == [
        "Harehills Food Bank",
        "Burmantofts Pay-What-You-Can Kitchen",
        "Chapeltown Community Fridge",
    ]
    assert all(offer.open_today for offer in found)


@pytest.mark.usefixtures("directory")
def test_within_a_band_of_distance_what_is_open_today_beats_what_is_a_little_nearer(session: Session) -> None:
    wednesday = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
    names = [offer.name for offer in find(session, "food", "LS9", now=wednesday)]
    assert names.index("Chapeltown Community Fridge") < names.index("Harehills Food Bank")


@pytest.mark.usefixtures("directory")
def test_what_has_closed_for_the_day_is_not_open_today(session: Session) -> None:
    evening = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
    by_name = {offer.name: offer for offer in find(session, "food", "LS9", now=evening)}
    assert by_name["Harehills Food Bank"].open_today is False


@pytest.mark.usefixtures("directory")
def test_closed_services_are_never_offered(session: Session) -> None:
    assert "Old Mill Pantry" not in {offer.name for offer in find(session, "food", "LS9")}
    assert "Riverside Pantry" not in {offer.name for offer in find(session, "food", "43211", "US")}


@pytest.mark.usefixtures("directory")
def test_shown_before_is_not_shown_again(session: Session) -> None:
    first = find(session, "food", "LS9", limit=3)
    second = find(session, "food", "LS9", limit=3, skip=[str(offer.id) for offer in first])
    assert second and not {offer.id for offer in first} & {offer.id for offer in second}


@pytest.mark.usefixtures("directory")
def test_one_country_s_services_are_not_offered_in_the_other(session: Session) -> None:
    names = {offer.name for offer in find(session, "debt", "43205", "US")}
    assert {"Fresh Start Money Coaching", "Ohio Bill Helpers Line"} <= names
    assert not {"Clear Slate Debt Advice", "Pound Wise Money Line"} & names


@pytest.mark.usefixtures("directory")
def test_a_line_for_the_whole_country_is_offered_everywhere_after_what_is_near(session: Session) -> None:
    leeds = find(session, "debt", "Leeds")
    assert [offer.country_wide for offer in leeds] == [False, True]
    plymouth = find(session, "domestic_abuse", "Plymouth")
    assert [offer.name for offer in plymouth] == ["Standing Line"]


@pytest.mark.usefixtures("directory")
def test_somebody_who_speaks_spanish_is_first_told_of_who_speaks_it_too(session: Session) -> None:
    in_english = [offer.name for offer in find(session, "housing", "Leeds", language="en")]
    in_spanish = [offer.name for offer in find(session, "housing", "Leeds", language="es")]
    assert in_english != in_spanish
    assert in_spanish[0] == "Roof and Root Housing Advice"


@pytest.mark.usefixtures("directory")
def test_every_need_finds_something_in_leeds_and_in_ohio(session: Session) -> None:
    from api.directory.service import needs

    for need in needs():
        assert find(session, need, "Leeds"), need
        assert find(session, need, "Columbus", "US") or find(session, need, "Dayton", "US"), need


@pytest.mark.usefixtures("directory")
def test_how_far_a_refuge_is_does_not_depend_on_where_in_town_one_asks(session: Session) -> None:
    """Else somebody could ask from three postcodes and work out where it stands."""
    asked = [find(session, "domestic_abuse", where) for where in ("LS1", "LS8", "LS11", "Harehills", "Leeds")]
    shown = [[(offer.name, offer.miles, offer.town) for offer in found if offer.hidden] for found in asked]
    assert shown[0] and all(offers == shown[0] for offers in shown)
    assert {miles for _, miles, town in shown[0] if town == "Leeds"} == {0.0}


def test_distances_are_right() -> None:
    assert miles_between(at("Leeds"), (53.381, -1.470)) == pytest.approx(29.1, abs=0.3)  # Sheffield
