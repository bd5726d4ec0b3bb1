"""The store of the send path in memory: the same protocol and the same rules, without PostgreSQL.

A transaction sees what is committed, writes when it commits, and holds its locks until then; the server rolls back
what a dead client left open.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from warnengine.dispatch.routes import Leave
from warnengine.model.bundle import Written
from warnengine.model.delivery import Again, Attempt, Candidate, Claim, Intent, Outcome, Purpose, What
from warnengine.model.level import Level

MIDNIGHT = datetime(2026, 7, 27, tzinfo=UTC)
POSITIVE = {What.ACCEPTED, What.DELIVERED, What.UNKNOWN}
IN_VAIN = {What.WITHDRAWN, What.EXPIRED, What.REFUSED, What.FAILED, What.UNDELIVERED}


class Away(ConnectionError):
    """The store did not answer; whether it has committed is not known."""


@dataclass
class Bundle:
    id: int
    person: str
    kind: str
    level: Level
    not_after: float
    follows: tuple[int, ...] = ()
    superseded: bool = False
    answered: bool = False


@dataclass
class Chunk:
    id: int
    lane: int
    purpose: Purpose
    number: int
    due: float
    only: int | None = None
    avoid: str | None = None
    deliveries: tuple[int, ...] = ()
    owner: str | None = None
    epoch: int = 0
    lease_until: float | None = None
    finished: bool = False


@dataclass
class Transaction:
    owner: str
    chunk: int | None = None
    shared: set[int] = field(default_factory=set)
    writes: list[Callable[[], None]] = field(default_factory=list)


class Memory:
    """What all engines of a simulation share."""

    def __init__(self) -> None:
        self.bundles: dict[int, Bundle] = {}
        self.chunks: dict[int, Chunk] = {}
        self.attempts: dict[tuple[int, int], tuple[int, int]] = {}
        """(delivery, number) → (chunk, epoch)"""
        self.events: dict[tuple[int, int], list[What]] = defaultdict(list)
        self.pages: set[int] = set()
        self.open: set[Transaction] = set()
        self.ids = itertools.count(1)

    # The clock

    @staticmethod
    def seconds() -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return MIDNIGHT + timedelta(seconds=self.seconds())

    # What the rest of the engine does

    def order(self, people: Sequence[str], level: Level, lasts: float, size: int) -> list[Bundle]:
        """A change: one bundle for each person, in chunks."""
        end = self.seconds() + lasts
        return self._publish([Bundle(next(self.ids) << 4, who, "issue", level, end) for who in people], size)

    async def all_clear(self, orders: Sequence[Bundle], lasts: float, size: int) -> list[Bundle]:
        """Withdraw an order and tell everybody whom it may have reached, once their attempts are settled."""
        ids = {order.id for order in orders}
        while any(one.shared & ids for one in self.open):  # every intent that holds a version is waited for
            await asyncio.sleep(0.01)
        for order in orders:
            order.superseded = True
        end = self.seconds() + lasts
        lapses = [
            Bundle(next(self.ids) << 4, order.person, "lapse", order.level, end, (order.id,))
            for order in orders
            if self.possibly_reached(order.id)
        ]
        return self._publish(lapses, size)

    def _publish(self, bundles: list[Bundle], size: int) -> list[Bundle]:
        for bundle in bundles:
            self.bundles[bundle.id] = bundle
        for start in range(0, len(bundles), size):
            group = bundles[start : start + size]
            lane = 4 - group[0].level
            chunk = Chunk(next(self.ids), lane, Purpose.FIRST, 1, self.seconds())
            chunk.deliveries = tuple(bundle.id for bundle in group)
            self.chunks[chunk.id] = chunk
        return bundles

    # Folds

    def possibly_reached(self, delivery: int) -> bool:
        return any(
            not set(self.events[key]) & IN_VAIN or What.DELIVERED in self.events[key]
            for key in self.attempts
            if key[0] == delivery
        )

    def unsettled(self, delivery: int) -> bool:
        return any(not self.events[key] for key in self.attempts if key[0] == delivery)

    def taken(self, delivery: int) -> bool:
        lost = {What.UNDELIVERED, What.SILENT}
        seen = [set(whats) for (which, _), whats in self.events.items() if which == delivery]
        return any(What.DELIVERED in whats or (What.ACCEPTED in whats and not whats & lost) for whats in seen)

    def waiting(self, chunk: Chunk) -> list[int]:
        """Deliveries without an intent or an event under the number of the chunk."""
        ids = chunk.deliveries if chunk.only is None else (chunk.only,)
        return [
            id_ for id_ in ids if (id_, chunk.number) not in self.attempts and not self.events[id_, chunk.number]
        ]

    def held(self, delivery: int) -> bool:
        return any(self.unsettled(before) for before in self.bundles[delivery].follows)

    # Writes

    def append(self, outcome: Outcome, gateway: str) -> None:
        event = outcome.event
        self.events[event.delivery, event.number].append(event.what)
        if outcome.page:
            self.pages.add(event.delivery)
        if outcome.again:
            self._again(outcome.again, gateway)

    def _again(self, again: Again, gateway: str) -> None:
        if any((c.only, c.number) == (again.delivery, again.number) for c in self.chunks.values()):
            return
        due = self.seconds() + again.after.total_seconds()
        chunk = Chunk(next(self.ids), again.lane, again.purpose, again.number, due, again.delivery, gateway)
        self.chunks[chunk.id] = chunk

    def forget(self, owner: str) -> None:
        """The connection of a dead client is gone: what it left open is rolled back."""
        self.open = {one for one in self.open if one.owner != owner}


Transaction.__hash__ = object.__hash__  # type: ignore[method-assign]


class MemoryDesk:
    """Fulfils dispatcher.ClaimDesk."""

    def __init__(self, store: MemoryStore, transaction: Transaction, chunk: Chunk, gateway: str) -> None:
        self.store, self.memory, self.transaction, self.gateway = store, store.memory, transaction, gateway
        self.chunk = chunk
        self.claim = Claim(chunk.id, chunk.epoch + 1, chunk.number, chunk.purpose, chunk.lane, self.memory.now())

    async def doubts(self) -> list[Attempt]:
        await self.store.trip()
        return [
            self._attempt(delivery, number)
            for (delivery, number), (chunk, epoch) in self.memory.attempts.items()
            if chunk == self.chunk.id and epoch < self.claim.epoch and not self.memory.events[delivery, number]
        ]

    async def candidates(self, most: int) -> list[Candidate]:
        await self.store.trip()
        memory = self.memory
        ready = [id_ for id_ in memory.waiting(self.chunk) if not memory.held(id_)][:most]
        self.transaction.shared |= set(ready)
        return [
            Candidate(
                attempt=self._attempt(id_, self.chunk.number),
                bundle=id_,
                stale=memory.bundles[id_].superseded,
                answered=memory.bundles[id_].answered,
                taken=memory.taken(id_),
                retired=False,
                text=Written(memory.bundles[id_].kind, "", "", "", None),
                name=memory.bundles[id_].person,
                posts=(),
            )
            for id_ in ready
        ]

    async def undelivered(self, bundles: Sequence[int]) -> list[tuple[str, str]]:
        return []

    async def intend(self, intents: Sequence[Intent]) -> list[float]:
        await self.store.trip()
        claim = self.claim
        for intent in intents:
            key = intent.delivery, claim.number
            self.transaction.writes.append(
                lambda key=key: self.memory.attempts.__setitem__(key, (claim.chunk, claim.epoch))
            )
        return []

    async def conclude(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self.transaction.writes.append(lambda outcome=outcome: self.memory.append(outcome, self.gateway))

    def record(self, outcome: Outcome) -> Awaitable[None]:
        return asyncio.ensure_future(self._record(outcome))

    async def _record(self, outcome: Outcome) -> None:
        await self.store.trip()
        if outcome.event.what in POSITIVE or self._ours():
            self.memory.append(outcome, self.gateway)

    async def release(self) -> None:
        await self.store.trip()
        if not self._ours():
            return
        waiting = self.memory.waiting(self.chunk)
        self.chunk.lease_until = None
        self.chunk.finished = not waiting
        if waiting and all(map(self.memory.held, waiting)):
            self.chunk.due = self.memory.seconds() + 0.3

    def _ours(self) -> bool:
        return (self.chunk.owner, self.chunk.epoch) == (self.store.owner, self.claim.epoch)

    def _attempt(self, delivery: int, number: int) -> Attempt:
        bundle = self.memory.bundles[delivery]
        not_after = MIDNIGHT + timedelta(seconds=bundle.not_after)
        lapses = bundle.kind == "lapse"
        return Attempt(delivery, number, self.chunk.purpose, "sms", bundle.person, bundle.level, not_after, lapses)


class MemoryStore:
    """Fulfils dispatcher.SendStore for one engine."""

    def __init__(self, memory: Memory, owner: str, lease: float, trip: Callable[[], Awaitable[None]]) -> None:
        self.memory, self.owner, self.lease, self.trip = memory, owner, lease, trip

    @asynccontextmanager
    async def claim(
        self, channel: str, gateway: str, *, lowest: int, leave: Leave | None
    ) -> AsyncIterator[MemoryDesk | None]:
        await self.trip()
        memory, transaction = self.memory, Transaction(self.owner)
        chunk = self._due(gateway, lowest, leave)
        if chunk is None:
            yield None
            return
        transaction.chunk = chunk.id
        memory.open.add(transaction)
        desk = MemoryDesk(self, transaction, chunk, gateway)
        lease_until = memory.seconds() + self.lease
        try:
            yield desk
            await self.trip()  # on its way to the server
            if transaction not in memory.open:
                raise Away("the server has rolled back")
            chunk.owner, chunk.epoch, chunk.lease_until = self.owner, desk.claim.epoch, lease_until
            for write in transaction.writes:
                write()
        finally:
            memory.open.discard(transaction)
        await self.trip()  # and the answer back

    def _due(self, gateway: str, lowest: int, leave: Leave | None) -> Chunk | None:
        now, locked = self.memory.seconds(), {one.chunk for one in self.memory.open}
        alone, spare = leave is None or leave.alone, leave is not None and leave.spare
        free = [
            chunk
            for chunk in self.memory.chunks.values()
            if not chunk.finished and chunk.lane <= lowest and chunk.due <= now and chunk.id not in locked
            and (chunk.lease_until < now if chunk.lease_until is not None else leave is not None)
            and (chunk.avoid != gateway or alone) and (chunk.avoid is not None or not spare)
        ]  # fmt: skip
        return min(free, key=lambda chunk: (chunk.lane, chunk.due, chunk.id), default=None)
