"""Phone numbers as people write them: which number it is, and whether there is such a one."""

from __future__ import annotations

import pytest

from api.jurisdiction import phones


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("07700 900123", "GB", "+447700900123"),
        ("+44 7700 900123", "", "+447700900123"),
        ("614-555-0101", "US", "+16145550101"),
        ("07700 900123", "", ""),
        ("call me", "GB", ""),
        ("", "GB", ""),
    ],
    ids=["national", "international", "American", "no country", "words", "nothing"],
)
def test_a_number_gets_its_country_s_code(typed: str, country: str, number: str) -> None:
    assert phones.e164(typed, country) == number


@pytest.mark.parametrize(
    ("number", "there"),
    [("+447700900123", True), ("+442079460123", True), ("+447700", False), ("+447", False), ("+4477009001234", False)],
    ids=["drama", "office", "short", "shortest", "long"],
)
def test_whether_there_is_such_a_number(number: str, there: bool) -> None:
    assert phones.exists(number) is there
