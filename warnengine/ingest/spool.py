"""The spool folder: whole files only, each once. A file that is still being written is left alone.

A writer uses a name that begins with a dot, or ends as programs end what they are still writing (.tmp, .part …),
and renames it; or writes in a folder inside and moves the file here; or simply leaves it untouched for a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import os
import stat
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from warnengine import metrics
from warnengine.model.arrival import Arrival, Taken, Verdict

log = structlog.get_logger()
QUIET = 1.0
"""Seconds without a write after which a file counts as whole."""
PARTIAL = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
"""How names end of files that a program is still writing."""
GIVEN_UP = 600.0
"""Seconds without a write after which nobody is writing such a file any more: it is taken as it is."""
LARGEST = 8 << 20
"""Bytes of a file that are read, as over HTTP: what is only too long is kept with its reason."""
Signature = tuple[int, int, int]
"""Inode, size and time of the last write, in nanoseconds: another one is another content."""


@dataclass(frozen=True, slots=True)
class SpoolSource:
    """Takes files from `folder`, then moves them to `taken` in it, or to `refused` with the reason beside."""

    folder: Path
    take: Callable[[Arrival], Awaitable[Taken]]
    seen: dict[str, tuple[Signature, float]] = field(default_factory=dict)
    """What lies there, and since when unchanged by the monotonic clock."""

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
        files = sorted(self.folder.iterdir(), key=_written)
        for gone in self.seen.keys() - {file.name for file in files}:
            del self.seen[gone]
        for file in files:
            if file.is_dir() or file.name.startswith(".") or not self._whole(file):
                continue
            try:
                await self._one(file)
            except ConnectionError:
                raise
            except OSError as error:  # it must not stop those behind it
                metrics.LOOP_FAILURES.labels("spool").inc()
                log.warning("spool", file=_name(file), problem=str(error))

    def _whole(self, file: Path) -> bool:
        """Whether nobody has written it for a while: by its own time, or, if another clock's, by ours."""
        signature, now = _signature(file), time.monotonic()
        if signature is None:
            return False
        before, since = self.seen.get(file.name, (None, now))
        self.seen[file.name] = signature, since if before == signature else now
        age = max(time.time() - _written(file), now - self.seen[file.name][1])
        return age >= (GIVEN_UP if file.name.lower().endswith(PARTIAL) else QUIET)

    async def _one(self, file: Path) -> None:
        before = _signature(file)
        try:
            raw = _read(file)
        except (FileNotFoundError, PermissionError) as error:
            if not _there(file):  # another engine on the same folder was first
                return
            self._refuse(file, f"cannot be read: {error}")
            log.error("spool", file=_name(file), problem=f"moved to refused, for it cannot be read: {error}")
            return
        if _signature(file) != before:  # somebody goes on writing: what was read is a part
            return
        taken = await self.take(Arrival("spool", _name(file), raw))
        if taken.verdict is Verdict.QUARANTINED:
            self._refuse(file, f"{taken.reason}: {taken.explanation}")
        else:
            self._settle(file)

    def _settle(self, file: Path) -> None:
        with contextlib.suppress(FileNotFoundError):  # both engines have read it, and it counts once
            file.rename(self.folder / "taken" / file.name)

    def _refuse(self, file: Path, why: str) -> None:
        """Put it aside under a name that is free, with the reason beside it."""
        names = itertools.chain([file.name], (f"{number}.{file.name}" for number in itertools.count(2)))
        aside = next(path for name in names if not _there(path := self.folder / "refused" / name))
        with contextlib.suppress(FileNotFoundError):
            file.rename(aside)
            aside.with_name(f"{aside.name}.reason.txt").write_text(f"{why}\n", encoding="utf-8", errors="replace")


def _read(file: Path) -> bytes:
    """At most one byte more than is read of a file; FileNotFoundError where it is not, or not a file."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise FileNotFoundError("it is neither a file nor a link to one")
    with file.open("rb") as opened:
        return opened.read(LARGEST + 1)


def _there(file: Path) -> bool:
    """Also where it is a link to nothing."""
    return os.path.lexists(file)


def _signature(file: Path) -> Signature | None:
    """Of the file itself, also behind a link; None where it is taken away meanwhile, or names nothing."""
    try:
        known = file.stat()
    except OSError:
        known = None
    if known is None:
        return (0, 0, 0) if _there(file) else None
    return known.st_ino, known.st_size, known.st_mtime_ns


def _written(file: Path) -> float:
    """When it was written last; a link counts for itself, for what it names may be gone."""
    try:
        return file.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:  # taken away meanwhile
        return math.inf


def _name(file: Path) -> str:
    """Its name as text, whatever bytes it is made of."""
    return os.fsencode(file.name).decode("utf-8", "replace")
