"""Where a poll may go: allow-listed hosts, and of their addresses those that are outside, or allowed by name.

A link in a feed is what somebody else wrote, and a name server says what it likes: so the rule is applied to the
very address that is connected to, and names are resolved once in a poll.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import aiohttp
from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver
from yarl import URL

from warnengine.settings import Feed

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")
LONGEST = 2000
"""Characters of an address."""
MORE = "add it to `inside` of the feed if it belongs there"


class OffLimits(OSError):
    """Our own rules do not let us go there; the words say which."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where one feed may lead."""

    home: URL
    """Its own address."""
    hosts: frozenset[tuple[str, int]]
    """(host, port)"""

    @classmethod
    def of(cls, feed: Feed) -> Limits:
        """From the settings."""
        home = URL(feed.url)
        usual = home.with_port(None).port or 443
        return cls(home, frozenset({_place(home), *(_listed(host, usual) for host in feed.hosts)}))

    def permitted(self, url: str) -> URL:
        """The address, if it may be asked for; OffLimits with the reason."""
        if len(url) > LONGEST:
            raise OffLimits(f"an address of {len(url)} characters")
        try:
            found = URL(url)
            place = _place(found)
        except ValueError as error:
            raise OffLimits(f"{url[:100]!r} is no address: {error}") from error
        if found.scheme not in {"https", self.home.scheme}:
            raise OffLimits(f"{url[:100]!r} is not {self.home.scheme}")
        if found.user or found.password:
            raise OffLimits(f"a login in an address of {found.host}")
        if place not in self.hosts:
            raise OffLimits(f"{place[0]}:{place[1]} is none of its hosts")
        return found

    def redirected(self, start: URL, location: str) -> URL:
        """Where a redirect leads, if that is on the same host; OffLimits."""
        if len(location) > LONGEST:
            raise OffLimits("a redirect to an endless address")
        target = start.join(URL(location))
        if target.host != start.host or (start.scheme == "https" and target.scheme != "https"):
            raise OffLimits(f"{start.host} redirects to {str(target.with_query(None))[:100]}")
        return self.permitted(str(target))

    def at_home(self, url: URL) -> bool:
        """Whether it is the feed's own host, which alone may see its secrets."""
        return (url.scheme, _place(url)) == (self.home.scheme, _place(self.home))


def refuse_inside(address: str, allowed: Iterable[Network]) -> None:
    """Raise OffLimits for an address that is not out in the world and not in a network that is allowed."""
    found = list(_meant(ipaddress.ip_address(address.partition("%")[0])))
    if any(one in network for one in found for network in allowed):
        return
    if not all(one.is_global and not one.is_multicast for one in found):
        raise OffLimits(f"{address} is inside, not out in the world: {MORE}")


def _meant(address: Address) -> Iterator[Address]:
    """The address, or the one of IPv4 that it is a wrapping of."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    if address in NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return
    wrapped = address.ipv4_mapped or address.sixtofour
    if address.teredo:
        yield from address.teredo
    elif wrapped:
        yield wrapped
    else:
        yield address


def open_web(feed: Feed, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """An HTTP client for one poll: names are resolved once, no cookies, no proxy, nothing is unpacked unasked."""
    connector = aiohttp.TCPConnector(
        limit=feed.in_flight + 1,
        resolver=resolver,
        ssl=_trust(feed.ca_file),
        ttl_dns_cache=None,
        socket_factory=_guarded(feed.inside),
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=feed.answer_seconds, connect=feed.connect_seconds),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"User-Agent": "warnengine", "Accept-Encoding": "gzip", "Cache-Control": "max-age=0"},
    )


@cache
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """Read once: a poll comes every minute."""
    return ssl.create_default_context(cafile=ca_file)


def _guarded(allowed: Sequence[Network]) -> Callable[[AddrInfoType], socket.socket]:
    def made(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, target = info
        refuse_inside(str(target[0]), allowed)
        return socket.socket(family, kind, protocol)

    return made


def _place(url: URL) -> tuple[str, int]:
    """Host and port; ValueError where it has none."""
    if not url.host or not url.port:
        raise ValueError("no host")
    return url.host.lower().rstrip("."), url.port


def _listed(host: str, usual: int) -> tuple[str, int]:
    name, _, port = host.rpartition(":")
    return (name.lower(), int(port)) if name and port.isdigit() else (host.lower(), usual)
