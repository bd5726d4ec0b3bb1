"""A town of which nothing is heard is an alarm of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.world import ANJU, World

MINUTE = timedelta(minutes=1)


async def alarms(world: World) -> list[str]:
    return [task["words"] for task in await world.tasks("silent") if task["closed_at"] is None]


async def test_a_silent_town_is_an_alarm_once_and_a_silent_sector_is_none(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.jump(9 * MINUTE)
    await world.settle()
    assert await alarms(world) == []
    await world.jump(MINUTE)
    for _ in range(3):
        await world.settle()
    (words,) = await alarms(world)
    assert words.startswith("安居镇失联:暴雨红色指令发出10分钟,4人无一送达、无一应答")


@pytest.mark.parametrize("heard", ["a receipt", "an answer", "the end"])
async def test_one_sign_of_life_ends_the_alarm(world: World, heard: str) -> None:
    await world.warn("red")
    await world.send()
    await world.jump(10 * MINUTE)
    await world.settle()
    assert len(await alarms(world)) == 1
    if heard == "a receipt":
        await world.receipt((await world.entries("anju_vice"))[0])
    elif heard == "an answer":
        await world.reply("anju_mayor", "1")
    else:
        await world.warn(None)
    await world.engine.listen()
    assert await alarms(world) == []


async def test_a_town_whose_gateway_is_dead_is_silent_too(world: World) -> None:
    world.sms.script.extend([Will.REFUSE] * 200)
    await world.warn("red", ANJU)
    await world.jump(10 * MINUTE)
    await world.settle()
    assert len(await alarms(world)) == 1


async def test_yellow_is_no_alarm(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    await world.jump(60 * MINUTE)
    await world.settle()
    assert await alarms(world) == []
