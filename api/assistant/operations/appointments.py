"""Appointments: what is coming up, the details of one, coming, not coming, being late."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from api.appointments import offers, queries, service
from api.appointments.models import Appointment
from api.assistant.operations import details_of, speaking, times
from api.assistant.operations.asking import Ask, option, say
from api.assistant.operations.meant import meant, narrowed, of_kind_named
from api.assistant.operations.schemas import Reply, ReplyOption
from api.assistant.operations.words import appointment_words, says
from api.escalations import service as escalations

#: How many are told in one message.
SHOWN = 3
#: How far ahead "what is coming up" looks.
AHEAD = timedelta(days=120)
#: A change asked for so shortly before is put before the worker at once.
SOON = timedelta(hours=48)
#: Running late: the worker is texted when the meeting is as near as this.
NEAR = timedelta(hours=2)


def check(ask: Ask) -> list[Reply]:
    """What is coming up: next, on the days they name, of the kind or child or professional they name."""
    when = times.asked(ask)
    if when.spans and when.end <= _today(ask):
        return [_past(ask, when.start, when.end)]
    since = ask.turn.now - timedelta(minutes=30)
    every = queries.own(
        ask.session,
        ask.someone.id,
        after=max(since, when.start) if when.spans else since,
        before=when.end if when.spans else ask.turn.now + AHEAD,
        status=None,
    )
    every = [one for one in every if when.hold(one, since)] if when.spans else every
    coming = [one for one in every if one.status == "scheduled"]
    found = narrowed(ask, coming)
    if when.unclear and found:
        unclear = f"appointments.unclear_{when.unclear}"
        return [_coming_up(ask, unclear, f"{unclear}_more", found)]
    missed = (
        [] if when.named or not appointment_words().missed.search(appointment_words().fold(ask.words)) else _missed(ask)
    )
    if not found:
        return missed or [_nothing(ask, when, [one for one in every if one.status == "cancelled"])]
    before = [*missed, *_empty_days(ask, when, every)]
    ask.state.focus_appointment = str(found[0].id)
    if len(found) == len(coming) and not of_kind_named(ask, found):
        if not when.spans:
            return [*before, say("appointments.none_of_kind", next=speaking.moment(ask, found[0].starts_at))]
        before.append(_another_day(ask))
    if len(found) == 1 or (not when.spans and not _wants_list(ask)):
        ask.pending = {"about": "appointment", "appointment": str(found[0].id)}
        more = len(found) - 1
        return [*before, say(_next_id(ask, found[0], more), *choices(found[0]), **_facts(ask, found[0]), more=more)]
    return [*before, _coming_up(ask, "appointments.list", "appointments.list_more", found)]


def _another_day(ask: Ask) -> Reply:
    """Of the kind that they name there is none on the days they name: when it is, if it is at all."""
    later = of_kind_named(ask, ahead(ask))
    if not later:
        return say("appointments.none_like_it")
    ask.state.focus_appointment = str(later[0].id)
    return say("appointments.another_day", when=speaking.moment(ask, later[0].starts_at))


def _coming_up(ask: Ask, text_id: str, with_more: str, found: Sequence[Appointment]) -> Reply:
    lines = "\n".join(line(ask, one) for one in found[:SHOWN])
    ask.pending = {"last": str(found[:SHOWN][-1].id)}
    rest = len(found) - SHOWN
    return say(with_more if rest > 0 else text_id, lines=lines, more=rest)


def details(ask: Ask) -> list[Reply]:
    """Where, who, how long, what to bring, how to get there, the link, what it is about: of the one they mean."""
    one = meant(ask, ahead(ask))
    if one is None:
        return _which(ask, "ask_appointment_details") or [say("appointments.none")]
    ask.state.focus_appointment = str(one.id)
    topic = ask.carried("topic") or ask.hint("topic")
    topics = [topic] if topic else appointment_words().topics_in(ask.words)
    if "companion" in topics:
        topics = ["companion"]
    if "children" in topics:  # "do I bring the kids, or go alone" asks for no papers
        topics = [topic for topic in topics if topic not in ("bring", "who")]
    if len(topics) > 1 or "where" in topics:  # "how do I get there" asks for the place first, and for help if there is
        topics = [topic for topic in topics if topic != "travel"] + ["travel"] * bool(one.travel)
    told = [words for topic in topics or ["about", "where", "who"] if (words := details_of.told(ask, one, topic))]
    choices = []
    if details_of.is_for_a_worker(ask, one, topics):
        ask.pending = {"words": ask.words}
        choices = [option("option.tell_worker", "contact_worker")]
    when = speaking.opening(speaking.moment(ask, one.starts_at))
    return [say("appointments.details", *choices, when=when, details=" ".join(told))]


def confirm(ask: Ask) -> list[Reply]:
    """They will come: to the one they mean, else the next; read back, so that a mistake shows. Where they name a day
    that none is on, they are asked which."""
    coming = ahead(ask)
    one = meant(ask, coming)
    if one is None and coming and (ask.carried("more") or times.missed_by(ask, times.of_one(ask))):
        return _which(ask, "confirm_attendance")
    one = one or (coming[0] if coming else None)
    return _confirm(ask, one) if one is not None else [say("appointments.none")]


def _confirm(ask: Ask, one: Appointment) -> list[Reply]:
    service.answer(ask.session, one, ask.someone.id, "confirmed", words=ask.words, now=ask.turn.now)
    ask.state.focus_appointment = str(one.id)
    return [say("appointments.confirmed", when=speaking.moment(ask, one.starts_at))]


def confirm_offered(ask: Ask, offered: uuid.UUID | None) -> list[Reply] | None:
    """The same, of this appointment and no other; None if it is not this person's."""
    one = next((one for one in ahead(ask) if one.id == offered), None)
    when = times.of_one(ask)
    if one is not None and when.named and not times.on(when, [one]) and times.missed_by(ask, when):
        return None
    return _confirm(ask, one) if one is not None else None


def reschedule(ask: Ask) -> list[Reply]:
    """They cannot come or want another time: a request with their own words, for the worker to see; or they answer
    the times that the worker offered."""
    if ask.carried("offered_time"):
        return _offered(ask)
    coming = ahead(ask)
    if "last" in ask.state.pending:
        ask.state.focus_appointment = ""  # of several that were just told, none is the one they mean
    one = meant(ask, coming, reasons=True)
    words = ask.state.pending.get("words") if ask.tapped else ""
    if one is None:
        if not coming:
            ask.pending = {"about": "offer_person", "words": ask.words}
            return [say("appointments.none_to_change", option("option.tell_worker", "contact_worker"))]
        ask.pending = {"words": words or ask.words}
        return _which(ask, "request_reschedule")
    if ask.tapped and not words:
        words = ask.text("appointments.cannot_come_words")
    service.request_change(
        ask.session,
        one,
        ask.someone.id,
        message_id=ask.turn.message_id,
        words=words or ask.words,
        now=ask.turn.now,
    )
    ask.state.focus_appointment = str(one.id)
    ask.pending = {"about": "change", "appointment": str(one.id), "words": words or ask.words}
    if one.starts_at - ask.turn.now <= SOON:
        tell_worker(ask, "change_request", words or ask.words)
    return [say("appointments.change_asked", when=speaking.moment(ask, one.starts_at))]


def _offered(ask: Ask) -> list[Reply]:
    """They take a time that was offered, or none of them."""
    request_id, offered_id = ask.carried_id("request"), ask.carried_id("offered_time")
    if request_id is not None and offers.none_of_them(ask.session, ask.someone.id, request_id):
        return [say("offers.none_noted")]
    outcome = offers.choose(ask.session, ask.someone.id, offered_id) if offered_id is not None else None
    if outcome is None:
        return [say("appointments.none_to_change", option("option.tell_worker", "contact_worker"))]
    state, when = outcome
    return [say(f"offers.{state}", when=speaking.moment(ask, when))]


def running_late(ask: Ask) -> list[Reply]:
    """They are on their way but late: recorded; the worker is texted when it is about now."""
    now = ask.turn.now
    late = ahead(ask, since=timedelta(hours=3))
    today = [one for one in late if one.starts_at - now <= timedelta(hours=12)]
    when = times.of_one(ask)
    if when.spans and (then := times.on(when, late)):
        today = then
    elif times.missed_by(ask, when):
        today = []
    one = meant(ask, today, alone=False) or min(today, key=lambda each: abs(each.starts_at - now), default=None)
    if one is None:
        ask.pending = {"about": "offer_person", "words": ask.words}
        return [say("appointments.none_today", option("option.tell_worker", "contact_worker"))]
    service.answer(ask.session, one, ask.someone.id, "late", words=ask.words, now=now)
    ask.state.focus_appointment = str(one.id)
    if one.starts_at - now <= NEAR:
        tell_worker(ask, "running_late", ask.words)
        return [say("appointments.late_told", time=speaking.hour(ask, one.starts_at))]
    return [say("appointments.late_noted", when=speaking.moment(ask, one.starts_at))]


def tell_worker(ask: Ask, kind: str, words: str) -> None:
    escalations.open_escalation(
        ask.session, conversation=ask.conversation, message=ask.message, kind=kind, priority="routine", words=words
    )


def ahead(ask: Ask, since: timedelta = timedelta(minutes=30)) -> Sequence[Appointment]:
    """Theirs from ``since`` before now on, the first first."""
    return queries.own(ask.session, ask.someone.id, after=ask.turn.now - since, before=ask.turn.now + AHEAD)


def _today(ask: Ask) -> datetime:
    local = ask.turn.now.astimezone(ask.turn.timezone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _which(ask: Ask, intent: str) -> list[Reply]:
    coming = ahead(ask)
    if not coming:
        return []
    more = ask.carried("more")
    begin = int(more) if more.isdigit() and int(more) < len(coming) else 0
    shown = coming[begin : begin + SHOWN]
    choices = [option("", intent, label=line(ask, one), appointment_ref=str(one.id), **_topic(ask)) for one in shown]
    if begin + SHOWN < len(coming):
        choices.append(option("services.option_more", intent, more=str(begin + SHOWN), **_topic(ask)))
    when = times.of_one(ask)
    if when.spans and not times.on(when, coming) and when.spans[0].days == 1:
        day = speaking.day(ask, when.spans[0].start.date())
        return [say("appointments.which_not_that_day", *choices, day=day)]
    return [say("appointments.which", *choices)]


def _topic(ask: Ask) -> dict[str, str]:
    topics = [] if ask.tapped else appointment_words().topics_in(ask.words)
    topic = ask.carried("topic") or next(iter(topics), "")
    return {"topic": topic} if topic else {}


def choices(one: Appointment) -> list[ReplyOption]:
    """What may be said of one that was told: they come, they cannot, where is it."""
    carried = {"appointment_ref": str(one.id)}
    return [
        option("option.will_come", "confirm_attendance", **carried),
        option("option.cannot_come", "request_reschedule", **carried),
        option("option.where", "ask_appointment_details", **carried, topic="where"),
    ]


def _next_id(ask: Ask, one: Appointment, more: int) -> str:
    if not ask.plain_words:
        return "appointments.next_discreet_more" if more else "appointments.next_discreet"
    with_child = "_child" if speaking.child(ask, one) else ""
    return f"appointments.next{with_child}" + ("_more" if more else "")


def _facts(ask: Ask, one: Appointment) -> dict[str, str]:
    when = speaking.moment(ask, one.starts_at)
    if not ask.plain_words:
        return {"when": when}
    return {"when": when, "kind": speaking.kind(ask, one), "child": speaking.child(ask, one)}


def line(ask: Ask, one: Appointment) -> str:
    """One in a line of a list or on a choice: when, and on their own phone what."""
    when = speaking.opening(speaking.moment(ask, one.starts_at))
    return ask.text("appointments.line", when=when, kind=speaking.kind(ask, one)) if ask.plain_words else when


def _wants_list(ask: Ask) -> bool:
    """Several are told without a day only where the words ask for all there is."""
    return says(ask.words, "all")


def _nothing(ask: Ask, when: times.Times, cancelled: Sequence[Appointment]) -> Reply:
    if cancelled and when.spans:
        return say("appointments.cancelled", when=speaking.moment(ask, cancelled[0].starts_at))
    following = ahead(ask)
    if not when.spans or not following:
        return say("appointments.none")
    ask.state.focus_appointment = str(following[0].id)
    next_one = speaking.moment(ask, following[0].starts_at)
    if all(span.days == 1 for span in when.spans):
        days = speaking.either(ask, [speaking.day(ask, span.start.date()) for span in when.spans])
        return say("appointments.none_that_day", day=days, next=next_one)
    return say("appointments.none_then", next=next_one)


def _empty_days(ask: Ask, when: times.Times, every: Sequence[Appointment]) -> list[Reply]:
    """What is said of the days, of several that were named, that nothing is on any more."""
    days = [span for span in when.spans if span.days == 1 and span.start >= _today(ask)]
    empty: list[str] = []
    told: list[Reply] = []
    for span in days if len(when.spans) > 1 else ():
        on_it = [one for one in every if span.start <= one.starts_at < span.end]
        if any(one.status == "scheduled" for one in on_it):
            continue
        if on_it:
            told.append(say("appointments.cancelled", when=speaking.moment(ask, on_it[0].starts_at)))
        else:
            empty.append(speaking.day(ask, span.start.date()))
    return told + ([say("appointments.none_on_days", days=speaking.either(ask, empty))] if empty else [])


def _past(ask: Ask, start: datetime, end: datetime) -> Reply:
    before = queries.own(ask.session, ask.someone.id, after=start, before=end)
    if not before:
        return say("appointments.none_past", day=speaking.day(ask, start.date()))
    return say("appointments.past", lines="\n".join(line(ask, one) for one in before[:SHOWN]))


def _missed(ask: Ask) -> list[Reply]:
    last = queries.last_before(ask.session, ask.someone.id, ask.turn.now)
    if last is None or ask.turn.now - last.ends_at > timedelta(days=14):
        return []
    return [say("appointments.last", when=speaking.moment(ask, last.starts_at))]


def change_choice(appointment_ref: str) -> list[ReplyOption]:
    """The option to ask for another time for that appointment."""
    return [option("option.cannot_come", "request_reschedule", appointment_ref=appointment_ref)]
