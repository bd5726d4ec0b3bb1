"""The broker's process as a Kafka client sees it, and the relay before it."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiokafka import AIOKafkaConsumer

from tests.waiting import LONGEST
from warnengine.demo.relay import HOST, Mode, Relay

TOPIC = "warnengine.warnings"


class Broker:
    """The process under test."""

    def __init__(self, log: Path) -> None:
        self._command = ("-m", "warnengine.demo.broker", "--log", str(log))
        self._process: Process | None = None
        self.kafka = ""
        self._control = 0

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(sys.executable, *self._command, stdout=PIPE)
        assert self._process.stdout
        places = json.loads(await asyncio.wait_for(self._process.stdout.readline(), LONGEST))
        self.kafka, self._control = places["kafka"], places["control"]

    async def kill(self) -> None:
        assert self._process
        self._process.kill()
        await self._process.wait()

    async def put(self, value: bytes) -> None:
        body = {"topic": TOPIC, "key": "500151", "value": b64encode(value).decode()}
        async with aiohttp.request("POST", f"http://{HOST}:{self._control}/put", json=body) as answer:
            assert answer.status == 204

    async def lag(self) -> int:
        query = {"group": "warnengine", "topic": TOPIC}
        async with aiohttp.request("GET", f"http://{HOST}:{self._control}/lag", params=query) as answer:
            return int(await answer.json())


@asynccontextmanager
async def broker(log: Path) -> AsyncIterator[Broker]:
    process = Broker(log)
    await process.start()
    try:
        yield process
    finally:
        await process.kill()


async def read(bootstrap: str, count: int) -> list[bytes]:
    """Read and commit so many messages from the beginning of the group's work."""
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=bootstrap,
        group_id="warnengine",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        values = [(await asyncio.wait_for(consumer.getone(), LONGEST)).value for _ in range(count)]
        await consumer.commit()
    finally:
        await consumer.stop()
    return values


async def test_keeps_order_knows_the_lag_and_puts_its_messages_back_after_a_kill(tmp_path: Path) -> None:
    relay = Relay()
    await relay.start()
    bootstrap = f"{HOST}:{relay.port}"
    async with broker(tmp_path / "log") as first:
        relay.target = int(first.kafka.rpartition(":")[2])
        for value in (b"blue", b"yellow"):
            await first.put(value)
        assert await first.lag() == 2
        assert await read(bootstrap, 2) == [b"blue", b"yellow"]
        assert await first.lag() == 0
    async with broker(tmp_path / "log") as second:
        relay.target = int(second.kafka.rpartition(":")[2])
        assert await second.lag() == 2
        assert await read(bootstrap, 2) == [b"blue", b"yellow"]
    await relay.stop()


class TestRelay:
    async def _echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            self.heard += data
            writer.write(data)
        writer.close()
        await writer.wait_closed()

    async def test_passes_bytes_both_ways_until_it_falls_silent(self) -> None:
        self.heard = b""
        server = await asyncio.start_server(self._echo, HOST, 0)
        relay = Relay()
        relay.target = server.sockets[0].getsockname()[1]
        await relay.start()
        reader, writer = await asyncio.open_connection(HOST, relay.port)
        writer.write(b"ping")
        assert await reader.readexactly(4) == b"ping"

        relay.mode = Mode.MUTE
        late_reader, late_writer = await asyncio.open_connection(HOST, relay.port)
        late_writer.write(b"lost")
        writer.write(b"held")
        await asyncio.gather(writer.drain(), late_writer.drain())
        relay.mode = Mode.DROP
        assert await reader.read(4) == b""
        assert await late_reader.read(4) == b""
        assert self.heard == b"ping"
        for end in (writer, late_writer):
            end.close()
        await relay.stop()
        server.close()
        await server.wait_closed()
