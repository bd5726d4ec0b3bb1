"""Nights on which engines die in mid-send and gateways stand in for each other, over the real store.

To what may happen on any night this adds two lines for texts, deaths at each point between the intent and the
giving back of a chunk, and receipts that mean nobody. What must hold is asked of the gateways' own logs and of the
tables, by statements that share nothing with the engine.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.conftest import Postgres
from tests.dispatch.fake_channel import FakeChannel, Will
from tests.store.test_night import ANSWERED_AT_ONCE, Night
from tests.store.world import ANJU, few_units
from warnengine.acknowledge.receipts import spellings
from warnengine.dispatch.channel import Outgoing
from warnengine.dispatch.dispatcher import Dispatcher
from warnengine.dispatch.routes import Leave, Routes, Way
from warnengine.model.book import RuleBook
from warnengine.model.delivery import Fate, Outcome
from warnengine.settings import Dispatch
from warnengine.store.journal import Journal
from warnengine.store.sending import ClaimDesk, SendStore

EXAMPLES = int(os.environ.get("WARNENGINE_TEST_EXAMPLES", "12"))
LINES = ("sms", "sms-2")
DEATHS = ("before the write", "before the record", "before the release")
LEASE = timedelta(seconds=30)

EXPLAINED = """
SELECT a.delivery, 1 + count(*) FILTER (WHERE a.purpose = 'reminder' OR NOT s.known OR s.doubted) AS most
FROM attempt a CROSS JOIN LATERAL (
    SELECT count(*) > 0 AS known, coalesce(bool_or(what IN ('unknown', 'held', 'silent', 'undelivered')), false) AS doubted
    FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number) s
GROUP BY a.delivery"""
INTENDED = "SELECT gateway, client_id FROM attempt"
TAKEN = """
SELECT DISTINCT a.gateway, a.client_id FROM attempt a JOIN delivery_event e ON e.delivery = a.delivery AND e.number = a.number
WHERE e.what IN ('accepted', 'delivered')"""
ASKED_TWICE = """
SELECT behalf, person FROM bundle WHERE purpose = 'escalation' GROUP BY behalf, person HAVING count(*) > 1"""
TOLD_TWICE = """
SELECT district, kind, bundle, person FROM task WHERE kind IN ('unreached', 'visit') AND closed_at IS NULL
GROUP BY district, kind, bundle, person HAVING count(*) > 1"""
ACKED = "SELECT version, person, acked_at FROM obligation WHERE acked_at IS NOT NULL"
SETTLED_TWICE = """
SELECT delivery, number, what FROM delivery_event WHERE what <> 'unknown' GROUP BY delivery, number, what HAVING count(*) > 1"""

UNTOLD = """
SELECT v.id, b.person FROM order_version v JOIN change c ON c.id = v.change AND c.expanded_at IS NOT NULL
JOIN order_version w ON w.standing_order = v.standing_order AND w.version < v.version
JOIN bundle b ON w.id = ANY (b.versions) AND b.approval IS NULL
JOIN delivery_event e ON e.delivery BETWEEN b.id AND b.id + 15 AND e.what IN ('accepted', 'unknown', 'delivered')
WHERE v.kind = 'lapse' AND v.superseded_at IS NULL
  AND (e.what = 'delivered' OR NOT EXISTS (SELECT FROM delivery_event l WHERE l.delivery = e.delivery
       AND l.number = e.number AND l.what IN ('undelivered', 'refused', 'failed')))
  AND NOT EXISTS (SELECT FROM bundle m WHERE m.person = b.person AND v.id = ANY (m.versions))"""
UNSETTLED = """
SELECT delivery, number FROM attempt a
WHERE NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number)"""


class MortalStore(SendStore):
    """An engine's store, and the point at which the engine stands still until it is dead."""

    death: str = ""
    dying: asyncio.Event

    @asynccontextmanager
    async def claim(
        self, channel: str, gateway: str, *, lowest: int, leave: Leave | None
    ) -> AsyncIterator[ClaimDesk | None]:
        async with super().claim(channel, gateway, lowest=lowest, leave=leave) as desk:
            if desk and self.death == "before the record":
                desk.record = self._stand_still  # type: ignore[assignment,method-assign]
            elif desk and self.death == "before the release":
                desk.release = self._stand_still  # type: ignore[method-assign]
            yield desk

    def _stand_still(self, outcome: Outcome | None = None) -> Awaitable[None]:
        self.dying.set()
        return asyncio.get_running_loop().create_future()


class DeadlyNight(Night):
    """A night with deaths."""

    def __init__(self) -> None:
        super().__init__()
        self.acked: dict[tuple[int, str], datetime] = {}
        self.engines = 0
        self.standing: list[tuple[asyncio.Task[bool], asyncio.Event]] = []

    @initialize()
    def dusk(self) -> None:
        super().dusk()
        second = FakeChannel("sms", "sms-2", counter=self.world.sms.counter, before=self.look)
        self.world.channels["sms-2"] = second
        self.world.engine.journal.several = ["sms"]

    # what may happen

    def engine(self, line: str, death: str = "") -> Dispatcher:
        """A process of its own, with both lines; it asks for work on one of them."""
        self.engines += 1
        journal = Journal(self.world.database, f"mortal {self.engines}", spellings)
        journal.several = ["sms"]
        store = MortalStore(self.world.database, journal, LEASE)
        store.death, store.dying = death, asyncio.Event()
        ways = {self.world.channels[name].gateway: Way("sms", 1) for name in LINES}
        channel = self.world.channels[line]
        return Dispatcher(channel, store, self.world.engine.wording, Dispatch(intent_batch=3), Routes(ways))

    @rule(line=st.sampled_from(LINES), script=st.lists(st.sampled_from(ANSWERED_AT_ONCE), min_size=1, max_size=3))
    def send_by(self, line: str, script: list[Will]) -> None:
        channel = self.world.channels[line]
        channel.script.extend(script)
        self.do(self.engine(line).step())
        channel.script.clear()

    @rule(
        line=st.sampled_from(LINES),
        death=st.sampled_from(DEATHS),
        script=st.lists(st.sampled_from(ANSWERED_AT_ONCE), max_size=3),
        over=st.booleans(),
    )
    def die(self, line: str, death: str, script: list[Will], over: bool) -> None:
        """An engine dies in mid-batch; its lease runs out at once, or later."""
        self.do(self._die(line, death, script))
        if over:
            self.lease_over()

    async def _die(self, line: str, death: str, script: list[Will]) -> None:
        channel, engine = self.world.channels[line], self.engine(line, death)
        dying = engine.store.dying  # type: ignore[attr-defined]
        alive = asyncio.all_tasks()

        async def stand_still(message: Outgoing) -> None:
            dying.set()
            await asyncio.Future()

        if death == "before the write":
            channel.before = stand_still
        channel.script.extend(script)
        step, dead = asyncio.create_task(engine.step()), asyncio.create_task(dying.wait())
        await asyncio.wait({step, dead}, return_when=asyncio.FIRST_COMPLETED)
        begun = asyncio.all_tasks() - alive
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        channel.before = self.look
        channel.script.clear()

    @rule(line=st.sampled_from(LINES))
    def stand(self, line: str) -> None:
        """An engine stands still between its last look and the write, within its lease; `go_on` lets it write."""
        channel, go_on, arrived = self.world.channels[line], asyncio.Event(), asyncio.Event()

        async def wait(message: Outgoing) -> None:
            arrived.set()
            await go_on.wait()

        async def begin() -> None:
            channel.before = wait
            step, there = asyncio.create_task(self.engine(line).step()), asyncio.create_task(arrived.wait())
            await asyncio.wait({step, there}, return_when=asyncio.FIRST_COMPLETED)
            there.cancel()
            channel.before = self.look
            self.standing.append((step, go_on))

        self.do(begin())

    @precondition(lambda self: self.standing)
    @rule()
    def go_on(self) -> None:
        self.do(self.write())

    async def write(self) -> None:
        for _, event in self.standing:
            event.set()
        await asyncio.gather(*(step for step, _ in self.standing))
        self.standing.clear()

    @rule(
        line=st.sampled_from(LINES),
        level=st.sampled_from([None, "red"]),
        hazard=st.sampled_from(["rainstorm", "gale"]),
    )
    def be_superseded(self, line: str, level: str | None, hazard: str) -> None:
        """While an engine stands before the write everybody else learns the newer, and only then it writes."""
        self.warn(level="yellow", where=[ANJU], hazard=hazard, minutes=180)
        self.stand(line)
        self.warn(level=level, where=[ANJU], hazard=hazard, minutes=180)  # type: ignore[arg-type]
        self.send_all()
        self.do(self.write())

    @rule()
    def lease_over(self) -> None:
        """Who still stands by then writes nothing any more."""
        self.do(self.give_up())
        super().lease_over()

    async def give_up(self) -> None:
        for step, _ in self.standing:
            step.cancel()
        await asyncio.gather(*(step for step, _ in self.standing), return_exceptions=True)
        self.standing.clear()

    @rule(
        place=st.integers(0, 99), fate=st.sampled_from(Fate), how=st.sampled_from(["unknown id", "other number"])
    )
    def strange_receipt(self, place: int, fate: Fate, how: str) -> None:
        """A receipt that speaks of no message of ours, or of somebody else."""
        if not (log := self.logs):
            return
        entry = log[place % len(log)]

        async def come() -> None:
            before = await self.world.rows("SELECT delivery, number, what FROM delivery_event")
            if how == "unknown id":
                await self.world.receipt(entry, fate, id_=f"nobody's {place}")
            else:
                await self.world.receipt(
                    entry, fate, address="+8613900000000" if "@" not in entry.address else "x@y"
                )
            assert before == await self.world.rows("SELECT delivery, number, what FROM delivery_event")

        self.do(come())

    @rule(place=st.integers(0, 99), fate=st.sampled_from(Fate))
    def receipt(self, place: int, fate: Fate) -> None:
        super().receipt(place=place, fate=fate)
        self.do(self.world.react())

    @rule(hazard=st.sampled_from(["rainstorm", "gale"]), clear=st.booleans())
    def failed_then_delivered(self, hazard: str, clear: bool) -> None:
        """Both receipts of a message, in the wrong order, twice; what it said may be over by the second."""
        before = len(self.logs)
        self.warn(level="yellow", where=[ANJU], hazard=hazard, minutes=180)
        self.send_all()
        late = sorted(self.logs, key=lambda entry: entry.place)[before:]
        for entry in late:
            self.do(self.world.receipt(entry, Fate.FAILED))
        if clear:
            self.cancel(where=[ANJU], hazard=hazard)
        for entry in late:
            for fate in (Fate.DELIVERED, Fate.FAILED, Fate.DELIVERED):
                self.do(self.world.receipt(entry, fate))
        self.do(self.world.react())

    # what always holds

    def sent(self) -> list[tuple[str, str]]:
        """Gateway and id of every message that reached one, by their own logs."""
        return [
            (channel.gateway, entry.client_id) for channel in self.world.channels.values() for entry in channel.log
        ]

    @invariant()
    def copies_are_admitted(self) -> None:
        most = dict(self.do(self.world.rows(EXPLAINED)))
        for delivery, copies in Counter(entry.delivery for entry in self.logs).items():
            assert copies <= most[delivery], f"{copies} copies of {delivery}, {most[delivery]} explained"

    @invariant()
    def nothing_leaves_without_an_intent_or_twice_under_one(self) -> None:
        sent = self.sent()
        assert len(sent) == len(set(sent))
        assert set(sent) <= set(map(tuple, self.do(self.world.rows(INTENDED))))

    @invariant()
    def what_reads_as_taken_was_taken(self) -> None:
        lines = {channel.gateway for channel in self.world.channels.values()}
        taken = {tuple(row) for row in self.do(self.world.rows(TAKEN)) if row["gateway"] in lines}
        assert taken <= set(self.sent())

    @invariant()
    def who_has_an_order_hears_its_all_clear(self) -> None:
        assert self.do(self.world.rows(UNTOLD)) == []

    @invariant()
    def one_answer_one_escalation_one_task(self) -> None:
        for query in (ASKED_TWICE, TOLD_TWICE, SETTLED_TWICE):
            assert self.do(self.world.rows(query)) == []
        for row in self.do(self.world.rows(ACKED)):
            key = row["version"], row["person"]
            assert self.acked.setdefault(key, row["acked_at"]) == row["acked_at"]

    async def dawn(self) -> None:
        await self.give_up()
        await super().dawn()
        assert await self.world.rows(UNSETTLED) == []


def test_engines_may_die_on_any_night(postgres: Postgres, book: RuleBook, tmp_path: Path) -> None:
    night = type("AnyNight", (DeadlyNight,), {"postgres": postgres, "book": few_units(book), "folder": tmp_path})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        night,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.reuse, Phase.generate],
        ),
    )
