"""Who must be told is found in time, whatever PostgreSQL thinks of its tables."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.store.world import World
from warnengine.model.book import RuleBook
from warnengine.model.directory import Directory, Holding, Person
from warnengine.store.database import Database, queries

POSTS = ("duty", "vice", "head", "mayor")
LIES = {
    "the truth": (),
    "orders are empty": ("order_version",),
    "obligations are empty": ("obligation_%",),
    "orders and obligations are empty": ("order_version", "standing_order", "obligation_%"),
    "what was sent is empty": ("bundle_%", "delivery_%", "attempt_%"),
    "all is empty": ("change", "standing_order", "order_version", "%_20%"),
}
WIDER = 10
"""How many times the pages of an honest plan a lied-to one may touch; one that compares each with each touches
thousands, and does not end while somebody waits."""
EMPTY = "UPDATE pg_class SET reltuples = 0, relpages = 50 WHERE relkind = 'r' AND relname LIKE ANY($1::text[])"

FORGOTTEN = """DELETE FROM pg_statistic WHERE starelid IN
               (SELECT oid FROM pg_class WHERE relkind = 'r' AND relname LIKE ANY($1::text[]))"""


def one_for_each_post(book: RuleBook) -> Directory:
    held = [Holding(unit, post, f"{unit}.{post}", None, None) for unit in book.units for post in POSTS]
    people = {
        one.person: Person(one.person, one.person, f"+86199{number:08}", None) for number, one in enumerate(held)
    }
    return Directory(people, tuple(held))


@pytest.fixture
async def upgraded(database: Database, book: RuleBook, tmp_path: Path) -> World:
    """The whole district was told of a yellow; the red is written, and nobody is told of it."""
    world = World(database, book, tmp_path)
    await world.people(one_for_each_post(book))
    towns = [unit for unit, one in book.units.items() if one.kind == "township"]
    await world.warn("yellow", *towns)
    await world.warn("red", *towns, react=False)
    async with world.engine.orders.due_district() as desks:
        assert desks is not None
        await world.engine.reconciler.reconcile(desks[0])
    return world


async def pages(world: World, lie: tuple[str, ...]) -> int:
    """Pages that are touched to find everybody of the newest change, while PostgreSQL is lied to."""
    change = await world.value("SELECT max(id) FROM change")
    async with world.database.reading() as connection:
        lied = connection.transaction()
        await lied.start()
        await connection.execute(EMPTY, lie)
        await connection.execute(FORGOTTEN, lie)
        await connection.execute(f"PREPARE audience AS {queries.orders.audience.sql}")
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE audience ({change}, '{{}}', 1000)"
        (told,) = json.loads(await connection.fetchval(explain))
        await lied.rollback()
        await connection.execute("DEALLOCATE audience")
    assert told["Plan"]["Actual Rows"] > 100
    return int(told["Plan"]["Shared Hit Blocks"])


async def test_no_mistaken_count_makes_it_compare_each_with_each(upgraded: World) -> None:
    await upgraded.execute("ANALYZE")
    touched = {label: await asyncio.wait_for(pages(upgraded, lie), 60) for label, lie in LIES.items()}
    honest = touched["the truth"]
    assert {label: count for label, count in touched.items() if count > WIDER * honest} == {}, touched
