"""The family's actions: what is next, what is done, what is in the way. A report is read back as it was recorded.

Promise: what somebody has not done yet, or is going to do, is never recorded as done without asking.
"""

from __future__ import annotations

import json
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
    chosen = ask.carried_id("action_ref")
    one = next((action for action in waiting if action.id == chosen), None)
    if one is not None:
        done = option("option.is_done", "report_action_done", action_ref=str(one.id))
        stuck = option("option.is_stuck", "report_action_blocked", action_ref=str(one.id))
        return [say("actions.chosen", done, stuck, title=titles.alone(ask, one))]
    waiting.sort(key=lambda action: action.status == "blocked")
    begin = _begin(ask, len(waiting))
    shown = waiting[begin : begin + SHOWN]
    own = titles.own(ask)
    lines = [
        option("", "check_actions", label=_line(ask, action, own).removeprefix("- "), action_ref=str(action.id))
        for action in shown
    ]
    return [say("actions.choose", *lines, *_more("check_actions", begin, len(waiting)), more=len(waiting) - SHOWN)]


def _begin(ask: Ask, number: int) -> int:
    """Where in a list of so many "show more" goes on."""
    said = ask.carried("more")
    return int(said) if said.isdigit() and int(said) < number else 0


def _more(intent: str, begin: int, number: int) -> list[ReplyOption]:
    rest = begin + SHOWN
    return [option("services.option_more", intent, more=str(rest))] if rest < number else []


def by_number(ask: Ask) -> tuple[str, list[uuid.UUID]]:
    """ "Done 1 and 3" after a list: what is reported, and of which of the actions on it; "" and none elsewhere."""
    numbers, said = matching.numbers(ask.words) if not ask.tapped and ask.state.options else ([], "")
    listed = [(one["n"], *_offered(str(one["payload"]))) for one in ask.state.options] if numbers else []
    listed = [one for one in listed if one[2]]
    if numbers == [0]:
        numbers = [n for n, _, _ in listed] if len(listed) == 2 else []
    found = [(intent, action_id) for n, intent, action_id in listed if n in numbers and action_id]
    if not found or len(found) < len(numbers):
        return "", []
    asked = found[0][0] if found[0][0] != "check_actions" else ""
    intent = {"done": "report_action_done", "stuck": "report_action_blocked"}.get(said, asked)
    return intent, [action_id for _, action_id in found] if intent else []


def _offered(payload: str) -> tuple[str, uuid.UUID | None]:
    """The intent of an option, and the action that it stands for, if it stands for one."""
    intent, _, carried = payload.removeprefix("/").partition("{")
    if intent not in ("check_actions", "report_action_done", "report_action_blocked"):
        return intent, None
    refs = _refs(json.loads("{" + carried).get("action_ref", "") if carried else "")
    return intent, refs[0] if len(refs) == 1 else None


def _refs(carried: str) -> list[uuid.UUID]:
    """The actions that an option carries: one, or both with a comma."""
    try:
        return [uuid.UUID(one) for one in carried.split(",")] if carried else []
    except ValueError:
        return []


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
    """Take the last report back, all of it; None where there is none to take back."""
    if not ask.state.last_report or ask.person is None:
        return None
    events, ask.state.last_report = ask.state.last_report.split(","), ""
    taken: list[PlanAction] = []
    for event_id in events:
        try:
            action = service.undo(
                ask.session, ask.person.id, uuid.UUID(event_id), message_id=ask.turn.message_id, now=ask.turn.now
            )
        except service.NotYours:
            continue
        taken += [action] if action is not None else []
        if action is None:
            return [*_undone(ask, taken), say("actions.not_undone")]
    return _undone(ask, taken) or None


def _undone(ask: Ask, taken: Sequence[PlanAction]) -> list[Reply]:
    if not taken:
        return []
    return [say("actions.undone" if len(taken) == 1 else "actions.undone_many", title=_titles(ask, taken))]


def _report(ask: Ask, intent: str) -> list[Reply]:
    words = (ask.state.pending.get("words") if ask.tapped else "") or ("" if ask.tapped else ask.words)
    if tapped := _refs(ask.carried("action_ref")):
        return _record(ask, intent, tapped, words or ask.words)
    said, numbered = by_number(ask)
    if numbered:
        return _record(ask, said, numbered, words)
    waiting = queries.own_actions(ask.session, ask.someone.id)
    if ask.carried("choice") in ("other", "tell"):
        return _other(ask, intent, words)
    found = matching.match(words, waiting)
    one = matching.clear(found)
    if not ask.tapped and intent == "report_action_done":
        if matching.undone(words):
            return _not_yet(ask, one)
        if one is not None and matching.partly(words):
            return _not_yet(ask, one, "actions.partly")
        done, only = matching.several(words, waiting)
        if only and done and (len(done) > 1 or any(part.undone for part in matching.parts(words))):
            return _record(ask, intent, [action.id for action in done], words)
        if len(done) > 1 or any(part.undone for part in matching.parts(words)):
            return _which(ask, intent, [*done, *(one for one in waiting if one not in done)], words, both=done)
    if one is not None and not ask.carried("more"):
        return _record(ask, intent, [one.id], words)
    if not found and not ask.tapped and (asked := _asked_about(ask, waiting)) is not None:
        return _record(ask, intent, [asked.id], words)
    if not found:
        before = queries.own_actions(ask.session, ask.someone.id, statuses=("reported_done", "verified", "dropped"))
        again = matching.clear(matching.match(words, before))
        if again is not None and again.status == "dropped":
            return [say("actions.already_closed", title=titles.alone(ask, again))]
        if again is not None and intent == "report_action_done":
            return [say(f"actions.already_{again.status}", title=titles.alone(ask, again))]
    if not waiting or ask.state.pending.get("about") == "other":
        return _about_nothing(ask, intent, words)
    if len(waiting) == 1 and not matching.content(words):
        return _record(ask, intent, [waiting[0].id], words or ask.words)
    likely = [each.action for each in found]
    return _which(ask, intent, [*likely, *(action for action in waiting if action not in likely)], words)


def _asked_about(ask: Ask, waiting: Sequence[PlanAction]) -> PlanAction | None:
    """The one action that we have just asked whether it is done: "finished the last one today" is about that."""
    if ask.state.pending.get("about") != "action":
        return None
    offered = {action_id for one in ask.state.options if (action_id := _offered(str(one["payload"]))[1])}
    return next((action for action in waiting if {action.id} == offered), None)


def _not_yet(ask: Ask, one: PlanAction | None, text_id: str = "actions.not_yet_one") -> list[Reply]:
    """They have not done it, not all of it, or are going to: nothing is recorded unless they say so."""
    if one is None:
        return [say("actions.not_yet", option("option.is_stuck", "report_action_blocked"))]
    carried = {"action_ref": str(one.id)}
    ask.pending = {"about": "action", "words": ask.words}
    choices = [
        option("option.not_yet", "deny", choice="keep"),
        option("option.is_done", "report_action_done", **carried),
        option("option.is_stuck", "report_action_blocked", **carried),
    ]
    return [say(text_id, *choices, title=titles.alone(ask, one))]


def _record(ask: Ask, intent: str, action_ids: Sequence[uuid.UUID], words: str) -> list[Reply]:
    """Record all of them, and read them back; what could not be recorded is said first."""
    record = service.report_done if intent == "report_action_done" else service.report_blocked
    recorded: list[PlanAction] = []
    events: list[str] = []
    others: list[Reply] = []
    for action_id in action_ids:
        try:
            event = record(
                ask.session, ask.someone.id, action_id, message_id=ask.turn.message_id, words=words, now=ask.turn.now
            )
        except service.NotYours:
            others.append(say("actions.unknown"))
            continue
        action = queries.own_action(ask.session, ask.someone.id, action_id)
        if event is None or action is None:
            status = action.status if action and action.status in ("reported_done", "verified") else "closed"
            others.append(say(f"actions.already_{status}", title=titles.alone(ask, action)))
            continue
        recorded.append(action)
        events.append(str(event.id))
    if not recorded:
        return others
    ask.state.last_report = ",".join(events)
    ask.pending = {"about": "report"}
    undo_it, title = option("option.undo", "cancel", choice="undo"), _titles(ask, recorded)
    if intent == "report_action_done":
        photo = _photo_option(ask, recorded[0]) if len(recorded) == 1 else []
        return [*others, say("actions.recorded_done", undo_it, *photo, title=title)]
    _tell_worker(ask, "blocked", words)
    return [*others, say("actions.recorded_blocked", undo_it, title=title)]


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


def _which(
    ask: Ask, intent: str, candidates: Sequence[PlanAction], words: str, *, both: Sequence[PlanAction] = ()
) -> list[Reply]:
    """Offer the ones that could be meant, a few at a time; none of them may be right as well."""
    named = [action for action in candidates if all_open(action.title)]
    if not named:
        return _about_nothing(ask, intent, words)
    begin = _begin(ask, len(named))
    shown = named[begin : begin + SHOWN]
    own = titles.own(ask)
    choices = [option("", intent, label=titles.alone(ask, one, own), action_ref=str(one.id)) for one in shown]
    ask.pending = {"about": "action", "words": words}
    text_id = "actions.which_done" if intent == "report_action_done" else "actions.which_blocked"
    if len(both) == 2:
        choices.append(option("option.both", intent, action_ref=",".join(str(action.id) for action in both)))
    other = option("option.something_else", intent, choice="other")
    return [say(text_id, *choices, *_more(intent, begin, len(named)), other)]


def _other(ask: Ask, intent: str, words: str) -> list[Reply]:
    """None of the list: they are asked what it is, and it reaches the worker if they would rather."""
    if ask.carried("choice") == "tell":
        _tell_worker(ask, "blocked" if intent == "report_action_blocked" else "report", words or ask.words)
        return [say("actions.passed_on")]
    ask.pending = {"about": "other", "words": words, "intent": intent}
    return [say("actions.which_other", option("option.tell_worker", intent, choice="tell"))]


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


def _titles(ask: Ask, actions: Sequence[PlanAction]) -> str:
    own = titles.own(ask)
    return speaking.join(ask, [titles.alone(ask, action, own) for action in actions])


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
