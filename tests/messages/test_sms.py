"""What fits in an SMS."""

from __future__ import annotations

import pytest

from api.messages import sms


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("£" * 160, 1),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 159 + "[", 2),
    ],
)
def test_segments_are_counted_as_carriers_count_them(text: str, count: int) -> None:
    assert sms.segments(text) == count


def test_one_curly_quote_does_not_double_the_price() -> None:
    assert sms.to_gsm7("It\u2019s \u201ctoday\u201d \u2013 soon\u2026") == 'It\'s "today" - soon...'


def test_spanish_loses_only_the_accents_that_gsm7_has_not() -> None:
    assert sms.to_gsm7("¿Mañana? Sí, está aquí. Él también: ñ ü é à") == "¿Mañana? Si, esta aqui. Él también: ñ ü é à"


def test_what_gsm7_cannot_say_stays_as_it_is() -> None:
    for text in ("موعدك غدا", "Hi 😀", "Привет"):
        assert sms.to_gsm7(text) == text
        assert not sms.is_gsm7(text)
