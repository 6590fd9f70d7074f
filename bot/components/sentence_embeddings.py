"""A sentence as a point in a space of meaning, by the sentence encoder that the service uses too.

In: messages with text. Out: one dense sentence vector of unit length each. Nothing is downloaded and nothing leaves the
process. Vectors of *training* texts are kept in a cache folder, because embedding them is most of the training time;
what families write is never cached.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
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

import crashpoints
from bot.components.wording import plain
from encoder.sentences import Encoder

ROOT = Path(__file__).resolve().parents[2]
#: From so many texts on, all cores work: training.
MANY = 200
Array = np.ndarray[Any, Any]


@lru_cache(maxsize=1)
def encoder() -> Encoder:
    """The one encoder of this process."""
    var = Path(os.environ.get("HEARTHLINE_VAR_DIR", "") or ROOT / "var")
    return Encoder(Path(os.environ.get("HEARTHLINE_ENCODER", "") or var / "encoder"), quick=True)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEmbeddings(DenseFeaturizer, GraphComponent):
    """Configuration: ``cache`` (a folder, or "" for none).

    HEARTHLINE_ENCODER names the folder of the files that the service made (``api.prepare``); by default it is
    ``encoder`` in HEARTHLINE_VAR_DIR.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        return ["onnxruntime"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {**DenseFeaturizer.get_default_config(), "cache": ""}

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
        """Nothing to check: a cache folder that cannot be written fails by itself."""

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._encoder = encoder()
        self._cache = Path(config["cache"]) if config["cache"] else None

    def process(self, messages: list[Message]) -> list[Message]:
        """Give each message its vector; a message without text gets none."""
        crashpoints.point("rasa.before_reading")
        with_text = [message for message in messages if message.get(TEXT)]
        if with_text:
            self._attach(with_text, self._encode([plain(message.get(TEXT)) for message in with_text]))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """The same for the training texts, with the cache."""
        messages = [message for message in training_data.training_examples if message.get(TEXT)]
        texts = [plain(message.get(TEXT)) for message in messages]
        if texts:
            self._attach(messages, self._remembered(texts))
        return training_data

    def _attach(self, messages: list[Message], vectors: Array) -> None:
        for message, vector in zip(messages, vectors.astype(np.float32), strict=True):
            message.add_features(Features(vector[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))

    def _encode(self, texts: list[str]) -> Array:
        if len(texts) < MANY:
            return np.stack([self._encoder.sentence(text) for text in texts])
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # training; the encoder lets other threads run
            return np.stack(list(pool.map(self._encoder.sentence, texts)))

    def _remembered(self, texts: list[str]) -> Array:
        keys = [hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() for text in texts]
        # An encoder that gives another vector is another encoder: it never meets the old one's vectors.
        version = hashlib.sha1(self._encode(["when"]).round(4).tobytes(), usedforsecurity=False).hexdigest()
        path = self._cache / f"e5-{version[:12]}.npz" if self._cache else None
        known: dict[str, Array] = {}
        if path and path.exists():
            with np.load(path) as kept:
                known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            known.update(zip(new, self._encode(list(new.values())), strict=True))
        if path and new:
            path.parent.mkdir(parents=True, exist_ok=True)
            wanted = list(dict.fromkeys(keys))
            fresh = path.with_name(f".{path.name}")
            with fresh.open("wb") as file:
                np.savez(file, keys=np.array(wanted), vectors=np.stack([known[key] for key in wanted]))
            fresh.replace(path)
            for old in path.parent.glob("*.npz"):
                if old != path:
                    old.unlink()
        return np.stack([known[key] for key in keys])
