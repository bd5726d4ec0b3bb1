"""One document over HTTP, bounded in time and size, or the word that it is unchanged. Never a part of one."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from warnengine.ingest.feed_network import MORE, Limits, OffLimits
from warnengine.model.feed import Trouble, Version
from warnengine.settings import Feed

REDIRECTS = 3
MOVED = frozenset({301, 302, 303, 307, 308})
GZIP = b"\x1f\x8b"
LONGEST_VALIDATOR = 1000
"""Characters of an ETag or a time that are kept; a longer one is none."""


class Unfetched(Exception):
    """A document could not be had: in which way, the detail, and how long the other side asks us to wait."""

    def __init__(self, trouble: Trouble, detail: str, wait: float = 0) -> None:
        super().__init__(f"{trouble}: {detail}")
        self.trouble, self.detail, self.wait = trouble, detail, wait


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole document; None: it is the one that we have."""

    body: bytes | None
    version: Version
    media_type: str | None = None


@dataclass
class Unpacked:
    """Bytes as they come, unpacked where they are packed; never more than `most` of them, packed or not."""

    most: int
    coding: str
    """Of the header Content-Encoding."""
    _parts: list[bytes] = field(default_factory=list)
    _size: int = 0
    _packed: int = 0
    _inflate: zlib._Decompress | None = None
    _begun: bool = False

    def add(self, chunk: bytes) -> None:
        """The next piece; Unfetched where it is too much or broken."""
        if not self._begun and chunk:
            self._begin(chunk)
        self._packed += len(chunk)
        if self._packed > self.most:
            raise self._too_large()
        while chunk:
            chunk = self._take(chunk)

    def whole(self) -> bytes:
        """Everything; Unfetched where the end of the packing has not come."""
        if self._inflate and not self._inflate.eof:
            raise Unfetched(Trouble.TRUNCATED, "gzip ends before its end")
        return b"".join(self._parts)

    def _begin(self, chunk: bytes) -> None:
        """Some servers send packed files and do not say so."""
        self._begun = True
        if self.coding in {"gzip", "x-gzip"} or (self.coding in {"", "identity"} and chunk.startswith(GZIP)):
            self._inflate = zlib.decompressobj(wbits=31)
        elif self.coding == "deflate":
            self._inflate = zlib.decompressobj()
        elif self.coding not in {"", "identity"}:
            raise Unfetched(Trouble.UNREADABLE, f"Content-Encoding {self.coding[:40]!r} was not asked for")

    def _take(self, chunk: bytes) -> bytes:
        """Take in a piece; what is left of it."""
        if self._inflate is None:
            self._keep(chunk)
            return b""
        if self._inflate.eof:  # gzip may go on with another member
            self._inflate = zlib.decompressobj(wbits=31)
        try:
            self._keep(self._inflate.decompress(chunk, self.most - self._size + 1))
        except zlib.error as error:
            raise Unfetched(Trouble.TRUNCATED, f"cannot be unpacked: {error}") from error
        return self._inflate.unconsumed_tail or self._inflate.unused_data

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self.most:
            raise self._too_large()
        self._parts.append(piece)

    def _too_large(self) -> Unfetched:
        return Unfetched(Trouble.TOO_LARGE, f"more than {self.most} bytes")


async def fetch(
    web: aiohttp.ClientSession,
    url: URL,
    limits: Limits,
    *,
    have: Version,
    headers: dict[str, str],
    feed: Feed,
) -> Fetched:
    """One document. have: the version that we have; headers: for the feed's own host alone. Raise Unfetched."""
    try:
        async with asyncio.timeout(feed.answer_seconds):
            for _ in range(REDIRECTS + 1):
                own = headers if limits.at_home(url) else {}
                async with web.get(url, headers={**asked(have), **own}, allow_redirects=False) as answer:
                    if answer.status not in MOVED:
                        return await _answered(answer, have, feed.max_bytes)
                    url = limits.redirected(url, answer.headers.get("Location", ""))
        raise Unfetched(Trouble.FORBIDDEN, f"more than {REDIRECTS} redirects")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise told(error) from error


async def _answered(answer: aiohttp.ClientResponse, have: Version, most: int) -> Fetched:
    refuse(answer.status, answer.headers, have)
    version = Version(validator(answer.headers, "ETag"), validator(answer.headers, "Last-Modified"))
    if answer.status == 304:
        return Fetched(None, Version(version.etag or have.etag, version.modified or have.modified, have.sha256))
    if (answer.content_length or 0) > most:
        raise Unfetched(Trouble.TOO_LARGE, f"{answer.content_length} bytes are announced, {most} are taken")
    unpacked = Unpacked(most, answer.headers.get("Content-Encoding", "").strip().lower())
    async for chunk in answer.content.iter_any():
        unpacked.add(chunk)
    body = unpacked.whole()
    sha256 = hashlib.sha256(body).digest()
    found = Version(version.etag, version.modified, sha256)
    return Fetched(None if sha256 == have.sha256 else body, found, answer.content_type)


def asked(have: Version) -> dict[str, str]:
    """What makes a request conditional: only where we have what the validators are of."""
    if not have.sha256:
        return {}
    found = {"If-None-Match": have.etag, "If-Modified-Since": have.modified}
    return {name: value for name, value in found.items() if value}


def refuse(status: int, headers: CIMultiDictProxy[str], have: Version) -> None:
    """Raise Unfetched for every answer that is not a whole document or the word that ours still counts."""
    if status == 200 or (status == 304 and asked(have)):
        return
    if status == 206:
        raise Unfetched(Trouble.TRUNCATED, "HTTP 206: only a part was sent")
    raise Unfetched(Trouble.REFUSED, f"HTTP {status}", wait(headers.get("Retry-After", ""), datetime.now(UTC)))


def wait(retry_after: str, now: datetime) -> float:
    """Seconds that a Retry-After asks for (RFC 9110 §10.2.3); 0 where it says nothing that can be read."""
    words = retry_after.strip()
    if words.isascii() and words.isdigit():
        return float(words[:9])
    try:
        until = parsedate_to_datetime(words)
    except ValueError:
        return 0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def validator(headers: CIMultiDictProxy[str], name: str) -> str:
    """An ETag or Last-Modified as it came; empty where there is none that can be kept and sent back."""
    value = headers.get(name, "")
    return value if len(value) <= LONGEST_VALIDATOR and value.isprintable() and value.isascii() else ""


def told(error: Exception) -> Unfetched:
    """An error of the client or the network, in which way it is one."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, OffLimits) or MORE in str(cause):  # of several addresses the client joins the words
        return Unfetched(Trouble.FORBIDDEN, str(cause)[:300])
    if isinstance(error, aiohttp.ClientPayloadError):
        return Unfetched(Trouble.TRUNCATED, "the connection ended before the document did")
    if isinstance(error, TimeoutError):
        return Unfetched(Trouble.UNREACHABLE, "no answer in time")
    if isinstance(error, aiohttp.ClientConnectorError):
        why = cause.strerror if isinstance(cause, OSError) and cause.strerror else type(cause).__name__
        return Unfetched(Trouble.UNREACHABLE, f"{error.host}:{error.port} {why}"[:200])
    return Unfetched(Trouble.UNREACHABLE, (str(error) or type(error).__name__)[:200])
