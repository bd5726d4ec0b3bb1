"""The sockets that pushes go through.

A subscription's endpoint is what a browser handed in: it may name any machine. The rule is applied to the very
address that is connected to, so that no name server can talk its way past it.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from aiohttp import AddrInfoType

    from warnengine.settings import PushGateway


class ForbiddenAddress(OSError):
    """The endpoint leads into a private network, or to this machine itself."""


def open_http(gateway: PushGateway) -> aiohttp.ClientSession:
    """One HTTP client for all push services: bounded in time, without cookies, resetting what it abandons."""

    def guarded(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, sockaddr = info
        _check(str(sockaddr[0]), allow_loopback=gateway.allow_http_loopback)
        return _socket(family, kind, protocol, gateway.answer_seconds)

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=gateway.window, socket_factory=guarded),
        timeout=aiohttp.ClientTimeout(
            total=gateway.connect_seconds + gateway.answer_seconds,
            connect=gateway.connect_seconds,
            sock_read=gateway.answer_seconds,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def _check(address: str, *, allow_loopback: bool) -> None:
    target = ipaddress.ip_address(address)
    if isinstance(target, ipaddress.IPv6Address) and target.ipv4_mapped:
        target = target.ipv4_mapped
    if (target.is_global and not target.is_multicast) or (allow_loopback and target.is_loopback):
        return
    raise ForbiddenAddress("the endpoint leads into a private network")


def _socket(family: int, kind: int, protocol: int, seconds: float) -> socket.socket:
    sock = socket.socket(family, kind, protocol)
    # However this socket ends, nothing of it may arrive later, even when our own process is killed.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
    return sock
