"""A broker that comes back under another address, behind the bootstrap address that the engine was given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from tests.acceptance.house import House
from tests.acceptance.program import until
from tests.kafka.brokers import MockKafka, behind, put
from warnengine.demo import scenario
from warnengine.demo.relay import HOST, Relay

PATIENCE = 120.0
"""It takes the engine ten seconds to give up all addresses that the cluster had told it."""


@pytest_asyncio.fixture
async def door() -> AsyncIterator[Relay]:
    """The bootstrap address."""
    relay = Relay()
    await relay.start()
    yield relay
    await relay.stop()


async def test_after_its_broker_has_moved_the_engine_finds_it_through_the_bootstrap_address(
    tmp_path: Path, seed: Path, door: Relay
) -> None:
    broker = MockKafka()
    broker.start()
    door.target = int(broker.address.rpartition(":")[2])
    house = House(tmp_path, kafka={"bootstrap": f"{HOST}:{door.port}"})

    async def read_to_the_end() -> bool:
        return await behind(broker.address) == 0

    try:
        await house.open(seed)
        await house.jump(scenario.BLUE.entered)
        await put(broker.address, scenario.BLUE.xml())
        await until("the engine to read the blue", read_to_the_end, house.engine, PATIENCE)
        before = len(await house.settled())
        former = broker.address
        broker.kill()
        broker.start()
        assert broker.address != former
        door.target = int(broker.address.rpartition(":")[2])
        soon = replace(scenario.YELLOW, entered=scenario.BLUE.entered + timedelta(minutes=5))
        await put(broker.address, scenario.BLUE.xml(), soon.xml())
        await until("the engine to read on at the new address", read_to_the_end, house.engine, PATIENCE)
        assert len(await house.settled()) > before
        assert {one["address"] for one in await house.all("deliveries")} == house.smsc.copies().keys()
    finally:
        await house.close()
        broker.kill()
