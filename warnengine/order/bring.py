"""Standing orders brought to the book in force, because a person asks for it: looked at first, then carried out by
the reconciler and the expander that every order goes through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from warnengine.model.book import RuleBook
from warnengine.model.byhand import FAMILY, Load
from warnengine.model.errors import Refused
from warnengine.model.order import OrderKey, Stands
from warnengine.order.hand import Desk, Hand, again
from warnengine.order.publication import reworded
from warnengine.order.wish import Who

Older = Callable[[str], Awaitable[RuleBook | None]]
"""The book of a hash; None where it cannot be read any more."""


@dataclass(frozen=True, slots=True)
class Bringer:
    """Brings orders to the book in force."""

    hand: Hand
    older: Older

    async def bring(self, units: Sequence[str], who: Who, confirm: str | None) -> dict[str, Any]:
        """Bring the orders of these units, or of all, to the book in force, and make those that it alone asks for:
        without `confirm` what that would do, with it, done. Refused where there is nothing to do."""
        strange = [unit for unit in units if unit not in self.hand.book.units]
        if strange:
            raise Refused(422, f"规则里没有单位{'、'.join(strange)}:请核对单位代码(units/)。")
        return await again(lambda: self._brought(units, who, confirm))

    async def _brought(self, units: Sequence[str], who: Who, confirm: str | None) -> dict[str, Any]:
        hand = self.hand
        async with hand.store.desk(hand.book.district.code) as desk:
            asked = await self._asked(desk, units)
            if not asked:
                raise Refused(409, "现行指令都是现行规则下达的,没有要更新的。")
            made = await replace(hand, reconciler=replace(hand.reconciler, asked=asked)).make(desk, _of(asked))
            shown = {**made.preview, "book": hand.book.hash}
            if confirm is None:
                return {"applied": False, **shown}
            if confirm != made.sha256:
                raise Refused(409, "现行指令刚刚有变:请重新预览,核对后再更新。")
            body = {"by": who.name, "book": hand.book.hash, "sha256": confirm, "people": made.preview["people"]}
            await desk.seal("rules_applied", {**body, "orders": ["/".join(key) for key in asked]})
            desk.keep()
            return {"applied": True, **shown}

    async def _asked(self, desk: Desk, units: Sequence[str]) -> dict[OrderKey, frozenset[str]]:
        """Orders of another book and orders that wait, each with the measures that the book words anew."""
        book = self.hand.book
        standing = await desk.district.standing()
        waiting = (await desk.district.by_hand()).deferred
        keys = {key for key, stands in standing.items() if stands.book != book.hash} | waiting.keys()
        chosen = [
            key for key in sorted(keys) if (not units or key.unit in units) and not key.family.startswith(FAMILY)
        ]
        return {key: await self._told_anew(standing.get(key)) for key in chosen}

    async def _told_anew(self, stands: Stands | None) -> frozenset[str]:
        return reworded(stands, await self.older(stands.book), self.hand.book) if stands else frozenset()


def _of(asked: dict[OrderKey, frozenset[str]]) -> Callable[[Load], bool]:
    return lambda load: load.version.change.key in asked
