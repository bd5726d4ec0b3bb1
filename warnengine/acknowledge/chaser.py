"""The loop around the ladder: timers that have run out become reminders, escalations and tasks.

A timer is fired in the transaction that creates what it causes, so any number of engines may run this.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from warnengine import metrics
from warnengine.acknowledge.burden import Later
from warnengine.acknowledge.ladder import Call, Letter, Move, Nothing, Rules, Share, Visit, climb, letters
from warnengine.model.book import Pace
from warnengine.model.bundle import Rung

log = structlog.get_logger()
AT_ONCE = 200
"""Timers per transaction."""


class TimerDesk(Protocol):
    """Timers that have run out, locked for one transaction."""

    async def rungs(self, most: int) -> Sequence[Rung]:
        """What has run out; nothing while another engine climbs."""

    async def remind(self, rung: Rung) -> None:
        """One more attempt on every channel of the bundle."""

    async def write(self, to: str, purpose: str, rungs: Sequence[Rung]) -> None:
        """One message to one person about several bundles."""

    async def share(self, rung: Rung) -> None:
        """Tell all who have answered for a bundle who of them is responsible."""

    async def call(self, rung: Rung, channel: str) -> bool:
        """The duty room telephones, or a machine does (call, voice); False where no number is known."""

    async def visit(self, rung: Rung, words: str) -> None:
        """The duty room sends somebody."""

    async def later(self, rung: Rung, until: datetime) -> None:
        """The timer waits."""

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
    """Climbs the ladder for everybody who has not answered, or not finished."""

    store: LadderStore
    rules: Rules
    pace: Pace | None = None

    async def step(self) -> bool:
        """Fire the timers that are due; return whether there may be more."""
        async with self.store.due_timers() as desk:
            rungs = await desk.rungs(AT_ONCE)
            moves = [(rung, climb(rung, self.rules, self.pace)) for rung in rungs]
            for letter in letters(moves):
                await _write(desk, letter)
            for rung, move in moves:
                if isinstance(move, Later):
                    await desk.later(rung, move.until)
                else:
                    await desk.fired(rung, await _do(desk, rung, move))
        expired = await self.store.expire()
        metrics.EXPIRED_UNREACHED.inc(expired)
        return len(rungs) == AT_ONCE


async def _write(desk: TimerDesk, letter: Letter) -> None:
    """Who is reminded of one message gets that message again; of several, one that has them all."""
    if letter.purpose == "reminder" and len(letter.rungs) == 1:
        await desk.remind(letter.rungs[0])
    else:
        await desk.write(letter.to, letter.purpose, letter.rungs)


async def _do(desk: TimerDesk, rung: Rung, move: Move) -> str:
    match move:
        case Nothing(because):
            return because
        case Call(because, channel):
            return await _call(desk, rung, because, channel)
        case Visit(words):
            await desk.visit(rung, words)
        case Share():
            await desk.share(rung)
    return _climbed(rung, rung.act.value)


async def _call(desk: TimerDesk, rung: Rung, because: str, channel: str) -> str:
    if not await desk.call(rung, channel):
        await desk.visit(rung, f"{rung.name}未应答,通讯录里没有电话号码:请派人上门")
    return _climbed(rung, because)


def _climbed(rung: Rung, outcome: str) -> str:
    metrics.ESCALATIONS.labels(rung.act.value).inc()
    log.info("ladder", bundle=rung.bundle, step=rung.step, act=rung.act.value, outcome=outcome)
    return outcome
