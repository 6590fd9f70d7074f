"""Which intent a message has: one linear model over meaning (sentence vectors) and letters (words, n-grams) together.

The sentence vectors carry what was meant across wordings and languages; the letters carry the exact words, typos and
textspeak that the encoders blur. Joined in one logistic regression they beat either alone (DECISIONS, "Understanding").
In: messages with text and dense sentence features. Out: ``intent`` and ``intent_ranking`` with probabilities, and
``requests``: where a message holds two requests, each with its half of the text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import hstack

from bot.components import linear
from bot.components.letters import VIEWS, View, vectorizer
from bot.components.sentence_embeddings import encoder
from bot.components.two_requests import two_requests
from bot.components.wording import plain

RANKING_LENGTH = 10
#: The letters are half of the model, so their scores count double where they speak alone.
ROUGH_SHARPNESS = np.float32(2.0)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentModel(IntentClassifier, GraphComponent):
    """Configuration: ``strength`` (inverse regularisation), ``dense_scale`` (weight of meaning against letters),
    ``sharpness`` (the scores are multiplied by it before they become probabilities: calibration)."""

    @classmethod
    def required_components(cls) -> list[type]:
        return [Featurizer]

    @staticmethod
    def required_packages() -> list[str]:
        return []  # scikit-learn comes with Rasa

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"strength": 4.0, "dense_scale": 0.05, "max_iter": 80, "sharpness": 1.25}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentModel:
        return cls(config, model_storage, resource)

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = {**self.get_default_config(), **config}
        self._storage, self._resource = model_storage, resource
        self._views: dict[str, View] = {}
        self._mean = self._spread = self._weights = self._bias = np.zeros(0, np.float32)
        self._intents: list[str] = []

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the model on all examples that have an intent, and keep it as plain arrays (no pickles)."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT) and example.get(INTENT)]
        if not examples:
            return self._resource
        texts = [example.get(TEXT) for example in examples]
        fitted = {view: vectorizer(view) for view in VIEWS}
        sparse = [one.fit_transform(texts) for one in fitted.values()]
        self._views = {view: View.of(view, one) for view, one in fitted.items()}
        vectors = self._vectors(examples)
        self._mean, self._spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
        self._intents, self._weights, self._bias = linear.fit(
            self._scaled(vectors),
            hstack(sparse).tocsr(),
            [str(example.get(INTENT)) for example in examples],
            strength=self._config["strength"],
            max_iter=self._config["max_iter"],
        )
        with self._storage.write_to(self._resource) as folder:
            self._keep(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Put the intent and the ranking on each message that has text."""
        with_text = [message for message in messages if message.get(TEXT)]
        if not with_text or not self._intents:
            return messages
        for message, chances in zip(with_text, self._chances(with_text), strict=True):
            best = np.argsort(-chances)[:RANKING_LENGTH]
            ranking = [{"name": self._intents[at], "confidence": float(chances[at])} for at in best]
            message.set("intent", ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
            requests = two_requests(message.get(TEXT), ranking[0]["name"], self._intents, self._rough, self._sure)
            message.set("requests", requests, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing after this one trains on its output."""
        return training_data

    def _chances(self, messages: list[Message]) -> np.ndarray[Any, Any]:
        return self._probable([message.get(TEXT) for message in messages], self._vectors(messages))

    def _probable(self, texts: list[str], vectors: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        scaled = self._scaled(vectors)
        letters = np.stack([self._by_letters(text) for text in texts])
        scores = scaled @ self._weights[: scaled.shape[1]] + self._bias + letters
        return linear.softmax(scores * np.float32(self._config["sharpness"]))

    def _by_letters(self, text: str) -> np.ndarray[Any, Any]:
        first, scores = self._mean.shape[0], np.zeros(len(self._intents), np.float32)
        for view in self._views.values():
            rows = self._weights[first : first + len(view.terms)]
            scores += view.score(text, rows)
            first += len(rows)
        return scores

    def _rough(self, text: str) -> np.ndarray[Any, Any]:
        """The chances by the letters alone: a twentieth of the work."""
        return linear.softmax((self._bias + self._by_letters(text))[np.newaxis] * ROUGH_SHARPNESS)[0]

    def _sure(self, text: str) -> np.ndarray[Any, Any]:
        return self._probable([text], encoder().sentence(plain(text))[np.newaxis].astype(np.float32))[0]

    def _scaled(self, vectors: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return (vectors - self._mean) / self._spread * np.float32(self._config["dense_scale"])

    @staticmethod
    def _vectors(messages: list[Message]) -> np.ndarray[Any, Any]:
        found = [message.get_dense_features(TEXT)[1] for message in messages]
        return np.concatenate([features.features for features in found if features is not None])

    def _keep(self, folder: Path) -> None:
        arrays = {f"idf_{name}": view.idf for name, view in self._views.items()}
        np.savez(
            folder / "model.npz",
            mean=self._mean,
            spread=self._spread,
            weights=self._weights,
            bias=self._bias,
            **arrays,
        )
        vocabularies = {name: view.terms for name, view in self._views.items()}
        (folder / "words.json").write_text(json.dumps({"intents": self._intents, "vocabularies": vocabularies}))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> IntentModel:
        """The trained model from its arrays. Raises ValueError where the resource is not there."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            words = json.loads((folder / "words.json").read_text())
            with np.load(folder / "model.npz") as arrays:
                component._mean, component._spread = arrays["mean"], arrays["spread"]
                component._weights, component._bias = arrays["weights"], arrays["bias"]
                for name, terms in words["vocabularies"].items():
                    component._views[name] = View(name, terms, arrays[f"idf_{name}"])
        component._intents = words["intents"]
        return component
