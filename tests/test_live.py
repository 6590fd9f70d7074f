"""Live pages: who watches is woken by a commit, also the first after a time in which nobody did."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from api import live
from api.database import notify, transaction
from tests.harness import loops


def tell(topic: str) -> None:
    with transaction() as session:
        notify(session, topic)


def listening(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(
            text("SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN hearthline'")
        ).scalar_one()


async def until(engine: Engine, count: int) -> None:
    async with asyncio.timeout(30):
        while await asyncio.to_thread(listening, engine) != count:
            await asyncio.sleep(0.02)


def test_it_listens_while_somebody_watches_and_misses_nothing_the_next_time(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK", 0.1)

    async def check() -> None:
        hub = live.Hub()
        running = asyncio.create_task(hub.run())
        for _ in range(2):
            await until(database, 0)
            watch = hub.watch(["conversation:1"])
            async with asyncio.timeout(30):
                assert (
                    await anext(watch) == "conversation:1"
                )  # it listens from now on: what was before may have been missed
                await asyncio.to_thread(tell, "conversation:2")
                await asyncio.to_thread(tell, "conversation:1")
                assert await anext(watch) == "conversation:1"
            assert listening(database) == 1
            await watch.aclose()
        await until(database, 0)
        running.cancel()

    loops.run(check())
