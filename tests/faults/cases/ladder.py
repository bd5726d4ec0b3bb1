"""Escalation and acknowledgement at the same moment, many times, on many engines."""

from __future__ import annotations

import asyncio
import re

import aiohttp

from tests.faults import oracles
from tests.faults.cases.dying import warned
from tests.faults.district import ALL, chain_of_command
from tests.faults.processes import HOST, until
from tests.faults.registry import fault
from tests.faults.stage import Engine, Stage
from tests.faults.verdict import hold

DUE = "SELECT count(*)::int FROM timer WHERE fired_at IS NULL AND due <= engine_now()"


async def fired(stage: Stage) -> None:
    """Wait until no timer is due and everything has left."""

    async def look() -> bool:
        return not await stage.value(DUE) and await stage.calm()

    await until("the due timers to fire", look)


@fault(49)
async def three_replicas(stage: Stage) -> str:
    await stage.database(chain_of_command(8))
    line = await stage.smpp()
    engine = await stage.running()
    await stage.running("second")
    await stage.running("third")
    await warned(engine, stage.bureau.warning("red", ALL[:8]))
    await stage.settled()
    for _ in range(4):
        await engine.jump(180)
        await fired(stage)
    once = await oracles.i7_once(stage)
    rows = await stage.sql(
        "SELECT d.address, count(*)::int AS n FROM attempt a JOIN delivery d ON d.id = a.delivery WHERE d.channel = 'sms' GROUP BY 1"
    )
    wire = oracles.phones(line.submits())
    hold(all(len(wire[row["address"]]) <= row["n"] for row in rows), "more copies on the wire than attempts")
    steps = await stage.sql(
        "SELECT act, count(*)::int AS n FROM timer WHERE fired_at IS NOT NULL GROUP BY act ORDER BY act"
    )
    expected = await stage.value("SELECT count(*)::int FROM obligation WHERE chased")
    reminded = await stage.value("SELECT count(*)::int FROM attempt WHERE purpose = 'reminder'")
    doubts = await stage.value("SELECT count(*)::int FROM delivery_event WHERE what = 'unknown'")
    calls = await stage.value(
        "SELECT count(*)::int FROM (SELECT bundle, kind FROM task WHERE bundle IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1) AS t"
    )
    hold(calls == 0, f"{calls} tasks stand twice")
    said = ", ".join(f"{row['n']} {row['act']}" for row in steps)
    return f"12 minutes of the ladder on three engines: {once} ({said}); {expected} chased, {reminded} reminders, {doubts} doubts, no step twice"


@fault(50)
async def answer_races_escalation(stage: Stage) -> str:
    await stage.database(chain_of_command(8))
    line = await stage.smpp()
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red", ALL[:8]))
    await stage.settled()
    await engine.jump(130)
    await fired(stage)
    numbers = sorted(stage.people.called("red", ALL[:8]))
    await asyncio.gather(engine.jump(180), line.tell(replies=[[number, "1"] for number in numbers]))

    async def answered() -> bool:
        return await stage.value("SELECT count(*)::int FROM answer") >= len(numbers)

    await until("all answers to be there", answered)
    await fired(stage)
    await oracles.i7_once(stage)
    twice = await stage.value(
        "SELECT count(*)::int FROM (SELECT bundle, step FROM answer GROUP BY bundle, step HAVING count(*) > 1) AS t"
    )
    open_ = await stage.value(
        "SELECT count(*)::int FROM obligation o JOIN bundle b ON b.id = o.bundle WHERE b.purpose = 'order' AND o.chased AND o.acked_at IS NULL"
    )
    hold(twice == 0 and open_ == 0, f"{twice} answers counted twice, {open_} obligations not acknowledged")
    before = await stage.value("SELECT count(*)::int FROM bundle WHERE purpose = 'escalation'")
    await engine.jump(600)
    await fired(stage)
    after = await stage.value("SELECT count(*)::int FROM bundle WHERE purpose = 'escalation'")
    hold(after == before, f"{after - before} escalations after everybody had answered")
    return f"{len(numbers)} answers in the moment in which their deputies are due: all acknowledged once, {before} escalations came first and are recorded, none after"


async def pressed(engine: Engine, path: str, times: int) -> list[int]:
    """Press the button of the page so many times at once."""
    connector = aiohttp.TCPConnector(limit=100)
    async with aiohttp.ClientSession(f"http://{HOST}:{engine.port}", connector=connector) as web:

        async def press() -> int:
            try:
                async with web.post(path, data={"step": "1"}, allow_redirects=False) as answer:
                    return answer.status
            except (aiohttp.ClientError, TimeoutError):
                return 0

        return await asyncio.gather(*(press() for _ in range(times)))


@fault(51)
async def a_thousand_times(stage: Stage) -> str:
    await stage.database(chain_of_command(4))
    line = await stage.smpp()
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red", ALL[:4]))
    await stage.settled()
    one = oracles.copies(line.submits())[0]
    found = re.search(r"https?://[^/]+(/a/\w+)", one.text)
    hold(found, f"no link in the text: {one.text[:80]}")
    assert found
    answers = await pressed(engine, found[1], 1000)
    bundle = await stage.value("SELECT bundle FROM delivery WHERE address = $1 ORDER BY bundle LIMIT 1", one.to)
    acked = await stage.value(
        "SELECT count(*)::int FROM obligation WHERE bundle = $1 AND acked_at IS NOT NULL", bundle
    )
    of = await stage.value("SELECT count(*)::int FROM obligation WHERE bundle = $1", bundle)
    others = await stage.value(
        "SELECT count(*)::int FROM obligation WHERE bundle <> $1 AND acked_at IS NOT NULL", bundle
    )
    kept = await stage.value("SELECT count(*)::int FROM answer WHERE bundle = $1", bundle)
    good = sum(200 <= status < 400 for status in answers)
    hold(
        acked == of and others == 0 and kept >= 1,
        f"{acked} of {of} acknowledged, {others} of other people, {kept} kept",
    )
    moments = await stage.value("SELECT count(DISTINCT acked_at)::int FROM obligation WHERE bundle = $1", bundle)
    hold(moments == 1, f"{moments} moments of acknowledgement")
    await oracles.i7_once(stage)
    hold(await engine.ready(), f"{await engine.problems()}")
    return f"1,000 presses at once, {good} answered well: {of} obligations acknowledged once at one moment, {kept} answers kept, nobody else's"
