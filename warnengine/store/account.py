"""The account over our own tables: one look at one moment, and what is kept of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from warnengine.store.database import Database, queries
from warnengine.store.district import DistrictDesk

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.account


class Look:
    """Everything as it was at one moment."""

    def __init__(self, connection: Connection, district: str) -> None:
        self.connection = connection
        self.district = DistrictDesk(connection, district)

    async def since(self) -> datetime:
        """Where the account begins."""
        moment: datetime = await sql.start(self.connection)
        return moment

    async def at_rest(self) -> bool:
        """Whether the reconciler has nothing to take in."""
        return not await sql.undecided(self.connection, district=self.district.district)

    async def figures(self, since: datetime) -> dict[str, int]:
        """warnings, orders, people, accepted, delivered, acked."""
        row = dict(await sql.figures(self.connection, since=since))
        del row["at"]
        return {name: int(number) for name, number in row.items()}

    async def findings(self, since: datetime, grace: timedelta, silent: timedelta) -> list[tuple[str, str]]:
        """(what, id) of what does not add up."""
        real = datetime.now(UTC) - timedelta(days=1)
        rows = {
            "not_taken": await sql.not_taken(self.connection, grace=grace),
            "without_orders": await sql.without_orders(self.connection) if await self.at_rest() else [],
            "not_expanded": await sql.not_expanded(self.connection, grace=grace),
            "not_told": await sql.not_told(self.connection, grace=grace),
            "not_sent": await sql.not_sent(self.connection, since=since, grace=grace),
            "parked": await sql.parked(self.connection, since_real=real),
        }
        found = [(what, row["id"]) for what, listed in rows.items() for row in listed]
        ends = await sql.open_ends(self.connection, since=since, grace=grace, silent=silent)
        return found + [(row["what"], row["id"]) for row in ends]


@dataclass(frozen=True, slots=True)
class AccountStore:
    """Accounts, and the look that they are made from."""

    database: Database

    @asynccontextmanager
    async def look(self, district: str) -> AsyncIterator[Look]:
        """One moment: whatever is written meanwhile is of the next account."""
        async with (
            self.database.pool.acquire(timeout=10) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield Look(connection, district)

    async def keep(
        self, since: datetime, figures: Mapping[str, int], unexplained: Sequence[Mapping[str, str]], words: str
    ) -> None:
        """Keep an account; words: the duty room's task, empty where there is none."""
        async with self.database.transaction() as connection:
            await sql.keep(connection, since=since, figures=dict(figures), unexplained=list(unexplained))
            await sql.forget(connection)
            if words:
                await sql.tell(connection, words=words)

    async def latest(self) -> dict[str, Any] | None:
        """The last account: at, since, figures, unexplained, and now; None before the first."""
        async with self.database.reading() as connection:
            row = await sql.latest(connection)
        return dict(row) if row else None
