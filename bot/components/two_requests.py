"""Two requests in one message: "done the gp form, when do i see you next".

A message is cut in two where people change the subject (a stop, "and", "also", the beginning of a question), and both
halves are understood. It counts as two requests only if each half is clear by itself and they ask for different things;
a message about danger is never cut: that is the safety screen's, and nothing may make it smaller.

Pure: ``rough`` and ``sure`` give the chances of each intent for a text, quickly and properly. Thresholds were chosen on
messages with two requests and with one (DECISIONS, "Two requests in one message").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

Chances = Callable[[str], "np.ndarray[Any, Any]"]

#: Said beside a request, or no request at all.
COMPANY = frozenset({"greet", "goodbye", "thank", "affirm", "deny", "cancel", "out_of_scope"})
#: Left whole: the screen and the first reading decide.
WHOLE = frozenset({"report_immediate_danger", "disclose_self_harm", "disclose_harm", "express_distress"})
#: How sure a half must be to be acted on: asking costs little, recording more, ending or changing messages most.
SURE = 0.7
SURE_TO_RECORD = 0.8
SURE_TO_CHANGE = 0.9
RECORDS = frozenset(
    {
        "confirm_attendance", "request_reschedule", "running_late", "report_action_done", "report_action_blocked",
        "share_views", "complain", "change_contact_preference",
    }
)  # fmt: skip
CHANGES = frozenset({"stop_messages", "wrong_person", "change_language"})
#: Asked together they are one matter, with one answer.
ONE_MATTER = (
    frozenset({"check_appointments", "ask_appointment_details"}),
    frozenset({"contact_worker", "ask_who_is_my_worker"}),
    frozenset({"ask_plan_status", "check_actions"}),
    frozenset({"ask_plan_status", "ask_about_plan"}),
    frozenset({"request_reschedule", "running_late"}),
    frozenset({"request_reschedule", "report_action_blocked"}),
)
#: Places to cut that are looked at properly, the likeliest first; and how likely they must be at a rough look.
TRIED = 2
LIKELY = 0.1
FEWEST_WORDS = 5

_STOP = re.compile(r"[.!?;:,\n…]+\s+|\s+[—–-]+\s+|\n+")
_JOIN = (
    r"(?:and|also|but|n|nd|&|plus|oh|btw|then|so|tho|though"
    r"|y|pero|tambien|también|ademas|además|aparte|por cierto)"
)
_JOINED = re.compile(rf"\s+{_JOIN}\s+", re.IGNORECASE)
_NEW = re.compile(
    r"\s+(?=(?:when|when'?s|where|where'?s|what|what'?s|wat|wats|who|who'?s|how|how'?s|can|could|cud|will|would|is|are"
    r"|do|does|did|pls|please|plz|any|anyone|i|im|i'm|ive|i've|ill|i'll"
    r"|cuando|cuándo|donde|dónde|quien|quién|que|qué|como|cómo|cual|cuál|puede|puedes|pueden|podria|podría|hay|me"
    r"|necesito|quiero|ya|no|tengo|voy)\b)",
    re.IGNORECASE,
)
_BEGINNING = re.compile(rf"^(?:{_JOIN}\s+)+", re.IGNORECASE)
_END = re.compile(rf"(?:[\s,]+{_JOIN})+\s*$", re.IGNORECASE)
_WORD = re.compile(r"\w+")


def halves(text: str) -> list[tuple[str, str]]:
    """Every way to cut the text in two halves of at least two words, at a change of subject, in order."""
    if len(_WORD.findall(text)) < FEWEST_WORDS:
        return []
    cuts: dict[int, int] = {}
    for pattern in (_STOP, _JOINED, _NEW):
        for found in pattern.finditer(text):
            cuts.setdefault(found.start(), found.end())
    pairs = [
        (_END.sub("", text[:at]).strip(" ,;:-"), _BEGINNING.sub("", text[to:].strip()))
        for at, to in sorted(cuts.items())
    ]
    return [pair for pair in dict.fromkeys(pairs) if min(map(_words, pair)) >= 2]


def two_requests(text: str, whole: str, intents: list[str], rough: Chances, sure: Chances) -> list[dict[str, Any]]:
    """``[{intent, confidence, text}, {…}]`` in the order of the text, or [] where it is one request.

    ``whole``: the intent of the text as a whole, which must be one of the two.
    """
    if whole in WHOLE:
        return []
    pairs = halves(text)
    likely = [(_together(rough(first), rough(second)), place) for place, (first, second) in enumerate(pairs)]
    best: list[dict[str, Any]] = []
    for chance, place in sorted(likely, reverse=True)[:TRIED]:
        if chance < LIKELY:
            break
        found = [_meaning(half, intents, sure(half)) for half in pairs[place]]
        if _are_two(found, whole) and (not best or _least(found) > _least(best)):
            best = found
    return best


def _are_two(found: list[dict[str, Any]], whole: str) -> bool:
    named = frozenset(one["intent"] for one in found)
    return (
        len(named) == 2
        and not named & (COMPANY | WHOLE)
        and named not in ONE_MATTER
        and (whole in named or whole in COMPANY)
        and all(one["confidence"] >= _needed(one["intent"]) for one in found)
    )


def _needed(intent: str) -> float:
    return SURE_TO_CHANGE if intent in CHANGES else SURE_TO_RECORD if intent in RECORDS else SURE


def _meaning(half: str, intents: list[str], chances: np.ndarray[Any, Any]) -> dict[str, Any]:
    best = int(chances.argmax())
    return {"intent": intents[best], "confidence": float(chances[best]), "text": half}


def _least(found: list[dict[str, Any]]) -> float:
    return min(float(one["confidence"]) for one in found)


def _together(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> float:
    """The chance of the likeliest two different intents."""
    both = np.outer(first, second)
    np.fill_diagonal(both, 0)
    return float(both.max())


def _words(text: str) -> int:
    return len(_WORD.findall(text))
