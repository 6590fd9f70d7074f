"""The language of a turn: its message's own; and, for somebody who goes on writing in it, that of all we write."""

from __future__ import annotations

import uuid

from api import texts
from api.assistant.operations.asking import SILENT, Ask, say
from api.assistant.operations.both import SAFETY
from api.assistant.operations.schemas import Reply
from api.families import profile
from api.messages import speech
from api.messages.models import InboundMessage
from api.messages.tongues import plainly


def begin(ask: Ask) -> None:
    """This message is answered in the language that it is plainly written in."""
    if not ask.tapped:
        speech.follow(ask.conversation, ask.words)


def follow_held(ask: Ask) -> None:
    """The phone was handed to somebody: they are asked for the proof in the language of their message, if one waits."""
    if ask.state.held:
        held = ask.session.get(InboundMessage, uuid.UUID(ask.state.held))
        if held is not None:
            speech.follow(ask.conversation, held.body)


def ask_for(ask: Ask, language: str) -> None:
    """They want to be written to in ``language`` from now on. The profile is the caller's to change."""
    speech.ask_for(ask.conversation, ask.state, language, "" if ask.tapped else ask.words)


def for_good(ask: Ask, name: str, replies: list[Reply]) -> list[Reply]:
    """The replies; with the second plain message in a row in another language than the profile's all that we write is
    in that one from now on, and that is said, before them. Once: after that only their own word changes it.

    Not beside danger, not where we say nothing, and not before it is known who writes.
    """
    heard = "" if ask.tapped else plainly(ask.words)
    if not heard or ask.neutral:
        return replies
    before, ask.state.language_heard = ask.state.language_heard, heard
    if heard == ask.state.language_unwanted:
        return replies
    ask.state.language_unwanted = ""
    if ask.person is None:
        return replies
    was = texts.supported(ask.person.language)
    silent = all(reply.id == SILENT for reply in replies)
    intents = {name, *(one.intent for one in ask.question.requests)}
    danger = bool(intents & SAFETY) or ask.message.safety_kind != "none"
    if ask.state.language_settled or before != heard or was == heard or silent or danger:
        return replies
    ask.state.language_settled = True
    keep(ask, heard)
    return [say("language.follows", name=texts.render("language.name", was)), *replies]


def keep(ask: Ask, language: str) -> None:
    """Reminders too, and all that nobody asked for, are in ``language`` from now on."""
    profile.change(
        ask.session, ask.someone, {"language": language}, actor_kind="person", actor_id=ask.someone.id, now=ask.turn.now
    )
