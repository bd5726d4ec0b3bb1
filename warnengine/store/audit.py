"""The audit chain: its rows, what it seals behind the send path, and where the tables say something else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from warnengine.store.database import Database, queries

sql = queries.audit


class AuditStore:
    """Reads and extends the chain."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def chain(self) -> AsyncIterator[tuple[int, str | None, bytes]]:
        """Rows of the audit chain in order: seq, sealed text, hash. Where it was cut, also while it is read, the
        last row that went, without its text."""
        after = 0
        while rows := await self._chain(after):
            if rows[0]["seq"] > after + 1 and (hash_ := (await self.cuts()).get(rows[0]["seq"] - 1)):
                yield rows[0]["seq"] - 1, None, bytes.fromhex(hash_)
            for row in rows:
                yield row["seq"], row["sealed"], row["hash"]
            after = rows[-1]["seq"]

    async def cuts(self) -> dict[int, str]:
        """Where the chain was cut, with the hash of the last row that went."""
        async with self.database.reading() as connection:
            return {row["cut"]: row["cut_hash"] for row in await sql.cuts(connection)}

    async def head(self) -> tuple[int, str] | None:
        """The last row of the chain and its hash; None while it is empty."""
        async with self.database.reading() as connection:
            row = await sql.head(connection)
            return (row["seq"], row["hash"].hex()) if row else None

    async def differences(self, within: timedelta | None) -> list[dict[str, Any]]:
        """Where texts, answers, deliveries and decisions are not what was sealed: what, id, row of the chain,
        sealed, found. within: only what was sealed so lately, and every decision."""
        async with self.database.reading() as connection:
            return [dict(row) for row in await sql.differences(connection, within=within)]

    async def doubt(self) -> None:
        """Give decisions that the chain does not know to the duty room."""
        async with self.database.transaction() as connection:
            await queries.approvals.doubt(connection)

    async def mark(self) -> dict[str, Any]:
        """How far everything is written; for `seal`, later."""
        async with self.database.reading() as connection:
            mark: dict[str, Any] = await sql.mark(connection)
            return mark

    async def seal(self, mark: Mapping[str, Any]) -> dict[str, Any] | None:
        """Seal everything up to a mark; None where there is nothing, or somebody is still writing."""
        async with self.database.transaction() as connection:
            fresh: dict[str, Any] | None = await sql.seal(connection, mark=mark)
            return fresh

    async def figures(self, sealed: Mapping[str, Any]) -> dict[str, Any]:
        """What happened between the two ends of a seal."""
        ends = [sealed["since"], sealed["upto"]]
        times = dict(zip(("since", "upto"), (_moment(end["at"]) for end in ends), strict=True))
        async with self.database.reading() as connection:
            between = {"since": ends[0]["version"], "upto": ends[1]["version"]}
            answers = {"since": ends[0]["answer"], "upto": ends[1]["answer"]}
            return {
                "orders": await sql.versions_between(connection, **between),
                "answers": await sql.first_answers(connection, **answers),
                "receipts": await sql.receipt_lags(connection, **times),
                "withdrawn": await sql.withdrawals(connection, **times),
                "duplicates": await sql.possible_duplicates(connection, **times),
                "violations": dict(await sql.violations(connection, **times)),
            }

    async def _chain(self, after: int) -> list[Any]:
        async with self.database.reading() as connection:
            return list(await sql.chain(connection, after=after, most=5000))


def _moment(written: str) -> datetime:
    """The end of a seal, as the database writes it."""
    if written == "-infinity":
        return datetime.fromtimestamp(0, UTC)
    return datetime.fromisoformat(written).replace(tzinfo=UTC)
