"""The folded form of a message, which the patterns and the sparse features read.

In: any string at all (lone surrogates, NUL, walls of text). Out: lower case, without accents or apostrophes, single
spaces, with common textspeak spelt out. Never raises.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

#: What is read of one message. A longer one is read at its beginning and its end.
LONGEST = 6_000

_APOSTROPHES = str.maketrans("", "", "'\u2019\u2018`\u00b4\u02bc\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0f")
_REPEATED = re.compile(r"([a-z])\1{2,}")
_WORD = re.compile(r"[a-z0-9]+")


def shortened(text: str) -> str:
    """The text, or the beginning and end of a very long one; what no encoding can carry becomes a space."""
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + " " + text[-LONGEST // 2 :]
    return "".join(" " if c == "\x00" or "\ud800" <= c <= "\udfff" else c for c in text)


def folded(text: str, spellings: Mapping[str, str] | None = None) -> str:
    """What the rules are written for. ``spellings`` maps whole words to the words the rules use."""
    decomposed = unicodedata.normalize("NFKD", shortened(text).translate(_APOSTROPHES).lower())
    plain = " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).translate(_APOSTROPHES).split())
    plain = _REPEATED.sub(r"\1", plain)
    if spellings:
        plain = _WORD.sub(lambda word: spellings.get(word.group(), word.group()), plain)
    return plain
