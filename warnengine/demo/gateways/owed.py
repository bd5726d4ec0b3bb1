"""What a carrier owes the engine: receipts and replies, handed over until the engine has confirmed them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from warnengine.demo.sink import Entry

PAUSE_SECONDS = 0.05


class Owed:
    """Hand-overs under way; each is repeated until confirmed, as a carrier's store does."""

    def __init__(self, at_once: int = 32) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, attempt: Callable[[], Awaitable[bool]], confirmed: Callable[[], object]) -> None:
        """Begin to hand over one thing; `attempt` says whether the engine confirmed it."""
        task = asyncio.create_task(self._hand_over(attempt, confirmed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hand_over(self, attempt: Callable[[], Awaitable[bool]], confirmed: Callable[[], object]) -> None:
        async with self._room:
            await until(attempt)
            confirmed()


async def until(attempt: Callable[[], Awaitable[bool]]) -> None:
    """Try until it succeeds."""
    done = await attempt()
    while not done:
        await asyncio.sleep(PAUSE_SECONDS)
        done = await attempt()


def unreceipted(entries: Iterable[Entry], gateway: str) -> list[Entry]:
    """Parts in an earlier process's log whose receipts the engine had not confirmed when it ended."""
    parts: dict[str, Entry] = {}
    for entry in entries:
        if entry["gateway"] == gateway and entry["event"] == "part":
            parts[entry["ids"][0]] = entry
        elif entry["gateway"] == gateway and entry["event"] == "receipt":
            parts.pop(entry["ids"][0], None)
    return list(parts.values())
