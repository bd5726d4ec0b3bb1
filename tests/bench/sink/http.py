"""The HTTP/1.1 door: kept connections, pipelining; receipts by callback.

`/sms` is an SMS gateway as the profile `json` knows it, `/hook` takes anything, `/push/…` is a push service, and
`/dlr` is where Kannel reports to.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections import deque
from urllib.parse import urlsplit

from tests.bench.sink.tally import Conditions, Contract, Tally

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
TOO_MANY = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
IDS = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{"ids":["%s"]}'
CALLERS, BATCH = 4, 200
"""Connections that receipts go back over, and how many are told in one request at most."""


def content_length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    return int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


class HttpDoor:
    """What all connections share."""

    def __init__(self, conditions: Conditions) -> None:
        self.ids = itertools.count(1)
        self.callers: list[asyncio.Task[None]] = []
        self.owed: deque[dict[str, str]] = deque()
        self.wake = asyncio.Event()
        self.reset(conditions)

    def reset(self, conditions: Conditions) -> None:
        """Forget everything; from now on these conditions hold."""
        self.conditions = conditions
        self.tally, self.pushed, self.receipts, self.reported = Tally(), Tally(), Tally(), Tally()
        self.contract = Contract(conditions.contract)
        self.owed.clear()
        for caller in self.callers:
            caller.cancel()
        wanted = CALLERS if conditions.callback else 0
        self.callers = [asyncio.create_task(self.call(conditions.callback)) for _ in range(wanted)]

    def answer(self, head: bytes, body: bytes) -> bytes:
        """One request's answer."""
        path, now = head.split(b" ", 2)[1], time.time()
        if path.startswith(b"/dlr"):
            self.reported.take(1, now)
            return OK
        if path.startswith(b"/push/"):
            self.pushed.take(1, now)
            return CREATED
        if not self.contract.admits(now):
            self.tally.throttled += 1
            return TOO_MANY
        self.tally.take(1, now)
        return self.sms(body) if path.startswith(b"/sms") else OK

    def sms(self, body: bytes) -> bytes:
        identifier = f"{next(self.ids):012x}"
        if self.callers:
            self.owed.append({"id": identifier, "to": json.loads(body)["to"], "status": "delivered"})
            self.wake.set()
        return IDS % (len(identifier) + 12, identifier.encode())

    async def call(self, url: str) -> None:
        """Tell receipts, as many at once as there are, over one kept connection."""
        to = urlsplit(url)
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):  # the engine comes and goes
                reader, writer = await asyncio.open_connection(to.hostname, to.port)
                with contextlib.closing(writer):
                    while True:
                        await self.tell(reader, writer, to.path)
            await asyncio.sleep(0.05)

    async def tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> None:
        while not self.owed:
            self.wake.clear()
            await self.wake.wait()
        batch = [self.owed.popleft() for _ in range(min(BATCH, len(self.owed)))]
        try:
            status = await posted(reader, writer, path, json.dumps(batch).encode())
        except BaseException:
            self.owed.extend(batch)
            raise
        if status == 200:
            self.receipts.take(len(batch), time.time())
        else:
            self.owed.extend(batch)
            await asyncio.sleep(0.05)


async def posted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: bytes) -> int:
    """POST over an open connection; the status of the answer."""
    head = f"POST {path} HTTP/1.1\r\nHost: sink\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(content_length(answer))
    return int(answer.split(b" ", 2)[1])


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, door: HttpDoor) -> None:
        self.door = door
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        buffer, at, answers = self.rest + data if self.rest else data, 0, []
        while (end := buffer.find(b"\r\n\r\n", at)) >= 0:
            head, start = buffer[at:end], end + 4
            length = content_length(head)
            if len(buffer) - start < length:
                break
            at = start + length
            answers.append(self.door.answer(head, buffer[start:at]))
        self.rest = buffer[at:]
        if answers and self.door.conditions.delay:
            loop = asyncio.get_running_loop()
            loop.call_later(self.door.conditions.delay, self.transport.write, b"".join(answers))
        elif answers:
            self.transport.write(b"".join(answers))
