"""How people are written to: stop, another language, another way; and numbers that are not theirs (any more)."""

from __future__ import annotations

import re

from api import texts
from api.access.models import Agency
from api.assistant.operations import pin, queries, reminders, talk, tongue, wishes
from api.assistant.operations.asking import Ask, option, say
from api.assistant.operations.contact import pass_on
from api.assistant.operations.schemas import Reply
from api.assistant.operations.words import says
from api.audit import service as audit
from api.families import profile
from api.jurisdiction.phones import local_number
from api.messages import mail_enrolment

#: From this confidence on a plea to stop is taken at its word; below it is asked back.
SURE = 0.7


def stop_messages(ask: Ask) -> list[Reply]:
    """No more texts: at once where it is clear, else asked back. The worker is told, so that nobody is out of reach."""
    if ask.turn.channel != "sms":
        pass_on(ask, "preference", "routine", ask.words)
        return [say("stop.web")]
    if ask.carried("choice") != "sure" and (ask.tapped or ask.question.confidence < SURE):
        ask.pending = {"about": "stop", "words": ask.words}
        yes = option("option.stop_texts", "stop_messages", choice="sure")
        return [
            say(
                "stop.ask_neutral" if ask.neutral else "stop.ask",
                yes,
                option("option.keep_texts", "deny", choice="keep"),
            )
        ]
    agency = ask.session.get_one(Agency, ask.turn.agency_id)
    pass_on(ask, "opted_out", "routine", ask.state.pending.get("words") or ask.words)
    _set_points(ask, "opted_out")
    mail_enrolment.stop_with_phone(ask.session, ask.conversation.address, ask.turn.now)
    done = "stop.done_neutral" if ask.neutral else "stop.done"
    return [say(done, phone=local_number(agency.phone, ask.pack.country))]


def wrong_person(ask: Ask) -> list[Reply]:
    """The number is somebody else's: nothing more is sent to it, a worker is told, and nothing is given away.

    Clear words ("wrong number") set it aside at once, and a worker asks it again if that was an error. Somebody who is
    in the family may say other things of this kind ("he's moved out"): then only once it is sure.
    """
    if ask.turn.channel != "sms":
        pass_on(ask, "wrong_person", "routine", ask.words)
        return [say("wrong.noted")]
    sure = says(ask.words, "wrong_number") and ask.question.confidence >= SURE and not ask.tapped
    if ask.carried("choice") != "sure" and not sure:
        ask.pending = {"about": "wrong_person", "words": ask.words}
        mine = option("option.not_me", "wrong_person", choice="sure")
        return [say("wrong.ask", mine, option("option.it_is_me", "deny", choice="keep"))]
    pass_on(ask, "wrong_person", "routine", ask.state.pending.get("words") or ask.words)
    _set_points(ask, "quarantined")
    audit.record(
        ask.session,
        actor_kind="person",
        actor_id=ask.someone.id,
        verb="quarantined_contact_point",
        family_id=ask.family_id,
        object_id=str(ask.someone.id),
        detail={"channel": ask.turn.channel},
    )
    return [say("wrong.done")]


def change_contact(ask: Ask) -> list[Reply]:
    """Another time, way or wording: what is clear is read back and done once they agree; what makes a phone safer that
    others read is done at once, and so is a clear wish about reminders; the rest is passed on in their words."""
    if ask.carried("choice") == "change":
        return wishes.do(ask, wishes.wish_of(ask))
    if ask.carried("choice") == "mail":  # an address, and little else
        return wishes.ask_back(ask)
    if says(ask.words, "pin") or ask.carried("choice") in ("pin", "no_pin"):
        return pin.choose_pin(ask)
    if wishes.theirs_alone_again(ask):
        return wishes.pass_on_alone(ask)
    if reminders.wish(ask.words) is not None:
        if len(ask.words.split()) > reminders.SHORT:
            pass_on(ask, "preference", "routine", ask.words)
        return reminders.choose(ask)
    asked_back = wishes.ask_back(ask)
    if wishes.someone_reads(ask):
        pass_on(ask, "preference", "routine", ask.words)
        safer = {"wording": "discreet", "may_name_children": False}
        for one in wishes.meant(ask):
            profile.change(ask.session, one, safer, actor_kind="person", actor_id=one.id, now=ask.turn.now)
        return [say(pin.now_discreet(ask, wishes.meant(ask)), *pin.offer(ask)), *asked_back]
    if asked_back:
        return asked_back
    pass_on(ask, "preference", "routine", ask.words)
    return [say("preference.passed_on")]


def change_language(ask: Ask) -> list[Reply]:
    """Another language at once where there is one; anything else (interpreter, large print) through the worker."""
    wanted = ask.carried("language") or wishes.language_wanted(ask)
    if wanted in texts.languages():
        tongue.ask_for(ask, wanted)
        if ask.person is not None:
            tongue.keep(ask, wanted)
        return [say("language.changed")]
    if not re.search(r"\w\w", ask.words):  # a stray key or a row of signs asks for no interpreter
        return talk.fallback(ask)
    pass_on(ask, "preference", "routine", ask.words)
    choices = [
        option("", "change_language", label=texts.render("language.name", language), language=language)
        for language in texts.languages()
        if language != ask.language
    ]
    return [say("language.passed_on", *choices)]


def _set_points(ask: Ask, state: str) -> None:
    for point in queries.contact_points(ask.session, ask.conversation.address):
        point.state, point.state_changed_at = state, ask.turn.now
