"""A TCP proxy that makes faults on the way: latency, jitter, losses, cuts, resets, silence, small pieces, a narrow pipe."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from contextlib import suppress
from typing import Any

from tests.faults.processes import HOST


class Proxy:
    """Passes bytes to a port of this machine. Every attribute may be changed while connections stand."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.latency = 0.0
        """Seconds in each direction."""
        self.jitter = 0.0
        self.bandwidth = 0
        """Bytes a second in each direction; 0: all."""
        self.slice = 0
        """Bytes that are passed on at once; 0: as they come."""
        self.drop_up = False
        """Client to server: nothing passes, and is lost."""
        self.drop_down = False
        """Server to client: nothing passes, and is lost."""
        self.refuse = False
        """New connections are reset."""
        self.silent = False
        """New connections stand and nobody is behind them."""
        self.reset_after = 0
        """Bytes of the client after which the connection is reset, once; 0: never."""
        self.connections = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset everything that stands."""
        for writer in list(self._writers):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            with suppress(OSError):
                if self.refuse:
                    _reset(writer)
                elif self.silent:
                    await reader.read()
                else:
                    await self._join(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection(HOST, self.target)
        self._writers.add(outer)
        ways = [
            asyncio.create_task(self._pass(reader, outer, up=True)),
            asyncio.create_task(self._pass(inner, writer, up=False)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._writers.discard(outer)
            outer.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if up and self.reset_after:
                    self.reset_after -= min(len(data), self.reset_after)
                    if not self.reset_after:
                        writer.write(data[: len(data) // 2])
                        await writer.drain()
                        await asyncio.sleep(0.02)
                        self.cut()
                        return
                if self.latency or self.jitter:
                    await asyncio.sleep(self.latency + random.uniform(0, self.jitter))
                if self.drop_up if up else self.drop_down:
                    continue
                await self._write(writer, data)

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        step = self.slice or len(data)
        for place in range(0, len(data), step):
            piece = data[place : place + step]
            writer.write(piece)
            await writer.drain()
            if self.slice:
                await asyncio.sleep(0)
            if self.bandwidth:
                await asyncio.sleep(len(piece) / self.bandwidth)


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
