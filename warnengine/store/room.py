"""What the duty room's pages count and show beside what the API lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from warnengine.model.book import Authority
from warnengine.model.level import Level
from warnengine.store.database import Database, queries
from warnengine.store.shapes import plain

sql = queries.room


@dataclass(frozen=True, slots=True)
class RoomStore:
    """Reads for the pages, and the countersignature of whoever has signed in."""

    database: Database

    async def figures(self) -> dict[str, Any]:
        """Standing orders, tasks, requests, drafts, and `unanswered` people by level."""
        async with self.database.reading() as connection:
            row = dict(await sql.figures(connection))
            waiting = [dict(one) for one in await sql.unanswered(connection)]
        return row | {"unanswered": [{**one, "level": Level(one["level"])} for one in waiting]}

    async def unmatched(self) -> list[dict[str, Any]]:
        """Warnings of the last day of which no unit has an order: identifier, headline, why, at."""
        async with self.database.reading() as connection:
            return [dict(row) for row in await sql.unmatched(connection)]

    async def behind(self, stop: str, others: Sequence[str] = ()) -> dict[str, int]:
        """Whom a stop (`all`, `district 500151`, `order 7`) keeps from hearing and no other one does: people,
        messages, and how many messages nobody needs any more."""
        async with self.database.reading() as connection:
            return dict(await sql.behind(connection, stops=[stop], others=list(others)))

    async def orders_of(self, family: str) -> list[dict[str, Any]]:
        """What was made of an order by hand: id, unit, lapsed."""
        async with self.database.reading() as connection:
            return [dict(row) for row in await sql.orders_of(connection, family=family)]

    async def audience(self, approval: int) -> int:
        """How many people the orders of a request go to."""
        async with self.database.reading() as connection:
            people: int = await sql.audience(connection, approval=approval)
            return people

    async def deciders(self, district: str, authorities: Sequence[Authority]) -> dict[str, str]:
        """Who may decide now: key and name, in the order of the book."""
        async with self.database.reading() as connection:
            return {
                row["person"]: row["name"]
                for one in authorities
                for row in await queries.approvals.holders(
                    connection, district=district, unit=one.unit, post=one.post
                )
            }

    async def lines(self) -> list[dict[str, Any]]:
        """Who holds which line: gateway, owner, epoch, well, held."""
        async with self.database.reading() as connection:
            return [dict(row) for row in await sql.lines(connection)]

    async def out_of_order(self) -> list[dict[str, Any]]:
        """Gateways that some process has reported: gateway, words, since."""
        async with self.database.reading() as connection:
            return [plain(dict(row)) for row in await sql.out_of_order(connection)]

    async def countersign(self, approval: int, person: str) -> bool:
        """Record a countersignature; False where this person is not asked for one, or has given it."""
        async with self.database.transaction() as connection:
            row = await sql.countersign(connection, approval=approval, person=person)
            if row is None:
                return False
            body = {**plain(dict(row)), "countersigns": row["of"]}
            await queries.orders.audit(connection, kind="approval", body=body)
            return True
