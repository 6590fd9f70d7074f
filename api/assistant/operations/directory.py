"""Finding help: what kind and where, from the words or asked for, then the best three, then more."""

from __future__ import annotations

from api.assistant.operations import services_told as told
from api.assistant.operations.asking import Ask, option, say
from api.assistant.operations.schemas import Reply
from api.assistant.state import Search
from api.directory.answers import answer
from api.directory.service import Place, needs, understand_need, understand_place

#: A place by itself is no longer than this ("LS14", "near Seacroft").
A_PLACE = 2


def find(ask: Ask) -> list[Reply]:
    """Search with what is known, ask for what is missing. A new need starts a new search; the place is kept."""
    if ask.carried("choice"):
        return told.of_one(ask, ask.carried("choice"))
    if told.is_asked(ask):
        return told.of_them(ask)
    if ask.carried("more") or told.asks_for_more(ask):
        return _search(ask, again=True) or [_ask_need(ask)]
    asked, ask.state.asking = ask.state.asking, ""
    need = ask.carried("need") or _need(ask)
    place = None if ask.tapped else _place(ask, asked)
    search = ask.state.search
    if need and need != search.need:
        ask.state.search = search = Search(need=need, place=search.place)
    if place is not None:
        ask.state.search = search = Search(need=search.need, place=place.name)
    if not search.need:
        return [_ask_need(ask)]
    if asked == "place" and place is None and not need:
        ask.state.asking = "place"
        return [say("services.place_unknown", **_place_words(ask))]
    if not search.place:
        ask.state.asking = "place"
        return [say("services.ask_place", **_place_words(ask))]
    return _search(ask, again=False)


def answers(ask: Ask, asked: str) -> bool:
    """Do the words answer our question for a need or a place?"""
    return (_need(ask) if asked == "need" else _place(ask, asked)) not in ("", None)


def _search(ask: Ask, *, again: bool) -> list[Reply]:
    search = ask.state.search
    place = understand_place(search.place, ask.pack.country, asked=True) if search.place else None
    if not search.need or place is None:
        return []
    more = option("services.option_more", "find_service", more="1")
    found = answer(
        ask.session,
        need=search.need,
        place=place,
        pack=ask.pack,
        language=ask.language,
        now=ask.turn.now,
        zone=ask.turn.place,
        skip=search.shown if again else (),
        room_for="1 " + ask.text("services.option_more"),
        discreet=ask.neutral or (ask.person is not None and not ask.plain_words),
        nameless=ask.person is None,
    )
    search.shown = [*(search.shown if again else []), *found.shown]
    search.last = list(found.shown) or (search.last if again else [])
    if not found.shown:
        # Another place, or a person: the words of the reply say so, and a place by itself is understood next.
        ask.state.asking = "place"
        return [say(found.text_id, option("option.ring_me", "contact_worker"), **found.args)]
    return [say(found.text_id, *([more] if found.more else []), **found.args)]


def _need(ask: Ask) -> str:
    """The need the words name; Rasa's hint counts where the words alone say nothing. A bare place says where and not
    what, whatever Rasa makes of it."""
    bare = len(ask.words.split()) <= A_PLACE and understand_place(ask.words, ask.pack.country) is not None
    hint = "" if bare else ask.hint("need")
    return understand_need(ask.words, ask.language) or (hint if hint in needs() else "")


def _place(ask: Ask, asked: str) -> Place | None:
    """The place the words name, or else the one Rasa marked, if there is such a place."""
    found = understand_place(ask.words, ask.pack.country, asked=asked == "place")
    hint = ask.hint("place")
    return found or (understand_place(hint, ask.pack.country, asked=True) if hint else None)


def _ask_need(ask: Ask) -> Reply:
    ask.state.asking = "need"
    return say("services.ask_need")


def _place_words(ask: Ask) -> dict[str, str]:
    return {"place_word": ask.pack.word("postcode", ask.language), "place_example": ask.pack.place.example}
