"""Reads the curated patterns and matches them: rules by kind and language, with guards that silence false alarms."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from api.settings import DATA

PATH = DATA / "safety" / "patterns.yaml"
#: A message longer than this is screened in its first and last part: nobody hides a cry for help in 20,000 characters.
LONGEST = 20_000


class RuleData(BaseModel):
    """One rule as it stands in the file."""

    model_config = ConfigDict(extra="forbid")

    id: str
    kind: str
    priority: str
    any: list[str]
    #: Names of guards; one that matches the same clause silences the rule.
    unless: list[str] = []
    why: str = ""


class FileData(BaseModel):
    """The whole file: guards by name, macros that rules may use as {name}, and the rules."""

    model_config = ConfigDict(extra="forbid")

    macros: dict[str, str] = {}
    guards: dict[str, list[str]] = {}
    rules: list[RuleData]


@dataclass(frozen=True)
class Rule:
    id: str
    kind: str
    priority: str
    pattern: re.Pattern[str]
    unless: tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class PatternSet:
    rules: tuple[Rule, ...]

    def matches(self, text: str) -> list[Rule]:
        """The rules that speak for this text and that no guard silences."""
        plain = folded(text)
        return [
            rule
            for rule in self.rules
            if any(
                not any(guard.search(clause(plain, hit.start(), hit.end())) for guard in rule.unless)
                for hit in rule.pattern.finditer(plain)
            )
        ]


def folded(text: str) -> str:
    """Lower case, straight quotes, no accents, single spaces: what the patterns are written for."""
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + " " + text[-LONGEST // 2 :]
    text = text.replace("\u2019", "'").replace("\u2018", "'").replace("`", "'").lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def clause(text: str, start: int, end: int) -> str:
    """The hit with what stands round it up to the next full stop or 60 characters: what a guard looks at."""
    left = max(text.rfind(mark, 0, start) for mark in (". ", "! ", "? ", "; "))
    right = min((i for i in (text.find(mark, end) for mark in (". ", "! ", "? ", "; ")) if i >= 0), default=len(text))
    return text[max(left + 1, start - 60, 0) : min(right + 1, end + 60)].strip()


@lru_cache(maxsize=4)
def load_patterns(path: Path = PATH) -> PatternSet:
    """Read and compile the file. Raises ValueError naming the rule that is malformed."""
    data = FileData.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))

    def compiled(where: str, alternatives: list[str]) -> re.Pattern[str]:
        source = "|".join(f"(?:{alternative})" for alternative in alternatives)
        for name, expansion in data.macros.items():
            source = source.replace("{" + name + "}", f"(?:{expansion})")
        try:
            return re.compile(source)
        except re.error as error:
            raise ValueError(f"{path.name}: {where}: {error}") from None

    guards = {name: compiled(f"guard {name}", alternatives) for name, alternatives in data.guards.items()}
    rules = []
    for rule in data.rules:
        unknown = [name for name in rule.unless if name not in guards]
        if unknown:
            raise ValueError(f"{path.name}: rule {rule.id}: no guard named {unknown[0]}")
        rules.append(
            Rule(rule.id, rule.kind, rule.priority, compiled(f"rule {rule.id}", rule.any), tuple(guards[n] for n in rule.unless))
        )
    return PatternSet(tuple(rules))
