"""Two requests in one message: both are acted on, each by its own part of the words.

What the second needs to ask must not hide what the first has asked: only one of them may offer choices, and it speaks
last, so that "1" can mean one thing only. Danger and distress come first and keep their choices; beside them only a
question is answered, and nobody is asked for a PIN for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from api.assistant.operations.asking import SILENT, Ask
from api.assistant.operations.schemas import Question, Reply, Request

#: Safety first: these are acted on with the whole message, before the other.
SAFETY = frozenset({"report_immediate_danger", "disclose_self_harm", "disclose_harm", "express_distress"})
#: What may be answered after them: nothing that records, changes or calls somebody.
QUESTIONS = frozenset(
    {"check_appointments", "ask_appointment_details", "check_actions", "ask_plan_status", "ask_about_plan",
     "find_service"}
)  # fmt: skip
#: Those of them that a person must be known for.
THEIR_OWN = QUESTIONS - {"ask_about_plan", "find_service"}


#: Too little for an alarm, enough for the gentle question (operations.danger).
IN_DOUBT = 0.5


def wanted(ask: Ask, name: str, chosen: str) -> list[Request]:
    """The two requests to act on, or none: not where the message answers a question of ours or taps a choice.

    ``name``: the operation that Rasa asked for; ``chosen``: the one it turned out to be in the light of what was asked.
    """
    if ask.tapped or chosen != name or len(ask.question.requests) < 2:
        return []
    first, second = ask.question.requests
    if second.intent in SAFETY and first.intent not in SAFETY:
        first, second = second, first
    if first.intent not in SAFETY:
        return ask.question.requests
    unproved = ask.person is None and second.intent in THEIR_OWN
    return [first, second] if second.intent in QUESTIONS and not unproved else []


def answer(ask: Ask, requests: list[Request], run: Callable[[Ask, str], list[Reply]]) -> list[Reply]:
    """The replies to both. Sets ``ask.pending`` to what is open afterwards."""
    if requests[0].intent in SAFETY:
        return _safety_first(ask, requests[0], requests[1], run)
    answered: list[tuple[list[Reply], dict[str, str]]] = []
    for request in requests:
        part = replace(ask, turn=replace(ask.turn, text=request.text), question=_part(ask, request), pending={})
        answered.append((run(part, request.intent), part.pending))
    (first, open_first), (second, open_second) = answered
    ask.pending = open_first or open_second
    quiet, asking = (second, first) if open_first else (first, second)
    said = [(one.id, one.args) for one in asking]  # nobody is told the same twice
    replies = [*(one for one in _without_choices(quiet) if (one.id, one.args) not in said), *asking]
    return [reply for reply in replies if reply.id != SILENT] or replies


def _safety_first(ask: Ask, danger: Request, question: Request, run: Callable[[Ask, str], list[Reply]]) -> list[Reply]:
    """The reply to danger or distress, whole and with its choices; then the answer, which offers none."""
    in_a_half = min(danger.confidence, IN_DOUBT)  # the message as a whole was taken for the question
    confidence = next((one.confidence for one in ask.question.ranking if one.intent == danger.intent), in_a_half)
    if ask.question.intent == danger.intent:
        confidence = ask.question.confidence
    whole = ask.question.model_copy(update={"intent": danger.intent, "confidence": confidence})
    first = replace(ask, question=whole, pending={})
    replies = run(first, danger.intent)
    ask.pending = first.pending
    beside = replace(ask, turn=replace(ask.turn, text=question.text), question=_part(ask, question), pending={})
    replies = [*replies, *_without_choices(run(beside, question.intent))]
    return [reply for reply in replies if reply.id != SILENT] or replies


def _part(ask: Ask, request: Request) -> Question:
    words = request.text.casefold()
    entities = [found for found in ask.question.entities if found.value.casefold() in words]
    return Question(text=request.text, intent=request.intent, confidence=request.confidence, entities=entities)


def _without_choices(replies: list[Reply]) -> list[Reply]:
    return [
        _as_list(reply) if reply.id == "actions.choose" else reply.model_copy(update={"options": []})
        for reply in replies
    ]


def _as_list(reply: Reply) -> Reply:
    """A list to choose from, as a list to read."""
    lines = "\n".join(f"- {one.label}" for one in reply.options if one.label)
    more = reply.args["more"]
    return Reply(id="actions.list_more" if more > 0 else "actions.list", args={"lines": lines, "more": more})
