"""Events out: CloudEvents 1.0 (JSON) on a Kafka topic, from the outbox, in order, at least once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from warnengine import metrics
from warnengine.ingest.kafka import Say, stopped
from warnengine.settings import Kafka
from warnengine.store.database import DATABASE_ERRORS, told

log = structlog.get_logger()
STRUCTURED = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
"""The header by which a consumer knows an event of structured mode (CloudEvents Kafka binding 1.0.2, §3.3)."""


class Outbox(Protocol):
    """Where events wait."""

    async def publish(self, send: Any, most: int = 200) -> bool:
        """Hand unsent events to `send` and mark them; return whether there may be more."""


@dataclass(frozen=True, slots=True)
class Announcer:
    """Publishes the outbox until cancelled."""

    settings: Kafka
    outbox: Outbox
    district: str
    say: Say = lambda words: None

    async def run(self) -> None:
        """Begin again after any failure: what was not marked goes out again, under the same id."""
        while True:
            try:
                await self._session()
            except (KafkaError, *DATABASE_ERRORS) as error:
                metrics.LOOP_FAILURES.labels("announce").inc()
                self.say(f"events do not go out ({told(error)}): they wait")
                log.warning("announce", problem=told(error))
            await asyncio.sleep(2)

    async def _session(self) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.bootstrap, request_timeout_ms=10_000)
        try:
            await asyncio.wait_for(producer.start(), 20)

            async def send(rows: Sequence[dict[str, Any]]) -> None:
                for row in rows:
                    event = _cloud_event(row, self.district)
                    await producer.send_and_wait(
                        self.settings.events, event, key=self.district.encode(), headers=STRUCTURED
                    )

            while True:
                more = await self.outbox.publish(send)
                self.say(None)
                if not more:
                    await asyncio.sleep(0.5)
        finally:
            await stopped(producer)


def _cloud_event(row: dict[str, Any], district: str) -> bytes:
    event = {
        "specversion": "1.0",
        "id": str(row["id"]),
        "source": f"/warnengine/{district}",
        "type": row["type"],
        "subject": row["subject"],
        "time": row["at"],
        "datacontenttype": "application/json",
        "data": row["data"],
    }
    return json.dumps(event, ensure_ascii=False).encode()
