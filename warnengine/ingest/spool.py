"""The spool folder: whole files only, each once. A file that is still being written is left alone.

A writer uses a name that begins with a dot and renames it, or simply leaves the file untouched for a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import stat
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from warnengine import metrics
from warnengine.ingest.formats import MAX_BYTES
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
        while True:
            try:
                for place in (self.folder, self.folder / "taken", self.folder / "refused"):
                    place.mkdir(parents=True, exist_ok=True)
                await self.look()
            except OSError as error:
                metrics.LOOP_FAILURES.labels("spool").inc()
                log.warning("spool", folder=str(self.folder), problem=str(error))
            await asyncio.sleep(0.5)

    async def look(self) -> None:
        """Take every whole file, oldest first. ConnectionError where the store does not answer: all must wait."""
        for file in sorted(self.folder.iterdir(), key=_written):
            if file.is_dir() or file.name.startswith(".") or time.time() - _written(file) < QUIET:
                continue
            try:
                await self._one(file)
            except ConnectionError:
                raise
            except OSError as error:  # it must not stop those behind it
                metrics.LOOP_FAILURES.labels("spool").inc()
                log.warning("spool", file=_name(file), problem=str(error))

    async def _one(self, file: Path) -> None:
        try:
            raw = _read(file)
        except (FileNotFoundError, PermissionError) as error:
            if _gone(file):  # another engine on the same folder was first
                return
            self._move(file, "refused")
            log.error("spool", file=_name(file), problem=f"moved to refused, for it cannot be read: {error}")
            return
        taken = await self.take(Arrival("spool", _name(file), raw))
        self._move(file, "refused" if taken.verdict is Verdict.QUARANTINED else "taken")

    def _move(self, file: Path, place: str) -> None:
        with contextlib.suppress(FileNotFoundError):  # both engines have read it, and it counts once
            file.rename(self.folder / place / file.name)


def _read(file: Path) -> bytes:
    """At most one byte more than a warning may have; FileNotFoundError where it is not, or not a file."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise FileNotFoundError("it is neither a file nor a link to one")
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _gone(file: Path) -> bool:
    return not os.path.lexists(file)


def _written(file: Path) -> float:
    """When it was written last; a link counts for itself, for what it names may be gone."""
    try:
        return file.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:  # taken away meanwhile
        return math.inf


def _name(file: Path) -> str:
    """Its name as text, whatever bytes it is made of."""
    return os.fsencode(file.name).decode("utf-8", "replace")
