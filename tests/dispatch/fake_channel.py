"""A gateway of ours in memory: it keeps its own log of what reached it, and answers as it is told to."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from warnengine.dispatch.channel import Accepted, ChannelError, Outgoing, Reason, Unanswered


class Will(StrEnum):
    """What the gateway does with the next message."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    """Throttled: certainly not taken, may go again."""
    FAIL = "fail"
    """Refused for good."""
    LOSE_ANSWER = "lose_answer"
    """Taken, and the answer is lost."""
    LOSE_MESSAGE = "lose_message"
    """Not taken, and nobody knows."""
    STALL = "stall"
    """Taken; the answer waits until `go_on` is set."""
    STALL_REFUSE = "stall_refuse"
    """Not taken; the refusal waits until `go_on` is set."""


TAKEN = {Will.ACCEPT, Will.LOSE_ANSWER, Will.STALL}


@dataclass(frozen=True)
class Entry:
    """One message that reached the gateway."""

    place: int
    """Over all gateways that share a counter."""
    delivery: int
    client_id: str
    dedupe_id: str
    address: str
    short: str
    body: str
    expires_in: float


@dataclass
class FakeChannel:
    """Fulfils dispatch.channel.Channel."""

    kind: str
    gateway: str
    window: int = 16
    receipts: bool = True
    counter: Iterator[int] = field(default_factory=itertools.count)
    script: deque[Will] = field(default_factory=deque)
    """Answers in the order of the messages; after it, `otherwise`."""
    otherwise: Will = Will.ACCEPT
    up: bool = True
    log: list[Entry] = field(default_factory=list)
    """The sink: append-only."""
    recalled: list[tuple[int, str]] = field(default_factory=list)
    """Place, and id of a part that it was asked not to deliver."""
    asked: list[Outgoing] = field(default_factory=list)
    """Every message that the dispatcher handed over, taken or not."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    before: Callable[[Outgoing], Awaitable[None]] | None = None
    """Looks at the world at the moment of the write."""
    parts: int = 1
    after: float | None = None
    """Seconds that a refusal asks to wait."""

    async def run(self) -> None:
        """There is no session to keep."""

    def healthy(self) -> bool:
        return self.up

    def recall(self, provider_id: str, address: str) -> None:
        self.recalled.append((next(self.counter), provider_id))

    async def send(self, message: Outgoing) -> Accepted:
        """Take the message or not, then answer as told."""
        if self.before:
            await self.before(message)
        self.asked.append(message)
        will = self.script.popleft() if self.script else self.otherwise
        if will in TAKEN:
            self._take(message)
        self.arrived.set()
        if will in {Will.STALL, Will.STALL_REFUSE}:
            await self.go_on.wait()
        return self._answer(will, message)

    def ids(self, message: Outgoing | Entry) -> tuple[str, ...]:
        """The gateway's own ids of the parts of a message."""
        return tuple(f"{message.client_id}-{part}" for part in range(1, self.parts + 1))

    def _take(self, message: Outgoing) -> None:
        self.log.append(
            Entry(
                next(self.counter),
                message.delivery,
                message.client_id,
                message.dedupe_id,
                message.address,
                message.text.short,
                message.text.body,
                message.expires_in,
            )
        )

    def _answer(self, will: Will, message: Outgoing) -> Accepted:
        match will:
            case Will.REFUSE | Will.STALL_REFUSE:
                raise ChannelError(Reason.THROTTLED, "busy", retry=True, after=self.after)
            case Will.FAIL:
                raise ChannelError(Reason.REJECTED, "never", retry=False)
            case Will.LOSE_ANSWER | Will.LOSE_MESSAGE:
                raise Unanswered("no answer in time")
            case _:
                return Accepted(self.ids(message), receipts=self.receipts)
