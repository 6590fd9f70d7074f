"""What a bare answer means: "yes", "no", "never mind", a place or a need by itself, in the light of what was just
asked."""

from __future__ import annotations

import json

from api.assistant.operations import (
    actions,
    appointments,
    contact,
    directory,
    door,
    following,
    own_plan,
    pointing,
    preferences,
    saying,
    services_told,
    times,
    who,
    wishes,
)
from api.assistant.operations import reminders as reminder_wishes
from api.assistant.operations.asking import Ask, say
from api.assistant.operations.both import SAFETY
from api.assistant.operations.schemas import Reply
from api.assistant.operations.words import says
from api.families.wishes import Wish
from api.reminders import queries as reminders

#: Never taken for an answer to something else.
FIRM = frozenset(
    {
        "report_immediate_danger", "disclose_self_harm", "disclose_harm", "express_distress", "contact_worker",
        "stop_messages", "cancel", "deny", "wrong_person", "complain", "ask_privacy", "find_service", "change_language",
    }
)  # fmt: skip
#: What a reminder may be answered with in words.
ANSWERS = frozenset(
    {"affirm", "deny", "confirm_attendance", "request_reschedule", "running_late", "ask_appointment_details"}
)
#: What a wish for a PIN is mistaken for.
MAYBE_A_PIN = frozenset({"fallback", "out_of_scope", "ask_privacy", "stop_messages", "cancel", "ask_capabilities"})
#: What a wish to read the plan, or for help with getting to an appointment, is mistaken for.
MAYBE_OURS = frozenset({"find_service", "out_of_scope", "fallback"})
#: What "what do i need to have ready for it" is mistaken for, of an appointment that was just talked of.
MAYBE_READY = MAYBE_OURS | {"check_actions", "ask_capabilities"}
#: What "I am not coming" is mistaken for.
MAYBE_NOT_COMING = frozenset({"confirm_attendance", "running_late"})
#: "Which things on my list are late" is mistaken for being late.
MAYBE_OVERDUE = frozenset({"running_late", "check_actions"})
#: Words that are clear by themselves (their id in data/words), what they are for, and what they are mistaken for.
MISTAKEN = (
    ("their_number", "ask_who_is_my_worker", {"thank", "goodbye", "ask_capabilities", "out_of_scope", "fallback"}),
    ("bereaved", "express_distress",
     {"out_of_scope", "fallback", "ask_about_plan", "check_appointments", "check_actions"}),
    ("delete_words", "ask_privacy", {"cancel"}),
    ("not_all_stop", "change_contact_preference", {"stop_messages"}),
    ("no_food", "find_service", {"out_of_scope", "fallback", "report_action_blocked", "check_actions"}),
    ("worker_in", "ask_who_is_my_worker",
     {"out_of_scope", "fallback", "check_appointments", "ask_appointment_details", "ask_if_bot", "ask_capabilities"}),
    ("moving_home", "contact_worker",
     {"check_appointments", "out_of_scope", "fallback", "find_service", "change_contact_preference", "greet",
      "ask_appointment_details", "report_action_done", "request_reschedule"}),
    ("another_worker", "complain",
     {"ask_who_is_my_worker", "ask_about_plan", "contact_worker", "request_reschedule", "out_of_scope", "fallback"}),
)  # fmt: skip
#: Below this the model has understood nothing.
UNSURE = 0.35
#: What is asked with a day, and how likely it is at least beside a greeting of so many words.
WITH_A_DAY = frozenset({"check_appointments", "ask_appointment_details", "check_actions", "request_reschedule"})
LIKELY, A_SENTENCE = 0.1, 4
#: An answer to "where?" or "what kind?" is short; longer is a new matter.
SHORT_ANSWER = 8
#: An intent as sure as this stands, whatever was asked before.
SURE = 0.8


def redirect(ask: Ask, name: str) -> str:
    """The operation that this message is really for: itself, or find_service where it answers our question, or what
    was wished of reminders. An answer to a reminder is about its appointment. While somebody has their say, what they
    write is that."""
    asked, ask.state.asking = ask.state.asking, ""
    if (said := saying.meant(ask, name)) == "share_views":
        return said
    if ask.holder is not None and (reported := actions.by_number(ask)[0]):
        return reported
    if _says_which(ask, name):
        return ask.state.pending["intent"]
    _recall(ask, name)
    if name not in SAFETY and (services_told.is_asked(ask) or services_told.asks_for_more(ask)):
        return "find_service"
    if name == "greet" and (beside := _asked_beside_greeting(ask)):
        return beside
    if name not in FIRM and following.says_when_instead(ask):
        ask.question.requests = []
        return "request_reschedule"
    if name not in SAFETY and (followed := following.asks(ask, name)):
        return followed
    if who.is_asked(ask, name):
        return "ask_who_is_my_worker"
    if name in MAYBE_OVERDUE and not ask.tapped and says(ask.words, "what_is_late"):
        ask.question.requests = []
        return "check_actions"
    if _cannot_come(ask, name):
        ask.question.requests = []
        return "request_reschedule"
    for words, clearly, mistaken_for in MISTAKEN:
        if name in mistaken_for and not ask.tapped and says(ask.words, words):
            return clearly
    if name in SAFETY and not ask.tapped and says(ask.words, "wants_pin"):  # nothing else is in it
        return "change_contact_preference"
    unsure = name in MAYBE_A_PIN or (ask.question.intent != "" and ask.question.confidence < UNSURE)
    if unsure and not ask.tapped and says(ask.words, "pin"):
        return "change_contact_preference"
    if wishes.is_about_the_phone(ask, name):
        return "change_contact_preference"
    if own_plan.is_asked(ask, name):
        return "ask_plan_status"
    if own_plan.is_about(ask, name):
        return "ask_about_plan"
    if pointed := pointing.meant(ask, name, asked):
        return pointed
    if name in MAYBE_READY and ask.state.focus_appointment and not ask.tapped and says(ask.words, "ready_for_it"):
        return "ask_appointment_details"
    if reminder_wishes.is_about_reminders(ask, name):
        return "change_contact_preference"
    if name in MAYBE_OURS and not (ask.tapped or asked or ask.person is None):
        if name != "find_service" and says(ask.words, "see_plan"):
            return "ask_about_plan"
        return "ask_appointment_details" if following.asks_how_to_get_there(ask) else name
    if ask.tapped or not asked or name in FIRM:
        ask.state.asking = asked if name == "find_service" else ""
        return name
    short = len(ask.words.split()) <= SHORT_ANSWER
    if (
        short
        and (ask.question.confidence < SURE or name in ("fallback", "out_of_scope"))
        and directory.answers(ask, asked)
    ):
        ask.state.asking = asked
        return "find_service"
    return name


def _asked_beside_greeting(ask: Ask) -> str:
    """What a greeting is followed by: nobody greets with a day. "" where it is only a greeting."""
    if ask.tapped or not ask.hint("time") or len(ask.words.split()) < A_SENTENCE:
        return ""
    second = next((one for one in ask.question.ranking if one.intent != "greet"), None)
    return second.intent if second and second.intent in WITH_A_DAY and second.confidence >= LIKELY else ""


def _says_which(ask: Ask, name: str) -> bool:
    """Do the words answer which other action is meant? Not where they plainly are something else."""
    asked = ask.state.pending.get("about") == "other" and not ask.tapped and name not in FIRM
    return asked and (ask.question.confidence < SURE or name in ("fallback", "out_of_scope"))


def _cannot_come(ask: Ask, name: str) -> bool:
    """Do they say that they do not come, whatever else the words were taken for? Nobody is put down as coming by half a
    sentence about somebody else ("i cant do the visit, the plumber is coming")."""
    parts = {one.intent: one.text for one in ask.question.requests}
    if ask.tapped or name not in MAYBE_NOT_COMING | {"request_reschedule", "report_action_blocked"}:
        return False
    if len(parts) == 2:
        both = parts.keys() == {"confirm_attendance", "request_reschedule"}
        return both and not says(parts["confirm_attendance"], "we_come")
    if not says(ask.words, "not_coming") or says(ask.words, "how_late"):
        return False
    return name in MAYBE_NOT_COMING or (name == "report_action_blocked" and _on_a_day_of_theirs(ask))


def _on_a_day_of_theirs(ask: Ask) -> bool:
    """Do they name a day that they are expected on? Then it is that, and no action, which they cannot do."""
    return ask.person is not None and bool(times.on(times.of_one(ask), appointments.ahead(ask)))


def _recall(ask: Ask, name: str) -> None:
    """Where the last thing they read from us was a reminder, an answer is about that appointment."""
    if name not in ANSWERS or ask.tapped or ask.holder is None:
        return
    appointment_id = reminders.just_reminded_of(ask.session, ask.conversation.id, ask.turn.now)
    if appointment_id is not None:
        ask.state.focus_appointment = str(appointment_id)
        ask.state.pending = {"about": "appointment", "appointment": str(appointment_id)}


def affirm(ask: Ask) -> list[Reply]:
    """ "Yes" to whatever was asked last; with nothing to say yes to, a friendly word."""
    about = ask.state.pending.get("about", "")
    if about == "appointment" and ask.holder is not None:
        return appointments.confirm(ask) if ask.person is not None else door.confirm(ask)
    if about == "profile" and ask.person is not None:
        return wishes.do(ask, Wish.of(json.loads(ask.state.pending["wish"])))
    if about == "report":
        return [say("affirm.recorded")]
    if about in ("unclear", "offer_person"):
        return contact.contact_worker(ask)
    if about == "stop" and ask.holder is not None:
        ask.person = ask.holder  # nobody need prove who they are for this
        ask.question.confidence = 1.0
        return preferences.stop_messages(ask)
    return [say("affirm.ok")]


def deny(ask: Ask) -> list[Reply]:
    """ "No" to whatever was asked last: a report is taken back, an appointment or what they wanted said is asked about,
    the rest is left."""
    about = ask.state.pending.get("about", "")
    if ask.carried("choice") == "keep":
        return [say("deny.kept")]
    if about == "report" and ask.person is not None:
        return actions.undo(ask) or [say("deny.ok")]
    if changed := following.after_a_change(ask):
        return changed
    if about == "appointment" and ask.person is not None:
        return [say("deny.appointment", *appointments.change_choice(ask.state.pending["appointment"]))]
    return saying.still_said(ask) or [say("deny.ok")]


def cancel(ask: Ask) -> list[Reply]:
    """ "Never mind", "undo": the last report is taken back if it came just before or is named; of a change that was
    just asked for it is said that it stands; else what was talked of is left."""
    undo = ask.carried("choice") == "undo" or ask.state.pending.get("about") == "report"
    if (undo or says(ask.words, "undo")) and (undone := actions.undo(ask)):
        return undone
    if changed := following.after_a_change(ask):
        return changed
    if still := saying.still_said(ask):
        return still
    ask.state.search, ask.state.asking, ask.state.focus_appointment = type(ask.state.search)(), "", ""
    return [say("cancel.ok")]
