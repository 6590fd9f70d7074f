"""Jurisdiction packs: the words, helplines and forms of a place, from data/jurisdictions/<name>.yaml.

Promise: no helpline, title or date order is a constant in code, and a pack that is not whole is refused with the path
of what is wrong in it, never half used. Every helpline says where it is from and when it was last compared with that.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from api import texts
from api.jurisdiction import clocks
from api.jurisdiction.clocks import Calendar, Clock, Event
from api.settings import DATA

FOLDER = DATA / "jurisdictions"
FALLBACK = "en"
#: With "Ask your ... about yours." it must still fit two segments of an SMS.
LONGEST_EXPLANATION = 240
#: What the safety screen can find (api.safety), and whose message it is where that changes the line.
KINDS = ("self_harm", "immediate_danger", "harm_disclosed", "child")
#: Words that every pack must have, in each of its languages.
REQUIRED_WORDS = ("worker", "manager", "duty", "agency", "plan", "conference", "review", "core_group", "postcode")
#: Whoever reads the name of such a line knows what was told.
_TELLING = {"immediate_danger", "harm_disclosed"}
Kind = Literal["self_harm", "immediate_danger", "harm_disclosed", "child"]
Words = dict[str, str]


class PackError(SystemExit):
    """A pack that cannot be used; the message names the file, the place in it, and what to do."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Sourced(_Strict):
    """Something that can go stale: with its source, when it was looked up, whether to check it again."""

    source: str = Field(min_length=3)
    last_verified: date
    check: bool


class Emergency(_Sourced):
    number: str = Field(pattern=r"^[0-9]{3}$")
    phrase: Words
    silent: Words


class Line(_Sourced):
    """A helpline. ``short`` fits in a text message; ``fits`` are the safety kinds it answers to."""

    phone: str
    text_word: str = ""
    text_number: str = ""
    name: Words
    short: Words
    fits: list[Kind] = Field(alias="for")

    @field_validator("short")
    @classmethod
    def _short_enough(cls, short: Words) -> Words:
        for language, words in short.items():
            if len(words) > 60:
                raise ValueError(f"the short form in {language} has {len(words)} characters; 60 at most fit in a text")
        return short


class Explanation(_Sourced):
    """What a family is told when it asks about plans in general there: short, reviewed, never legal advice. Without
    ``words``: what the catalogue says of any place, and where that comes from."""

    paragraph: str = Field(min_length=3)
    words: Words = Field(default_factory=dict)

    @field_validator("words")
    @classmethod
    def _short_enough(cls, words: Words) -> Words:
        for language, said in words.items():
            if len(said) > LONGEST_EXPLANATION:
                raise ValueError(f"the words in {language} have {len(said)} characters; at most {LONGEST_EXPLANATION}")
        return words


class PlaceForm(_Strict):
    """How people there write a place: ``pattern`` finds a postcode or ZIP in upper-case text, its group 1 the area."""

    syntax: Literal["postcode", "zip"]
    pattern: str
    example: str
    distance: Literal["miles", "kilometres"]

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        if re.compile(pattern).groups < 1:
            raise ValueError("the pattern needs a group 1: the part that names the area")
        return pattern


class DateForm(_Strict):
    """``order``: what "3/4" means; ``clock``: 12 or 24 hours; ``locale``: the Babel locale for each language."""

    order: Literal["day_first", "month_first"]
    clock: Literal[12, 24]
    locale: Words


class Pack(_Strict):
    """One jurisdiction. Every text is there in every language of the pack (checked when it is read)."""

    name: str
    title: str
    country: Literal["GB", "US"]
    words: dict[str, Words]
    emergency: Emergency
    lines: dict[str, Line]
    helplines: list[str]
    place: PlaceForm
    dates: DateForm
    calendar: Calendar
    clocks: dict[str, Clock]
    #: What makes a plan there: a conference that decides on it, or an agreement with the family.
    plan_begins: Literal["conference", "agreement"] = "conference"
    #: What an event of another name counts as there, whether it is booked, held or recorded.
    stands_for: dict[Event, Event] = Field(default_factory=dict)
    #: By topic of data/words/plan_questions.yaml; where one has no words, the general ones of the catalogue are said.
    explanations: dict[str, Explanation] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [word for word in REQUIRED_WORDS if word not in self.words]
        if missing:
            raise ValueError(f"words: {', '.join(missing)} missing")
        for name, words in self._all_words():
            for language in self.languages:
                if not words.get(language, "").strip():
                    raise ValueError(f"{name}: no words in {language!r}, which words.worker has")
        for event, other in self.stands_for.items():
            if self.waits_for(event) or not self.waits_for(other):
                raise ValueError(f"stands_for: a clock must wait for {other}, and none for {event}")
        unknown = [key for key in self.helplines if key not in self.lines]
        if unknown or not self.helplines:
            raise ValueError(f"helplines: {', '.join(unknown) or 'empty'}; name one or more of {', '.join(self.lines)}")
        for kind in KINDS:
            if not any(kind in line.fits for line in self.lines.values()):
                raise ValueError(f"lines: none is `for: [{kind}]`; each safety kind needs one")
        return self

    def _all_words(self) -> list[tuple[str, Words]]:
        return [
            *((f"words.{key}", words) for key, words in self.words.items()),
            ("emergency.phrase", self.emergency.phrase),
            ("emergency.silent", self.emergency.silent),
            *((f"lines.{key}.name", line.name) for key, line in self.lines.items()),
            *((f"lines.{key}.short", line.short) for key, line in self.lines.items()),
            ("dates.locale", self.dates.locale),
            *((f"explanations.{key}.words", one.words) for key, one in self.explanations.items() if one.words),
            *((f"clocks.{key}.name", clock.name) for key, clock in self.clocks.items()),
        ]

    @property
    def languages(self) -> list[str]:
        """The languages the pack is written in."""
        return sorted(self.words["worker"]) if "worker" in self.words else []

    def counted(self, event: str) -> str:
        """What an event counts as there: itself, where the pack says nothing else."""
        return next((other for one, other in self.stands_for.items() if one == event), event)

    def waits_for(self, event: str) -> bool:
        """Does a clock there wait for it?"""
        return any(event in clock.done for clock in self.clocks.values())

    @property
    def emergency_number(self) -> str:
        """ "999" or "911"."""
        return self.emergency.number

    @property
    def day_first(self) -> bool:
        """Does "3/4" mean the third of April?"""
        return self.dates.order == "day_first"

    def word(self, key: str, language: str) -> str:
        """The local word for ``key`` ("worker" → "social worker"). Raises KeyError for a word no pack has."""
        return _in(self.words[key], language)

    def line(self, key: str, language: str) -> str:
        """The short form of one helpline, ready for a text message. Raises KeyError for an unknown line."""
        return _in(self.lines[key].short, language)

    def lines_for(
        self, kind: str, language: str, most: int = 2, *, child: bool = False, discreet: bool = False
    ) -> list[str]:
        """The short forms of the lines that fit a safety kind (KINDS), best first; the general ones for any other.

        ``child``: a child or young person asks; those that are there for children come first, before all the ones that
        are for nobody else. ``discreet``: somebody else may read it, so none whose name says what it is about.
        """
        fitting = [key for key, line in self.lines.items() if kind in line.fits] or self.helplines
        if child:
            theirs = [key for key, line in self.lines.items() if "child" in line.fits]
            theirs.sort(key=lambda key: (self.lines[key].fits != ["child"], kind not in self.lines[key].fits))
            fitting = list(dict.fromkeys([*theirs, *fitting]))
        if discreet:
            fitting = [key for key in fitting if not _TELLING & set(self.lines[key].fits)] or fitting
        return [self.line(key, language) for key in fitting[:most]]

    def explanation(self, topic: str, language: str) -> str:
        """What is said there about a topic and nowhere else, or ""."""
        found = self.explanations.get(topic)
        return _in(found.words, language) if found is not None and found.words else ""

    def clock_name(self, rule: str, language: str) -> str:
        """What a clock is called there; its key, where the pack has no such clock (any more)."""
        return _in(self.clocks[rule].name, language) if rule in self.clocks else rule.replace("_", " ")

    @property
    def rules(self) -> str:
        """A mark of the clocks, the calendar, what counts as what and how it is counted: another one means that dates
        must be worked out anew."""
        held = self.model_dump_json(include={"calendar", "clocks", "stands_for"})
        return hashlib.sha256(f"{held} {_holidays()} {clocks.COUNTING}".encode()).hexdigest()[:16]

    def locale(self, language: str) -> str:
        """The Babel locale for dates and numbers ("en_GB")."""
        return _in(self.dates.locale, language)

    def text_args(
        self, language: str, kind: str = "", *, child: bool = False, discreet: bool = False
    ) -> dict[str, str]:
        """The arguments that every reply is rendered with: titles, the emergency number, the helplines that fit.

        ``kind`` is a safety kind, or "" where there is none; ``child`` and ``discreet`` as ``lines_for``; discreet,
        no profession is named. Values are words, ready to be read.
        """
        lines = self.lines_for(kind, language, child=child, discreet=discreet)
        return {
            "worker_title": texts.render("worker.title_discreet", language)
            if discreet
            else self.word("worker", language),
            "manager_title": self.word("manager", language),
            "duty_title": self.word("duty", language),
            "agency_title": self.word("agency", language),
            "plan_title": self.word("plan", language),
            "emergency": self.emergency_number,
            "emergency_phrase": _in(self.emergency.phrase, language),
            "silent_call": _in(self.emergency.silent, language),
            "helplines": ". ".join(lines),
            "place_word": self.word("postcode", language),
            "place_example": self.place.example,
            "helpline": lines[0],
        }


@lru_cache(maxsize=1)
def _holidays() -> str:
    """The version of the calendars of public holidays; looking for it reads files."""
    return version("holidays")


def _in(words: Words, language: str) -> str:
    base = language.replace("_", "-").split("-")[0].lower()
    return words.get(base) or words[FALLBACK]


@lru_cache
def pack(name: str) -> Pack:
    """The pack of that name (``uk-england``). Raises PackError where there is none or it is not whole."""
    path = FOLDER / f"{name}.yaml"
    if name not in names():
        raise PackError(f"There is no jurisdiction pack {name!r} in data/jurisdictions, only: {', '.join(names())}.")
    try:
        return read(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    except yaml.YAMLError as error:
        raise PackError(f"{path.name} is not readable YAML: {error}") from error


def read(raw: Any, file_name: str) -> Pack:
    """A pack from what its file holds. Raises PackError with every path that is wrong."""
    try:
        made = Pack.model_validate(raw)
    except ValidationError as error:
        lines = [f"  {'.'.join(str(part) for part in e['loc']) or 'file'}: {e['msg']}" for e in error.errors()]
        raise PackError(f"The jurisdiction pack {file_name} cannot be used:\n" + "\n".join(lines)) from error
    if f"{made.name}.yaml" != file_name:
        raise PackError(f"{file_name} says `name: {made.name}`; the file's name and the pack's must be the same.")
    return made


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The packs that there are."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
