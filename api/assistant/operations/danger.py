"""Danger that Rasa notices and the safety screen did not. The screen comes first, in the inbox; this only adds.

Where the screen has spoken, the escalation is open and the reply to danger is on its way: nothing is opened or said
twice. Where it only asked gently, what Rasa is sure of goes beyond it.
"""

from __future__ import annotations

from api.assistant import state as dialogue
from api.assistant.operations import queries
from api.assistant.operations.asking import SILENT, Ask, option, say
from api.assistant.operations.contact import pass_on
from api.assistant.operations.schemas import Reply
from api.messages import danger
from api.safety.screen import Verdict

#: From this confidence on Rasa's word alone raises the alarm; below it the person is asked, and a worker is shown it.
SURE = 0.6
#: From this one on it is enough for an emergency; below it is urgent. On data/dev no emergency was false from here on.
VERY_SURE = 0.8


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
    # What the screen only asks gently about is no reason to hear less than if it had noticed nothing.
    unnoticed = ask.turn.safety_kind == "none"
    if unnoticed or (ask.message.safety_priority == "routine" and priority != "routine"):
        verdict = Verdict(kind, priority, [f"understanding.{kind}"])
        part = danger.PART if unnoticed else danger.MORE
        danger.respond(ask.session, ask.conversation, ask.message, verdict, part=part)
        # The reply remembers itself in the conversation; this turn's memory must not overwrite that.
        ask.state.last_safety_reply = dialogue.load(ask.conversation).last_safety_reply
    return [say(SILENT)]
