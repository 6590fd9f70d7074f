"""How families name meetings, what they ask about them, and telling turns of phrase: the patterns of data/words."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from api.appointments.when import folded
from api.settings import DATA


@dataclass(frozen=True)
class AppointmentWords:
    """Compiled patterns over folded text (small letters, no accents)."""

    kinds: dict[str, re.Pattern[str]]
    topics: dict[str, re.Pattern[str]]
    bits: dict[str, re.Pattern[str]]
    seeing: re.Pattern[str]
    seeing_one: re.Pattern[str]
    own_worker: re.Pattern[str]
    poorly: re.Pattern[str]
    missed: re.Pattern[str]
    oldest: re.Pattern[str]
    youngest: re.Pattern[str]

    @staticmethod
    def fold(text: str) -> str:
        """The text as the patterns want it; apostrophes go, so that "who's" is "whos"."""
        return re.sub(r"[^\w\s?/.:]", "", folded(text))

    def kinds_in(self, text: str) -> set[str]:
        """The kinds of appointment that the text names."""
        words = self.fold(text)
        return {kind for kind, pattern in self.kinds.items() if pattern.search(words)}

    def topics_in(self, text: str) -> list[str]:
        """What the text asks about an appointment: where, who, length, bring, travel, link, about."""
        words = self.fold(text)
        return [topic for topic, pattern in self.topics.items() if pattern.search(words)]

    def follows(self, text: str) -> str:
        """What the whole text, a bare question after an appointment, asks of it: a topic, or "next" for the one behind
        it; "" where it says anything more."""
        words = " ".join(re.sub(r"[?.]", " ", self.fold(text)).split())
        return next((topic for topic, pattern in self.bits.items() if pattern.fullmatch(words)), "")


@lru_cache(maxsize=1)
def appointment_words() -> AppointmentWords:
    data: dict[str, Any] = yaml.safe_load((DATA / "words" / "appointments.yaml").read_text(encoding="utf-8"))
    return AppointmentWords(
        kinds={kind: re.compile(pattern) for kind, pattern in data["kinds"].items()},
        topics={topic: re.compile(pattern) for topic, pattern in data["topics"].items()},
        bits={
            topic: re.compile(f"(?:{data['bits']['before']} )*(?:{pattern})(?: {data['bits']['behind']})*")
            for topic, pattern in data["bits"].items()
            if topic not in ("before", "behind")
        },
        seeing=re.compile(data["seeing"]),
        seeing_one=re.compile(data["seeing_one"]),
        own_worker=re.compile(data["own_worker"]),
        poorly=re.compile(data["poorly"]),
        missed=re.compile(data["missed"]),
        oldest=re.compile(data["oldest"]),
        youngest=re.compile(data["youngest"]),
    )


@lru_cache(maxsize=1)
def _phrases() -> dict[str, re.Pattern[str]]:
    data: dict[str, Any] = yaml.safe_load((DATA / "words" / "phrases.yaml").read_text(encoding="utf-8"))
    named = {f"language.{language}": pattern for language, pattern in data.pop("languages").items()}
    return {name: re.compile(pattern) for name, pattern in {**data, **named}.items()}


def says(text: str, phrase: str) -> bool:
    """Does the text have that turn of phrase (a key of data/words/phrases.yaml)? False for a key that is not there."""
    pattern = _phrases().get(phrase)
    return bool(pattern and pattern.search(AppointmentWords.fold(text)))


def named_in(text: str, phrase: str) -> str:
    """What that turn of phrase (a key of data/words/phrases.yaml) captures in the text as its group ``named``, folded;
    "" where the text does not have it."""
    found = _phrases()[phrase].search(AppointmentWords.fold(text))
    return (found["named"] or "").strip() if found else ""


@lru_cache(maxsize=1)
def _about_plans() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DATA / "words" / "plan_questions.yaml").read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1)
def _questions() -> list[tuple[str, re.Pattern[str]]]:
    """Topic and pattern, most telling first; a topic may have several (data/words/plan_questions.yaml)."""
    data = _about_plans()
    named: dict[str, str] = data["words"]
    asked = [(topic, pattern) for question in data["questions"] for topic, pattern in question.items()]
    return [
        (topic, re.compile(re.sub(r"<(\w+)>", lambda name: named.get(name[1], name[0]), pattern)))
        for topic, pattern in asked
    ]


def topics() -> frozenset[str]:
    """What about plans there is an explanation for (about.<topic> in data/texts)."""
    return frozenset(topic for topic, _ in _questions())


def topic_of(text: str, children: Collection[str] = ()) -> str:
    """The explanation that a question about plans asks for, or "". ``children``: whoever is called by one of these
    names is a child. Pure."""
    words = " ".join(AppointmentWords.fold(text).split())
    names = "|".join(re.escape(folded) for name in children if (folded := AppointmentWords.fold(name).strip()))
    called = re.compile(rf"\b(?:{names})\b") if names else None
    read = {called.sub(child, words) for child in _about_plans()["named"]} if called else {words}
    return next((topic for topic, pattern in _questions() if any(pattern.search(one) for one in read)), "")
