"""Warnings by Kafka: none is lost, none is acted on twice, whoever is killed; events go out as CloudEvents."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import jsonschema
import pytest
import pytest_asyncio
from confluent_kafka import Message

from tests.acceptance.house import House
from tests.acceptance.program import until
from tests.kafka.apache_kafka import ApacheKafka
from tests.kafka.brokers import TOPICS, behind, put, read, rewind
from tests.kafka.conftest import Broker
from warnengine.demo import scenario

pytestmark = pytest.mark.asyncio(loop_scope="module")

BLUE = scenario.BLUE
PATIENCE = 120.0
"""A group waits some ten seconds for a member that was killed."""
EVENT = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1},
        "source": {"type": "string", "pattern": r"^/[\w/]+$"},
        "type": {"type": "string", "pattern": r"^warnengine(\.\w+)+$"},
        "subject": {"type": "string", "minLength": 1},
        "time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"},
        "datacontenttype": {"const": "application/json"},
        "data": {"type": ["object", "array"]},
    },
    "propertyNames": {"pattern": "^[a-z0-9]+$"},
    "additionalProperties": False,
}
"""CloudEvents 1.0.2, JSON format, with the optional attributes that the engine uses."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def blue(house: House, broker: Broker) -> None:
    """The blue has come in by the topic; everybody who is called has it."""
    await put(broker.address, BLUE.xml())
    await all_is_read(house, broker)
    await house.settled()


@pytest_asyncio.fixture(loop_scope="module")
async def database(house: House) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    async with house.database() as connection:
        yield connection


async def all_is_read(house: House, broker: Broker, group: str = TOPICS.group) -> int:
    """Wait until the group has committed everything and nothing is in flight; messages at the SMSC."""

    async def to_the_end() -> bool:
        return await behind(broker.address, group) == 0

    await until("the engine to read the topic to its end", to_the_end, house.engine, PATIENCE)
    await until("quiet", house.calm, house.engine)
    return len(house.smsc.log)


def later(seconds: int) -> bytes:
    """The blue goes on: a message of its own, for which nothing has to be said to anybody."""
    return replace(BLUE, entered=BLUE.entered + timedelta(seconds=seconds)).xml()


async def positions(database: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    """Where in the topic the kept arrivals were."""
    rows = await database.fetch("SELECT position FROM arrival WHERE source = 'kafka' ORDER BY id")
    return [row["position"] for row in rows]


def headers(message: Message) -> dict[str, str]:
    """The headers of a message, as text."""
    found = message.headers()
    assert isinstance(found, list)
    return {name: value.decode() for name, value in found if isinstance(value, bytes)}


async def test_a_warning_of_the_topic_is_one_sms_for_everybody_who_is_called(house: House, broker: Broker) -> None:
    assert set(house.smsc.copies().values()) == {1}
    assert {order["because"][0] for order in await house.all("orders")} == {BLUE.identifier}
    assert (await house.warn(BLUE.xml()))[1]["verdict"] == "repeat"
    await put(broker.address, BLUE.xml())
    await all_is_read(house, broker)
    assert set(house.smsc.copies().values()) == {1}


async def test_what_is_refused_goes_to_its_own_topic_and_the_next_one_goes_on(
    house: House, broker: Broker, database: asyncpg.Connection[asyncpg.Record]
) -> None:
    bad = {
        b"\x00\x01 no text": "unreadable",
        scenario.MALFORMED: "malformed",
        BLUE.xml().replace(b"<alert>", b"<!DOCTYPE alert><alert>"): "doctype",
        scenario.EXERCISE.xml(): "not_actual",
        b"": "empty",
    }
    before = len(await positions(database))
    await put(broker.address, *bad, None, later(1))
    await all_is_read(house, broker)
    rejected = await read(broker.address, TOPICS.rejected, len(bad) + 1)
    assert [message.value() for message in rejected] == [*bad, b""]
    told = [headers(message) for message in rejected]
    assert [found["reason"] for found in told] == [*bad.values(), "empty"]
    kept = await positions(database)
    assert len(kept) == before + len(bad) + 2
    assert {found["position"] for found in told} <= set(kept)
    shown = [row for row in await house.all("quarantine") if row["source"] == "kafka"]
    assert len(shown) == len(bad) + 1


@pytest.mark.parametrize("broker", ["apache"], indirect=True)
async def test_offsets_set_back_to_0_send_nothing(
    house: House, broker: Broker, database: asyncpg.Connection[asyncpg.Record]
) -> None:
    before = await all_is_read(house, broker)
    kept = await positions(database)
    house.engine.signal(signal.SIGTERM)
    assert await house.engine.ended() == 0
    await rewind(broker.address)
    assert await behind(broker.address) == len(kept)
    await house.start_engine()
    assert await all_is_read(house, broker) == before
    assert await positions(database) == kept


async def test_an_offset_is_committed_only_after_the_database_has_the_row(
    house: House, broker: Broker, database: asyncpg.Connection[asyncpg.Record]
) -> None:
    before = await all_is_read(house, broker)
    kept = await positions(database)
    async with house.intake_held(database):
        await put(broker.address, later(2))
        await house.intake_waits(database)
        assert await behind(broker.address) == 1
        await house.engine.kill()
    assert await positions(database) == kept
    await house.start_engine()
    assert await all_is_read(house, broker) == before
    assert len(await positions(database)) == len(kept) + 1


async def test_a_connection_to_the_database_that_breaks_costs_no_warning(
    house: House, broker: Broker, database: asyncpg.Connection[asyncpg.Record]
) -> None:
    before = await all_is_read(house, broker)
    kept = await positions(database)
    async with house.intake_held(database):
        await put(broker.address, later(3))
        await house.intake_waits(database)
        await house.intake_broken(database)
    assert await all_is_read(house, broker) == before
    assert len(await positions(database)) == len(kept) + 1


@pytest.mark.parametrize("broker", ["apache"], indirect=True)
async def test_a_killed_broker_that_comes_back_loses_no_warning_and_sends_nothing_twice(
    house: House, broker: Broker, database: asyncpg.Connection[asyncpg.Record]
) -> None:
    assert isinstance(broker, ApacheKafka), "the one inside librdkafka forgets everything"
    before = await all_is_read(house, broker)
    kept = len(await positions(database))
    await put(broker.address, *(later(number) for number in range(10, 110)))

    async def some_are_kept() -> bool:
        return len(await positions(database)) > kept

    await until("the engine to begin with them", some_are_kept, house.engine, PATIENCE)
    async with house.intake_held(database):  # it cannot be through with them
        await put(broker.address, *(later(number) for number in range(110, 210)))
        await house.intake_waits(database)
        broker.kill()
    broker.start()
    assert await all_is_read(house, broker) == before
    places = await positions(database)
    assert len(places) == len(set(places)) == kept + 200
    assert set(house.smsc.copies().values()) == {1}


async def test_every_change_of_orders_is_a_cloudevent(house: House, broker: Broker) -> None:
    soon = replace(scenario.YELLOW, entered=BLUE.entered + timedelta(minutes=5))
    await put(broker.address, soon.xml())
    await all_is_read(house, broker)
    events = await read(broker.address, TOPICS.events, 2)
    bodies: list[dict[str, Any]] = [json.loads(event.value() or b"") for event in events]
    for event, body in zip(events, bodies, strict=True):
        jsonschema.validate(body, EVENT)
        assert datetime.fromisoformat(body["time"]).tzinfo
        assert headers(event) == {"content-type": "application/cloudevents+json; charset=UTF-8"}
        assert event.key() == b"500151"
    assert len({(body["source"], body["id"]) for body in bodies}) == len(events)
    assert [body["subject"] for body in bodies] == ["change/1", "change/2"]


async def test_a_new_group_that_reads_all_of_the_topic_sends_nothing(
    house: House, broker: Broker, database: asyncpg.Connection[asyncpg.Record]
) -> None:
    before = await all_is_read(house, broker)
    kept = await positions(database)
    house.engine.signal(signal.SIGTERM)
    assert await house.engine.ended() == 0
    house.engine.environment["WARNENGINE_KAFKA__GROUP"] = "again"
    await house.start_engine()
    assert await all_is_read(house, broker, "again") == before
    assert await positions(database) == kept
