"""Processes that a case starts: each leads a group of its own, so that all of it can be stopped, continued and killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

from tests.faults.verdict import Broken

HOST = "127.0.0.1"
PATIENCE = 90.0
"""Seconds that anything is waited for; no promise, only patience with a slow machine."""
LOOK_AGAIN = 0.05
Found = TypeVar("Found")


async def until(
    what: str, look: Callable[[], Awaitable[Found | None]], seconds: float = PATIENCE, tail: Child | None = None
) -> Found:
    """Look until something is there; Broken says what was waited for."""
    found = await within(look, seconds)
    if not found:
        raise Broken(f"waited {seconds:g} s for {what}, in vain" + (f"\n{tail.tail()}" if tail else ""))
    return found


async def within(look: Callable[[], Awaitable[Found | None]], seconds: float) -> Found | None:
    """Look until something is there; None where it was not in time."""
    try:
        async with asyncio.timeout(seconds):
            while not (found := await look()):
                await asyncio.sleep(LOOK_AGAIN)
            return found
    except TimeoutError:
        return None


class Child:
    """One process, or the same one started again; its words are appended to one file."""

    def __init__(
        self, output: Path, *command: str, environment: Mapping[str, str], user: str | None = None
    ) -> None:
        self.output = output
        self.command = command
        self.environment = dict(environment)
        self.user = user
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, *, speaks: bool = False) -> str:
        """Start it; where it speaks, its first line."""
        with self.output.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if speaks else output,
                stderr=output,
                env=self.environment,
                cwd=self.output.parent,
                start_new_session=True,
                user=self.user,
            )
        if not self.process.stdout:
            return ""
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        if not line:
            raise Broken(f"{' '.join(self.command[:4])} did not come up:\n{self.tail()}")
        return line.decode()

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        if self.running:
            os.killpg(self.pid, number)

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    async def ended(self, seconds: float = PATIENCE) -> int:
        """Wait for its end; the exit code."""
        assert self.process
        try:
            return await asyncio.wait_for(self.process.wait(), seconds)
        except TimeoutError:
            raise Broken(f"{' '.join(self.command[:4])} did not end within {seconds:g} s") from None

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self.running:
            self.signal(signal.SIGKILL)
            await self.ended()

    def words(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""

    def tail(self, lines: int = 12) -> str:
        return "\n".join(line[:400] for line in self.words().splitlines()[-lines:])
