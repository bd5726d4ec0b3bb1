"""A danger ends and begins again while its all-clear is still on its way: nobody hears the end after the new beginning."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.world import World, small_directory

OTHERS = ("anju_vice", "anju_mayor", "anju_secretary", "water_duty", "water_vice", "water_head")


@pytest.fixture
async def one(world: World) -> World:
    """Only one person is called, has only a number, and has the first order."""
    await world.people(small_directory(without=OTHERS))
    await world.warn("red")
    await world.send()
    return world


async def ends(world: World) -> list[bool]:
    """Whether each text that the person has is an all-clear."""
    return ["解除" in text for text in await world.inbox("anju_duty")]


async def test_an_all_clear_that_has_not_left_is_not_sent(one: World) -> None:
    await one.warn(None)
    await one.warn("red")
    await one.send()
    assert await ends(one) == [False, False]


async def test_an_all_clear_that_was_refused_is_not_tried_again(one: World) -> None:
    await one.warn(None)
    one.sms.script.append(Will.REFUSE)
    await one.warn("red", react=False)  # before what failed is due again
    await one.send()
    await one.react()
    await one.send()
    await one.jump(timedelta(minutes=2))
    await one.send()
    heard = await ends(one)
    assert heard[-1] is False, "what was heard last is what stands"


async def test_a_new_order_waits_for_an_all_clear_on_the_wire(one: World) -> None:
    await one.warn(None)
    one.sms.script.append(Will.STALL)
    sending = asyncio.create_task(one.send())
    async with asyncio.timeout(30):
        while await ends(one) != [False, True]:
            await asyncio.sleep(0.02)
    await one.warn("red")
    clear, new = (await one.bundles("anju_duty"))[-2:]
    assert new["follows"] == [clear["id"]]
    one.sms.go_on.set()
    await sending
    await one.send()
    assert await ends(one) == [False, True, False]


async def test_who_is_not_called_again_still_hears_the_end(world: World) -> None:
    await world.people(small_directory(without=OTHERS[:-1]))
    await world.warn("red")
    await world.send()
    await world.warn(None)
    await world.people(small_directory(without=OTHERS))
    await world.warn("red")
    await world.send()
    assert "解除" in (await world.inbox("water_head"))[-1]
