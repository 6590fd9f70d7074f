"""Phone numbers as people in a place write and dial them. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

#: Ofcom's mobile numbers for drama, which nobody has: for demos and tests they count as numbers.
DRAMA = re.compile(r"\+447700900\d{3}")


def e164(typed: str, country: str = "") -> str:
    """A number with its country's code ("+447700900123"); one as it is dialled in ``country`` ("GB") gets its code. ""
    where it is none. Whether somebody could have it is ``exists``."""
    try:
        return phonenumbers.format_number(_parsed(typed, country), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return ""


def exists(number: str) -> bool:
    """Is there such a number in its country (or one for drama)? ``number`` is E.164."""
    try:
        return DRAMA.fullmatch(number) is not None or phonenumbers.is_valid_number(_parsed(number))
    except phonenumbers.NumberParseException:  # so short that it reads as one only with its country
        return False


def _parsed(number: str, country: str = "") -> phonenumbers.PhoneNumber:
    return phonenumbers.parse(number, country or None)


@lru_cache(maxsize=1000)  # those of agencies and services, with each reply
def local_number(number: str, country: str) -> str:
    """A number as people there dial it: "020 7946 0201", "614-555-0101"."""
    if not number:
        return ""
    try:
        parsed = _parsed(number, country)
    except phonenumbers.NumberParseException:
        return number
    if country == "US" and parsed.country_code == 1:
        digits = str(parsed.national_number)
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    form = phonenumbers.PhoneNumberFormat
    home = parsed.country_code == phonenumbers.country_code_for_region(country)
    return phonenumbers.format_number(parsed, form.NATIONAL if home else form.INTERNATIONAL)
