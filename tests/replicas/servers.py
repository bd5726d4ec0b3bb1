"""PostgreSQL servers of the pip package, each a process of its own on a port: a primary and its synchronous standby."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil

from tests.acceptance.program import until
from warnengine.demo.relay import HOST, free_port
from warnengine.store.embedded import EmbeddedPostgres, PostgresServer

CONFIGURATION = """
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = 120
wal_keep_size = 256
checkpoint_timeout = 1h
"""


class Server:
    """One server in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.where = f"{HOST}:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres@{self.where}/postgres"

    async def fresh(self, name: str) -> str:
        """The DSN of a new database."""
        await self.ask(f"CREATE DATABASE {name}")
        return f"postgresql://postgres@{self.where}/{name}"

    def make(self) -> None:
        """An empty database."""
        run(
            "initdb", "-D", str(self.folder), "--username=postgres", "--auth=trust", "--encoding=utf8", "--no-sync"
        )
        self._configure()

    def follow(self, primary: Server) -> None:
        """A standby that streams from the primary under the name of its folder."""
        source = f"host={HOST} port={primary.port} user=postgres application_name={self.folder.name}"
        run("pg_basebackup", "-d", source, "-D", str(self.folder), "-R", "-X", "stream", "-c", "fast", "--no-sync")
        self._configure()

    def start(self) -> None:
        with self.folder.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(
                [binary("postgres"), "-D", str(self.folder)],
                stdout=log,
                stderr=log,
                user=user(),
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL for every process of the server at once: nothing is flushed, nobody is told."""
        if self._process and self._process.poll() is None:
            server = psutil.Process(self._process.pid)
            for process in [server, *server.children(recursive=True)]:
                with _gone():
                    process.send_signal(signal.SIGKILL)
            self._process.wait()

    async def ask(self, query: str) -> object:
        """One value."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    async def up(self) -> None:
        """Wait until it answers."""

        async def answers() -> bool:
            try:
                return await self.ask("SELECT 1") == 1
            except (OSError, asyncpg.PostgresError):
                return False

        await until(f"the server {self.folder.name} to answer", answers)

    def _configure(self) -> None:
        with (self.folder / "postgresql.conf").open("a") as file:
            file.write(CONFIGURATION.format(host=HOST, port=self.port))


class Pair:
    """A primary and a standby that has confirmed every commit."""

    def __init__(self, folder: Path) -> None:
        self.primary, self.standby = Server(folder / "one"), Server(folder / "two")

    @property
    def dsn(self) -> str:
        """Of both."""
        return f"postgresql://postgres@{self.primary.where},{self.standby.where}/postgres"

    async def start(self) -> None:
        self.primary.make()
        self.primary.start()
        await self.primary.up()
        self.standby.follow(self.primary)
        self.standby.start()
        await self.standby.up()
        await self.primary.ask("ALTER SYSTEM SET synchronous_standby_names = 'two'")
        await self.primary.ask("SELECT pg_reload_conf()")

        async def mirrored() -> bool:
            return bool(await self.primary.ask("SELECT true FROM pg_stat_replication WHERE sync_state = 'sync'"))

        await until("the standby to be synchronous", mirrored)

    async def promote(self) -> None:
        """What an operator, or Patroni, does."""
        assert await self.standby.ask("SELECT pg_promote()")

    def stop(self) -> None:
        self.primary.kill()
        self.standby.kill()


@contextmanager
def servers() -> Iterator[Pair]:
    """A pair that is not started, in a folder of its own: PostgreSQL belongs to another user where root runs tests."""
    EmbeddedPostgres(Path(tempfile.gettempdir()))  # makes that user
    with tempfile.TemporaryDirectory(prefix="we-") as folder:
        shutil.chown(folder, user())
        pair = Pair(Path(folder))
        try:
            yield pair
        finally:
            pair.stop()


def user() -> str:
    """Whom the servers run as: never root."""
    return "pgserver" if os.geteuid() == 0 else getpass.getuser()


def binary(name: str) -> str:
    return str(PostgresServer(Path("unused")).bin_path / name)


def run(name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's commands to its end."""
    done = subprocess.run([binary(name), *arguments], capture_output=True, text=True, user=user(), check=False)
    assert done.returncode == 0, f"{name}: {done.stderr}"


@contextmanager
def _gone() -> Iterator[None]:
    try:
        yield
    except psutil.NoSuchProcess:
        return
