"""The canary joined: its message goes into every way in, its order comes out at each gateway's loop-back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from warnengine import metrics
from warnengine.dispatch.channel import Accepted, Channel, Outgoing
from warnengine.dispatch.dispatcher import Dispatcher, SendStore, Wording
from warnengine.dispatch.routes import Leave, Routes
from warnengine.dispatch.wire import Answer
from warnengine.health.canary import canary_book, message, path_of, read_by, stale
from warnengine.health.paths import Colour, Light, Proof, dead, light
from warnengine.ingest import formats
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.intake import Intake
from warnengine.ingest.kafka import stopped
from warnengine.match.desired import desired
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.canary import channel
from warnengine.model.errors import StartRefused
from warnengine.model.situation import Cell
from warnengine.order.expand import Expander
from warnengine.order.reconcile import KEPT, Reconciler, Situation
from warnengine.order.texts import Texts
from warnengine.settings import Settings
from warnengine.situation import fold
from warnengine.store.health import CanaryStore
from warnengine.store.warnings import WarningStore

log = structlog.get_logger()
LOOK = 5.0
"""Seconds between two looks at what came back."""
PRUNE = 600.0
REMEMBERED = timedelta(hours=1)
"""How long its rows are kept. When each path was proven last is kept beside them."""
ROLES_OF = {"http": "console", "spool": "ingest", "kafka": "ingest"}
"""Which role sends it: the one that also takes it in."""
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names what others listen on


class Line:
    """One gateway as the canary sees it: no other gateway of its kind may take its text."""

    def __init__(self, gateway: Channel) -> None:
        self._channel = gateway
        self.kind = channel(gateway.kind, gateway.gateway)
        self.gateway = gateway.gateway
        self.window = 1

    async def run(self) -> None:
        """The gateway's own session is kept by its own channel."""

    async def send(self, message: Outgoing) -> Accepted:
        """As every text goes."""
        return await self._channel.send(message)

    def healthy(self) -> bool:
        """As for every text."""
        return self._channel.healthy()


class Straight(Routes):
    """To one gateway whatever is thought of it: that it is well again shows first by a canary."""

    def __init__(self) -> None:
        super().__init__({})
        self._up = False

    def leave(self, gateway: str, now: float) -> Leave | None:
        """All, where there is a session at all."""
        return Leave(share=1.0, spare=False, alone=True) if self._up else None

    def answered(self, gateway: str, answer: Answer, now: float) -> None:
        """Real messages decide how much a gateway is trusted."""

    def seen(self, gateway: str, up: bool, why: str = "") -> None:
        """Whether there is a session."""
        self._up = up


@dataclass
class Canary:
    """Flies while a gateway has a `canary` address."""

    settings: Settings
    book: RuleBook
    store: CanaryStore
    warnings: WarningStore
    key: bytes
    channels: Sequence[Channel]
    """In the order of the gateways of the settings."""
    roles: frozenset[str]
    texts: Texts
    lights: tuple[Light, ...] = ()
    """Of the last look."""
    _due: float = 0
    _prune_due: float = 0
    _registered: bool = False
    _flying: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        pairs = zip(self.settings.gateways, self.channels, strict=True)
        self.lines = [Line(one) for gateway, one in pairs if gateway.canary]
        self.every = timedelta(seconds=self.settings.canary.every_seconds)
        self.adopt(self.book)

    def adopt(self, book: RuleBook) -> None:
        """Read, decide and write by this book."""
        self.book = book
        own = canary_book(book, [line.kind for line in self.lines])
        reading = Reading({own.district.code: own.district}, own.hazard_table)
        self.intake = Intake(self.warnings, read_by(lambda raw: formats.read(raw, reading)), own)
        situation = Situation(
            fold.statements, fold.apply, fold.forces, fold.doubts, _forget, fold.words, fold.turns
        )
        self.reconciler = Reconciler(own, situation, desired)
        self.expander = Expander(own, self.texts, self.key)

    @property
    def on(self) -> bool:
        """Whether there is an address for it at all."""
        return bool(self.lines)

    def dispatching(
        self, store: SendStore, wording: Wording
    ) -> Iterator[tuple[str, Callable[[], Awaitable[bool]]]]:
        """A step for each gateway that hands over its canaries, with the step's name."""
        for line in self.lines:
            dispatcher = Dispatcher(line, store, wording, self.settings.dispatch, Straight())
            yield f"canary {line.gateway}", dispatcher.step

    def mine(self, arrival: Arrival) -> Arrival | None:
        """A canary of ours under its own source, for it is no sign of the source's life; None: it is none."""
        path = path_of(arrival.raw, self.key) if self.on else None
        return replace(arrival, source=f"canary/{path}") if path else None

    async def take(self, arrival: Arrival) -> Taken:
        """As every message is taken, but one that lay somewhere while the engine was down is nobody's business."""
        if stale(arrival.raw, datetime.now(UTC)):
            return Taken(Verdict.REPEAT, (), "stale_canary", "a canary that was under way for too long")
        return await self.intake.take(arrival)

    def problems(self) -> dict[str, str]:
        """Paths that must work and do not."""
        return dead(self.lights)

    async def register(self) -> None:
        """Its addresses are those of the settings; StartRefused where one of them is a person's."""
        ways = {
            gateway.name: (one.kind, gateway.canary)
            for gateway, one in zip(self.settings.gateways, self.channels, strict=True)
            if gateway.canary
        }
        taken = await self.store.register(ways)
        if taken:
            whose = ", ".join(f"{address} is {name}'s" for name, address in taken)
            raise StartRefused(
                f"the canary would write to people: {whose}. Give `canary` of the gateway a loop-back number or "
                "mailbox that nobody has"
            )
        await self.store.watch([*(f"in/{path}" for path in self.paths()), *self._outs()])
        self._registered = True

    def paths(self) -> list[str]:
        """The ways in that are configured."""
        found = ["http"] if self.settings.sources and self.settings.http.port else []
        found.append("spool")
        return [*found, "kafka"] if self.settings.kafka else found

    def _outs(self) -> Iterator[str]:
        for line in self.lines:
            yield from (f"out/{line.gateway}", f"back/{line.gateway}")

    async def step(self) -> bool:
        """Fly where it is time, and look at what came back; never more work at once."""
        if not self.on or time.monotonic() < self._due:
            return False
        if not self._registered:
            await self.register()
        now = await self.store.now()
        await self._look(now)
        await self._fly(now)
        if time.monotonic() >= self._prune_due:
            await self.store.prune(REMEMBERED)
            self._prune_due = time.monotonic() + PRUNE
        self._due = time.monotonic() + min(LOOK, self.every.total_seconds() / 4)
        return False

    async def _look(self, now: datetime) -> None:
        proofs = [Proof(**row) for row in await self.store.proofs()]
        self.lights = tuple(light(proof, now, self.every) for proof in proofs)
        for proof in proofs:
            if proof.proven:
                metrics.CANARY_SUCCESS.labels(proof.path).set(proof.proven.timestamp())

    async def _fly(self, now: datetime) -> None:
        every = self.every.total_seconds()
        slot = int(now.timestamp() // every * every)
        for path in self.paths():
            if ROLES_OF[path] in self.roles and await self.store.claim(path, slot):
                send = self._trusted(path) and await self.store.claim("send", slot)
                raw = message(path, slot, now, self.key, send=send)
                task = asyncio.create_task(self._sent(path, slot, raw))
                self._flying.add(task)
                task.add_done_callback(self._flying.discard)

    def _trusted(self, path: str) -> bool:
        """Whether the gateways' proof may depend on this way in: a dead one would make them all look dead."""
        alive = {one.path for one in self.lights if one.path.startswith("in/") and one.colour is Colour.GREEN}
        return not alive or f"in/{path}" in alive

    async def _sent(self, path: str, slot: int, raw: bytes) -> None:
        """Hand one to its way in. What goes wrong shows as a path without proof; the reason is logged."""
        ways: dict[str, Callable[[int, bytes], Awaitable[None]]] = {
            "http": self._by_http,
            "spool": self._by_spool,
            "kafka": self._by_kafka,
        }
        try:
            async with asyncio.timeout(10):
                await ways[path](slot, raw)
        except (aiohttp.ClientError, KafkaError, OSError, TimeoutError) as error:
            log.warning("canary", path=path, problem=str(error) or type(error).__name__)

    async def _by_http(self, _slot: int, raw: bytes) -> None:
        host = ANYWHERE.get(self.settings.http.host, self.settings.http.host)
        where = f"http://{f'[{host}]' if ':' in host else host}:{self.settings.http.port}/v1/warnings"
        token = self.settings.sources[0].token.get_secret_value()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/xml"}
        async with aiohttp.ClientSession() as web, web.post(where, data=raw, headers=headers) as answer:
            if answer.status >= 400:
                raise OSError(f"{where} answers {answer.status}")

    async def _by_spool(self, slot: int, raw: bytes) -> None:
        folder = self.settings.spool or self.settings.data / "spool"
        await asyncio.to_thread(_drop, folder, f"canary-{slot}.xml", raw)

    async def _by_kafka(self, _slot: int, raw: bytes) -> None:
        kafka = self.settings.kafka
        if kafka is None:
            return
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, request_timeout_ms=8_000)
        try:
            await producer.start()
            await producer.send_and_wait(kafka.warnings, raw, key=self.book.district.code.encode())
        finally:
            await stopped(producer)


def _drop(folder: Path, name: str, raw: bytes) -> None:
    """As any writer does: a name with a dot, then the real one. The canaries of before are taken away."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("taken/canary-*.xml"), *folder.glob("refused/canary-*.xml")):
        with contextlib.suppress(FileNotFoundError):
            old.unlink()
    hidden = folder / f".{name}"
    hidden.write_bytes(raw)
    os.utime(hidden, (time.time() - 2, time.time() - 2))  # whole by its name: nothing to wait for
    hidden.rename(folder / name)


def _forget(cell: Cell, before: datetime) -> Cell:
    """A canary's word counts for minutes, not for a month."""
    return fold.forget(cell, before + KEPT - REMEMBERED)
