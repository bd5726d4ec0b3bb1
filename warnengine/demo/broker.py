"""A Kafka broker for one night: the one inside librdkafka, in a process of its own.

It forgets everything when it ends. Started again with the same log it puts the messages of the log back, on
another port. What was put in is logged before the caller is answered.

    python -m warnengine.demo.broker --log FILE
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from base64 import b64decode
from pathlib import Path

from aiohttp import web
from confluent_kafka import Consumer, Producer, TopicPartition

from warnengine.demo.relay import HOST

SECONDS = 5
"""Bound of every request to the broker."""


class Broker:
    """The broker, a producer for it, and a look at how far a group has read."""

    def __init__(self, log: Path) -> None:
        """Start the broker and put back what the log has."""
        self._log = log
        self._producer = Producer(
            {"test.mock.num.brokers": 1, "bootstrap.servers": "replaced by the mock cluster", "log_level": 3}
        )
        brokers = self._producer.list_topics(timeout=SECONDS).brokers.values()
        self.address = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        for line in log.read_text().splitlines() if log.exists() else ():
            self._produce(**json.loads(line))

    def put(self, topic: str, key: str, value: str) -> None:
        """Produce one message (value in base64) and log it; raise TimeoutError if the broker does not take it."""
        self._produce(topic, key, value)
        with self._log.open("a") as log:
            log.write(json.dumps({"topic": topic, "key": key, "value": value}) + "\n")

    def lag(self, group: str, topic: str) -> int:
        """Messages of the topic that the group has not committed yet."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": group, "enable.auto.commit": False})
        try:
            partitions = self._producer.list_topics(topic, timeout=SECONDS).topics[topic].partitions
            places = consumer.committed([TopicPartition(topic, number) for number in partitions], timeout=SECONDS)
            ends = [consumer.get_watermark_offsets(place, timeout=SECONDS)[1] for place in places]
        finally:
            consumer.close()
        return sum(end - max(place.offset, 0) for end, place in zip(ends, places, strict=True))

    def _produce(self, topic: str, key: str, value: str) -> None:
        self._producer.produce(topic, key=key.encode(), value=b64decode(value))
        if self._producer.flush(SECONDS):
            raise TimeoutError(f"the broker did not take a message for {topic} within {SECONDS} s")


async def _serve(broker: Broker) -> None:
    """POST /put {"topic", "key", "value"}, GET /lag?group=…&topic=…; the addresses are the first line printed."""

    async def put(request: web.Request) -> web.Response:
        await asyncio.to_thread(broker.put, **await request.json())
        return web.Response(status=204)

    async def lag(request: web.Request) -> web.Response:
        behind = await asyncio.to_thread(broker.lag, request.query["group"], request.query["topic"])
        return web.json_response(behind)

    app = web.Application()
    app.add_routes([web.post("/put", put), web.get("/lag", lag)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    sys.stdout.write(json.dumps({"kafka": broker.address, "control": runner.addresses[0][1]}) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(prog="python -m warnengine.demo.broker")
    parser.add_argument("--log", type=Path, required=True, help="where messages are kept for a restart")
    asyncio.run(_serve(Broker(parser.parse_args().log)))


if __name__ == "__main__":
    main()
