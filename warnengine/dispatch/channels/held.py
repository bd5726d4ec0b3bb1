"""A line that one process at a time may use.

An SMPP or CMPP account takes one bind, and only who makes calls to a number knows that it is being called. The
right to the line is a lease in the store, renewed long before its end. Our own measure of it begins before the
store is asked and ends a third early, so that the session is unbound, or reset, before anybody else can have the
line. It is looked at once more at every write: who was frozen beyond the lease wakes up with texts in hand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import structlog

from warnengine.dispatch.channel import (
    Accepted,
    BulkChannel,
    Channel,
    ChannelError,
    Outgoing,
    Reason,
    Recalling,
    Unanswered,
    trouble,
)
from warnengine.dispatch.channels.sms_line import SmsLine
from warnengine.model.line import Hold

log = structlog.get_logger(__name__)
LOOK = 1.0
"""Seconds between two looks at a line that somebody else holds."""
PATIENCE = 5.0
"""Seconds that the store may take to answer while there is nothing to lose."""


class Leases(Protocol):
    """Where the right to a line is kept."""

    async def take(self, gateway: str, lease: timedelta, *, well: bool) -> Hold:
        """Take a line or hold on to it, for so long from now, and say whether it can be used; or learn that of who
        has it. ConnectionError: unknown."""

    async def give_back(self, gateway: str) -> None:
        """Let somebody else have it at once; ConnectionError: after the lease."""


class HeldLine:
    """A channel that runs while this process holds its line, and stands by while another does."""

    def __init__(self, line: Channel, leases: Leases, lease: float) -> None:
        """`lease`: seconds; two thirds of them are used."""
        self.kind, self.gateway, self.window = line.kind, line.gateway, line.window
        self.holder = ""
        """Who holds the line, where that is another process: host:pid."""
        self.well = True
        """Whether the holder can send by it, as far as we know."""
        self._line = line
        self._leases = leases
        self._lease = lease
        self._until = 0.0
        """When our right ends, by the monotonic clock."""
        self._epoch = 0
        if isinstance(line, SmsLine):
            line.ours = self.ours

    def ours(self) -> bool:
        """Whether the line may be used now."""
        return time.monotonic() < self._until

    def healthy(self) -> bool:
        """Whether a send from here has a chance now."""
        return self.ours() and self._line.healthy()

    def trouble(self) -> str:
        """What is wrong with the line, where it is ours."""
        return (
            trouble(self._line) if self.ours() else "the right to use this line is not to be had: see the database"
        )

    async def run(self) -> None:
        """Hold the line whenever it is free, and keep its session up while it is ours."""
        try:
            while True:
                if await self._take():
                    await self._use()
                else:
                    await asyncio.sleep(LOOK)
        finally:
            await self._give_back()

    async def send(self, message: Outgoing) -> Accepted:
        """As the line does, while it is ours."""
        if not self.ours():
            raise self._not_ours()
        return await self._line.send(message)

    def recall(self, provider_id: str, address: str) -> None:
        """As the line does, while it is ours; nothing where it cannot."""
        if self.ours() and isinstance(self._line, Recalling):
            self._line.recall(provider_id, address)

    def _not_ours(self) -> ChannelError:
        why = f"the line {self.gateway} is held by {self.holder or 'nobody'}: it is not ours to send by"
        return ChannelError(Reason.UNREACHABLE, why, retry=True)

    async def _use(self) -> None:
        """Run the line until it is not ours any more; it has ended when this returns."""
        session = asyncio.create_task(self._line.run())
        try:
            while not session.done() and self.ours():
                left = self._until - time.monotonic()
                await asyncio.wait({session}, timeout=min(left, self._lease / 5))
                if self.ours():
                    await self._take()
        finally:
            session.cancel()
            await asyncio.wait({session})
        if not session.cancelled():
            session.result()

    async def _take(self) -> bool:
        """Take the line or hold on to it; whether it is ours. No answer: what we knew counts to its end."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._until - began if self.ours() else PATIENCE):
                hold = await self._leases.take(
                    self.gateway, timedelta(seconds=self._lease), well=self._line.healthy()
                )
        except OSError as error:
            log.warning("line", gateway=self.gateway, problem=f"the lease is not renewed: {error or 'no answer'}")
            return self.ours()
        self._note(hold, began)
        return self.ours()

    def _note(self, hold: Hold, began: float) -> None:
        holder = "" if hold.ours else hold.process
        if (holder, hold.epoch) != (self.holder, self._epoch):
            log.info("line", gateway=self.gateway, holder=holder or "ourselves", epoch=hold.epoch)
        self.holder, self._epoch, self.well = holder, hold.epoch, hold.well
        self._until = began + self._lease * 2 / 3 if hold.ours else 0.0

    async def _give_back(self) -> None:
        """The session has ended: somebody else need not wait for the lease."""
        if self.ours():
            self._until = 0.0
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._leases.give_back(self.gateway)
            except OSError as error:
                log.warning(
                    "line", gateway=self.gateway, problem=f"not given back, it waits for its lease: {error}"
                )


class HeldBulkLine(HeldLine):
    """The same, for messages by the thousand."""

    def __init__(self, line: BulkChannel, leases: Leases, lease: float) -> None:
        super().__init__(line, leases, lease)
        self._bulk = line

    def submit(self, message: Outgoing, answered: Callable[[Accepted | ChannelError | Unanswered], None]) -> None:
        """As the line does, while it is ours."""
        if self.ours():
            self._bulk.submit(message, answered)
        else:
            answered(self._not_ours())


def held(line: Channel, leases: Leases, lease: float) -> HeldLine:
    """The line as several processes may run it; `lease` in seconds."""
    return HeldBulkLine(line, leases, lease) if isinstance(line, BulkChannel) else HeldLine(line, leases, lease)
