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


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


def test_the_artefact_is_small_and_says_what_it_was_trained_on(model: Model) -> None:
    assert PATH.stat().st_size < 3_000_000
    about = model.about
    assert sum(about["trained_on"].values()) > 3000
    assert {"network", "sparse", "bias", "sparse_clear", "early_clear"} <= about["mix"].keys()


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
    held_out = {" ".join(e.text.lower().split()) for e in [*corpus.development(), *corpus.development_intents()]}
    assert not held_out & {" ".join(e.text.lower().split()) for e in corpus.training()}


def test_every_labelled_message_has_a_known_kind_and_priority() -> None:
    examples = [*corpus.training(), *corpus.development()]
    for example in examples:
        assert example.kind in screen.KINDS, example
        assert example.priority in (*screen.PRIORITIES, ""), example
        assert example.text.strip(), example
        assert not (example.kind == "none" and example.priority not in ("routine", "")), example


def test_a_file_that_is_no_artefact_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(b"not a model")
    with pytest.raises((ValueError, OSError, KeyError)):
        Model(path)
