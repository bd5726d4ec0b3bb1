"""A store that is gone afterwards, and what a rehearsal looks up in it; who is on duty in the real one."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from warnengine.model.directory import Directory
from warnengine.model.order import OrderKey, Stands, Version
from warnengine.model.situation import Cell, CellKey
from warnengine.store.change import ChangeDesk
from warnengine.store.database import Database, queries
from warnengine.store.district import DistrictDesk
from warnengine.store.embedded import EmbeddedPostgres
from warnengine.store.people import PeopleStore

sql = queries.rehearsal
HASTY = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
"""Off: nothing in it has to outlive the command."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one person is told because of one change."""

    bundle: int
    change: int
    person: str
    name: str
    kind: str
    versions: tuple[int, ...]
    posts: tuple[str, ...]
    """unit/post"""
    text: str
    channels: tuple[str, ...]
    """In the order in which they are used."""


@dataclass(frozen=True, slots=True)
class Left:
    """Attempts at one bundle by one channel."""

    bundle: int
    change: int
    person: str
    channel: str
    attempts: int


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who holds which post at one moment, and how they are reached, as another store told it."""

    people: tuple[Mapping[str, Any], ...]
    ways: tuple[Mapping[str, Any], ...]
    posts: tuple[Mapping[str, Any], ...]
    listed: Directory
    """What they follow from."""

    def holders(self, unit: str, post: str) -> frozenset[str]:
        """Who is on duty in a post."""
        return frozenset(row["person"] for row in self.posts if (row["unit"], row["post"]) == (unit, post))


@asynccontextmanager
async def throwaway() -> AsyncIterator[tuple[Database, Path]]:
    """An empty store of a demo installation with a folder beside it; both are removed at the end."""
    with tempfile.TemporaryDirectory(prefix="we-") as name:  # short: a socket's path has 107 bytes
        folder = Path(name)
        embedded = EmbeddedPostgres(folder)
        dsn = await asyncio.to_thread(embedded.start)
        try:
            database = await Database.open(dsn, kind="demo")
            try:
                async with database.reading() as connection:
                    for setting in HASTY:
                        await connection.execute(f"ALTER SYSTEM SET {setting} = off")
                    await connection.execute("SELECT pg_reload_conf()")
                await database.migrate()
                await database.installation("demo")
                yield database, folder
            finally:
                await database.close()
        finally:
            await asyncio.to_thread(embedded.stop)


class RehearsalStore:
    """Questions about one district of a store."""

    def __init__(self, database: Database, district: str) -> None:
        self.database = database
        self.district = district

    async def newest(self) -> int:
        """The last change; 0 before the first."""
        async with self.database.reading() as connection:
            return int(await sql.newest(connection, district=self.district))

    async def versions(self, after: int) -> dict[int, Version]:
        """Order versions of the changes since."""
        async with self.database.reading() as connection:
            rows = await sql.made(connection, district=self.district, after=after)
            return await ChangeDesk(connection, self.district).versions(row["id"] for row in rows)

    async def told(self, after: int) -> list[Told]:
        """What people are told of the changes since."""
        async with self.database.reading() as connection:
            rows = await sql.told(connection, district=self.district, after=after)
        return [_told(row) for row in rows]

    async def left(self) -> list[Left]:
        """Everything that has left."""
        async with self.database.reading() as connection:
            return [Left(**dict(row)) for row in await sql.left_by(connection, district=self.district)]

    async def next_due(self, until: datetime) -> tuple[datetime, Sequence[str]] | None:
        """When the next text may leave, and by which channels; None: none until then."""
        async with self.database.reading() as connection:
            row = await sql.next_due(connection, until=until)
        return (row["at"], row["channels"]) if row and row["at"] else None

    async def next_turn(self, until: datetime) -> datetime | None:
        """When the situation changes next though nobody says anything; None: not until then."""
        async with self.database.reading() as connection:
            moment: datetime | None = await sql.next_turn(connection, district=self.district, until=until)
            return moment

    async def questions(self) -> list[str]:
        """What the duty room is asked to judge."""
        async with self.database.reading() as connection:
            return [row["words"] for row in await sql.questions(connection, district=self.district)]

    async def situation(self) -> tuple[Mapping[CellKey, Cell], Mapping[OrderKey, Stands]]:
        """Every cell, and what stands."""
        async with self.database.reading() as connection:
            desk = DistrictDesk(connection, self.district)
            return await desk.cells(), await desk.standing()

    async def on_duty(self, moment: datetime) -> OnDuty:
        """Who holds which post at that moment."""
        whom = {"district": self.district}
        async with self.database.reading() as connection:
            rows = (
                await sql.people(connection, **whom),
                await sql.ways(connection, **whom),
                await sql.on_duty_at(connection, **whom, moment=moment),
            )
        people, ways, posts = (tuple(map(dict, found)) for found in rows)
        return OnDuty(people, ways, posts, await PeopleStore(self.database).listed(self.district))

    async def take_over(self, duty: OnDuty) -> None:
        """Give this store those people, in those posts for ever."""
        async with self.database.transaction() as connection:
            await queries.people.add_person(connection, duty.people)
            await queries.people.add_address(connection, duty.ways)
            await queries.people.add_holding(connection, duty.posts)


def _told(row: Any) -> Told:
    lists = {name: tuple(row[name]) for name in ("versions", "posts", "channels")}
    return Told(**{**row, **lists})
