"""Two requests in one message: "done the gp form, when do i see you next".

A message is cut in two where people change the subject (a stop, "and", "also", the beginning of a question), and both
halves are understood. It counts as two requests only if each half is clear by itself and they ask for different things.
A message about danger or distress is never made smaller: where one half is that and the other is surely a question,
both are told, the danger first and with the whole text.

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
#: What may be answered beside them: questions alone, nothing that records, changes or calls somebody.
QUESTIONS = frozenset(
    {
        "check_appointments", "ask_appointment_details", "check_actions", "ask_plan_status", "ask_about_plan",
        "find_service",
    }
)  # fmt: skip
#: How little danger may be in the half that is a question.
NO_DANGER = 0.05
#: How sure danger or distress must be where the message as a whole was taken for the question.
SURE_BESIDE_QUESTION = 0.75
#: A question beside danger has so many words: "what if" and "what to do" are part of the telling.
FEWEST_OF_QUESTION = 4
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
#: What ends so goes on: "is it true they | can stop it", "who do | i complain to".
_UNFINISHED = re.compile(
    r"\b(?:is|are|was|were|am|im|do|does|did|dont|doesnt|have|has|had|can|could|cud|will|would|shall|should|must|may|might"
    r"|i|we|he|she|they|the|a|an|my|your|our|their|his|her|this|these|those|who|what|when|where|why|how|which|if|whether"
    r"|because|cos|of|for|with|at|from|to|about|than|and|or|not|tell me|let me know|know|wonder|wondering|sure|true|say"
    r"|es|son|esta|estan|era|hay|puede|pueden|puedo|podria|tengo|tiene|tienen|quiero|quiere|yo|el|ella|ellos|la|los|las"
    r"|un|una|mi|mis|su|sus|tu|que|quien|cuando|donde|como|cual|si|porque|de|con|para|por|en|no|se|me|te|le|les|nos|lo"
    r"|saber|dime|digame|verdad)$",
    re.IGNORECASE,
)
_BEGINNING = re.compile(rf"^(?:{_JOIN}\s+)+", re.IGNORECASE)
_END = re.compile(rf"(?:[\s,]+{_JOIN})+\s*$", re.IGNORECASE)
_WORD = re.compile(r"\w+")


def halves(text: str, *, firm: bool = False) -> list[tuple[str, str]]:
    """Every way to cut the text in two halves of at least two words, at a change of subject, in order; with ``firm``
    only at stops and where words like "and" join two. Where nothing joins them the first must be able to end there."""
    if len(_WORD.findall(text)) < FEWEST_WORDS:
        return []
    cuts: dict[int, int] = {}
    for pattern in (_STOP, _JOINED) if firm else (_STOP, _JOINED, _NEW):
        for found in pattern.finditer(text):
            if pattern is not _NEW or not _UNFINISHED.search(text, 0, found.start()):
                cuts.setdefault(found.start(), found.end())
    pairs = [
        (_END.sub("", text[:at]).strip(" ,;:-"), _BEGINNING.sub("", text[to:].strip()))
        for at, to in sorted(cuts.items())
    ]
    return [pair for pair in dict.fromkeys(pairs) if min(map(_words, pair)) >= 2]


def two_requests(text: str, whole: str, intents: list[str], rough: Chances, sure: Chances) -> list[dict[str, Any]]:
    """``[{intent, confidence, text}, {…}]`` in the order of the text, or [] where it is one request. Danger or distress
    is the first, whatever the order, and has the whole text.

    ``whole``: the intent of the text as a whole, which must be one of the two.
    """
    pairs = halves(text)
    likely = [(_together(rough(first), rough(second)), place) for place, (first, second) in enumerate(pairs)]
    best: list[dict[str, Any]] = []
    for chance, place in sorted(likely, reverse=True)[:TRIED]:
        if chance < LIKELY and whole not in WHOLE:
            break
        chances = [sure(half) for half in pairs[place]]
        found = [_meaning(half, intents, of) for half, of in zip(pairs[place], chances, strict=True)]
        if (beside := _beside_danger(text, whole, intents, found, chances)) is not None:
            return beside
        if _are_two(found, whole) and (not best or _least(found) > _least(best)):
            best = found
    return best


def _beside_danger(
    text: str, whole: str, intents: list[str], found: list[dict[str, Any]], chances: list[np.ndarray[Any, Any]]
) -> list[dict[str, Any]] | None:
    """Danger or distress, and the question beside it; None where it is not both."""
    for at, question in enumerate(found):
        danger = found[1 - at]
        if danger["intent"] not in WHOLE or question["intent"] not in QUESTIONS:
            continue
        in_question = sum(float(chances[at][intents.index(name)]) for name in WHOLE if name in intents)
        asks = sum(float(chances[at][intents.index(name)]) for name in QUESTIONS if name in intents)
        if asks < SURE or in_question > NO_DANGER or _words(question["text"]) < FEWEST_OF_QUESTION:
            continue
        if (found[0]["text"], found[1]["text"]) not in halves(text, firm=True):
            continue
        if whole in WHOLE:
            return [{"intent": whole, "confidence": danger["confidence"], "text": text}, question]
        if whole in QUESTIONS and danger["confidence"] >= SURE_BESIDE_QUESTION:
            return [{**danger, "text": text}, question]
    return None


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
