"""Tells the duty room of gateways that take nothing, or deliver nothing of what they take."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from warnengine.dispatch.routes import Routes

SELDOM = 10.0
"""Seconds between two looks at the receipts."""
PATIENCE = 30.0
"""Seconds that a gateway may rest before the duty room is told; it knows of a dead channel within two minutes."""


class Tasks(Protocol):
    """The duty room's list."""

    async def line_down(self, line: str, words: str) -> None:
        """Put a line on the list, once."""

    async def line_up(self, line: str) -> None:
        """Take it off."""


class Receipts(Protocol):
    """Where receipts are kept."""

    async def black_holes(self, after: timedelta) -> Sequence[tuple[str, str, int]]:
        """Gateways, and prefixes of numbers at them ("" for all), that take messages and confirm next to nothing,
        with how many; what they hold goes by another gateway."""


@dataclass
class LineWatch:
    """Looks at the gateways of this process."""

    routes: Routes
    tasks: Tasks
    receipts: Receipts
    confirmed: timedelta
    """When nearly every receipt has come."""
    _since: dict[str, float] = field(default_factory=dict)
    _told: set[str] | None = None
    _holes: set[str] = field(default_factory=set)
    _looked: float = 0.0

    async def step(self) -> bool:
        """One look; there is never more to do at once."""
        now = asyncio.get_running_loop().time()
        if now >= self._looked + SELDOM:
            self._looked = now
            await self._black_holes(now)
        resting = self.routes.resting(now)
        self._since = {gateway: self._since.get(gateway, now) for gateway in resting}
        down = {gateway: why for gateway, why in resting.items() if now - self._since[gateway] >= PATIENCE}
        for gateway, why in down.items():
            if self._told is None or gateway not in self._told:
                await self.tasks.line_down(
                    gateway, f"{gateway} 不通:{why or '没有应答'}。{self._instead(gateway)}"
                )
        known = self.routes.gateways() if self._told is None else self._told
        for gateway in known - down.keys():
            await self.tasks.line_up(gateway)
        self._told = set(down)
        return False

    async def _black_holes(self, now: float) -> None:
        found = {}
        for gateway, prefix, lost in await self.receipts.black_holes(self.confirmed):
            which = f"{prefix} 号段" if prefix else "全部号段"
            found[f"{gateway} {prefix}".strip()] = f"{gateway} 收下短信但没有回执({which},{lost} 条)。"
            if not prefix and self.routes.others(gateway):
                self.routes.doubt(gateway, "收下短信但没有回执", now)
        for line, words in found.items():
            await self.tasks.line_down(f"{line} 无回执", words + self._instead(line.split()[0]))
        for line in self._holes - found.keys():
            await self.tasks.line_up(f"{line} 无回执")
        self._holes = set(found)

    def _instead(self, gateway: str) -> str:
        others = self.routes.others(gateway)
        return f"已改走 {'、'.join(others)}。" if others else "没有别的线路,红色、橙色指令请改用电话。"
