"""Between processes: there may be work, by LISTEN and NOTIFY. Only a hint: every loop also looks by itself."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import structlog

from warnengine.store.database import DATABASE_ERRORS, Database, told

log = structlog.get_logger()
CHANNEL = "warnengine"
AT_MOST = 0.05
"""Seconds between two hints: what comes in between is one."""
AGAIN = 1.0
"""Seconds until a lost listener is replaced."""


class Bell(Protocol):
    """What wakes the loops of this process."""

    rung: asyncio.Event
    """This process has made work."""

    def heard(self) -> None:
        """Another process may have made work."""


class Hints:
    """Tells the other processes that this one has made work, and hears them."""

    def __init__(self, database: Database, bell: Bell) -> None:
        self.database = database
        self.bell = bell

    async def run(self) -> None:
        """Listen until cancelled; a killed listener says nothing but that it has ended."""
        while True:
            try:
                await self._listen()
                log.warning("hints", problem="the listening connection was ended")
            except DATABASE_ERRORS as error:
                log.warning("hints", problem=told(error))
            await asyncio.sleep(AGAIN)

    async def _listen(self) -> None:
        connection = await self.database.primary.connect(timeout=10)
        connection.add_termination_listener(lambda _: self.bell.rung.set())
        try:
            await connection.add_listener(CHANNEL, self._heard)
            self.bell.heard()  # what was said while nobody listened
            while await self.bell.rung.wait() and not connection.is_closed():
                self.bell.rung.clear()
                await connection.execute(f"NOTIFY {CHANNEL}")
                await asyncio.sleep(AT_MOST)
        finally:
            connection.terminate()

    def _heard(self, connection: Any, pid: int, _channel: str, _payload: object) -> None:
        if pid != connection.get_server_pid():
            self.bell.heard()
