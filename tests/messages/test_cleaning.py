"""Whatever comes in can be stored."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from api.messages.cleaning import storable


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=200))
def test_every_text_becomes_storable_and_stays_so(text: str) -> None:
    clean = storable(text)
    assert "\x00" not in clean
    clean.encode("utf-8")
    assert storable(clean) == clean
    assert len(clean) == len(text)


@given(st.text(max_size=200).filter(lambda text: "\x00" not in text))
def test_an_ordinary_text_is_not_touched(text: str) -> None:
    assert storable(text) == text
