"""What fits in an SMS: the GSM-7 alphabet and segment counts. Pure functions.

Source: 3GPP TS 23.038 (the alphabet), and Twilio's limits (160/153 characters in GSM-7, 70/67 in UCS-2).
"""

from __future__ import annotations

import unicodedata

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "^{}\\[~]|€"
GSM7 = frozenset(_BASIC)
GSM7_TWICE = frozenset(_EXTENDED)

#: Typographic characters that would double a text's price for nothing.
_PLAIN = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2026": "...",
        "\u00a0": " ",
        "\u202f": " ",
    }
)
#: A body is never longer than this (Twilio refuses it).
LONGEST_BODY = 1600


def to_gsm7(text: str) -> str:
    """The text in GSM-7 where that loses little: curly quotes become straight, á í ó ú lose their accent.

    A text with anything else (Arabic, emoji) is returned with its characters as they are.
    """
    plain = text.translate(_PLAIN)
    if GSM7.issuperset(plain):
        return plain
    folded = "".join(_fold(character) for character in plain)
    return folded if is_gsm7(folded) else plain


def _fold(character: str) -> str:
    if character in GSM7 or character in GSM7_TWICE:
        return character
    base = unicodedata.normalize("NFD", character)[0]
    return base if base in GSM7 and base.isalpha() else character


def is_gsm7(text: str) -> bool:
    """Can the text be sent in GSM-7?"""
    return all(character in GSM7 or character in GSM7_TWICE for character in text)


def segments(text: str) -> int:
    """How many SMS segments the text costs."""
    if is_gsm7(text):
        length, single, many = sum(2 if c in GSM7_TWICE else 1 for c in text), 160, 153
    else:
        length, single, many = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= single else -(-length // many)
