"""Receipts, kept and matched in batches: one transaction for all that came in the same few milliseconds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from warnengine.model.delivery import Receipt
from warnengine.store.database import Database, queries
from warnengine.store.sending import page_unreached
from warnengine.store.shapes import storable

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.receipts
Spellings = Callable[[str], Sequence[str]]
"""How else a gateway may write the same id."""


class ReceiptStore:
    """What gateways say of the fate of messages."""

    def __init__(self, database: Database, spellings: Spellings) -> None:
        self.database = database
        self.spellings = spellings

    async def receipts(self, receipts: Sequence[Receipt]) -> None:
        """Keep receipts and match them with their parts; those of unknown messages stay parked."""
        async with self.database.transaction() as connection:
            kept = await sql.keep(
                connection,
                gateways=[receipt.gateway for receipt in receipts],
                hashes=[hashlib.sha256(receipt.raw).digest() for receipt in receipts],
                raws=[receipt.raw for receipt in receipts],
                ids=[storable(receipt.provider_id) for receipt in receipts],
                addresses=[storable(receipt.address) for receipt in receipts],
                fates=[receipt.fate.value for receipt in receipts],
                codes=[storable(receipt.code) for receipt in receipts],
            )
            await self._match(connection, kept)

    async def rematch(self) -> int:
        """Try the parked receipts again; return how many found their message."""
        async with self.database.transaction() as connection:
            return await self._match(connection, await sql.parked(connection, most=500))

    async def silence(self, after: timedelta) -> int:
        """Mark what was accepted and never confirmed in time."""
        async with self.database.transaction() as connection:
            return len(list(await sql.silence(connection, after=after)))

    async def _match(self, connection: Connection, kept: Sequence[Any]) -> int:
        pairs = [(row["id"], spelling) for row in kept for spelling in self.spellings(row["provider_id"])]
        found = await sql.match(
            connection, receipts=[id_ for id_, _ in pairs], spellings=[spelling for _, spelling in pairs]
        )
        if found:
            await _settle(connection, found)
            await sql.matched(connection, receipts=[row["id"] for row in found])
        return len(found)


async def _settle(connection: Connection, found: Sequence[Any]) -> None:
    column = {key: [row[key] for row in found] for key in dict(found[0])}
    messages = {"deliveries": column["delivery"], "numbers": column["number"]}
    await sql.lock(connection, **messages)
    await sql.note(
        connection,
        gateways=column["gateway"],
        ids=column["provider_id"],
        parts=column["part"],
        fates=column["fate"],
        **messages,
    )
    settled = await sql.settle(connection, fates=column["fate"], codes=column["code"], **messages)
    reached = [row["delivery"] & ~15 for row in settled if row["what"] == "delivered"]
    await sql.reached(connection, bundles=reached)
    lost = [(row["delivery"], row["detail"]) for row in settled if row["what"] == "undelivered"]
    await page_unreached(
        connection, [{"delivery": id_, "words": f"未送达({code}),请核对号码"} for id_, code in lost]
    )
