"""Room for what lies in months: made ahead, one table at a time, and never waited for long."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import asyncpg
import structlog

from warnengine.store.database import Database, queries

log = structlog.get_logger()
sql = queries.partitions
WAIT = "300ms"
"""How long a table is asked for, and whoever wants it meanwhile waits: less than deadlock_timeout, so that in a
circle it is we who give up, and not a message."""
TRIES = 20
PAUSE = timedelta(milliseconds=100)


async def ensure(database: Database) -> None:
    """Room for the last month, this one and the next two. What cannot be made now is made at the next call;
    until then the default partitions have room for everything."""
    async with database.reading() as connection:
        missing = await sql.missing(connection)
    for row in missing:
        await alone(database, "SELECT make_partition($1, $2)", row["parent"], row["month"])
    async with database.transaction() as connection:
        await sql.leap(connection)


async def count(database: Database) -> None:
    """Let PostgreSQL count the tables that have their first rows.

    It plans for an empty one until autovacuum comes by, a minute into the first storm of an installation or of a
    month, and for an empty table every index is the same.
    """
    async with database.reading() as connection:
        for row in await sql.uncounted(connection):
            with suppress(asyncpg.UndefinedTableError):  # another engine let its month go meanwhile
                await connection.execute(f"ANALYZE (SKIP_LOCKED) {row['name']}")


async def alone(database: Database, statement: str, *arguments: object, tries: int = TRIES) -> bool:
    """One statement that needs a table for itself, in a transaction of its own; False where it was never free."""
    for _ in range(tries):
        try:
            async with database.transaction() as connection:
                # several engines at once: IF NOT EXISTS does not wait for the other's table
                await connection.execute("SELECT pg_advisory_xact_lock(lock_of(7070))")
                await connection.execute(f"SET LOCAL lock_timeout = '{WAIT}'")
                await connection.execute(statement, *arguments)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(PAUSE.total_seconds())
        else:
            return True
    log.info("partitions", later="a table was not free", what=statement[:200])
    return False
