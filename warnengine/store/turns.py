"""Channels that wait for their turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from warnengine.model.bundle import Listener, NewBundle
from warnengine.model.turns import Ahead, Known
from warnengine.store.database import Database, queries

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.turns
NO_CHUNK = 0
"""Of a delivery that waits: its only chunk is one of its own."""
Row = tuple[int, int, str, str, int]
"""A delivery: id, bundle, channel, address, chunk."""


async def known_ways(connection: Connection, people: Sequence[Listener]) -> dict[str, Known]:
    """What is known of how to reach these people of one district, by person."""
    rows = await sql.known(
        connection,
        versions=sorted({version for who in people for version in who.versions}),
        district=people[0].district,
        people=[who.person for who in people],
    )
    return {
        row["person"]: Known(tuple(row["prefers"]), frozenset(_ways(row["used"])), tuple(_ways(row["listed"])))
        for row in rows
    }


def _ways(written: Sequence[str]) -> Iterator[tuple[str, str]]:
    for way in written:
        channel, _, address = way.partition(" ")
        yield channel, address


async def wait_in_turn(connection: Connection, bundles: Sequence[NewBundle]) -> list[Row]:
    """Write down when the turn of the later ways of these bundles comes by time; return their deliveries."""
    chunks, deliveries = [], []
    for bundle in bundles:
        who = bundle.listener
        if not who.turns:
            continue
        for place, (channel, address) in [*enumerate(who.addresses)][who.turns.at_once :]:
            after: timedelta = who.held + who.turns.every * (place - who.turns.at_once + 1)
            chunks.append(
                {"channel": channel, "lane": 4 - who.level, "delivery": bundle.id + place, "after": after}
            )
            deliveries.append((bundle.id + place, bundle.id, channel, address, NO_CHUNK))
    if chunks:
        await sql.wait_in_turn(connection, chunks)
    return deliveries


class TurnStore:
    """Ways that wait behind others."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def behind_trouble(self) -> dict[int, list[Ahead]]:
        """Deliveries that wait behind something that went wrong, each with all ways before it."""
        async with self.database.reading() as connection:
            rows = await sql.behind_trouble(connection)
        return {row["delivery"]: [Ahead(state, trying) for state, trying in row["ahead"]] for row in rows}

    async def bring_forward(self, deliveries: Sequence[int]) -> int:
        """Their turn has come; return for how many it had not yet."""
        async with self.database.transaction() as connection:
            return len(await sql.bring_forward(connection, deliveries=list(deliveries)))
