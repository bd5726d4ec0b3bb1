"""Receipts come in while somebody reads back or takes back: whoever gives in tries again, and nothing is done twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest

from tests.store.test_by_hand import LI, sent, standing
from tests.store.world import ANJU, BAIYANG, World
from warnengine.model.errors import Clash
from warnengine.order.hand import TRIES
from warnengine.store.byhand import ByHandStore, HandDesk


class Crowded(ByHandStore):
    """The first transactions give in at their end."""

    left = 0

    @asynccontextmanager
    async def desk(self, district: str) -> AsyncIterator[HandDesk]:
        async with super().desk(district) as desk:
            yield desk
            if self.left:
                self.left -= 1
                raise asyncpg.DeadlockDetectedError


async def test_taking_back_is_tried_again_and_done_once(world: World) -> None:
    await sent(world, ANJU, BAIYANG)
    ids = [await standing(world, unit) for unit in (ANJU, BAIYANG)]
    crowded = Crowded(world.database)
    hand = replace(world.engine.hand, store=crowded)
    crowded.left = TRIES - 1
    shown = await hand.withdraw_all(ids, LI, "发错单位", None, mistake=True)
    crowded.left = TRIES - 1
    done = await hand.withdraw_all(ids, LI, "发错单位", shown["confirm"], mistake=True)
    assert done["withdrawn"]
    assert await world.value("SELECT count(*) FROM withdrawal") == len(ids)
    sealed = await world.column("SELECT body FROM audit WHERE kind = 'withdrawal'")
    assert len(sealed) == len(ids)


async def test_who_always_gives_in_is_told_to_press_again_and_nothing_was_done(world: World) -> None:
    await sent(world)
    crowded = Crowded(world.database)
    crowded.left = TRIES
    with pytest.raises(Clash, match="请再按一次"):
        await replace(world.engine.hand, store=crowded).withdraw(
            await standing(world), LI, "发错", None, mistake=True
        )
    assert await world.value("SELECT count(*) FROM withdrawal") == 0
