"""Phone numbers as people in a place write and dial them. Pure."""

from __future__ import annotations

import phonenumbers


def local_number(number: str, country: str) -> str:
    """A number as people there dial it: "020 7946 0201", "614-555-0101"."""
    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return number
    if country == "US" and parsed.country_code == 1:
        digits = str(parsed.national_number)
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    form = phonenumbers.PhoneNumberFormat
    home = parsed.country_code == phonenumbers.country_code_for_region(country)
    return phonenumbers.format_number(parsed, form.NATIONAL if home else form.INTERNATIONAL)
