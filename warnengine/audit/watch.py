"""Reads the whole chain again and again and compares the tables with it: a change is known within minutes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from warnengine import metrics
from warnengine.audit import chain

log = structlog.get_logger()
EVERY = 300
"""Seconds between two readings."""
KINDS = ("text", "answer", "sent", "decision", "item")


@dataclass
class Watch:
    """Verifies the chain at once and every EVERY seconds."""

    links: Callable[[], AsyncIterator[chain.Link]]
    """Reads the chain from its first row."""
    differences: Callable[[], Awaitable[Sequence[chain.Difference]]]
    """Compares the tables of the last day with the chain."""
    anchors: Callable[[], Mapping[int, str]] = dict
    """What was written down elsewhere."""
    due: float = 0
    """On the monotonic clock."""

    async def step(self) -> bool:
        """Verify if it is time; never asks to be called again at once."""
        if time.monotonic() >= self.due:
            found = await chain.verify(self.links(), self.anchors())
            metrics.CHAIN_OK.set(found.broken is None)
            if found.broken is not None:
                log.error("audit", problem="a decision was changed or removed", row=found.broken)
            self._show(await self.differences())
            metrics.CHAIN_VERIFIED.set_to_current_time()
            self.due = time.monotonic() + EVERY
        return False

    def _show(self, differences: Sequence[chain.Difference]) -> None:
        counts = Counter(difference.what for difference in differences)
        for kind in KINDS:
            metrics.AUDIT_DIFFERENCES.labels(kind).set(counts[kind])
        for difference in differences[:20]:
            log.error("audit", problem=str(difference), row=difference.row)
