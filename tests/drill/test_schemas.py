"""Two schemas with two roles in one real PostgreSQL: what each side can and cannot see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.conftest import Postgres
from tests.store.world import ANJU, World
from warnengine.app.modes import BLIND, PAUSED, Preemption
from warnengine.model.book import RuleBook
from warnengine.model.errors import StartRefused
from warnengine.store.database import Database
from warnengine.store.drill import DrillStore, Routes, prepare
from warnengine.store.orders import OrderStore


@asynccontextmanager
async def drill_of(live: Database, postgres: Postgres) -> AsyncIterator[Database]:
    """The drill's side of a live database, as an engine opens it."""
    async with live.reading() as connection:
        name = await connection.fetchval("SELECT current_database()")
    dsn = await prepare(postgres.named(name), None)
    assert await prepare(postgres.named(name), None) == dsn  # again changes nothing
    database = await Database.open(dsn, kind="drill")
    try:
        store = DrillStore(database)
        await store.refuse_reach()
        await database.migrate()
        await database.installation("drill")
        yield database
    finally:
        await database.close()


@pytest.fixture
async def drill(database: Database, postgres: Postgres, book: RuleBook) -> AsyncIterator[Database]:
    async with drill_of(database, postgres) as made:
        await OrderStore(made).publish(book.district.code, book.district.name, book.hash, {})
        yield made


async def ask(database: Database, query: str, *arguments: object) -> object:
    async with database.reading() as connection:
        return await connection.fetchval(query, *arguments)


LIVE_TABLES = [
    "address",
    "person",
    "holding",
    "delivery",
    "bundle",
    "text",
    "warning",
    "audit",
    "installation",
    "way",
]


async def test_the_drill_reads_nothing_live(drill: Database, world: World) -> None:
    for table in LIVE_TABLES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await ask(drill, f"SELECT count(*) FROM public.{table}")
        assert await ask(drill, f"SELECT count(*) FROM {table}") is not None  # its own


async def test_the_drill_sees_of_live_one_boolean_and_no_list_behind_it(drill: Database, world: World) -> None:
    assert await ask(drill, "SELECT count(*) FROM address") == 0
    assert await ask(world.database, "SELECT count(*) FROM address") != 0
    async with drill.reading() as connection:
        rows = await connection.fetch("SELECT * FROM public.grave_order_stands")
    assert [dict(row) for row in rows] == [{"stands": False}]
    for statement in (
        "CREATE TABLE public.copy AS SELECT 1",
        "SET ROLE postgres",
        "UPDATE public.installation SET kind = 'drill'",
        "CREATE OR REPLACE VIEW public.grave_order_stands AS SELECT false AS stands",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with drill.transaction() as connection:
                await connection.execute(statement)


@pytest.mark.parametrize("grant", ["SELECT ON public.address", "SELECT (address) ON public.address", "postgres"])
async def test_a_drill_whose_role_reaches_further_does_not_start(
    drill: Database, database: Database, grant: str
) -> None:
    async with database.reading() as connection:
        await connection.execute(f"GRANT {grant} TO warnengine_drill")
        try:
            with pytest.raises(StartRefused, match="can read public"):
                await DrillStore(drill).refuse_reach()
        finally:
            await connection.execute(f"REVOKE {grant} FROM warnengine_drill")
    await DrillStore(drill).refuse_reach()


async def test_the_markers_do_not_mix(drill: Database, database: Database) -> None:
    with pytest.raises(StartRefused, match="belongs to a drill installation"):
        await drill.installation("live")
    with pytest.raises(StartRefused, match="belongs to a demo installation"):
        await database.installation("drill")
    with pytest.raises(StartRefused, match="live schema"):
        await DrillStore(database).refuse_reach()


async def test_one_account_or_key_serves_one_side_whoever_comes_first(drill: Database, database: Database) -> None:
    live, exercise = Routes(database, "live"), Routes(drill, "drill")
    await live.claim([b"live line", b"live key"])
    await exercise.claim([b"drill line", b"drill key"])
    for side, taken in (
        (exercise, b"live key"),
        (exercise, b"live line"),
        (live, b"drill line"),
        (live, b"drill key"),
    ):
        with pytest.raises(StartRefused, match="must share nothing"):
            await side.claim([b"new", taken])
    await live.claim([b"live line", b"live key", b"second line"])


async def test_a_decision_of_the_drill_that_hangs_holds_up_no_live_one(
    drill: Database, database: Database
) -> None:
    async with drill.transaction() as hanging:
        await hanging.execute("SELECT audit_append('test', '{}')")
        async with database.transaction() as connection:
            await connection.execute("SET LOCAL lock_timeout = '5s'")
            await connection.execute("SELECT audit_append('test', '{}')")


KINDS = [("live", "drill"), ("trial", "live"), ("drill", "demo")]


@pytest.mark.parametrize(("engine", "base"), KINDS)
async def test_an_engine_of_another_kind_than_its_database_cannot_begin_a_send(
    postgres: Postgres, world: World, engine: str, base: str
) -> None:
    await world.warn("red")
    await world.execute("UPDATE installation SET kind = $1", base)
    name = await world.value("SELECT current_database()")
    other = await Database.open(postgres.named(name), kind=engine)
    world.database, before = other, world.database
    try:
        with pytest.raises(asyncpg.RaiseError, match=f"runs as {engine} and the database is {base}"):
            await world.dispatcher().step()
        assert world.sms.asked == []
    finally:
        world.database = before
        await other.close()
    await world.send()
    assert world.sms.log


STANDS = {"blue": False, "yellow": False, "orange": True, "red": True}


@pytest.mark.parametrize(("level", "stands"), STANDS.items())
async def test_while_a_live_order_at_orange_or_red_stands_the_drill_waits(
    drill: Database, world: World, level: str, stands: bool
) -> None:
    steps = 0

    async def step() -> bool:
        nonlocal steps
        steps += 1
        return True

    preemption = Preemption(DrillStore(drill))
    paced = preemption.paced(step)
    assert await paced()
    await world.warn(level, ANJU)
    assert await paced() is not stands
    assert await paced() is not stands
    assert (preemption.why == PAUSED) is stands
    words = "SELECT string_agg(words, '') FROM task WHERE closed_at IS NULL"
    assert await ask(drill, words) == (f"【演练】{PAUSED}" if stands else None)
    await world.warn(None, ANJU)
    assert await paced()
    assert preemption.why == ""
    assert await ask(drill, words) is None
    assert steps == (2 if stands else 4)


async def test_what_the_drill_cannot_see_counts_as_standing(drill: Database, database: Database) -> None:
    async with database.reading() as connection:
        await connection.execute("REVOKE SELECT ON grave_order_stands FROM warnengine_drill")
    preemption = Preemption(DrillStore(drill))
    assert await preemption.holds()
    assert preemption.why == BLIND


async def test_an_external_database_is_prepared_for_a_role_with_a_password(
    postgres: Postgres, database: Database
) -> None:
    name = await ask(database, "SELECT current_database()")
    live = postgres.named(str(name))
    host = live.partition("@")[2]
    role = f"drill_of_{name}"
    dsn = await prepare(live, f"postgresql://{role}:pass'word@{host}")
    try:
        made = await Database.open(dsn, kind="drill")
        await DrillStore(made).refuse_reach()
        await made.migrate()
        assert await ask(made, "SELECT current_user || '/' || current_schema()") == f"{role}/drill"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(made, "SELECT count(*) FROM public.address")
        await made.close()
    finally:
        async with database.reading() as connection:
            await connection.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


async def test_a_role_that_is_none_is_refused(postgres: Postgres, database: Database) -> None:
    with pytest.raises(StartRefused, match="names no role"):
        await prepare(postgres.named("x"), 'postgresql://a"; DROP TABLE address@h/x')
