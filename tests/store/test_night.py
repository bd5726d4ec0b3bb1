"""Nights that nobody planned: warnings, gateways, phones and crashes in any order, over the real store."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.conftest import Postgres
from tests.dispatch.fake_channel import Entry, Will
from tests.store.test_schema import verified
from tests.store.world import ANJU, BAIYANG, World, few_units, small_directory
from warnengine.dispatch.channel import Outgoing
from warnengine.model.book import RuleBook
from warnengine.model.delivery import Fate
from warnengine.model.directory import Holding
from warnengine.model.warning import Warning

T = TypeVar("T")
PEOPLE = ("anju_duty", "anju_mayor", "baiyang_mayor", "water_duty", "water_head")
ABSENT = ("anju_vice", "anju_secretary", "baiyang_duty", "baiyang_vice", "baiyang_secretary", "water_vice",
          "duty_room_duty", "duty_room_chief")  # fmt: skip
BOTH = [Holding(BAIYANG, "duty", "anju_duty", "anju_mayor", "baiyang_mayor")]
ANSWERED_AT_ONCE = (Will.ACCEPT, Will.REFUSE, Will.FAIL, Will.LOSE_ANSWER, Will.LOSE_MESSAGE)
RISING = ("open", "reached", "acked", "acting", "done")
towns = st.sets(st.sampled_from([ANJU, BAIYANG]), min_size=1).map(sorted)
hazards = st.sampled_from(["rainstorm", "gale"])
kinds = st.sampled_from(["sms", "email"])
owners = st.sampled_from(["one", "two"])

COPIES = """
SELECT a.delivery, 1 + count(*) FILTER (WHERE a.purpose = 'reminder' OR s.doubtful OR s.open) AS most FROM attempt a
CROSS JOIN LATERAL (SELECT count(*) = 0 AS open, count(*) FILTER (WHERE what IN ('unknown', 'held')) > 0 AS doubtful
                    FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number) s
GROUP BY a.delivery"""
CARRIED = """
SELECT b.id AS bundle, v.standing_order, v.version FROM bundle b JOIN order_version v ON v.id = ANY (b.versions)
WHERE b.approval IS NULL"""
FORGOTTEN = """
SELECT d.person, v.id FROM order_version v JOIN change c ON c.id = v.change AND c.expanded_at IS NOT NULL
JOIN standing_order o ON o.id = v.standing_order
JOIN on_duty(engine_now()) d ON d.district = o.district AND d.unit = o.unit AND d.post = ANY (v.posts)
WHERE v.superseded_at IS NULL AND v.kind IN ('issue', 'update') AND NOT EXISTS (
    SELECT FROM obligation b JOIN bundle m ON m.id = b.bundle AND m.person = b.person AND v.id = ANY (m.versions)
    WHERE b.version = v.id AND b.person = d.person)"""
TWICE = "SELECT 1 FROM standing_order WHERE lapsed_at IS NULL GROUP BY district, unit, hazard, family HAVING count(*) > 1"
ON_ITS_WAY = """
SELECT bool_or(v.superseded_at IS NOT NULL) AND b.approval IS NULL AS stale, b.not_after <= engine_now() AS over
FROM bundle b JOIN order_version v ON v.id = ANY (b.versions) WHERE b.id = $1::bigint & ~15::bigint GROUP BY b.id"""
ABANDONED = """
SELECT b.person, b.id FROM obligation o JOIN bundle b ON b.id = o.bundle JOIN order_version v ON v.id = o.version
WHERE v.superseded_at IS NULL AND o.chased AND o.state IN ('open', 'reached')
  AND NOT EXISTS (SELECT FROM task t WHERE t.bundle = b.id)
  AND NOT EXISTS (SELECT FROM bundle e WHERE e.behalf = b.id)
  AND NOT EXISTS (SELECT FROM timer t WHERE t.bundle = b.id AND t.outcome NOT IN ('answered', 'superseded'))"""


class Night(RuleBasedStateMachine):
    """One night; every rule is something that may happen next."""

    postgres: ClassVar[Postgres]
    book: ClassVar[RuleBook]
    folder: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.flying: list[asyncio.Task[bool]] = []
        self.said: list[Warning] = []
        self.ranks: dict[tuple[int, str], str] = {}
        self.wrong: list[str] = []

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(what)

    @initialize()
    def dusk(self) -> None:
        async def begin() -> World:
            database = await self.stack.enter_async_context(self.postgres.copy())
            world = World(database, self.book, self.folder)
            await world.people(small_directory(without=ABSENT, also=BOTH))
            for channel in world.channels.values():
                channel.before = self.look
            return world

        self.world = self.do(begin())

    async def look(self, message: Outgoing) -> None:
        """At the moment of every write."""
        row = await self.world.row(ON_ITS_WAY, message.delivery)
        if row["stale"] or row["over"]:
            self.wrong.append(f"{message.delivery} left though stale {row['stale']}, over {row['over']}")

    # what may happen

    @rule(level=st.sampled_from(["blue", "yellow", "orange", "red", "red"]), where=towns, hazard=hazards,
          minutes=st.sampled_from([10, 180]))  # fmt: skip
    def warn(self, level: str, where: Sequence[str], hazard: str, minutes: int) -> None:
        lasts = timedelta(minutes=minutes)
        self.said.append(self.do(self.world.warn(level, *where, hazard=hazard, lasts=lasts)))

    @rule(where=towns, hazard=hazards)
    def cancel(self, where: Sequence[str], hazard: str) -> None:
        self.said.append(self.do(self.world.warn(None, *where, hazard=hazard)))

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        again = data.draw(st.lists(st.sampled_from(self.said), max_size=3))

        async def come_again() -> None:
            before = await self.world.value("SELECT count(*) FROM order_version")
            for warning in again:
                await self.world.take(warning)
            await self.world.react()
            assert before == await self.world.value("SELECT count(*) FROM order_version"), "a replay made an order"

        self.do(come_again())

    @rule(decision=st.sampled_from(["yes", "no"]))
    def decide(self, decision: str) -> None:
        async def decide() -> None:
            for request in (await self.world.engine.board.requests(pending=True))[:1]:
                await self.world.engine.board.decide(request["id"], decision, "somebody", "")
            await self.world.react()

        self.do(decide())

    @rule(kind=kinds, owner=owners, script=st.lists(st.sampled_from(ANSWERED_AT_ONCE), max_size=4))
    def send(self, kind: str, owner: str, script: list[Will]) -> None:
        channel = self.world.channels[kind]
        channel.script.extend(script)
        self.do(self.world.dispatcher(kind, owner, batch=4).step())
        channel.script.clear()

    @rule()
    def send_all(self) -> None:
        self.do(self.world.send())

    @rule(kind=kinds, owner=owners, script=st.lists(st.sampled_from([Will.STALL, Will.STALL_REFUSE]), max_size=2))
    def stall(self, kind: str, owner: str, script: list[Will]) -> None:
        """A batch stays on the wire; `wake` or `crash` ends it."""
        channel = self.world.channels[kind]

        async def fly() -> None:
            channel.script.extend([*script, Will.STALL])
            channel.arrived.clear()
            task = asyncio.create_task(self.world.dispatcher(kind, owner, batch=len(script) + 1).step())
            arrived = asyncio.create_task(channel.arrived.wait())
            await asyncio.wait({task, arrived}, return_when=asyncio.FIRST_COMPLETED)
            arrived.cancel()
            channel.script.clear()
            self.flying.append(task)

        self.do(fly())

    @precondition(lambda self: self.flying)
    @rule()
    def wake(self) -> None:
        async def land() -> None:
            for channel in self.world.channels.values():
                channel.go_on.set()
            await asyncio.gather(*self.flying)
            for channel in self.world.channels.values():
                channel.go_on.clear()

        self.do(land())
        self.flying.clear()

    @precondition(lambda self: self.flying)
    @rule()
    def crash(self) -> None:
        async def die() -> None:
            for task in self.flying:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

        self.do(die())
        self.flying.clear()

    @rule()
    def lease_over(self) -> None:
        late = (
            "UPDATE chunk SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until IS NOT NULL"
        )
        self.do(self.world.execute(late))

    @rule(place=st.integers(0, 99), fate=st.sampled_from(Fate))
    def receipt(self, place: int, fate: Fate) -> None:
        if log := self.world.sms.log:
            self.do(self.world.receipt(log[place % len(log)], fate))
            self.do(self.world.engine.listen())

    @rule(who=st.sampled_from(PEOPLE), words=st.sampled_from(["1", "2", "3", "3 12", "不是本人", "?"]))
    def reply(self, who: str, words: str) -> None:
        self.do(self.world.reply(who, words))

    @rule(seconds=st.sampled_from([1, 60, 180, 300, 1200]))
    def jump(self, seconds: int) -> None:
        async def later() -> None:
            await self.world.jump(timedelta(seconds=seconds))
            await self.world.engine.listen()
            await self.world.chase()

        self.do(later())

    # what always holds

    @property
    def logs(self) -> list[Entry]:
        return [entry for channel in self.world.channels.values() for entry in channel.log]

    @invariant()
    def nothing_left_that_was_stale_or_over(self) -> None:
        assert self.wrong == []

    @invariant()
    def copies_are_admitted(self) -> None:
        most = dict(self.do(self.world.rows(COPIES)))
        for delivery, copies in Counter(entry.delivery for entry in self.logs).items():
            assert copies <= most[delivery]

    @invariant()
    def no_phone_gets_an_older_version_after_a_newer(self) -> None:
        carried: dict[int, dict[int, int]] = defaultdict(dict)
        for row in self.do(self.world.rows(CARRIED)):
            carried[row["bundle"]][row["standing_order"]] = row["version"]
        newest: dict[tuple[str, int], int] = {}
        for entry in sorted(self.logs, key=lambda entry: entry.place):
            for order, version in carried[entry.delivery & ~15].items():
                assert newest.get((entry.address, order), 0) <= version
                newest[entry.address, order] = version

    @invariant()
    def nobody_is_forgotten_and_nothing_stands_twice(self) -> None:
        assert self.do(self.world.rows(FORGOTTEN)) == []
        assert self.do(self.world.rows(TWICE)) == []

    @invariant()
    def states_only_rise(self) -> None:
        for row in self.do(self.world.rows("SELECT version, person, state FROM obligation")):
            key = row["version"], row["person"]
            before = self.ranks.get(key, "open")
            if row["state"] in RISING:
                assert before in RISING
                assert RISING.index(before) <= RISING.index(row["state"])
            else:
                assert before in {"open", "reached", row["state"]}
            self.ranks[key] = row["state"]

    @invariant()
    def the_record_holds(self) -> None:
        assert self.do(verified(self.world.database))[1] is None

    def teardown(self) -> None:
        try:
            self.do(self.dawn())
        finally:
            self.do(self.stack.aclose())
            self.runner.close()

    async def dawn(self) -> None:
        """In the end everything is settled: nobody is silently given up."""
        for task in self.flying:
            task.cancel()
        await asyncio.gather(*self.flying, return_exceptions=True)
        await self.world.execute("UPDATE chunk SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL")
        for minutes in (1, 5, 20, 60, 120):
            await self.world.settle()
            await self.world.jump(timedelta(minutes=minutes))
        await self.world.settle()
        assert self.wrong == []
        assert (
            await self.world.rows("SELECT FROM chunk WHERE finished_at IS NULL AND channel IN ('sms', 'email')")
            == []
        )
        assert await self.world.rows("SELECT FROM every_timer WHERE fired_at IS NULL") == []
        assert (
            await self.world.rows("SELECT FROM bundle WHERE judged_at IS NULL AND not_after < engine_now()") == []
        )
        assert await self.world.rows(ABANDONED) == []


def test_any_night_ends_well(postgres: Postgres, book: RuleBook, tmp_path: Path) -> None:
    night = type("AnyNight", (Night,), {"postgres": postgres, "book": few_units(book), "folder": tmp_path})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        night,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.reuse, Phase.generate],
        ),
    )
