"""Words that point at something that Rasa does not see: "no, the school one", "did you tell her?", "who do I ask?".
It takes them for something else. (What follows on an appointment that was just told: following.)

Promise: danger, STOP and what Rasa is sure of stay what they are.
"""

from __future__ import annotations

from api.assistant.operations import appointments, contact
from api.assistant.operations.asking import Ask
from api.assistant.operations.words import appointment_words, says, topic_of

#: What Rasa makes of words that it has nothing for.
NOT_UNDERSTOOD = frozenset({"fallback", "out_of_scope"})
#: "No, the school one" is no plain no.
NO = frozenset({"deny", "cancel"})
#: ... where nothing else waited for a yes or no.
OPEN = frozenset({"", "appointment"})
#: What the question whether a message was passed on is mistaken for: it has their words in it.
PASSING_ON = NOT_UNDERSTOOD | frozenset(
    {"ask_privacy", "ask_capabilities", "ask_if_bot", "ask_who_is_my_worker", "ask_plan_status", "greet", "thank",
     "contact_worker", "report_action_done", "check_actions"}
)  # fmt: skip
#: Is it a secret who I am?
SECRET = NOT_UNDERSTOOD | frozenset({"ask_if_bot", "ask_capabilities", "ask_who_is_my_worker"})
#: Whom do I ask about it?
ASKING = NOT_UNDERSTOOD | frozenset({"ask_about_plan"})
#: May somebody come with me?
MAYBE_WITH_THEM = NOT_UNDERSTOOD | frozenset({"check_appointments", "find_service", "ask_privacy", "ask_about_plan"})
SHORT = 8


def meant(ask: Ask, name: str, asked: str) -> str:
    """The operation that the words point at, or "". ``asked``: what a search for help has just asked for."""
    if ask.tapped or asked or ask.neutral:
        return ""
    short = len(ask.words.split()) <= SHORT
    if name in SECRET and says(ask.words, "anonymous"):
        return "ask_privacy"
    if short and name in PASSING_ON and contact.asks_if_passed_on(ask):
        return "contact_worker"
    if ask.person is None:
        return ""
    if name in ASKING and says(ask.words, "whom_to_ask") and not topic_of(ask.words):
        return "ask_who_is_my_worker"
    when = says(ask.words, "when_is_it")
    if name in NOT_UNDERSTOOD and when and says(ask.words, "my_appointment"):
        return "check_appointments"
    if name in MAYBE_WITH_THEM and "companion" in appointment_words().topics_in(ask.words) and appointments.ahead(ask):
        return "ask_appointment_details"
    told = ask.state.on_appointments and ask.state.focus_appointment
    if short and told and name in NOT_UNDERSTOOD and appointment_words().topics_in(ask.words):
        return "ask_appointment_details"
    points = (name in NO and ask.state.pending.get("about", "") in OPEN) or (name in NOT_UNDERSTOOD and (short or when))
    return "check_appointments" if points and _names_a_kind(ask) else ""


def _names_a_kind(ask: Ask) -> bool:
    """Do the words name the kind of an appointment that they have to come?"""
    kinds = appointment_words().kinds_in(ask.words)
    return bool(kinds) and any(one.kind in kinds for one in appointments.ahead(ask))
