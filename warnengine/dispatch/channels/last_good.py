"""Where a gateway was found last: a name server that fails must not cut off a gateway that is well.

On 2025-10-20 an empty answer for one name took a cloud down for fifteen hours; the servers behind it were up.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

PATIENCE = 1 / 3
"""The share of the time to connect that a name server has."""
KEPT = 24 * 3600.0
"""Seconds for which an address counts that nobody has confirmed since."""


class LastGood:
    """The addresses of one name."""

    def __init__(self, host: str, port: int, connect_seconds: float) -> None:
        self._host, self._port, self._patience = host, port, connect_seconds * PATIENCE
        self._found: list[str] = []
        self._at = 0.0

    async def addresses(self) -> list[str]:
        """As the name server says, or as it said last; OSError where it never has."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience):
                found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            self._found, self._at = list(dict.fromkeys(str(one[4][0]) for one in found)), loop.time()
        except (OSError, TimeoutError) as error:
            if not self._found or loop.time() > self._at + KEPT:
                raise OSError(
                    f"no address of {self._host} is known: {error or 'the name server is silent'}"
                ) from error
        return self._found


class LastGoodResolver(AbstractResolver):
    """The same for an HTTP client, whatever names it asks for."""

    def __init__(self, connect_seconds: float) -> None:
        self._patience = connect_seconds * PATIENCE
        self._asks = ThreadedResolver()
        self._found: dict[tuple[str, int, int], list[ResolveResult]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """As the name server says, or as it said last."""
        key = host, port, int(family)
        try:
            async with asyncio.timeout(self._patience):
                self._found[key] = await self._asks.resolve(host, port, family)
        except (OSError, TimeoutError) as error:
            if key not in self._found:
                raise _unknown(host, error) from error
        return self._found[key]

    async def close(self) -> None:
        """Nothing is open."""
        await self._asks.close()


def _unknown(host: str, error: Exception) -> OSError:
    return OSError(f"no address of {host} is known: {error or 'the name server is silent'}")


async def connect(good: LastGood, port: int, **options: Any) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
    """As `loop.create_connection`, to the first address that takes it."""
    loop = asyncio.get_running_loop()
    failed: OSError | None = None
    for address in await good.addresses():
        try:
            return await loop.create_connection(host=address, port=port, **options)
        except OSError as error:
            failed = error
    raise failed or OSError("the name server knows no address")
