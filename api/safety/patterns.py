"""Reads the curated patterns and matches them: rules by kind and language, with guards that silence false alarms.

The file is ``data/safety/patterns.yaml``, which explains itself. ``load_patterns`` raises ValueError naming what is
malformed; ``PatternSet.matches`` never raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from api.safety.wording import folded
from api.settings import DATA

PATH = DATA / "safety" / "patterns.yaml"
#: How far a guard looks from a hit, in characters, within the same sentence.
REACH = 60
#: So many words are few.
FEW = 6
_WORD = re.compile(r"[^\W_]+")
_ENDS = re.compile(r"[.!?;](?=\s)")


class RuleData(BaseModel):
    """One rule as it stands in the file."""

    model_config = ConfigDict(extra="forbid")

    id: str
    kind: Literal["immediate_danger", "self_harm", "harm_disclosed"]
    priority: Literal["routine", "urgent", "emergency"]
    any: list[str]
    #: Names of guards; one that matches near the hit silences the rule.
    unless: list[str] = []
    why: str


class SilenceData(BaseModel):
    """One rule about answering, as it stands in the file: they ask for no answer, or somebody else reads along."""

    model_config = ConfigDict(extra="forbid")

    id: str
    #: Somebody else reads this now: more than a wish.
    reads: bool
    any: list[str]
    unless: list[str] = []
    why: str


class FileData(BaseModel):
    """The whole file: words that stand alone, guards that do in few words, spellings, macros that rules may use as
    {name}, guards by name, the rules, and those about answering."""

    model_config = ConfigDict(extra="forbid")

    alone: list[str] = []
    few_words: list[str] = []
    spellings: dict[str, str] = {}
    macros: dict[str, str] = {}
    guards: dict[str, list[str]] = {}
    rules: list[RuleData]
    silence: list[SilenceData] = []


@dataclass(frozen=True)
class Rule:
    """One compiled rule. ``priority`` routine is a hint: it makes the screen notice, never raise."""

    id: str
    kind: str
    priority: str
    why: str
    pattern: re.Pattern[str]
    unless: tuple[str, ...]


@dataclass(frozen=True)
class SilenceRule:
    """One compiled rule about answering: where it speaks, no answer may go to that phone."""

    id: str
    reads: bool
    pattern: re.Pattern[str]
    unless: tuple[str, ...]


@dataclass(frozen=True)
class PatternSet:
    """All rules and guards, ready to match."""

    rules: tuple[Rule, ...]
    guards: dict[str, re.Pattern[str]]
    spellings: dict[str, str]
    silence: tuple[SilenceRule, ...] = ()
    alone: frozenset[str] = frozenset()
    few_words: tuple[str, ...] = ()

    def fold(self, text: str) -> str:
        """The form of the text that the rules are written for."""
        return folded(text, self.spellings)

    def matches(self, text: str) -> list[Rule]:
        """The rules that speak for this text and that no guard silences."""
        return self.matches_folded(self.fold(text))

    def matches_folded(self, plain: str) -> list[Rule]:
        """The same for a text that is folded already."""
        return [rule for rule in self.rules if self._speaks(rule, plain)]

    def stands_alone(self, plain: str) -> bool:
        """Is the folded text one word only, one of those that may ask for anything; or a denial or a saying in few
        words?"""
        words = _WORD.findall(plain)
        if len(words) == 1:
            return words[0] in self.alone
        return len(words) <= FEW and any(self.guards[name].search(plain) for name in self.few_words)

    def silences(self, text: str) -> list[SilenceRule]:
        """The rules about answering that speak for this text."""
        plain = self.fold(text)
        return [rule for rule in self.silence if self._speaks(rule, plain)]

    def _speaks(self, rule: Rule | SilenceRule, plain: str) -> bool:
        for hit in rule.pattern.finditer(plain):
            near = surroundings(plain, hit.start(), hit.end())
            if not any(self.guards[name].search(near) for name in rule.unless):
                return True
        return False

    def guards_folded(self, plain: str) -> list[str]:
        """The names of the guards that match anywhere in a folded text."""
        return [name for name, guard in self.guards.items() if guard.search(plain)]


def surroundings(text: str, start: int, end: int) -> str:
    """The hit with what stands round it in the same sentence, at most ``REACH`` characters each way."""
    left = max(0, start - REACH)
    for mark in _ENDS.finditer(text, left, start):
        left = mark.end()
    right = min(len(text), end + REACH)
    if mark_after := _ENDS.search(text, end, right):
        right = mark_after.start()
    return text[left:right]


@lru_cache(maxsize=4)
def load_patterns(path: Path = PATH) -> PatternSet:
    """Read and compile the file. Raises ValueError naming the rule that is malformed."""
    data = FileData.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))

    def compiled(where: str, alternatives: list[str]) -> re.Pattern[str]:
        source = "|".join(f"(?:{alternative})" for alternative in alternatives)
        for name, expansion in reversed(data.macros.items()):  # a macro may use those above it
            source = source.replace("{" + name + "}", f"(?:{expansion})")
        if unknown := re.search(r"\{([a-z_]+)\}", source):
            raise ValueError(f"{path.name}: {where}: no macro named {unknown[1]}")
        try:
            return re.compile(source)
        except re.error as error:
            raise ValueError(f"{path.name}: {where}: {error}") from None

    guards = {name: compiled(f"guard {name}", alternatives) for name, alternatives in data.guards.items()}
    ids: set[str] = set()

    if unknown := [name for name in data.few_words if name not in guards]:
        raise ValueError(f"{path.name}: few_words: no guard named {unknown[0]}")

    def checked(rule: RuleData | SilenceData) -> re.Pattern[str]:
        if unknown := [name for name in rule.unless if name not in guards]:
            raise ValueError(f"{path.name}: rule {rule.id}: no guard named {unknown[0]}")
        if rule.id in ids:
            raise ValueError(f"{path.name}: rule {rule.id}: the id is used twice")
        ids.add(rule.id)
        return compiled(f"rule {rule.id}", rule.any)

    rules = [Rule(r.id, r.kind, r.priority, r.why, checked(r), tuple(r.unless)) for r in data.rules]
    silence = [SilenceRule(r.id, r.reads, checked(r), tuple(r.unless)) for r in data.silence]
    return PatternSet(
        tuple(rules), guards, dict(data.spellings), tuple(silence), frozenset(data.alone), tuple(data.few_words)
    )
