"""A name server that fails does not cut off a gateway that was found before."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from warnengine.dispatch.channels import last_good
from warnengine.dispatch.channels.last_good import LastGood, LastGoodResolver

Ask = Callable[..., Awaitable[Any]]
FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 2775))]


async def found(*_: Any, **__: Any) -> Any:
    return FOUND


async def unknown(*_: Any, **__: Any) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def silent(*_: Any, **__: Any) -> Any:
    await asyncio.Event().wait()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[[Ask], None]:
    """What the name server of this loop does from now on."""
    return lambda answer: monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)


@pytest.mark.parametrize("failing", [unknown, silent])
async def test_the_last_good_address_counts(names: Callable[[Ask], None], failing: Ask) -> None:
    name, resolver = LastGood("gateway.example", 2775, 0.15), LastGoodResolver(0.15)
    names(found)
    assert await name.addresses() == ["192.0.2.7"]
    names(failing)
    assert await name.addresses() == ["192.0.2.7"]
    with pytest.raises(OSError, match="no address of other.example is known"):
        await LastGood("other.example", 2775, 0.15).addresses()
    with pytest.raises(OSError, match="no address of other.example is known"):
        await resolver.resolve("other.example", 443)


async def test_it_does_not_count_for_ever(names: Callable[[Ask], None], monkeypatch: pytest.MonkeyPatch) -> None:
    name = LastGood("gateway.example", 2775, 0.15)
    names(found)
    await name.addresses()
    names(unknown)
    monkeypatch.setattr(last_good, "KEPT", -1.0)
    with pytest.raises(OSError, match="no address"):
        await name.addresses()
