"""Connections to the one server that takes what is written, whichever of the named ones that is.

A server that answers nothing, comes up, or is a standby is passed over; so is one on an older timeline than we
have seen: a primary from before a failover that somebody has started again.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import structlog

log = structlog.get_logger()
PATIENCE = 3.0
"""Seconds for a server to take a connection, where there is another to try."""
WHERE = """SELECT in_recovery, CASE WHEN NOT in_recovery THEN
    ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int END AS timeline
    FROM pg_is_in_recovery() AS in_recovery"""
KEEPALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}
"""A machine that has lost its power closes nothing: this is how long we believe in it (s, s, times, ms)."""

SESSION = {
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
"""What the server does about us: a process that is frozen, or whose machine is gone, must not keep its locks."""


class NotPrimary(ConnectionError):
    """A server that must not be written to."""


def each_host(dsn: str) -> list[str]:
    """One DSN for each host of a DSN of several: postgresql://user@one:5432,two:5432/name."""
    parts = urlsplit(dsn)
    login, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return [dsn]
    return [urlunsplit(parts._replace(netloc=f"{login}{at}{host}")) for host in hosts.split(",")]


def place(dsn: str) -> str:
    """Where a DSN points, without the login."""
    return urlsplit(dsn).netloc.rpartition("@")[2]


@dataclass
class Primary:
    """The servers of one installation."""

    dsn: str
    timeline: int = 0
    """The highest that any of them was on: it rises with every promotion."""
    servers: list[str] = field(init=False)
    """DSNs; the one that answered last comes first."""

    def __post_init__(self) -> None:
        self.servers = each_host(self.dsn)

    async def connect(self, *_: Any, **options: Any) -> asyncpg.Connection[asyncpg.Record]:
        """Connect to the primary, as `asyncpg.connect` does; where there is none, raise what each said."""
        if len(self.servers) == 1:
            return await self._one(self.servers[0], options)
        said = []
        for server in list(self.servers):
            try:
                connection = await self._one(server, {**options, "timeout": PATIENCE})
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                said.append(f"{place(server)}: {error or 'no answer'}")
            else:
                self._prefer(server)
                return connection
        raise NotPrimary(f"no server is the primary ({'; '.join(said)})")

    async def _one(self, server: str, options: dict[str, Any]) -> asyncpg.Connection[asyncpg.Record]:
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            server, server_settings=SESSION, **options
        )
        try:
            row = await connection.fetchrow(WHERE)
            assert row
            if row["in_recovery"]:
                raise NotPrimary("it is a standby")
            if row["timeline"] < self.timeline:
                raise NotPrimary("it was the primary before a failover: make it a standby of the new one")
        except BaseException:
            connection.terminate()
            raise
        self.timeline = max(self.timeline, row["timeline"])
        _watch(connection)
        return connection

    def _prefer(self, server: str) -> None:
        if server != self.servers[0]:
            log.warning("database", primary=place(server))
            self.servers.remove(server)
            self.servers.insert(0, server)


def _watch(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    transport = connection._transport  # type: ignore[attr-defined]  # asyncpg has no option for it
    sock = transport.get_extra_info("socket")
    if sock.family == socket.AF_UNIX:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
