"""The words and numbers of a place."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
import yaml

from api.jurisdiction.packs import FOLDER, KINDS, PackError, names, pack, read
from api.messages.sms import is_gsm7, to_gsm7


def raw(name: str = "uk-england") -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))


def test_there_are_packs_for_england_and_ohio() -> None:
    assert {"uk-england", "us-ohio"} <= set(names())


def test_words_and_numbers_are_the_place_s_own() -> None:
    england, ohio = pack("uk-england"), pack("us-ohio")
    assert (england.emergency_number, ohio.emergency_number) == ("999", "911")
    assert (england.word("worker", "en"), ohio.word("worker", "en")) == ("social worker", "caseworker")
    assert england.day_first and not ohio.day_first
    assert (england.dates.clock, ohio.dates.clock) == (24, 12)
    assert ohio.word("worker", "es-MX") == ohio.word("worker", "es")
    assert ohio.word("worker", "fr") == "caseworker"  # a language the pack has not: English


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", ["", *KINDS])
def test_every_kind_of_danger_has_a_line_that_fits_in_a_text(name: str, language: str, kind: str) -> None:
    arguments = pack(name).text_args(language, kind)
    assert all(arguments.values())
    assert re.search(r"\d{3}", arguments["helplines"]) and len(arguments["helplines"]) <= 122
    assert is_gsm7(to_gsm7(arguments["helplines"])) and not arguments["helplines"].endswith(".")


@pytest.mark.parametrize("name", names())
def test_lines_fit_what_they_are_for(name: str) -> None:
    here = pack(name)
    assert not set(here.lines_for("self_harm", "en")) & set(here.lines_for("immediate_danger", "en"))
    child = " ".join(here.lines_for("child", "en"))
    assert ("Childline" in child) == (here.country == "GB")


def test_in_spanish_the_lines_that_take_texts_name_the_word_that_is_answered_in_spanish() -> None:
    ohio = pack("us-ohio")
    for key in ("lifeline_988", "crisis_text_line"):
        assert "AYUDA" in ohio.line(key, "es") and "AYUDA" not in ohio.line(key, "en")


@pytest.mark.parametrize("name", names())
def test_every_line_says_where_it_is_from_and_when_it_was_looked_up(name: str) -> None:
    for line in [*pack(name).lines.values(), pack(name).emergency]:
        assert line.source and line.last_verified.year >= 2026 and line.check


#: What names a law, a rule or a guidance that somebody can look up.
NAMED = re.compile(
    r"\b(?:Act (?:19|20)\d\d|Administrative Code|Revised Code|GDPR|National Guidance|Working Together to Safeguard"
    r" Children 20\d\d|Safeguarding Procedures|statutory guidance)\b"
)
#: And where in it: a section, a paragraph, a page, a heading.
WHERE = re.compile(r"\(\w\)|\d|\b(?:section|chapter|part|Part|page|article|Appendix|glossary)\b")
#: Explanations that no law or guidance could be found for, and which say so.
NONE_FOUND = {("us-ohio", "core_group")}


@pytest.mark.parametrize("name", names())
def test_every_explanation_names_a_source_that_can_be_looked_up_and_the_place_in_it(name: str) -> None:
    for topic, one in pack(name).explanations.items():
        assert one.check and one.last_verified.year >= 2026, topic
        if (name, topic) in NONE_FOUND:
            assert "no rule" in one.source and "write here" in one.paragraph, topic
        else:
            assert NAMED.search(one.source) and WHERE.search(one.paragraph), f"{topic}: {one.source}, {one.paragraph}"
            assert "general words" not in one.source and "not compared" not in one.source, topic


@pytest.mark.parametrize("name", names())
def test_a_pack_says_how_its_explanations_were_checked(name: str) -> None:
    """From the text itself or from memory: whoever goes live with it must know which."""
    told = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").partition("\nexplanations:\n")[0]
    assert "# How they were checked" in told and "lawyer must read all of it before use" in told


@pytest.mark.parametrize(
    ("name", "topic", "told"),
    [
        ("uk-wales", "categories", "with money"),
        ("us-ohio", "categories", "dependent"),
        ("us-ohio", "see", "within two weeks of signing it"),
        ("uk-scotland", "let_in", "sheriff"),
        ("uk-scotland", "take", "justice of the peace"),
        ("uk-scotland", "who_decides", "the chair decides"),
        ("us-ohio", "review", "a week before"),
        ("uk-england", "let_in", "ask a court for an order"),
    ],
)
def test_what_a_family_is_told_differs_where_the_source_does(name: str, topic: str, told: str) -> None:
    for place in names():
        assert (told in pack(place).explanation(topic, "en")) == (place == name), place
    assert pack(name).explanation(topic, "es")


@pytest.mark.parametrize("name", names())
def test_a_pack_s_example_is_of_its_own_form(name: str) -> None:
    assert re.search(pack(name).place.pattern, pack(name).place.example)


def test_a_pack_that_is_not_there_is_said_to_be_so_with_those_that_are() -> None:
    with pytest.raises(PackError, match=r"'mars'.*uk-england"):
        pack("mars")
    with pytest.raises(PackError):
        pack("../../secrets")


def _without(path: str) -> dict[str, Any]:
    made = copy.deepcopy(raw())
    *way, last = path.split(".")
    part = made
    for step in way:
        part = part[step]
    del part[last]
    return made


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("emergency.number", "emergency.number: Field required"),
        ("words.worker", "words: worker missing"),
        ("words.plan.es", "words.plan: no words in 'es'"),
        ("lines.childline.source", "lines.childline.source"),
        ("lines.shout.last_verified", "lines.shout.last_verified"),
        ("lines.nspcc.check", "lines.nspcc.check"),
        ("lines.domestic_abuse", "helplines: domestic_abuse"),
        ("place.pattern", "place.pattern"),
    ],
)
def test_a_pack_that_is_not_whole_is_refused_with_the_place_in_it(path: str, said: str) -> None:
    with pytest.raises(PackError) as problem:
        read(_without(path), "uk-england.yaml")
    assert said in str(problem.value) and "uk-england.yaml" in str(problem.value)


def test_an_unknown_field_or_kind_and_a_long_line_are_refused() -> None:
    made = raw()
    made["colour"] = "blue"
    made["lines"]["shout"]["for"] = ["sadness"]
    made["lines"]["nspcc"]["short"]["en"] = "x" * 61
    with pytest.raises(PackError) as problem:
        read(made, "uk-england.yaml")
    assert all(path in str(problem.value) for path in ("colour", "lines.shout.for", "lines.nspcc.short"))


def test_a_pack_under_another_name_is_refused() -> None:
    with pytest.raises(PackError, match="must be the same"):
        read(raw("us-ohio"), "uk-england.yaml")
