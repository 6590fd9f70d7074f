"""What is asked of services that were just told: when one opens, what it costs, its address or number, "the second
one", "any more?". By themselves such words are taken for anything, most often for an appointment.

Promise: they are read so only straight after services were told, and never where they name another need or place.
"""

from __future__ import annotations

from api.assistant.operations.asking import Ask, option, say
from api.assistant.operations.schemas import Reply
from api.assistant.operations.words import AppointmentWords, says
from api.directory.answers import in_full
from api.directory.service import Found, Place, shown, understand_need, understand_place

#: What asks something of one of them is no longer than this.
SHORT = 10
#: "The first one" and so on, as keys of data/words/phrases.yaml, in their order.
ORDINALS = ("service_first", "service_second", "service_third")


def is_asked(ask: Ask) -> bool:
    """Do the words ask something of the services that were told last, or point at one of them?"""
    if not _just_told(ask):
        return False
    return says(ask.words, "of_a_service") or any(says(ask.words, one) for one in ORDINALS)


def asks_for_more(ask: Ask) -> bool:
    """Do the words ask, and nothing else, for others than those?"""
    return _just_told(ask) and says(ask.words, "more_services")


def of_them(ask: Ask) -> list[Reply]:
    """The one they mean, in full; where several may be meant, they are asked which."""
    offers = _shown(ask, ask.state.search.last)
    named = _named(ask, offers)
    if len(named) == 1:
        return [_told(ask, named[0])]
    choices = [option("", "find_service", label=one.name, choice=str(one.id)) for one in offers]
    return [say("services.which", *choices)] if choices else [say("services.gone")]


def of_one(ask: Ask, chosen: str) -> list[Reply]:
    """The one that was chosen from the list."""
    offers = _shown(ask, [one for one in ask.state.search.shown if one == chosen])
    return [_told(ask, offers[0])] if offers else [say("services.gone")]


def _just_told(ask: Ask) -> bool:
    if ask.tapped or not (ask.state.on_services and ask.state.search.last) or len(ask.words.split()) > SHORT:
        return False
    if understand_need(ask.words, ask.language) is not None:
        return False
    elsewhere = understand_place(ask.words, ask.pack.country)
    if elsewhere is None:
        return True
    fold = AppointmentWords.fold  # (or it is a place that one of them is named after)
    return any(fold(elsewhere.name) in fold(one.name) for one in _shown(ask, ask.state.search.last))


def _shown(ask: Ask, ids: list[str]) -> list[Found]:
    place = _place(ask)
    if place is None:
        return []
    return shown(ask.session, ids, place=place, country=ask.pack.country, now=ask.turn.now, zone=ask.turn.place)


def _place(ask: Ask) -> Place | None:
    return understand_place(ask.state.search.place, ask.pack.country, asked=True)


def _named(ask: Ask, offers: list[Found]) -> list[Found]:
    """The one that the words point at by its place in the list or its name; the only one there is; else all."""
    pointed = [offer for offer, words in zip(offers, ORDINALS, strict=False) if says(ask.words, words)]
    said = set(AppointmentWords.fold(ask.words).split())
    names = [set(AppointmentWords.fold(offer.name).split()) for offer in offers]
    own = [name - set().union(*(other for other in names if other is not name)) for name in names]
    named = [offer for offer, name in zip(offers, own, strict=True) if said & {word for word in name if len(word) > 3}]
    return pointed or named or offers


def _told(ask: Ask, offer: Found) -> Reply:
    place = _place(ask)
    words = in_full(offer, place=place, pack=ask.pack, language=ask.language) if place is not None else offer.name
    return say("services.one", words=words)
