"""The safety screen: does this message say, or hint, that somebody is in danger?

``screen(text)`` is a pure function: no database, no network, no Rasa. It runs on every message's raw text before
anything else happens to it, and never raises: curated patterns (``data/safety/patterns.yaml``) and a trained model
(``data/safety/model.npz``) each have a say; without the model the patterns speak alone, and ``status()`` says so.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from api.safety.patterns import PatternSet, Rule, load_patterns
from api.safety.thresholds import Thresholds, in_force
from api.safety.wording import shortened

if TYPE_CHECKING:
    from api.safety.model import Model, Scores

KINDS = ("none", "immediate_danger", "self_harm", "harm_disclosed")
PRIORITIES = ("routine", "urgent", "emergency")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """What the screen found. ``kind`` none with ``priority`` routine: nothing.

    Another kind with priority ``routine`` is *noticed*: a gentle question to the person and a low-key flag to the
    worker. ``urgent`` and ``emergency`` are *raised*: an escalation opens. ``reasons`` say why, for the worker:
    ``pattern:<rule>`` for each rule that spoke, ``model:<probability>`` for the model's view.
    """

    kind: str = "none"
    priority: str = "routine"
    reasons: list[str] = field(default_factory=list)

    @property
    def noticed(self) -> bool:
        return self.kind != "none"

    @property
    def raised(self) -> bool:
        return self.noticed and self.priority != "routine"


#: ``lru_cache`` alone would let several threads load the model at once.
_loading = threading.Lock()


def _model() -> Model | None:
    """The trained model, loaded once; None if it cannot be (its file or the package missing or broken)."""
    with _loading:
        return _load_model()


@lru_cache(maxsize=1)
def _load_model() -> Model | None:
    try:
        # Imported when it is needed: a process that never screens does without its weights and its libraries.
        from api.safety.model import Model

        return Model()
    except Exception as error:  # whatever is wrong with a file or package must not silence the patterns
        log.error(
            "The safety model could not be loaded (%s): the screen works with its patterns alone", type(error).__name__
        )
        return None


def warm_up() -> None:
    """Load everything and screen once: call at process start, so that the first message does not wait."""
    in_force()
    screen("is the meeting still at ten, he says he is not coming")


def status() -> str:
    """For /health: ``ok``, or ``patterns only`` when the model could not be loaded."""
    return "ok" if _model() else "patterns only"


def screen(text: str, *, patterns: PatternSet | None = None, thresholds: Thresholds | None = None) -> Verdict:
    """The verdict on one message, in whatever language it is. Never raises.

    ``thresholds``: those in force if None.
    """
    rules = patterns or load_patterns()
    limits = thresholds or in_force()
    text = shortened(text)
    folded_text = rules.fold(text)
    if not folded_text:
        return Verdict()
    found = rules.matches_folded(folded_text)
    scores = model_scores(text, folded_text, rules, found)
    return decide(found, scores, limits, alone=rules.stands_alone(folded_text))


def quick(text: str) -> tuple[Verdict, bool]:
    """What the patterns say, and whether the linear model clears the message: then this is the whole screen's verdict.

    Costs well under a millisecond. Never raises.
    """
    rules = load_patterns()
    folded_text = rules.fold(shortened(text))
    found = rules.matches_folded(folded_text) if folded_text else []
    model = _model()
    whole = not folded_text or model is None or (not found and model.clears(folded_text))
    return decide(found, None, in_force()), whole


def model_scores(text: str, folded_text: str, rules: PatternSet, found: list[Rule]) -> Scores | None:
    """The model's view of a message (shortened, and folded by the patterns' spellings) in which these rules spoke; None
    without a model. Of a long one each sentence in which a rule speaks is read by itself as well."""
    model = _model()
    if model is None:
        return None
    try:
        return model.score(text, folded_text, speaks=_speaks_in(rules) if found else None)
    except Exception as error:  # a fault in the model must not lose what the patterns found
        log.error("The safety model failed on a message (%s)", type(error).__name__)
        return None


def _speaks_in(rules: PatternSet) -> Callable[[str], bool]:
    return lambda sentence: bool(rules.matches_folded(rules.fold(sentence)))


def decide(found: list[Rule], scores: Scores | None, limits: Thresholds, *, alone: bool = False) -> Verdict:
    """The verdict from the rules that spoke and the model's scores (None: there is no model). ``alone``: all there is
    is one word that may ask for anything, or a denial in few, and the model alone does not raise that."""
    reasons = sorted({f"pattern:{rule.id}" for rule in found})
    strong = [rule for rule in found if rule.priority != "routine"]
    if scores is None:
        return _by_rules(found, reasons)
    if scores.danger >= limits.notice.value:
        reasons.append(f"model:{scores.danger:.2f}")
    sure = scores.danger >= limits.urgent.value and not alone
    if sure or (strong and scores.danger >= limits.doubt.value):
        kind = scores.kind if scores.danger >= limits.notice.value else _worst(strong).kind
        emergency = scores.emergency >= limits.emergency.value or any(rule.priority == "emergency" for rule in strong)
        return Verdict(kind, "emergency" if emergency else "urgent", reasons)
    if scores.danger >= limits.notice.value:
        return Verdict(scores.kind, "routine", reasons)
    if strong or (found and scores.danger >= limits.doubt.value):
        return Verdict(_worst(found).kind, "routine", reasons)
    return Verdict()


def _worst(found: list[Rule]) -> Rule:
    return max(found, key=lambda rule: (PRIORITIES.index(rule.priority), -KINDS.index(rule.kind)))


def _by_rules(found: list[Rule], reasons: list[str]) -> Verdict:
    if not found:
        return Verdict()
    worst = _worst(found)
    return Verdict(worst.kind, worst.priority, reasons)
