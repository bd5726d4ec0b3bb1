"""Seals behind the send path what was written, answered and sent, and counts what it seals: so every figure is of
what was committed, and each thing is counted by one process only."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from warnengine import metrics
from warnengine.model.level import Level

EVERY = 3
"""Seconds between two marks: a text is sealed within about twice that."""

for invariant in ("sent_after_expiry", "overtook"):
    metrics.VIOLATIONS.labels(invariant)  # from nothing on: the first one, too, is an increase


class Store(Protocol):
    """What sealing needs of the store."""

    async def mark(self) -> dict[str, Any]:
        """How far everything is written."""

    async def seal(self, mark: Mapping[str, Any]) -> dict[str, Any] | None:
        """Seal everything up to a mark; None where there is nothing, or somebody is still writing."""

    async def figures(self, sealed: Mapping[str, Any]) -> dict[str, Any]:
        """What happened between the two ends of a seal."""


@dataclass
class Ledger:
    """Marks how far everything is written, and seals up to the mark when all are done who wrote then."""

    store: Store
    marked: dict[str, Any] | None = None
    due: float = 0
    """On the monotonic clock."""

    async def step(self) -> bool:
        """Seal if it is time; never asks to be called again at once."""
        if time.monotonic() >= self.due:
            if self.marked and (sealed := await self.store.seal(self.marked)):
                count(await self.store.figures(sealed))
            self.marked = await self.store.mark()
            self.due = time.monotonic() + EVERY
        return False


def count(figures: Mapping[str, Any]) -> None:
    """Add the figures of a seal to the metrics."""
    for row in figures["orders"]:
        metrics.ORDERS.labels(Level(row["level"]).key, "live").inc(row["n"])
    for row in figures["answers"]:
        metrics.ACK_SECONDS.labels(Level(row["level"]).key).observe(row["seconds"])
    for row in figures["receipts"]:
        metrics.RECEIPT_LAG.labels(row["gateway"]).observe(max(row["seconds"], 0))
    for row in figures["withdrawn"]:
        metrics.WITHDRAWN.labels(row["reason"]).inc(row["n"])
    metrics.DUPLICATES.inc(figures["duplicates"])
    for invariant, n in figures["violations"].items():
        metrics.VIOLATIONS.labels(invariant).inc(n)
