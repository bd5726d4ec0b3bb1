"""Gateways of bare frames, for what no well-behaved library would send: what SMPP's and CMPP's have in common."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ClassVar, Self

import pytest

from tests.channels.conformance import BOUND, Line, Recorder, outgoing, running, until
from warnengine.dispatch.channel import Channel, ChannelError, Inbox, Reason

NUMBER = "+8613800138001"
RESPONSE = 0x80000000

Act = Callable[[Any, int, int, bytes], Awaitable[None] | None]
"""What a gateway does with a PDU (gateway, command, sequence, whole PDU) instead of the usual; None: the usual,
except that a submit is left unanswered."""


class BareGateway(ABC):
    """One listening gateway. PDUs are written by code that is not ours, or octet by octet."""

    header: ClassVar[struct.Struct]
    login: ClassVar[int]
    submit: ClassVar[int]
    deliver: ClassVar[int]
    enquire: ClassVar[int]
    goodbye: ClassVar[int]
    receipt_id: ClassVar[str]
    """Of the message that `receipt` tells of."""

    def __init__(self, act: Act | None = None, **server: Any) -> None:
        self.act = act
        self.port = 0
        self.pdus: list[tuple[int, int, bytes]] = []
        """(command, sequence, whole PDU) of all that came in."""
        self.sessions: list[asyncio.StreamWriter] = []
        self.login_status = 0
        self._options = server
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._session, "127.0.0.1", 0, **self._options)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for session in self.sessions:
            session.transport.abort()
        await self._server.wait_closed()

    def send(self, octets: bytes) -> None:
        self.sessions[-1].write(octets)

    def count(self, command: int) -> int:
        return sum(1 for found, _, _ in self.pdus if found == command)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await reader.readexactly(self.header.size)
                length, command, *status, sequence = self.header.unpack(header)
                octets = header + await reader.readexactly(length - len(header))
                self.pdus.append((command + sum(status) if command & RESPONSE else command, sequence, octets))
                await self._answer(writer, command, sequence, octets)

    async def _answer(self, writer: asyncio.StreamWriter, command: int, sequence: int, octets: bytes) -> None:
        acted = self.act(self, command, sequence, octets) if self.act else None
        if acted is not None:
            await acted
        elif not (self.act and command == self.submit):
            writer.write(self.usual(command, sequence))

    @abstractmethod
    def channel(self, inbox: Inbox, **changes: Any) -> Channel:
        """Make a channel to this gateway, with time limits of a second."""

    @abstractmethod
    def frame(self, command: int, sequence: int, body: bytes = b"") -> bytes:
        """Write one PDU."""

    @abstractmethod
    def usual(self, command: int, sequence: int) -> bytes:
        """What a gateway answers that is well; empty: nothing."""

    @abstractmethod
    def receipt(self, sequence: int) -> bytes:
        """A receipt, to be handed over."""

    @abstractmethod
    def reply(self, sequence: int, text: bytes) -> bytes:
        """A reply of somebody, to be handed over."""


@contextlib.asynccontextmanager
async def line_to(gateway: BareGateway, **changes: Any) -> AsyncIterator[Line]:
    inbox = Recorder()
    async with running(gateway.channel(inbox, **changes), inbox) as line:
        await until(line.channel.healthy, "the channel is logged in")
        yield line


async def refused_for(channel: Channel, reason: Reason, word: str = "") -> ChannelError:
    """Send until the channel knows the reason that is expected."""
    async with asyncio.timeout(BOUND):
        while True:
            with pytest.raises(ChannelError) as caught:
                await channel.send(outgoing(NUMBER))
            if caught.value.reason is reason and word in caught.value.detail:
                return caught.value
            await asyncio.sleep(0.01)
