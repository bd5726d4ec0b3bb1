"""No more texts below orange to one person than the rule book allows. Pure.

What would be more waits until it is allowed. What comes meanwhile takes the place of what waits: the person then
gets one text with everything that still counts, no later than the first of them was promised. Orange and red
neither wait nor are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from warnengine.model.book import Pace, RuleBook
from warnengine.model.bundle import Listener
from warnengine.model.level import Level
from warnengine.model.pace import Held, Lately, free_at

NOTHING = Lately()


class Desk(Protocol):
    """What pacing needs of the store, in one transaction."""

    async def now(self) -> datetime:
        """Engine time."""

    async def lately(self, people: Sequence[Listener], within: timedelta) -> Mapping[str, Lately]:
        """By person; what waits is locked, so that it does not leave meanwhile."""

    async def replace_held(self, bundles: Sequence[int]) -> None:
        """These texts will not leave: another one says what they say."""


def paced(who: Listener, lately: Lately, now: datetime, pace: Pace) -> Listener:
    """The same person with everything that waits for them in one text, and how long that waits."""
    if who.level >= Level.ORANGE:
        return who
    until = min([free_at(lately.said, now, pace), *(held.until for held in lately.held)])
    for held in lately.held:
        who = _with(who, held)
    return replace(who, held=max(until - now, timedelta()))


def _with(who: Listener, held: Held) -> Listener:
    """A text that says what another one would have said beside it."""
    if not held.versions:  # all of it is superseded
        return who
    return replace(
        who,
        versions=_both(who.versions, held.versions),
        known=_both(who.known, held.known),
        posts=tuple(dict.fromkeys((*who.posts, *held.posts))),
        level=max(who.level, Level(held.level)),
        kind=who.kind if who.kind == held.kind else "update",
        not_after=max(who.not_after, held.not_after),
        follows=_both(who.follows, held.follows),
    )


def _both(one: Iterable[int], other: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted({*one, *other}))


async def pacing(desk: Desk, people: Sequence[Listener], book: RuleBook) -> list[Listener]:
    """People with what waits for them taken in; asks the store only about those below orange."""
    pace = book.pace
    below = [who for who in people if who.level < Level.ORANGE]
    if pace is None or not below:
        return list(people)
    now, lately = await desk.now(), await desk.lately(below, pace.within)
    taken = [held.bundle for who in below for held in lately.get(who.person, NOTHING).held]
    if taken:
        await desk.replace_held(taken)
    return [paced(who, lately.get(who.person, NOTHING), now, pace) for who in people]
