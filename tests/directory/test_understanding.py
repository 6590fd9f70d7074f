"""Needs and places from people's own words."""

from __future__ import annotations

import pytest

from api.directory.understanding import Place, need_name, needs, places, plain, understand_need, understand_place


@pytest.mark.parametrize(
    ("words", "language", "need"),
    [
        ("food bank near LS9", "en", "food"),
        ("any grub going? skint til friday", "en", "food"),
        ("somewhere for my lad to go after school in Leeds", "en", "youth"),
        ("help with debts", "en", "debt"),
        ("need napies asap", "en", "baby_items"),
        ("NAPPIES!!", "en", "baby_items"),
        ("women's aid", "en", "domestic_abuse"),
        ("landlord wont fix the damp", "en", "housing"),
        ("someone to talk to", "en", "counselling"),
        ("rent arrears", "en", "debt"),
        ("counsling for my girl", "en", "counselling"),
        ("despensa cerca de 43205", "es", "food"),
        ("pañales", "es", "baby_items"),
        ("ayuda con la renta", "es", "housing"),
        ("clases para padres", "es", "parenting"),
        ("busco abogado de inmigración", "es", "legal"),
        ("donde hay pañales pa la nena", "en", "baby_items"),
        ("domestic_abuse", "en", "domestic_abuse"),
    ],
)
def test_a_need_is_understood_from_everyday_words(words: str, language: str, need: str) -> None:
    assert understand_need(words, language) == need


@pytest.mark.parametrize("words", ["", "hello", "when is my next meeting", "🙂", "/find_service{}", "a"])
def test_words_without_a_need_name_none(words: str) -> None:
    assert understand_need(words, "en") is None


@pytest.mark.parametrize(
    ("words", "country", "place", "exact"),
    [
        ("food bank near LS9", "GB", "LS9", True),
        ("im at ls9 7tf", "GB", "LS9", True),
        ("ls97tf", "GB", "LS9", True),
        ("somewhere in Leeds", "GB", "Leeds", True),
        ("round Harehills way", "GB", "Harehills", True),
        ("harehills, leeds", "GB", "Harehills", True),
        ("help in bradferd", "GB", "Bradford", False),
        ("in sheffeild", "GB", "Sheffield", False),
        ("M14 5TQ", "GB", "M14", True),
        ("despensa cerca de 43205", "US", "43205", True),
        ("43205-1234", "US", "43205", True),
        ("Columbus, OH", "US", "Columbus", True),
        ("near the hilltop", "US", "Hilltop", True),
        ("60628", "US", "60628", True),
    ],
)
def test_a_place_is_understood_from_everyday_words(words: str, country: str, place: str, exact: bool) -> None:
    found = understand_place(words, country)
    assert found is not None
    assert (found.name, found.exact) == (place, exact)


@pytest.mark.parametrize(
    "words",
    [
        "help with debts",
        "i was reading a book",
        "she leads the group",
        "at 10 on the 14th",
        "ring me on 07700 900101",
        "",
    ],
)
def test_words_without_a_place_name_none(words: str) -> None:
    assert understand_place(words, "GB") is None


def test_a_slip_is_forgiven_in_any_word_once_we_have_asked_where() -> None:
    assert understand_place("bradfrod", "GB") is None
    found = understand_place("bradfrod", "GB", asked=True)
    assert found is not None and found.name == "Bradford"


def test_a_town_of_one_country_is_not_found_in_the_other() -> None:
    assert understand_place("in Dayton", "GB") is None
    assert understand_place("in Leeds", "US") is None


def test_no_phrase_stands_under_two_needs() -> None:
    import yaml

    from api.directory.understanding import FOLDER

    entries = yaml.safe_load((FOLDER / "needs.yaml").read_text(encoding="utf-8"))
    for language in ("en", "es"):
        seen: dict[str, str] = {}
        for need, entry in entries.items():
            for phrase in map(plain, map(str, entry["words"][language])):
                assert seen.setdefault(phrase, need) == need, (
                    f"{phrase} ({language}) is under {seen[phrase]} and {need}"
                )


def test_every_need_has_a_name_in_every_language_and_there_are_fourteen() -> None:
    assert len(needs()) == 14
    assert all(need_name(need, language) for need in needs() for language in ("en", "es", "en_US", "es-MX"))
    assert need_name("counselling", "en_US") == "counseling"
    assert need_name("counselling", "en_GB") == "counselling"


def test_every_place_is_on_the_map_once() -> None:
    boxes = {"GB": (49, 61, -9, 2), "US": (13, 72, -180, 146)}
    seen: set[tuple[str, str, str]] = set()
    for place in places():
        south, north, west, east = boxes[place.country]
        assert south < place.latitude < north and west < place.longitude < east, place
        key = (place.name, place.kind, place.country)
        assert key not in seen, place
        seen.add(key)
        assert isinstance(place, Place)
