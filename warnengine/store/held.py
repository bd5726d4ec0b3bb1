"""Orders that a limit holds back, and whom that is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warnengine.model.book import Authority
from warnengine.model.bundle import Listener
from warnengine.model.level import Level
from warnengine.store.change import ChangeDesk, ways
from warnengine.store.database import Database, queries

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.held


class HeldDesk(ChangeDesk):
    """What is held in one district and nobody above knows of, locked for one transaction."""

    def __init__(self, connection: Connection, rows: Sequence[Any]) -> None:
        self.rows = [row for row in rows if row["district"] == rows[0]["district"]]
        super().__init__(connection)
        self.why = tuple(row["why"] for row in self.rows)
        self.level = Level(self.rows[0]["level"])
        self.change: int = max(row["change"] for row in self.rows)
        self.numbers = tuple(row["id"] for row in self.rows)

    async def leaders(self, authority: Authority) -> list[Listener]:
        """Who holds the post now, with the way there. Their text names no version: what it tells of is stopped."""
        district = self.rows[0]["district"]
        found = await queries.approvals.holders(
            self.connection, district=district, unit=authority.unit, post=authority.post
        )
        return [
            Listener(
                district=district,
                person=row["person"],
                versions=(),
                posts=(f"{authority.unit}/{authority.post}",),
                level=self.level,
                kind="issue",
                not_after=max(one["not_after"] for one in self.rows),
                follows=(),
                addresses=ways(row["addresses"]),
            )
            for row in found
        ]

    async def told(self, note: str) -> None:
        """They know; what is to be added to the tasks."""
        await sql.told(self.connection, halts=list(self.numbers), note=note)


@dataclass(frozen=True, slots=True)
class HeldStore:
    """Where the desk is found."""

    database: Database

    @asynccontextmanager
    async def held(self) -> AsyncIterator[HeldDesk | None]:
        """What nobody above knows of; None where there is nothing."""
        async with self.database.transaction() as connection:
            rows = list(await sql.untold(connection))
            yield HeldDesk(connection, rows) if rows else None
