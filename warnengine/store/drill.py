"""Two schemas with two roles in one database: how the drill's is made, and what each may know of the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from warnengine.model.errors import StartRefused
from warnengine.store.database import Database, queries

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.drill
LIVE_SCHEMA, SCHEMA, ROLE = "public", "drill", "warnengine_drill"
UNSEEN = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.InsufficientPrivilegeError)
"""What a drill meets where live has not been made, or has not let it see the flag."""
_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class DrillStore:
    """The drill's own schema."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def live_stands(self) -> bool | None:
        """Whether a live order at orange or red stands; None where that cannot be seen."""
        try:
            async with self.database.reading() as connection:
                return bool(await sql.live_stands(connection))
        except UNSEEN:
            return None

    async def tell(self, why: str) -> None:
        """Put on the drill's own list that it pauses; take it off where it goes on."""
        async with self.database.transaction() as connection:
            if why:
                await sql.pause(connection, words=why)
            else:
                await sql.go_on(connection)

    async def refuse_reach(self) -> None:
        """Raise StartRefused where this connection could read anything live."""
        async with self.database.reading() as connection:
            schema, role = await sql.schema(connection), await sql.role(connection)
            if schema == LIVE_SCHEMA:
                raise StartRefused(
                    f"the drill's connection works in the live schema {schema}: run `warnengine drill prepare`"
                )
            if table := await sql.beyond_reach(connection):
                raise StartRefused(
                    f"the drill's role {role} can read {table}: it must own and read nothing but its own schema; "
                    "run `warnengine drill prepare`, and give WARNENGINE_DRILL__DATABASE that role"
                )


class Routes:
    """Which accounts and keys an installation uses, known to the other side by fingerprint alone."""

    def __init__(self, database: Database, kind: str) -> None:
        self.database = database
        self.kind = kind

    async def claim(self, fingerprints: Sequence[bytes]) -> None:
        """Remember ours; raise StartRefused where the other side uses one of them."""
        other, known = (LIVE_SCHEMA, sql.known_live) if self.kind == "drill" else (SCHEMA, sql.known_drill)
        async with self.database.transaction() as connection:
            there = await sql.other_side(connection, name=f"{other}.known_route(bytea[])")
            if there and await known(connection, fingerprints=list(fingerprints)):
                raise StartRefused(
                    f"the {'live engine' if self.kind == 'drill' else 'drill'} of this database uses the link "
                    "key, an account or a number of a gateway that these settings name too: drill and live must "
                    "share nothing. Take another; an account that changes sides is taken out of its table `route`"
                )
            await sql.keep_routes(connection, fingerprints=list(fingerprints))


async def prepare(live: str, drill: str | None) -> str:
    """Make the drill's schema and role beside the live schema, where they are not yet; return the drill's DSN.

    live: DSN of the role that owns the live schema and, unless the drill's role exists, may create roles.
    drill: DSN with the drill's role and password; absent: the embedded server's, whose socket is the secret."""
    role, password = _login(drill) if drill else (ROLE, None)
    database = await Database.open(live, size=1)
    try:
        await database.migrate()
        async with database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(lock_of(7070))")
            if not await sql.prepared(connection, role=role):
                await _make(connection, role, password)
    except asyncpg.InsufficientPrivilegeError as error:
        raise StartRefused(
            f"the drill's role and schema cannot be made: {error}. Give the live role CREATEROLE, and CREATE on "
            f"the database, while you run this; or let an administrator make the role {role} before"
        ) from error
    finally:
        await database.close()
    return drill or _as_role(live, role)


async def _make(connection: Connection, role: str, password: str | None) -> None:
    if not await sql.has_role(connection, role=role):
        secret = await sql.literal(connection, value=password)
        await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD {secret}")
    database = await sql.database(connection)
    await connection.execute(GRANTS.format(role=role, database=database))


GRANTS = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO {{role}};
ALTER ROLE {{role}} IN DATABASE {{database}} SET search_path = {SCHEMA};
REVOKE CREATE ON SCHEMA {LIVE_SCHEMA} FROM PUBLIC;
GRANT USAGE ON SCHEMA {LIVE_SCHEMA} TO {{role}};
GRANT SELECT ON {LIVE_SCHEMA}.grave_order_stands TO {{role}};
"""


def _login(dsn: str) -> tuple[str, str | None]:
    parts = urlsplit(dsn)
    role = unquote(parts.username or "")
    if not _ROLE.fullmatch(role):
        raise StartRefused(
            "WARNENGINE_DRILL__DATABASE names no role: postgresql://warnengine_drill:…@host/database"
        )
    return role, unquote(parts.password) if parts.password else None


def _as_role(dsn: str, role: str) -> str:
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:@{host}"))
