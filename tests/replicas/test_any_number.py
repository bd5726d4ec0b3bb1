"""Any number of engines make of one night what one engine makes of it: no step is taken twice, none is left out."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from tests.conftest import Postgres
from tests.store.world import World, few_units, small_directory
from warnengine.ingest.spool import QUIET, SpoolSource
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.book import RuleBook

MANY = 4
SUMMARY = {
    "bundles": "SELECT person, purpose, kind, level, count(*) FROM bundle GROUP BY 1, 2, 3, 4",
    "texts": r"SELECT purpose, regexp_replace(short, '\d', '', 'g'), count(*) FROM text GROUP BY 1, 2",
    "obligations": "SELECT person, state, chased, count(*) FROM obligation GROUP BY 1, 2, 3",
    "timers": "SELECT b.person, b.purpose, t.step, t.act, t.outcome FROM timer t JOIN bundle b ON b.id = t.bundle",
    "attempts": "SELECT d.channel, d.address, a.purpose, count(*) FROM attempt a JOIN delivery d ON d.id = a.delivery "
    "GROUP BY 1, 2, 3",
    "tasks": r"SELECT kind, person, regexp_replace(left(replace(words, '再次提醒:', ''), 20), '\d', '', 'g'), danger, result, count(*) "
    "FROM task GROUP BY 1, 2, 3, 4, 5",
    "silent": "SELECT d.channel, d.address, count(DISTINCT e.number) FROM delivery_event e "
    "JOIN delivery d ON d.id = e.delivery WHERE e.what = 'silent' GROUP BY 1, 2",
    "approvals": "SELECT level, rung, decision FROM approval",
    "announced": "SELECT type, count(*) FROM outbox GROUP BY 1",
    "sealed": "SELECT kind, count(*) FROM audit WHERE kind <> 'seal' GROUP BY 1",
}
"""What a night leaves behind; times of day, links and the order in which it came about are left out."""


class Engines:
    """So many engines over one database, and gateways that all of them use."""

    def __init__(self, world: World, many: int) -> None:
        self.first = world
        others = [World(world.database, world.book, world.engine.settings.data) for _ in range(many - 1)]
        for other in others:
            other.sms, other.email, other.channels = world.sms, world.email, world.channels
        self.all = [world, *others]

    async def every(self, *steps: Callable[[World], Awaitable[bool]]) -> None:
        """All engines take these steps at once, until none of them finds anything to do."""
        working = True
        while working:
            found = await asyncio.gather(*(step(world) for world in self.all for step in steps))
            working = any(found)

    async def night(self) -> None:
        """A red that nobody answers, its hours, and the all-clear."""
        await self.first.warn("red", react=False)
        await self.first.warn("yellow", hazard="gale", react=False)
        await self.every(reconcile, expand)
        for minutes in (0, 3, 6, 15, 40, 240):
            await self.first.jump(timedelta(minutes=minutes))
            await self.every(chase, listen, expand)
            await self.send()
            await self.every(seal)
        await self.first.warn(None, react=False)
        await self.every(reconcile, expand)
        await self.send()
        await self.every(chase, listen)

    async def send(self) -> None:
        """All of them hand over what is due, each by dispatchers of its own."""
        async with asyncio.TaskGroup() as group:
            lines = [group.create_task(world.engine.duty_room.run()) for world in self.all]
            while not all(world.engine.duty_room.healthy() for world in self.all):
                await asyncio.sleep(0)
            dispatchers = [
                world.dispatcher(kind, owner=f"engine {place}")
                for place, world in enumerate(self.all)
                for kind in (*world.channels, "call")
            ]
            while any(await asyncio.gather(*(dispatcher.step() for dispatcher in dispatchers))):
                pass
            for line in lines:
                line.cancel()


async def reconcile(world: World) -> bool:
    return await world.engine.reconcile()


async def expand(world: World) -> bool:
    return await world.engine.expand()


async def chase(world: World) -> bool:
    return await world.engine.chase()


async def listen(world: World) -> bool:
    return await world.engine.listen()


async def seal(world: World) -> bool:
    await world.engine.audit.seal(await world.engine.audit.mark())
    return False


async def summary(world: World) -> dict[str, Counter[tuple[object, ...]]]:
    return {what: Counter(tuple(row) for row in await world.rows(query)) for what, query in SUMMARY.items()}


async def test_many_engines_leave_behind_what_one_does(postgres: Postgres, book: RuleBook, tmp_path: Path) -> None:
    nights = []
    for many in (1, MANY):
        async with postgres.copy() as database:
            engines = Engines(World(database, few_units(book), tmp_path), many)
            await engines.first.people(small_directory())
            await engines.night()
            nights.append(await summary(engines.first))
            wire = Counter(entry.delivery for entry in engines.first.sms.log)
            assert wire == Counter(
                {
                    row["delivery"]: row["n"]
                    for row in await engines.first.rows(
                        "SELECT a.delivery, count(*) AS n FROM attempt a JOIN delivery d ON d.id = a.delivery "
                        "WHERE d.channel = 'sms' GROUP BY 1"
                    )
                }
            ), "every attempt has left once"
    alone, together = nights
    assert alone["attempts"], "there was something to do"
    for what in SUMMARY:
        assert together[what] == alone[what], what


async def test_files_of_one_spool_folder_are_taken_once_by_whichever_engine_is_first(tmp_path: Path) -> None:
    taken: list[str] = []
    together = asyncio.Barrier(2)

    async def take(arrival: Arrival) -> Taken:
        await together.wait()  # both have read it
        taken.append(arrival.position)
        return Taken(Verdict.NEW if taken.count(arrival.position) == 1 else Verdict.REPEAT, ())

    for place in ("taken", "refused"):
        (tmp_path / place).mkdir()
    names = [f"{number}.xml" for number in range(3)]
    for name in names:
        (tmp_path / name).write_text(name)
        age(tmp_path / name)
    engines = [SpoolSource(tmp_path, take) for _ in range(2)]
    await asyncio.gather(*(engine.look() for engine in engines))
    assert sorted(file.name for file in (tmp_path / "taken").iterdir()) == names
    assert not list((tmp_path / "refused").iterdir())


def age(file: Path) -> None:
    """As a writer leaves it that has finished a while ago."""
    written = file.stat().st_mtime - 10 * QUIET
    os.utime(file, (written, written))
