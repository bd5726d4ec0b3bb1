"""Processes wake each other; where the hint is lost, each still finds its work by looking."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.waiting import LONGEST
from warnengine.app.bell import CALM, Bell
from warnengine.store.database import Database
from warnengine.store.hints import Hints

LISTENERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query ~ '^(LISTEN|NOTIFY)'"


@contextlib.asynccontextmanager
async def listening(database: Database) -> AsyncIterator[Bell]:
    """The bell of a process that listens."""
    bell = Bell()
    listens = bell.hung()
    task = asyncio.create_task(Hints(database, bell).run())
    try:
        async with asyncio.timeout(LONGEST):
            await listens.wait()
        yield bell
    finally:
        task.cancel()
        await asyncio.wait({task})


async def listeners(database: Database) -> list[int]:
    async with database.reading() as connection:
        return [row["pid"] for row in await connection.fetch(LISTENERS)]


async def test_a_ring_in_one_process_wakes_the_loops_of_the_other(database: Database) -> None:
    async with listening(database) as one, listening(database) as other:
        loops = [other.hung(), other.hung()]
        one.ring()
        async with asyncio.timeout(LONGEST):
            await asyncio.gather(*(loop.wait() for loop in loops))
        assert not other.rung.is_set(), "it is not handed on: nobody rings for ever"


async def test_a_ring_does_not_come_back_to_who_rang(database: Database) -> None:
    async with listening(database) as one, listening(database) as other:
        loop, witness = one.hung(), other.hung()
        one.ring()
        loop.clear()
        async with asyncio.timeout(LONGEST):
            await witness.wait()
            other.ring()  # what comes next on the same connection
            await loop.wait()
        assert not one.rung.is_set()


async def test_a_killed_listener_is_replaced_and_looks_for_what_it_missed(database: Database) -> None:
    async with listening(database) as one:
        loop = one.hung()
        (killed,) = await listeners(database)
        async with database.reading() as connection:
            await connection.execute("SELECT pg_terminate_backend($1)", killed)
        loop.clear()
        async with asyncio.timeout(LONGEST):
            await loop.wait()
        assert await listeners(database) not in ([], [killed])


async def test_without_any_hint_a_loop_looks_again_within_a_second() -> None:
    bell = Bell()
    async with asyncio.timeout(LONGEST):
        await bell.wait(bell.hung())
    assert CALM <= 1
