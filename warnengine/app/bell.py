"""What wakes idle loops: only a hint, for every loop also looks by itself."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

BRISK, CALM, PATIENT = 0.4, 1.0, 2.0
"""Seconds after which a loop looks again when nobody rang: while there is work, when there is none, and when there
is none for a loop whose work is a matter of minutes."""
WORKING = 5.0
"""Seconds after the last work during which there may be more."""


@dataclass
class Bell:
    """Wakes the idle loops of this process, and says when those of others should wake."""

    rung: asyncio.Event = field(default_factory=asyncio.Event)
    """This process has made work."""
    _events: list[asyncio.Event] = field(default_factory=list)
    _worked: float = 0.0
    """When there was work last, by the monotonic clock."""

    def hung(self, event: asyncio.Event | None = None) -> asyncio.Event:
        """An event for one loop to wait for: its own where it has one."""
        event = event or asyncio.Event()
        self._events.append(event)
        return event

    def ring(self) -> None:
        """There may be work that we made."""
        self.rung.set()
        self.heard()

    def heard(self) -> None:
        """There may be work that somebody made."""
        self.worked()
        for event in self._events:
            event.set()

    def worked(self) -> None:
        """Some loop has done something, which may be something for others to go on with."""
        self._worked = time.monotonic()

    async def wait(self, event: asyncio.Event, calm: float = CALM) -> None:
        """Until somebody rings, or it is time to look again."""
        busy = time.monotonic() - self._worked < WORKING
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), BRISK if busy else calm)
        event.clear()
