"""Small talk, questions about the assistant itself, and what happens when it does not understand."""

from __future__ import annotations

from api.assistant.operations import danger
from api.assistant.operations.asking import Ask, option, say
from api.assistant.operations.schemas import Reply, ReplyOption
from api.escalations.queries import about_danger

#: Meanings below this chance are not offered.
POSSIBLE = 0.04
OFFERED = 3
#: Intents that make no sense as an offered meaning ("did you mean: no?").
NOT_OFFERED = frozenset(
    {
        "affirm", "deny", "thank", "goodbye", "greet", "cancel", "out_of_scope", "wrong_person", "stop_messages",
        "report_immediate_danger", "disclose_self_harm", "disclose_harm", "express_distress", "nlu_fallback",
    }
)  # fmt: skip
#: Meanings that point at trouble: where one is among the likeliest, a person is offered first.
TROUBLE = frozenset({"report_immediate_danger", "disclose_self_harm", "disclose_harm", "express_distress"})


def _menu(ask: Ask) -> list[ReplyOption]:
    if ask.person is None:
        return [option("option.find_help", "find_service"), option("option.ring_me", "contact_worker")]
    return [
        option("option.appointments", "check_appointments"),
        option("option.my_list", "check_actions"),
        option("option.find_help", "find_service"),
        option("option.ring_me", "contact_worker"),
    ]


def greet(ask: Ask) -> list[Reply]:
    if ask.neutral:
        return [say("greet.neutral")]
    if ask.person is None:
        return [say("greet.stranger", *_menu(ask))]
    if not ask.plain_words:
        return [say("greet.hello_discreet", *_menu(ask))]
    return [say("greet.hello", *_menu(ask), name=ask.person.first_name)]


def goodbye(ask: Ask) -> list[Reply]:
    """They leave: where a PIN opened the phone, it is closed."""
    ask.conversation.proved_until = None
    noticed = ask.turn.safety_kind != "none" and ask.message.safety_priority == "routine"
    if noticed and danger.is_everyday(ask):  # else it would be left out beside the gentle question (assistant.turn)
        return [say("until_later.said")]
    return [say("goodbye.said")]


def thank(ask: Ask) -> list[Reply]:
    return [say("thank.said")]


def is_this_a_bot(ask: Ask) -> list[Reply]:
    return [say("bot.yes", option("option.ring_me", "contact_worker"))]


def capabilities(ask: Ask) -> list[Reply]:
    if ask.neutral:
        return [say("greet.neutral")]
    return [say("capabilities.stranger" if ask.person is None else "capabilities.what", *_menu(ask))]


def privacy(ask: Ask) -> list[Reply]:
    if ask.neutral:
        return [say("privacy.neutral")]
    return [say("privacy.stranger" if ask.person is None else "privacy.who")]


def unknown(ask: Ask) -> Reply:
    """To somebody without a name who asks what only those we know may hear: a person can be reached all the same, and
    whoever has told of danger here is not sent away."""
    if about_danger(ask.session, ask.conversation.id):
        return say("stranger.heard")
    return say("stranger.private", option("option.ring_me", "contact_worker"))


def out_of_scope(ask: Ask) -> list[Reply]:
    return [say("out_of_scope.sorry", *_menu(ask))]


def fallback(ask: Ask) -> list[Reply]:
    """Not understood: offer the likeliest meanings; the second time in a row (or where it may be trouble) a person."""
    likely = [one.intent for one in ask.question.ranking if one.confidence >= POSSIBLE]
    offered = [intent for intent in likely if intent not in NOT_OFFERED][:OFFERED]
    if ask.person is None:
        possible = (
            ("find_service", "contact_worker") if ask.neutral else ("find_service", "ask_about_plan", "contact_worker")
        )
        offered = [intent for intent in offered if intent in possible]
    ring = option("option.ring_me", "contact_worker")
    ask.pending = {"about": "unclear", "words": ask.words}
    if ask.state.fallbacks >= 1 or not offered:
        others = [_meaning(ask, intent) for intent in offered[:2] if intent != "contact_worker"]
        return [say("fallback.person", ring, *others)]
    choices = [_meaning(ask, intent) for intent in offered]
    if TROUBLE & set(likely) and "contact_worker" not in offered:
        choices = [ring, *choices[: OFFERED - 1]]
    return [say("fallback.meant", *choices)]


def _meaning(ask: Ask, intent: str) -> ReplyOption:
    return option("", intent, label=ask.text(f"meaning.{intent}"))
