"""Receipts, kept and matched in batches: one transaction for all that came in the same few milliseconds."""

from __future__ import annotations

import hashlib
import time
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
PARKED = timedelta(hours=24)
"""How long a receipt waits for its message."""
OVERLAP = timedelta(minutes=1)
"""More than any transaction lasts: what was not committed at the last look is seen by the next."""


class ReceiptStore:
    """What gateways say of the fate of messages."""

    def __init__(self, database: Database, spellings: Spellings) -> None:
        self.database = database
        self.spellings = spellings
        self._looked: float | None = None
        """When parked receipts were last looked for, by the monotonic clock."""

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
        """Look for parked receipts of the messages accepted since the last time; return how many were found.

        From the messages, for receipts of unknown messages may lie here by the thousand and cost nothing then.
        """
        began = time.monotonic()
        within = timedelta(seconds=began - self._looked) + OVERLAP if self._looked else PARKED
        async with self.database.transaction() as connection:
            if not await sql.any_parked(connection):
                self._looked = began
                return 0
            parts = await sql.unconfirmed(connection, within=within)
            pairs = [(row["gateway"], form) for row in parts for form in self.spellings(row["provider_id"])]
            parked = await sql.parked(
                connection, gateways=[gateway for gateway, _ in pairs], spellings=[form for _, form in pairs]
            )
            found = await self._match(connection, parked)
        self._looked = began
        return found

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
