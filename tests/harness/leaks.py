"""No word, name, number or secret that passed through the harness stands in a system's output, nor in its database."""

from __future__ import annotations

import subprocess

from api import embedded_postgres
from api.sealed import MARK
from tests.harness import canaries
from tests.harness.system import System

#: A system that gave out more teams was used enough: next to nothing to look for means that the search is broken.
MANY_TEAMS = 4


def search(system: System) -> None:
    """Search all output of this process's systems, and a dump of this one's database. Raises AssertionError with what
    it found."""
    system.save_database_log()
    outputs = canaries.outputs()
    started = {process.name for process in system.processes} | {"postgres"}
    assert started <= {path.stem for path in outputs}, "not everything that ran was looked at"
    assert canaries.found(outputs) == []
    dumped = subprocess.run(
        [embedded_postgres.tool("pg_dump"), f"--dbname={system.url}"], capture_output=True, text=True, check=True
    )
    count, written = canaries.written_in(dumped.stdout)
    assert written == [], "it stands unsealed in the database"
    if system.teams > MANY_TEAMS:
        assert canaries.count() >= 20 and count >= 2
        assert "inbound_messages" in dumped.stdout and MARK in dumped.stdout
