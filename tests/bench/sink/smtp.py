"""The SMTP door: takes every mail at once."""

from __future__ import annotations

import asyncio
import time

from tests.bench.sink.tally import Conditions, Tally

SAID = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class SmtpDoor:
    """What all connections share."""

    def __init__(self, conditions: Conditions) -> None:
        self.reset(conditions)

    def reset(self, conditions: Conditions) -> None:
        """Forget everything."""
        self.conditions, self.tally = conditions, Tally()


class Dialogue(asyncio.Protocol):
    """One client."""

    def __init__(self, door: SmtpDoor) -> None:
        self.door = door
        self.rest = b""
        self.in_text = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while True:
            piece, found, rest = self.rest.partition(b"\r\n.\r\n" if self.in_text else b"\r\n")
            if not found:
                return
            self.rest = rest
            self.transport.write(self.taken() if self.in_text else self.said(piece[:4].upper()))

    def said(self, verb: bytes) -> bytes:
        self.in_text = verb == b"DATA"
        return SAID.get(verb, b"250 ok\r\n")

    def taken(self) -> bytes:
        self.in_text = False
        self.door.tally.take(1, time.time())
        return b"250 ok\r\n"
