"""What is known of a feed that is polled, and of each document that it links to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Trouble(StrEnum):
    """Why a document could not be had."""

    UNREACHABLE = "unreachable"
    """No connection, or no answer in time."""
    REFUSED = "refused"
    """The other side answers with an error; the detail is its status."""
    FORBIDDEN = "forbidden"
    """Our own rules do not let us go there: host, port, address or redirect."""
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    """It ended before its end, or was packed in a way that cannot be unpacked."""
    UNREADABLE = "unreadable"
    """It came whole and is no list of this kind."""


@dataclass(frozen=True, slots=True)
class Version:
    """What tells whether a document is still the one that we have: empty where the server gave nothing."""

    etag: str = ""
    modified: str = ""
    """Last-Modified, as it came."""
    sha256: bytes = b""
    """Of the bytes after unpacking; empty: we have none."""


@dataclass(frozen=True, slots=True)
class Link:
    """A document that a feed lists."""

    url: str
    stamp: str
    """Identifier and time of the entry: another stamp is another content."""


@dataclass(frozen=True, slots=True)
class Document:
    """A listed document and what we have of it."""

    link: Link
    version: Version
    had: str | None
    """The stamp under which it was fetched last; None: never."""
    checked: datetime | None
    """When it was last asked for, in vain or not."""
    failures: int
    """Times in a row in vain."""
    garbled: bool = False
    """What came last could not be read."""


@dataclass(frozen=True, slots=True)
class FeedState:
    """Where a feed stands. Times are engine times."""

    name: str
    began: datetime
    """Known since."""
    succeeded: datetime | None
    """Of the last poll that brought a whole list, or the word that it is unchanged."""
    failures: int
    """Polls in a row in vain."""
    trouble: Trouble | None
    """Of the last poll."""
    detail: str
    unread: str
    """Why the list that stands could not be read; empty where it could."""
    unread_since: datetime | None
    garbled: int
    """Documents in a row that could not be read."""
    garbled_since: datetime | None
    garbled_why: str
    """Why the last of them could not."""
    withheld: int
    """Documents that are listed, or were a while ago, and could not be fetched in their present version."""
    withheld_since: datetime | None
    withheld_trouble: Trouble | None
    """Why the last of them that was tried could not; None: none was tried."""
    withheld_detail: str
    newest: datetime | None
    """Time of sending of the newest warning that it brought."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to poll a feed once, for a while."""

    name: str
    claim: int
    """Counts the polls: who was overtaken by another engine writes nothing."""
    now: datetime
    version: Version
    failures: int


class Why(StrEnum):
    """In which way a feed is silent."""

    UNREACHABLE = "unreachable"
    """No poll has succeeded for too long."""
    UNREAD = "unread"
    """What it brings is not understood any more."""
    WITHHELD = "withheld"
    """It lists documents that cannot be fetched."""
    STALE = "stale"
    """It answers, and its newest warning is too old."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A feed that is not to be relied on, and since when."""

    why: Why
    since: datetime
    state: FeedState
