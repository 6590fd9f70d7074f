"""The search through all that a system wrote, made when it ends (tests/harness/leaks.py), finds what leaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness import canaries


def test_the_search_finds_what_leaks(tmp_path: Path) -> None:
    known = canaries.known()
    try:
        word = canaries.add("a canary that sings")
        leak = tmp_path / "leak.log"
        leak.write_text(f"INFO all is well\nERROR could not store {word!r}\n")
        assert len(canaries.found([leak])) == 1
    finally:
        canaries.go_back_to(known)


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("he hid my blue rucksack", "ERROR cut short: 'my blue rucksack"),
        ("he hid my blue rucksack", "GET /x?q=he%20hid%20my%20blue+rucksack"),
        ("he's hidden the front key", 'ERROR {"body": "he\\u0027s hidden THE front key"}'),
        ("+447700912345", "ERROR no such number: 07700 912345"),
        ("+447700912345", "ERROR no such number: 07700912345"),
        ("593817", "ERROR wrong PIN '593817'"),
    ],
    ids=["cut", "address", "escaped", "spaced number", "national number", "PIN"],
)
def test_the_search_finds_what_was_cut_quoted_or_written_another_way(written: str, line: str, tmp_path: Path) -> None:
    known = canaries.known()
    try:
        canaries.wrote(written)
        leak = tmp_path / "leak.log"
        leak.write_text(f"INFO all is well at 12:30:01.593817, 1593817 rows\n{line}\n")
        assert {one.split(" ")[0] for one in canaries.found([leak])} == {"leak.log:2"}
    finally:
        canaries.go_back_to(known)


def test_what_the_product_says_itself_is_no_canary(tmp_path: Path) -> None:
    known = canaries.known()
    try:
        canaries.wrote("your next one is not the one i meant")
        log = tmp_path / "calm.log"
        log.write_text("INFO Your next one is tomorrow\n")
        assert canaries.found([log]) == []
    finally:
        canaries.go_back_to(known)
