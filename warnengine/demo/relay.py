"""A TCP relay with a port that stays: where the parts of the demo find each other, and where faults are made."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections import deque
from contextlib import suppress
from enum import StrEnum
from typing import cast

HOST = "127.0.0.1"
FLUSH_SECONDS = 1
_PORTS = range(20_000, 32_768)
"""Below the range from which a system gives ports to whoever asks for any: nobody gets one of these by chance."""
_MARKS: deque[int] = deque()
"""Open until the process ends, but for the oldest."""
_MOST_MARKS = 100


class Mode(StrEnum):
    """What the line does."""

    OK = "ok"
    MUTE = "mute"
    """Connections stand and are made, but not a byte passes either way."""
    DROP = "drop"
    """Connections are cut and new ones closed at once."""


def free_port() -> int:
    """A port that nobody listens on, for servers that cannot tell which port they were given.

    Nobody else who asks here gets it too, in this process or another: the UDP port of its number is the mark.
    Raise OSError where all are taken.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        with suppress(OSError):
            _MARKS.append(_marked(port))
            if len(_MARKS) > _MOST_MARKS:
                os.close(_MARKS.popleft())
            return port
    raise OSError(f"no port from {_PORTS[0]} to {_PORTS[-1]} is free")


def _marked(port: int) -> int:
    """Take a port's mark, a descriptor; raise OSError where the port or its mark is taken."""
    mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        mark.bind((HOST, port))
        socket.create_server((HOST, port)).close()
    except OSError:
        mark.close()
        raise
    return mark.detach()


class Relay:
    """Passes bytes between a fixed front port and a server whose port may change.

    What was held back while mute is never passed on later: those connections are reset when the line is well
    again, as a carrier's line does.
    """

    def __init__(self) -> None:
        self.port = 0
        self.target: int | None = None
        """Port of the server behind; None: nobody is there, connections are cut."""
        self._mode = Mode.OK
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._stalled: set[asyncio.StreamWriter] = set()
        self._handlers: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> None:
        """Listen on the port, or on any; raise OSError where it is taken."""
        self._server = await asyncio.start_server(self._connected, HOST, port)
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def mode(self) -> Mode:
        """What the line does now."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._mode = mode
        self._reset(self._open if mode is Mode.DROP else self._stalled)

    async def stop(self) -> None:
        """Close the front port and cut what is open."""
        if self._server:
            self._server.close()
        self._reset(self._open)
        await asyncio.gather(*self._handlers, return_exceptions=True)

    def _reset(self, writers: set[asyncio.StreamWriter]) -> None:
        for writer in tuple(writers):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; nothing behind is asked while the line is mute."""
        handler = cast("asyncio.Task[None]", asyncio.current_task())
        self._handlers.add(handler)
        handler.add_done_callback(self._handlers.discard)
        self._open.add(writer)
        try:
            with suppress(OSError):  # either side broke off: a line's daily life, both ends see it
                if self._mode is Mode.MUTE:
                    self._stalled.add(writer)
                    await reader.read()
                elif self._mode is Mode.OK and self.target:
                    await self._join(reader, writer, self.target)
        finally:
            self._open.discard(writer)
            self._stalled.discard(writer)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        inner, outer = await asyncio.open_connection(HOST, port)
        ways = [
            asyncio.create_task(self._pass(reader, outer, writer)),
            asyncio.create_task(self._pass(inner, writer, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            async with asyncio.timeout(FLUSH_SECONDS):
                writer.close()
                await writer.wait_closed()
        finally:
            outer.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, front: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(65536):
            if self._mode is Mode.MUTE:
                self._stalled.add(front)
            if front not in self._stalled:
                writer.write(data)
                await writer.drain()
