"""One installation per kind of broker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.conftest import pytest_runtest_makereport, seed
from tests.acceptance.house import House
from tests.kafka.apache_kafka import ApacheKafka, missing
from tests.kafka.brokers import MockKafka
from warnengine.demo import scenario
from warnengine.demo.relay import free_port

__all__ = ["pytest_runtest_makereport", "seed"]
Broker = MockKafka | ApacheKafka


def apache(folder: Path) -> ApacheKafka:
    """A node of Apache Kafka; skip where there can be none."""
    if reason := missing():
        pytest.skip(reason)
    return ApacheKafka(folder, free_port(), free_port())


@pytest.fixture(scope="module", params=["librdkafka", "apache"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Both kinds: everything that is promised is tested on either."""
    made = MockKafka() if request.param == "librdkafka" else apache(tmp_path_factory.mktemp("kafka"))
    made.start()
    yield made
    made.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, seed: Path, broker: Broker) -> AsyncIterator[House]:
    """An engine that consumes from it, on the evening of the blue."""
    made = House(tmp_path_factory.mktemp("house"), kafka={"bootstrap": broker.address})
    try:
        await made.open(seed)
        await made.jump(scenario.BLUE.entered)
        yield made
    finally:
        await made.close()
