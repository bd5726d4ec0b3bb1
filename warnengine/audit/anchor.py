"""The head of the chain, written down in a second place: a chain whose end was cut off holds, and only what stands
elsewhere tells that there was more.

The file should lie on another disk or machine than the database. It is only appended to, a line
for what was decided in the same few seconds.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

EVERY = 5.0
"""Seconds between two anchors: so much may be cut off unnoticed."""
Head = tuple[int, str]
"""The last row of the chain, and its hash in hexadecimal."""


def read(file: Path) -> dict[int, str]:
    """Hashes by row, as they were written down; a line that the disk cut short is left out."""
    if not file.exists():
        return {}
    lines = (line.split() for line in file.read_text(encoding="ascii", errors="replace").splitlines())
    return {int(line[0]): line[1] for line in lines if len(line) == 3 and line[0].isdigit() and len(line[1]) == 64}


def write(file: Path, head: Head, now: datetime) -> None:
    """Add a head; on the disk when this returns."""
    row, digest = head
    with file.open("a", encoding="ascii") as out:
        out.write(f"{row} {digest} {now.isoformat(timespec='seconds')}\n")
        out.flush()
        os.fsync(out.fileno())


@dataclass
class Anchors:
    """Writes the head of the chain down whenever it has grown."""

    head: Callable[[], Awaitable[Head | None]]
    """Of the chain; None while it is empty."""
    file: Path
    due: float = 0
    """On the monotonic clock."""
    last: int = 0

    async def step(self) -> bool:
        """Anchor if it is time; never asks to be called again at once."""
        if time.monotonic() < self.due:
            return False
        self.due = time.monotonic() + EVERY
        head = await self.head()
        if head and head[0] > (self.last or max(read(self.file), default=0)):
            await asyncio.to_thread(write, self.file, head, datetime.now(UTC))
            self.last = head[0]
        return False
