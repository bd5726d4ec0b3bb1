"""An address list that is imported at the very moment of an order: whoever holds the post then gets it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.store.world import World, small_directory
from warnengine.model.directory import Directory
from warnengine.order.expand import FIRST_GROUP


def handed_over() -> Directory:
    """Somebody else is the deputy head of 安居 now."""
    directory = small_directory()
    held = (
        replace(one, person="baiyang_vice") if one.person == "anju_vice" else one for one in directory.holdings
    )
    return replace(directory, holdings=tuple(held))


async def test_who_takes_over_while_the_order_is_being_written_gets_it(world: World) -> None:
    await world.warn("red", react=False)
    async with world.engine.orders.due_district() as desks:
        assert desks is not None
        change = await world.engine.reconciler.reconcile(desks[0])
        assert change is not None
        await world.engine.expander.expand(desks[1], change, FIRST_GROUP)
        importing = asyncio.create_task(world.people(handed_over()))
        await asyncio.wait({importing}, timeout=1)  # it waits for the order, or has not seen it
    await importing
    await world.react()
    await world.send()
    assert any("安居镇" in text for text in await world.inbox("baiyang_vice"))


async def test_an_order_that_comes_while_the_list_is_being_imported_goes_to_the_new_holder(world: World) -> None:
    await world.warn("red", react=False)
    async with world.database.transaction() as connection:
        await connection.execute("SELECT FROM district WHERE code = '500151' FOR NO KEY UPDATE")
        await connection.execute(
            "UPDATE holding SET person = 'baiyang_vice' WHERE person = 'anju_vice' AND unit = '500151105'"
        )
        await world.react()
    await world.react()
    await world.send()
    assert any("安居镇" in text for text in await world.inbox("baiyang_vice"))
