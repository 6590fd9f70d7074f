"""The worker process (api.serve): runs turns as they are announced, deliveries from the job queue, and every second
whatever is due by the clock.

Any number of these may run. Each beats a heart in the database; the jobs of one that stopped beating are run again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import procrastinate
import psycopg
import uvloop
from psycopg_pool import AsyncConnectionPool

from api import garbage, logs
from api.appointments.jobs import EVERY_SECONDS as SERIES_SECONDS
from api.appointments.jobs import write_series
from api.assistant.runner import Runner
from api.database import closed, libpq_url
from api.escalations.changeover import LOOK_SECONDS as CHANGEOVER_SECONDS
from api.escalations.changeover import tell_incoming
from api.escalations.jobs import climb, watch_calls, watch_held
from api.evidence.fetching import fetch_media
from api.evidence.jobs import SWEEP_SECONDS, sweep_files
from api.jobs import app
from api.messages.jobs import end_silent_takeovers, sweep, tell_who_reads
from api.ops.heartbeat import beat
from api.ops.provider import LOOK_SECONDS, watch_twilio
from api.protection import data_keys
from api.protection.jobs import EVERY_SECONDS as RETENTION_SECONDS
from api.protection.jobs import remove_old
from api.reminders.jobs import remind
from api.safety import thresholds
from api.settings import settings
from api.timescales.jobs import EVERY_SECONDS, warn_of_dates, work_out_dates
from api.views.jobs import EVERY_SECONDS as VIEWS_SECONDS
from api.views.jobs import ask_for_views
from api.webhooks.jobs import deliver_webhooks

log = logging.getLogger(__name__)

#: Heartbeats in the time after which a silent worker counts as dead: one that is only busy must not be taken for dead.
BEATS = 5
POLLING_SECONDS = 0.25
#: When it is told to stop, jobs under way have so long, and then turns.
LAST_JOBS_SECONDS = 10
LAST_TURNS_SECONDS = 10
#: Failed jobs are kept so long for whoever looks into them; their rows were swept up meanwhile.
KEEP_FAILED_HOURS = 72


async def _every(seconds: float, work: Callable[[], object]) -> None:
    """Do the work again and again; an error is logged and does not end it."""
    while True:
        try:
            await asyncio.to_thread(work)
        except Exception as error:
            log.error("worker: %s failed: %s", work.__name__, type(error).__name__)
        await asyncio.sleep(seconds)


async def _retry_stalled() -> None:
    """Give the jobs of dead workers (no heartbeat) back to the queue."""
    while True:
        try:
            manager = app.job_manager
            await manager.prune_stalled_workers(settings().stalled_after)
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=settings().stalled_after):
                await manager.retry_job(job)
            await manager.delete_old_jobs(nb_hours=KEEP_FAILED_HOURS, include_failed=True)
        except Exception as error:
            log.error("worker: looking for stalled jobs failed: %s", type(error).__name__)
        await asyncio.sleep(max(1.0, settings().stalled_after / 4))


async def _check(connection: psycopg.AsyncConnection[Any]) -> None:
    if closed(connection.fileno()):
        await AsyncConnectionPool.check_connection(connection)


async def _configure(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)  # each of procrastinate's steps is one statement


def _pool(**options: Any) -> AsyncConnectionPool:
    """Procrastinate's pool; a connection is asked whether it lives only where there is a sign that it does not."""
    return AsyncConnectionPool(**{**options, "check": _check, "configure": _configure})


async def run() -> None:
    """Run until told to stop (SIGINT, SIGTERM): jobs under way are finished first."""
    connector = procrastinate.PsycopgConnector(pool_factory=_pool, conninfo=libpq_url(), min_size=1, max_size=4)
    with app.replace_connector(connector) as opened:
        async with opened.open_async():
            turns = Runner(settings().worker_concurrency)
            turns.start()
            background = [
                asyncio.create_task(_every(settings().tick_seconds, turns.look)),
                asyncio.create_task(_every(settings().tick_seconds, climb)),
                asyncio.create_task(_every(settings().tick_seconds, watch_calls)),
                asyncio.create_task(_every(settings().tick_seconds, watch_held)),
                asyncio.create_task(_every(settings().tick_seconds, sweep)),
                asyncio.create_task(_every(settings().tick_seconds, end_silent_takeovers)),
                asyncio.create_task(_every(settings().tick_seconds, tell_who_reads)),
                asyncio.create_task(_every(EVERY_SECONDS, work_out_dates)),
                asyncio.create_task(_every(EVERY_SECONDS, warn_of_dates)),
                asyncio.create_task(_every(SERIES_SECONDS, write_series)),
                asyncio.create_task(_every(settings().tick_seconds, remind)),
                asyncio.create_task(_every(VIEWS_SECONDS, ask_for_views)),
                asyncio.create_task(_every(settings().tick_seconds, deliver_webhooks)),
                asyncio.create_task(_every(settings().heartbeat_seconds, beat)),
                asyncio.create_task(_every(LOOK_SECONDS, watch_twilio)),
                asyncio.create_task(_every(CHANGEOVER_SECONDS, tell_incoming)),
                asyncio.create_task(_every(RETENTION_SECONDS, remove_old)),
                asyncio.create_task(_every(settings().tick_seconds, fetch_media)),
                asyncio.create_task(_every(SWEEP_SECONDS, sweep_files)),
                asyncio.create_task(_retry_stalled()),
            ]
            try:
                await opened.run_worker_async(
                    concurrency=settings().worker_concurrency,
                    fetch_job_polling_interval=POLLING_SECONDS,
                    update_heartbeat_interval=settings().stalled_after / BEATS,
                    stalled_worker_timeout=settings().stalled_after,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=LAST_JOBS_SECONDS,
                )
            finally:
                await asyncio.to_thread(turns.stop, LAST_TURNS_SECONDS)
                for task in background:
                    task.cancel()


def main() -> None:
    """Entry point of the worker process."""
    logs.configure()
    settings().check()
    thresholds.in_force()
    data_keys.check()
    garbage.started()
    uvloop.run(run())
