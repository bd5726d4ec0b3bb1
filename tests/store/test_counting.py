"""PostgreSQL knows of the first rows of a table before a storm has filled it."""

from __future__ import annotations

from tests.store.world import ANJU, World

PAGES = "SELECT relpages FROM pg_class WHERE oid = 'standing_order'::regclass"


async def test_a_table_is_counted_when_it_has_its_first_rows(world: World) -> None:
    await world.engine.board.count_tables()
    assert await world.value(PAGES) == 0, "of an empty table there is nothing to count"
    await world.warn("red", ANJU)
    await world.engine.board.count_tables()
    assert await world.value(PAGES) > 0
