"""The spool folder: whole files only, each once. A file that is still being written is left alone.

A writer uses a name that begins with a dot and renames it, or simply leaves the file untouched for a second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from warnengine import metrics
from warnengine.model.arrival import Arrival, Taken, Verdict

log = structlog.get_logger()
QUIET = 1.0
"""Seconds without a write after which a file counts as whole."""


@dataclass(frozen=True, slots=True)
class SpoolSource:
    """Takes files from `folder`, then moves them to `folder/taken` or `folder/refused`."""

    folder: Path
    take: Callable[[Arrival], Awaitable[Taken]]

    async def run(self) -> None:
        """Look every half second until cancelled."""
        for place in (self.folder, self.folder / "taken", self.folder / "refused"):
            place.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                await self.look()
            except OSError as error:
                metrics.LOOP_FAILURES.labels("spool").inc()
                log.warning("spool", folder=str(self.folder), problem=str(error))
            await asyncio.sleep(0.5)

    async def look(self) -> None:
        """Take every whole file, oldest first."""
        for file in sorted(self.folder.iterdir(), key=lambda file: file.stat().st_mtime):
            if file.is_file() and not file.name.startswith(".") and _quiet(file):
                taken = await self.take(Arrival("spool", file.name, file.read_bytes()))
                refused = taken.verdict is Verdict.QUARANTINED
                file.rename(self.folder / ("refused" if refused else "taken") / file.name)


def _quiet(file: Path) -> bool:
    return time.time() - file.stat().st_mtime >= QUIET
