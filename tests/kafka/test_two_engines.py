"""Two engines of one consumer group: each message is taken, also those of the one that ends."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from tests.acceptance.program import until
from tests.kafka.brokers import MockKafka, put
from warnengine.ingest.kafka import KafkaSource
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.settings import Kafka

MANY = 40
PATIENCE = 120.0
"""A group takes some seconds to agree on who reads what."""


class Engine:
    """Takes what comes, and notes it."""

    def __init__(self, taken: dict[bytes, set[str]]) -> None:
        self.taken = taken

    async def take(self, arrival: Arrival) -> Taken:
        self.taken[arrival.raw].add(arrival.position)
        return Taken(Verdict.NEW, ())


async def test_what_one_has_not_read_is_taken_by_the_other_when_that_ends() -> None:
    broker = MockKafka()
    broker.start()
    taken: dict[bytes, set[str]] = defaultdict(set)
    settings = Kafka(bootstrap=broker.address)
    engines = [Engine(taken) for _ in range(2)]
    running = [asyncio.create_task(KafkaSource(settings, engines[0].take).run())]

    async def all_taken(of: int) -> bool:
        return len(taken) >= of

    try:
        await put(broker.address, *(f"first {number}".encode() for number in range(MANY)))
        await until("all to be taken", lambda: all_taken(MANY), seconds=PATIENCE)
        running.append(asyncio.create_task(KafkaSource(settings, engines[1].take).run()))
        running[0].cancel()
        await asyncio.wait({running[0]})
        await put(broker.address, *(f"then {number}".encode() for number in range(MANY)))
        await until("the other to take the rest", lambda: all_taken(2 * MANY), seconds=PATIENCE)
        assert all(len(positions) == 1 for positions in taken.values()), "a repeat has its old position"
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        broker.kill()
