"""An order for a unit in which nobody is to be called is in nobody's hands: the duty room learns it at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.store.world import ANJU, World, small_directory

ANJU_PEOPLE = ("anju_duty", "anju_vice", "anju_mayor", "anju_secretary")


async def alarms(world: World) -> list[str]:
    await world.chase()
    await world.engine.duty.drop_moot()
    return [task["words"] for task in await world.tasks("silent") if task["closed_at"] is None]


@pytest.mark.parametrize("level", ["blue", "yellow", "orange", "red"])
async def test_the_duty_room_learns_it_at_once(world: World, level: str) -> None:
    await world.people(small_directory(without=ANJU_PEOPLE))
    await world.warn(level)
    (words,) = await alarms(world)
    assert words.startswith("安居镇暴雨")
    assert "指令无人可发" in words
    assert len(await alarms(world)) == 1, "once"


async def test_a_sector_is_no_exception(world: World) -> None:
    await world.people(small_directory(without=("water_duty", "water_vice", "water_head")))
    await world.warn("red")
    (words,) = await alarms(world)
    assert "水利局" in words


async def test_it_is_off_the_list_when_somebody_takes_the_post_and_has_got_it(world: World) -> None:
    await world.people(small_directory(without=ANJU_PEOPLE))
    await world.warn("red")
    assert len(await alarms(world)) == 1
    await world.people(small_directory())
    await world.react()
    await world.send()
    await world.receipt((await world.entries("anju_mayor"))[0])
    assert await alarms(world) == []


async def test_a_red_that_is_repeated_does_not_take_it_off(world: World) -> None:
    await world.people(small_directory(without=ANJU_PEOPLE))
    await world.warn("red")
    assert len(await alarms(world)) == 1
    await world.warn("red", name="again")
    assert len(await alarms(world)) == 1


async def test_who_has_acted_is_not_nobody(world: World) -> None:
    await world.warn("red")
    await world.send()
    for post in ("duty", "vice", "mayor", "secretary"):
        await world.reply(f"anju_{post}", "2")
    for post in ("duty", "vice", "head"):
        await world.reply(f"water_{post}", "2")
    await world.warn("red", name="again")
    assert await alarms(world) == []


async def test_what_has_lapsed_or_is_over_asks_for_nobody(world: World) -> None:
    await world.people(small_directory(without=ANJU_PEOPLE))
    await world.warn("red", lasts=timedelta(hours=1))
    assert len(await alarms(world)) == 1
    await world.warn(None, ANJU)
    assert await alarms(world) == []
