"""Which channels of a person go at once, and which wait for their turn. Pure, but for the loop at the end.

Orange and red go by every channel at once. Below, a person is tried by one channel after the other: the next one
when those before it have failed, or stay without their receipt, or the person has not answered for a while. Every
channel by which an earlier version went is told of the newer one at once: nobody is left with an old text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from warnengine.model.book import RuleBook, Rung
from warnengine.model.bundle import Listener, Turns
from warnengine.model.delivery import What
from warnengine.model.level import Level
from warnengine.model.turns import Ahead, Known

log = structlog.get_logger()
GOING_WELL = frozenset({"queued", "sending", What.ACCEPTED, What.DELIVERED})
"""States of a way that is to be waited for."""
Address = tuple[str, str]
"""(channel, address)"""


NOTHING = Known()


class Desk(Protocol):
    """What deciding needs of the store."""

    async def known_ways(self, people: Sequence[Listener]) -> Mapping[str, Known]:
        """By person."""


class TurnStore(Protocol):
    """Where ways wait."""

    async def behind_trouble(self) -> Mapping[int, Sequence[Ahead]]:
        """Deliveries that wait behind something that went wrong, each with all ways before it."""

    async def bring_forward(self, deliveries: Sequence[int]) -> int:
        """Their turn has come; return for how many it had not yet."""


def in_turn(who: Listener, known: Known, book: RuleBook) -> Listener:
    """The same person with the addresses in their order, and how many of them go at once.

    An all-clear goes by every way that was used and by no other; where none is known, as any text of its level.
    """
    rung = book.ladder[who.level]
    used = tuple(way for way in who.addresses if way in known.used)
    if who.kind == "lapse" and used:
        return replace(who, addresses=used)
    if who.level >= Level.ORANGE or len(who.addresses) < 2:
        return who
    ways = _in_order(who.addresses, known, rung)
    first = used or ways[:1]
    later = tuple(way for way in ways if way not in first)
    return replace(who, addresses=first + later, turns=Turns(len(first), rung.next_channel) if later else None)


def _in_order(ways: Sequence[Address], known: Known, rung: Rung) -> tuple[Address, ...]:
    """As the person is listed, then as the ladder lists the channels, then what a person at a desk must do; of one
    channel as its addresses are listed."""
    order = {channel: place for place, channel in reversed([*enumerate((*known.prefers, *rung.channels))])}
    last = len(order) + len(known.prefers) + len(rung.channels)
    listed = {way: place for place, way in enumerate(known.listed)}
    return tuple(sorted(ways, key=lambda way: (order.get(way[0], last), listed.get(way, len(listed)))))


def depends(who: Listener) -> bool:
    """Whether more than the level and the addresses must be known."""
    return len(who.addresses) > 1 and (who.kind == "lapse" or who.level < Level.ORANGE)


async def taking_turns(desk: Desk, people: Sequence[Listener], book: RuleBook) -> list[Listener]:
    """People with their channels in turn; asks the store only about those where it matters."""
    asked = [who for who in people if depends(who)]
    known = await desk.known_ways(asked) if asked else {}
    return [in_turn(who, known.get(who.person, NOTHING), book) for who in people]


def has_come(ahead: Iterable[Ahead]) -> bool:
    """Whether it is the turn of the way behind these: none of them is to be waited for any more."""
    return not any(way.trying or way.state in GOING_WELL for way in ahead)


async def give_turns(store: TurnStore) -> bool:
    """Use the next channel of people by whom the earlier ones have failed; return whether there were any."""
    waiting = await store.behind_trouble()
    due = [delivery for delivery, ahead in waiting.items() if has_come(ahead)]
    given = await store.bring_forward(due) if due else 0
    if given:
        log.info("next channel", people=given)
    return bool(given)
