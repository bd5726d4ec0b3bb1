"""One night of a simulation: engines that die and freeze, a gateway that lies, an order and its all-clear."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.loop import SeededLoop
from tests.simulation.memory import Away, Bundle, Memory, MemoryStore
from warnengine.dispatch.channel import Accepted, ChannelError, Outgoing, Reason, Text, Unanswered
from warnengine.dispatch.dispatcher import Dispatcher
from warnengine.dispatch.routes import Routes, Way
from warnengine.dispatch.wire import Answer
from warnengine.model.delivery import What
from warnengine.model.level import Level
from warnengine.settings import Dispatch

LEASE, GRACE, ANSWER = 30.0, 10.0, 5.0
END = 1200.0
HOLD_LIMIT = 0.25
"""Seconds after its expiry in which a text that has passed its last look may still leave."""


@dataclass(frozen=True)
class Arrival:
    """A text that reached the gateway."""

    sent: float
    at: float
    delivery: int
    person: str
    kind: str


@dataclass
class Sink:
    """What the gateway has seen: it shares no code with the engine."""

    arrivals: list[Arrival] = field(default_factory=list)


@dataclass
class Line:
    """A session of one engine with the gateway."""

    loop: SeededLoop
    sink: Sink
    gateway: str
    mischief: float
    """How often an answer is not a plain yes."""
    kind: str = "sms"
    window: int = 4
    up: bool = True

    async def run(self) -> None:
        """There is no session to keep."""

    async def send(self, message: Outgoing) -> Accepted:
        raise NotImplementedError("messages come by submit")

    def healthy(self) -> bool:
        return self.up

    def submit(self, message: Outgoing, answered: Callable[[Answer], None]) -> None:
        draw = self.loop.random
        if not self.up:
            answered(ChannelError(Reason.UNREACHABLE, "down", retry=True))
            return
        travel, answers = draw.uniform(0, 0.05), draw.uniform(0, 0.05)
        if draw.random() < self.mischief:
            fate = draw.choice(["lost", "swallowed", "slow", "refused", "late", "never"])
        else:
            fate = "taken"
        if fate in {"lost", "slow", "late"}:
            travel = draw.uniform(0, ANSWER)
        if fate not in {"swallowed", "refused", "never"}:
            self._arrives(message, travel)
        answer: Answer = Accepted((message.client_id,), receipts=True)
        after = travel + answers
        if fate in {"lost", "swallowed", "late"} or after > ANSWER:
            answer, after = Unanswered("no answer"), ANSWER
        elif fate == "refused":
            answer = ChannelError(Reason.THROTTLED, "busy", retry=True)
        elif fate == "never":
            answer = ChannelError(Reason.REJECTED, "never", retry=False)
        self.loop.call_later(after, answered, answer)

    def _arrives(self, message: Outgoing, travel: float) -> None:
        sent = self.loop.time()
        kind, person = message.text.short, message.address

        def arrive() -> None:
            self.sink.arrivals.append(Arrival(sent, self.loop.time(), message.delivery, person, kind))

        with self.loop.inside("world"):  # what has left a dead process still arrives
            self.loop.call_later(travel, arrive)


class Night:
    """The story of one seed."""

    def __init__(self, loop: SeededLoop) -> None:
        self.loop = loop
        self.draw = loop.random
        self.memory = Memory()
        self.sink = Sink()
        self.trouble = self.draw.choice([0.0, 0.2, 0.6])
        self.gateways = self.draw.choice([("one",), ("one", "two")])
        self.level = self.draw.choice([Level.RED, Level.YELLOW])
        self.size = self.draw.choice([2, 5])
        self.window = self.draw.choice([1, 4])
        self.engines: list[str] = []
        self.lines: list[Line] = []
        self.orders: list[Bundle] = []
        self.lapses: list[Bundle] = []
        self.count = 0

    async def play(self) -> None:
        """Run until everything is settled, then look."""
        for _ in range(2):
            self._start()
        lasts = self.draw.choice([20.0, 600.0, 600.0])
        people = [f"p{n}" for n in range(self.draw.randint(2, 6))]
        self.orders = self.memory.order(people, self.level, lasts, self.size)
        await asyncio.gather(self._faults(), self._cancel())
        self._calm()
        while self.loop.time() < END and not self._quiet():
            await asyncio.sleep(1)

    async def _cancel(self) -> None:
        if self.draw.random() < 0.8:
            await asyncio.sleep(self.draw.choice([0.02, 1, 5, 40, 40, 90]) * self.draw.uniform(0.5, 1))
            self.lapses = await self.memory.all_clear(self.orders, 900.0, self.size)

    def _start(self) -> None:
        self.count += 1
        owner = f"engine-{self.count}"
        self.engines.append(owner)
        with self.loop.inside(owner):
            self.loop.create_task(self._engine(owner))

    async def _engine(self, owner: str) -> None:
        store = MemoryStore(self.memory, owner, LEASE, self._trip)
        routes = Routes({name: Way("sms", rank) for rank, name in enumerate(self.gateways, 1)})
        settings = Dispatch(lease_seconds=LEASE, grace_seconds=GRACE, intent_batch=3)
        for gateway in self.gateways:
            line = Line(self.loop, self.sink, gateway, self.trouble, window=self.window)
            self.lines.append(line)
            dispatcher = Dispatcher(line, store, lambda c, _: Text(c.text.short, "", "", "", ""), settings, routes)
            self.loop.create_task(self._dispatch(dispatcher))

    async def _dispatch(self, dispatcher: Dispatcher) -> None:
        while True:
            try:
                more = await dispatcher.feed()
            except Away:
                more = False
            if not more:
                try:
                    async with asyncio.timeout(0.4):
                        await dispatcher.wake.wait()
                except TimeoutError:
                    pass
                dispatcher.wake.clear()

    async def _trip(self) -> None:
        slow = self.draw.random() < self.trouble / 10
        await asyncio.sleep(self.draw.uniform(0, 8 if slow else 0.01))

    async def _faults(self) -> None:
        pause = self.draw.choice([0.2, 1, 8])
        for _ in range(self.draw.randint(0, 15) if self.trouble else 0):
            await asyncio.sleep(self.draw.expovariate(1 / pause))
            match self.draw.choice(["kill", "freeze", "freeze", "cut"]):
                case "kill":
                    victim = self.engines.pop(self.draw.randrange(len(self.engines)))
                    self.loop.kill(victim)
                    self.memory.forget(victim)
                    self._start()
                case "freeze" if not self.loop.frozen:
                    victim = self.draw.choice(self.engines)
                    self.loop.freeze(victim)
                    with self.loop.inside("world"):
                        self.loop.call_later(self.draw.choice([1, 35, 60]), self.loop.thaw, victim)
                case "cut":
                    line = self.draw.choice(self.lines) if self.lines else None
                    if line:
                        line.up = not line.up

    def _calm(self) -> None:
        for owner in list(self.loop.frozen):
            self.loop.thaw(owner)
        for line in self.lines:
            line.up, line.mischief = True, 0.0
        self.trouble = 0.0

    def _quiet(self) -> bool:
        return not self.memory.open and all(chunk.finished for chunk in self.memory.chunks.values())

    # What must hold

    def wrongs(self) -> list[str]:
        """Every invariant that does not hold, in words."""
        return [
            *self._unfinished(),
            *self._hidden_copies(),
            *self._overtaken(),
            *self._late(),
            *self._silent(),
            *self._not_told(),
        ]

    def _unfinished(self) -> list[str]:
        return [f"chunk {c.id} is never finished" for c in self.memory.chunks.values() if not c.finished]

    def _hidden_copies(self) -> list[str]:
        copies = Counter(one.delivery for one in self.sink.arrivals)
        doubts: Counter[int] = Counter()
        for (delivery, _), whats in self.memory.events.items():
            doubts[delivery] += bool({What.UNKNOWN, What.HELD} & set(whats))
        return [
            f"{which}: {n} copies, {doubts[which]} doubts" for which, n in copies.items() if n > 1 + doubts[which]
        ]

    def _overtaken(self) -> list[str]:
        over: dict[str, float] = defaultdict(lambda: float("inf"))
        for one in self.sink.arrivals:
            if one.kind == "lapse":
                over[one.person] = min(over[one.person], one.at)
        return [
            f"{one.person} reads the order at {one.at:.2f}, after its all-clear at {over[one.person]:.2f}"
            for one in self.sink.arrivals
            if one.kind == "issue" and one.at > over[one.person]
        ]

    def _late(self) -> list[str]:
        return [
            f"{one.delivery} left {one.sent - self.memory.bundles[one.delivery].not_after:.2f} s after its end"
            for one in self.sink.arrivals
            if one.sent > self.memory.bundles[one.delivery].not_after + HOLD_LIMIT
        ]

    def _silent(self) -> list[str]:
        arrived = {one.delivery for one in self.sink.arrivals}
        explained = {
            delivery for (delivery, _), whats in self.memory.events.items() if {What.WITHDRAWN} & set(whats)
        }
        return [
            f"{bundle.person} got nothing of {bundle.kind} and nobody was told"
            for bundle in self.memory.bundles.values()
            if bundle.id not in arrived | explained | self.memory.pages
        ]

    def _not_told(self) -> list[str]:
        if not self.orders[0].superseded:
            return []
        told = {lapse.person for lapse in self.lapses}
        reached = {one.person for one in self.sink.arrivals if one.kind == "issue"}
        return [f"{person} has the order and no all-clear is meant for them" for person in sorted(reached - told)]


async def night(loop: SeededLoop) -> Night:
    """Play a seed's night."""
    told = Night(loop)
    await told.play()
    return told
