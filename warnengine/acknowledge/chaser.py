"""The loop around the ladder: timers that have run out become reminders, escalations and tasks.

A timer is fired in the transaction that creates what it causes, so any number of engines may run this.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import structlog

from warnengine import metrics
from warnengine.acknowledge.ladder import Call, Escalate, Move, Nothing, Remind, Visit, climb
from warnengine.model.bundle import Rung

log = structlog.get_logger()
AT_ONCE = 200
"""Timers per transaction."""


class TimerDesk(Protocol):
    """Timers that have run out, locked for one transaction."""

    async def rungs(self, most: int) -> Sequence[Rung]:
        """What has run out."""

    async def remind(self, rung: Rung) -> None:
        """One more attempt on every channel of the bundle."""

    async def escalate(self, rung: Rung, people: Sequence[str]) -> None:
        """A bundle for each of them that speaks for the silent one."""

    async def call(self, rung: Rung, channel: str) -> bool:
        """The duty room telephones, or a machine does (call, voice); False where no number is known."""

    async def visit(self, rung: Rung, words: str) -> None:
        """The duty room sends somebody."""

    async def fired(self, rung: Rung, outcome: str) -> None:
        """The timer is done, and what came of it."""


class LadderStore(Protocol):
    """Where the chaser finds its desk."""

    def due_timers(self) -> AbstractAsyncContextManager[TimerDesk]:
        """One transaction over due timers."""

    async def expire(self) -> int:
        """Page for every obligation whose time is over before it reached anybody; return how many."""


@dataclass(frozen=True, slots=True)
class Chaser:
    """Climbs the ladder for everybody who has not answered."""

    store: LadderStore

    async def step(self) -> bool:
        """Fire the timers that are due; return whether there may be more."""
        async with self.store.due_timers() as desk:
            rungs = await desk.rungs(AT_ONCE)
            for rung in rungs:
                outcome = await _do(desk, rung, climb(rung))
                await desk.fired(rung, outcome)
        expired = await self.store.expire()
        metrics.EXPIRED_UNREACHED.inc(expired)
        return len(rungs) == AT_ONCE


async def _do(desk: TimerDesk, rung: Rung, move: Move) -> str:
    match move:
        case Nothing(because):
            return because
        case Remind():
            await desk.remind(rung)
        case Escalate(people):
            await desk.escalate(rung, people)
        case Call(because, channel):
            return await _call(desk, rung, because, channel)
        case Visit(words):
            await desk.visit(rung, words)
    return _climbed(rung, rung.act.value)


async def _call(desk: TimerDesk, rung: Rung, because: str, channel: str) -> str:
    if not await desk.call(rung, channel):
        await desk.visit(rung, f"{rung.name}未应答,通讯录里没有电话号码:请派人上门")
    return _climbed(rung, because)


def _climbed(rung: Rung, outcome: str) -> str:
    metrics.ESCALATIONS.labels(rung.act.value).inc()
    log.info("ladder", bundle=rung.bundle, step=rung.step, act=rung.act.value, outcome=outcome)
    return outcome
