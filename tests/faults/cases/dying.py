"""The engine dies, is stopped, is frozen."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import statistics
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.faults import oracles
from tests.faults.district import ALL, Issued, crowd
from tests.faults.processes import Child, until
from tests.faults.registry import fault
from tests.faults.stage import Engine, Gateway, Stage, clean
from tests.faults.verdict import hold


async def some(stage: Stage, count: int) -> None:
    """Wait until so many submits have arrived."""

    async def look() -> bool:
        return len(stage.submits()) >= count

    await until(f"{count} messages to leave", look, tail=stage.engines[0].child)


async def warned(engine: Engine, warning: Issued) -> None:
    status = await engine.warn(warning)
    hold(status in (200, 202), f"the warning was answered with {status}")


def is_traced(pid: int) -> bool:
    """Whether somebody traces it; the loops make calls of their own, so it may be dead already."""
    try:
        return "TracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


async def traced(stage: Stage, engine: Engine, *injection: str) -> Child:
    """Attach strace to a running engine; it kills at the n-th call."""
    trace = (
        "strace",
        "-qq",
        "-f",
        "-p",
        str(engine.child.pid),
        "-o",
        str(stage.folder / "strace.out"),
        *injection,
    )
    child = Child(stage.folder / "strace.log", *trace, environment=clean())
    await child.start()

    async def attached() -> bool:
        return is_traced(engine.child.pid)

    await until("strace to attach", attached, tail=child)
    return child


async def swept(stage: Stage, call: str, places: range) -> str:
    """Kill the sending engine at the n-th call of many, in another part of the district each time."""
    await stage.database()
    line = await stage.smpp(answer=1)
    stage.settings["dispatch"] = {"lease_seconds": 3, "grace_seconds": 0.5}
    brain = await stage.running(roles="ingest,ladder,console")
    sender = await stage.running("sender", roles="dispatch")
    size = len(ALL) // len(places)
    died = 0
    for part, place in enumerate(places):
        trace = await traced(stage, sender, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={place}")
        await warned(brain, stage.bureau.warning("red", ALL[part * size : (part + 1) * size]))

        async def over() -> bool:
            return not sender.child.running or await stage.calm()

        await until("the kill, or the end of the work", over)
        died += not sender.child.running
        await trace.kill()
        if not sender.child.running:
            await sender.again()
    said = await oracles.all_hold(stage, stage.people.called("red", ALL[: size * len(places)]))
    hold(died, "no kill hit the engine")
    return f"{died} of {len(places)} runs died at {call} {places[0]}, {places[1]} … {places[-1]}, {len(line.submits())} parts on the wire: {said}"


@fault(1)
async def killed_between_answer_and_record(stage: Stage) -> str:
    return await swept(stage, "recvfrom", range(8, 64, 8))


@fault(2)
async def killed_between_intent_and_write(stage: Stage) -> str:
    return await swept(stage, "sendto", range(8, 64, 8))


@dataclass
class Death:
    """One SIGKILL under load and the way back."""

    doubts: int
    """Intents without an outcome at that moment: the window in flight."""
    up: float
    """Seconds from the start of the next process to its first good /readyz."""
    sent: float
    """Seconds from that start to the first text that leaves."""


UNSETTLED = (
    "SELECT count(*)::int FROM attempt a WHERE NOT EXISTS "
    "(SELECT FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number)"
)
MOST_IN_FLIGHT = 3 * 16
"""Two batches of the gateway's window in the air, and one of reds."""


async def died(stage: Stage, engine: Engine) -> Death:
    """Kill it, start it again, and wait for what leaves then."""
    await engine.child.kill()
    doubts = await stage.value(UNSETTLED)
    began, line = time.time(), stage.gateways[0]
    before = (await line.tell())["taken"]
    await engine.again()
    up = time.time() - began

    async def first() -> bool:
        return bool((await line.tell())["taken"] > before)

    await until("a text to leave after the restart", first, tail=engine.child)
    return Death(doubts, up, time.time() - began)


@fault(3)
async def killed_at_random(stage: Stage) -> str:
    """Under load all the time: a line of 60 parts a second, a new version for 280 people whenever the last is out."""
    await stage.database(crowd(10))
    line = await stage.smpp(delay=0.03, settings={"rate": 60})
    engine = await stage.running()
    chance, kills = random.Random(3), int(os.environ.get("FAULTS_KILLS", "8"))
    levels, deaths = itertools.cycle(("red", "orange", "yellow", "orange")), list[Death]()
    messages = 0
    while len(deaths) < kills:
        queued = await stage.value(
            "SELECT count(*)::int FROM chunk WHERE finished_at IS NULL AND purpose = 'first'"
        )
        if not queued:
            level = next(levels)
            await warned(engine, stage.bureau.warning(level, ALL, "Update" if messages else "Alert"))
            messages += 1
        taken = (await line.tell())["taken"] + chance.randint(1, 60)
        await until("texts to leave", partial(past, line, taken), tail=engine.child)
        deaths.append(await died(stage, engine))
        print("kill", len(deaths), deaths[-1], file=sys.stderr, flush=True)
    said = await oracles.all_hold(stage, stage.people.called("red"), wait=120)
    extra = oracles.i3_copies(stage, await stage.sql(oracles.DELIVERIES))[1]
    window = max(death.doubts for death in deaths)
    hold(window <= MOST_IN_FLIGHT, f"{window} in flight at a kill: more than {MOST_IN_FLIGHT}")
    hold(extra <= sum(death.doubts for death in deaths), f"{extra} second copies: more than was in flight")
    ups, sents = ([getattr(death, name) for death in deaths] for name in ("up", "sent"))
    return (
        f"{kills} SIGKILLs under load, {messages} messages for {len(stage.people.holders)} people: 0 lost, 0 hidden duplicates; "
        f"{said}; {extra / kills:.1f} second copies for each kill; in flight at a kill {statistics.mean(d.doubts for d in deaths):.1f} "
        f"on average, {window} at most (bound {MOST_IN_FLIGHT}); from start to ready {statistics.median(ups):.1f} s (most {max(ups):.1f}), "
        f"to the first text {statistics.median(sents):.1f} s (most {max(sents):.1f}) with leases of 6 and 9 s"
    )


async def past(line: Gateway, taken: int) -> bool:
    """Whether a gateway has taken so many."""
    return bool((await line.tell())["taken"] >= taken)


@fault(4)
async def stopped_under_load(stage: Stage) -> str:
    await stage.database()
    await stage.smpp(each=0.02, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))
    await some(stage, 30)
    began = asyncio.get_running_loop().time()
    engine.child.signal(signal.SIGTERM)
    code = await engine.child.ended(20)
    took = asyncio.get_running_loop().time() - began
    out = len(oracles.copies(stage.submits()))
    await engine.again()
    said = await oracles.all_hold(stage, stage.people.called("red"))
    had = oracles.phones(stage.submits())
    twice = sum(len(one) > 1 for one in had.values())
    hold(code == 0 and took <= 10, f"exit {code} after {took:.1f} s")
    hold(out < len(had), "everything was out before the stop")
    hold(not twice, f"{twice} people have two copies after an orderly stop")
    return f"exit 0 after {took:.1f} s with {out} of {len(had)} out; {said}"


async def frozen(stage: Stage, *, clear: bool) -> tuple[str, int]:
    """Freeze one of two engines past its lease in mid-send, perhaps issue the all-clear, and let it go on."""
    await stage.database()
    line = await stage.smpp(delay=0.1)
    second = await stage.running("second", roles="ingest,ladder,console")
    first = await stage.running("first", roles="dispatch")
    order = stage.bureau.warning("red")
    await warned(second, order)
    await some(stage, 20)
    first.child.freeze()
    at = len(line.submits())
    await stage.running("third", roles="dispatch")
    if clear:
        await warned(second, stage.bureau.warning("red", kind="Cancel"))

    await stage.settled()  # not before its lease is over and the other one has judged what it left
    quiet = len(line.submits())
    first.child.thaw()
    await oracles.i12_healthy(first)
    await stage.settled()
    said = await oracles.all_hold(
        stage, stage.people.called("red") if not clear else {one["to"] for one in line.submits()}
    )
    woken = len(line.submits()) - quiet
    hold(woken == 0, f"{woken} messages left the engine that was frozen after others had taken its work")
    return said, at


@fault(5)
async def frozen_past_its_lease(stage: Stage) -> str:
    said, at = await frozen(stage, clear=False)
    return (
        f"one of two engines stopped with {at} parts out, until its lease was over: nothing left it after; {said}"
    )


@fault(6)
async def frozen_while_the_all_clear_is_issued(stage: Stage) -> str:
    said, at = await frozen(stage, clear=True)
    cleared = oracles.i4_no_overtake(stage)
    reached = {one.to for one in oracles.copies(stage.submits()) if not one.lapse}
    told = {one.to for one in oracles.copies(stage.submits()) if one.lapse}
    rows = await stage.sql(
        "SELECT DISTINCT ltrim(d.address, '+') AS number FROM delivery_event e JOIN delivery d ON d.id = e.delivery "
        "WHERE e.what IN ('unknown', 'held')"
    )
    doubtful = {row["number"] for row in rows}  # what it had intended and not written when it froze
    hold(reached <= told, f"{len(reached - told)} of {len(reached)} had the order and no all-clear")
    hold(
        {number.lstrip("+") for number in told - reached} <= doubtful,
        f"{len(reached)} had the order, {len(told)} the all-clear, {len(doubtful)} were in doubt",
    )
    return f"one of two engines stopped with {at} parts out, all-clear issued meanwhile: {cleared}; {said}"
