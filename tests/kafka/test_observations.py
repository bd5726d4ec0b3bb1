"""Observations by Kafka: rows are kept before the offset is, what brings no row goes to the dead letters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.program import until
from tests.kafka.brokers import TOPICS, MockKafka, put, read
from tests.observe.sky import GAUGE, RAIN, file
from tests.store.world import World, few_units
from warnengine.ingest.kafka import KafkaSource
from warnengine.model.arrival import Arrival, Taken
from warnengine.model.book import RuleBook
from warnengine.settings import Kafka
from warnengine.store.database import Database

PATIENCE = 120.0


@pytest.fixture
def broker() -> AsyncIterator[MockKafka]:
    made = MockKafka()
    made.start()
    yield made
    made.kill()


@pytest.fixture
async def gauged(database: Database, book: RuleBook, tmp_path: Path) -> AsyncIterator[World]:
    triggers = file(RAIN, stations=[GAUGE])
    world = World(database, few_units(book).model_copy(update={"triggers": triggers}), tmp_path)
    yield world
    await world.engine.journal.stored()


async def row(world: World, value: float, minutes_ago: int, station: str = "S1") -> bytes:
    at = await world.value("SELECT engine_now() - $1 * interval '1 minute'", minutes_ago)
    return json.dumps({"station": station, "kind": "rain", "time": at.isoformat(), "value": value}).encode()


async def test_rows_are_kept_and_what_brings_none_goes_to_the_dead_letters(
    broker: MockKafka, gauged: World
) -> None:
    good = await row(gauged, 1.5, 10)
    mixed = b"\n".join([await row(gauged, 2.5, 5), await row(gauged, 1, 5, "strange")])
    bad = [b"\x00 no rows", await row(gauged, 1, 5, "unknown")]
    settings = Kafka(bootstrap=broker.address)
    running = asyncio.create_task(KafkaSource.observations(settings, gauged.engine.take_rows).run())
    try:
        await put(broker.address, good, *bad, mixed, good, topic=TOPICS.observations)

        async def kept() -> bool:
            return bool(await gauged.value("SELECT count(*) = 2 FROM observation"))

        await until("the rows to be kept", kept, seconds=PATIENCE)
        letters = await read(broker.address, TOPICS.rejected, 2)
    finally:
        running.cancel()
        await asyncio.wait({running})
    assert [letter.value() for letter in letters] == bad
    assert {letter.key() for letter in letters} == {b"500151"}
    headers = [dict(letter.headers() or []) for letter in letters]
    assert headers[1]["reason"] == b"no_row"
    assert all(head["position"].startswith(b"warnengine.observations/") for head in headers)
    assert await gauged.value("SELECT DISTINCT source FROM observation") == "kafka"
    assert await gauged.value("SELECT count(*) FROM observation_refused WHERE source = 'kafka'") >= 2


async def test_what_the_store_did_not_keep_comes_again(broker: MockKafka, gauged: World) -> None:
    good = await row(gauged, 1.5, 10)
    lost = 2

    async def take(arrival: Arrival) -> Taken:
        nonlocal lost
        if lost:
            lost -= 1
            raise ConnectionError("the store does not answer")
        return await gauged.engine.take_rows(arrival)

    running = asyncio.create_task(KafkaSource.observations(Kafka(bootstrap=broker.address), take).run())
    try:
        await put(broker.address, good, topic=TOPICS.observations)

        async def kept() -> bool:
            return bool(await gauged.value("SELECT count(*) = 1 FROM observation"))

        await until("the row to be kept", kept, seconds=PATIENCE)
    finally:
        running.cancel()
        await asyncio.wait({running})
