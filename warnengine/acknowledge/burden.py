"""Which reminders wait, and which are one too many. Pure.

What must be answered stays so: a reminder that is left out is followed by a further step of the ladder, one that
waits is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from warnengine.model.book import Act, After, Pace
from warnengine.model.bundle import Rung
from warnengine.model.level import Level
from warnengine.model.pace import free_at

AFTER_AN_ORDER = timedelta(minutes=5)
"""So long somebody who has just got a newer order is left to read it before being asked for the end of another."""
PATIENCE = timedelta(minutes=15)
"""So long that may go on."""
OFTEN = 3
"""Texts within five minutes after which a reminder by the same means is one too many."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not now."""

    until: datetime
    because: str


def too_many(rung: Rung) -> bool:
    """Whether somebody at orange or red has been told often enough just now: somebody else is next, or a call."""
    lately = [text for text in rung.lately if text.at > rung.now - AFTER_AN_ORDER]
    return rung.act is Act.AGAIN and rung.more and rung.level >= Level.ORANGE and len(lately) >= OFTEN


def later(rung: Rung, pace: Pace | None) -> Later | None:
    """Whether a reminder waits: of the end, while a newer order is just out; below orange, as any other text."""
    if rung.act is After.FINISH:
        return _after_an_order(rung)
    if rung.act is Act.AGAIN and rung.level < Level.ORANGE and pace:
        until = free_at((text.at for text in rung.lately if text.level < Level.ORANGE), rung.now, pace)
        return Later(until, "many texts lately") if until > rung.now else None
    return None


def _after_an_order(rung: Rung) -> Later | None:
    newer = [text.at for text in rung.lately if text.order and text.bundle > rung.bundle]
    until = max(newer, default=rung.now) + AFTER_AN_ORDER
    if not newer or until <= rung.now or (rung.due and rung.due + PATIENCE <= rung.now):
        return None
    return Later(until, "a newer order is just out")
