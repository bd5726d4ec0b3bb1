"""A broker that cannot be used is told in words until it can."""

from __future__ import annotations

import asyncio

from tests.kafka.brokers import MockKafka
from tests.waiting import until
from warnengine.api.announcer import Announcer
from warnengine.demo.relay import HOST, Relay
from warnengine.ingest.kafka import KafkaSource
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.settings import Kafka


class Told:
    """What people would read now."""

    def __init__(self) -> None:
        self.words: str | None = "not asked yet"

    def say(self, words: str | None) -> None:
        self.words = words

    async def well(self) -> bool:
        return self.words is None

    async def ill(self) -> bool:
        return bool(self.words) and self.words != "not asked yet"


class Outbox:
    async def publish(self, send: object, most: int = 200) -> bool:
        return False


async def take(arrival: Arrival) -> Taken:
    return Taken(Verdict.NEW, ())


async def test_a_lost_broker_is_told_in_words_until_it_is_back() -> None:
    door, broker, consuming, announcing = Relay(), MockKafka(), Told(), Told()
    await door.start()
    settings = Kafka(bootstrap=f"{HOST}:{door.port}")
    lines = (
        KafkaSource(settings, take, consuming.say).run(),
        Announcer(settings, Outbox(), "500151", announcing.say).run(),
    )
    running = [asyncio.create_task(line) for line in lines]
    try:
        await until(consuming.ill)
        await until(announcing.ill)
        assert str(door.port) in str(consuming.words)
        assert "HTTP and spool" in str(consuming.words)
        assert "events do not go out" in str(announcing.words)
        broker.start()
        door.target = int(broker.address.rpartition(":")[2])
        await until(consuming.well)
        await until(announcing.well)
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        await door.stop()
        broker.kill()
