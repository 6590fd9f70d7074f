"""What the entity model sees of each word: its letters, its neighbours, and what kind of word it is by lists and rules.

Pure: tokens with ``text``, ``start`` and ``end`` in, names of features out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.components.time_words import unaccented

_RULES = {
    "child": r"(?:son|daughter|kid|child|bab(?:y|ie)|boy|girl|lad|twin|grand\w+|bairn|wean|youngest|eldest"
    r"|nephew|niece)s?|children"
    r"|hij[oa]s?|niet[oa]s?|nin[oa]s?|bebes?|gemel[oa]s|chamac[oa]s?|nen[ea]s?|peques?|sobrin[oa]s?",
    "worker": r"worker|caseworker|midwife|judge|guardian|nurse|doctor|dr|solicitor|lawyer|teacher|visitor|chair"
    r"|iro|cafcass"
    r"|therapist|counsell?or|trabajadora?|maestr[oa]|enfermer[oa]|doctora|abogad[oa]|licenciad[oa]|psicolog[oa]"
    r"|terapeuta",
    "title": r"mr|mrs|ms|miss|dr|auntie|uncle|nurse|judge|don|dona|sra?|senora?|senorita|srta|doctora?|lic",
    "whose": r"my|our|the|his|her|their|mi|mis|el|la|los|las|su|sus|nuestr[oa]s?|your",
    "where": r"in|near|round|around|at|from|to|by|en|por|cerca|desde|hasta|de",
    "postcode": r"[a-z]{1,2}\d{1,2}[a-z]?|\d[a-z]{2}|\d{5}|[mai]-?\d{1,3}",
    "street": r"street|st|road|rd|lane|avenue|ave|close|drive|court|square|calle|avenida|plaza|colonia|barrio",
    "did": r"did|done|finished|completed|went|been|got|had|passed|fitted|handed|rang|booked|registered|started"
    r"|signed|hice|fui|termine"
    r"|lleve|compre|entregue|firme|ya|puse|complete|inscribi",
    "cannot": r"cant|can't|couldnt|couldn't|wont|won't|tried|waiting|shut|closed|full|no|dont|don't|puedo|pude"
    r"|cerrado|lleno",
}
_KINDS = {name: re.compile(rf"(?:{words})(?:'?s)?") for name, words in _RULES.items()}
#: How far to each side a word's neighbours count.
NEAR = 2


class Kinds:
    """``lists``: by their names, words that are of a kind (the lookup tables of the training data)."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self.lists = {name: sorted({unaccented(word) for word in words}) for name, words in lists.items()}
        self._sets = {name: frozenset(words) for name, words in self.lists.items()}

    def of(self, word: str) -> list[str]:
        """The kinds of a word in small letters without accents."""
        bare = word.removesuffix("'s")
        found = [name for name, words in self._sets.items() if bare in words or bare.removesuffix("s") in words]
        return found + [name for name, pattern in _KINDS.items() if pattern.fullmatch(word)]

    def features(self, tokens: Sequence[Any], spans: list[tuple[int, int]], intent: str) -> list[list[str]]:
        """For each token the features that it has, its neighbours' included. ``spans``: where times are named."""
        words = [unaccented(token.text).replace("\u2019", "'") for token in tokens]
        own = [self._own(token, word, spans) for token, word in zip(tokens, words, strict=True)]
        return [self._with_neighbours(at, own, words, intent) for at in range(len(tokens))]

    def _own(self, token: Any, word: str, spans: list[tuple[int, int]]) -> list[str]:
        found = [f"kind={kind}" for kind in self.of(word)]
        if token.text[:1].isupper():
            found.append("upper" if token.text.isupper() and len(token.text) > 1 else "title")
        if any(letter.isdigit() for letter in word):
            found.append("digit")
        for start, end in spans:
            if start < token.end and token.start < end:
                found.append("time" if token.start > start else "time begins")
        return found

    @staticmethod
    def _with_neighbours(at: int, own: list[list[str]], words: list[str], intent: str) -> list[str]:
        word = words[at]
        found = ["bias", f"in={intent}", f"in={intent}:{word}", *(f"{size}<{word[:size]}" for size in (2, 4, 5))]
        found += [f"{size}>{word[-size:]}" for size in (2, 3, 5)]
        if at == 0:
            found.append("first")
        for step in range(-NEAR, NEAR + 1):
            if 0 <= at + step < len(words):
                found.append(f"{step}={words[at + step]}")
                found += [f"{step}:{name}" for name in own[at + step]]
        found += [f"{a}+{b}" for a in (own[at - 1] if at else []) for b in own[at] if a.startswith("kind")]
        return found
