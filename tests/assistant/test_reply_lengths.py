"""Every reply fits in two SMS segments, with the longest words that the demo and the packs put into it."""

from __future__ import annotations

import pytest

from api import texts
from api.jurisdiction.packs import names, pack
from api.messages.sms import segments, to_gsm7

_DAY = "Wednesday 23 September"
LONG = {
    "kind": "counselling session", "child": "Jayden, Ruby and Mateo", "when": f"{_DAY} at 10:00", "day": _DAY,
    "next": f"{_DAY} at 10:00", "more": 5, "time": "10:00 AM", "until": "10:00 AM", "name": "Marisol Vega",
    "agency": "Franklin Falls Children Services", "phone": "614-555-0100", "minutes": 90, "done": 2, "total": 5,
    "title": "Finish the Stepping Stones course", "number": 2, "first": "a", "last": "b",
    "words": "I want to stay at my school and see my nan on Sundays.",
}  # fmt: skip
OURS = (
    "appointments.", "actions.", "plan.", "about.", "views.", "greet.", "bot.", "capabilities.", "privacy.", "contact.",
    "out_of_scope.", "fallback.", "complain.", "distress.", "stop.", "wrong.", "preference.", "language.", "stranger.",
)  # fmt: skip


@pytest.mark.parametrize("place", names())
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_reply_fits_in_two_segments(place: str, language: str) -> None:
    local = pack(place).text_args(language)
    too_long = [
        (text_id, len(words))
        for text_id in texts.catalogues()[language]
        if text_id.startswith(OURS)
        and segments(to_gsm7(words := texts.render(text_id, language, **{**local, **LONG}))) > 2
    ]
    assert too_long == []
