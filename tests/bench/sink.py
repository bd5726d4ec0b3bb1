"""A bare SMSC for measuring: takes every message at once, reports it delivered, keeps nothing.

Run as a process of its own: `python -m tests.bench.sink` prints its port. SMPP 3.4, sections 4.1 to 4.6.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import struct

HEAD = struct.Struct(">IIII")
BIND_TRANSCEIVER, SUBMIT, DELIVER, UNBIND, ENQUIRE = 0x09, 0x04, 0x05, 0x06, 0x15
RESPONSE = 0x80000000


def pdu(command: int, sequence: int, body: bytes = b"") -> bytes:
    return HEAD.pack(HEAD.size + len(body), command, 0, sequence) + body


def receipt(identifier: bytes, source: bytes, destination: bytes) -> bytes:
    text = (
        b"id:"
        + identifier
        + b" sub:001 dlvrd:001 submit date:2607270554 done date:2607270554 stat:DELIVRD err:000 text:"
    )
    head = b"\0\1\1" + source + b"\0\1\1" + destination + b"\0\x04\0\0\0\0\0\0\0\0"
    return head + bytes([len(text)]) + text


def addresses(body: bytes) -> tuple[bytes, bytes]:
    """Source and destination of a submit_sm."""
    service = body.index(0) + 1
    source_end = body.index(0, service + 2)
    destination_end = body.index(0, source_end + 3)
    return body[service + 2 : source_end], body[source_end + 3 : destination_end]


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionResetError):  # a run ends as soon as it has what it measures
        await answer(reader, writer)
    writer.close()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    ids, sequences = itertools.count(1), itertools.count(1)
    while head := await reader.read(HEAD.size):
        head += await reader.readexactly(HEAD.size - len(head))
        length, command, _, sequence = HEAD.unpack(head)
        body = await reader.readexactly(length - HEAD.size)
        if command == SUBMIT:
            source, destination = addresses(body)
            identifier = b"%012x" % next(ids)
            writer.write(pdu(SUBMIT | RESPONSE, sequence, identifier + b"\0"))
            writer.write(pdu(DELIVER, next(sequences), receipt(identifier, destination, source)))
        elif command == BIND_TRANSCEIVER:
            writer.write(pdu(command | RESPONSE, sequence, b"sink\0"))
        elif command in (ENQUIRE, UNBIND):
            writer.write(pdu(command | RESPONSE, sequence))
        await writer.drain()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
