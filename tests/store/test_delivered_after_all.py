"""A gateway says undelivered, and later delivered: whoever has the order after all hears what has followed it."""

from __future__ import annotations

from tests.dispatch.fake_channel import Entry
from tests.store.world import World
from warnengine.model.delivery import Fate


async def undelivered(world: World) -> Entry:
    """What was reported undelivered to somebody who has a number and nothing else."""
    await world.warn("red")
    await world.send()
    (entry,) = await world.entries("anju_duty")
    await world.receipt(entry, Fate.FAILED)
    return entry


async def go_on(world: World) -> list[bool]:
    """Whether each text that the person has is an all-clear."""
    await world.react()
    await world.send()
    return ["解除" in text for text in await world.inbox("anju_duty")]


async def test_who_got_nothing_hears_no_all_clear(one: World) -> None:
    await undelivered(one)
    await one.warn(None)
    assert await go_on(one) == [False]


async def test_who_got_it_after_all_hears_the_all_clear(one: World) -> None:
    entry = await undelivered(one)
    await one.warn(None)
    assert await go_on(one) == [False]
    await one.receipt(entry, Fate.DELIVERED)
    assert await go_on(one) == [False, True]


async def test_it_is_heard_once(one: World) -> None:
    entry = await undelivered(one)
    await one.warn(None)
    for fate in (Fate.DELIVERED, Fate.FAILED, Fate.DELIVERED):
        await one.receipt(entry, fate)
        assert await go_on(one) == [False, True]


async def test_nobody_else_hears_anything_again(world: World) -> None:
    entry = await undelivered(world)
    await world.warn(None)
    await world.send()
    before = len(world.sms.log)
    await world.receipt(entry, Fate.DELIVERED)
    await world.react()
    await world.send("sms")
    assert [one.address for one in world.sms.log[before:]] == [entry.address]


async def test_while_the_order_stands_nothing_more_goes(one: World) -> None:
    entry = await undelivered(one)
    await one.receipt(entry, Fate.DELIVERED)
    assert await go_on(one) == [False]
