"""Runs one operation for one turn, in one transaction that is committed before the answer is given.

Promise: a turn that is asked twice (a crash or a time-out in between) does nothing twice; it gets the same answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

import crashpoints
from api.assistant import guards
from api.assistant import state as dialogue
from api.assistant.operations import (
    actions,
    appointments,
    both,
    contact,
    context,
    danger,
    directory,
    door,
    following,
    plan,
    preferences,
    saying,
    talk,
    tongue,
    who,
)
from api.assistant.operations.asking import Ask
from api.assistant.operations.schemas import Answer, Question, Reply
from api.database import again_after_deadlock, transaction

Operation = Callable[[Ask], list[Reply]]

#: What only a known family member may ask: a stranger learns nothing, not even whether there is something to learn.
PRIVATE: dict[str, Operation] = {
    "check_appointments": following.check,
    "ask_appointment_details": appointments.details,
    "confirm_attendance": appointments.confirm,
    "request_reschedule": following.reschedule,
    "running_late": appointments.running_late,
    "check_actions": actions.check,
    "report_action_done": actions.report_done,
    "report_action_blocked": actions.report_blocked,
    "ask_plan_status": plan.status,
    "share_views": saying.share_views,
    "ask_who_is_my_worker": who.answer,
    "stop_messages": preferences.stop_messages,
    "wrong_person": preferences.wrong_person,
    "change_contact_preference": preferences.change_contact,
}
OPEN: dict[str, Operation] = {
    "ask_about_plan": plan.about,
    "find_service": directory.find,
    "contact_worker": contact.contact_worker,
    "report_immediate_danger": danger.immediate_danger,
    "disclose_self_harm": danger.self_harm,
    "disclose_harm": danger.harm,
    "express_distress": danger.distress,
    "ask_privacy": talk.privacy,
    "change_language": preferences.change_language,
    "complain": contact.complain,
    "greet": talk.greet,
    "goodbye": talk.goodbye,
    "thank": talk.thank,
    "affirm": context.affirm,
    "deny": context.deny,
    "ask_if_bot": talk.is_this_a_bot,
    "ask_capabilities": talk.capabilities,
    "cancel": context.cancel,
    "out_of_scope": talk.out_of_scope,
    "fallback": talk.fallback,
}
OPERATIONS: dict[str, Operation] = {**PRIVATE, **OPEN}
#: What anybody may ask, but on a phone that is somebody's only after the proof: that we can answer it shows what the
#: number is for.
TELLING = frozenset({"ask_about_plan"})
#: What a turn at the phone's door runs: no operation of Rasa's, and /assist does not know it.
AT_THE_DOOR = "door"


class NoSuchTurn(LookupError):
    """That message is not there, or has its answer already."""


@again_after_deadlock
def answer(name: str, message_id: uuid.UUID, question: Question) -> Answer:
    """The replies to this message's turn; everything it changed is committed when this returns. Raises NoSuchTurn."""
    with transaction() as session:
        found = guards.asked(session, message_id)
        if found is None:
            raise NoSuchTurn
        turn, conversation = found.turn, found.conversation
        if not dialogue.opens(conversation):
            raise NoSuchTurn  # what was agreed on before cannot be known: a person has to look
        state = dialogue.load(conversation)
        if state.answered.get("message") == str(message_id):
            return Answer.model_validate(state.answered)
        ask = Ask(
            session=session,
            turn=turn,
            question=question,
            conversation=conversation,
            message=found.message,
            state=state,
            person=found.holder if turn.standing == "known" else None,
            holder=found.holder,
            drafting=found.drafting,
        )
        tongue.begin(ask)
        if name != AT_THE_DOOR:
            state.door = ""
        private = name in PRIVATE or _behind_the_door(ask, name)
        if door.in_vain(ask, name, private=private):
            chosen = AT_THE_DOOR
            if private:
                door.hold_back(ask)
        else:
            chosen = context.redirect(ask, name)
        requests = [one for one in both.wanted(ask, name, chosen) if one.intent in OPERATIONS]
        replies = both.answer(ask, requests, _run) if len(requests) == 2 else _run(ask, chosen)
        following.remember(ask, chosen)
        replies += saying.invited(ask, chosen)
        replies = tongue.for_good(ask, chosen, replies)
        danger.ask_gently(ask)
        state.pending = ask.pending
        state.fallbacks = state.fallbacks + 1 if chosen == "fallback" and not requests else 0
        given = Answer(replies=replies)
        state.answered = {"message": str(message_id), **given.model_dump(mode="json")}
        dialogue.save(conversation, state)
        found.message.intent = question.intent[:64]  # at the end: before, the first look-up would write it by itself
        session.flush()
        crashpoints.point("assist.before_commit")
    crashpoints.point("assist.after_commit")
    return given


def _run(ask: Ask, name: str) -> list[Reply]:
    if name == AT_THE_DOOR:
        return door.answer(ask)
    if _behind_the_door(ask, name):
        return door.ask_first(ask)
    if ask.person is None and name in PRIVATE:
        if ask.holder is None:
            return [talk.unknown(ask)]
        allowed = door.without_proof(ask, name)
        if allowed is None:
            return door.ask_first(ask)
        ask.person = ask.holder
        replies = allowed(ask)
        ask.person = None  # for this one only: another request of the same message is asked for its own proof
        return replies
    return OPERATIONS[name](ask)


def _behind_the_door(ask: Ask, name: str) -> bool:
    return ask.neutral and name in TELLING
