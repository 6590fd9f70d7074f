"""20,000 families: how soon workers see their pages at 20 requests a second, and whether looking up one person takes
longer the more others there are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import httpx

from api import clock, embedded_postgres
from api.access.guards import WORKER_COOKIE
from tests.bench import crowd
from tests.bench.figures import Figure, at_most, median, ms, percentile, ratio
from tests.bench.sizes import Sizes
from tests.harness.processes import ROOT
from tests.harness.system import System

#: Requests a second, as the issue says.
RATE = 20


def many(sizes: Sizes) -> list[Figure]:
    """A database of its own, filled to a tenth and then whole, with one api process on it."""
    with TemporaryDirectory(prefix="hearthline-bench-") as folder:
        system = System(Path(folder), rasa_url="http://127.0.0.1:9")
        try:
            return _measured(system, sizes)
        finally:
            system.stop()


def _measured(system: System, sizes: Sizes) -> list[Figure]:
    system.url = embedded_postgres.ensure_running(system.var)
    _run(system, "-c", "from api.migrations import apply; apply.upgrade()")
    tenth, whole = sizes.families // 10, sizes.families
    each = {
        "appointments": sizes.family_appointments, "actions": sizes.family_actions, "messages": sizes.family_messages,
    }  # fmt: skip
    begun = time.monotonic()
    crowd.fill(system.url, 0, tenth, **each)
    few = json.loads(_run(system, "-m", "tests.bench.in_crowd", str(tenth), str(sizes.looked_up)))
    crowd.fill(system.url, tenth, whole, **each)
    filled = time.monotonic() - begun
    all_of = json.loads(_run(system, "-m", "tests.bench.in_crowd", str(whole), str(sizes.looked_up)))
    system.apis[0].start()
    # By hand: the cookie is for https, which a browser would have.
    worker, manager = ({"cookie": f"{WORKER_COOKIE}={all_of['sessions'][role]}"} for role in ("worker", "manager"))
    program = {"authorization": f"Bearer {all_of['key']}"}
    families = _families_of(system, worker)
    family = _pages(system, worker, families, sizes.pages)
    now = quote(clock.now().isoformat())
    coming = [f"/api/v1/families/{path.rpartition('/')[2]}/appointments?from={now}" for path in families]
    over_http = _pages(system, program, coming, sizes.pages)
    caseload = _pages(system, worker, ["/console/families"], sizes.pages)
    day = _pages(system, worker, ["/console/today"], sizes.pages)
    team = _pages(system, manager, ["/console/families"], sizes.pages)
    talks = _pages(system, manager, ["/console/conversations"], sizes.pages)
    group = f"{whole:,} families"
    rows = f"{whole * sizes.family_messages:,} messages, filled in {filled:.0f} s"
    grown = {what: ratio(median(all_of[what]), median(few[what])) for what in ("whose", "next")}
    return [
        Figure("caseload", f"{group}: a person's next appointments, p99", ms(percentile(all_of["next"], 99)), "ms",
               floor=at_most(15), note=f"p50 {ms(median(all_of['next'])) or 0:.1f} ms; {rows}"),
        _page(f"{group}: a family's next appointments, asked for by a program, p99", over_http, None),
        Figure("caseload", f"{group}: times those of {tenth:,} families", grown["next"], "x", floor=at_most(1.5)),
        Figure("caseload", f"{group}: whose a number is, p99", ms(percentile(all_of["whose"], 99)), "ms",
               note=f"p50 {ms(median(all_of['whose'])) or 0:.1f} ms"),
        Figure("caseload", f"{group}: times that of {tenth:,} families", grown["whose"], "x", floor=at_most(1.5)),
        _page(f"{group}: a family's page, p99", family, 100),
        _page(f"{group}: a worker's caseload, p99", caseload, 150),
        _page(f"{group}: what a worker has to do today, p99", day, 150),
        _page(f"{group}: a manager's list of {crowd.TEAM} families, p99", team, None),
        _page(f"{group}: a manager's list of conversations, p99", talks, None),
    ]  # fmt: skip


def _page(name: str, took: list[float], floor: int | None) -> Figure:
    return Figure("caseload", name, ms(percentile(took, 99)), "ms", floor=at_most(floor) if floor else None,
                  note=f"p50 {ms(median(took)) or 0:.0f} ms, {RATE} a second")  # fmt: skip


def _run(system: System, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=system.environment, capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        raise RuntimeError(f"{command[1]} did not work: {done.stderr[-800:]}")
    return done.stdout


def _client(system: System, who: Mapping[str, str]) -> httpx.Client:
    return httpx.Client(base_url=system.api_urls[0], headers=who, timeout=30)


def _families_of(system: System, who: Mapping[str, str]) -> list[str]:
    with _client(system, who) as client:
        paths = re.findall(r'href="(/console/families/[0-9a-f-]{36})"', client.get("/console/families").text)
    assert paths, "the worker has families"
    return paths


def _pages(system: System, who: Mapping[str, str], paths: list[str], count: int) -> list[float]:
    """Seconds from when each was due, so that a late asker does not hide a slow server."""
    with _client(system, who) as client, ThreadPoolExecutor(16) as pool:
        for path in paths[:5]:
            client.get(path).raise_for_status()
        start = time.monotonic() + 0.2

        def ask(n: int) -> float:
            due = start + n / RATE
            time.sleep(max(0.0, due - time.monotonic()))  # so many a second is what is measured
            answer = client.get(paths[n % len(paths)])
            assert answer.status_code == 200, answer.status_code
            return time.monotonic() - due

        return list(pool.map(ask, range(count)))
