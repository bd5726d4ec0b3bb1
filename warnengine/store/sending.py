"""The send path: chunks are claimed, intents and events appended, outcomes fenced by owner and epoch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from warnengine import metrics
from warnengine.model.delivery import Again, Candidate, Claim, Doubt, Intent, Outcome, Purpose, What
from warnengine.model.level import Level
from warnengine.store.database import Database, queries
from warnengine.store.shapes import storable

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.dispatch
POSITIVE = frozenset({What.ACCEPTED, What.DELIVERED, What.UNKNOWN})
"""Evidence that counts from any worker and any epoch."""


class ClaimDesk:
    """A claimed chunk inside the transaction that writes its intents."""

    def __init__(self, connection: Connection, store: SendStore, row: Any, channel: str, gateway: str) -> None:
        self.connection = connection
        self.store = store
        self.channel = channel
        self.gateway = gateway
        self.only: int | None = row["only_delivery"]
        self.claim = Claim(row["id"], row["epoch"], row["number"], Purpose(row["purpose"]), row["lane"])

    async def doubts(self) -> list[Doubt]:
        """Attempts that an earlier owner left without an outcome."""
        rows = await sql.doubts(self.connection, chunk=self.claim.chunk, epoch=self.claim.epoch)
        return [
            Doubt(row["delivery"], row["number"], Level(row["level"]), row["not_after"], row["now"])
            for row in rows
        ]

    async def candidates(self, most: int) -> list[Candidate]:
        """Deliveries without an intent whose predecessors are settled; their versions are locked FOR SHARE."""
        rows = await sql.candidates(
            self.connection,
            chunk=self.claim.chunk,
            number=self.claim.number,
            only_delivery=self.only,
            most=most,
        )
        ids = sorted({version for row in rows for version in row["versions"]})
        locked = await sql.share_versions(self.connection, ids=ids)
        superseded = {row["id"] for row in locked if row["superseded"]}
        return [_candidate(row, stale=row["moot"] or not superseded.isdisjoint(row["versions"])) for row in rows]

    async def intend(self, intents: Sequence[Intent]) -> list[float]:
        """Write the intents; return, for each change whose first text leaves with them, its seconds since the
        warning."""
        now = await queries.orders.now(self.connection)
        claim = self.claim
        records = [
            (
                intent.delivery,
                claim.number,
                claim.chunk,
                self.store.owner,
                claim.epoch,
                self.gateway,
                intent.client_id,
                claim.purpose.value,
                intent.text_sha256,
                now,
            )
            for intent in intents
        ]
        await self.connection.copy_records_to_table("attempt", records=records)
        bundles = sorted({intent.delivery & ~15 for intent in intents})
        return [row["seconds"] for row in await sql.first_intents(self.connection, bundles=bundles)]

    async def conclude(self, outcomes: Sequence[Outcome]) -> None:
        """Write what is already decided: drops and doubts."""
        await _append(self.connection, outcomes, self.channel, self.gateway)

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        """Append outcomes and give the chunk back, in a transaction of its own. Negative ones count only while the
        claim is still ours."""
        claim = self.claim
        async with self.store.database.transaction() as connection:
            ours = await sql.hold_claim(connection, chunk=claim.chunk, owner=self.store.owner, epoch=claim.epoch)
            counted = [o for o in outcomes if ours or o.event.what in POSITIVE]
            await _append(connection, counted, self.channel, self.gateway)
            if ours:
                await sql.release(connection, chunk=claim.chunk)
        metrics.LEASE_LOST.inc(not ours)


class SendStore:
    """Chunks, attempts and events for one engine process."""

    def __init__(self, database: Database, owner: str, lease: timedelta) -> None:
        self.database = database
        self.owner = owner
        self.lease = lease

    @asynccontextmanager
    async def claim(self, channel: str, gateway: str, *, abandoned: bool) -> AsyncIterator[ClaimDesk | None]:
        """The gravest due chunk, claimed; None when there is none. Commits on leaving.

        abandoned: only chunks whose owner let the lease run out.
        """
        async with self.database.transaction() as connection:
            row = await sql.claim(
                connection, channel=channel, owner=self.owner, lease=self.lease, abandoned=abandoned
            )
            yield ClaimDesk(connection, self, row, channel, gateway) if row else None


async def _append(connection: Connection, outcomes: Iterable[Outcome], channel: str, gateway: str) -> None:
    outcomes = list(outcomes)
    if not outcomes:
        return
    await _record(connection, outcomes, gateway)
    await sql.add_again(connection, [_again(o.again, channel) for o in outcomes if o.again])
    pages = [(o.event.delivery, o.page) for o in outcomes if o.page]
    await page_unreached(connection, [{"delivery": id_, "words": storable(words)[:300]} for id_, words in pages])
    retired = [(o.event.delivery, o.retire) for o in outcomes if o.retire]
    await sql.retire_address(connection, [{"delivery": id_, "why": storable(why)[:300]} for id_, why in retired])


async def _record(connection: Connection, outcomes: Sequence[Outcome], gateway: str) -> None:
    events = [
        (o.event.delivery, o.event.number, o.event.what.value, gateway, storable(o.event.detail)[:500])
        for o in outcomes
    ]
    await connection.copy_records_to_table(
        "delivery_event", records=events, columns=["delivery", "number", "what", "gateway", "detail"]
    )
    parts = [
        (gateway, storable(p.provider_id), p.delivery, p.number, p.part, p.parts, p.address)
        for o in outcomes
        for p in o.parts
    ]
    columns = ["gateway", "provider_id", "delivery", "number", "part", "parts", "address"]
    await connection.copy_records_to_table("part", records=parts, columns=columns)


def _again(again: Again, channel: str) -> dict[str, Any]:
    return {
        "channel": channel,
        "lane": again.lane,
        "purpose": again.purpose.value,
        "delivery": again.delivery,
        "number": again.number,
        "after": again.after,
    }


async def page_unreached(connection: Connection, pages: Sequence[dict[str, Any]]) -> None:
    """Tell the duty room of people to whom no way is left; pages: delivery and words of each way that closed."""
    if pages:
        await sql.hold_bundles(connection, bundles=sorted({page["delivery"] & ~15 for page in pages}))
        await sql.page_unreached(connection, pages)


def _candidate(row: Any, *, stale: bool) -> Candidate:
    return Candidate(
        delivery=row["delivery"],
        bundle=row["bundle"],
        address=row["address"],
        level=Level(row["level"]),
        kind=row["kind"],
        now=row["now"],
        not_after=row["not_after"],
        stale=stale,
        answered=row["answered"],
        taken=row["taken"],
        retired=row["retired"],
        short=row["short"],
        subject=row["subject"],
        body=row["body"],
        html=row["html"],
        name=row["name"],
        posts=tuple(row["posts"]),
    )
