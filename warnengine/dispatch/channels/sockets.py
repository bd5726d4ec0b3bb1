"""Connections that do not outlive our patience.

After a partition the kernel goes on repeating the bytes of a socket that was closed or aborted, up to minutes: a
message would arrive long after it was given up. TCP_USER_TIMEOUT (RFC 5482) bounds that for a connection that
still stands or whose process has died, SO_LINGER of zero ends it with a reset and empties the kernel's buffer.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from collections.abc import Callable
from typing import Any

RESET_ON_CLOSE = struct.pack("ii", 1, 0)

AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


def bound_unanswered(sock: Any, seconds: float) -> None:
    """Let the kernel give up on bytes that the other side has not confirmed for `seconds`.

    `sock` is a socket or asyncio's view of one. Systems without the option are bounded by the reset alone.
    """
    if sys.platform == "linux":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(1, int(seconds * 1000)))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def abandon(transport: asyncio.WriteTransport) -> None:
    """End a connection with a reset: what has not reached the other side never will."""
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    transport.abort()


def unconfirmed(transport: asyncio.WriteTransport) -> int:
    """Count the bytes that we wrote and the other side's kernel has not confirmed."""
    waiting = transport.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    return waiting or (0 if sock is None or sock.fileno() < 0 else unconfirmed_by(sock))


def unconfirmed_by(sock: Any) -> int:
    """Count the bytes that a socket wrote and the other side's kernel has not confirmed."""
    answer = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4)
    return int.from_bytes(answer, sys.byteorder)


def bounded_sockets(seconds: float) -> Callable[[AddressInfo], socket.socket]:
    """Make the socket factory of an HTTP client: every connection bounded, every close a reset."""

    def create(address: AddressInfo) -> socket.socket:
        family, kind, protocol, _, _ = address
        sock = socket.socket(family, kind, protocol)
        bound_unanswered(sock, seconds)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        return sock

    return create
