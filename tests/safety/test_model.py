"""The trained artefact and what it stands on."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from api.safety import corpus, screen
from api.safety.model import MOST_PIECES, PATH, PIECE, Model, pieces
from api.safety.patterns import load_patterns
from api.safety.sparse import BITS, features
from api.safety.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


def test_the_artefact_is_small_and_says_what_it_was_trained_on(model: Model) -> None:
    assert PATH.stat().st_size < 3_000_000
    about = model.about
    assert sum(about["trained_on"].values()) > 3000
    assert about["second"]["plan"]["seed"] != about["plan"]["seed"]
    assert {"network", "both.networks", "alone.networks", "second_from", "early_clear"} <= about["mix"].keys()


def test_the_screen_is_whole() -> None:
    assert screen.status() == "ok"


def test_many_threads_get_the_same_scores_as_one(model: Model) -> None:
    fold = load_patterns().fold
    texts = [f"he said {n} things and im scared to go home" for n in range(4)]
    alone = [model.score(text, fold(text)) for text in texts]
    together: dict[int, object] = {}

    def work(number: int) -> None:
        together[number] = model.score(texts[number], fold(texts[number]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[number] for number in range(4)] == alone


def test_a_cry_for_help_in_the_middle_of_a_long_message_is_read() -> None:
    chat = "We had a lovely day at the park and the ducks came for the bread. "
    text = chat * 12 + "I took all my tablets and I do not want to wake up. " + chat * 12
    assert screen.screen(text).raised


def test_pieces_keep_the_beginning_and_the_end() -> None:
    text = "First. " + "Then this and that happened. " * 200 + "Last."
    found = pieces(text)
    assert len(found) <= MOST_PIECES
    assert found[0].startswith("First.")
    assert found[-1].endswith("Last.")
    assert all(len(piece) <= PIECE for piece in pieces("x" * 5000))


def test_ngram_features_have_length_one_and_known_places() -> None:
    places, weights = features("he hit me he hit me")
    assert np.isclose(np.sum(weights**2), 1.0)
    assert places.max() < 1 << BITS
    assert features("")[0].size == 0


def test_no_development_message_is_trained_on() -> None:
    held_out = {" ".join(e.text.lower().split()) for e in corpus.held_out()}
    assert len(held_out) > 3000
    assert not held_out & {" ".join(e.text.lower().split()) for e in corpus.training()}


def test_every_labelled_message_has_a_known_kind_and_priority() -> None:
    examples = [*corpus.training(), *corpus.development()]
    for example in examples:
        assert example.kind in screen.KINDS, example
        assert example.priority in (*screen.PRIORITIES, ""), example
        assert example.text.strip(), example
        assert not (example.kind == "none" and example.priority not in ("routine", "")), example


def test_words_count_as_known_from_their_second_message_on() -> None:
    words = Vocabulary.of(["my mum is here", "mum is late", "zofia"])
    assert not words.foreign("mum is mum")
    assert words.foreign("zofia jest tutaj mum")
    assert not words.foreign("")
    assert not words.foreign("14:30 ?!")


TIRED_THUMBS = ["cant make it tmrw sory", "k", "thx hun xx", "no puedo ir mañana porfa", "oye y la cita d ls 3"]
ELSEWHERE = [
    "Dzień dobry, o której jutro jest spotkanie?",
    "доброго дня, коли наша наступна зустріч",
    "你好，请问明天几点开会",
    "جدتي مريضة ولا أستطيع الحضور غدا",
    "mwen pa ka vini demen maten tanpri",
]


@pytest.mark.parametrize("text", TIRED_THUMBS, ids=range(len(TIRED_THUMBS)))
def test_english_and_spanish_are_not_foreign_however_they_are_typed(model: Model, text: str) -> None:
    assert model.score(text, load_patterns().fold(text)).stage != "foreign"


@pytest.mark.parametrize("text", ELSEWHERE, ids=range(len(ELSEWHERE)))
def test_what_knows_only_english_and_spanish_clears_no_other_language(model: Model, text: str) -> None:
    folded = load_patterns().fold(text)
    assert not model.clears(folded)
    assert model.score(text, folded).stage == "foreign"


def test_what_is_suspected_is_read_by_both_networks_and_what_is_cleared_by_one_at_most(model: Model) -> None:
    fold = load_patterns().fold
    suspected = "he has locked the door and she is crying under the bed with the baby"
    assert model.score(suspected, fold(suspected)).stage == "both"
    cleared = [
        "what time is the meeting on thursday please",
        "done the parenting course",
        "gracias, nos vemos el lunes",
    ]
    assert {model.score(text, fold(text)).stage for text in cleared} <= {"sparse", "early", "one"}


def test_a_file_that_is_no_artefact_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(b"not a model")
    with pytest.raises((ValueError, OSError, KeyError)):
        Model(path)
