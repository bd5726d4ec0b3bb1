"""A commit that fails is unknown, not undone: PostgreSQL may have made it before the connection died."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conftest import Postgres
from tests.store.world import World, few_units, small_directory
from tests.waiting import LONGEST, until
from warnengine.model.arrival import Arrival, Verdict
from warnengine.model.book import RuleBook
from warnengine.store.database import DATABASE_ERRORS, Database

WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = $1"
ACTIVE = "UPDATE chunk SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until IS NOT NULL"


@asynccontextmanager
async def never_confirmed(postgres: Postgres) -> AsyncIterator[None]:
    """Commits wait for a standby that does not exist: each is made here, and nobody is told."""
    await postgres.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    await postgres.run("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        await postgres.run("ALTER SYSTEM RESET synchronous_standby_names")
        await postgres.run("SELECT pg_reload_conf()")


@pytest.fixture
async def strict(postgres: Postgres, database: Database, book: RuleBook, tmp_path: Path) -> AsyncIterator[World]:
    """An engine whose commits wait for the synchronous standby, unlike those of the tests."""
    name = await _name(database)
    await postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = on")
    opened = await Database.open(postgres.named(name))
    world = World(opened, few_units(book), tmp_path)
    await world.people(small_directory())
    yield world
    await opened.close()


async def cut_in_commit(postgres: Postgres, database: Database, work: Awaitable[object]) -> BaseException:
    """Begin a piece of work, kill its backend while it commits, and give what the work raised."""
    name = await _name(database)
    pids: list[int] = []

    async def commits() -> bool:
        async with database.reading() as connection:
            pids[:] = [row["pid"] for row in await connection.fetch(WAITING, name)]
        return bool(pids)

    async with never_confirmed(postgres):
        task = asyncio.ensure_future(work)
        await until(commits)
        async with database.reading() as connection:
            await connection.execute("SELECT pg_terminate_backend($1)", pids[0])
        await asyncio.wait({task}, timeout=LONGEST)
    error = task.exception()
    assert isinstance(error, DATABASE_ERRORS), error
    return error


async def test_a_warning_whose_commit_failed_is_asked_for_again_and_known(
    postgres: Postgres, database: Database, strict: World
) -> None:
    await cut_in_commit(postgres, database, strict.warn("red", react=False))
    ((raw, warning),) = strict.read.items()
    assert await strict.column("SELECT identifier FROM warning") == [warning.identifier], (
        "it was kept, unknown to us"
    )
    taken = await strict.engine.take(Arrival("test", "again", raw))
    assert taken.verdict is Verdict.REPEAT
    assert await strict.value("SELECT count(*) FROM warning") == 1
    await strict.react()
    assert await strict.value("SELECT count(*) FROM change") == 1


async def test_what_takes_a_warning_in_says_that_it_must_come_again(
    postgres: Postgres, database: Database, strict: World
) -> None:
    warning = await strict.warn("red", react=False)
    raw = next(raw for raw, one in strict.read.items() if one is warning)
    error = await cut_in_commit(postgres, database, strict.engine.take(Arrival("test", "again", raw)))
    assert isinstance(error, ConnectionError)
    assert "the store does not answer" in str(error)


async def test_intents_whose_commit_failed_are_in_doubt_though_nothing_has_left(
    postgres: Postgres, database: Database, strict: World
) -> None:
    await strict.warn("red")
    await cut_in_commit(postgres, database, strict.dispatcher(owner="unlucky").step())
    assert not strict.sms.log, "nothing leaves whose intent is not known to be committed"
    intended = await strict.value("SELECT count(*) FROM attempt")
    assert intended, "it was committed, unknown to us"
    await strict.execute(ACTIVE)
    await strict.send("sms")
    assert {entry.delivery for entry in strict.sms.log} == set(
        await strict.column("SELECT id FROM delivery WHERE channel = 'sms'")
    )
    assert len(strict.sms.log) == len({entry.delivery for entry in strict.sms.log})
    assert await strict.value("SELECT sum(possible_duplicates) FROM delivery_state") == intended


async def _name(database: Database) -> str:
    async with database.reading() as connection:
        return str(await connection.fetchval("SELECT current_database()"))
