"""The send path: chunks are claimed, intents appended; outcomes go to the journal, fenced by owner and epoch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from warnengine import metrics
from warnengine.model.bundle import Written
from warnengine.model.delivery import Attempt, Candidate, Claim, Intent, Outcome, Purpose
from warnengine.model.level import Level
from warnengine.store.database import Database, queries
from warnengine.store.journal import Journal
from warnengine.store.outcomes import Line, append

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.dispatch


class Leave(Protocol):
    """What a gateway may take now."""

    @property
    def spare(self) -> bool:
        """Only what has failed elsewhere."""

    @property
    def alone(self) -> bool:
        """No other one could take what has failed here."""


ATTEMPT = (
    "delivery", "number", "chunk", "owner", "epoch", "gateway", "client_id", "purpose", "text_sha256",
    "intended_at",
)  # fmt: skip
"""Columns by name: a newer engine beside this one may have added others."""
TEXTS = 1000
"""Texts kept in memory: they never change."""


class ClaimDesk:
    """A claimed chunk inside the transaction that writes its intents."""

    def __init__(self, connection: Connection, store: SendStore, row: Any, line: Line) -> None:
        self.connection = connection
        self.store = store
        self.line = line
        self.only: int | None = row["only_delivery"]
        self.fresh = row["epoch"] == 1 and row["number"] == 1
        self.changes: set[int] = set()
        self.whole = False
        """Nothing of the chunk is left to another batch."""
        self.claim = Claim(
            row["id"], row["epoch"], row["number"], Purpose(row["purpose"]), row["lane"], row["now"]
        )

    async def doubts(self) -> list[Attempt]:
        """Attempts that an earlier owner left without an outcome."""
        if self.claim.epoch == 1:
            return []
        rows = await sql.doubts(
            self.connection, chunk=self.claim.chunk, epoch=self.claim.epoch, only_delivery=self.only
        )
        return [self._attempt(row) for row in rows]

    async def candidates(self, most: int) -> list[Candidate]:
        """Deliveries without an intent whose predecessors are settled; their versions are locked FOR SHARE."""
        if not most:
            return []
        rows = await sql.candidates(
            self.connection,
            chunk=self.claim.chunk,
            number=self.claim.number,
            only_delivery=self.only,
            fresh=self.fresh,
            most=most,
        )
        self.changes = {row["change"] for row in rows}
        self.whole = bool(rows) and rows[0]["untried"] == len(rows)
        if not rows:
            return []
        ids = sorted({version for row in rows for version in row["versions"]})
        locked = await sql.share_versions(self.connection, ids=ids)
        superseded = {row["id"] for row in locked if row["superseded"]}
        texts = await self.store.texts(self.connection, {row["text"] for row in rows})
        return [
            Candidate(
                attempt=self._attempt(row),
                bundle=row["bundle"],
                stale=row["moot"] or not superseded.isdisjoint(row["versions"]),
                answered=row["answered"],
                taken=row["taken"],
                retired=row["retired"],
                text=texts[row["text"]],
                name=row["name"],
                posts=tuple(row["posts"]),
                renews=row["renews"],
            )
            for row in rows
        ]

    async def undelivered(self, bundles: Sequence[int]) -> list[tuple[str, str]]:
        """Parts (id, address) that this gateway took of what these bundles replace, and has not confirmed."""
        rows = await sql.undelivered(self.connection, bundles=list(bundles), gateway=self.line.gateway)
        return [(row["provider_id"], row["address"]) for row in rows]

    async def intend(self, intents: Sequence[Intent]) -> list[float]:
        """Write the intents; return, for each change whose first text leaves with them, its seconds since the
        warning."""
        if not intents:
            return []
        claim = self.claim
        records = [
            (
                intent.delivery,
                claim.number,
                claim.chunk,
                self.store.owner,
                claim.epoch,
                self.line.gateway,
                intent.client_id,
                claim.purpose.value,
                intent.text_sha256,
                claim.now,
            )
            for intent in intents
        ]
        await self.connection.copy_records_to_table("attempt", records=records, columns=ATTEMPT)
        return await self.store.first_intents(self.connection, self.changes)

    async def conclude(self, outcomes: Sequence[Outcome]) -> None:
        """Write what is already decided: drops and doubts."""
        several = self.store.journal.several
        await append(self.connection, [(self.line, outcome) for outcome in outcomes], several)

    def record(self, outcome: Outcome) -> asyncio.Task[None]:
        """Append an outcome; the task ends when it is stored. A negative one counts only while the claim is still
        ours."""
        return self.store.journal.outcome(self.claim, self.line, outcome)

    async def release(self) -> None:
        """Give the chunk back: for good with the next outcomes that are stored, where nothing is left of it."""
        claim = self.claim
        if self.whole:
            self.store.journal.finish(claim)
            return
        async with self.store.database.transaction() as connection:
            ours = await sql.hold_claims(
                connection, owner=self.store.owner, chunks=[claim.chunk], epochs=[claim.epoch]
            )
            if ours:
                await sql.release(connection, chunk=claim.chunk)
        metrics.LEASE_LOST.inc(not ours)

    def _attempt(self, row: Any) -> Attempt:
        return Attempt(
            delivery=row["delivery"],
            number=row["number"],
            purpose=self.claim.purpose,
            channel=self.line.channel,
            address=row["address"],
            level=Level(row["level"]),
            not_after=row["not_after"],
            lapses=row["lapses"],
        )


class SendStore:
    """Chunks, attempts and events for one engine process."""

    def __init__(self, database: Database, journal: Journal, lease: timedelta) -> None:
        self.database = database
        self.journal = journal
        self.owner = journal.owner
        self.lease = lease
        self._texts: dict[int, Written] = {}
        self._begun: set[int] = set()
        """Changes of which texts have left."""

    @asynccontextmanager
    async def claim(
        self, channel: str, gateway: str, *, lowest: int, leave: Leave | None
    ) -> AsyncIterator[ClaimDesk | None]:
        """The gravest due chunk, claimed; None when there is none. Commits on leaving.

        lowest: the least grave lane that is asked for. leave: what the gateway may take; None: nothing, and only
        chunks whose owner let the lease run out are claimed.
        """
        async with self.database.transaction() as connection:
            row = await sql.claim(
                connection,
                channel=channel,
                gateway=gateway,
                owner=self.owner,
                lease=self.lease,
                lowest=lowest,
                abandoned=leave is None,
                spare=leave is not None and leave.spare,
                alone=leave is None or leave.alone,
            )
            yield ClaimDesk(connection, self, row, Line(channel, gateway)) if row else None

    async def first_intents(self, connection: Connection, changes: set[int]) -> list[float]:
        """Seconds since the warning for each change whose first text leaves now."""
        if not (new := changes - self._begun):
            return []
        found = await sql.first_intents(connection, changes=sorted(new))
        if not found:  # committed before: it need not be asked again
            self._begun |= new
        return [row["seconds"] for row in found]

    async def texts(self, connection: Connection, ids: set[int]) -> dict[int, Written]:
        """Texts by id."""
        if missing := ids - self._texts.keys():
            if len(self._texts) > TEXTS:
                self._texts.clear()
            for row in await sql.texts(connection, ids=sorted(missing)):
                self._texts[row["id"]] = Written(
                    row["short"], row["subject"], row["body"], row["html"], row["notes"]
                )
        return {id_: self._texts[id_] for id_ in ids}
