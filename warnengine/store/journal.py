"""What became of messages, appended in batches: one transaction for all that came while the last was written.

Outcomes and receipts go together: a receipt often follows the answer to its submit within milliseconds, and is
then matched here, in memory; what comes later, or by another process, is matched in the database.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog
from prometheus_client import Counter

from warnengine import metrics
from warnengine.model.delivery import Claim, Fate, Outcome, Part, Purpose, Receipt, What
from warnengine.store.database import Database, queries
from warnengine.store.outcomes import Line, append, go_around, page_unreached
from warnengine.store.shapes import storable

if TYPE_CHECKING:
    from warnengine.store.database import Connection

log = structlog.get_logger()
sql = queries.dispatch
Spellings = Callable[[str], Sequence[str]]
"""How else a gateway may write the same id."""
GATHERING = 0.004
"""Seconds in which a batch gathers: less than a commit lasts."""
REMEMBERED = 20_000
"""Parts that receipts are matched with in memory."""
POSITIVE = frozenset({What.ACCEPTED, What.DELIVERED, What.UNKNOWN})
"""Evidence that counts from any worker and any epoch."""


class Match(NamedTuple):
    """A receipt and the part that it speaks of."""

    receipt: int
    gateway: str
    fate: str
    code: str
    provider_id: str
    delivery: int
    number: int
    part: int


Place = tuple[str, str]
"""Gateway and its id of a part."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Receipts of a batch that are new."""

    known: list[Match]
    unknown: list[tuple[int, str]]
    """Id, and the gateway's id of the part."""


@dataclass
class Gathered:
    """One batch."""

    outcomes: list[tuple[Claim, Line, Outcome]] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    finished: list[Claim] = field(default_factory=list)


class Journal:
    """The one writer of outcomes and receipts of a process."""

    def __init__(self, database: Database, owner: str, spellings: Spellings) -> None:
        self.database = database
        self.several: Sequence[str] = ()
        """Channels with more than one gateway."""
        self.owner = owner
        self.spellings = spellings
        self._batch = Gathered()
        self._written: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._parts: OrderedDict[Place, Part] = OrderedDict()
        self._parked = True
        """Receipts that this process has kept may speak of messages that are not on record yet. Those of other
        processes are looked for every now and then (`ReceiptStore.rematch`)."""

    def outcome(self, claim: Claim, line: Line, outcome: Outcome) -> asyncio.Task[None]:
        """Append an outcome; the task ends when it is stored, and raises what kept it from that."""
        self._batch.outcomes.append((claim, line, outcome))
        return self._gather()

    def finish(self, claim: Claim) -> None:
        """Close a chunk of which nothing is left. Where that cannot be stored its lease runs out, and whoever
        claims it then finds nothing to do."""
        self._batch.finished.append(claim)
        self._gather().add_done_callback(_unfinished)

    async def stored(self) -> None:
        """Wait until what has been handed in is written, or could not be."""
        if self._written:
            await asyncio.wait({self._written})
        async with self._turn:
            return

    async def take(self, receipts: Sequence[Receipt]) -> None:
        """Store receipts and what they say; raises where they could not be stored."""
        for receipt in receipts:
            _counter(receipt.gateway, receipt.fate.value).inc()
        self._batch.receipts.extend(receipts)
        await asyncio.shield(self._gather())  # one caller's end is not the end of the others' batch

    async def match(self, connection: Connection, kept: Sequence[tuple[int, str]]) -> int:
        """Look for the messages of receipts (id, provider's id) in the database; return how many were found."""
        if not kept:
            return 0
        pairs = [(id_, form) for id_, provider_id in kept for form in self.spellings(provider_id)]
        found = await queries.receipts.match(
            connection, receipts=[id_ for id_, _ in pairs], spellings=[form for _, form in pairs]
        )
        matches = [Match(*row) for row in found]
        await self._settle(connection, matches)
        if matches:
            await queries.receipts.matched(connection, receipts=[match.receipt for match in matches])
        return len(matches)

    def _gather(self) -> asyncio.Task[None]:
        if self._written is None:
            self._written = asyncio.create_task(self._write())
        return self._written

    async def _write(self) -> None:
        await asyncio.sleep(GATHERING)
        async with self._turn:
            batch, self._batch, self._written = self._batch, Gathered(), None
            async with self.database.transaction() as connection:
                await self._store(connection, batch)
            self._remember(batch.outcomes)

    async def _store(self, connection: Connection, batch: Gathered) -> None:
        outcomes = await self._counted(connection, batch.outcomes)
        fresh = {(line.gateway, part.provider_id): part for line, outcome in outcomes for part in outcome.parts}
        kept = await self._keep(connection, batch.receipts, fresh)
        whole = _whole(kept, fresh)
        await append(connection, outcomes, self.several, whole)
        await _reached(connection, (delivery for delivery, _ in whole))
        await self._settle(
            connection, [match for match in kept.known if (match.delivery, match.number) not in whole]
        )
        self._parked |= await self.match(connection, kept.unknown) < len(kept.unknown)
        await self._match_parked(connection, fresh)
        await self._finish(connection, batch.finished)

    async def _finish(self, connection: Connection, claims: Sequence[Claim]) -> None:
        if claims:
            of = {"chunks": [claim.chunk for claim in claims], "epochs": [claim.epoch for claim in claims]}
            ours = await sql.finish(connection, owner=self.owner, **of)
            metrics.LEASE_LOST.inc(len(claims) - len(ours))

    async def _counted(
        self, connection: Connection, outcomes: Sequence[tuple[Claim, Line, Outcome]]
    ) -> list[tuple[Line, Outcome]]:
        """Without the negative ones of claims that are not ours any more."""
        claims = sorted({(claim.chunk, claim.epoch) for claim, _, _ in outcomes})
        if not claims:
            return []
        held = await sql.hold_claims(
            connection,
            owner=self.owner,
            chunks=[chunk for chunk, _ in claims],
            epochs=[epoch for _, epoch in claims],
        )
        ours = {(row["id"], row["epoch"]) for row in held}
        return [
            (line, outcome)
            for claim, line, outcome in outcomes
            if outcome.event.what in POSITIVE or (claim.chunk, claim.epoch) in ours
        ]

    async def _keep(
        self, connection: Connection, receipts: Sequence[Receipt], fresh: Mapping[Place, Part]
    ) -> Kept:
        """Keep receipts, those whose very bytes are kept already excepted; tell whose message memory knows."""
        if not receipts:
            return Kept([], [])
        found = {}
        for receipt in receipts:
            place = receipt.gateway, receipt.provider_id
            part = fresh.get(place) or self._parts.get(place)
            known = part if part and _same_number(part.address, receipt.address) else None
            found[receipt.gateway, hashlib.sha256(receipt.raw).digest()] = receipt, known
        rows = await queries.receipts.keep(
            connection,
            gateways=[gateway for gateway, _ in found],
            hashes=[sha256 for _, sha256 in found],
            raws=[receipt.raw for receipt, _ in found.values()],
            ids=[storable(receipt.provider_id) for receipt, _ in found.values()],
            addresses=[storable(receipt.address) for receipt, _ in found.values()],
            fates=[receipt.fate.value for receipt, _ in found.values()],
            codes=[storable(receipt.code) for receipt, _ in found.values()],
            matched=[part is not None for _, part in found.values()],
        )
        kept = Kept([], [])
        for row in rows:
            receipt, part = found[row["gateway"], row["sha256"]]
            if part:
                kept.known.append(Match(row["id"], receipt.gateway, receipt.fate.value, receipt.code,
                                        part.provider_id, part.delivery, part.number, part.part))  # fmt: skip
            else:
                kept.unknown.append((row["id"], storable(receipt.provider_id)))
        return kept

    async def _match_parked(self, connection: Connection, fresh: Mapping[Place, Part]) -> None:
        """Receipts may have come before the answer to their submit was written."""
        if fresh and self._parked:
            self._parked = bool(await queries.receipts.any_parked(connection))
        if fresh and self._parked:
            parked = await queries.receipts.parked(
                connection, gateways=[gateway for gateway, _ in fresh], spellings=[id_ for _, id_ in fresh]
            )
            await self.match(connection, [(row["id"], row["provider_id"]) for row in parked])

    async def _settle(self, connection: Connection, matches: Sequence[Match]) -> None:
        """Note what receipts say of parts, and what that makes of their messages."""
        if not matches:
            return
        of: dict[str, list[Any]] = {name: [getattr(match, name) for match in matches] for name in Match._fields}
        messages = {"deliveries": of["delivery"], "numbers": of["number"]}
        receipts = queries.receipts
        await receipts.lock(connection, **messages)
        await receipts.note(
            connection,
            gateways=of["gateway"],
            ids=of["provider_id"],
            parts=of["part"],
            fates=of["fate"],
            **messages,
        )
        settled = await receipts.settle(connection, fates=of["fate"], codes=of["code"], **messages)
        await _reached(connection, (row["delivery"] for row in settled if row["what"] == "delivered"))
        after_all = sorted({row["delivery"] & ~15 for row in settled if row["after_all"]})
        if after_all:
            await receipts.tell_after_all(connection, bundles=after_all)
        lost = [row for row in settled if row["what"] == "undelivered"]
        around = [(row["delivery"], row["gateway"]) for row in lost]
        await go_around(connection, around, Purpose.RETRY, self.several)
        await page_unreached(
            connection,
            [{"delivery": row["delivery"], "words": f"未送达({row['detail']}),请核对号码"} for row in lost],
        )

    def _remember(self, outcomes: Sequence[tuple[Claim, Line, Outcome]]) -> None:
        for _, line, outcome in outcomes:
            for part in outcome.parts:
                self._parts[line.gateway, part.provider_id] = part
        while len(self._parts) > REMEMBERED:
            self._parts.popitem(last=False)


@cache
def _counter(gateway: str, fate: str) -> Counter:
    return metrics.RECEIPTS.labels(gateway, fate)


def _unfinished(written: asyncio.Task[None]) -> None:
    if not written.cancelled() and (lost := written.exception()):
        log.warning("chunks not closed", problem=type(lost).__name__)


async def _reached(connection: Connection, deliveries: Iterable[int]) -> None:
    """The people of these deliveries have their message."""
    if bundles := sorted({delivery & ~15 for delivery in deliveries}):
        await queries.receipts.reached(connection, bundles=bundles)


def _whole(kept: Kept, fresh: Mapping[Place, Part]) -> set[tuple[int, int]]:
    """Messages accepted and delivered, with every part, in one batch: nothing of them need be looked up."""
    missing = {(part.delivery, part.number): part.parts for part in fresh.values()}
    for place in {
        (match.gateway, match.provider_id) for match in kept.known if match.fate == Fate.DELIVERED
    } & fresh.keys():
        missing[fresh[place].delivery, fresh[place].number] -= 1
    failed = {(match.delivery, match.number) for match in kept.known if match.fate != Fate.DELIVERED}
    return {message for message, parts in missing.items() if not parts} - failed


def _same_number(one: str, other: str) -> bool:
    """Whether a gateway means this number; an address that is not a number is left to the database."""
    number = [*filter(str.isdigit, one)][-11:]
    return other in ("", one) or (bool(number) and number == [*filter(str.isdigit, other)][-11:])
