"""Waiting for something to become true, never for time to pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

LONGEST = 90.0
"""Seconds after which a test gives up; no promise, only patience with a busy machine."""


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Ask again and again until the answer is true; TimeoutError after LONGEST seconds."""
    async with asyncio.timeout(LONGEST):
        while not await condition():
            await asyncio.sleep(0.005)
