"""The pool, the named queries, transactions and migrations."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import aiosql
import asyncpg
from aiosql.adapters.asyncpg import AsyncPGAdapter

from warnengine import metrics
from warnengine.model.errors import StartRefused
from warnengine.store import schema
from warnengine.store.primary import NotPrimary, Primary

HERE = Path(__file__).parent
BEGIN = """SELECT set_config('warnengine.kind', $1, false), set_config('application_name', $2, false),
                  set_config('enable_seqscan', 'off', false), set_config('jit', 'off', false),
                  set_config('plan_cache_mode', 'force_generic_plan', false)"""
"""Of each connection. The first plans of a new installation, or of a new month, are made while its tables are
empty, and PostgreSQL keeps them until it has counted the rows, a minute into the storm: so it goes by indexes,
and plans no statement for its values: on the send path planning costs more than what is planned."""
OLDEST_POSTGRES = 15
GO_LIVE = "a trial goes live by two people, see `warnengine trial go-live --help`"
SKEW = 2.0
"""Seconds that the clocks of an engine and its database may be apart."""
SAFE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
"""Settings without which an order that was promised may be lost (PostgreSQL manual, chapter 19.5)."""
FIRST_START = """INSERT INTO installation (kind, found_until)
                 VALUES ($1, CASE WHEN $1 = 'live' THEN clock_timestamp() END) ON CONFLICT DO NOTHING"""
"""Once in the life of an installation: a restart finds it, a restored backup brings that of before. What was in
force then is taken as it is found, and nobody is told."""
MIGRATING = "CASE current_schema() WHEN 'drill' THEN 7170 ELSE 7070 END"
"""lock_of(7070), before there is such a function."""
STANDBY = """SELECT CASE WHEN current_setting('synchronous_standby_names') = '' THEN 'none'
    -- whoever may not see how standbys are connected sees rows without a state
    WHEN EXISTS (SELECT FROM pg_stat_replication WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum'))
    THEN 'configured' ELSE 'missing' END"""

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = PoolConnectionProxy[asyncpg.Record]
DATABASE_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What a lost or failing database raises; of a killed backend asyncpg says Interface- or InternalClientError."""
DATA_ERRORS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    UnicodeError,
)
"""What it raises about the values themselves (SQLSTATE 22, 23, 54): trying again is in vain."""


def told(error: Exception) -> str:
    """What an error of the database says, without the values that it may quote: for logs and monitors."""
    quotes = isinstance(error, ValueError | asyncpg.DataError)
    words = "" if quotes else str(error).partition("\n")[0]  # DETAIL, with the row, comes on the next line
    return words or type(error).__name__


class Awaited(AsyncPGAdapter):
    """Every query is awaited; several rows come as a list, not as a generator that must be drained."""

    is_aio_driver = False  # aiosql then hands our coroutines through untouched

    async def select(self, conn: Any, query_name: str, sql: str, parameters: Any, record_class: Any = None) -> Any:
        """All rows of a query."""
        arguments: Any = self.maybe_order_params(query_name, parameters)  # type: ignore[no-untyped-call]
        return await conn.fetch(sql, *arguments)


queries: Any = SimpleNamespace(
    **{file.stem: aiosql.from_path(file, cast("Any", Awaited)) for file in (HERE / "queries").glob("*.sql")}
)
"""Every named statement, by file: queries.orders.add_version."""


class Database:
    """A pool of connections to one schema."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], primary: Primary) -> None:
        self.pool = pool
        self.primary = primary

    @classmethod
    async def open(cls, dsn: str, *, size: int = 16, kind: str = "") -> Database:
        """Connect; raise StartRefused with what to do when that is not possible.

        kind: of the installation that the engine believes to serve; where the database is of another one it takes
        no message from these connections."""

        name = f"{schema.ENGINE}{schema.newest(schema.migrations())}"

        async def begin(connection: asyncpg.Connection[asyncpg.Record]) -> None:
            await _codecs(connection)
            await connection.execute(BEGIN, kind, name)

        try:
            primary = Primary(dsn)
            pool = await asyncpg.create_pool(
                min_size=1, max_size=size, connect=primary.connect, init=begin, reset=_as_it_is
            )
        except NotPrimary as error:
            raise StartRefused(
                f"the database at {_masked(dsn)} must not be written to: {error}. Name the primary in "
                "WARNENGINE_DATABASE, or all servers: postgresql://user@one:5432,two:5432/name"
            ) from error
        except (*DATABASE_ERRORS, ValueError) as error:
            raise StartRefused(
                f"no database at {_masked(dsn)}: {error}. Start PostgreSQL, correct WARNENGINE_DATABASE, "
                "or leave it empty to use the embedded one."
            ) from error
        return cls(pool, primary)

    async def close(self) -> None:
        """Give every connection back; do not wait for ever for a dead server."""
        self.pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction. A failed commit is unknown: callers re-read by key, they never assume a roll-back."""
        async with self.pool.acquire(timeout=10) as connection:
            async with connection.transaction():
                yield connection
                done = time.monotonic()
            metrics.COMMIT_SECONDS.observe(time.monotonic() - done)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection outside a transaction."""
        async with self.pool.acquire(timeout=10) as connection:
            yield connection

    async def migrate(self) -> None:
        """Bring the schema up to date, each migration in its own transaction, one process at a time."""
        async with self.reading() as connection:
            await connection.execute(f"SELECT pg_advisory_lock({MIGRATING})")
            try:
                await schema.migrate(connection)
            finally:
                await connection.execute(f"SELECT pg_advisory_unlock({MIGRATING})")

    async def outgrown(self) -> str:
        """Why this engine cannot go on after what a newer one has made of the schema; empty where it can."""
        async with self.reading() as connection:
            return await schema.outgrown(connection)

    async def refuse_unsafe(self) -> None:
        """Raise StartRefused where the server may forget what it has confirmed."""
        async with self.reading() as connection:
            version = await connection.fetchval("SHOW server_version_num")
            if int(version) < OLDEST_POSTGRES * 10000:
                raise StartRefused(f"PostgreSQL {version} is too old: use {OLDEST_POSTGRES} or newer")
            for name, wanted in SAFE.items():
                value = await connection.fetchval("SELECT current_setting($1)", name)
                if value not in {wanted, "remote_write", "remote_apply"}:
                    raise StartRefused(f"{name} is {value}: orders may be lost; set it to {wanted}")
            before = time.time()
            theirs = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
        refuse_skew(before, theirs, time.time())

    async def standby(self) -> str:
        """configured: a synchronous standby confirms every commit; missing: it should, and is not there; none."""
        async with self.reading() as connection:
            state: str = await connection.fetchval(STANDBY)
        return state

    async def installation(self, kind: str) -> None:
        """Mark a new database as live or demo; refuse one that is marked otherwise."""
        async with self.transaction() as connection:
            await connection.execute(FIRST_START, kind)
            marked = await connection.fetchval("SELECT kind FROM installation")
        if marked != kind:
            raise StartRefused(
                f"this database belongs to a {marked} installation and WARNENGINE_INSTALLATION is {kind}: "
                f"{GO_LIVE if (marked, kind) == ('trial', 'live') else 'use another data folder or database'}"
            )

    async def refuse_other_key(self, key: bytes) -> None:
        """Remember the key of official's links by its fingerprint, and refuse any other: StartRefused."""
        fingerprint = hashlib.sha256(b"warnengine link key " + key).digest()
        async with self.transaction() as connection:
            known = await connection.fetchval(
                "UPDATE installation SET link_key = coalesce(link_key, $1) RETURNING link_key", fingerprint
            )
        if known != fingerprint:
            raise StartRefused(
                "this engine has another link key than the one that signs the links of this installation: its "
                "links would be dead. Give every engine the same WARNENGINE_LINK_KEY (made once: `openssl rand "
                "-hex 32`) or the same link.key in its data folder; to change it for good see docs/operating.md"
            )


def refuse_skew(before: float, theirs: float, after: float) -> None:
    """Raise StartRefused where the database's clock is certainly off by more than SKEW. Seconds since 1970: our
    clock before and after asking for theirs."""
    apart = max(theirs - after, before - theirs)
    if apart > SKEW:
        raise StartRefused(
            f"the clocks of this machine and of the database are {apart:.1f} s apart: deadlines would be wrong; "
            "set both by the same time service (`chronyc tracking` shows how far each is off)"
        )


async def _codecs(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await connection.set_type_codec("jsonb", encoder=_encode, decoder=json.loads, schema="pg_catalog")


async def _as_it_is(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """No session keeps a setting, lock or cursor, so none costs a round trip when it is given back."""


def _encode(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _masked(dsn: str) -> str:
    return dsn.rpartition("@")[2] or "the given address"
