"""Clocks that jump, that differ, and dates on which naive programs are wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.faults import oracles
from tests.faults.cases.dying import some, warned
from tests.faults.district import ALL, PROJECT, chain_of_command
from tests.faults.processes import until, within
from tests.faults.registry import faketime, fault
from tests.faults.stage import Engine, Stage
from tests.faults.verdict import hold


def told_by(clock: Path) -> dict[str, str]:
    """The environment of a process whose wall clock is off by what stands in a file; its monotonic one is real."""
    return {
        "LD_PRELOAD": faketime(),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


async def skew(engine: Engine, least: float) -> float:
    """The difference between engine and database that the alert ClockSkew rings on, once it is that large."""

    async def look() -> float:
        values = await engine.metric("ews_clock_skew_seconds")
        return max((value for value in values.values() if value >= least), default=0.0)

    return await within(look, 15) or 0.0


@fault(46)
async def clock_jumps(stage: Stage) -> str:
    await stage.database()
    await stage.smpp(each=0.01, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    clock = stage.folder / "clock"
    clock.write_text("+0\n")
    engine = await stage.running(environment=told_by(clock))
    await warned(engine, stage.bureau.warning("red", expires_in=400))
    await some(stage, 20)
    clock.write_text("+10m\n")
    ahead = await skew(engine, 500)
    await some(stage, 120)
    clock.write_text("-10m\n")
    behind = await skew(engine, 500)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    early = await stage.value("SELECT count(*)::int FROM timer WHERE fired_at IS NOT NULL AND fired_at < due")
    ended = await stage.value("SELECT count(*)::int FROM delivery_event WHERE what = 'expired'")
    hold(not early and not ended, f"{early} timers fired early and {ended} texts counted as expired")
    hold(ahead and behind, f"the skew is told as {ahead:.0f} s and {behind:.0f} s")
    return f"10 min forward and 20 back in mid-load: nothing expired, no timer early, skew told as {ahead:.0f} s; {said}"


@fault(47)
async def clocks_differ(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp()
    clock = stage.folder / "clock"
    clock.write_text("+5m\n")
    wrong_from_the_start = stage.engine("early", environment=told_by(clock))
    await wrong_from_the_start.child.start()
    code = await wrong_from_the_start.child.ended()
    hold(code == 1, f"an engine whose clock is 5 min off started: exit {code}")
    clock.write_text("+0\n")
    engine = await stage.running(environment=told_by(clock))
    clock.write_text("+5m\n")
    await warned(engine, stage.bureau.warning("red", ALL[:14], expires_in=180))
    said = await oracles.all_hold(stage, stage.people.called("red", ALL[:14]))
    told = await skew(engine, 200)
    await line.kill()
    await warned(engine, stage.bureau.warning("red", ALL[14:], expires_in=30))
    await engine.jump(60)
    await line.back()
    await oracles.i12_healthy(engine)
    await stage.settled()
    ended = stage.people.called("red", ALL[14:])
    late = sum(one["to"] in ended for one in line.submits())
    hold(late == 0, f"{late} parts were sent after their end by the database's clock")
    wrong = await stage.value(
        "SELECT count(*)::int FROM attempt WHERE abs(extract(epoch FROM intended_at - engine_now())) > 200"
    )
    hold(wrong == 0, f"{wrong} attempts carry the engine's time")
    hold(told, "nothing tells the skew")
    return f"5 min off at the start: refused; ahead later: an order with 3 min left was sent, one that had ended was not, skew told as {told:.0f} s; {said}"


def moments_of(steps: Sequence[Mapping[str, Any]]) -> list[int]:
    """Minutes after the order at which the steps of ladder.yaml are due, read by hand."""
    found = []
    for step in steps:
        first, every = int(step["after"].rstrip("m")), int(str(step.get("every", "0m")).rstrip("m"))
        found += [first + every * turn for turn in range(step.get("times", 1))]
    return sorted(found)


MOMENTS = {
    "end of the year": "2026-12-31T15:58:00Z",
    "spring forward in Madrid": "2027-03-28T00:58:00Z",
    "fall back in Madrid": "2027-10-31T00:58:00Z",
    "leap day": "2028-02-28T23:58:00Z",
}


@fault(48)
async def calendar(stage: Stage) -> str:
    await stage.database(chain_of_command(4))
    await stage.smpp()
    engine = await stage.running(environment={"TZ": "Europe/Madrid"})
    ladder = yaml.safe_load((PROJECT / "rules" / "ladder.yaml").read_text(encoding="utf-8"))
    tables = [moments_of(ladder["red"]["steps"]), moments_of(ladder["red"].get("night_steps", ()))]
    minutes = tables[0]
    checked = 0
    for name, moment in MOMENTS.items():
        now = datetime.fromisoformat(moment).astimezone(UTC)
        clock = datetime.fromisoformat((await engine.get("/v1/clock"))["now"])
        await engine.jump((now - clock).total_seconds())
        await stage.sql(
            "SELECT ensure_partitions($1::date, 2)", now.date()
        )  # months that no engine has come to yet
        await warned(engine, stage.bureau.warning("red", ALL[:4], "Alert", now=now - timedelta(seconds=100)))
        await stage.settled()
        rows = await stage.sql(
            "SELECT extract(epoch FROM t.due - b.made_at)::float8 / 60 AS after, t.step, b.made_at, "
            "extract(epoch FROM b.not_after - b.made_at)::float8 / 3600 AS hours FROM every_timer t "
            "JOIN bundle b ON b.id = t.bundle WHERE t.act IN ('again', 'deputy', 'superior', 'duty_room', 'visit', 'voice') AND b.change = (SELECT max(change) FROM bundle WHERE purpose = 'order')"
        )
        hold(rows, f"{name}: no timers")
        off = min((sum(round(row["after"], 1) not in table for row in rows), table) for table in tables)
        hold(
            off[0] == 0,
            f"{name}: {off[0]} of {len(rows)} timers are off: {sorted({round(row['after'], 1) for row in rows})} of {tables}",
        )
        hold(
            all(2.9 < row["hours"] < 3.05 for row in rows),
            f"{name}: the order ends after {rows[0]['hours']:.2f} h, not 3",
        )
        checked += len(rows)
        await engine.jump(180)

        async def fired(now: datetime = now) -> bool:
            return bool(
                await stage.value(
                    "SELECT count(*)::int FROM timer t JOIN bundle b ON b.id = t.bundle WHERE t.fired_at > $1", now
                )
            )

        await until(f"the first timers of {name}", fired)
        await warned(engine, stage.bureau.warning("red", ALL[:4], "Cancel", now=now + timedelta(seconds=60)))
        await stage.settled()
    early = await stage.value("SELECT count(*)::int FROM timer WHERE fired_at < due")
    hold(early == 0, f"{early} timers fired early")
    await asyncio.sleep(0)
    return f"{', '.join(MOMENTS)}, engine in Madrid's time: {checked} timers at {minutes} min, all orders end after 3 h, none early"
