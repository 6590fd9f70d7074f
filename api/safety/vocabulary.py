"""Which words the training messages in English and Spanish have: how foreign a message is to what learned from words.

Both the linear model and the cuts of the cascade know words of these two languages. Of a message in another one (or
spelt as nobody spelt before) they know nothing, and what they know nothing of must not be cleared by them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

BITS = 18
#: A word counts as known from so many training messages on: a single one may be a name or a slip.
MESSAGES = 2
#: With a smaller share of its words known a message counts as foreign. Of the development sets' English and Spanish
#: messages one in a hundred does, of those in eighteen other languages nine in ten.
ENOUGH = 0.66
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Vocabulary:
    """A place for each hash: was a word of that hash seen?"""

    seen: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, folded_texts: Iterable[str]) -> Vocabulary:
        """The words of these messages."""
        counted = Counter(word for text in folded_texts for word in set(_WORD.findall(text)))
        seen = np.zeros(1 << BITS, np.bool_)
        seen[[_place(word) for word, messages in counted.items() if messages >= MESSAGES]] = True
        return cls(seen)

    def foreign(self, folded_text: str) -> bool:
        """Are too few of its words known? A message without words is not foreign."""
        words = _WORD.findall(folded_text)
        return bool(words) and sum(bool(self.seen[_place(word)]) for word in words) < ENOUGH * len(words)


def _place(word: str) -> int:
    return crc32(word.encode("utf-8", "replace")) & ((1 << BITS) - 1)
