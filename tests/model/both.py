"""The store of the simulation beside the real one: the same operations, and whether they say the same.

Engine time stands still in the database unless an operation moves it, so that what is due is due in both.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from tests.simulation.memory import Bundle, Memory, MemoryDesk, MemoryStore
from tests.store.world import World
from warnengine.acknowledge.receipts import spellings
from warnengine.dispatch.channel import Accepted, ChannelError, Reason, Unanswered
from warnengine.dispatch.machine import Abandoned, Turn, decide
from warnengine.dispatch.routes import Leave
from warnengine.model.delivery import Attempt, Intent, Outcome
from warnengine.model.level import Level
from warnengine.store.journal import Journal
from warnengine.store.sending import ClaimDesk, SendStore

STILL = """CREATE OR REPLACE FUNCTION engine_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS
$$ SELECT made_at + clock_offset FROM installation $$"""
SETTLED = """INSERT INTO delivery_event (delivery, number, what, gateway)
SELECT delivery, number, 'unknown', gateway FROM attempt a
WHERE NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number)"""
NEW = """
SELECT d.id, b.person, b.kind, b.level, extract(epoch FROM b.not_after - engine_now())::float8 AS lasts
FROM bundle b JOIN delivery d ON d.bundle = b.id AND d.channel = 'sms' WHERE b.id > $1 ORDER BY b.id"""
CHUNKS = """
SELECT c.number, c.lane, c.purpose, c.avoid, c.epoch, c.lease_until IS NOT NULL AS leased,
       c.finished_at IS NOT NULL AS finished, extract(epoch FROM c.due - engine_now())::float8 AS due,
       ARRAY(SELECT id FROM delivery d WHERE d.chunk = c.id OR d.id = c.only_delivery) AS deliveries
FROM chunk c WHERE channel = 'sms' AND id > $1"""
ATTEMPTS = "SELECT delivery, number, epoch FROM attempt WHERE delivery > $1"
EVENTS = "SELECT delivery, number, what FROM delivery_event WHERE delivery > $1 ORDER BY delivery, number, what"
ANSWERS = {
    "taken": Accepted(("id",), receipts=True),
    "busy": ChannelError(Reason.THROTTLED, "busy", retry=True),
    "never": ChannelError(Reason.REJECTED, "never", retry=False),
    "nothing": Unanswered("no answer"),
}
LEAVES = {
    "everything": Leave(share=1, spare=False, alone=True),
    "not its own": Leave(share=1, spare=False, alone=False),
    "spare": Leave(share=1, spare=True, alone=False),
    "one": Leave(share=0, spare=False, alone=True),
    "nothing": None,
}


class Op(NamedTuple):
    """One thing that happens; what its words mean is its rule in `Both`."""

    name: Literal["warn", "claim", "answer", "release", "die", "lease over", "jump", "reply"]
    which: str = ""
    """Level, leave, answer of the gateway; of a reply who."""
    place: int = 0
    """Which of those that are held; of a claim the engine; of a jump seconds."""
    gateway: str = "one"


class StillMemory(Memory):
    """Its clock is set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0.0

    def seconds(self) -> float:  # type: ignore[override]
        return self.clock


@dataclass
class Batch:
    """What one engine holds in one of the stores."""

    desk: ClaimDesk | MemoryDesk
    at: float
    going: list[Attempt] = field(default_factory=list)

    def now(self, clock: float) -> datetime:
        return self.desk.claim.now + timedelta(seconds=clock - self.at)


class Both:
    """One story in two stores."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.memory = StillMemory()
        self.real = {
            owner: SendStore(world.database, Journal(world.database, owner, spellings), timedelta(hours=9))
            for owner in ("A", "B")
        }
        self.copy = {
            owner: MemoryStore(self.memory, owner, float("inf"), lambda: asyncio.sleep(0)) for owner in ("A", "B")
        }
        self.names: dict[int, str] = {}
        """Of deliveries, in both."""
        self.chain: list[Bundle] = []
        """The bundles of the orders that stand."""
        self.ended: list[Bundle] = []
        """The bundles of the all-clear before them."""
        self.bundles: dict[str, Bundle] = {}
        self.held: list[tuple[Batch, Batch]] = []
        self.known: list[tuple[Batch, Batch]] = []

    async def begin(self) -> None:
        """Nothing stands and nothing is due; what was before is not looked at."""
        world = self.world
        await world.execute(STILL)
        await world.warn(None)
        await world.execute("UPDATE chunk SET finished_at = engine_now() WHERE finished_at IS NULL")
        await world.execute(SETTLED)
        self.first_chunk = await world.value("SELECT coalesce(max(id), 0) FROM chunk")
        self.first = self.newest = (await world.value("SELECT coalesce(max(id), 0) FROM bundle")) | 15

    async def play(self, ops: list[Op]) -> None:
        """Every operation in both, compared after each."""
        await self.begin()
        for op in ops:
            await getattr(self, op.name.replace(" ", "_"))(op)
            await self.compare()

    # what may happen

    async def warn(self, op: Op) -> None:
        """A level, or none: all clear. Whom it goes to is what the stores must agree on."""
        await self.world.warn(op.which or None, lasts=timedelta(seconds=600))
        new = await self.world.rows(NEW, self.newest)
        if op.which and not new:
            return  # as it stands
        reached = {one.person for one in self.chain if self.memory.possibly_reached(one.id)}
        assert {row["person"] for row in new} == (reached if not op.which else {"anju_duty", "water_duty"})
        for one in [*self.chain, *(self.ended if op.which else [])]:
            one.superseded = True
        told = [*self.ended, *self.chain]
        before = {row["person"]: tuple(b.id for b in told if b.person == row["person"]) for row in new}
        bundles = [
            Bundle(next(self.memory.ids) << 4, row["person"], row["kind"], Level(row["level"]),
                   self.memory.clock + row["lasts"], before[row["person"]])
            for row in new
        ]  # fmt: skip
        self.memory._publish(bundles, 200)
        for row, bundle in zip(new, bundles, strict=True):
            name = f"{row['person']} {row['kind']} {len(self.names) // 2}"
            self.names[row["id"]] = self.names[bundle.id] = name
            self.bundles[name] = bundle
            self.newest = row["id"]
        if op.which:
            self.chain += bundles
        else:
            self.chain, self.ended = [], bundles

    async def claim(self, op: Op) -> None:
        owner = "AB"[op.place % 2]
        answers = [
            await self._turn(store, op.gateway, LEAVES[op.which]) for store in (self.real[owner], self.copy[owner])
        ]
        (one, said), (other, says) = answers
        assert said == says, (said, says)
        if one and other:
            self.held.append((one, other))
            self.known.append((one, other))

    async def _turn(
        self, store: SendStore | MemoryStore, gateway: str, leave: Leave | None
    ) -> tuple[Batch | None, object]:
        """As the dispatcher does: settle doubts, judge candidates, write intents, in one transaction."""
        async with store.claim("sms", gateway, lowest=3, leave=leave) as desk:
            if desk is None:
                return None, None
            claim = desk.claim
            doubts = sorted(await desk.doubts(), key=lambda attempt: self.names[attempt.delivery])
            outcomes = [decide(attempt, Abandoned(), claim.now) for attempt in doubts]
            candidates = await desk.candidates(1 if leave and not leave.share else 16 if leave else 0)
            batch, judged = Batch(desk, self.memory.clock), []
            for candidate in candidates:
                outcome = decide(candidate.attempt, Turn(candidate), claim.now)
                if outcome:
                    outcomes.append(outcome)
                else:
                    batch.going.append(candidate.attempt)
                answered = candidate.answered or candidate.stale  # who is over an order has nothing to answer
                judged.append((self._named(candidate.attempt), candidate.stale, answered, candidate.taken))
            await desk.conclude([outcome for outcome in outcomes if outcome])
            await desk.intend([Intent(a.delivery, f"{a.delivery}/{a.number}", b"") for a in batch.going])
        said = (claim.epoch, claim.number, claim.purpose, claim.lane, [*map(self._named, doubts)], judged,
                [*map(self._told, outcomes)])  # fmt: skip
        return batch, said

    async def answer(self, op: Op) -> None:
        """The gateway answers one attempt of a batch, whoever holds its chunk by now."""
        flying = [pair for pair in self.held if pair[0].going]
        if not flying:
            return
        said = []
        for batch in flying[op.place % len(flying)]:
            attempt = batch.going.pop(0)
            outcome = decide(attempt, ANSWERS[op.which], batch.now(self.memory.clock))
            assert outcome
            await batch.desk.record(outcome)
            said.append(self._told(outcome))
        assert said[0] == said[1]

    async def release(self, op: Op) -> None:
        done = [pair for pair in self.held if not pair[0].going]
        if done:
            pair = done[op.place % len(done)]
            self.held.remove(pair)
            for batch in pair:
                await batch.desk.release()
            for store in self.real.values():
                await store.journal.stored()

    async def die(self, op: Op) -> None:
        if self.held:
            self.held.pop(op.place % len(self.held))

    async def lease_over(self, op: Op) -> None:
        if not self.known:
            return
        one, other = self.known[op.place % len(self.known)]
        await self.world.execute(
            "UPDATE chunk SET lease_until = clock_timestamp() - interval '1 second' "
            "WHERE id = $1 AND lease_until IS NOT NULL",
            one.desk.claim.chunk,
        )
        chunk = self.memory.chunks[other.desk.claim.chunk]
        if chunk.lease_until is not None:
            chunk.lease_until = -1.0

    async def jump(self, op: Op) -> None:
        await self.world.jump(timedelta(seconds=op.place))
        self.memory.clock += op.place

    async def reply(self, op: Op) -> None:
        """Who was asked last has answered."""
        theirs = [one for one in self.chain if one.person == op.which]
        if not theirs:
            return
        theirs[-1].answered = True
        (real,) = (
            id_ for id_, name in self.names.items() if self.bundles[name] is theirs[-1] and id_ > self.first
        )
        await self.world.execute(
            "UPDATE obligation SET state = 'acked', acked_at = engine_now() WHERE bundle = $1::bigint & ~15::bigint",
            real,
        )

    # what both must say

    async def compare(self) -> None:
        """The rows of both."""
        memory, world, first = self.memory, self.world, self.first
        real = [
            {self._key(row["delivery"], row["number"], row["epoch"]) for row in await world.rows(ATTEMPTS, first)},
            sorted(
                self._key(row["delivery"], row["number"], row["what"]) for row in await world.rows(EVENTS, first)
            ),
            dict(map(self._chunk, await world.rows(CHUNKS, self.first_chunk))),
        ]
        copy = [
            {self._key(delivery, number, epoch) for (delivery, number), (_, epoch) in memory.attempts.items()},
            sorted(self._key(*key, what) for key, whats in memory.events.items() for what in whats),
            dict(self._chunk(self._row(chunk)) for chunk in memory.chunks.values()),
        ]
        for said, says in zip(real, copy, strict=True):
            assert said == says, (said, says)

    def _row(self, chunk: Any) -> dict[str, Any]:
        ids = [chunk.only] if chunk.only is not None else chunk.deliveries
        return vars(chunk) | {
            "deliveries": ids, "leased": chunk.lease_until is not None, "due": chunk.due - self.memory.clock,
            "purpose": chunk.purpose.value,
        }  # fmt: skip

    def _chunk(self, row: Any) -> tuple[object, object]:
        key = tuple(sorted(self.names[one] for one in row["deliveries"])), row["number"], row["purpose"]
        due = round(row["due"], 3)
        return key, (row["lane"], due, row["avoid"], row["epoch"], row["leased"], row["finished"])

    def _key(self, delivery: int, *rest: Any) -> tuple[Any, ...]:
        return self.names[delivery], *map(str, rest)

    def _named(self, attempt: Attempt) -> tuple[str, int, str]:
        return self.names[attempt.delivery], attempt.number, attempt.purpose.value

    def _told(self, outcome: Outcome | None) -> object:
        if outcome is None:
            return None
        again = outcome.again
        return outcome.event.what, again and (again.number, again.purpose, again.lane, again.after), outcome.page
