"""Receipts whose message was not known when they came, and messages of which none came."""

from __future__ import annotations

import time
from datetime import timedelta

from warnengine.model.delivery import Purpose
from warnengine.store.database import Database, queries
from warnengine.store.journal import Journal
from warnengine.store.outcomes import go_around

sql = queries.receipts
PARKED = timedelta(hours=24)
"""How long a receipt waits for its message."""
OVERLAP = timedelta(seconds=30)
"""More than any transaction lasts: what was not committed at the last look is seen by the next."""
SELDOM = 60.0
"""Seconds between two looks from the side of the messages."""


class ReceiptStore:
    """What was not matched as it came."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self.database = database
        self.journal = journal
        self._looked: float | None = None
        """When the messages of parked receipts were last looked for, by the monotonic clock."""

    async def rematch(self) -> int:
        """Look again for the messages of receipts that came a moment ago: answer and receipt may have been written
        at the same time, neither seeing the other. Return how many were found."""
        async with self.database.transaction() as connection:
            if not await sql.any_parked(connection):
                return 0
            rows = await sql.parked_lately(connection, within=OVERLAP)
            found = await self.journal.match(connection, [(row["id"], row["provider_id"]) for row in rows])
        return found + await self._rematch_messages()

    async def _rematch_messages(self) -> int:
        """From the messages accepted since the last look, for a gateway may write the id of an early receipt in
        another way. Receipts of unknown messages may lie here by the thousand and cost nothing then."""
        began = time.monotonic()
        if self._looked and began < self._looked + SELDOM:
            return 0
        within = timedelta(seconds=began - self._looked) + OVERLAP if self._looked else PARKED
        async with self.database.transaction() as connection:
            parts = await sql.unconfirmed(connection, within=within)
            pairs = [
                (row["gateway"], form) for row in parts for form in self.journal.spellings(row["provider_id"])
            ]
            parked = await sql.parked(
                connection, gateways=[gateway for gateway, _ in pairs], spellings=[form for _, form in pairs]
            )
            found = await self.journal.match(connection, [(row["id"], row["provider_id"]) for row in parked])
        self._looked = began
        return found

    async def silence(self, after: timedelta) -> int:
        """Mark what was accepted and never confirmed in time."""
        async with self.database.transaction() as connection:
            silent = await sql.silence(connection, after=after)
            lost = [(row["delivery"], row["gateway"]) for row in silent]
            await go_around(connection, lost, Purpose.RESEND, self.journal.several)
            return len(silent)

    async def black_holes(self, after: timedelta) -> list[tuple[str, str, int]]:
        """Gateways, and prefixes of numbers at them ("" for all), that take messages and confirm next to nothing,
        with how many; what they hold goes by another gateway. after: when nearly every receipt has come."""
        async with self.database.transaction() as connection:
            rows = await sql.black_holes(connection, after=after)
            for row in rows:
                await sql.note_silence(
                    connection, deliveries=row["lost"], numbers=row["numbers"], gateway=row["gateway"]
                )
            lost = [(delivery, row["gateway"]) for row in rows for delivery in row["lost"]]
            await go_around(connection, lost, Purpose.RESEND, self.journal.several)
            return [(row["gateway"], row["prefix"], len(row["lost"])) for row in rows]
