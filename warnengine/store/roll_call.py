"""Roll-calls: bundles of a change that no warning made, and what was answered to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warnengine.model.bundle import Listener
from warnengine.model.level import Level
from warnengine.store.change import ChangeDesk, ways
from warnengine.store.database import Database, queries

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.roll_call


class RollCallDesk(ChangeDesk):
    """One roll-call and one transaction."""

    def __init__(self, connection: Connection, district: str) -> None:
        super().__init__(connection, district)
        self.change = 0
        self.closes_at: datetime

    async def open(
        self, posts: Sequence[str], by: str, within: timedelta, since: datetime | None
    ) -> list[Listener]:
        """Begin it; who is to be asked. Nobody, and no change, where one is running already, or `by` has begun one
        since then."""
        await self.connection.execute("SELECT pg_advisory_xact_lock(lock_of(7077))")
        if await sql.running(self.connection, district=self.district, by=by, since=since):
            return []
        rows = await sql.audience(self.connection, district=self.district, posts=list(posts))
        self.change = await queries.orders.add_change(
            self.connection, district=self.district, warned_at=None, because=[], quiet=False
        )
        await self.expanded(self.change)
        busy = [row["name"] for row in rows if row["busy"]]
        made = await sql.open(
            self.connection, district=self.district, change=self.change, by=by, within=within, busy=busy
        )
        self.closes_at = made["closes_at"]
        body = {"roll_call": made["id"], "by": by, "people": len(rows)}
        await queries.orders.audit(self.connection, kind="roll_call", body=body)
        await sql.called_off(self.connection, district=self.district, at=made["at"])
        return [_listener(row, self.district, self.closes_at) for row in rows if not row["busy"]]


@dataclass(frozen=True, slots=True)
class RollCallStore:
    """Roll-calls of one district."""

    database: Database
    district: str

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[RollCallDesk]:
        """One transaction."""
        async with self.database.transaction() as connection:
            yield RollCallDesk(connection, self.district)

    async def latest(self) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        """The last roll-call and what became of each person asked; None before the first."""
        async with self.database.reading() as connection:
            row = await sql.latest(connection, district=self.district)
            return (dict(row), await _results(connection, row)) if row else None

    async def close(self, task_of: Callable[[dict[str, Any], list[dict[str, Any]]], str]) -> bool:
        """Close one whose time is over, with a task for the duty room where there are words for it.

        Return whether there was one.
        """
        async with self.database.transaction() as connection:
            row = await sql.over(connection, district=self.district)
            if row is None:
                return False
            if words := task_of(dict(row), await _results(connection, row)):
                await sql.tell(connection, district=self.district, words=words)
            await sql.close(connection, id=row["id"])
            return True


async def _results(connection: Connection, row: Any) -> list[dict[str, Any]]:
    found = await sql.results(connection, change=row["change"], at=row["at"], closes_at=row["closes_at"])
    return [dict(one) for one in found]


def _listener(row: Any, district: str, closes_at: datetime) -> Listener:
    return Listener(
        district=district,
        person=row["person"],
        versions=(),
        posts=tuple(row["posts"]),
        level=Level.BLUE,
        kind="rollcall",
        not_after=closes_at,
        follows=(),
        addresses=ways(row["addresses"]),
    )
