"""B1: one red warning to N people, every guard on, outcome and receipt recorded, one engine in one process."""

from __future__ import annotations

import math

from tests.bench import gateways
from tests.bench.engine import House
from tests.bench.night import warning
from tests.bench.process import cpu_seconds, peak_mb
from tests.bench.stand import Sample, Stand
from warnengine.demo.relay import free_port

WINDOW = 64
SETTLED = """
SELECT count(DISTINCT delivery) FILTER (WHERE what = 'delivered')
       >= (SELECT count(*) FROM delivery WHERE channel = 'sms') FROM delivery_event"""
"""Every text is reported as delivered."""
TIMES = """
SELECT extract(epoch FROM (SELECT min(received_at) FROM arrival))::float8 AS warned,
       extract(epoch FROM (SELECT max(expanded_at) FROM change))::float8 AS expanded,
       extract(epoch FROM max(at) FILTER (WHERE what = 'accepted'))::float8 AS accepted,
       extract(epoch FROM max(at) FILTER (WHERE what = 'delivered'))::float8 AS delivered,
       (SELECT count(*) FROM delivery)::float8 AS deliveries FROM delivery_event"""


async def measure(stand: Stand) -> None:
    """All sizes with texts of one part, one with the shipped texts, and expansion alone."""
    plan, firsts, peaks = stand.plan, [], []
    rates: dict[int, float] = {}
    for size in plan.sizes:
        if rates and (likely := size / min(rates.values())) > plan.patience:
            why = f"not measured: it would take {likely:.0f} s at the rate of smaller ones"
            stand.runs.append({"what": "warnengine, SMPP", "size": size, "n": 0, "failed": why})
            continue
        found = await stand.repeated("warnengine, SMPP", size, lambda: by_smpp(stand, size, stand.short))  # noqa: B023
        if found:
            rates[size] = stand.values[f"B1.rate_{name(size)}"] = found["rate"]
            firsts.append(found["first_ms"])
            peaks.append(found["rss_mb"])
            stand.values[f"B1.cpu_us_{name(size)}"] = found["cpu_us"]
    if firsts:
        stand.values |= {"B1.first_ms": max(firsts), "B1.rss_mb": max(peaks)}
    size = plan.peer_size
    stand.values["B1.cpu_us"] = stand.values.get(f"B1.cpu_us_{name(size)}", math.nan)
    await stand.repeated("warnengine, SMPP, shipped texts", size, lambda: shipped(stand, size), 3)
    alone = await stand.repeated("warnengine, expansion alone", size, lambda: expansion(stand, size))
    if alone and size in rates:
        stand.values["B1.share_without_gateway"] = rates[size] / alone["rate"]
    small, large = plan.sizes[1:2], plan.sizes[-1]
    if small and large in rates and small[0] in rates and large > small[0]:
        dearer = rates[small[0]] / rates[large]
        stand.values["B6.backlog_exponent"] = math.log(dearer) / math.log(large / small[0])


def name(size: int) -> str:
    """10k for 10000."""
    return f"{size // 1000}k"


async def by_smpp(stand: Stand, count: int, house: House) -> Sample:
    """One red by SMPP."""
    await stand.reset()
    return await one_red(stand, count, house, gateways.smpp(stand.ports, WINDOW), ("smpp", "smpp_receipts"))


async def by_http(stand: Stand, count: int) -> Sample:
    """One red by HTTP, receipts by callback."""
    port = free_port()
    await stand.reset(callback=gateways.callback(port))
    gateway = gateways.http(stand.ports, WINDOW)
    return await one_red(stand, count, stand.short, gateway, ("http", "http_receipts"), port)


async def shipped(stand: Stand, count: int) -> Sample:
    """One red by SMPP by the shipped book, in its words: several parts to each text."""
    return await by_smpp(stand, count, stand.unlimited)


async def one_red(
    stand: Stand, count: int, house: House, gateway: gateways.Settings, doors: tuple[str, str], port: int = 0
) -> Sample:
    """From the acceptance of a red to the last receipt, in a store of its own."""
    texts, receipts = doors
    async with (
        stand.server.database(await stand.crowd(count)) as database,
        stand.engine(database, house, [gateway], port=port) as engine,
    ):
        used, base = cpu_seconds([engine.program.pid]), stand.server.cpu()
        answered = await engine.warn(warning(stand.town_names))
        await stand.until(
            "the last receipt",
            lambda seen: seen[texts]["taken"] >= count and seen[receipts]["taken"] >= seen[texts]["taken"],
            engine,
        )
        await stand.recorded(database, SETTLED, "the last receipt in the store")
        seen = await stand.counts()
        used, base = cpu_seconds([engine.program.pid]) - used, stand.server.cpu() - base
        peak = peak_mb(engine.program.pid)
        async with stand.server.connection(database) as connection:
            times = await connection.fetchrow(TIMES)
    assert times
    warned, done = times["warned"], max(times["accepted"], times["delivered"])
    return {
        "rate": count / (done - warned),
        "first_ms": (seen[texts]["first"] - warned) * 1000,
        "answer_ms": answered * 1000,
        "expanded_s": times["expanded"] - warned,
        "last_handoff_s": seen[texts]["last"] - warned,
        "last_receipt_s": done - warned,
        "parts": seen[texts]["taken"] / count,
        "cpu_us": used / count * 1e6,
        "postgres_cpu_us": base / count * 1e6,
        "rss_mb": peak,
    }


async def expansion(stand: Stand, count: int) -> Sample:
    """The same red without any gateway: matched, written, expanded, and nobody sends."""
    async with (
        stand.server.database(await stand.crowd(count)) as database,
        stand.engine(database, stand.short, [], frozenset({"gateways"})) as engine,
    ):
        used = cpu_seconds([engine.program.pid])
        await engine.warn(warning(stand.town_names))
        question = f"SELECT count(*) >= {count} AND bool_and(expanded_at IS NOT NULL) FROM delivery, LATERAL (SELECT * FROM change) c"
        await stand.recorded(database, question, "the last delivery")
        used = cpu_seconds([engine.program.pid]) - used
        async with stand.server.connection(database) as connection:
            times = await connection.fetchrow(TIMES)
    assert times
    seconds = times["expanded"] - times["warned"]
    return {"rate": count / seconds, "expanded_s": seconds, "cpu_us": used / count * 1e6}
