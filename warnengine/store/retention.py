"""Months that are past their term: what lies in them, and how they go."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from warnengine.model.errors import StoreBusy
from warnengine.model.retention import Month, held
from warnengine.store import partitions
from warnengine.store.database import Database, queries

sql = queries.retention
PIECE = 5000
"""Rows that are swept or changed in one transaction."""
SWEEPS = (
    sql.sweep_chunks,
    sql.sweep_schedules,
    sql.sweep_tasks,
    sql.sweep_events,
    sql.sweep_checks,
    sql.sweep_items,
    sql.sweep_crossings,
    sql.sweep_refused,
)
"""What has no partitions, for there is little of it."""


@dataclass(frozen=True, slots=True)
class RetentionStore:
    """Drops whole months, and takes names out of those that are kept.

    A month goes in this order, and may be interrupted anywhere: the chain says it, with the place where it is cut;
    all tables drop their partitions at once, or where one is in use each in a transaction of its own; the chain is
    cut; what has no partitions is swept.
    """

    database: Database

    async def today(self) -> date:
        """By the database's clock."""
        async with self.database.reading() as connection:
            day: date = await sql.today(connection)
            return day

    async def months(self) -> list[date]:
        """Months before this one of which anything is stored."""
        async with self.database.reading() as connection:
            return [row["month"] for row in await sql.months(connection)]

    async def named(self) -> list[date]:
        """Months before this one that still have names."""
        async with self.database.reading() as connection:
            return [row["month"] for row in await sql.named_months(connection)]

    async def unfinished(self) -> list[date]:
        """Months that were decided to go and are not gone."""
        async with self.database.reading() as connection:
            return [row["month"] for row in await sql.unfinished(connection)]

    async def look(self, month: date) -> Month:
        """What lies in a month, and what keeps it."""
        async with self.database.reading() as connection:
            counts = dict(await sql.open_business(connection, month=month))
            counts["unsealed"] = await sql.unsealed(connection, month=month)
            rows, size = await _contents(connection, month)
        return Month(month, rows, size, held(counts))

    async def calm(self) -> bool:
        """Whether nothing is being sent at this moment."""
        async with self.database.reading() as connection:
            return bool(await sql.calm(connection))

    async def retire(self, month: date, by: str) -> None:
        """Let a month go that nothing keeps; StoreBusy where a table was never free: the rest goes later."""
        async with self.database.transaction() as connection:
            rows, _ = await _contents(connection, month)
            await sql.retire(connection, month=month, by=by, figures=dict(rows))
        await self.drop(month)

    async def drop(self, month: date) -> None:
        """What is left of a month that was decided to go."""
        async with self.database.reading() as connection:
            names = [row["name"] for row in await sql.partitions(connection, month=month)]
        if names and not await partitions.alone(self.database, _drop(*names), tries=1):
            for name in names:
                if not await partitions.alone(self.database, _drop(name)):
                    raise StoreBusy(f"{name} was never free: the rest of {month:%Y-%m} goes later")
        async with self.database.transaction() as connection:
            await sql.cut_chain(connection)
        while await self._sweep(month):
            pass
        async with self.database.transaction() as connection:
            await sql.done(connection, month=month)

    async def unname(self, month: date, by: str) -> None:
        """Take numbers, mailboxes and words of people out of a month that is kept; may be interrupted anywhere."""
        async with self.database.transaction() as connection:
            await sql.begin_unnaming(connection, month=month, by=by)
            ranges = await sql.ranges(connection, month=month)
        for row in ranges:
            since = row["lower"]
            while since is not None:
                async with self.database.transaction() as connection:
                    since = await sql.unname(
                        connection, parent=row["parent"], since=since, until=row["upper"], most=PIECE
                    )
        async with self.database.transaction() as connection:
            await sql.unname_tasks(connection, month=month)
            await sql.unname_people(connection, month=month)
            await sql.forget_addresses(connection, month=month)
            await sql.nameless(connection, month=month)

    async def _sweep(self, month: date) -> bool:
        """A piece of everything without partitions; whether there is more."""
        async with self.database.transaction() as connection:
            gone = [await sweep(connection, month=month, most=PIECE) for sweep in SWEEPS]
        return PIECE in gone


def _drop(*names: str) -> str:
    return f"DROP TABLE IF EXISTS {', '.join(names)}"


async def _contents(connection: Any, month: date) -> tuple[Counter[str], int]:
    """Rows by table, about so many, and bytes."""
    rows: Counter[str] = Counter()
    size = 0
    for row in await sql.partitions(connection, month=month):
        rows[row["parent"]] += row["about"]
        size += row["bytes"]
    return rows, size
