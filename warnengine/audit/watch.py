"""Reads the whole chain again and again, so that a changed decision is known within minutes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import structlog

from warnengine import metrics
from warnengine.audit import chain

log = structlog.get_logger()
EVERY = 300
"""Seconds between two readings."""


@dataclass
class Watch:
    """Verifies the chain at once and every EVERY seconds."""

    links: Callable[[], AsyncIterator[chain.Link]]
    """Reads the chain from its first row."""
    due: float = 0
    """On the monotonic clock."""

    async def step(self) -> bool:
        """Verify if it is time; never asks to be called again at once."""
        if time.monotonic() >= self.due:
            found = await chain.verify(self.links())
            metrics.CHAIN_OK.set(found.broken is None)
            metrics.CHAIN_VERIFIED.set_to_current_time()
            if found.broken is not None:
                log.error("audit", problem="a decision was changed or removed", row=found.broken)
            self.due = time.monotonic() + EVERY
        return False
