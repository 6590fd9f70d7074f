"""Having a say: what somebody wants said is collected over several messages, read back, and passed on as written.

Promise: while they write, every word is kept whatever it was taken for, except what plainly is no part of it (and then
they are told); nothing is passed on before they have heard it back and said so. Danger, STOP and the like go first, and
what was danger is kept as well.
"""

from __future__ import annotations

import uuid

from api.assistant.operations import speaking, talk
from api.assistant.operations.asking import SILENT, Ask, option, say
from api.assistant.operations.schemas import Reply, ReplyOption
from api.assistant.operations.words import says
from api.escalations import service as escalations
from api.escalations.queries import about_danger
from api.messages.sms import segments, to_gsm7
from api.views import asking, drafts, service
from api.views.drafts import without_closing
from api.views.models import AUDIENCES, ViewDraft

#: Heard and answered as ever while somebody writes, and kept with the rest: it may be what they want said.
DANGER = frozenset({"report_immediate_danger", "disclose_self_harm", "disclose_harm", "express_distress"})
#: Done at once and not kept, where it is plain: short, and understood without a doubt.
AT_ONCE = frozenset({"stop_messages", "wrong_person", "contact_worker", "goodbye", "change_language", "ask_privacy"})
#: Plainly a question to us, and not to the meeting.
QUESTIONS = frozenset(
    {"check_appointments", "ask_appointment_details", "check_actions", "ask_plan_status", "ask_who_is_my_worker",
     "find_service", "ask_capabilities", "ask_if_bot"}
)  # fmt: skip
#: Words that are no part of what is to be said.
SMALL_TALK = frozenset({"affirm", "deny", "thank", "greet"})
#: Answers after which there is room for a question of ours.
LEAVES_ROOM = frozenset(
    {"greet", "thank", "check_appointments", "ask_appointment_details", "confirm_attendance", "check_actions",
     "report_action_done", "ask_plan_status", "ask_about_plan", "ask_capabilities", "ask_who_is_my_worker"}
)  # fmt: skip
SURE = 0.8
SHORT = 8
#: By text only the first message is acknowledged, and then every so many: each costs somebody money and attention.
ACKNOWLEDGED = 5
#: What is read back whole in a text; of more, the beginning and the end.
WHOLE_SEGMENTS = 3
GLIMPSE = 100
#: A text that reads back all of it, in parts of so many characters.
PART = 600


def meant(ask: Ask, name: str) -> str:
    """The operation that a message is for, in the light of what is being collected; ``name`` where that is nothing."""
    if ask.tapped or ask.holder is None:
        return name
    draft = _draft(ask) if ask.drafting else None
    if draft is None:
        return "share_views" if name not in DANGER and says(ask.words, "want_a_say") else name
    ask.question.requests = []  # two requests in one message are two things to be said
    if name in DANGER:
        keep(ask, draft)
        return name
    if _plain(ask, name, AT_ONCE) and not (name == "contact_worker" and says(ask.words, "leave_message")):
        return name
    if draft.stage == "read_back" and _plain(ask, name, QUESTIONS):
        return name
    if ask.person is None and ask.turn.standing in ("pin", "question", "choose") and _takes(ask):
        keep(ask, draft)  # the PIN is asked for, and nothing that was written meanwhile is lost
    return "share_views"


def share_views(ask: Ask) -> list[Reply]:
    """Whatever somebody does who is having their say: begins, writes, finishes, passes on, chooses, takes back."""
    if ask.tapped:
        return _chosen(ask, ask.carried("choice"))
    draft = _draft(ask)
    if draft is None:
        return begin(ask) if says(ask.words, "want_a_say") else _at_once(ask)
    if says(ask.words, "views_leave") or _plain(ask, ask.question.intent, frozenset({"cancel"})):
        return _leave(ask, draft)
    if draft.stage == "read_back" and _small(ask):
        return _pass_on(ask, draft) if ask.question.intent == "affirm" else [say("views.what_now", *_what_now())]
    if _small(ask) or says(ask.words, "want_a_say"):
        return [say("views.go_on", *_finish())]
    if not _takes(ask) and not says(ask.words, "views_done"):
        if not ask.words.strip():
            return [say("views.only_words", *_finish())]
        put_in = option("views.option.add", "share_views", choice="add", topic=str(_written(ask)))
        return [say("views.a_question", put_in, *_finish())]
    return _take(ask, draft)


def keep(ask: Ask, draft: ViewDraft) -> bool:
    """Put the message with the rest, once; False where there is no room."""
    return drafts.add(ask.session, draft, _written(ask), ask.turn.now)


def begin(ask: Ask) -> list[Reply]:
    """Start collecting, or go on with what was begun."""
    if ask.person is None:
        return [talk.unknown(ask)]
    draft = drafts.begin(ask.session, ask.person.id, ask.conversation, ask.turn.now)
    number = drafts.count(ask.session, draft)
    if number:
        return [say("views.go_on_one" if number == 1 else "views.go_on_many", *_finish(), number=number)]
    return [say("views.begin", *_finish())]


def _take(ask: Ask, draft: ViewDraft) -> list[Reply]:
    words, done = without_closing(ask.words, says(ask.words, "views_done"))
    if words and not keep(ask, draft):
        return [say("views.full", *_finish())]
    if done:
        return [_read_back(ask, draft)]
    number = drafts.count(ask.session, draft)
    loud = ask.turn.channel == "web" or number == 1 or number % ACKNOWLEDGED == 0 or draft.stage == "read_back"
    draft.stage = "collecting"
    if ask.turn.safety_kind != "none" or not loud:
        return [say(SILENT)]
    return [say("views.kept_one" if number == 1 else "views.kept_many", *_finish(), number=number)]


def _read_back(ask: Ask, draft: ViewDraft) -> Reply:
    """All of it, word for word; by text the beginning and the end of what is long, and the rest on request."""
    words = drafts.words(ask.session, draft)
    if not words:
        return say("views.nothing_yet", *_finish())
    draft.stage = "read_back"
    if ask.turn.channel == "web" or segments(to_gsm7(words)) <= WHOLE_SEGMENTS:
        return say("views.read_back", *_what_now(), words=words)
    number, first, last = drafts.count(ask.session, draft), words[:GLIMPSE], words[-GLIMPSE:]
    whole = option("views.option.all", "share_views", choice="all")
    text_id = "views.read_back_one" if number == 1 else "views.read_back_many"
    return say(text_id, *_what_now(), whole, number=number, first=first, last=last)


def _chosen(ask: Ask, choice: str) -> list[Reply]:
    view_id = ask.carried_id("topic")
    if choice in AUDIENCES:
        chosen = service.choose_audience(ask.session, ask.someone.id, view_id, choice) if view_id else None
        back = option("views.option.take_back", "share_views", choice="take_back", topic=str(view_id))
        return [say(f"views.chosen.{chosen.audience}", back)] if chosen else [say("views.not_there")]
    if choice == "take_back":
        taken = view_id is not None and service.take_back(ask.session, ask.someone.id, view_id)
        return [say("views.taken_back" if taken else "views.not_there")]
    if choice == "begin":
        return begin(ask)
    draft = _draft(ask)
    if draft is None:
        return [say("views.not_there")]
    if choice == "add":
        added = view_id is not None and drafts.add(ask.session, draft, view_id, ask.turn.now)
        return [say("views.added" if added else "views.full", *_finish())]
    return _finished(ask, draft, choice)


def _finished(ask: Ask, draft: ViewDraft, choice: str) -> list[Reply]:
    drafts.touch(draft, ask.turn.now)
    if choice == "pass" and draft.stage == "read_back":
        return _pass_on(ask, draft)
    if choice == "all":
        words = drafts.words(ask.session, draft)
        parts = [words[at : at + PART] for at in range(0, len(words), PART)]
        return [*(say("views.part", words=part) for part in parts), say("views.what_now", *_what_now())]
    if choice == "leave":
        return _leave(ask, draft)
    if choice == "again":
        drafts.start_again(ask.session, draft)
        return [say("views.begin_again", *_finish())]
    if choice == "more":
        draft.stage = "collecting"
        return [say("views.go_on", *_finish())]
    return [_read_back(ask, draft)]


def _leave(ask: Ask, draft: ViewDraft) -> list[Reply]:
    drafts.let_go(ask.session, draft)
    return [say("views.left")]


def _pass_on(ask: Ask, draft: ViewDraft) -> list[Reply]:
    words = drafts.words(ask.session, draft)
    if not words:
        return [say("views.nothing_yet", *_finish())]
    drafts.let_go(ask.session, draft)
    return _passed_on(ask, words, again=False)


def _at_once(ask: Ask) -> list[Reply]:
    """A message that holds what somebody wants said is passed on as it is: nobody need have credit for a second one.

    Until they have chosen it is for their own worker (and that worker's manager) only.
    """
    return _passed_on(ask, ask.words, again=True)


def _passed_on(ask: Ask, words: str, *, again: bool) -> list[Reply]:
    escalations.open_escalation(
        ask.session, conversation=ask.conversation, message=ask.message, kind="views", priority="routine", words=words
    )
    if ask.person is None:
        return [say("views.passed_on")]
    today = ask.turn.now.astimezone(ask.turn.timezone).date()
    view = service.from_message(ask.session, ask.person, ask.message.id, words, today)
    ask.pending = {"about": "views", "view": str(view.id)}
    choices = [option(f"views.ask.{who}", "share_views", choice=who, topic=str(view.id)) for who in ("lead", "meeting")]
    if again:
        choices.append(option("views.option.begin", "share_views", choice="begin"))
    return [say("views.passed_on_young" if ask.person.kind == "young_person" else "views.passed_on", *choices)]


def still_said(ask: Ask) -> list[Reply]:
    """They say no, or never mind, to what was just passed on: it stays so until they take it back; [] where nothing
    was. Silence here would sound like a yes."""
    if ask.person is None or ask.state.pending.get("about") != "views":
        return []
    back = option("views.option.take_back", "share_views", choice="take_back", topic=ask.state.pending["view"])
    return [say("views.still_said", back)]


def invited(ask: Ask, chosen: str) -> list[Reply]:
    """The question before a meeting, asked in the chat after an answer that leaves room for it; [] else. Once for each
    meeting, of whoever was not asked by text."""
    there = ask.turn.channel == "web" and ask.person is not None and chosen in LEAVES_ROOM
    if not there or ask.pending or ask.state.asking or ask.turn.safety_kind != "none":
        return []
    if about_danger(ask.session, ask.conversation.id):
        return []
    meeting = asking.in_chat(ask.session, ask.someone, ask.turn.now)
    if meeting is None:
        return []
    voice = speaking.voice(ask)
    day = voice.day(meeting.starts_at.astimezone(voice.zone).date())
    return [say("views.invite_chat", kind=voice.kind(meeting.kind), day=day)]


def _draft(ask: Ask) -> ViewDraft | None:
    return drafts.open_in(ask.session, ask.conversation)


def _written(ask: Ask) -> uuid.UUID:
    """The message whose words these are: after a PIN the one that waited for it."""
    return ask.message.continues or ask.message.id


def _plain(ask: Ask, name: str, among: frozenset[str]) -> bool:
    return name in among and ask.question.confidence >= SURE and len(ask.words.split()) <= SHORT


def _small(ask: Ask) -> bool:
    return ask.question.intent in SMALL_TALK and ask.question.confidence >= SURE and len(ask.words.split()) <= 3


def _takes(ask: Ask) -> bool:
    """Is this to be kept with the rest (and neither a word for us nor a question to us)?"""
    closing = says(ask.words, "views_done") or says(ask.words, "views_leave") or says(ask.words, "want_a_say")
    plain = _small(ask) or _plain(ask, ask.question.intent, QUESTIONS | {"cancel"})
    return bool(ask.words.strip()) and not closing and not plain


def _finish() -> list[ReplyOption]:
    return [option(f"views.option.{name}", "share_views", choice=name) for name in ("done", "leave")]


def _what_now() -> list[ReplyOption]:
    return [option(f"views.option.{name}", "share_views", choice=name) for name in ("pass", "more", "again", "leave")]
