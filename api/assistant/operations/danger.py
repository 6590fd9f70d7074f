"""Danger that Rasa notices and the safety screen did not. The screen comes first, in the inbox; this only adds.

Where the screen has spoken, the escalation is open and the reply to danger is on its way: nothing is opened or said
twice. Where it only noticed something, what Rasa is sure of goes beyond it; and where Rasa is sure that a grown-up asks
for something of every day, the gentle question is not asked: a worker is shown the message all the same.
"""

from __future__ import annotations

from api.assistant import state as dialogue
from api.assistant.operations import queries
from api.assistant.operations.asking import SILENT, Ask, option, say
from api.assistant.operations.both import SAFETY
from api.assistant.operations.contact import pass_on
from api.assistant.operations.schemas import Reply
from api.assistant.operations.words import says
from api.messages import danger, wording
from api.safety.screen import Verdict

#: From this confidence on Rasa's word alone raises the alarm; below it the person is asked, and a worker is shown it.
SURE = 0.6
#: From this one on it is enough for an emergency; below it is urgent. On data/dev no emergency was false from here on.
VERY_SURE = 0.8

#: Practical requests and reports. Not what is asked about the plan or who reads what: danger is often hidden in those.
EVERYDAY = frozenset(
    {"check_appointments", "ask_appointment_details", "confirm_attendance", "request_reschedule", "running_late",
     "check_actions", "report_action_done", "report_action_blocked", "find_service", "contact_worker", "cancel",
     "change_language", "change_contact_preference", "ask_who_is_my_worker"}
)  # fmt: skip
#: As sure as this that it is one of those, and with no more than this left for danger. On data/dev the gentle question
#: went to 18 plain requests of 35 fewer, and to each of 55 dangers in English and Spanish still.
EVERYDAY_FROM, GRAVE_AT_MOST = 0.5, 0.1


def ask_gently(ask: Ask) -> None:
    """Ask gently about what the screen only noticed, unless it is plainly an everyday request of a grown-up by text."""
    if ask.turn.safety_kind == "none" or is_everyday(ask):
        return
    danger.ask_gently(ask.session, ask.conversation, ask.message)
    # The reply remembers itself in the conversation; this turn's memory must not overwrite that.
    ask.state.last_safety_reply = dialogue.load(ask.conversation).last_safety_reply


def is_everyday(ask: Ask) -> bool:
    """Is it plainly an everyday request, or a goodbye until later, of a grown-up by text?"""
    asked = ask.question
    # (A goodbye is everyday only where the whole of it says that they will be back.)
    everyday = asked.intent in EVERYDAY or (asked.intent == "goodbye" and says(ask.words, "until_later"))
    if ask.turn.channel != "sms" or ask.tapped or not everyday or asked.confidence < EVERYDAY_FROM:
        return False
    if SAFETY & {one.intent for one in asked.requests}:
        return False
    grave = sum(one.confidence for one in asked.ranking if one.intent in SAFETY)
    return grave <= GRAVE_AT_MOST and not wording.from_a_child(ask.session, ask.conversation)


def immediate_danger(ask: Ask) -> list[Reply]:
    """Somebody is in danger now: an emergency."""
    return _raise(ask, "immediate_danger", "emergency")


def self_harm(ask: Ask) -> list[Reply]:
    """Self-harm or thoughts of suicide: urgent."""
    return _raise(ask, "self_harm", "urgent")


def harm(ask: Ask) -> list[Reply]:
    """Abuse or neglect that is told of: urgent."""
    return _raise(ask, "harm_disclosed", "urgent")


def distress(ask: Ask) -> list[Reply]:
    """No danger, but somebody is at the end of their strength: heard, and a worker is shown it."""
    if ask.turn.safety_kind != "none":
        return [say(SILENT)]
    told = queries.was_told(ask.session, pass_on(ask, "distress", "routine", ask.words), ask.message.received_at)
    lead = queries.lead_worker(ask.session, ask.person.family_id) if ask.person else None
    text_id = "distress.heard" if told and lead and told.id == lead.id else "distress.heard_neutral"
    return [say(text_id if told else "distress.heard_kept", option("option.ring_me", "contact_worker"))]


def _raise(ask: Ask, kind: str, priority: str) -> list[Reply]:
    confidence = ask.question.confidence
    if priority == "emergency" and confidence < VERY_SURE:
        priority = "urgent"
    if confidence < SURE:
        priority = "routine"
    # What the screen only noticed is no reason to hear less than if it had noticed nothing.
    unnoticed = ask.turn.safety_kind == "none"
    if unnoticed or (ask.message.safety_priority == "routine" and priority != "routine"):
        verdict = Verdict(kind, priority, [f"understanding.{kind}"])
        part = danger.PART if unnoticed else danger.MORE
        danger.respond(ask.session, ask.conversation, ask.message, verdict, part=part)
        # The reply remembers itself in the conversation; this turn's memory must not overwrite that.
        ask.state.last_safety_reply = dialogue.load(ask.conversation).last_safety_reply
    return [say(SILENT)]
