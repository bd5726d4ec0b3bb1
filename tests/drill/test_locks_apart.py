"""A drill that hangs, wherever it hangs, holds up nothing of the live engine: no send, no stop, no ladder, no start."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import Postgres
from tests.drill.test_schemas import drill_of
from tests.store.world import World
from warnengine.model.book import RuleBook
from warnengine.store.controls import sql as controls
from warnengine.store.database import Database, queries
from warnengine.store.orders import OrderStore


@pytest.fixture
async def drill(database: Database, postgres: Postgres, book: RuleBook) -> AsyncIterator[Database]:
    async with drill_of(database, postgres) as made:
        await OrderStore(made).publish(book.district.code, book.district.name, book.hash, {})
        yield made


async def test_a_stop_of_the_drill_that_hangs_holds_up_no_live_send(drill: Database, world: World) -> None:
    await world.warn("red")
    async with drill.transaction() as hanging:
        await controls.alone(hanging)
        async with world.database.reading() as connection:
            await connection.execute("SET lock_timeout = '2s'")
            await connection.fetchval("SELECT halts()")
            await connection.execute("RESET lock_timeout")


async def test_a_send_of_the_drill_that_hangs_holds_up_no_live_stop(drill: Database, world: World) -> None:
    async with drill.transaction() as hanging:
        await hanging.fetchval("SELECT halts()")
        await world.engine.halts.halt("all", "", "张三", "误发")
        assert await hanging.fetchval("SELECT 1") == 1, "nor is it cut for that"


LOCKS = {
    "the ladder": queries.ladder.alone,
    "calls in vain": queries.ladder.alone_in_vain,
    "the outbox": queries.board.alone,
}


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
async def test_a_loop_of_the_drill_that_hangs_stops_no_live_loop(
    drill: Database, world: World, lock: object
) -> None:
    async with drill.transaction() as hanging:
        assert await lock(hanging)
        async with world.database.transaction() as connection:
            assert await lock(connection)


async def test_no_function_of_the_drill_takes_a_lock_by_its_bare_number(drill: Database) -> None:
    async with drill.reading() as connection:
        bare = await connection.fetch(
            "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
            "AND prosrc ~ 'advisory\\w*lock\\w*\\(7'"
        )
    assert bare == []


def test_no_query_takes_a_lock_by_its_bare_number() -> None:
    """Functions of migrations before 0044 are written anew by it."""
    files = [file for kind in ("sql", "py") for file in Path("warnengine/store").glob(f"**/*.{kind}")]
    later = [file for file in files if file.parent.name != "migrations" or file.name > "0044"]
    assert len(later) > 20
    bare = re.compile(r"advisory_(?:xact_)?lock\w*\((?:\d|.*, 7)")
    assert [file.name for file in later if bare.search(file.read_text("utf-8"))] == []
