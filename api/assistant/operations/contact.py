"""Reaching a person: the worker rings back, who that is, complaints. What is said happens is what does happen."""

from __future__ import annotations

from datetime import timedelta

from api.access.models import Agency
from api.assistant.operations import queries
from api.assistant.operations.asking import SILENT, Ask, option, say
from api.assistant.operations.schemas import Reply
from api.assistant.operations.words import says
from api.escalations import queries as escalation_queries
from api.escalations import service as escalations
from api.escalations.models import Escalation
from api.jurisdiction.phones import local_number

#: "Did you tell her?" is asked of what was passed on since then.
PASSED_ON_LATELY = timedelta(days=7)
#: So many words it has at most; in more there may be something new.
A_QUESTION = 8
#: Below this a complaint may be something else.
SURE = 0.8


def contact_worker(ask: Ask) -> list[Reply]:
    """Pass it on: at once where they ask to be rung or written to, low-key where they only leave a message.

    Who asks whether that was done is told how it stands.
    """
    if asks_if_passed_on(ask):
        return [_passed_on_already(ask)]
    words = ask.state.pending.get("words") if ask.tapped else ""
    leaving = not ask.tapped and (says(ask.words, "leave_message") or says(ask.words, "moving_home"))
    opened = pass_on(ask, "contact", "routine" if leaving else "urgent", words or ask.words)
    if ask.neutral:
        return [say("contact.passed_on_neutral")]
    told = queries.was_told(ask.session, opened, ask.message.received_at)
    if told is None:
        return [say("contact.passed_on_nobody")]
    lead = queries.lead_worker(ask.session, ask.person.family_id) if ask.person else None
    if lead is not None and lead.id == told.id:
        return [say("contact.message_passed" if leaving else "contact.passed_on", name=lead.name)]
    return [say("contact.passed_on_duty")]


def asks_if_passed_on(ask: Ask) -> bool:
    """Do they ask, and nothing more, whether what they wrote has reached anybody, and has something been passed on?"""
    if ask.tapped or ask.neutral or len(ask.words.split()) > A_QUESTION:
        return False
    return says(ask.words, "told_yet") and _last(ask) is not None


def _passed_on_already(ask: Ask) -> Reply:
    last = _last(ask)
    if last is None or last.state == "open":
        return say("contact.told_waiting")
    return say("contact.told_seen", option("option.ring_me", "contact_worker"))


def _last(ask: Ask) -> Escalation | None:
    return escalation_queries.last_in_conversation(ask.session, ask.conversation.id, ask.turn.now - PASSED_ON_LATELY)


def who_is_my_worker(ask: Ask) -> list[Reply]:
    """The family's own worker, and the agency's number; who stands in is the agency's to say."""
    agency = ask.session.get_one(Agency, ask.turn.agency_id)
    lead = queries.lead_worker(ask.session, ask.family_id)
    ring = option("option.ring_me", "contact_worker")
    if lead is None:
        return [say("worker.none", ring, agency=agency.name, phone=local_number(agency.phone, ask.pack.country))]
    if not ask.plain_words:
        return [say("worker.is_discreet", ring, name=lead.name, phone=local_number(agency.phone, ask.pack.country))]
    return [say("worker.is", ring, name=lead.name, phone=local_number(agency.phone, ask.pack.country))]


def whom_to_ask(ask: Ask) -> str:
    """The sentence with which an answer from their own plan ends: the family's own worker by name; without one, the
    agency's number, or that they may ask here."""
    lead = queries.lead_worker(ask.session, ask.family_id)
    if lead is not None:
        return ask.text("plan.ask", name=lead.name)
    agency = ask.session.get_one(Agency, ask.turn.agency_id)
    phone = local_number(agency.phone, ask.pack.country)
    return ask.text("plan.ask_office", phone=phone) if phone else ask.text("plan.ask_here")


def complain(ask: Ask) -> list[Reply]:
    """A complaint goes to a person, in their words, and they learn how to complain further. Beside
    danger, which has had its reply, nobody is told of a complaint that may be none."""
    pass_on(ask, "complaint", "routine", ask.words)
    if ask.turn.safety_kind != "none" and ask.question.confidence < SURE:
        return [say(SILENT)]
    if ask.neutral:
        return [say("contact.passed_on_neutral")]
    agency = ask.session.get_one(Agency, ask.turn.agency_id)
    if ask.person is not None and not ask.plain_words:
        return [say("complain.passed_on_discreet", phone=local_number(agency.phone, ask.pack.country))]
    return [say("complain.passed_on", agency=agency.name, phone=local_number(agency.phone, ask.pack.country))]


def pass_on(ask: Ask, kind: str, priority: str, words: str) -> Escalation:
    """Open (or join) an escalation for this message."""
    return escalations.open_escalation(
        ask.session, conversation=ask.conversation, message=ask.message, kind=kind, priority=priority, words=words
    )
