"""Where a PIN stands in a message, and that nothing of it is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.families.pins import PLACEHOLDER, find, too_easy


@pytest.mark.parametrize("body", ["4821", " 4821 ", "4 8 2 1", "48-21", "4821.", "my pin is 4821", "mi clave es 4821"])
def test_a_pin_is_found_whoever_asked(body: str) -> None:
    found = find(body, expected=False)
    assert found is not None and found.digits == "4821" and "4" not in found.kept and PLACEHOLDER in found.kept


@pytest.mark.parametrize("body", ["its 4821 love", "ok 4821 thats it", "٤٨٢١"])
def test_where_one_was_asked_for_a_few_words_may_stand_round_it(body: str) -> None:
    found = find(body, expected=True)
    assert found is not None and found.digits == "4821"


@pytest.mark.parametrize("body", ["123", "12345678", "my pin is 12345678"])
def test_a_number_that_cannot_be_one_is_kept_out_too_where_one_was_asked_for(body: str) -> None:
    found = find(body, expected=True)
    assert found is not None and not found.well_formed and not any(sign.isdigit() for sign in found.kept)


@pytest.mark.parametrize(
    "body",
    ["1", "2", "42", "07700 900456", "new number 07700 900456", "see you at 10:30", "when is my next one", "1030pm"],
)
def test_what_is_no_pin_is_left_alone(body: str) -> None:
    assert find(body, expected=False) is None


def test_a_long_message_with_a_number_is_heard_as_it_is() -> None:
    body = "he came at 2130 last night and was kicking the door and the kids were screaming please"
    assert find(body, expected=True) is None


@given(st.text(max_size=30), st.from_regex(r"[0-9]{4,6}", fullmatch=True), st.text(max_size=30))
def test_whatever_is_found_is_not_kept(before: str, digits: str, after: str) -> None:
    for expected in (True, False):
        found = find(f"{before} {digits} {after}", expected=expected)
        if found is not None:
            assert digits not in found.kept


@pytest.mark.parametrize(
    ("digits", "easy"),
    [("1111", True), ("1234", True), ("654321", True), ("1212", True), ("1984", True), ("2018", True), ("4821", False),
     ("739204", False)],
)  # fmt: skip
def test_what_somebody_close_would_guess_is_too_easy(digits: str, easy: bool) -> None:
    assert too_easy(digits) is easy
