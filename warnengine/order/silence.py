"""Towns of which nothing is heard: no receipt, no answer, from nobody; and units in which nobody is called."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from warnengine.model.book import RuleBook, UnitKind
from warnengine.model.bundle import Unheard
from warnengine.order.compose import danger

NEVER = timedelta(days=3650)
PLACES = frozenset({UnitKind.TOWNSHIP, UnitKind.COMMITTEE})
"""Where a silence may mean that masts, power and roads are gone; a silent sector is an empty office."""


class SilenceStore(Protocol):
    """What telling needs of the store."""

    async def unheard(self, after: timedelta) -> Sequence[Unheard]:
        """Orders of at least this age that nobody is known to have got."""

    async def alarm(self, unheard: Unheard, words: str) -> bool:
        """A task for the duty room, one while it is open; whether it is new."""


async def show_silence(store: SilenceStore, book: RuleBook) -> bool:
    """Tell the duty room of towns that have been silent for too long; return whether there was anything new."""
    least = min((rung.silence for rung in book.ladder.values() if rung.silence), default=NEVER)
    found = [(one, words(one, book)) for one in await store.unheard(least) if too_long(one, book)]
    return any([await store.alarm(one, said) for one, said in found])


def too_long(unheard: Unheard, book: RuleBook) -> bool:
    """Whether a place has been silent beyond what the ladder of its level allows; if nobody is called, at once."""
    if not unheard.people:
        return unheard.unit in book.units
    unit, limit = book.units.get(unheard.unit), book.ladder[unheard.level].silence
    return bool(unit and unit.kind in PLACES and limit and unheard.since >= limit)


def words(unheard: Unheard, book: RuleBook) -> str:
    """What the duty room reads."""
    name = book.units[unheard.unit].name
    what = danger(unheard.hazard, unheard.family, unheard.level, book)
    if not unheard.people:
        return f"{name}{what}指令无人可发:通讯录里没有这一级要通知的在岗责任人。请立即电话通知该单位,并补全通讯录"
    limit = book.ladder[unheard.level].silence
    minutes = int(limit.total_seconds() // 60) if limit else 0
    return (
        f"{name}失联:{what}指令发出{minutes}分钟,{unheard.people}人无一送达、无一应答。"
        "可能停电断网,请用卫星电话、对讲机联系,或请邻近镇街派人前往"
    )
