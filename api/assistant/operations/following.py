"""What follows on what was just said of an appointment: "what time", "who", "and where", "and the one after that",
"no, the other one". Such bits say nothing by themselves; read alone they are taken for anything.

Promise: they are read so only where the talk was of an appointment last, and never where they say more than that.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from api.appointments import service
from api.appointments.models import Appointment
from api.assistant.operations import appointments, speaking, times
from api.assistant.operations.asking import Ask, option, say
from api.assistant.operations.schemas import FoundEntity, Reply
from api.assistant.operations.words import appointment_words, says

#: After these the talk is of an appointment; ...
OF_APPOINTMENTS = frozenset(
    {"check_appointments", "ask_appointment_details", "confirm_attendance", "request_reschedule", "running_late"}
)
#: ... and these change nothing in what it is of.
SMALL_TALK = frozenset({"affirm", "deny", "thank", "greet", "out_of_scope", "fallback"})
#: The one after that.
NEXT = "next"


def remember(ask: Ask, name: str) -> None:
    """What the talk is of from now on, when ``name`` has been answered."""
    if name not in SMALL_TALK:
        ask.state.on_appointments = name in OF_APPOINTMENTS
        ask.state.on_services = name == "find_service"


def asks(ask: Ask, name: str) -> str:
    """The operation that a bare question after an appointment is for, or "" where it is none. What is asked goes along
    with the question, as a topic."""
    if ask.tapped or not ask.state.on_appointments or not ask.state.focus_appointment:
        return ""
    topic = appointment_words().follows(ask.words)
    if not topic:
        return ""
    if topic == NEXT:
        return "check_appointments"
    ask.question.entities.append(FoundEntity(entity="topic", value=topic))
    return "ask_appointment_details"


def check(ask: Ask) -> list[Reply]:
    """What is coming up; of "and the one after" the one behind those that were told last."""
    last = _told_last(ask) if appointment_words().follows(ask.words) == NEXT and not ask.tapped else None
    return appointments.check(ask) if last is None else [_after(ask, last)]


def _told_last(ask: Ask) -> Appointment | None:
    told = ask.state.pending.get("last") or ask.state.focus_appointment
    if not ask.state.on_appointments or not told:
        return None
    return next((one for one in appointments.ahead(ask) if one.id == UUID(told)), None)


def _after(ask: Ask, last: Appointment) -> Reply:
    def place(one: Appointment) -> tuple[datetime, str]:
        return one.starts_at, str(one.id)

    one = min((one for one in appointments.ahead(ask) if place(one) > place(last)), key=place, default=None)
    if one is None:
        return say("appointments.none_after")
    ask.state.focus_appointment = str(one.id)
    ask.pending = {"about": "appointment", "appointment": str(one.id)}
    when = speaking.moment(ask, one.starts_at)
    if not ask.plain_words:
        return say("appointments.after_discreet", *appointments.choices(one), when=when)
    return say("appointments.after", *appointments.choices(one), when=when, kind=speaking.kind(ask, one))


def asks_how_to_get_there(ask: Ask) -> bool:
    """Do the words ask for help with getting somewhere, and are they expected somewhere? A taxi or a bus fare is then
    no service to look for."""
    return "travel" in appointment_words().topics_in(ask.words) and bool(appointments.ahead(ask))


def says_when_instead(ask: Ask) -> bool:
    """Do the words, right after a change was asked for, say when it would suit them, and ask nothing?"""
    if ask.tapped or ask.person is None or ask.state.pending.get("about") != "change":
        return False
    if says(ask.words, "asks_when") or says(ask.words, "cannot_then"):
        return False
    named = times.asked(ask).named or says(ask.words, "an_hour")
    return says(ask.words, "any_time") or (named and says(ask.words, "would_suit"))


def reschedule(ask: Ask) -> list[Reply]:
    """They cannot come or want another time; or when it would suit them, which goes to the worker with what they asked
    for before."""
    one = _changed(ask) if says_when_instead(ask) else None
    if one is None:
        return appointments.reschedule(ask)
    before = ask.state.pending.get("words", "")
    service.say_more(
        ask.session, one, ask.someone.id, message_id=ask.turn.message_id, words=ask.words, now=ask.turn.now
    )
    words = f"{before} / {ask.words}" if before else ask.words
    ask.pending = {"about": "change", "appointment": str(one.id), "words": words}
    if one.starts_at - ask.turn.now <= appointments.SOON:
        appointments.tell_worker(ask, "change_request", words)
    return [say("appointments.change_when", when=speaking.moment(ask, one.starts_at))]


def _changed(ask: Ask) -> Appointment | None:
    """The one that was asked to be changed just before, if it is still to come."""
    if ask.state.pending.get("about") != "change" or ask.person is None:
        return None
    changed = ask.state.pending["appointment"]
    return next((one for one in appointments.ahead(ask) if str(one.id) == changed), None)


def after_a_change(ask: Ask) -> list[Reply] | None:
    """ "Leave it", "no, the other one", right after a change was asked for: it stands, and that is said, with a way to
    come after all and the others that may be meant. None where none was asked for just before."""
    one = _changed(ask)
    if one is None:
        return None
    ask.pending = {"words": ask.state.pending.get("words", "")}
    others = [
        option("", "request_reschedule", label=appointments.line(ask, other), appointment_ref=str(other.id))
        for other in appointments.ahead(ask)
        if other.id != one.id
    ]
    come = option("option.will_come", "confirm_attendance", appointment_ref=str(one.id))
    return [say("appointments.change_stands", come, *others[:2], when=speaking.moment(ask, one.starts_at))]
