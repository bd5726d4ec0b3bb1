"""What one person has been sent lately, and what waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from warnengine.model.bundle import Listener
from warnengine.model.pace import Held, Lately
from warnengine.store.database import queries

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.pace
REPLACED = "并入随后的一条"
"""Why a text that waited never left."""


async def lately(connection: Connection, people: Sequence[Listener], within: timedelta) -> dict[str, Lately]:
    """Texts below orange of these people of one district, by person; what waits is locked."""
    whom = {"district": people[0].district, "people": [who.person for who in people]}
    said: dict[str, list[datetime]] = defaultdict(list)
    held: dict[str, list[Held]] = defaultdict(list)
    for row in await sql.said(connection, **whom, within=within):
        said[row["person"]].append(row["at"])
    for row in await sql.held(connection, **whom):
        held[row["person"]].append(
            Held(
                bundle=row["bundle"],
                until=row["until"],
                versions=tuple(row["versions"]),
                known=tuple(version for version in row["known"] if version in row["versions"]),
                posts=tuple(row["posts"]),
                level=row["level"],
                kind=row["kind"],
                not_after=row["not_after"],
                follows=tuple(row["follows"]),
            )
        )
    return {person: Lately(tuple(said[person]), tuple(held[person])) for person in said.keys() | held.keys()}


async def replace_held(connection: Connection, bundles: Sequence[int]) -> None:
    """These texts will not leave: another one says what they say."""
    await sql.replace_held(connection, bundles=list(bundles), why=REPLACED)
