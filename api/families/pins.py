"""PINs in what people write: where one stands, what is kept of the message, and which are too easy. Pure.

Promise: whatever ``find`` takes for a PIN is not in ``Found.kept``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

SHORTEST, LONGEST = 4, 6
#: What stands in a stored message where its PIN was.
PLACEHOLDER = "[PIN]"
#: Around an expected PIN there may be a few words ("its 4821 love").
FEW_WORDS = 8

_RUN = re.compile(r"(?<!\d)\d(?:[ .\-]?\d)*(?!\d)")
_ONLY_DIGITS = re.compile(r"[\d\s.,;:#*()'\"\-]+")
_NAMED = re.compile(r"\b(?:pin|passcode|pass code|clave|c[oó]digo|contrase[nñ]a)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """The digits of what is (or was meant to be) a PIN, and the message without them."""

    digits: str
    kept: str

    @property
    def well_formed(self) -> bool:
        return SHORTEST <= len(self.digits) <= LONGEST


def find(body: str, *, expected: bool) -> Found | None:
    """The PIN in a message, or None. ``expected``: we have just asked for one, so nearly any number is taken for it."""
    runs = [run for run in _RUN.finditer(body) if len(_digits(run.group())) >= (3 if expected else SHORTEST)]
    if not runs:
        return None
    alone = _ONLY_DIGITS.fullmatch(body.strip()) is not None
    likely = alone or _NAMED.search(body) is not None or (expected and len(body.split()) <= FEW_WORDS)
    short = [run for run in runs if len(_digits(run.group())) <= LONGEST]
    if alone and not expected and len(_digits(body)) > LONGEST:
        return None  # a phone number, or several numbers
    if not likely or not (short or expected):
        return None
    return Found(_digits(body if alone else (short or runs)[0].group()), _RUN.sub(PLACEHOLDER, body))


def too_easy(digits: str) -> bool:
    """Would somebody who knows the family guess it: the same digits, a row, a pair twice, a year?"""
    steps = {int(b) - int(a) for a, b in pairwise(digits)}
    if steps in ({0}, {1}, {-1}):
        return True
    if len(digits) % 2 == 0 and digits[:2] * (len(digits) // 2) == digits:
        return True
    return len(digits) == 4 and 1930 <= int(digits) <= 2039


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(sign)) for sign in text if unicodedata.digit(sign, None) is not None)
