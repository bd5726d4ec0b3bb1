"""The stand that everything is measured on: one PostgreSQL, one sink, books and people, and what was measured."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from tests.bench import people
from tests.bench.engine import Engine, House, environment, serving
from tests.bench.gateways import Settings
from tests.bench.postgres import Server
from tests.bench.process import ROOT, Failed, Program, python
from warnengine.demo.relay import free_port
from warnengine.rulebook import load

Sample = dict[str, float]
Counts = dict[str, Any]
LOOK = 0.02
"""Seconds between two looks at the sink, which cost the engine nothing."""


@dataclass
class Plan:
    """How much is measured."""

    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    runs: int = 5
    large_runs: int = 3
    """Runs of sizes over `peer_size`."""
    peer_size: int = 10_000
    """The size that other systems are measured at, beside the smallest."""
    blues: int = 50_000
    history: int = 1_000_000
    arrivals: int = 37_357
    """Warnings of forty days that B8 pushes through."""
    patience: float = 150
    """Seconds that one run may take."""
    share: float = 20
    """Seconds after which a measurement is not repeated any more."""


@dataclass
class Stand:
    """All that measurements share."""

    folder: Path
    plan: Plan
    server: Server
    sink: Program
    ports: dict[str, int] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)
    seeds: set[str] = field(default_factory=set)

    async def open(self) -> None:
        """Start the sink, and lay the books out."""
        await self.sink.start(answers=True)
        self.ports = await self.sink.heard()
        bench = self.folder / "rules"
        shutil.copytree(ROOT / "tests/bench/rules", bench)
        shutil.copy(ROOT / "rules/units/townships.yaml", bench / "units")
        self.short = House(bench, ROOT / "tests/bench/templates")
        self.shipped = House(ROOT / "rules", ROOT / "templates")
        self.unlimited = House(unlimited(self.folder / "unlimited"), ROOT / "templates")
        self.towns = [town.code for town in load(bench).district.townships]
        self.town_names = [town.name for town in load(bench).district.townships]

    async def reset(self, **conditions: Any) -> None:
        """The sink forgets everything; from now on these conditions hold."""
        await self.sink.asked({"reset": conditions})

    async def counts(self) -> Counts:
        """What the sink has seen."""
        told: Counts = await self.sink.asked({})
        return told

    async def until(self, what: str, enough: Callable[[Counts], bool], engine: Engine | None = None) -> Counts:
        """Look at the sink until it has seen enough."""
        deadline = time.time() + self.plan.patience
        while time.time() < deadline:
            if enough(found := await self.counts()):
                return found
            if engine and not engine.program.running:
                raise Failed(f"the engine has ended: {engine.program.tail()}")
            await asyncio.sleep(LOOK)
        raise Failed(f"{what} not within {self.plan.patience:g} s; the sink has seen {brief(found)}")

    async def answering(self, web: aiohttp.ClientSession, path: str) -> None:
        """Wait until a server answers 200 there."""
        for _ in range(500):
            try:
                async with web.get(path) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:  # it does not listen yet
                pass
            await asyncio.sleep(LOOK)
        raise Failed(f"nothing answers at {path}")

    async def listening(self, port: int) -> None:
        """Wait until somebody listens."""
        for _ in range(500):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(LOOK)
            else:
                writer.close()
                return
        raise Failed(f"nobody listens on {port}")

    async def recorded(self, database: str, question: str, what: str, *arguments: Any) -> None:
        """Ask the database until it says yes; rarely, for asking costs what is measured."""
        deadline = time.time() + self.plan.patience
        async with self.server.connection(database) as connection:
            while time.time() < deadline:
                if await connection.fetchval(question, *arguments):
                    return
                await asyncio.sleep(0.1)
        raise Failed(f"{what} not within {self.plan.patience:g} s")

    async def crowd(self, count: int) -> str:
        """The name of a database with so many people on duty."""
        name, few = f"crowd_{count}", min(count, people.BY_HAND)
        if name not in self.seeds:
            await self.seeded(name, self.short, lambda: people.crowd(few, self.towns))
            async with self.server.connection(name) as connection:
                await connection.execute(people.MORE, few, count, "500151", self.towns[:-1])
                await connection.execute("ANALYZE")
        return name

    async def district(self) -> str:
        """The name of a database with the real district's people."""
        return await self.seeded("district", self.shipped, lambda: people.district(load(self.shipped.rules)))

    async def seeded(self, name: str, house: House, rows: Callable[[], Any]) -> str:
        """A database with an address list, imported by the engine's own command; made once."""
        if name not in self.seeds:
            await self.server.create(name)
            file = people.write(self.folder / f"{name}.csv", rows())
            settings = environment(self.folder / "data", house, self.server.dsn(name), (), 0)
            command = python(
                self.folder / "import.log", "warnengine", "directory", "import", str(file), environment=settings
            )
            began = time.time()
            await command.start()
            await command.done()
            count = len(file.read_text().splitlines()) - 1
            self.note("directory import", count, [{"seconds": time.time() - began}])
            async with self.server.connection(name) as connection:
                await connection.execute("ANALYZE")
            self.seeds.add(name)
        return name

    @asynccontextmanager
    async def engine(
        self,
        database: str,
        house: House,
        gateways: list[Settings],
        usual: frozenset[str] = frozenset(),
        port: int = 0,
    ) -> AsyncIterator[Engine]:
        """An engine over a database."""
        dsn = self.server.dsn(database)
        settings = environment(self.folder / "data", house, dsn, gateways, port or free_port())
        async with serving(self.folder / "engine.log", settings, usual) as engine:
            yield engine

    async def repeated(
        self, what: str, size: int, take: Callable[[], Awaitable[Sample]], runs: int | None = None
    ) -> Sample | None:
        """Measure again and again within this measurement's share of time; the medians, None where it failed."""
        began = time.time()
        samples: list[Sample] = []
        wanted = runs or (self.plan.runs if size <= self.plan.peer_size else self.plan.large_runs)
        try:
            while len(samples) < wanted and (not samples or time.time() - began < self.plan.share):
                samples.append(await take())
        except (Failed, OSError, TimeoutError, asyncpg.PostgresError, aiohttp.ClientError) as failure:
            self.runs.append({"what": what, "size": size, "n": len(samples), "failed": str(failure)})
            print(f"{what}, {size}: FAILED {failure}", file=sys.stderr, flush=True)
            if not samples:
                return None
        return self.note(what, size, samples)

    def note(self, what: str, size: int, samples: list[Sample]) -> Sample:
        """Keep what was measured, and say it; the medians."""
        medians = {key: statistics.median(sample[key] for sample in samples) for key in samples[0]}
        self.runs.append({"what": what, "size": size, "n": len(samples), "medians": medians, "samples": samples})
        told = ", ".join(f"{key} {value:.4g}" for key, value in medians.items())
        print(f"{what}, {size} (n={len(samples)}): {told}", file=sys.stderr, flush=True)
        return medians


def brief(counts: Counts) -> dict[str, int]:
    """How much each door has taken."""
    return {door: tally["taken"] for door, tally in counts.items() if tally["taken"] or tally["throttled"]}


def unlimited(folder: Path) -> Path:
    """The shipped book, with an order for as many as there are: else a second person looks at it first."""
    shutil.copytree(ROOT / "rules", folder)
    approvals = folder / "approvals.yaml"
    text = approvals.read_text(encoding="utf-8")
    approvals.write_text(text.replace("people_per_order: 200 ", "people_per_order: 10000000 "), encoding="utf-8")
    return folder
