"""The broker of the cases about Kafka: started when the first one asks for it; each case has topics and a group of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.faults.processes import until
from tests.kafka.apache_kafka import ApacheKafka
from warnengine.demo.relay import free_port

QUIET = {"log_level": 0}
SECONDS = 30.0


class Broker:
    """Apache Kafka in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.kafka = ApacheKafka(folder, free_port(), free_port())

    @property
    def address(self) -> str:
        return self.kafka.address

    async def start(self) -> None:
        await asyncio.to_thread(self.kafka.start)

        async def answers() -> bool:
            return await asyncio.to_thread(self._answers)

        await until("the broker to answer", answers, 90)

    async def kill(self) -> None:
        await asyncio.to_thread(self.kafka.kill)

    def _answers(self) -> bool:
        try:
            return bool(AdminClient({"bootstrap.servers": self.address, **QUIET}).list_topics(timeout=2).brokers)
        except KafkaException:
            return False

    def settings(self, number: int) -> dict[str, str]:
        """What an engine of this case is given."""
        names = {name: f"c{number}.{name}" for name in ("warnings", "rejected", "events")}
        return {"bootstrap": self.address, "group": f"c{number}", **names}

    async def topics(self, number: int) -> None:
        """Make the topics of a case."""
        names = [f"c{number}.{name}" for name in ("warnings", "rejected", "events")]
        client = AdminClient({"bootstrap.servers": self.address, **QUIET})
        made = client.create_topics([NewTopic(name, 3, 1) for name in names])
        await asyncio.to_thread(lambda: [future.result(SECONDS) for future in made.values()])

    async def put(self, number: int, *values: bytes) -> None:
        """Produce warnings; return when the broker has them."""
        await asyncio.to_thread(self._put, f"c{number}.warnings", values)

    def _put(self, topic: str, values: tuple[bytes, ...]) -> None:
        producer = Producer({"bootstrap.servers": self.address, **QUIET})
        for n, value in enumerate(values):
            producer.produce(topic, value=value, key=str(n).encode())
        assert producer.flush(SECONDS) == 0, "the broker did not take the messages"

    async def behind(self, number: int) -> int | None:
        """Messages that the group has not committed; None where nobody answers."""
        return await asyncio.to_thread(self._behind, number)

    def _behind(self, number: int) -> int | None:
        topic = f"c{number}.warnings"
        consumer = self._consumer(number)
        try:
            places = consumer.committed([TopicPartition(topic, n) for n in range(3)], timeout=5)
            ends = [consumer.get_watermark_offsets(place, timeout=5)[1] for place in places]
        except KafkaException:
            return None
        finally:
            consumer.close()
        return sum(end - max(place.offset, 0) for end, place in zip(ends, places, strict=True))

    async def rewind(self, number: int) -> None:
        """Set the group's offsets to 0, as an administrator does while it is stopped."""

        def commit() -> None:
            consumer = self._consumer(number)
            places = [TopicPartition(f"c{number}.warnings", n, 0) for n in range(3)]
            consumer.commit(offsets=places, asynchronous=False)
            consumer.close()

        async def done() -> bool:
            try:
                await asyncio.to_thread(commit)
            except KafkaException:  # the group still has its last member
                return False
            return True

        await until("the offsets to be set back", done, 60)

    def _consumer(self, number: int) -> Any:
        return Consumer(
            {"bootstrap.servers": self.address, "group.id": f"c{number}", "enable.auto.commit": False, **QUIET}
        )
