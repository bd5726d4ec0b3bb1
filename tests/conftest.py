"""One PostgreSQL for the whole run, one migrated template, a fresh copy of it for every test."""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.store.world import ONLY_DUTY, World, few_units, small_directory
from warnengine.app import book_files
from warnengine.model.book import RuleBook
from warnengine.rulebook import load
from warnengine.store.board import BoardStore
from warnengine.store.database import Database
from warnengine.store.embedded import EmbeddedPostgres
from warnengine.store.orders import OrderStore

pytest.register_assert_rewrite("tests.channels.conformance")
# property tests take the time that a busy machine gives them
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
_OURS = {"WARNENGINE_MESSAGES"}
"""Said to the tests themselves: where the real messages lie."""
for _name in [name for name in os.environ if name.startswith("WARNENGINE_") and "_TEST_" not in name]:
    if _name not in _OURS:
        del os.environ[_name]  # whoever runs the tests may have an engine's settings in the shell
RULES = Path(__file__).parents[1] / "rules"
HASTY = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
"""Off: no test pulls the plug, and a fresh copy lives for milliseconds."""


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI everything is installed: what was skipped has not been tested, and the run fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", ()) if reporter else ()
    if os.environ.get("CI") and skipped:
        reporter.write_line(f"{len(skipped)} tests were skipped, and in CI nothing may be", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command that is run inside a test sets up the log for itself."""
    yield
    structlog.reset_defaults()


@dataclass
class Postgres:
    """A server with a template; hands out copies."""

    dsn: str
    count: Iterator[int] = field(default_factory=itertools.count)

    def named(self, name: str) -> str:
        return self.dsn.replace("/postgres?", f"/{name}?", 1)

    @asynccontextmanager
    async def copy(self) -> AsyncIterator[Database]:
        """A database like the template, dropped at the end."""
        name = f"copy_{next(self.count)}"
        await self.run(f"CREATE DATABASE {name} TEMPLATE template_warnengine")
        database = await Database.open(self.named(name))
        try:
            yield database
        finally:
            await database.close()
            await self.run(f"DROP DATABASE {name} WITH (FORCE)")

    async def run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def prepare(self, book: RuleBook) -> None:
        """Make the template: schema, partitions, a demo's clock, the rule book."""
        for name in HASTY:
            await self.run(f"ALTER SYSTEM SET {name} = off")
        await self.run("SELECT pg_reload_conf()")
        await self.run("CREATE DATABASE template_warnengine")
        database = await Database.open(self.named("template_warnengine"))
        await database.migrate()
        await database.installation("demo")
        await BoardStore(database).ensure_partitions()
        await OrderStore(database).publish(book.district.code, book.district.name, book.hash, book_files(RULES))
        await database.close()


@pytest.fixture(scope="session")
def book() -> RuleBook:
    """The rule book as shipped."""
    return load(RULES)


@pytest.fixture(scope="session")
def postgres(book: RuleBook) -> Iterator[Postgres]:
    """The server of this run."""
    with tempfile.TemporaryDirectory(prefix="we-") as folder:  # short: a socket's path has 107 bytes
        embedded = EmbeddedPostgres(Path(folder))
        server = Postgres(embedded.start())
        try:
            asyncio.run(server.prepare(book))
            yield server
        finally:
            embedded.stop()


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    """A fresh, migrated, empty database of a demo installation."""
    async with postgres.copy() as database:
        yield database


@pytest.fixture
async def world(database: Database, book: RuleBook, tmp_path: Path) -> AsyncIterator[World]:
    """An engine over that database, with a few units and people, and gateways in memory."""
    world = World(database, few_units(book), tmp_path)
    await world.people(small_directory())
    yield world
    await world.engine.journal.stored()


@pytest.fixture
async def one(world: World) -> World:
    """Only one person is called, and has only a number."""
    await world.people(small_directory(without=ONLY_DUTY))
    return world
