"""Work that is due now and then."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass
class Rarely:
    """A step of a loop that does its work at once and then every so often; where it fails, at the next look."""

    work: Callable[[], Awaitable[object]]
    every: timedelta
    due: float = 0.0
    """On the monotonic clock."""

    async def step(self) -> bool:
        """Do it if it is time; never asks to be called again at once."""
        if time.monotonic() >= self.due:
            await self.work()
            self.due = time.monotonic() + self.every.total_seconds()
        return False
