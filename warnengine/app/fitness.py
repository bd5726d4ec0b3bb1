"""What an engine knows of itself: may it be trusted with a warning, is it alive, what should its keeper know."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warnengine.app import standing
from warnengine.app.channels import unserved
from warnengine.dispatch.channel import trouble
from warnengine.health.alive import hanging
from warnengine.model.book import Act
from warnengine.store.database import DATABASE_ERRORS, told

if TYPE_CHECKING:
    from warnengine.app.engine import Engine

ANSWER = 3.0
"""Seconds that the database has to answer before /readyz says that it does not, and no sign of life goes out."""


@dataclass(frozen=True, slots=True)
class Fitness:
    """Of one engine."""

    engine: Engine

    async def ready(self) -> dict[str, str]:
        """Why this engine must not be trusted with a warning; empty when it may."""
        found = self.engine.loops.troubles | {
            c.gateway: trouble(c) for c in standing.used(self.engine.running) if not c.healthy()
        }
        found |= self._own_problems()
        try:
            async with asyncio.timeout(ANSWER):  # a database that is frozen answers nothing, for ever
                held = await self.engine.people.count(self.engine.book.district.code)
                standby = await self.engine.database.standby() if self.engine.settings.database else ""
                outgrown = await self.engine.database.outgrown()
            if not held:
                found["directory"] = "nobody holds a post: run `warnengine directory import FILE`"
            if outgrown:
                found["schema"] = outgrown
            if standby == "missing":
                found["database"] = "the synchronous standby is not connected: nothing can be kept until it is"
        except DATABASE_ERRORS as error:
            found["database"] = told(error)
        if self.engine.mode.paused:
            found["drill"] = self.engine.mode.paused
        if not self.engine.gateways:
            found["gateways"] = "none is configured: orders would reach nobody"
        found |= unserved(self.engine.book, self.engine.gateways)
        steps = (step for rung in self.engine.book.ladder.values() for step in (*rung.steps, *rung.night_steps))
        if any(step.do is Act.VOICE for step in steps) and not any(
            c.kind == "voice" for c in self.engine.gateways
        ):
            found["voice"] = "ladder.yaml calls by voice and no gateway does: the duty room gets the calls, late"
        return found

    async def halted(self) -> list[dict[str, object]]:
        """Stops in force; none where the store does not answer."""
        try:
            async with asyncio.timeout(ANSWER):
                return await self.engine.halts.halts()
        except DATABASE_ERRORS:
            return []

    def _own_problems(self) -> dict[str, str]:
        full = {"disk": self.engine.ballast.words} if self.engine.ballast.closed else {}
        return self.engine.canary.problems() | self.hanging() | full

    def hanging(self) -> dict[str, str]:
        """Loops that do not turn."""
        return hanging(self.engine.loops.beats, time.monotonic(), self.engine.settings.dispatch.lease_seconds)

    async def sick(self) -> dict[str, str]:
        """Why no sign of life may go out: a loop that fails, a canary that does not come back, no database."""
        found = self.engine.loops.troubles | self._own_problems()
        try:
            async with asyncio.timeout(ANSWER):
                await self.engine.canary.store.now()
        except DATABASE_ERRORS as error:
            found["database"] = told(error)
        return found

    async def health(self) -> dict[str, Any]:
        """What the duty room's board says about the engine itself.engine."""
        latest = await self.engine.accounts.latest()
        return {
            "canary": [one.plain() for one in self.engine.canary.lights],
            "account": self.engine.accountant.shown(latest),
            "roll_call": await self.engine.roll.shown(),
        }

    async def notes(self) -> dict[str, str]:
        """What whoever looks after the engine should know, though a warning may be trusted to it."""
        found = standing.by(self.engine.running)
        found |= {f"feed {name}": words for name, words in self.engine.feeds.silent.items()}
        if self.engine.settings.database and not await self._mirrored():
            found["database"] = (
                "no synchronous standby is configured: what this server alone has is lost with it "
                "(docs/replicas.md)"
            )
        return found

    async def _mirrored(self) -> bool:
        try:
            async with asyncio.timeout(ANSWER):
                return await self.engine.database.standby() != "none"
        except DATABASE_ERRORS:  # told as a problem
            return True
