"""Hours of twice the load with faults at random: a heavy day of rain, people who answer, and something broken all the time.

`FAULTS_SOAK` is its length in seconds. The load is twice that of the worst hours on record: every minute a message for all
28 towns, each time to 280 people (about 1,100 parts of SMS), who answer most of it. Every 6 to 14 s something breaks.
What one engine holds is written down every 15 s, to `FAULTS_SOAK_LOG` as CSV where that is given.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import itertools
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp
import asyncpg

from tests.faults import oracles
from tests.faults.district import ALL, Issued, crowd
from tests.faults.processes import until, within
from tests.faults.registry import fault
from tests.faults.stage import Engine, Gateway, Stage
from tests.faults.verdict import hold

SECONDS = int(os.environ.get("FAULTS_SOAK", "90"))
LOG = os.environ.get("FAULTS_SOAK_LOG", "")
PEOPLE = crowd(10)
EVERY = 60.0
"""Seconds between two messages for the whole district."""
RATE = 30
"""Parts a second that the contract of the first line allows: so a message takes most of its minute, as to 2,000 people by a
line of 100 a second, and what breaks breaks in the middle."""
QUIET = (6.0, 14.0)
"""Seconds between two faults."""
LOOK = 15.0
"""Seconds between two looks at what the engine holds."""
SLOW = 180.0
"""Seconds that a machine with much else to do may take to start an engine."""
STORY = (("yellow", "Alert"), ("orange", "Update"), ("red", "Update"), ("orange", "Update"), ("orange", "Cancel"))
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, aiohttp.ClientError, ValueError)
"""What the soak itself meets where it asks for something that is broken at this moment."""
ANSWERS = 0.8
"""Share of the people who answer a message, with 1."""


@dataclass(frozen=True)
class Held:
    """What the engine that lives throughout holds at one moment, and what the database does for all."""

    second: int
    rss_mb: float
    files: int
    sockets: int
    connections: int
    """To the database, of both engines."""
    queued: int
    """Chunks that are due and not finished."""
    submits: int
    """Parts that the first gateway has taken."""


class Soak:
    """The stage with two engines, a line behind a proxy, a second provider, and the clock of the whole."""

    def __init__(self, stage: Stage, line: Gateway, first: Engine, second: Engine) -> None:
        self.stage, self.line, self.first, self.second = stage, line, first, second
        self.chance = random.Random(63)
        self.began = time.monotonic()
        self.broken: Counter[str] = Counter()
        self.answered = self.resumed = self.refused = 0
        self.warned: list[Issued] = []
        self.alerts: list[float] = []
        self.cancels: list[float] = []
        self.held: list[Held] = []
        self.healthy: list[float] = []
        self.starts: list[float] = []

    @property
    def going(self) -> bool:
        return time.monotonic() - self.began < SECONDS

    # what the bureau and the people do

    async def warn(self, level: str, kind: str) -> None:
        """Hand a message in, again and again as a bureau does, until it is taken."""
        if kind == "Alert":
            self.stage.bureau.first = ""
            self.alerts.append(time.time())
        elif kind == "Cancel":
            self.cancels.append(time.time())
        message = self.stage.bureau.warning(level, ALL, kind)
        self.warned.append(message)
        while await self.first.warn(message) not in (200, 202):
            self.refused += 1
            await asyncio.sleep(1)

    async def bureau(self) -> None:
        """A message for all towns each minute, yellow to red and down again."""
        for level, kind in itertools.cycle(STORY):
            if not self.going:
                return
            await self.warn(level, kind)
            await asyncio.gather(self.people(), asyncio.sleep(min(EVERY, SECONDS / 5)))

    async def people(self) -> None:
        """Most of those who have a number answer, somewhat later."""
        await asyncio.sleep(min(20.0, SECONDS / 15))
        numbers = [one.number for one in self.stage.people.holders if self.chance.random() < ANSWERS]
        for place in range(0, len(numbers), 20):
            some = numbers[place : place + 20]
            with contextlib.suppress(*AWAY):
                told = await self.line.tell(replies=[[number, "1"] for number in some])
                self.answered += len(some) if told["open"] else 0
            await asyncio.sleep(0.5)

    async def duty_room(self) -> None:
        """What the engine holds back because it is very much, the duty room lets through."""
        while self.going:
            await asyncio.sleep(3)
            with contextlib.suppress(*AWAY):
                await self.let_through()

    async def let_through(self) -> None:
        for stop in await self.stage.sql("SELECT id FROM halt WHERE resumed_at IS NULL AND automatic"):
            headers = {"Authorization": "Bearer leader-token"}
            async with self.first.web.post(f"/v1/halt/{stop['id']}/resume", headers=headers) as answer:
                self.resumed += answer.status == 200

    # what breaks

    async def kill(self) -> None:
        await self.second.child.kill()
        began = time.monotonic()
        await self.second.child.start()
        await until("the other engine to come up", self.second.alive, SLOW, self.second.child)
        self.starts.append(time.monotonic() - began)

    async def freeze(self) -> None:
        """Longer than its lease."""
        self.second.child.freeze()
        await asyncio.sleep(8)
        self.second.child.thaw()

    async def backends(self) -> None:
        await self.stage.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    async def cut(self) -> None:
        self.stage.proxies[0].cut()

    async def mute(self) -> None:
        await self.line.tell(mute=True)
        await asyncio.sleep(2.5)
        await self.line.tell(mute=False)

    async def slow(self) -> None:
        await self.line.tell(delay=1.0)
        await asyncio.sleep(4)
        await self.line.tell(delay=0.02)

    async def throttle(self) -> None:
        await self.line.tell(nack=0.5)
        await asyncio.sleep(3)
        await self.line.tell(nack=0)

    async def gateway(self) -> None:
        """Killed, and back after a while; what it owed is not asked of it any more."""
        proxy = self.stage.proxies[0]
        proxy.refuse = True  # else it might connect to itself, on the port that is free now
        proxy.cut()
        await self.line.kill()
        await asyncio.sleep(4)
        await self.line.back()
        proxy.refuse = False

    async def postmaster(self) -> None:
        """As by a power failure, with everything that was not on disk."""
        server = self.stage.servers[0]
        await server.kill()
        await asyncio.sleep(1)
        await server.start()

    async def faults(self) -> None:
        """One after the other, and after each the engine is well again within 30 s with no hands."""
        kinds: tuple[Callable[[], Awaitable[None]], ...] = (
            self.kill, self.freeze, self.cut, self.mute, self.slow, self.throttle, self.gateway, self.backends, self.postmaster,
        )  # fmt: skip
        while self.going:
            await asyncio.sleep(self.chance.uniform(*QUIET))
            one = self.chance.choice(kinds)
            self.broken[one.__name__] += 1
            print("soak", round(time.monotonic() - self.began), one.__name__, file=sys.stderr, flush=True)
            await one()
            began = time.monotonic()
            await oracles.i12_healthy(self.first)
            self.healthy.append(time.monotonic() - began)

    # what is looked at

    async def watch(self) -> None:
        while self.going:
            await asyncio.sleep(LOOK)
            try:
                self.held.append(await self.look())
            except AWAY:
                continue  # the database is what is broken at this moment
            self.write()

    async def look(self) -> Held:
        rows = await self.stage.sql(
            "SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()) - 1 AS connections, "
            "(SELECT count(*)::int FROM chunk WHERE finished_at IS NULL AND due <= engine_now()) AS queued"
        )
        size = oracles.size(self.first)
        taken = (await self.line.tell())["taken"] if self.line.process.running else 0
        second = round(time.monotonic() - self.began)
        return Held(second, round(size.rss_mb, 1), size.files, size.sockets, **dict(rows[0]), submits=taken)

    def write(self) -> None:
        print("soak", asdict(self.held[-1]), dict(self.broken), file=sys.stderr, flush=True)
        if LOG:
            with Path(LOG).open("w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, list(asdict(self.held[0])))
                writer.writeheader()
                writer.writerows(asdict(one) for one in self.held)

    def bounded(self) -> str:
        """I11: the last third of what is held is no more than the middle one, by more than noise. In the first third an
        engine fills what it keeps: 20,000 parts by their ids, 1,000 texts, 100 statements of each connection."""
        third = max(1, len(self.held) // 3)
        said = []
        for name, spare in (("rss_mb", 25.0), ("files", 15.0), ("sockets", 15.0), ("connections", 15.0)):
            parts = (self.held[:third], self.held[third:-third] or self.held, self.held[-third:])
            early, middle, late = (statistics.median(getattr(one, name) for one in part) for part in parts)
            most = max(getattr(one, name) for one in self.held)
            hold(
                late <= middle + spare,
                f"I11: {name} was {middle:g} in the middle third and is {late:g} in the last",
            )
            said.append(f"{name.replace('rss_mb', 'memory MB')} {early:g}→{middle:g}→{late:g} (most {most:g})")
        return "medians by thirds: " + ", ".join(said)


@fault(63)
async def soak(stage: Stage) -> str:
    stage.people = PEOPLE
    stage.settings["operators"] = [{"name": "带班领导", "role": "leader", "token": "leader-token"}]
    await stage.own_server(max_connections="100")
    line = await stage.smpp(delay=0.02, proxy=True, settings={"rate": RATE})
    await stage.http_sms()
    first = await stage.running()
    second = await stage.running("second")
    run = Soak(stage, line, first, second)
    try:
        async with asyncio.TaskGroup() as group:
            for work in (run.bureau, run.duty_room, run.faults, run.watch):
                group.create_task(work())
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    await run.warn("yellow", "Alert")
    await run.warn("red", "Update")
    at_last = await oracles.i12_healthy(first)

    async def quiet() -> bool:
        await run.let_through()
        return await stage.calm()

    await within(quiet, 90)
    said = await oracles.all_hold(
        stage, stage.people.called("red"), wait=90, alerts=run.alerts, cancels=run.cancels
    )
    cleared = sum("解除" in one.text for one in oracles.copies(stage.submits()))
    stored = await oracles.i10_stored(stage)
    newest = [had[-1].text for had in oracles.phones(stage.submits()).values()]
    other = sum("红" not in text for text in newest)
    hold(not other, f"{other} phones end with something else than the newest order")
    worst, starts = max(run.healthy, default=0), max(run.starts, default=0)
    return (
        f"{SECONDS} s, {len(run.warned)} warnings to {len(PEOPLE.holders)} people, {len(stage.submits())} parts of SMS, "
        f"{run.answered} answers, {run.broken.total()} faults ({', '.join(f'{n} {w}' for w, n in sorted(run.broken.items()))}): "
        f"well again after {worst:.1f} s at most, a killed engine up after {starts:.1f} s at most, {at_last} at the end; {run.bounded()}; {said}, {cleared} all-clears, {stored}; "
        f"{run.refused} times handed in again, {run.resumed} orders let through by the duty room"
    )
