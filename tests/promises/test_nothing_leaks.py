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
    word = canaries.add("a canary that sings")
    leak = tmp_path / "leak.log"
    leak.write_text(f"INFO all is well\nERROR could not store {word!r}\n")
    assert len(canaries.found([leak])) == 1
    canaries.forget(word)


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
