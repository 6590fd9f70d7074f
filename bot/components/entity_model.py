"""What a message names: need, place, time, person and action, as entities with their place in the text.

One conditional random field over the words (``pycrfsuite``, which Rasa's own extractor uses too), with what that one
cannot take: the message's intent, what kind of word it is by the lists in data/nlu/lookup.yml, and where the rules of
``time_words`` find a time. Times are the rules' alone. A need counts only where somebody looks for help, and its
value is one of the kinds that the directory knows, chosen from the whole message; an action only where an action is
talked about. These are hints for the API, which also reads the raw text itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pycrfsuite
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix

from bot.components import linear
from bot.components.time_words import times
from bot.components.word_kinds import Kinds

#: In which intents these kinds count.
ONLY_IN = {
    "need": frozenset({"find_service"}),
    "action": frozenset({"check_actions", "report_action_done", "report_action_blocked"}),
}
Span = tuple[str, int, int]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class EntityModel(GraphComponent, EntityExtractorMixin):
    """Configuration: ``max_iterations``, ``c1`` and ``c2`` of the random field, ``strength`` of the needs' classifier,
    ``least_action`` (how likely a word must be an action where none is sure)."""

    @classmethod
    def required_components(cls) -> list[type]:
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        return []  # pycrfsuite comes with Rasa

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"max_iterations": 60, "c1": 0.1, "c2": 0.1, "strength": 4.0, "least_action": 0.1}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EntityModel:
        return cls(config, model_storage, resource)

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = {**self.get_default_config(), **config}
        self._storage, self._resource = model_storage, resource
        self._kinds = Kinds({})
        self._tagger: Any = None
        self._field = b""
        self._needs: list[str] = []
        self._mean = self._weights = self._bias = np.zeros(0, np.float32)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit both models on all examples, and keep them as the field's own file and plain arrays."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        if not any(example.get(ENTITIES) for example in examples):
            return self._resource
        self._kinds = Kinds({table["name"]: table["elements"] for table in training_data.lookup_tables})
        with self._storage.write_to(self._resource) as folder:
            self._train_field(examples, folder / "field.crfsuite")
            self._train_needs(examples)
            self._keep(folder)
            self._open(folder)
        return self._resource

    def _train_field(self, examples: list[Message], path: Path) -> None:
        trainer = pycrfsuite.Trainer(verbose=False)
        trainer.set_params({name: self._config[name] for name in ("c1", "c2", "max_iterations")})
        for example in examples:
            tokens = example.get(TOKENS_NAMES[TEXT])
            marked = [(e["entity"], e["start"], e["end"]) for e in example.get(ENTITIES) or []]
            features = self._kinds.features(tokens, times(example.get(TEXT)), str(example.get(INTENT)))
            trainer.append(features, list(_tags(tokens, marked)))
        trainer.train(str(path))

    def _train_needs(self, examples: list[Message]) -> None:
        wanted = [(e["value"], one) for one in examples for e in (one.get(ENTITIES) or [])[:9] if e["entity"] == "need"]
        named = {id(one): value for value, one in reversed(wanted)}  # the first that a message names
        those = [one for one in examples if id(one) in named and _vector(one) is not None]
        if not those:
            return
        vectors = np.stack([_vector(one) for one in those])
        self._mean = vectors.mean(axis=0)
        self._needs, self._weights, self._bias = linear.fit(
            (vectors - self._mean) * np.float32(len(self._mean) ** 0.5),
            csr_matrix((len(those), 0), dtype=np.float32),
            [str(named[id(one)]) for one in those],
            strength=self._config["strength"],
            max_iter=80,
        )

    def process(self, messages: list[Message]) -> list[Message]:
        """Add what is found to each message's entities."""
        for message in messages:
            if message.get(TEXT) and self._tagger is not None:
                found = self.add_extractor_name(self._entities(message))
                message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
        return messages

    def _entities(self, message: Message) -> list[dict[str, Any]]:
        text, intents = message.get(TEXT), _intents(message)
        found = [
            (kind, start, end)
            for kind, start, end in self._spans(text, message.get(TOKENS_NAMES[TEXT]) or [], intents[0])
            if not ONLY_IN.get(kind) or ONLY_IN[kind] & set(intents)
        ]
        entities = [
            {"entity": kind, "start": start, "end": end, "value": text[start:end]}
            for kind, start, end in sorted(found, key=lambda span: span[1])
        ]
        needs = [entity for entity in entities if entity["entity"] == "need"]
        vector = _vector(message)
        if "find_service" in intents and self._needs and vector is not None:
            kind = self._need(vector)
            if not needs:
                entities.append({"entity": "need", "start": 0, "end": len(text), "value": kind})
            for entity in needs:
                entity["value"] = kind
        return entities

    def _spans(self, text: str, tokens: list[Token], intent: str) -> list[Span]:
        at = times(text)
        spans = [("time", start, end) for start, end in at]
        if tokens:
            self._tagger.set(self._kinds.features(tokens, at, intent))
            tags = self._tagger.tag()
            if intent in ONLY_IN["action"] and "B-action" not in tags:
                tags = self._likeliest_action(tags)
            spans += [
                span
                for span in _together(tokens, tags)
                if span[0] != "time" and all(span[2] <= start or end <= span[1] for start, end in at)
            ]
        return spans

    def _likeliest_action(self, tags: list[str]) -> list[str]:
        """Where an action is talked about, the likeliest words for one, though each alone is likelier to be none."""
        free = [at for at, tag in enumerate(tags) if tag == "O"]
        first = max(free, key=lambda at: self._chance("B-action", at), default=0)
        if not free or self._chance("B-action", first) < self._config["least_action"]:
            return tags
        tags = [*tags[:first], "B-action", *tags[first + 1 :]]
        for at in range(first + 1, len(tags)):
            if at not in free or self._chance("I-action", at) < self._config["least_action"]:
                break
            tags[at] = "I-action"
        return tags

    def _chance(self, tag: str, at: int) -> float:
        return float(self._tagger.marginal(tag, at)) if tag in self._tagger.labels() else 0.0

    def _need(self, vector: np.ndarray[Any, Any]) -> str:
        scores = (vector - self._mean) * np.float32(len(self._mean) ** 0.5) @ self._weights + self._bias
        return self._needs[int(scores.argmax())]

    def _keep(self, folder: Path) -> None:
        np.savez(folder / "needs.npz", mean=self._mean, weights=self._weights, bias=self._bias)
        (folder / "words.json").write_text(json.dumps({"needs": self._needs, "kinds": self._kinds.lists}))

    def _open(self, folder: Path) -> None:
        self._field = (folder / "field.crfsuite").read_bytes()  # kept: the tagger reads it where it lies
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(self._field)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> EntityModel:
        """The trained model from its files. Raises ValueError where the resource is not there."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            words = json.loads((folder / "words.json").read_text())
            component._needs, component._kinds = words["needs"], Kinds(words["kinds"])
            with np.load(folder / "needs.npz") as arrays:
                component._mean, component._weights, component._bias = (
                    arrays["mean"], arrays["weights"], arrays["bias"],
                )  # fmt: skip
            component._open(folder)
        return component


def _intents(message: Message) -> list[str]:
    """The message's intent, and those of its two requests where there are two."""
    intent = message.get(INTENT) or {}
    first = str(intent.get("name", "") if isinstance(intent, dict) else intent)
    return [first, *(str(one["intent"]) for one in message.get("requests") or [])]


def _vector(message: Message) -> np.ndarray[Any, Any] | None:
    """The sentence vector, or None where nothing gave one."""
    features = message.get_dense_features(TEXT)[1]
    return None if features is None else np.asarray(features.features[0], np.float32)


def _tags(tokens: list[Token], marked: list[Span]) -> Iterator[str]:
    """Each token's tag: B-kind at the beginning of a span, I-kind within it, else O."""
    for token in tokens:
        kind, start, _ = next((m for m in marked if m[1] < token.end and token.start < m[2]), ("", 0, 0))
        yield f"{'B' if token.start <= start else 'I'}-{kind}" if kind else "O"


def _together(tokens: list[Token], tags: list[str]) -> list[Span]:
    """The spans that the tags draw."""
    spans: list[Span] = []
    for at, (token, tag) in enumerate(zip(tokens, tags, strict=True)):
        kind = tag[2:]
        if kind and spans and at and tags[at - 1][2:] == kind and tag[0] == "I":
            spans[-1] = (kind, spans[-1][1], token.end)
        elif kind:
            spans.append((kind, token.start, token.end))
    return spans
