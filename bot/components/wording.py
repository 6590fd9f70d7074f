"""How a text is written down before it is compared: the same words should look the same, however tired the thumb.

Pure functions over strings. ``plain`` is for the sentence encoders (they know case and accents, but not lone
surrogates or walls of repeated letters); ``folded`` is for letter and word counts.
"""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")
_STRETCHED = re.compile(r"(\w)\1{2,}")
_REPEATED_MARKS = re.compile(r"([!?.,])\1+")
_NUMBER = re.compile(r"\d")
_CURLY = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"})
#: Longer texts are cut for the encoders: their own limit is 512 tokens, and their time grows with the length.
LONGEST = 1000


def plain(text: str) -> str:
    """The text as one tidy line: no control characters, no broken surrogates, "pleeeease" as "pleease"."""
    sound = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ").translate(_CURLY)
    tidy = _SPACE.sub(" ", _REPEATED_MARKS.sub(r"\1", _STRETCHED.sub(r"\1\1", sound))).strip()
    return tidy[:LONGEST] or "."


def folded(text: str) -> str:
    """The text in small letters, without accents, digits all alike: what counts of letters and words are made of."""
    letters = unicodedata.normalize("NFKD", plain(text).casefold())
    return _NUMBER.sub("0", "".join(letter for letter in letters if not unicodedata.combining(letter)))
