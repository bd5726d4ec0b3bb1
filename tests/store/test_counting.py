"""PostgreSQL knows of the first rows of a table before a storm has filled it."""

from __future__ import annotations

from tests.store.world import World
from tests.waiting import until

ROWS = "SELECT reltuples FROM pg_class WHERE oid = 'standing_order'::regclass"
UNKNOWN = -1
MANY = """INSERT INTO standing_order (district, unit, hazard, family, opened_at)
          SELECT '500151', 'unit' || n, 'rainstorm', $1, now() FROM generate_series(1, 500) AS n"""


async def counted(world: World, rows: int) -> None:
    """Let it count until PostgreSQL knows of so many."""

    async def known() -> bool:
        await world.engine.board.count_tables()
        return bool(await world.value(ROWS) == rows)

    await until(known)


async def test_a_table_is_counted_when_its_first_rows_are_there_and_again_when_they_are_many(world: World) -> None:
    async with world.engine.database.transaction() as connection:
        await connection.execute(MANY, "signal")
        await world.engine.board.count_tables()
        assert await world.value(ROWS) == UNKNOWN, "it would count none, and plan for none"
    await counted(world, 500)


async def test_a_table_that_was_counted_while_it_was_written_is_counted_again(world: World) -> None:
    async with world.engine.database.transaction() as connection:
        await connection.execute(MANY, "signal")
        await world.execute("ANALYZE standing_order")
        assert await world.value(ROWS) == 0, "PostgreSQL takes it for empty, pages or no pages"
    await counted(world, 500)
