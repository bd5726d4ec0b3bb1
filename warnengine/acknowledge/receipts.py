"""Receipts come by the thousand: all that arrive while one batch is being stored are the next batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from warnengine import metrics
from warnengine.model.delivery import Receipt

LONGEST_NUMBER = 64
"""Characters of an id that may be a number; a gateway's own words are longer, and nobody counts in them."""
FORMS = ("{:d}", "{:x}", "{:08x}", "{:010x}", "{:016x}", "{:010d}")
BASES = {10: "0123456789", 16: "0123456789abcdef"}


class ReceiptStore(Protocol):
    """Where receipts are kept."""

    async def receipts(self, receipts: Sequence[Receipt]) -> None:
        """Keep receipts and match them with their parts, in one transaction; unknown ones stay parked."""


class ReceiptDesk:
    """Gathers receipts into batches. Each caller waits for its own: a gateway hears yes only of what is stored."""

    def __init__(self, store: ReceiptStore) -> None:
        self._store = store
        self._turn = asyncio.Lock()
        self._gathering: list[Receipt] = []
        self._stored: asyncio.Task[None] | None = None

    async def receipt(self, receipt: Receipt) -> None:
        """Store a receipt; raises what its batch raised where it could not be stored."""
        metrics.RECEIPTS.labels(receipt.gateway, receipt.fate.value).inc()
        if not self._stored or not self._gathering:
            self._stored = asyncio.create_task(self._store_gathered())
        self._gathering.append(receipt)
        await asyncio.shield(self._stored)  # one caller's end is not the end of the others' batch

    async def _store_gathered(self) -> None:
        async with self._turn:
            batch, self._gathering = self._gathering, []
            await self._store.receipts(batch)


def spellings(provider_id: str) -> tuple[str, ...]:
    """A gateway may give an id in hexadecimal when it accepts and in decimal in the receipt, or the reverse, with
    leading zeros (8, 10 or 16 digits) or without, in capitals or not."""
    plain = provider_id.strip().lower()
    number = 0 < len(plain) <= LONGEST_NUMBER
    values = {int(plain, base) for base, digits in BASES.items() if number and set(plain) <= set(digits)}
    numbers = [form.format(value) for value in sorted(values) for form in FORMS]
    found = [provider_id, plain, *numbers, plain.upper(), *map(str.upper, numbers)]
    return tuple(dict.fromkeys(found))
