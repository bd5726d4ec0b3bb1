"""Kills engine, database, gateways and broker in turn, each in the middle of its work, and brings them back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import aiohttp

from warnengine.demo.children import end_database, look_for, wait_until
from warnengine.demo.display import Display
from warnengine.demo.stage import COMES_UP_SECONDS, Stage

MESSAGES = 12
"""So many messages leave between two kills."""
PATIENCE_SECONDS = 8


class Breaker:
    """SIGKILL for one part after the other."""

    def __init__(self, stage: Stage, display: Display) -> None:
        self._stage = stage
        self._display = display

    async def run(self) -> None:
        """Break and mend everything once; raise DemoFailed where something does not come back."""
        parts: tuple[tuple[str, Callable[[], Awaitable[None]]], ...] = (
            ("engine", self._engine),
            ("database", self._database),
            ("gateways", self._gateways),
            ("broker", self._broker),
        )
        for name, kill in parts:
            await self._some_more_messages()
            self._display.note(f"[red]SIGKILL[/] {name}")
            await kill()

    async def _engine(self) -> None:
        await self._stage.engine.kill()
        await self._stage.start_engine()

    async def _database(self) -> None:
        end_database(self._stage.data)
        await wait_until(
            "the engine to bring its database back", self._answers, COMES_UP_SECONDS, self._stage.engine
        )

    async def _gateways(self) -> None:
        await self._stage.gateways.kill()
        await self._stage.start_gateways()
        clock = await self._stage.api.clock()
        await self._stage.tell_gateways("clock", now=clock.now.isoformat())

    async def _broker(self) -> None:
        await self._stage.broker.kill()
        await self._stage.start_broker()

    async def _answers(self) -> bool:
        try:
            await self._stage.api.clock()
        except (aiohttp.ClientError, TimeoutError):
            return False
        return True

    async def _some_more_messages(self) -> None:
        """Let some messages out; where no more come, break nevertheless."""
        goal = await self._sent() + MESSAGES

        async def there() -> bool:
            return await self._sent() >= goal

        if not await look_for(there, PATIENCE_SECONDS):
            self._display.note("nothing is being sent any more")

    async def _sent(self) -> int:
        counters = (await self._stage.people())["counters"]
        return sum(count for name, count in counters.items() if name.endswith(" message"))
