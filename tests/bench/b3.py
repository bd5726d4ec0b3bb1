"""B3: gateways as they are: 20 ms away, with a contract of 500 texts a second; a red behind a queue of blues."""

from __future__ import annotations

from tests.bench import b1, gateways
from tests.bench.engine import Engine
from tests.bench.night import HAZARDS, warning
from tests.bench.people import APART
from tests.bench.stand import Sample, Stand

ROUND_TRIP = 0.02
CONTRACT = 500
WINDOW = 50
SLOW_WINDOW = 16


async def measure(stand: Stand) -> None:
    """The contract, the window, the red."""
    texts = min(stand.plan.peer_size, CONTRACT * 10)
    if gateways.RATED:
        kept = await stand.repeated("contract of 500/s", texts, lambda: contract(stand, texts), 3)
        if kept:
            stand.values["B3.contract"] = kept["share"]
    else:
        why = "not available: a gateway cannot be told its contract rate"
        stand.runs.append({"what": "contract of 500/s", "size": texts, "n": 0, "failed": why})
    size = stand.plan.peer_size
    filled = await stand.repeated("window of 50 at 20 ms", size, lambda: window(stand, size), 3)
    if filled:
        stand.values["B3.window"] = filled["share"]
    blues = stand.plan.blues
    first = await stand.repeated("red behind blues", blues, lambda: overtaking(stand, blues), 1)
    if first:
        stand.values["B3.red_behind_50k_blue_ms"] = first["first_ms"]


async def contract(stand: Stand, count: int) -> Sample:
    """The share of the contract that is used in the seconds between the first and the last."""
    await stand.reset(delay=ROUND_TRIP, contract=CONTRACT)
    gateway = gateways.smpp(stand.ports, b1.WINDOW, CONTRACT)
    found = await b1.one_red(stand, count, stand.short, gateway, ("smpp", "smpp_receipts"))
    seen = (await stand.counts())["smpp"]
    inner = seen["seconds"][1:-1] or seen["seconds"]
    return {"share": sum(inner) / len(inner) / CONTRACT, "throttled": seen["throttled"], **found}


async def window(stand: Stand, count: int) -> Sample:
    """The share of window ÷ round trip between the first text and the last."""
    await stand.reset(delay=ROUND_TRIP)
    gateway = gateways.smpp(stand.ports, WINDOW)
    found = await b1.one_red(stand, count, stand.short, gateway, ("smpp", "smpp_receipts"))
    seen = (await stand.counts())["smpp"]
    rate = (seen["taken"] - 1) / (seen["last"] - seen["first"])
    return {"share": rate / (WINDOW / ROUND_TRIP), "wire_rate": rate, **found}


async def overtaking(stand: Stand, blues: int) -> Sample:
    """The first text of a red to a few, while all others' blues wait for a slow gateway: the median of several."""
    await stand.reset(delay=ROUND_TRIP, watch="红色", contract=CONTRACT if gateways.RATED else 0)
    gateway = gateways.smpp(stand.ports, SLOW_WINDOW, CONTRACT)
    gravest = list(HAZARDS)[1:]
    async with (
        stand.server.database(await stand.crowd(blues)) as database,
        stand.engine(database, stand.short, [gateway]) as engine,
    ):
        await engine.warn(warning(stand.town_names[:-1], severity="Blue"))
        everybody = f"SELECT count(*) >= {blues - APART} FROM delivery"
        await stand.recorded(database, everybody, "the blues' expansion")
        waits = [await _red(stand, engine, database, hazard) for hazard in gravest]
        waiting = blues - (await stand.counts())["smpp"]["taken"]
    waits.sort()
    return {"first_ms": waits[len(waits) // 2], "slowest_ms": waits[-1], "still_queued": waiting}


async def _red(stand: Stand, engine: Engine, database: str, hazard: str) -> float:
    """Milliseconds from the acceptance of a red for the last township to its first text."""
    before = (await stand.counts())["smpp"]["watched"]
    await engine.warn(warning(stand.town_names[-1:], hazard))
    await stand.until("the red's texts", lambda seen: seen["smpp"]["watched"] >= before + APART, engine)
    seen = (await stand.counts())["smpp"]["watches"][before]
    async with stand.server.connection(database) as connection:
        asked = "SELECT extract(epoch FROM max(received_at))::float8 FROM arrival"
        accepted = await connection.fetchval(asked)
    return float(seen - accepted) * 1000
