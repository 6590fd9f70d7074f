"""Reads the messages that the model learns from and is measured on.

Training: ``data/safety/{,extra.,indirect.,calm.}{en,es}.jsonl`` (text, kind, priority, group, voice);
``languages.jsonl``, some dozens in each of fifteen other languages; Rasa's training messages
``data/nlu/<language>/*.yml`` (their intent says whether it is danger). Development: ``data/dev``, never trained on; of
it ``safety`` chooses thresholds, and ``fresh``, by yet another hand, chooses nothing: it only measures; ``ordinary``,
by another one again, is everyday traffic between people; ``short``, by a fifth, what is said in a few words, harmless
and not; ``family``, by a sixth, is ordinary talk about families as it comes; ``requests``, by a seventh, is what people
write to the assistant without any danger in it; ``languages`` measures eighteen other languages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from api.settings import DATA

LANGUAGES = ("en", "es")
#: What the training files' names begin with.
TRAINING = ("", "extra.", "indirect.", "calm.")
#: Intents of the understanding that are danger, and the kind each is.
DANGEROUS = {
    "report_immediate_danger": "immediate_danger",
    "disclose_self_harm": "self_harm",
    "disclose_harm": "harm_disclosed",
}
_ENTITY = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


@dataclass(frozen=True)
class Example:
    """One labelled message. ``priority`` is empty where only the kind is known; ``group``: what it was written for."""

    text: str
    kind: str
    priority: str
    group: str
    language: str
    source: str

    @property
    def danger(self) -> bool:
        return self.kind != "none"


def training() -> list[Example]:
    """Everything the model may learn from, each text once; what is also in the development sets is left out."""
    kept: dict[str, Example] = {}
    for language in LANGUAGES:
        for name in TRAINING:
            for example in labelled(DATA / "safety" / f"{name}{language}.jsonl", language):
                kept.setdefault(_same(example.text), example)
    for example in labelled(DATA / "safety" / "languages.jsonl"):
        kept.setdefault(_same(example.text), example)
    for example in understanding():
        kept.setdefault(_same(example.text), example)
    for example in held_out():
        kept.pop(_same(example.text), None)
    return list(kept.values())


def held_out() -> list[Example]:
    """Everything that is kept from the training."""
    sets = (development, fresh, ordinary, short, family, requests, other_languages, development_intents)
    return [example for which in sets for example in which()]


def development() -> list[Example]:
    """The safety development set of both languages."""
    return [e for language in LANGUAGES for e in labelled(DATA / "dev" / f"safety.{language}.jsonl", language)]


def fresh() -> list[Example]:
    """The set that nothing was ever chosen on, of both languages."""
    return [e for language in LANGUAGES for e in labelled(DATA / "dev" / f"fresh.{language}.jsonl", language)]


def ordinary() -> list[Example]:
    """Everyday traffic between people, by a hand that saw nothing of ours, of both languages."""
    return [e for language in LANGUAGES for e in labelled(DATA / "dev" / f"ordinary.{language}.jsonl", language)]


def short() -> list[Example]:
    """Few words, everyday and alarming and danger, by a hand that saw nothing of ours, of both languages."""
    return [e for language in LANGUAGES for e in labelled(DATA / "dev" / f"short.{language}.jsonl", language)]


def family() -> list[Example]:
    """Ordinary talk about families, friends, school and work as it comes, by a hand that saw nothing of ours, of both
    languages."""
    return [e for language in LANGUAGES for e in labelled(DATA / "dev" / f"family.{language}.jsonl", language)]


def requests() -> list[Example]:
    """Plain requests, reports and grumbles to the assistant, by a hand that saw nothing of ours, of both languages."""
    return [e for language in LANGUAGES for e in labelled(DATA / "dev" / f"requests.{language}.jsonl", language)]


def other_languages() -> list[Example]:
    """Danger, alarming talk and ordinary messages in eighteen other languages, three of which nothing is trained on."""
    return labelled(DATA / "dev" / "languages.jsonl")


def development_intents() -> list[Example]:
    """The development set of the understanding, as danger or not."""
    found = []
    for language in LANGUAGES:
        for line in _lines(DATA / "dev" / f"intents.{language}.jsonl"):
            found.append(_by_intent(line["text"], line["intent"], language, "intents"))
    return found


def labelled(path: Path, language: str = "") -> list[Example]:
    """A file of lines with text, kind, priority and (optional) group, language. A missing file is empty."""
    return [
        Example(d["text"], d["kind"], d.get("priority", ""), d.get("group", ""), d.get("language", language), "safety")
        for d in _lines(path)
    ]


def understanding() -> Iterator[Example]:
    """Rasa's training messages, entity marks taken off."""
    for language in LANGUAGES:
        for path in sorted((DATA / "nlu" / language).glob("*.yml")):
            for block in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("nlu", []):
                for line in (block.get("examples") or "").splitlines() if "intent" in block else []:
                    if text := _ENTITY.sub(r"\1", line.strip().removeprefix("- ")).strip():
                        yield _by_intent(text, block["intent"], language, "understanding")


def _by_intent(text: str, intent: str, language: str, source: str) -> Example:
    kind = DANGEROUS.get(intent, "none")
    priority = {"none": "routine", "immediate_danger": "emergency"}.get(kind, "")
    return Example(text, kind, priority, f"intent:{intent}", language, source)


def lowered(example: Example) -> Example:
    """The same as a tired thumb writes it: no capitals, no apostrophes, no full stop."""
    return replace(
        example, text=example.text.lower().replace("'", "").replace("\u2019", "").rstrip("."), source="lowered"
    )


def _lines(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _same(text: str) -> str:
    return " ".join(text.lower().split())
