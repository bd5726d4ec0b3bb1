"""The canary's rows: its addresses, who flies, what was proven, and what is forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from warnengine.model.canary import CANARY, POST, UNIT, channel
from warnengine.store.database import Database, queries

sql = queries.health
NAME = "自检"


@dataclass(frozen=True, slots=True)
class CanaryStore:
    """What the canary needs of the store."""

    database: Database

    async def register(self, ways: Mapping[str, tuple[str, str]]) -> list[tuple[str, str]]:
        """Make these the canary's only addresses: gateway → (kind, address).

        Where one of them is somebody's, change nothing and return (name, address) of whose they are.
        """
        async with self.database.transaction() as connection:
            addresses = [address for _, address in ways.values()]
            taken = await sql.somebodys(connection, addresses=addresses)
            if taken:
                return [(row["name"], row["address"]) for row in taken]
            await connection.execute("SELECT pg_advisory_xact_lock(lock_of(7076))")
            await queries.ingest.add_district(connection, code=CANARY, name=NAME)
            people = [{"district": CANARY, "key": gateway, "name": NAME} for gateway in ways]
            await sql.register_person(connection, people)
            await sql.forget_ways(connection)
            await sql.forget_posts(connection)
            rows = [
                {"district": CANARY, "person": gateway, "channel": channel(kind, gateway), "address": address}
                for gateway, (kind, address) in ways.items()
            ]
            await sql.register_way(connection, rows)
            posts = [{"person": gateway, "unit": UNIT, "post": POST} for gateway in ways]
            await sql.register_post(connection, posts)
            return []

    async def watch(self, paths: Sequence[str]) -> None:
        """These paths are on watch from now on, and no others."""
        async with self.database.transaction() as connection:
            await sql.watch(connection, paths=list(paths))

    async def now(self) -> datetime:
        """Real time, by the database's clock."""
        async with self.database.reading() as connection:
            moment: datetime = await sql.now(connection)
            return moment

    async def claim(self, path: str, slot: int) -> bool:
        """Whether this process does it in this interval; no other then does."""
        async with self.database.transaction() as connection:
            return bool(await sql.claim_flight(connection, path=path, slot=slot))

    async def proofs(self) -> list[dict[str, Any]]:
        """When each path was proven last: path, since, proven."""
        async with self.database.transaction() as connection:
            await sql.prove(connection)
            return [dict(row) for row in await sql.proofs(connection)]

    async def prune(self, keep: timedelta) -> None:
        """Forget what the canary wrote longer ago than that."""
        async with self.database.transaction() as connection:
            await sql.prune(connection, keep=keep)

    async def grown(self) -> int:
        """How many bundles and deliveries of it are kept."""
        async with self.database.reading() as connection:
            return int(await sql.grown(connection))
