"""How well messages are understood: measures on labelled messages that training never saw (``hearthline evaluate``).

Pure but for reading the file: the predictions come from ``understanding.understand``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

#: Confidence is compared with correctness in so many equal steps.
STEPS = 10


class BadLine(ValueError):
    """A line of the file cannot be used; the message says which, what is wrong and what it should be."""


@dataclass(frozen=True)
class Labelled:
    """One message with what it means. ``entities``: (entity, value) pairs, or None where the file does not say."""

    text: str
    intent: str
    entities: frozenset[tuple[str, str]] | None = None


@dataclass(frozen=True)
class Guess:
    """What the model made of one message."""

    intent: str
    confidence: float
    entities: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Score:
    """Precision, recall and F1 (0 to 1) of one name, ``count`` messages of which truly have it."""

    name: str
    precision: float
    recall: float
    f1: float
    count: int


@dataclass(frozen=True)
class Step:
    """Messages whose confidence lies in one step: how sure the model was and how often it was right, on average."""

    low: float
    high: float
    count: int
    confidence: float
    correct: float


@dataclass(frozen=True)
class Mistake:
    """One message that was taken for something else."""

    text: str
    intent: str
    said: str
    confidence: float


@dataclass(frozen=True)
class Evaluation:
    """All the measures. ``calibration_error``: the mean distance of confidence from correctness (ECE, 0 is best)."""

    messages: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    intents: list[Score]
    calibration: list[Step]
    confusion: list[tuple[str, str, int]]
    mistakes: list[Mistake]
    entities: list[Score] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return asdict(self)


def read(path: Path) -> list[Labelled]:
    """The labelled messages of a JSONL file: ``text``, ``intent``, optional ``entities``. Raises BadLine, OSError."""
    found = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # a message may hold other line breaks
    except UnicodeDecodeError:
        raise BadLine(f"{path.name} is not UTF-8 text. Save it as UTF-8, one JSON object a line.") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            found.append(_labelled(number, line))
    if not found:
        raise BadLine(f'{path.name} holds no messages. Each line: {{"text": "whens my meeting", "intent": "..."}}')
    return found


def _labelled(number: int, line: str) -> Labelled:
    try:
        row = json.loads(line)
        text, intent, entities = row["text"], row["intent"], row.get("entities")
        if not (isinstance(text, str) and text.strip() and isinstance(intent, str) and intent.strip()):
            raise ValueError
        marked = None if entities is None else frozenset((e["entity"], _plain(e["value"])) for e in entities)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # The line itself is not repeated: it is what somebody wrote.
        raise BadLine(
            f'Line {number} is not a labelled message. It should look like {{"text": "whens my meeting", '
            '"intent": "check_appointments", "entities": [{"entity": "time", "value": "thurs"}]}.'
        ) from None
    return Labelled(text, intent, marked)


def guesses(meanings: Iterable[dict[str, Any]]) -> list[Guess]:
    """What ``understand`` said, as guesses."""
    return [
        Guess(
            meaning["intent"],
            float(meaning["confidence"]),
            frozenset((e["entity"], _plain(str(e["value"]))) for e in meaning.get("entities", ())),
        )
        for meaning in meanings
    ]


def _plain(value: str) -> str:
    return " ".join(value.casefold().split())


def evaluate(labelled: Sequence[Labelled], said: Sequence[Guess]) -> Evaluation:
    """All measures of these guesses; both sequences in the same order."""
    pairs = [(truth.intent, guess.intent) for truth, guess in zip(labelled, said, strict=True)]
    names = sorted({name for pair in pairs for name in pair})
    intents = [_score(name, [truth for truth, _ in pairs], [guess for _, guess in pairs]) for name in names]
    steps = _calibration(
        [(guess.confidence, truth == guess.intent) for (truth, _), guess in zip(pairs, said, strict=True)]
    )
    mistakes = [
        Mistake(truth.text, truth.intent, guess.intent, guess.confidence)
        for truth, guess in zip(labelled, said, strict=True)
        if truth.intent != guess.intent
    ]
    true_intents = [score for score in intents if score.count]
    return Evaluation(
        messages=len(labelled),
        accuracy=sum(truth == guess for truth, guess in pairs) / len(pairs),
        macro_f1=sum(score.f1 for score in true_intents) / len(true_intents),
        calibration_error=sum(step.count * abs(step.confidence - step.correct) for step in steps) / len(pairs),
        intents=sorted(intents, key=lambda score: (score.f1, score.name)),
        calibration=steps,
        confusion=sorted((truth, guess, count) for (truth, guess), count in Counter(pairs).items()),
        mistakes=sorted(mistakes, key=lambda mistake: -mistake.confidence),
        entities=_entities(labelled, said),
    )


def _score(name: str, truths: Sequence[str], said: Sequence[str]) -> Score:
    right = sum(truth == guess == name for truth, guess in zip(truths, said, strict=True))
    return _from_counts(name, right, truths.count(name), said.count(name))


def _from_counts(name: str, right: int, true: int, said: int) -> Score:
    precision, recall = right / said if said else 0.0, right / true if true else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return Score(name, precision, recall, f1, true)


def _calibration(answers: Sequence[tuple[float, bool]]) -> list[Step]:
    steps = []
    for at in range(STEPS):
        inside = [one for one in answers if min(int(one[0] * STEPS), STEPS - 1) == at]
        if inside:
            confidence = sum(one[0] for one in inside) / len(inside)
            correct = sum(one[1] for one in inside) / len(inside)
            steps.append(Step(at / STEPS, (at + 1) / STEPS, len(inside), confidence, correct))
    return steps


def _entities(labelled: Sequence[Labelled], said: Sequence[Guess]) -> list[Score]:
    """One score for each kind of entity, over the messages whose entities the file names: kind and words must agree."""
    marked = [
        (truth.entities, guess.entities)
        for truth, guess in zip(labelled, said, strict=True)
        if truth.entities is not None
    ]
    kinds = sorted({kind for truth, guess in marked for kind, _ in truth | guess})
    scores = []
    for kind in kinds:
        own = [({e for e in truth if e[0] == kind}, {e for e in guess if e[0] == kind}) for truth, guess in marked]
        right = sum(len(truth & guess) for truth, guess in own)
        scores.append(_from_counts(kind, right, sum(len(t) for t, _ in own), sum(len(g) for _, g in own)))
    return scores
