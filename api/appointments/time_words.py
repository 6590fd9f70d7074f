"""The words for times (``data/words/times.yaml``), compiled; and people's spelling of them, made plain. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from rapidfuzz.distance import OSA

from api.settings import DATA

#: A word so long may be two letters off, one so long by one; a shorter one is itself.
TWO_OFF = 8
ONE_OFF = 6


@dataclass(frozen=True)
class Part:
    """Part of a week or a month: the first and the last day, counted from its end below 0."""

    pattern: re.Pattern[str]
    first: int
    last: int


@dataclass(frozen=True)
class Feast:
    """A feast: a day of a month, or so many days from Easter Sunday (``month`` 0), and how many days it lasts."""

    pattern: re.Pattern[str]
    month: int
    day: int
    days: int


@dataclass(frozen=True)
class InFigures:
    """Days of a month in words ("the fourteenth", "el catorce"): where they are, and what they are in figures."""

    english: dict[str, int]
    spanish: dict[str, int]
    the: re.Pattern[str]
    el: re.Pattern[str]

    def day(self, found: re.Match[str]) -> str:
        """In figures where it is a day: "the first" alone may be the first of several."""
        number, lead = self.english[found["word"].replace("-", " ")], found["lead"] or ""
        if found["of"] or (lead and (number > 3 or lead != "the ")):
            return f"{lead}{number}th{found['of'] or ''}"
        return found[0]

    def dia(self, found: re.Match[str]) -> str:
        """The same in Spanish."""
        number, lead = self.spanish[found["word"].replace("-", " ")], found["lead"] or ""
        if found["of"] or (lead and (number > 3 or "dia" in lead)):
            return f"{lead}{number}{found['of'] or ''}"
        return found[0]


@dataclass(frozen=True)
class Words:
    """The compiled patterns of the data file; all are for the text that ``plain`` gives."""

    weekdays: tuple[re.Pattern[str], ...]
    parts: tuple[tuple[re.Pattern[str], int, int], ...]
    feasts: tuple[Feast, ...]
    month_parts: tuple[Part, ...]
    week_parts: tuple[Part, ...]
    numbers: dict[str, int]
    named: dict[str, re.Pattern[str]]
    short: dict[str, str]
    near: tuple[str, ...]
    not_near: frozenset[str]
    figures: InFigures
    side_by_side: re.Pattern[str]

    def find(self, name: str, text: str) -> re.Match[str] | None:
        """Where the text has the pattern of that name."""
        return self.named[name].search(text)

    def number(self, word: str | None) -> int:
        """ "2", "two", "a couple": how many; 1 where nothing is said."""
        last = (word or "a").split()[-1]
        return self.numbers.get(last) or (int(last) if last.isdigit() else 1)


@lru_cache(maxsize=1)
def words() -> Words:
    """The words, read once."""
    data: dict[str, Any] = yaml.safe_load((DATA / "words" / "times.yaml").read_text(encoding="utf-8"))
    weekdays, months, parts = data.pop("weekdays"), data.pop("months"), data.pop("parts")
    numbers, short = data.pop("numbers"), data.pop("short")
    near, not_near = data.pop("near"), data.pop("not_near")
    ordinals, numeros = data.pop("ordinals"), data.pop("numeros")
    feasts, month_parts, week_parts = data.pop("feasts"), data.pop("month_parts"), data.pop("week_parts")
    any_month, any_day = "|".join(months), "|".join([*weekdays, data["weekend"]])
    stands_for = {
        "{month}": "|".join(f"(?P<m{number}>{names})" for number, names in enumerate(months, start=1)),
        "{starts}": f"(?:{data.pop('starts')})",
        "{one_day}": f"(?:{data.pop('one_day')})",
        "{school}": data["school"],
        "{own_days}": data["own_days"],
        "{behind}": data.pop("behind"),
        "{mes}": any_month,
        "{day}": any_day,
        "{manana}": data.pop("manana"),
        "{n}": rf"(?:an? |un )?(?:{'|'.join(numbers)}|\d{{1,2}})(?: de)?",
    }

    def filled(pattern: str) -> str:
        for name, meaning in stands_for.items():
            pattern = pattern.replace(name, meaning)
        return pattern

    between = data.pop("between")
    named = {name: _whole_words(filled(pattern)) for name, pattern in data.items()}
    named["between"] = re.compile(rf"[,;.!?&+]|(?<=[a-z])/(?=[a-z])|\b(?:{between})\b")
    ending = r"(?:(?:the|this|next|el|la|este|proximo) ){0,5}"
    return Words(
        weekdays=tuple(_whole_words(names) for names in weekdays),
        parts=tuple((_whole_words(part["words"]), part["from"], part["until"]) for part in parts),
        feasts=tuple(
            Feast(
                _whole_words(one["words"]),
                one.get("month", 0),
                one.get("day", one.get("easter", 0)),
                one.get("days", 1),
            )
            for one in feasts
        ),
        month_parts=tuple(
            Part(_whole_words(rf"(?:{one['words']})[ -]?{ending}(?:{any_month}|month|mes)"), *one["days"])
            for one in month_parts
        ),
        week_parts=tuple(Part(_whole_words(one["words"]), *one["days"]) for one in week_parts),
        numbers=numbers,
        named=named,
        short=short,
        near=tuple(near),
        not_near=frozenset(not_near),
        figures=_in_figures(ordinals, numeros, any_month, any_day),
        side_by_side=re.compile(rf"\b({any_day})\s+(?=(?:{any_day})\b)"),
    )


def _whole_words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w])(?:{pattern})(?!\w)")


def _in_figures(ordinals: list[str], numeros: list[str], any_month: str, any_day: str) -> InFigures:
    """Days of a month in words, and how to put them in figures."""
    english = {word.replace(".", " "): number for number, word in enumerate(ordinals, start=1)}
    spanish = {word: number for number, words in enumerate(numeros, start=1) for word in words.split("|")}
    one, uno = ("|".join(sorted(names, key=len, reverse=True)).replace(" ", "[ -]") for names in (english, spanish))
    no_day = rf"(?! (?:{any_day}|weeks?|weekend|one|times?|thing|day|half|veces|de la)\b)"
    return InFigures(
        english=english,
        spanish=spanish,
        the=re.compile(
            rf"\b(?P<lead>(?:(?:on|by|until|after|before|from) the|the|(?:{any_month})(?: the)?) )?"
            rf"(?P<word>{one})\b{no_day}(?P<of> of (?:{any_month}|(?:the|this|next) month)\b)?"
        ),
        el=re.compile(
            rf"\b(?P<lead>(?:el dia|dia|el) )?(?P<word>{uno})\b{no_day}"
            rf"(?P<of> de (?:{any_month}|este mes|el mes|el proximo mes)\b)?"
        ),
    )


def folded(text: str) -> str:
    """Small letters without accents; what every pattern of data/words is written for."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def plain(text: str) -> str:
    """Folded, short forms written out, misspelt days and months as they are spelt, days in words in figures."""
    known = words()
    said = re.sub(r"[a-z0-9']+", lambda found: _respelt(found[0]), folded(text).replace("’", "'"))
    said = re.sub(r"\bnext (week|weekend|month) but one\b", r"\1 after next", re.sub(r"\s+", " ", said))
    said = re.sub(r"\bw/?c (?=the |\d)", "week commencing ", said)
    said = known.figures.el.sub(known.figures.dia, known.figures.the.sub(known.figures.day, said))
    # "Friday, the 27th" is one day; "monday tuesday" are two.
    said = re.sub(
        rf"({_days()}),? (?:the )?(?=\d{{1,2}}(?:st|nd|rd|th| de | of )|\d{{1,2}} [a-z]{{3,9}}\b)", r"\1 ", said
    )
    return known.side_by_side.sub(r"\1, ", known.named["not_before"].sub("from", said))


@lru_cache(maxsize=1)
def _days() -> str:
    return rf"\b(?:{'|'.join(one.pattern for one in words().weekdays)})"


@lru_cache(maxsize=4096)
def _respelt(word: str) -> str:
    known = words()
    if word in known.short:
        return known.short[word]
    if len(word) < ONE_OFF - 1 or word in known.not_near or word.removesuffix("s") in known.near:
        return word
    for spelt in known.near:
        far = 2 if len(spelt) >= TWO_OFF else 1
        if word[0] == spelt[0] and len(spelt) >= ONE_OFF and OSA.distance(word, spelt, score_cutoff=far) <= far:
            return spelt
    return word
