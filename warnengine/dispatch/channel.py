"""The contract between the dispatcher and a channel.

A channel hands one text to one gateway for one address and says what the gateway answered. It never retries,
never decides, never sees the store. What comes back later (receipts, replies) it hands to an `Inbox`, and it
confirms to the gateway only after the Inbox has returned, so that a crash in between makes the gateway repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from warnengine.model.delivery import Fate, Receipt, Reply, Text
from warnengine.model.reason import Reason

__all__ = [
    "Accepted",
    "BulkChannel",
    "Channel",
    "ChannelError",
    "Fate",
    "Inbox",
    "Outgoing",
    "Reason",
    "Recalling",
    "Receipt",
    "Reply",
    "Telling",
    "Text",
    "Unanswered",
    "told",
    "trouble",
]


@dataclass(slots=True)
class Outgoing:
    """One attempt at one delivery."""

    delivery: int
    client_id: str
    """16 letters, new for every attempt; sent along where the protocol has room, so that logs can be joined."""
    dedupe_id: str
    """16 letters, the same for every attempt of this delivery; for gateways that drop repeats."""
    address: str
    """E.164 number (+8613…), mailbox, the JSON of a push subscription, a device, a member of WeCom."""
    text: Text
    expires_in: float
    """Seconds from now after which the gateway must not deliver it any more; set again when it leaves."""
    urgent: bool
    """Red and orange."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway has taken the message."""

    provider_ids: tuple[str, ...]
    """The gateway's id of each part, in order; empty where the protocol gives none."""
    receipts: bool
    """Whether the gateway will report the fate of each part."""
    note: str = ""
    """For the record, where there is more to say."""


class ChannelError(Exception):
    """The gateway did not take the message; certain. `retry` says whether the same text may go again later."""

    def __init__(self, reason: Reason, detail: str, *, retry: bool, after: float | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.retry = retry
        self.after = after
        """Seconds that the gateway asks us to wait, where it says so."""


def told(error: ChannelError) -> str:
    """Name a gateway's trouble for whoever must put it right: a wrong password is not a dead network."""
    if error.reason is Reason.CREDENTIALS:
        return f"credentials refused: {error.detail}"
    return error.detail


class Unanswered(Exception):
    """Bytes left and no answer came in time: whether the gateway took the message is not known."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Inbox(Protocol):
    """Takes what comes back. Returns only once it is stored; raises if it could not be stored."""

    async def receipt(self, receipt: Receipt) -> None:
        """Store a receipt; match it later if its message is not known yet."""

    async def batch(self, receipts: Sequence[Receipt]) -> None:
        """Store receipts that came together."""

    async def reply(self, reply: Reply) -> None:
        """Store a reply and what it means."""


class Channel(Protocol):
    """One gateway of one kind."""

    kind: str
    """sms, email, push, wecom, app, loudspeaker, extra, voice, call."""
    gateway: str
    """Its name in the settings, in metrics and on the board."""
    window: int
    """How many sends may be on the wire at once."""

    async def run(self) -> None:
        """Keep the session alive until cancelled: connect, reconnect, hand receipts and replies to the Inbox."""

    async def send(self, message: Outgoing) -> Accepted:
        """Hand the message over within `timeout` seconds.

        Raise ChannelError where the gateway certainly has not taken it, Unanswered where bytes left and nobody
        knows. Abandon a connection with a reset, never leave bytes in the kernel to arrive later
        (an orphaned socket retransmits for minutes).
        """

    def healthy(self) -> bool:
        """Whether a send now has a chance: bound, connected, not refused."""


@runtime_checkable
class BulkChannel(Channel, Protocol):
    """A channel for messages by the thousand."""

    def submit(self, message: Outgoing, answered: Callable[[Accepted | ChannelError | Unanswered], None]) -> None:
        """As `send`, without a task for each message: `answered` is called once, maybe before this returns, and
        once more with Accepted where the gateway's yes comes after it was given up."""


@runtime_checkable
class Recalling(Protocol):
    """A channel whose gateway can be asked not to deliver what it still holds."""

    def recall(self, provider_id: str, address: str) -> None:
        """Ask for one part. Nobody waits for the answer: it proves nothing, and what follows is sent anyway."""


@runtime_checkable
class Telling(Protocol):
    """A channel that can say why it is not healthy."""

    def trouble(self) -> str:
        """What is wrong and what to look at; empty where the channel is healthy. No number, no text."""


def trouble(channel: Channel) -> str:
    """Why a channel is not healthy, in words; empty where it is."""
    if channel.healthy():
        return ""
    return (channel.trouble() if isinstance(channel, Telling) else "") or "does not answer"
