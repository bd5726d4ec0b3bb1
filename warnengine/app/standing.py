"""Lines that this process uses, and those that it stands by for because another one holds them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from warnengine.dispatch.channel import Channel
from warnengine.dispatch.channels.held import HeldLine
from warnengine.dispatch.fences import Fence

Step = Callable[[], Awaitable[bool]]
Seen = Callable[[str, bool, str], None]
"""Notes of a gateway whether it can be used, and why not."""


def used(channels: Sequence[Channel]) -> list[Channel]:
    """Those that are no other process's business."""
    return [channel for channel in channels if not _holder(channel)]


def by(channels: Sequence[Channel]) -> dict[str, str]:
    """Why the others are not used from here, by gateway."""
    return {
        channel.gateway: f"on standby: {_holder(channel)} holds the line"
        for channel in channels
        if _holder(channel)
    }


def only_where_used(channel: Channel, step: Step, seen: Seen) -> Step:
    """A dispatcher's step; claims nothing for a line on standby: who holds it also settles what is in
    doubt. What the holder says of it is noted, for other lines may have to do its work."""

    async def careful() -> bool:
        line = _line(channel)
        if line and line.holder:
            seen(channel.gateway, line.well, f"{line.holder} cannot use it")
            return False
        return await step()

    return careful


def _holder(channel: Channel) -> str:
    line = _line(channel)
    return line.holder if line else ""


def _line(channel: Channel) -> HeldLine | None:
    behind = channel.behind if isinstance(channel, Fence) else channel
    return behind if isinstance(behind, HeldLine) else None
