"""What follows from the answer of a gateway, and from none."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.world import ANJU, World

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


async def test_a_red_of_unknown_fate_goes_again_at_once_and_says_so(one: World) -> None:
    one.sms.script.append(Will.LOSE_ANSWER)
    await one.warn("red")
    await one.send()
    first, second = await one.inbox("anju_duty")
    assert "重发" not in first
    assert "重发:" in second
    assert one.sms.log[0].client_id != one.sms.log[1].client_id
    assert one.sms.log[0].dedupe_id == one.sms.log[1].dedupe_id
    row = await one.row("SELECT attempts, possible_duplicates, state FROM delivery_state WHERE attempts > 0")
    assert tuple(row) == (2, 1, "accepted")


@pytest.mark.parametrize("level", ["blue", "yellow"])
async def test_lesser_levels_wait_a_minute_for_a_sign(one: World, level: str) -> None:
    one.sms.script.append(Will.LOSE_ANSWER)
    await one.warn(level)
    await one.jump(59 * SECOND)
    await one.send()
    await one.jump(59 * SECOND)
    await one.send()
    assert len(await one.inbox("anju_duty")) == 1
    await one.jump(2 * SECOND)
    await one.send()
    assert len(await one.inbox("anju_duty")) == 2


async def test_nothing_goes_again_once_a_receipt_has_come(one: World) -> None:
    one.sms.script.append(Will.STALL)
    await one.warn("blue")
    late = asyncio.create_task(one.dispatcher(owner="late", lease=timedelta()).step())
    await one.sms.arrived.wait()
    await one.send()
    one.sms.go_on.set()
    await late
    await one.receipt(one.sms.log[0])
    await one.jump(MINUTE)
    await one.send()
    assert len(one.sms.log) == 1
    assert await one.state("anju_duty") == "delivered"
    assert await one.duties("anju_duty") == {f"{ANJU}/rainstorm": "reached"}


async def test_a_person_decides_when_the_gateway_never_answers(one: World) -> None:
    one.sms.otherwise = Will.LOSE_ANSWER
    await one.warn("red")
    for _ in range(5):
        await one.send()
    states = await one.column("SELECT state FROM attempt_state ORDER BY number")
    assert states[-1] == "held"
    assert set(states[:-1]) == {"unknown"}
    assert len(one.sms.log) == len(states) <= 4
    (task,) = await one.tasks("unreached")
    assert "无应答" in task["words"]
    assert task["person"] == "anju_duty"


async def test_a_refusal_goes_again_after_a_pause_that_grows(one: World) -> None:
    one.sms.script.extend([Will.REFUSE] * 3)
    await one.warn("red")
    await one.send()
    tries = [len(one.sms.asked)]
    for _ in range(7):
        await one.jump(SECOND)
        await one.send()
        tries.append(len(one.sms.asked))
    assert tries == [1, 2, 2, 3, 3, 3, 3, 4]
    assert "重发" not in one.sms.log[0].short
    assert await one.state("anju_duty") == "accepted"


async def test_what_failed_for_good_goes_to_the_duty_room_when_no_other_way_is_open(world: World) -> None:
    world.sms.otherwise = Will.FAIL
    await world.warn("red")
    await world.send("sms")
    only_sms = {"anju_duty", "water_duty"}
    assert {task["person"] for task in await world.tasks("unreached")} == only_sms
    world.email.script.append(Will.FAIL)
    await world.send("email")
    paged = [task["person"] for task in await world.tasks("unreached")]
    failed = await world.value("SELECT person FROM bundle WHERE id = $1", world.email.asked[0].delivery & ~15)
    assert sorted(paged) == sorted({*only_sms, failed})


async def test_the_last_two_ways_may_close_at_the_same_moment(world: World) -> None:
    world.sms.otherwise = world.email.otherwise = Will.FAIL
    await world.warn("red")
    await asyncio.gather(world.dispatcher("sms").step(), world.dispatcher("email", "two").step())
    paged = [task["person"] for task in await world.tasks("unreached")]
    assert len(paged) == len(set(paged)) == 7


async def test_a_retry_that_would_come_too_late_is_told_instead(one: World) -> None:
    one.sms.script.append(Will.REFUSE)
    one.sms.after = 60
    await one.warn("red", lasts=MINUTE)
    await one.send()
    assert len(one.sms.asked) == 1
    (task,) = await one.tasks("unreached")
    assert "有效期" in task["words"]


async def test_a_gateway_that_is_down_is_not_tried(one: World) -> None:
    one.sms.up = False
    await one.warn("red")
    await one.send()
    assert one.sms.asked == []
    one.sms.up = True
    await one.send()
    assert len(one.sms.log) == 1


async def test_behind_a_gateway_that_is_down_doubts_are_settled_all_the_same(one: World) -> None:
    one.sms.script.append(Will.STALL)
    await one.warn("red")
    dead = asyncio.create_task(one.dispatcher(owner="dead", lease=timedelta()).step())
    await one.sms.arrived.wait()
    dead.cancel()
    one.sms.up = False
    await one.send()
    assert await one.events(one.sms.log[0].delivery) == [(1, "unknown")]


async def test_red_goes_before_blue(world: World) -> None:
    await world.warn("blue", hazard="gale")
    await world.warn("red")
    await world.send("sms")
    colours = ["红色" in entry.short for entry in world.sms.log]
    assert colours == sorted(colours, reverse=True)
    assert set(colours) == {True, False}


async def test_a_reminder_is_marked_and_not_sent_to_who_has_answered(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.jump(2 * MINUTE)
    await world.chase()
    await world.reply("anju_duty", "1")
    await world.send()
    assert len(await world.inbox("anju_duty")) == 1
    first, again = await world.inbox("anju_mayor")
    assert "再次提醒" in again
    assert "再次提醒" not in first


async def test_what_an_all_clear_replaces_is_recalled_before_it_goes_unless_it_was_delivered(world: World) -> None:
    await world.warn("red")
    await world.send("sms")
    confirmed = world.sms.log[0]
    await world.receipt(confirmed)
    orders = {entry.client_id for entry in world.sms.log} - {confirmed.client_id}
    await world.warn(None)
    await world.send("sms")
    assert {id_ for _, id_ in world.sms.recalled} == {f"{client_id}-1" for client_id in orders}
    first = min(entry.place for entry in world.sms.log if "解除" in entry.short)
    assert all(place < first for place, _ in world.sms.recalled)
