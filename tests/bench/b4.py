"""B4: the real district: one red for 28 townships and all sectors, about 2,000 people, three channels at once; and a
flood of receipts."""

from __future__ import annotations

import asyncio
import time

from tests.bench import b1, gateways, people
from tests.bench.engine import Engine
from tests.bench.night import warning
from tests.bench.stand import Counts, Sample, Stand

DOORS = ("smpp", "smtp", "push")
OPEN = {"queued", "sending"}
FLOOD_WINDOW = 1000
HANDED = """
SELECT NOT EXISTS (SELECT FROM change WHERE expanded_at IS NULL) AND count(*) > 0
   AND count(*) <= (SELECT count(DISTINCT delivery) FROM delivery_event WHERE what IN ('accepted', 'delivered'))
FROM delivery"""
MADE = "SELECT count(*), count(DISTINCT bundle), count(DISTINCT channel) FROM delivery"


async def measure(stand: Stand) -> None:
    """The red, then the flood."""
    found = await stand.repeated("the district's red", 2_000, lambda: red(stand), stand.plan.runs)
    if found:
        stand.values |= {"B4.last_handoff_s": found["last_handoff_s"], "B4.board_s": found["board_s"]}
    count = stand.plan.peer_size
    flood = await stand.repeated("flood of receipts", count, lambda: flooded(stand, count))
    if flood:
        stand.values["B4.receipts_per_s"] = flood["rate"]


async def red(stand: Stand) -> Sample:
    """From the acceptance of the red to the last hand-off on any channel, and until the board shows it."""
    await stand.reset(receipts="none")
    ports = stand.ports
    doors = [gateways.smpp(ports, b1.WINDOW), gateways.smtp(ports, 16), gateways.push(16)]
    async with stand.server.database(await stand.district()) as database:
        async with stand.server.connection(database) as connection:
            await connection.execute(people.BROWSERS, people.browser(ports["http"]))
            most = await connection.fetchval("SELECT count(*) FROM address")
        async with stand.engine(database, stand.shipped, doors) as engine:
            await engine.warn(warning(stand.town_names))
            await stand.until("nearly all hand-offs", lambda seen: handed(seen) > 0.9 * most, engine)
            await stand.recorded(database, HANDED, "the last hand-off")
            seen, (shown, asked) = await stand.counts(), await board(engine)
        async with stand.server.connection(database) as connection:
            times = await connection.fetchrow(b1.TIMES)
            made = await connection.fetchrow(MADE)
    assert times
    assert made
    last = max(seen[door]["last"] for door in DOORS)
    return {
        "last_handoff_s": last - times["warned"],
        "first_ms": (min(seen[door]["first"] for door in DOORS) - times["warned"]) * 1000,
        **{f"last_{door}_s": seen[door]["last"] - times["warned"] for door in DOORS},
        "recorded_s": times["accepted"] - times["warned"],
        "board_s": max(0, times["accepted"] - last) + asked,
        "board_shows_all": shown,
        "expanded_s": times["expanded"] - times["warned"],
        "deliveries": made[0],
        "people": made[1],
    }


async def board(engine: Engine) -> tuple[bool, float]:
    """Whether both lists show every delivery as handed off, and how long they take together."""
    began = time.time()
    orders, deliveries = await asyncio.gather(
        engine.listed("orders", most="5000"), engine.listed("deliveries", most="20000")
    )
    asked = time.time() - began
    return bool(orders) and not {one["state"] for one in deliveries} & OPEN, asked


async def flooded(stand: Stand, count: int) -> Sample:
    """Receipts of texts that were accepted long since, offered as fast as they are confirmed."""
    await stand.reset(receipts="held")
    gateway = gateways.smpp(stand.ports, b1.WINDOW)
    async with (
        stand.server.database(await stand.crowd(count)) as database,
        stand.engine(database, stand.short, [gateway]) as engine,
    ):
        await engine.warn(warning(stand.town_names))
        await stand.recorded(database, HANDED, "the last hand-off")
        began = time.time()
        await stand.sink.asked({"flood": [count, FLOOD_WINDOW]})
        seen = await stand.until("the last receipt", lambda seen: confirmed(seen) >= count, engine)
        await stand.recorded(database, b1.SETTLED, "the last receipt in the store")
        async with stand.server.connection(database) as connection:
            times = await connection.fetchrow(b1.TIMES)
    assert times
    return {
        "rate": count / (times["delivered"] - began),
        "confirmed_rate": count / (seen["smpp_receipts"]["last"] - began),
    }


def handed(seen: Counts) -> int:
    """Messages at all doors."""
    return sum(seen[door]["taken"] for door in DOORS)


def confirmed(seen: Counts) -> int:
    """Receipts that the engine has taken."""
    return int(seen["smpp_receipts"]["taken"])
