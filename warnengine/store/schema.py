"""Which engine works with which schema: a newer engine expands it first, and contracts it once no older one runs.

A migration says in a line `-- works with: 0036` which engines go on working after it: those that know 0036. One
without that line is for engines that know the migration itself. What it says is kept in the database, so that an
engine can read of a migration that it does not have whether it may go on (docs/adr/0029).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from warnengine.model.errors import StartRefused

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = PoolConnectionProxy[asyncpg.Record]
FOLDER = Path(__file__).parent / "migrations"
WORKS_WITH = re.compile(r"^-- works with: (\d{4})\b", re.MULTILINE)
ENGINE = "warnengine "
"""What sessions of engines are named, with the number of the newest migration that the engine knows."""
TABLE = """
CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, applied_at timestamptz DEFAULT clock_timestamp());
ALTER TABLE migration ADD COLUMN IF NOT EXISTS works_with text
"""
PATIENCE = "3s"
"""So long a migration waits for a lock, for all others wait behind it; then it lets them pass and tries again."""
TRIES = 20


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    name: str
    """0036_plans_that_cannot_go_wrong"""
    works_with: str
    """Number of the newest migration that an engine must know to work after this one."""
    sql: str


@cache
def migrations() -> tuple[Migration, ...]:
    """All that this engine knows, in their order."""
    return tuple(read(file.stem, file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.sql")))


def read(name: str, sql: str) -> Migration:
    """A migration and what it says of older engines."""
    said = WORKS_WITH.search(sql)
    return Migration(name, said.group(1) if said else name[:4], sql)


def newest(known: Sequence[Migration]) -> str:
    """The number by which an engine tells others how much it knows."""
    return known[-1].name[:4]


def too_new(applied: Mapping[str, str | None], known: Sequence[Migration]) -> str:
    """Why an engine cannot work with a database; empty where it can. applied: names, and what each says."""
    names, own = {one.name for one in known}, newest(known)
    strange = {name: works_with or name[:4] for name, works_with in applied.items() if name not in names}
    beyond = sorted(name for name, works_with in strange.items() if works_with > own)
    if not beyond:
        return ""
    return (
        f"the database has migrations that this version does not know: {', '.join(beyond)}. It knows the schema "
        f"up to {own}, and after these only engines work that know {max(strange[name] for name in beyond)}: start "
        "the newer version again. The way back to this one is the backup from before the upgrade "
        "(docs/operating.md)"
    )


def too_old(pending: Sequence[Migration], running: Iterable[str]) -> str:
    """Why these migrations must wait; empty where not. running: the newest numbers that running engines know."""
    behind = sorted({number for number in running if any(number < one.works_with for one in pending)})
    if not behind:
        return ""
    breaks = next(one.name for one in pending if one.works_with > behind[0])
    return (
        f"engines that know the schema only up to {', '.join(behind)} still run on this database, and could not "
        f"go on after {breaks}: stop them first (SIGTERM: they finish what they have begun), then start this one"
    )


async def migrate(connection: Connection) -> None:
    """Bring the schema up to date, each migration in a transaction; StartRefused where somebody must act first."""
    await connection.execute(TABLE)
    known = migrations()
    applied = await _applied(connection)
    if why := too_new(applied, known):
        raise StartRefused(why)
    pending = [one for one in known if one.name not in applied]
    if pending and (why := too_old(pending, await _running(connection))):
        raise StartRefused(why)
    for one in pending:
        await _apply(connection, one)


async def outgrown(connection: Connection) -> str:
    """Why this engine, which has come up already, cannot go on with this database; empty where it can."""
    return too_new(await _applied(connection), migrations())


async def _applied(connection: Connection) -> dict[str, str | None]:
    rows = await connection.fetch("SELECT name, works_with FROM migration")
    return {row["name"]: row["works_with"] for row in rows}


async def _running(connection: Connection) -> list[str]:
    rows = await connection.fetch(
        "SELECT DISTINCT substr(application_name, $2) AS number FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name ~ $1",
        f"^{ENGINE}[0-9]{{4}}$",
        len(ENGINE) + 1,
    )
    return [row["number"] for row in rows]


async def _apply(connection: Connection, one: Migration) -> None:
    """Apply it between the transactions of engines that send."""
    for tries_left in reversed(range(TRIES)):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                await connection.execute(one.sql)
                await connection.execute(
                    "INSERT INTO migration (name, works_with) VALUES ($1, $2)", one.name, one.works_with
                )
            return
        except asyncpg.LockNotAvailableError as error:
            if not tries_left:
                raise StartRefused(
                    f"the migration {one.name} had to wait too long for others that use the database ({error}): "
                    "stop them, or start again when less is sent"
                ) from error
