"""The ballast: a file that takes room while there is some, and is thrown overboard when there is none.

A full disk would stop the sending too. So at low space the intake closes (senders get 503 and come again), the
file is removed, and its room is for what is on its way: attempts, receipts, answers.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog

from warnengine import metrics

log = structlog.get_logger()
LOOK = 1.0
"""Seconds between two looks at the disk."""


class State(StrEnum):
    """Where the ballast is."""

    ABOARD = "aboard"
    """The file takes its room; the intake is open."""
    OVERBOARD = "overboard"
    """Its room is for the sending; the intake is closed until there is enough for a new one."""


def decide(state: State, free: int, size: int) -> State:
    """What the ballast should be, at so many free bytes. Overboard below a quarter of its size; aboard again only
    where its whole size and twice that quarter are free, so that it does not swing."""
    low = size // 4
    if state is State.ABOARD:
        return State.OVERBOARD if free < low else state
    return State.ABOARD if free >= size + 2 * low else state


@dataclass
class Ballast:
    """One file in the data folder. A size of 0: none, and the intake is always open."""

    folder: Path
    size: int
    state: State = State.ABOARD

    @property
    def file(self) -> Path:
        """Where it lies."""
        return self.folder / "ballast"

    @property
    def closed(self) -> bool:
        """Whether nothing more may be taken in."""
        return self.state is State.OVERBOARD

    @property
    def words(self) -> str:
        """What a person reads of a closed intake."""
        return (
            f"the disk of {self.folder} is nearly full: nothing is taken in until "
            f"{(self.size + self.size // 4 * 2) >> 20} MB are free; sending goes on"
        )

    def look(self) -> State:
        """Compare with the disk, and act. An engine that starts without the file needs room for it first: after a
        restart on a full disk the intake must not eat what the sending has left."""
        if not self.size:
            return self.state
        self.folder.mkdir(parents=True, exist_ok=True)
        before = State.ABOARD if self._lies_there() else State.OVERBOARD
        wanted = decide(before, shutil.disk_usage(self.folder).free, self.size)
        if wanted is State.OVERBOARD:
            self.file.unlink(missing_ok=True)
        elif before is State.OVERBOARD and not self._load():
            wanted = State.OVERBOARD
        if wanted is not self.state:
            log.error("ballast", state=wanted, folder=str(self.folder))
        self.state = wanted
        metrics.INTAKE_CLOSED.set(self.closed)
        return wanted

    async def run(self) -> None:
        """Look every second until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except OSError as error:
                log.error("ballast", problem=str(error))
            await asyncio.sleep(LOOK)

    def _lies_there(self) -> bool:
        try:
            return self.file.stat().st_size >= self.size
        except FileNotFoundError:
            return False

    def _load(self) -> bool:
        """Take the room for good: a file with holes takes none."""
        try:
            handle = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(handle, 0, self.size)
            finally:
                os.close(handle)
        except OSError as error:
            self.file.unlink(missing_ok=True)
            log.warning("ballast", problem=str(error))
            return False
        return True
