"""Is everything well? Each part's state, for `/health`, for `make run`'s ready line, and for an outside watcher."""

from __future__ import annotations

import logging
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api import clock
from api.database import reading
from api.ops.queries import WORKER_SILENT_AFTER, queues
from api.ops.watch import warnings
from api.safety import screen
from api.settings import settings

log = logging.getLogger(__name__)

_TIMEOUT = 2.0


class Health:
    """Remembers whether everything was up once: before that the service is starting, afterwards it serves what it can.

    A dead Rasa must not make a load balancer take away the webhook: messages are then kept and shown to workers.
    """

    def __init__(self) -> None:
        self._was_whole = False

    def report(self) -> tuple[int, dict[str, Any]]:
        """``(status, body)``: 200 when ready to serve; 503 while starting or without the database."""
        parts = {"database": _database(), "agencies": _agencies(), "worker": _worker(), **beside(), "queues": _queues()}
        whole = all(state == "ok" for state in parts.values())
        self._was_whole = self._was_whole or not any(state.startswith("down") for state in parts.values())
        serving = parts["database"] == "ok" and self._was_whole
        status = "ok" if whole else "degraded" if serving else "starting"
        return 200 if serving else 503, {"status": status, "parts": parts, "demo": settings().demo}


def beside() -> dict[str, str]:
    """The parts beside the database and the worker, each "ok" or what is wrong. Up to two seconds each."""
    parts = {
        "rasa": _answers(f"{settings().rasa_url}/"),
        "actions": _answers(f"{settings().actions_url}/health"),
        "safety": screen.status(),
    }
    if settings().assist_port:  # else the api answers the action server itself
        parts["assist"] = _answers(f"http://127.0.0.1:{settings().assist_port}/health")
    return parts


def _database() -> str:
    try:
        with reading() as session:
            session.execute(text("SELECT 1 FROM agencies LIMIT 1"))
    except SQLAlchemyError as error:
        return f"down ({type(error).__name__})"
    return "ok"


def _agencies() -> str:
    """Is anybody here who could look after a family? Until then what comes in is answered 503."""
    try:
        with reading() as session:
            there = session.scalar(text("SELECT EXISTS (SELECT 1 FROM agencies)"))
    except SQLAlchemyError as error:
        return f"down ({type(error).__name__})"
    return "ok" if there else "none (run hearthline import FILE)"


def _worker() -> str:
    """Has a worker process beaten its heart lately? The machine's time, not the movable clock: so is the heartbeat."""
    query = text("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :s)")
    try:
        with reading() as session:
            alive = session.scalar(query, {"s": WORKER_SILENT_AFTER})
    except SQLAlchemyError as error:
        return f"down ({type(error).__name__})"
    return "ok" if alive else "down (no heartbeat)"


def _queues() -> str:
    """Is what is due being done? A dead worker has its own part; here is what stands still beside a living one."""
    try:
        with reading() as session:
            found = warnings(queues(session, clock.now()))
    except SQLAlchemyError as error:
        return f"down ({type(error).__name__})"
    stuck = ", ".join(warning.name for warning in found if warning.stops and warning.name != "worker_silent")
    return f"stuck ({stuck})" if stuck else "ok"


def _answers(url: str) -> str:
    try:
        response = httpx.get(url, timeout=_TIMEOUT)
    except httpx.HTTPError as error:
        return f"down ({type(error).__name__})"
    return "ok" if response.status_code == 200 else f"down (status {response.status_code})"


#: The one of this process.
health = Health()
