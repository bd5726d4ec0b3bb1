"""The sink alone, under a raw client: what it sustains, so that nobody measures the sink instead of a system."""

from __future__ import annotations

import asyncio
import struct
import time

from tests.bench.peers.text import TEXT, number
from tests.bench.sink.smpp import DELIVER, HEAD, RESPONSE, SUBMIT, pdu
from tests.bench.stand import Sample, Stand

WINDOW = 200
BIND = b"bench\0bench\0\0\x34\0\0\0"


def submit(n: int) -> bytes:
    """Body of a submit_sm of one part."""
    text = TEXT.encode("utf-16-be")
    to = number(n)[1:].encode()
    head = b"\0\0\1" + b"10690000\0" + b"\1\1" + to + b"\0" + b"\0\0\0\0\0\1\0\x08\0"
    return head + bytes([len(text)]) + text


class Esme(asyncio.Protocol):
    """Keeps a window of prepared texts on the wire, and confirms every receipt."""

    def __init__(self, count: int) -> None:
        self.waiting = [HEAD.pack(0, SUBMIT, 0, n + 2)[4:] + submit(n) for n in range(count)][::-1]
        self.receipts = count
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(pdu(0x09, 1, BIND))

    def data_received(self, data: bytes) -> None:
        buffer, at, room, out = self.rest + data, 0, 0, []
        while len(buffer) - at >= HEAD.size:
            length, command, _, sequence = HEAD.unpack_from(buffer, at)
            if len(buffer) - at < length:
                break
            at += length
            if command == SUBMIT | RESPONSE:
                room += 1
            elif command == DELIVER:
                self.receipts -= 1
                out.append(pdu(DELIVER | RESPONSE, sequence, b"\0"))
            elif command == 0x09 | RESPONSE:
                room = WINDOW
        self.rest = buffer[at:]
        for _ in range(min(room, len(self.waiting))):
            body = self.waiting.pop()
            out.append(struct.pack(">I", len(body) + 4) + body)
        self.transport.write(b"".join(out))
        if not self.receipts and not self.done.done():
            self.done.set_result(None)


class Client(asyncio.Protocol):
    """Posts over one kept connection, a pipeline at a time."""

    def __init__(self, request: bytes, count: int, pipeline: int) -> None:
        self.request, self.left, self.pipeline = request, count, pipeline
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request * self.pipeline)

    def data_received(self, data: bytes) -> None:
        answers = data.count(b"HTTP/1.1 ")
        self.left -= answers
        if self.left > 0:
            self.transport.write(self.request * min(answers, self.left))
        elif not self.done.done():
            self.done.set_result(None)


async def smpp(stand: Stand, count: int) -> Sample:
    """Texts and receipts over one session."""
    await stand.reset()
    transport, esme = await asyncio.get_running_loop().create_connection(
        lambda: Esme(count), "127.0.0.1", stand.ports["smpp"]
    )
    began = time.time()
    await asyncio.wait_for(esme.done, stand.plan.patience)
    transport.close()
    return {"rate": count / (time.time() - began)}


async def http(stand: Stand, count: int) -> Sample:
    """Posts over eight connections, eight on the wire of each."""
    await stand.reset()
    body = f"{number(0)} {TEXT}".encode()
    request = b"POST /hook HTTP/1.1\r\nHost: sink\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    loop, began = asyncio.get_running_loop(), time.time()
    ways = [
        await loop.create_connection(lambda: Client(request, count // 8, 8), "127.0.0.1", stand.ports["http"])
        for _ in range(8)
    ]
    await asyncio.wait_for(asyncio.gather(*(client.done for _, client in ways)), stand.plan.patience)
    for transport, _ in ways:
        transport.close()
    return {"rate": count // 8 * 8 / (time.time() - began)}
