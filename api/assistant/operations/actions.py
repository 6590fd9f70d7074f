"""The family's actions: what is next, what is done, what is in the way. A report is read back as it was recorded."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from api.assistant.operations import speaking, titles
from api.assistant.operations.asking import SILENT, Ask, option, say
from api.assistant.operations.schemas import Reply, ReplyOption
from api.assistant.operations.words import says
from api.escalations import service as escalations
from api.evidence import asking as evidence
from api.plans import matching, queries, service
from api.plans.models import PlanAction
from api.sealed import all_open, or_nothing

#: How many are told, or offered, in one message.
SHOWN = 3


def check(ask: Ask) -> list[Reply]:
    """What is next: overdue ones first, then what is due; blocked ones with the reason."""
    waiting = list(queries.own_actions(ask.session, ask.someone.id))
    if not waiting:
        reported = queries.own_actions(ask.session, ask.someone.id, statuses=("reported_done",))
        return [say("actions.none_waiting_check" if reported else "actions.none")]
    waiting.sort(key=lambda action: action.status == "blocked")
    own = titles.own(ask)
    lines = "\n".join(_line(ask, action, own) for action in waiting[:SHOWN])
    rest = len(waiting) - SHOWN
    choices = [option("option.done_one", "report_action_done"), option("option.stuck_one", "report_action_blocked")]
    if rest > 0:
        return [say("actions.list_more", *choices, lines=lines, more=rest)]
    return [say("actions.list", *choices, lines=lines)]


def report_done(ask: Ask) -> list[Reply]:
    """Record the one they mean as reported done; ask which where it is not clear; say so where it was done before.
    Whoever was offered to send a photo of it, and wants to, gets the link."""
    if ask.carried("choice") == "photo":
        return _photo(ask)
    return _report(ask, "report_action_done")


def report_blocked(ask: Ask) -> list[Reply]:
    """Record what stops them, with their words, and let the worker know."""
    return _report(ask, "report_action_blocked")


def undo(ask: Ask) -> list[Reply] | None:
    """Take the last report back; None where there is none to take back."""
    if not ask.state.last_report or ask.person is None:
        return None
    event_id, ask.state.last_report = uuid.UUID(ask.state.last_report), ""
    try:
        action = service.undo(ask.session, ask.person.id, event_id, message_id=ask.turn.message_id, now=ask.turn.now)
    except service.NotYours:
        return None
    return [say("actions.undone", title=titles.alone(ask, action))] if action else [say("actions.not_undone")]


def _report(ask: Ask, intent: str) -> list[Reply]:
    words = (ask.state.pending.get("words") if ask.tapped else "") or ("" if ask.tapped else ask.words)
    tapped = ask.carried_id("action_ref")
    if tapped is not None:
        return _record(ask, intent, tapped, words or ask.words)
    waiting = queries.own_actions(ask.session, ask.someone.id)
    found = matching.match(words, waiting)
    one = matching.clear(found)
    if one is not None:
        return _record(ask, intent, one.id, words)
    if not found:
        before = queries.own_actions(ask.session, ask.someone.id, statuses=("reported_done", "verified", "dropped"))
        again = matching.clear(matching.match(words, before))
        if again is not None and again.status == "dropped":
            return [say("actions.already_closed", title=titles.alone(ask, again))]
        if again is not None and intent == "report_action_done":
            return [say(f"actions.already_{again.status}", title=titles.alone(ask, again))]
    if not waiting:
        return _about_nothing(ask, intent, words)
    if len(waiting) == 1 and not matching.content(words):
        return _record(ask, intent, waiting[0].id, words or ask.words)
    return _which(ask, intent, [each.action for each in found] or waiting, words)


def _record(ask: Ask, intent: str, action_id: uuid.UUID, words: str) -> list[Reply]:
    record = service.report_done if intent == "report_action_done" else service.report_blocked
    try:
        event = record(
            ask.session, ask.someone.id, action_id, message_id=ask.turn.message_id, words=words, now=ask.turn.now
        )
    except service.NotYours:
        return [say("actions.unknown")]
    action = queries.own_action(ask.session, ask.someone.id, action_id)
    title = titles.alone(ask, action)
    if event is None:
        status = action.status if action and action.status in ("reported_done", "verified") else "closed"
        return [say(f"actions.already_{status}", title=title)]
    ask.state.last_report = str(event.id)
    ask.pending = {"about": "report"}
    undo_it = option("option.undo", "cancel", choice="undo")
    if intent == "report_action_done":
        return [say("actions.recorded_done", undo_it, *_photo_option(ask, action), title=title)]
    _tell_worker(ask, "blocked", words)
    return [say("actions.recorded_blocked", undo_it, title=title)]


def _photo_option(ask: Ask, action: PlanAction | None) -> list[ReplyOption]:
    """The offer to send a photo of it, where a paper shows that it is done: once, and only on their own phone."""
    if action is None or not _on_paper(action):
        return []
    before = [event for event in action.events if event.kind == "reported_done"]
    if len(before) > 1 or not evidence.may_offer(ask.session, ask.someone, ask.conversation, action.id):
        return []
    return [option("option.send_photo", "report_action_done", choice="photo", action_ref=str(action.id))]


def _on_paper(action: PlanAction) -> bool:
    """Will everybody know by a certificate, a letter or the like? Where nobody has said, a course has one."""
    known_by = f"{or_nothing(action.measure)} {or_nothing(action.evidence)}".strip()
    return says(known_by, "on_paper") if known_by else action.kind in ("parenting", "education")


def _photo(ask: Ask) -> list[Reply]:
    """The link is queued by itself: it is for their phone alone, so neither Rasa nor our memory of the turn has it."""
    action_id = ask.carried_id("action_ref")
    try:
        if action_id is None:
            raise evidence.CannotAsk("not_theirs")
        evidence.send_link(ask.session, ask.someone, ask.conversation, ask.message, action_id)
    except evidence.CannotAsk:
        return [say("actions.no_link")]
    return [say(SILENT)]


def _which(ask: Ask, intent: str, candidates: Sequence[PlanAction], words: str) -> list[Reply]:
    """Offer the ones that could be meant; none of them may be right as well."""
    named = [action for action in candidates if all_open(action.title)]
    if not named:
        return _about_nothing(ask, intent, words)
    own = titles.own(ask)
    choices = [option("", intent, label=titles.alone(ask, one, own), action_ref=str(one.id)) for one in named[:SHOWN]]
    ask.pending = {"about": "action", "words": words}
    text_id = "actions.which_done" if intent == "report_action_done" else "actions.which_blocked"
    return [say(text_id, *choices, option("option.something_else", "contact_worker"))]


def _about_nothing(ask: Ask, intent: str, words: str) -> list[Reply]:
    """Nothing is open, or nothing that can be named: what they say still reaches the worker."""
    if words and matching.content(words):
        _tell_worker(ask, "blocked" if intent == "report_action_blocked" else "report", words)
        return [say("actions.passed_on")]
    return [say("actions.none")]


def _tell_worker(ask: Ask, kind: str, words: str) -> None:
    escalations.open_escalation(
        ask.session, conversation=ask.conversation, message=ask.message, kind=kind, priority="routine", words=words
    )


def _line(ask: Ask, action: PlanAction, own: Sequence[PlanAction]) -> str:
    """One action in a line: its title, and whether it is due, late or blocked."""
    title = titles.in_a_line(ask, action, own)
    if action.status == "blocked":
        reason = titles.without_names(ask, or_nothing(action.blocked_reason).strip()) if ask.plain_words else ""
        if len(reason) > 60:
            reason = reason[:57].rsplit(" ", 1)[0] + "..."
        return ask.text("actions.line_blocked" if reason else "actions.line_stuck", title=title, reason=reason)
    if action.due_on is None:
        return ask.text("actions.line", title=title)
    today: date = ask.turn.now.astimezone(ask.turn.timezone).date()
    text_id = "actions.line_late" if action.due_on < today else "actions.line_due"
    return ask.text(text_id, title=title, day=speaking.short_day(ask, action.due_on))
