"""A search's results as an answer: text ids with arguments, and never more than two SMS segments.

Promise: a phone number is never what is left out. When three services do not fit, hours and cost are said more shortly,
then fewer services are named; the rest come with "more".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock, database, texts
from api.access.models import Agency
from api.directory import hours
from api.directory.service import Found, search
from api.directory.understanding import Place, need_name, understand_need, understand_place
from api.jurisdiction import packs
from api.jurisdiction.packs import Pack
from api.jurisdiction.phones import local_number
from api.messages.sms import segments, to_gsm7

#: At most so many services in one answer.
SHOWN = 3
#: At most so many SMS segments, options included.
SEGMENTS = 2


@dataclass(frozen=True)
class Answer:
    """``text_id`` and ``args`` make the reply; ``shown`` are the ids named in it; ``more``: there are others."""

    text_id: str
    args: dict[str, Any] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    more: bool = False


def answer(
    session: Session,
    *,
    need: str,
    place: Place,
    pack: Pack,
    language: str,
    now: datetime,
    zone: ZoneInfo,
    skip: Collection[str] = (),
    room_for: str = "",
    discreet: bool = False,
    nameless: bool = False,
) -> Answer:
    """What to say to somebody who looks for ``need`` near ``place``.

    ``skip``: ids shown before ("more" asks for the next). ``room_for``: the words of the options that the message will
    carry beneath ("1 More"), which must fit as well. ``discreet``: the need itself is not said (somebody else may read
    the phone). ``nameless``: nobody known asks, who has no worker that may know more.
    """
    found = search(
        session,
        need=need,
        place=place,
        country=pack.country,
        limit=SHOWN + 1,
        skip=skip,
        now=now,
        zone=zone,
        language=language,
    )
    said = {"need": need_name(need, pack.locale(language)), "place": place.name}
    if not found:
        ending = "services.no_more" if skip else "services.none_nameless" if nameless else "services.none"
        return Answer(f"{ending}_discreet" if discreet else ending, said)
    local = now.astimezone(zone)
    # What is far away is said under its own heading, never beside what is near.
    within_reach = [offer.near or offer.country_wide for offer in found]
    fitting = [offer for offer, near in zip(found[:SHOWN], within_reach, strict=False) if near == within_reach[0]]
    text_id = _heading(found[0], bool(skip)) + ("_discreet" if discreet else "")
    for count in range(len(fitting), 0, -1):
        for brevity in range(3):
            lines = "\n".join(_line(offer, place, local, pack, language, brevity) for offer in fitting[:count])
            args = {**said, "lines": lines}
            more = len(found) > count
            text = texts.render(text_id, language, **args) + (f"\n{room_for}" if more and room_for else "")
            if segments(to_gsm7(text)) <= SEGMENTS:
                return Answer(text_id, args, tuple(str(offer.id) for offer in fitting[:count]), more)
    # One service whose own name and number are longer than two segments: said all the same, by name and phone.
    return Answer(text_id, args, (str(fitting[0].id),), len(found) > 1)


def in_full(offer: Found, *, place: Place, pack: Pack, language: str) -> str:
    """All that is known of one service, in the words of one message: where, every time that it is open, phone, cost. A
    hidden address stays hidden."""
    sentences = [
        f"{offer.name}: {offer.address}" if offer.address else f"{offer.name}{_where(offer, place, language, 0)}",
        hours.words(offer.hours, None, language=language, clock=pack.dates.clock, most=len(hours.DAYS)),
        local_number(offer.phone, pack.country),
        _cost(offer, language, 0),
        offer.url,
    ]
    for left_out in range(len(sentences) - 2):  # the website goes first, then the cost
        text = ". ".join(part for part in sentences[: len(sentences) - left_out] if part)
        if segments(to_gsm7(text)) <= SEGMENTS:
            return text
    return ". ".join(part for part in (_short(offer.name, 60), local_number(offer.phone, pack.country)) if part)


def answer_words(words: str, *, country: str, language: str) -> str:
    """The whole answer to a text such as "food bank near LS9", as it would be sent; for the command line.

    ``country``: GB or US. Times are the zone's of any agency there, or UTC.
    """
    pack = next((pack for pack in map(packs.pack, packs.names()) if pack.country == country), None)
    if pack is None:
        return f"There is no jurisdiction pack for {country}; give GB or US."
    need, place = understand_need(words, language), understand_place(words, country)
    if need is None or place is None:
        text_id = "services.ask_need" if need is None else "services.ask_place"
        return texts.render(text_id, language, **pack.text_args(language))
    with database.reading() as session:
        zone = session.scalar(select(Agency.timezone).where(Agency.jurisdiction == pack.name).limit(1)) or "UTC"
        found = answer(
            session, need=need, place=place, pack=pack, language=language, now=clock.now(), zone=ZoneInfo(zone)
        )
    return texts.render(found.text_id, language, **{**pack.text_args(language), **found.args})


def _heading(first: Found, again: bool) -> str:
    if first.country_wide:
        return "services.found_lines"
    if not first.near:
        return "services.found_further_more" if again else "services.found_further"
    return "services.found_more" if again else "services.found"


def _line(offer: Found, place: Place, local: datetime, pack: Pack, language: str, brevity: int) -> str:
    """One service. ``brevity`` 0: everything; 1: shorter hours; 2: name, town and phone, and whether it is free."""
    when = hours.words(offer.hours, local, language=language, clock=pack.dates.clock, most=2 - min(brevity, 1))
    parts = [
        f"{_short(offer.name, 40)}{_where(offer, place, language, brevity)}",
        when if brevity < 2 else "",
        local_number(offer.phone, pack.country),
        _cost(offer, language, brevity),
    ]
    return "- " + ". ".join(part for part in parts if part)


def _where(offer: Found, place: Place, language: str, brevity: int) -> str:
    if offer.country_wide:
        return ""
    if offer.hidden:
        return ", " + texts.render("services.where_private", language, town=offer.town)
    # Said in the local way: tenths of a mile on foot, whole miles beyond.
    miles = offer.miles or 0.0
    if miles < 0.25:
        return ", " + texts.render("services.where_here", language)
    far = f"{miles:.1f}" if miles < 9.95 else f"{miles:.0f}"
    text_id = "services.where_near" if offer.town == place.town or brevity > 1 else "services.where"
    return ", " + texts.render(text_id, language, town=offer.town, miles=far)


def _cost(offer: Found, language: str, brevity: int) -> str:
    if offer.cost is None:
        return ""
    amount, currency, _ = offer.cost
    if amount == 0:
        return texts.render("services.free", language)
    if brevity > 1:
        return ""
    sign = {"GBP": "£", "USD": "$"}.get(currency, currency + " ")
    money = f"{sign}{amount:.0f}" if amount == int(amount) else f"{sign}{amount:.2f}"
    return texts.render("services.from", language, amount=money)


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 2].rsplit(" ", 1)[0] + ".."


__all__ = ["Answer", "answer", "answer_words", "local_number"]
