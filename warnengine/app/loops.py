"""The loops of one process: each does its step again and again, whatever becomes of the others."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from warnengine import metrics
from warnengine.app.bell import CALM, PATIENT, Bell
from warnengine.store.database import DATABASE_ERRORS, told

log = structlog.get_logger()
UNHURRIED = frozenset(
    {"listen", "hear", "audit", "anchor", "seal", "partitions", "retention", "account", "roll-call", "lines"}
    | {"rule book", "feeds"}
)
"""Loops whose work is a matter of minutes."""
Step = Callable[[], Awaitable[bool]]
"""Does one piece of work; True when there may be more."""


@dataclass
class Loops:
    """What turns in this process, until it is stopped."""

    bell: Bell = field(default_factory=Bell)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    troubles: dict[str, str] = field(default_factory=dict)
    """Why a loop's last step failed, by its name."""
    beats: dict[str, float] = field(default_factory=dict)
    """When a loop's last step ended, by its name and the monotonic clock."""

    async def keep(self, name: str, step: Step, event: asyncio.Event | None = None) -> None:
        """Run a step again and again. A lost database is waited for; a defect of one loop is told, and the others
        go on: the account, or a message that nobody foresaw, must not keep an order from going out."""
        event = self.bell.hung(event)
        while not self.stopping.is_set():
            self.beats[name] = time.monotonic()
            if await self._once(name, step):
                self.bell.worked()
            else:
                await self.bell.wait(event, PATIENT if name in UNHURRIED else CALM)
        self.beats.pop(name, None)

    def sayer(self, name: str) -> Callable[[str | None], None]:
        """What tells people why a part of the engine cannot do its work, or that it can again."""

        def say(words: str | None) -> None:
            if words:
                self.troubles[name] = words
            else:
                self.troubles.pop(name, None)

        return say

    async def _once(self, name: str, step: Step) -> bool:
        """One step; False where there is no more now, or it failed."""
        try:
            more = await step()
        except DATABASE_ERRORS as error:
            self._failed(name, told(error))
        except Exception as error:  # noqa: BLE001 - it must not end the engine
            where = "".join(traceback.format_tb(error.__traceback__))
            self._failed(name, f"defect: {type(error).__name__}", traceback=where)
        else:
            self.troubles.pop(name, None)
            return more
        return False

    def _failed(self, name: str, problem: str, **more: str) -> None:
        """Note a step that failed; the words of an error may hold a number or a text."""
        self.troubles[name] = problem
        metrics.LOOP_FAILURES.labels(name.split(maxsplit=1)[0]).inc()
        log.warning("loop", name=name, problem=problem, **more)
