"""The sign of life: pushed out while everything is well, and silent otherwise. Whoever hears none must ring."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
import structlog

from warnengine import metrics
from warnengine.settings import Alive

log = structlog.get_logger()
EVERY = 30.0
"""Seconds between two signs where only systemd listens."""
PATIENCE = 10
"""Seconds for one POST."""
STUCK_AFTER = 60.0
"""Seconds without the end of a step after which a loop hangs; twice the lease where that is longer."""
SLOW = {"audit": 900.0, "account": 300.0}
"""Loops that read much at a time."""


def hanging(beats: Mapping[str, float], now: float, lease: float) -> dict[str, str]:
    """Loops whose last step has not ended for too long. beats: when it ended last, by the monotonic clock."""
    usual = max(STUCK_AFTER, 2 * lease)
    ages = {name: now - beat for name, beat in beats.items()}
    return {
        name: f"has been at one step for {age:.0f} s" for name, age in ages.items() if age > SLOW.get(name, usual)
    }


@dataclass
class Beacon:
    """Says that the engine lives: to a URL while it may be trusted, to systemd while its loops turn.

    A restart cures a loop that hangs, and nothing else: systemd hears nothing of a dead gateway or database.
    """

    settings: Alive | None
    """None: nobody outside listens."""
    problems: Callable[[], Awaitable[Mapping[str, str]]]
    """Why nobody may rely on the engine now; empty when everybody may."""
    hangs: Callable[[], Mapping[str, str]]
    """Loops that do not turn."""
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    async def run(self) -> None:
        """Signs of life until cancelled; nothing where nobody listens."""
        socket_ = self.environment.get("NOTIFY_SOCKET")
        if not self.settings and not socket_:
            return
        notify(socket_, "READY=1")
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE)) as web:
                while True:
                    await self.beat(web)
                    await asyncio.sleep(self.pause)
        finally:
            notify(socket_, "STOPPING=1")

    @property
    def pause(self) -> float:
        """Seconds between two signs: at least two within systemd's patience."""
        every = self.settings.every_seconds if self.settings else EVERY
        patience = int(self.environment.get("WATCHDOG_USEC", 0)) / 1e6
        return min(every, patience / 2) if patience else every

    async def beat(self, web: aiohttp.ClientSession) -> bool:
        """One sign; return whether somebody outside has heard it."""
        hangs = self.hangs()
        if not hangs:
            notify(self.environment.get("NOTIFY_SOCKET"), "WATCHDOG=1")
        problems = {**await self.problems(), **hangs}
        if problems:
            log.error("no sign of life", problems=problems)
            return False
        return self.settings is not None and await self._post(web, self.settings.url)

    async def _post(self, web: aiohttp.ClientSession, url: str) -> bool:
        try:
            async with web.post(url) as answer:
                heard = answer.status < 400
                if not heard:
                    log.error("sign of life", problem=f"the other side answers {answer.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.error("sign of life", problem=str(error) or type(error).__name__)
            return False
        if heard:
            metrics.ALIVE_HEARD.set_to_current_time()
        return heard


def notify(address: str | None, state: str) -> None:
    """Tell systemd (sd_notify(3)); nothing where it does not listen."""
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        try:
            out.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError as error:
            log.warning("systemd", problem=str(error))
