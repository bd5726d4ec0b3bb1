"""What was promised holds when parts are killed in mid-send: nothing is lost, and no copy goes unrecorded.

The SMSC's own log is held against the deliveries that the engine tells of.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.acceptance.house import House, Json
from tests.acceptance.program import until
from tests.acceptance.smsc import SLOWLY
from warnengine.demo import scenario
from warnengine.demo.children import database_pid

SOME = 40
"""So many messages are out when something breaks; about 130 are not."""
STOPS_WITHIN = 30.0
"""Seconds: less than docker-compose.yml gives it."""


@pytest_asyncio.fixture
async def house(tmp_path: Path, seed: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    try:
        await made.open(seed)
        await made.jump(scenario.RED.entered)
        yield made
    finally:
        await made.close()


async def red(house: House) -> None:
    """A red comes in, and some of its messages have left."""
    status, _ = await house.warn(scenario.RED.xml())
    assert status == 202

    async def some_are_out() -> bool:
        return len(house.smsc.log) >= SOME

    await until(f"{SOME} messages to leave", some_are_out, house.engine)


def account(house: House, deliveries: list[Json]) -> None:
    """Every delivery is on the wire, at most once more than its recorded doubts; nothing else is."""
    wire = house.smsc.copies()
    allowed: Counter[str] = Counter()
    for one in deliveries:
        assert one["state"] == "delivered", one
        allowed[one["address"]] += 1 + one["possible_duplicates"] + one["reminders"]
    assert wire.keys() == allowed.keys()
    assert not {number: (n, allowed[number]) for number, n in wire.items() if n > allowed[number]}


def doubts(deliveries: list[Json]) -> int:
    return sum(one["possible_duplicates"] for one in deliveries)


async def replay_sends_nothing(house: House) -> None:
    before = len(house.smsc.log)
    assert (await house.warn(scenario.RED.xml(), source="city"))[0] == 200
    await until("quiet", house.calm, house.engine)
    assert len(house.smsc.log) == before


async def test_sigkill_in_mid_send_loses_nothing_and_every_second_copy_is_a_recorded_doubt(house: House) -> None:
    house.smsc.muted_after = SOME
    await red(house)

    async def in_doubt() -> bool:
        return house.smsc.muted

    await until("messages that are taken and not answered", in_doubt, house.engine)
    await house.engine.kill()
    house.smsc.muted_after = None
    await house.start_engine()
    deliveries = await house.settled()
    account(house, deliveries)
    assert 1 <= doubts(deliveries) <= 3 * 16, "of two batches and one of reds, at most, nobody can know"
    await replay_sends_nothing(house)


async def test_sigterm_under_load_stops_in_time_and_sends_nothing_twice(house: House) -> None:
    house.smsc.pace = SLOWLY
    await red(house)
    house.engine.signal(signal.SIGTERM)
    assert await house.engine.ended(STOPS_WITHIN) == 0
    at_the_end = len(house.smsc.log)
    house.smsc.pace = 0
    await house.start_engine()
    deliveries = await house.settled()
    assert at_the_end < len(house.smsc.log), "all were out already: the stop came too late to show anything"
    account(house, deliveries)
    assert doubts(deliveries) == 0
    assert set(house.smsc.copies().values()) == {1}


async def test_sigkill_of_the_embedded_database_is_told_and_mended_by_the_engine_itself(house: House) -> None:
    house.smsc.pace = SLOWLY
    await red(house)
    pid = database_pid(house.data)
    assert pid
    os.kill(pid, signal.SIGKILL)
    house.smsc.pace = 0

    async def told() -> bool:
        return "database" in (await house.problems() or {})

    await until("readyz to name the database", told, house.engine)
    await until("the engine to be ready again", house.ready, house.engine)
    assert database_pid(house.data) not in {None, pid}
    deliveries = await house.settled()
    account(house, deliveries)
    await replay_sends_nothing(house)


async def test_a_gateway_that_is_away_is_told_and_nothing_is_lost(house: House) -> None:
    # before the red: a gateway that dies with receipts still owed never sends them, and that is another story
    await house.smsc.stop()
    status, _ = await house.warn(scenario.RED.xml())
    assert status == 202

    async def told() -> bool:
        return "line" in (await house.problems() or {})

    await until("readyz to name the gateway", told, house.engine)
    await house.smsc.start()
    await until("the engine to be ready again", house.ready, house.engine)
    account(house, await house.settled())
