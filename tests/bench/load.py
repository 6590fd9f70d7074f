"""``python -m tests.bench.load``: sends the requests of a plan (stdin), says when each was answered (stdout).

A process of its own, so that its work does not delay the clock of who measures. Plain sockets, one connection for each
request: an HTTP client's pool would cost more than what it measures with a thousand at once. Bounded: loopback only, at
most ``MOST`` requests, each given up after the plan's time-out.

Plan: ``{"port", "path", "timeout", "requests": [{"at": seconds from the start, "headers": {}, "body": ""}]}``.
Answer: ``[{"due", "sent", "done", "status"}]`` in the plan's order; times are ``time.monotonic()``, which all processes
of a machine share; status 0: no answer in time, or the connection broke.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

MOST = 5_000
#: Seconds between the start of the process and the first request.
LEAD = 0.5


@dataclass(frozen=True)
class Answer:
    """What became of one request."""

    due: float
    sent: float
    done: float
    status: int

    @property
    def took(self) -> float:
        """Seconds from when it was due, so that a late sender does not hide a slow server."""
        return self.done - self.due


def send(plan: dict[str, Any]) -> list[Answer]:
    """Run a plan in a process of its own; waits until it is done. Raises RuntimeError if that process fails."""
    longest = max((request["at"] for request in plan["requests"]), default=0.0) + plan["timeout"] + 30
    process = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=json.dumps(plan), capture_output=True, text=True, timeout=longest,
    )  # fmt: skip
    if process.returncode:
        raise RuntimeError(f"the load generator failed: {process.stderr[-500:]}")
    return [Answer(**answer) for answer in json.loads(process.stdout)]


def _wire(plan: dict[str, Any], request: dict[str, Any]) -> bytes:
    headers = {
        "Host": f"127.0.0.1:{plan['port']}",
        "Content-Length": str(len(request["body"].encode())),
        "Connection": "close",
        **request["headers"],
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {plan['path']} HTTP/1.1\r\n{head}\r\n{request['body']}".encode()


async def _exchange(port: int, wire: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(wire)
        answer = await reader.read()
        return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0
    finally:
        writer.close()


async def _one(plan: dict[str, Any], wire: bytes, due: float) -> Answer:
    await asyncio.sleep(max(0.0, due - time.monotonic()))
    sent = time.monotonic()
    status = 0
    with contextlib.suppress(OSError, TimeoutError, ValueError, IndexError):
        status = await asyncio.wait_for(_exchange(plan["port"], wire), plan["timeout"])
    return Answer(due, sent, time.monotonic(), status)


async def _all(plan: dict[str, Any]) -> list[Answer]:
    wires = [(_wire(plan, request), request["at"]) for request in plan["requests"]]
    start = time.monotonic() + LEAD
    return list(await asyncio.gather(*(_one(plan, wire, start + at) for wire, at in wires)))


def main() -> None:
    plan = json.load(sys.stdin)
    if len(plan["requests"]) > MOST:
        raise SystemExit(f"at most {MOST} requests")
    json.dump([vars(answer) for answer in asyncio.run(_all(plan))], sys.stdout)


if __name__ == "__main__":
    main()
