"""Processes that the demo starts, each the leader of a group of its own, so that all of it can be ended."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

LOOK_SECONDS = 0.03
FAREWELL_SECONDS = 10
Found = TypeVar("Found")


class DemoFailed(Exception):
    """The night could not be played; says what was waited for and what the engine said last."""


class Child:
    """One process of ours, a Python module, with its output in a file."""

    def __init__(self, name: str, folder: Path, *arguments: str, environment: Mapping[str, str]) -> None:
        """`environment` is the whole environment of the process."""
        self.name = name
        self.output = folder / f"{name}.log"
        self._command = (sys.executable, "-m", *arguments)
        self._environment = dict(environment)
        self._process: Process | None = None

    async def start(self, *, speaks: bool = False) -> str:
        """Start it; where it `speaks`, return its first line on standard output."""
        with self.output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=PIPE if speaks else output,
                stderr=output,
                env=self._environment,
                start_new_session=True,
            )
        if not self._process.stdout:
            return ""
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), 20)
        except TimeoutError:
            line = b""
        if not line:
            raise DemoFailed(f"{self.name} did not come up; its last words:\n{self.tail()}")
        return line.decode()

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def kill(self) -> None:
        """SIGKILL for the whole group."""
        if self._process and self.running:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end; after some seconds insist."""
        if self._process and self.running:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), FAREWELL_SECONDS)
            except TimeoutError:
                await self.kill()

    async def complete(self, seconds: float) -> None:
        """Run it to its end; raise DemoFailed unless it ends well and in time."""
        await self.start()
        assert self._process
        try:
            code = await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            raise DemoFailed(f"{self.name} did not end within {seconds:g} s:\n{self.tail()}") from None
        if code:
            raise DemoFailed(f"{self.name} ended with {code}:\n{self.tail()}")

    def tail(self, lines: int = 30) -> str:
        """Its last words."""
        text = self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


async def look_for(look: Callable[[], Awaitable[Found | None]], seconds: float) -> Found | None:
    """Look again and again until something is there; None when it was not in time."""
    try:
        async with asyncio.timeout(seconds):
            found = await look()
            while not found:
                await asyncio.sleep(LOOK_SECONDS)
                found = await look()
            return found
    except TimeoutError:
        return None


async def wait_until(
    what: str, look: Callable[[], Awaitable[Found | None]], seconds: float, witness: Child
) -> Found:
    """Look until something is there; DemoFailed names what was waited for and quotes the witness."""
    found = await look_for(look, seconds)
    if not found:
        raise DemoFailed(
            f"waited {seconds:g} s for {what}, in vain. The last words of the {witness.name}:\n{witness.tail()}"
        )
    return found


def end_database(folder: Path) -> None:
    """Kill the embedded database of that data folder, where one runs; it recovers at its next start."""
    if pid := database_pid(folder):
        os.kill(pid, signal.SIGKILL)


def database_pid(folder: Path) -> int | None:
    """Process id of the database that serves the data folder, as PostgreSQL itself notes it."""
    note = folder / "postgres" / "postmaster.pid"
    if not note.exists():
        return None
    pid, place, *_ = note.read_text().splitlines()
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return None
    return int(pid) if Path(place) == note.parent.resolve() else None
