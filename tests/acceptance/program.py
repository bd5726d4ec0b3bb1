"""A program of ours as a child process: a group of its own, its output in a file, ended whatever happens."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

BOUND = 90.0
"""Seconds that anything may take before its test fails; no promise, only patience."""
LOOK_AGAIN = 0.03
Found = TypeVar("Found")
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["warnengine.cli"])


class Program:
    """One long-running program, or the same one started again; its words are appended to one file."""

    def __init__(self, output: Path, *command: str, environment: Mapping[str, str]) -> None:
        """`command` is run as it stands; `environment` is the whole environment."""
        self.output = output
        self._command = command
        self.environment = dict(environment)
        self._process: Process | None = None

    async def start(self) -> None:
        with self.output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        assert self._process
        if self.running:
            os.killpg(self._process.pid, number)

    async def ended(self, seconds: float = BOUND) -> int:
        """Wait for the end; the exit code. Fail the test when it does not come."""
        assert self._process
        try:
            return await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            pytest.fail(f"{' '.join(self._command)} did not end within {seconds:g} s\n{self.tail()}")

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self.running:
            self.signal(signal.SIGKILL)
            await self.ended()

    def tail(self, lines: int = 40) -> str:
        words = self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""
        return "\n".join(words.splitlines()[-lines:])


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


async def command(*arguments: str, environment: Mapping[str, str], cwd: Path) -> Said:
    """Run `warnengine` with these arguments to its end, in a process that has its imports behind it."""
    return await asyncio.to_thread(_completed, arguments, dict(environment), cwd)


def _completed(arguments: Sequence[str], environment: Mapping[str, str], cwd: Path) -> Said:
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _FORKS.Process(target=_run, args=(arguments, environment, cwd, out, err))
        process.start()
        process.join(BOUND)
        if process.exitcode is None:
            process.kill()
            pytest.fail(
                f"warnengine {' '.join(arguments)} did not end within {BOUND:g} s\n"
                f"{out.read_text()}\n{err.read_text()}"
            )
        return Said(process.exitcode, out.read_text(), err.read_text())


def _run(arguments: Sequence[str], environment: Mapping[str, str], cwd: Path, out: Path, err: Path) -> None:
    for stream, file in ((sys.stdout, out), (sys.stderr, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), stream.fileno())
    _where_it_stands(BOUND - 5)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["warnengine", *arguments]
    importlib.import_module("warnengine.cli").main()


def _where_it_stands(seconds: float) -> None:
    """Whatever still runs after so long says where: every thread, every task."""

    def tell() -> None:
        faulthandler.dump_traceback(sys.stderr)
        for task in (one for one in gc.get_objects() if isinstance(one, asyncio.Task)):
            task.print_stack(file=sys.stderr)
        sys.stderr.flush()

    watch = threading.Timer(seconds, tell)
    watch.daemon = True
    watch.start()


async def until(
    what: str, look: Callable[[], Awaitable[Found | None]], witness: Program | None = None, seconds: float = BOUND
) -> Found:
    """Look until something is there; otherwise fail with what was waited for and the witness's last words."""
    try:
        async with asyncio.timeout(seconds):
            while not (found := await look()):
                await asyncio.sleep(LOOK_AGAIN)
            return found
    except TimeoutError:
        pytest.fail(f"waited {seconds:g} s for {what}, in vain\n{witness.tail() if witness else ''}")
