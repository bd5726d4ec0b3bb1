"""Calls by hand: who is called, with which number and why, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.store.world import ONLY_DUTY, World, small_directory
from warnengine.model.directory import Directory

MINUTE = timedelta(minutes=1)
LANDLINE = "+862345600000"


def with_landline(*, mobile: bool) -> Directory:
    """anju_duty alone is called, and has a telephone."""
    directory = small_directory(without=ONLY_DUTY)
    duty = directory.people["anju_duty"]
    changed = replace(duty, phone=LANDLINE, mobile=duty.mobile if mobile else None)
    return replace(directory, people={**directory.people, "anju_duty": changed})


async def listed(world: World) -> list[tuple[str, str, str]]:
    tasks = await world.engine.duty.tasks(still_open=True)
    return [(task["person"], task["number"], task["why"]) for task in tasks if task["kind"] == "call"]


async def test_who_has_no_mobile_is_called_at_once_and_told_when_it_is_over(world: World) -> None:
    await world.people(with_landline(mobile=False))
    await world.warn("red")
    await world.send()
    assert await listed(world) == [("anju_duty", LANDLINE, "没有手机号码")]
    (task,) = await world.tasks("call")
    assert task["words"].startswith("【铜梁应急】暴雨红色 安居镇:")
    await world.engine.duty_room.called(task["id"], "answered")
    assert await world.engine.duty.close(task["id"], "answered", "值班员", "")
    assert await world.state("anju_duty", "call") == "delivered"
    assert await world.duties("anju_duty") == {"500151105/rainstorm": "acked"}
    await world.warn(None)
    await world.send()
    (call,) = await world.engine.duty.tasks(still_open=True)
    assert (call["kind"], call["number"]) == ("call", LANDLINE)
    assert "解除" in call["text"]


async def test_who_has_a_mobile_is_called_only_when_silent_and_never_about_the_end(world: World) -> None:
    await world.people(with_landline(mobile=True))
    await world.warn("red")
    await world.send()
    assert await listed(world) == []
    await world.jump(8 * MINUTE)
    await world.settle()
    assert await listed(world) == [("anju_duty", LANDLINE, "未应答")]
    (task,) = await world.tasks("call")
    await world.engine.duty_room.called(task["id"], "answered")
    await world.engine.duty.close(task["id"], "answered", "值班员", "")
    await world.warn(None)
    await world.send()
    assert await listed(world) == []
    assert "解除" in (await world.inbox("anju_duty"))[-1]


@pytest.mark.parametrize("why", ["answered", "replaced", "over"])
async def test_a_call_that_nobody_needs_any_more_leaves_the_list(world: World, why: str) -> None:
    await world.people(with_landline(mobile=True))
    await world.warn("orange", lasts=timedelta(hours=1))
    await world.send()
    await world.jump(20 * MINUTE)
    await world.settle()
    assert len(await listed(world)) == 1
    if why == "answered":
        await world.reply("anju_duty", "1")
    elif why == "replaced":
        await world.warn("red")
    else:
        await world.jump(timedelta(hours=12))
    assert await world.engine.duty.drop_moot()
    assert await listed(world) == []
    (task,) = await world.tasks("call")
    assert (task["result"], task["by"]) == ("not_needed", "warnengine")


@pytest.mark.parametrize("result", ["no_answer", "wrong_number"])
async def test_a_call_in_vain_is_no_answer_and_the_ladder_goes_on(world: World, result: str) -> None:
    await world.people(with_landline(mobile=False))
    await world.warn("red")
    await world.send()
    (task,) = await world.tasks("call")
    await world.engine.duty_room.called(task["id"], result)
    await world.engine.duty.close(task["id"], result, "值班员", "")
    assert await world.state("anju_duty", "call") == "undelivered"
    assert [task["person"] for task in await world.tasks("unreached")] == ["anju_duty"]
    await world.jump(20 * MINUTE)
    await world.settle()
    assert [task["person"] for task in await world.tasks("visit")] == ["anju_duty"]


async def test_a_reminder_finds_the_call_that_is_still_open(world: World) -> None:
    await world.people(with_landline(mobile=False))
    await world.warn("red")
    await world.send()
    await world.jump(8 * MINUTE)
    await world.settle()
    assert len(await world.tasks("call")) == 1
    assert await world.value("SELECT count(*) FROM attempt") > 1


async def test_somebody_without_any_number_is_visited(world: World) -> None:
    await world.people(small_directory(without=ONLY_DUTY, mute=["anju_duty"]))
    await world.warn("red")
    await world.jump(8 * MINUTE)
    await world.settle()
    assert await listed(world) == []
    assert "没有电话号码" in (await world.tasks("visit"))[0]["words"]
