"""Kafka, for warnings and for observations: an offset is committed only after the database has the row.

aiokafka rebalances in the background, so a commit may fail after the work is done (aiokafka #929): the unique key
in the store, not the offset, keeps a warning from coming in twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import CommitFailedError, KafkaError

from warnengine import metrics
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.settings import Kafka

log = structlog.get_logger()
LOST_AFTER = 10
"""Seconds without a reachable broker after which the consumer starts again from the bootstrap addresses: the
addresses that the cluster last advertised may all be gone."""
Take = Callable[[Arrival], Awaitable[Taken]]
Say = Callable[[str | None], None]
"""Tells people why a broker cannot be used, or that it can."""


@dataclass(frozen=True, slots=True)
class KafkaSource:
    """Takes what a topic brings, and hands what is refused to another."""

    settings: Kafka
    take: Take
    say: Say = lambda words: None
    topic: str = ""
    """Absent: that of the warnings."""

    @classmethod
    def observations(cls, settings: Kafka, take: Take, say: Say = lambda words: None) -> KafkaSource:
        """Takes observations. Of a group of its own: members of one group should read the same topics, or each
        that comes or goes holds up those that read the others."""
        own = settings.model_copy(update={"group": f"{settings.group}.observations"})
        return cls(own, take, say, settings.observations)

    @property
    def reads(self) -> str:
        """The topic."""
        return self.topic or self.settings.warnings

    async def run(self) -> None:
        """Consume until cancelled; begin again after any failure."""
        pause = 0.5
        while True:
            try:
                await self._session()
            except (KafkaError, OSError, TimeoutError) as error:
                metrics.LOOP_FAILURES.labels("kafka").inc()
                problem = str(error) or type(error).__name__
                self.say(
                    f"the broker {self.settings.bootstrap} does not answer ({problem}): what is on the topic "
                    f"{self.reads} waits, and nothing comes in by it; HTTP and spool go on"
                )
                log.warning("kafka", problem=problem, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5)

    async def _session(self) -> None:
        consumer = AIOKafkaConsumer(
            self.reads,
            bootstrap_servers=self.settings.bootstrap,
            group_id=self.settings.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=100,
            session_timeout_ms=10_000,
            request_timeout_ms=15_000,
            retry_backoff_ms=200,
        )
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.bootstrap, request_timeout_ms=15_000)
        try:
            await asyncio.wait_for(consumer.start(), 30)
            await asyncio.wait_for(producer.start(), 30)
            log.info("kafka", topic=self.reads, state="consuming")
            await self._consume(consumer, producer)
        finally:
            await stopped(consumer, producer)

    async def _consume(self, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> None:
        while True:
            batches = await consumer.getmany(timeout_ms=500)
            for records in batches.values():
                for record in records:
                    await self._one(record, producer)
            if batches:
                await _commit(consumer)
            else:
                await _reachable(consumer)
            self.say(None)

    async def _one(self, record: ConsumerRecord[bytes, bytes], producer: AIOKafkaProducer) -> None:
        position = f"{record.topic}/{record.partition}/{record.offset}"
        taken = await self.take(Arrival(self.settings.source, position, record.value or b""))
        if taken.verdict is Verdict.QUARANTINED:
            headers = [("reason", (taken.reason or "").encode()), ("position", position.encode())]
            await producer.send_and_wait(
                self.settings.rejected, record.value or b"", key=record.key, headers=headers
            )


async def _commit(consumer: AIOKafkaConsumer) -> None:
    try:
        await consumer.commit()
    except CommitFailedError as error:  # the group has moved on; what comes again is recognised
        log.warning("kafka", problem=f"commit failed, the records will come again: {error}")


async def _reachable(consumer: AIOKafkaConsumer) -> None:
    """Raise where no advertised broker answers any more."""
    await asyncio.wait_for(consumer.topics(), LOST_AFTER)


async def stopped(*clients: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Stop clients within some seconds, whatever they say.

    Where the broker is gone, aiokafka lets the cancellation of its own tasks out: it must not end ours.
    """
    endings = [asyncio.create_task(client.stop()) for client in clients]
    await asyncio.wait(endings, timeout=5)
    for ending in endings:
        ending.cancel()
    for outcome in await asyncio.gather(*endings, return_exceptions=True):
        if outcome is not None:
            log.info("kafka", problem=f"stopping: {outcome!r}")
