"""How fast a gateway may be fed: the contract counts submits a second."""

from __future__ import annotations

import asyncio
from math import ceil

from warnengine.model.delivery import Text

ONE, PART = 70, 67
"""UTF-16 units of a short message, and of each part of a longer one (3GPP TS 23.040)."""


class Pace:
    """Turns at even intervals. Who waits here holds a place in the window, so few wait before a red."""

    def __init__(self, rate: float | None) -> None:
        """rate: submits a second; None: no limit."""
        self._interval = 1 / rate if rate else 0.0
        self._free = 0.0

    async def turn(self, submits: int) -> None:
        """Wait until so many submits may leave."""
        if not self._interval:
            return
        now = asyncio.get_running_loop().time()
        self._free, mine = max(self._free, now) + submits * self._interval, max(self._free, now)
        if mine > now:
            await asyncio.sleep(mine - now)


def submits(kind: str, text: Text) -> int:
    """How many submits a text costs on a channel of this kind: an SMS one for each part."""
    if kind != "sms":
        return 1
    units = len(text.short.encode("utf-16-be")) // 2
    return 1 if units <= ONE else ceil(units / PART)
