"""Deliveries and their attempts: what is known of one text on its way to one address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from warnengine.model.bundle import Written
from warnengine.model.level import Level


class Purpose(StrEnum):
    """Why an attempt is made."""

    FIRST = "first"
    RETRY = "retry"
    """The gateway certainly had not taken it."""
    RESEND = "resend"
    """Nobody knows whether the gateway had taken it: the text says 重发, the board says possible duplicate."""
    REMINDER = "reminder"
    """The ladder asks again: the text says 再次提醒."""
    NEXT = "next"
    """A further channel of somebody who has not answered on those before it."""


class What(StrEnum):
    """What happened to an attempt. Evidence only rises: a later member outweighs an earlier one."""

    WITHDRAWN = "withdrawn"
    """Not sent: its order was superseded, or answered, before a byte left."""
    EXPIRED = "expired"
    """Not sent: its time was over."""
    REFUSED = "refused"
    """Certainly not taken; may go again."""
    FAILED = "failed"
    """Certainly not taken, and never will be."""
    UNKNOWN = "unknown"
    """Bytes left, no answer came: it may have been taken."""
    HELD = "held"
    """Unknown too often: a person decides."""
    ACCEPTED = "accepted"
    SILENT = "silent"
    """Accepted, and no receipt in time; a late one still counts."""
    UNDELIVERED = "undelivered"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Claim:
    """A chunk that one worker holds for a while."""

    chunk: int
    epoch: int
    number: int
    purpose: Purpose
    lane: int
    now: datetime
    """Engine time of the claim."""


class Attempt(NamedTuple):
    """One attempt at one delivery, as far as a decision about it needs."""

    delivery: int
    number: int
    purpose: Purpose
    channel: str
    address: str
    level: Level
    not_after: datetime
    lapses: bool = False
    """It is an all-clear."""

    @property
    def lane(self) -> int:
        """0 is red."""
        return 4 - self.level


class Candidate(NamedTuple):
    """A delivery of a claimed chunk whose intent is not written yet, with all that the decision needs."""

    attempt: Attempt
    bundle: int
    stale: bool
    """A version of its bundle has been superseded."""
    answered: bool
    """Every obligation of its bundle is answered or closed."""
    taken: bool
    """An earlier attempt is accepted or delivered."""
    retired: bool
    """The address is not theirs any more."""
    text: Written
    name: str
    posts: tuple[str, ...]
    renews: bool = False
    """It replaces something that its person may have been sent."""


class Intent(NamedTuple):
    """What is committed before the first byte leaves."""

    delivery: int
    client_id: str
    text_sha256: bytes


class Event(NamedTuple):
    """One line of a delivery's history."""

    delivery: int
    number: int
    what: What
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """A further attempt that is due later."""

    delivery: int
    number: int
    purpose: Purpose
    lane: int
    after: timedelta


class Part(NamedTuple):
    """One part of an accepted message under the gateway's own id."""

    provider_id: str
    delivery: int
    number: int
    part: int
    parts: int
    address: str


class Outcome(NamedTuple):
    """All that follows from one attempt."""

    event: Event
    again: Again | None = None
    parts: tuple[Part, ...] = ()
    page: str | None = None
    """A sentence for the duty room when a way to a person is closed for good."""
    retire: str | None = None
    """The address will never work: why."""
    reason: str = ""
    """The one word of why it was not sent, for the log."""


class Fate(StrEnum):
    """What a receipt says of one part."""

    DELIVERED = "delivered"
    FAILED = "failed"
    PENDING = "pending"
    """Accepted, queued, en route: tells nothing yet."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A gateway's word on one part of a message."""

    gateway: str
    provider_id: str
    address: str
    """As the gateway writes it; may be empty."""
    fate: Fate
    code: str
    """The gateway's own code, kept for the record: DELIVRD, MI:0013, 5.1.1."""
    raw: bytes
    """The bytes it was read from; equal bytes are one receipt."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person wrote back."""

    gateway: str
    address: str
    """The person's address, as the gateway writes it."""
    to: str
    """Our number with its extension, where the line has one; may be empty."""
    text: str
    raw: bytes
    delivery: int | None = None
    """The delivery that it answers, where that is known: a key that was pressed in a call."""
    channel: str = "sms"
    """The kind of channel that its address belongs to, where the delivery is not known."""


@dataclass(frozen=True, slots=True)
class Text:
    """What one person reads, already filled in. A channel takes the part it can carry."""

    short: str
    """Plain text that begins with the 【signature】; SMS and calls carry exactly this."""
    subject: str
    body: str
    """Plain long text, for email."""
    html: str
    """The same as HTML, for email."""
    link: str
    """The official's page, `https://…/a/{code}`."""
