"""Brokers for the tests, and what a producer, a reader and an administrator do with any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from warnengine.settings import Kafka

SECONDS = 60.0
"""Bound of everything that is asked of a broker."""
QUIET = {"log_level": 0}
TOPICS = Kafka(bootstrap="")
"""The names of topics and group, as they are by default."""


class MockKafka:
    """The broker inside librdkafka. It forgets everything when it ends, and comes back at another address."""

    def __init__(self) -> None:
        self.address = ""
        self._cluster: Producer | None = None

    def start(self) -> None:
        self._cluster = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "the mock cluster's", **QUIET})
        brokers = self._cluster.list_topics(timeout=SECONDS).brokers.values()
        self.address = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def kill(self) -> None:
        self._cluster = None


async def put(address: str, *values: bytes | None, topic: str = TOPICS.warnings) -> None:
    """Produce messages; return when the broker has them."""
    await asyncio.to_thread(_put, address, values, topic)


async def read(address: str, topic: str, count: int) -> list[Message]:
    """The first messages of a topic, by their time; fail where there are not so many in time."""
    return await asyncio.to_thread(_read, address, topic, count)


async def behind(address: str, group: str = TOPICS.group) -> int | None:
    """Messages of the topic of warnings that a group has not committed; None where nobody answers."""
    return await asyncio.to_thread(_behind, address, group)


async def rewind(address: str) -> None:
    """Set the engine's offsets to 0, as an administrator does while it is stopped."""
    await asyncio.to_thread(_rewind, address)


def _put(address: str, values: Sequence[bytes | None], topic: str) -> None:
    producer = Producer({"bootstrap.servers": address, **QUIET})
    for value in values:
        producer.produce(topic, value=value, key=b"500151")
    assert producer.flush(SECONDS) == 0, f"the broker at {address} did not take the messages"


def _read(address: str, topic: str, count: int) -> list[Message]:
    with _consumer(address, "reader") as consumer:
        consumer.assign([TopicPartition(topic, number, 0) for number in _partitions(consumer, topic)])
        found: list[Message] = []
        while len(found) < count:
            message = consumer.poll(SECONDS)
            assert message is not None, f"{topic} has {len(found)} messages, not {count}"
            assert not message.error(), message.error()
            found.append(message)
        return sorted(found, key=lambda message: message.timestamp())


def _behind(address: str, group: str) -> int | None:
    try:
        with _consumer(address, group) as consumer:
            places = [TopicPartition(TOPICS.warnings, number) for number in _partitions(consumer, TOPICS.warnings)]
            committed = consumer.committed(places, timeout=SECONDS)
            ends = [consumer.get_watermark_offsets(place, timeout=SECONDS)[1] for place in places]
    except KafkaException:
        return None
    return sum(end - max(place.offset, 0) for end, place in zip(ends, committed, strict=True))


def _rewind(address: str) -> None:
    with _consumer(address, TOPICS.group) as consumer:
        places = [TopicPartition(TOPICS.warnings, number, 0) for number in _partitions(consumer, TOPICS.warnings)]
        consumer.commit(offsets=places, asynchronous=False)


@contextmanager
def _consumer(address: str, group: str) -> Iterator[Consumer]:
    consumer = Consumer({"bootstrap.servers": address, "group.id": group, "enable.auto.commit": False, **QUIET})
    try:
        yield consumer
    finally:
        consumer.close()


def _partitions(consumer: Consumer, topic: str) -> list[int]:
    return list(consumer.list_topics(topic, timeout=SECONDS).topics[topic].partitions)
