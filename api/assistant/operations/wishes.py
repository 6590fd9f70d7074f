"""How people want to be written to, said in conversation: read back as what will change, done once they say "1"."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from babel.dates import get_day_names

from api import texts
from api.access.models import Agency
from api.assistant.operations import mails, speaking, tongue
from api.assistant.operations.asking import Ask, option, say
from api.assistant.operations.contact import pass_on
from api.assistant.operations.schemas import Reply
from api.assistant.operations.words import says
from api.families import profile
from api.families.models import Person
from api.families.wishes import EVERY_DAY, Wish, read

#: What a word about who sees the phone is mistaken for.
TAKEN_FOR = frozenset(
    {
        "fallback", "out_of_scope", "ask_privacy", "ask_capabilities", "ask_if_bot", "greet", "goodbye", "thank",
        "affirm", "deny", "cancel", "find_service",
    }
)  # fmt: skip
#: What makes messages safer and tells nothing: no proof is needed for it.
ONLY_SAFER = frozenset({"not_this_phone"})


def wish_of(ask: Ask) -> Wish:
    """What the words, or the option that was chosen, ask for."""
    if ask.carried("choice") == "change":
        return Wish.of(json.loads(ask.carried("wish")))
    return read(ask.words, language=language_named(ask))


def only_safer(ask: Ask) -> bool:
    """Does it only take away, and tell nobody anything?"""
    return set(wish_of(ask).changes()) == ONLY_SAFER


def someone_reads(ask: Ask) -> bool:
    """Do they say that somebody else reads, or has, this phone?"""
    if says(ask.words, "others_see"):
        return True
    return says(ask.words, "someone_reads") and not says(ask.words, "phone_mine")


def is_about_the_phone(ask: Ask, name: str) -> bool:
    """Is this message really about who sees the phone? Never where it tells of danger: that comes first."""
    if name not in TAKEN_FOR or ask.tapped or ask.holder is None or ask.turn.safety_kind != "none":
        return False
    return says(ask.words, "others_see") or says(ask.words, "phone_mine")


def theirs_alone_again(ask: Ask) -> bool:
    """Do they say that nobody else sees the phone any more, of which their profile says otherwise?"""
    if says(ask.words, "others_see") or not says(ask.words, "phone_mine"):
        return False
    return any(one.phone_seen_by for one in meant(ask))


def ask_back(ask: Ask) -> list[Reply]:
    """Say what will change, or that it cannot be done; [] where nothing clear was asked for."""
    wish = wish_of(ask)
    changes = wish.changes()
    if wish.instead == "email" or wish.mail:
        changes.pop("mail", None)
        replies, by_mail = mails.wished(ask, wish)
        changes |= by_mail
    else:
        replies = [_not_offered(ask)] if wish.instead else []
    if changes.get("contact_channel") == ask.someone.contact_channel:
        del changes["contact_channel"]  # so it is already
    if not changes:
        return replies
    if changes.get("use_code_word") and not ask.someone.code_word:
        pass_on(ask, "preference", "routine", ask.words)
        return [*replies, say("preference.no_code_word")]
    carried = json.dumps(changes)
    ask.pending = {"about": "profile", "wish": carried}
    lines = "; ".join(_lines(ask, changes))
    yes = option("option.change_it", "change_contact_preference", choice="change", wish=carried)
    return [*replies, say("preference.confirm", yes, option("option.leave_it", "deny", choice="keep"), changes=lines)]


def do(ask: Ask, wish: Wish) -> list[Reply]:
    """What they have just agreed to."""
    changes = wish.changes()
    replies = []
    if changes.pop("not_this_phone", False):
        for person in meant(ask):
            profile.not_this_phone(ask.session, person, ask.conversation.address, ask.turn.now)
        pass_on(ask, "preference", "routine", _told(ask, "preference.not_this_phone_words"))
        replies = [say("preference.not_this_phone")]
    if address := changes.pop("mail", ""):
        replies.append(mails.add(ask, address))
    if changes:
        if "language" in changes:
            tongue.ask_for(ask, changes["language"])
        profile.change(
            ask.session, ask.someone, changes, actor_kind="person", actor_id=ask.someone.id, now=ask.turn.now
        )
        replies.append(say("preference.changed"))
    return replies


def meant(ask: Ask) -> Sequence[Person]:
    """Whom a wish for more care is about: where several share the phone and nobody has said who is writing, all."""
    return ask.sharing if ask.turn.standing == "who" else [ask.someone]


def language_named(ask: Ask) -> str:
    """The language of ours that the words name, or "". Where two are named, the one they are not written to in."""
    named = [language for language in texts.languages() if says(ask.words, f"language.{language}")]
    return next((language for language in named if language != ask.language), named[0] if named else "")


def language_wanted(ask: Ask) -> str:
    """The language of ours that they want, or "": a person has to look where it is another one. "My english is not
    good" wants no English: it wants theirs, if that is one of ours."""
    if says(ask.words, "other_tongue"):
        return ""
    named = language_named(ask)
    if not says(ask.words, "little_english"):
        return named
    return next((one for one in (named, ask.language) if one not in ("", "en")), "")


def pass_on_alone(ask: Ask) -> list[Reply]:
    """That nobody else sees it is for a worker to ask them: whoever reads along could have written it."""
    pass_on(ask, "preference", "routine", f"{ask.words}\n{_told(ask, 'preference.phone_mine_words')}")
    return [say("preference.passed_on")]


def _not_offered(ask: Ask) -> Reply:
    pass_on(ask, "preference", "routine", ask.words)
    return say("preference.not_offered")


def _told(ask: Ask, text_id: str) -> str:
    return texts.render(text_id, ask.session.get_one(Agency, ask.turn.agency_id).language)


def _lines(ask: Ask, changes: dict[str, Any]) -> list[str]:
    lines = []
    if any(name in changes for name in profile.TIMES):
        begin, end = profile.hours_with(ask.someone, changes)
        if begin == end:
            lines.append(ask.text("wish.any_time"))
        else:
            lines.append(ask.text("wish.hours", start=_hour(ask, begin), end=_hour(ask, end)))
    if "contact_days" in changes:
        lines.append(ask.text("wish.days", days=_days(ask, changes["contact_days"])))
    for name in ("may_name_self", "may_name_children", "use_code_word"):
        if name in changes:
            lines.append(ask.text(f"wish.{name}.{'yes' if changes[name] else 'no'}"))
    if "wording" in changes:
        lines.append(ask.text(f"wish.wording.{changes['wording']}"))
    if "language" in changes:
        lines.append(ask.text("wish.language", name=texts.render("language.name", changes["language"])))
    if "mail" in changes:
        lines.append(ask.text("wish.mail", address=changes["mail"]))
    if "contact_channel" in changes:
        lines.append(ask.text(f"wish.by.{changes['contact_channel']}"))
    if "not_this_phone" in changes:
        lines.append(ask.text("wish.not_this_phone"))
    return lines


def _hour(ask: Ask, clock: time) -> str:
    day = ask.turn.now.astimezone(ask.turn.timezone).date() + timedelta(days=1)
    return speaking.voice(ask).clock(datetime.combine(day, clock, tzinfo=ask.turn.timezone))


def _days(ask: Ask, days: str) -> str:
    if days == EVERY_DAY:
        return ask.text("wish.every_day")
    names = get_day_names("wide", locale=ask.pack.locale(ask.language))
    return speaking.join(ask, [names[int(day) - 1] for day in days])
