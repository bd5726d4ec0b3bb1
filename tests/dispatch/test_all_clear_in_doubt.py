"""An all-clear of which nobody knows whether the gateway has taken it goes again at once, whatever it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.world import World, small_directory

NOTHING = timedelta()
OTHERS = ("anju_vice", "anju_mayor", "anju_secretary", "water_duty", "water_vice", "water_head")


@pytest.fixture(autouse=True)
async def one(world: World) -> None:
    """Only one person is called."""
    await world.people(small_directory(without=OTHERS))


async def told(world: World) -> bool:
    return "解除" in (await world.inbox("anju_duty"))[-1]


@pytest.mark.parametrize("level", ["blue", "yellow", "orange", "red"])
async def test_an_answer_that_is_lost(world: World, level: str) -> None:
    await world.warn(level)
    await world.send()
    await world.warn(None)
    world.sms.script.append(Will.LOSE_MESSAGE)
    await world.send("sms")
    assert await told(world)
    assert "重发" in (await world.inbox("anju_duty"))[-1], "it may be the second copy"


async def test_an_engine_that_dies_with_it(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    await world.warn(None)
    dead = world.dispatcher(owner="dead", lease=NOTHING)
    batch = await dead._begin(3)  # the intents are committed, and nothing more happens
    assert batch is not None
    await world.send("sms")
    assert await told(world)


async def test_an_order_of_lesser_urgency_waits_for_its_receipt(world: World) -> None:
    await world.warn("yellow")
    world.sms.script.append(Will.LOSE_MESSAGE)
    await world.send("sms")
    assert await world.inbox("anju_duty") == []
    await world.jump(timedelta(seconds=61))
    await world.send("sms")
    assert len(await world.inbox("anju_duty")) == 1
