"""In which of our languages is a message plainly written?"""

from __future__ import annotations

import json
import time

import pytest
import yaml

from api import texts
from api.messages.tongues import crying, plainly
from api.safety.wording import folded
from api.settings import DATA

LONG = "oiga y la señora del condado sí viene hoy o ya no, porque pedí el día en el trabajo"


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("when is my next meeting", "en"),
        ("cant make tmrw sorry", "en"),
        ("who is coming to my house?", "en"),
        ("cuándo es mi cita", "es"),
        ("cuando es mi sita", "es"),
        ("no puedo ir mañana, perdón", "es"),
        ("¿QUIÉN VIENE A MI CASA?", "es"),
        ("ola kiero hablar con alguien x favor", "es"),
        (LONG, "es"),
        ("mi worker no me ha llamado y ya es viernes, quien me puede decir algo", "es"),  # one word of another is none
    ],
)
def test_what_is_plainly_in_a_language_is_known_for_it(words: str, language: str) -> None:
    assert plainly(words) == language


@pytest.mark.parametrize(
    "words",
    [
        "", "?", "1", "2 ", "ok", "OK!", "no", "no no no", "si", "yes", "hola", "gracias", "thank you", "4826", "👍",
        "Kelly", "María de la Cruz", "Jayden and Ruby", "San José", "El Paso", "Los Angeles", "Calle de la Paz 12",
        "Bank of the West", "St Mary in the Fields", "LS12 3AB", "43205", "kelly@example.org", "no me plan once",
    ],
)  # fmt: skip
def test_short_answers_numbers_names_and_places_are_plain_in_no_language(words: str) -> None:
    assert plainly(words) == ""


@pytest.mark.parametrize(
    "words",
    [
        "can you tell her que no puedo ir mañana",
        "we need to talk porque mi hija no quiere ir a la escuela",
        "is the cita still on para hoy or not",
    ],
)
def test_what_mixes_two_languages_is_plain_in_neither(words: str) -> None:
    assert plainly(words) == ""


@pytest.mark.parametrize(
    "words",
    [
        "não posso ir amanhã, o meu filho está doente e não tenho com quem ficar",
        "je ne peux pas venir demain, mon fils est malade",
        "kiedy jest następne spotkanie, nie mogę przyjść",
        "nu pot sa vin maine la intalnire",
    ],
)
def test_another_language_is_not_taken_for_one_of_ours(words: str) -> None:
    assert (plainly(words), crying(words)) == ("", "")


@pytest.mark.parametrize(
    ("words", "language"),
    [("ayuda", "es"), ("me pega", "es"), ("tiene un cuchillo", "es"), ("help me hes hitting me", "en"),
     ("please help", "en"), ("Jayden", ""), ("no no no", ""), ("999", "")],
)  # fmt: skip
def test_a_cry_for_help_shows_its_language_by_a_single_word(words: str, language: str) -> None:
    assert crying(words) == language


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_message_of_the_development_sets_is_taken_for_the_other_language(language: str) -> None:
    """Nothing was chosen by these messages. (The one that is: "en español por favor", among the English ones.)"""
    taken, cries = [], []
    for name in ("intents", "safety", "fresh", "ordinary"):
        for line in (DATA / "dev" / f"{name}.{language}.jsonl").read_text(encoding="utf-8").splitlines():
            example = json.loads(line)
            taken.append(plainly(example["text"]))
            if example.get("kind", "none") != "none":
                cries.append(crying(example["text"]))
    assert sum(one not in ("", language) for one in taken) <= 1
    assert taken.count(language) > 0.7 * len(taken)
    assert set(cries) <= {"", language}
    assert cries.count(language) > 0.97 * len(cries)


def test_no_word_stands_for_two_languages_and_all_are_as_messages_are_read() -> None:
    data = yaml.safe_load((DATA / "words" / "tongues.yaml").read_text(encoding="utf-8"))
    lists = [words.split() for one in data["languages"].values() for words in one.values()] + [data["foreign"].split()]
    every = [word for words in lists for word in words]
    assert sorted(set(every)) == sorted(every)
    assert [word for word in every if folded(word) != word] == []
    assert set(data["languages"]) <= set(texts.languages())


def test_it_costs_less_than_half_a_millisecond() -> None:
    plainly(LONG)
    quickest = []
    for _ in range(20):
        before = time.perf_counter()
        plainly(LONG)
        quickest.append(time.perf_counter() - before)
    assert min(quickest) < 0.0005
