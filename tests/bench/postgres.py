"""The PostgreSQL of a run: the engine's own package, a fresh database for every measurement."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from tests.bench.process import cpu_seconds, family
from warnengine.demo.children import database_pid
from warnengine.store.embedded import EmbeddedPostgres

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection


class Server:
    """One server for all systems that keep something."""

    def __init__(self, folder: Path) -> None:
        self._embedded = EmbeddedPostgres(folder)
        self._folder = folder
        self._numbers = itertools.count(1)
        self._dsn = self._embedded.start()

    def stop(self) -> None:
        self._embedded.stop()

    def dsn(self, name: str) -> str:
        """Where a database is."""
        head, _, tail = self._dsn.partition("?")
        return f"{head.rpartition('/')[0]}/{name}?{tail}"

    def cpu(self) -> float:
        """Processor seconds of the server and its backends."""
        pid = database_pid(self._folder)
        return cpu_seconds(family(pid)) if pid else 0

    @asynccontextmanager
    async def connection(self, name: str = "postgres") -> AsyncIterator[Connection]:
        """A connection to a database."""
        connection = await asyncpg.connect(self.dsn(name))
        try:
            yield connection
        finally:
            await connection.close()

    async def create(self, name: str, template: str = "template1") -> None:
        async with self.connection() as connection:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            await connection.execute("CHECKPOINT")  # or the copy is written out while somebody is measured

    async def version(self) -> str:
        async with self.connection() as connection:
            return str(await connection.fetchval("SHOW server_version"))

    @asynccontextmanager
    async def database(self, template: str = "template1") -> AsyncIterator[str]:
        """A database for one measurement; its name."""
        name = f"run_{next(self._numbers)}"
        await self.create(name, template)
        try:
            yield name
        finally:
            async with self.connection() as connection:
                await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
