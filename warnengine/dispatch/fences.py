"""Fences around channels: what an installation that is not live must never hand to a gateway.

A fence stands between the dispatcher and the channel, so whatever decided a text, by whatever way, passes it.
"""

from __future__ import annotations

from collections.abc import Callable

from warnengine.dispatch.channel import Accepted, Channel, ChannelError, Outgoing, Reason, trouble
from warnengine.model.mode import TRIAL, is_drill

Check = Callable[[str, Outgoing], Accepted | None]
"""By kind of channel and message: what to answer in place of the gateway; None hands the message over."""
COMPUTED = Accepted((), receipts=False, note="试运行:只计算,没有发出")


class Fence:
    """A channel that hands over only what passes a check."""

    def __init__(self, channel: Channel, check: Check) -> None:
        self.kind = channel.kind
        self.gateway = channel.gateway
        self.window = channel.window
        self.behind = channel
        self._check = check

    async def run(self) -> None:
        """As the channel behind it."""
        await self.behind.run()

    def healthy(self) -> bool:
        """As the channel behind it."""
        return self.behind.healthy()

    def trouble(self) -> str:
        """As the channel behind it."""
        return trouble(self.behind)

    async def send(self, message: Outgoing) -> Accepted:
        """As the channel behind it, where the check says nothing."""
        return self._check(self.kind, message) or await self.behind.send(message)


def duty_room_only(addresses: frozenset[tuple[str, str]]) -> Check:
    """For a trial: nothing but its digests leaves, and only to these (kind, address); all else is computed."""

    def check(kind: str, message: Outgoing) -> Accepted | None:
        ours = (kind, message.address) in addresses and TRIAL in message.text.short
        return None if ours else COMPUTED

    return check


def marked_only(_: str, message: Outgoing) -> Accepted | None:
    """For a drill: refuse whatever could be taken for real."""
    if not is_drill(message.text):
        raise ChannelError(Reason.REJECTED, "演练中没有【演练】标记的文本不发出", retry=False)
    return None
