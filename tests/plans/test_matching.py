"""Which action somebody means when they say that something is done."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from api.plans.matching import clear, content, match


@dataclass
class Action:
    title: str
    also_called: list[str] = field(default_factory=list)


GP = Action("Register all three of you with a GP", ["doctor", "gp surgery", "new doctors", "health centre"])
COURSE = Action("Finish the Stepping Stones parenting course", ["parenting course", "stepping stones", "the course"])
BOILER = Action("Get the boiler mended by the landlord", ["heating", "landlord", "no hot water"])
SCHOOL = Action("Get Jayden to school every day", ["attendance"])
CLASES = Action("Terminar las clases para padres", ["curso para padres", "crianza"])
GUARDERIA = Action("Inscribir a Sofía en la guardería", ["daycare", "kinder"])
ALL = [GP, COURSE, BOILER, SCHOOL]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("ive registered with the gp", GP),
        ("signed us all up at the doctors this morning", GP),
        ("done the parentin course", COURSE),
        ("finished stepping stones yay", COURSE),
        ("heatings working now finally", BOILER),
        ("landlord came and mended it", BOILER),
        ("Jaydens been in school every day this week", SCHOOL),
    ],
)
def test_peoples_own_words_find_the_action(words: str, meant: Action) -> None:
    assert clear(match(words, ALL)) is meant


def test_spanish_words_without_accents_find_the_action() -> None:
    assert clear(match("ya inscribi a sofia en la guarderia", [CLASES, GUARDERIA])) is GUARDERIA
    assert clear(match("acabe el curso de padres", [CLASES, GUARDERIA])) is CLASES


@pytest.mark.parametrize("words", ["done", "all finished", "ya esta hecho", "did it today", ""])
def test_done_alone_says_nothing_about_which(words: str) -> None:
    assert content(words) == []
    assert match(words, ALL) == []


@pytest.mark.parametrize("words", ["ya llevé a los niños al dentista", "took the kids to the dentist"])
def test_whom_it_is_for_does_not_say_which_action(words: str) -> None:
    medicaid = Action("Renovar el Medicaid de los niños", ["medicaid", "seguro"])
    eyes = Action("Get the children's eyes looked at", ["opticians"])
    assert match(words, [medicaid, eyes, *ALL]) == []
    assert clear(match("ya renove el medicaid de los niños", [medicaid, CLASES])) is medicaid
    assert clear(match("had the kids eyes looked at", [eyes, GP])) is eyes


def test_words_that_fit_two_actions_are_not_clear() -> None:
    first = Action("Take Jayden to the dentist", ["dentist"])
    second = Action("Take Ruby to the dentist", ["dentist"])
    assert clear(match("been to the dentist", [first, second])) is None
    assert clear(match("took ruby dentist", [first, second])) is second


def test_something_that_is_on_no_list_fits_nothing() -> None:
    assert match("painted the fence", ALL) == []


@dataclass
class Odd:
    title: str = "()[]*"
    also_called: list[str] = field(default_factory=lambda: ["", "   "])


def test_titles_without_a_word_do_no_harm() -> None:
    assert match("anything at all", [Odd()]) == []
