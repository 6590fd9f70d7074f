"""The last test of a run: no word, name, number or secret that passed through the harness stands in any output."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from api import embedded_postgres
from api.sealed import MARK
from tests.harness import canaries
from tests.harness.system import System


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


def test_no_output_of_any_process_holds_a_word_of_anybody(system: System) -> None:
    system.save_database_log()
    outputs = canaries.outputs()
    names = {path.stem for path in outputs}
    assert {"api-0", "worker-0", "rasa", "actions", "postgres"} <= names
    if canaries.count() < 20:
        # Run alone, it would pass without having looked at anything: better to say that it proves nothing.
        pytest.skip("run with the rest of tests/promises: nothing was said in this run")
    assert canaries.found(outputs) == []


def test_a_dump_of_the_database_holds_no_word_that_anybody_wrote(system: System) -> None:
    dumped = subprocess.run(
        [embedded_postgres.tool("pg_dump"), f"--dbname={system.url}"], capture_output=True, text=True, check=True
    )
    count, found = canaries.written_in(dumped.stdout)
    if count < 2:
        # As above: without words that somebody wrote it would prove nothing.
        pytest.skip("run with the rest of tests/promises: nothing was said in this run")
    assert "inbound_messages" in dumped.stdout and MARK in dumped.stdout
    assert found == []
