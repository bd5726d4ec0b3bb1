"""A program as a child process, and what /proc says of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
FAREWELL = 20
"""Seconds that a program has to end."""


class Failed(Exception):
    """A measurement that could not be made; says what was waited for."""


class Program:
    """One child, the leader of its own group; its words go to a file, or to us where it answers."""

    def __init__(self, log: Path, *command: str, environment: Mapping[str, str] | None = None) -> None:
        self.log = log
        self._command = command
        self._environment = {**(os.environ if environment is None else environment), "PYTHONPATH": str(ROOT)}
        self._process: Process | None = None

    async def start(self, *, answers: bool = False) -> None:
        """Start it; `answers`: its standard input and output are ours."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE if answers else asyncio.subprocess.DEVNULL,
                stdout=PIPE if answers else log,
                stderr=log,
                env=self._environment,
                cwd=ROOT,
                start_new_session=True,
                limit=1 << 20,
            )

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def heard(self, seconds: float = 120) -> Any:
        """The next line of JSON that it says."""
        assert self._process
        assert self._process.stdout
        line = await asyncio.wait_for(self._process.stdout.readline(), seconds)
        if not line:
            raise Failed(f"{self._command[-1]} has ended: {self.tail()}")
        return json.loads(line)

    async def asked(self, wish: Any) -> Any:
        """Say a line of JSON and hear one."""
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(json.dumps(wish).encode() + b"\n")
        return await self.heard()

    async def stop(self) -> None:
        """Ask it to end; after some seconds insist."""
        if self._process and self.running:
            os.killpg(self.pid, signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), FAREWELL)
            except TimeoutError:
                os.killpg(self.pid, signal.SIGKILL)
                await self._process.wait()

    async def done(self, seconds: float = 600) -> None:
        """Wait for its end; Failed unless it is a good one."""
        assert self._process
        if await asyncio.wait_for(self._process.wait(), seconds):
            raise Failed(f"{' '.join(self._command[1:5])} failed: {self.tail()}")

    def tail(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:]) if self.log.exists() else ""


def python(log: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Program:
    """A module of ours as a program."""
    return Program(log, sys.executable, "-m", *arguments, environment=environment)


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time that these processes have used, ended children included."""
    return sum(sum(map(int, _stat(pid)[11:15])) for pid in pids) / TICKS


def family(pid: int) -> list[int]:
    """A process and its children."""
    everybody = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid, *(one for one in everybody if (stat := _stat(one)) and int(stat[1]) == pid)]


def peak_mb(pid: int) -> float:
    """The most memory that a process has held, in MB."""
    return _status_mb(pid, "VmHWM:")


def memory_mb(pid: int) -> float:
    """The memory that a process holds now, in MB."""
    return _status_mb(pid, "VmRSS:")


def _status_mb(pid: int, field: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition(field)[2].split()[0]) / 1024


def _stat(pid: int) -> list[str]:
    """From the state on: /proc/PID/stat without number and name."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has just ended
        return []
