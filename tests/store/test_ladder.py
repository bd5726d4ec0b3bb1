"""The 叫应 ladder: each step once, for whoever has not answered, however many engines climb it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.world import World, small_directory

MINUTE = timedelta(minutes=1)
WATER = ["anju_duty", "anju_vice", "anju_mayor", "anju_secretary"]


async def only_water(world: World, **more: list[str]) -> None:
    await world.people(small_directory(without=[*WATER, *more.pop("without", [])], **more))  # type: ignore[arg-type]


async def test_a_red_is_climbed_step_by_step(world: World) -> None:
    await only_water(world, without=["water_vice", "water_head"])
    await world.warn("red")
    await world.send()
    seen = {}
    for minute in range(1, 21):
        await world.jump(MINUTE)
        await world.settle()
        fired = await world.column(
            "SELECT act FROM timer WHERE fired_at IS NOT NULL AND act <> 'finish' ORDER BY step"
        )
        seen.setdefault(tuple(fired), minute)
    acts = ("again", "deputy", "duty_room", "superior", "visit")
    assert {len(key): minute for key, minute in seen.items()} == {0: 1, 1: 2, 2: 5, 3: 8, 4: 10, 5: 20}
    assert list(seen)[-1] == acts
    assert [
        task["kind"]
        for task in await world.rows("SELECT kind FROM task WHERE kind IN ('call', 'visit') ORDER BY id")
    ] == [
        "call",
        "visit",
    ]
    assert len(await world.inbox("water_duty")) == 2
    assert len(await world.inbox("water_vice")) == len(await world.inbox("water_head")) == 1
    assert "未应答" in (await world.inbox("water_vice"))[0]


async def test_who_has_answered_is_left_alone(world: World) -> None:
    await only_water(world)
    await world.warn("red")
    await world.send()
    for key in ("water_duty", "water_vice", "water_head"):
        await world.reply(key, "1")
    await world.jump(12 * MINUTE)  # before anybody is asked whether it is done
    await world.settle()
    assert set(await world.column("SELECT outcome FROM timer WHERE fired_at IS NOT NULL")) == {"answered"}
    assert [len(await world.inbox(key)) for key in ("water_duty", "water_vice", "water_head")] == [1, 1, 1]


async def test_each_step_is_taken_once_by_three_engines_at_the_same_moment(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.jump(5 * MINUTE)
    await asyncio.gather(*(world.engine.chase() for _ in range(3)))
    await asyncio.gather(*(world.engine.chase() for _ in range(3)))
    escalations = await world.rows("SELECT behalf, person FROM bundle WHERE purpose = 'escalation'")
    assert Counter(Counter(map(tuple, escalations)).values()) == {1: len(escalations)}
    reminders = await world.column("SELECT only_delivery FROM chunk WHERE purpose = 'reminder'")
    assert len(reminders) == len(set(reminders)) == await world.value("SELECT count(*) FROM delivery d JOIN bundle b "
                                                                     "ON b.id = d.bundle WHERE purpose = 'order' "
                                                                     "AND d.channel <> 'call'")  # fmt: skip


async def test_an_answer_races_a_step(world: World) -> None:
    await only_water(world, without=["water_vice", "water_head"])
    await world.warn("red")
    await world.send()
    await world.jump(5 * MINUTE)
    await asyncio.gather(world.engine.chase(), world.reply("water_duty", "1"), world.engine.chase())
    assert await world.duties("water_duty") == {"water/rainstorm": "acked"}
    assert len(await world.bundles("water_vice", "escalation")) <= 1
    assert await world.value("SELECT count(*) FROM answer") == 1


async def test_a_superseded_order_is_not_chased_its_successor_is(world: World) -> None:
    await only_water(world)
    await world.warn("orange")
    await world.send()
    await world.jump(MINUTE)
    await world.warn("red")
    await world.send()
    await world.jump(3 * MINUTE)
    await world.settle()
    outcomes = dict(await world.rows("SELECT DISTINCT b.level, t.outcome FROM timer t JOIN bundle b ON b.id = t.bundle "
                                     "WHERE t.fired_at IS NOT NULL AND act = 'again'"))  # fmt: skip
    assert outcomes == {3: "superseded", 4: "again"}


async def test_nobody_is_chased_about_an_all_clear(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.warn(None)
    await world.send()
    await world.jump(timedelta(hours=2))
    await world.settle()
    assert "再次提醒" not in "".join(entry.short for entry in world.sms.log)
    assert await world.bundles("water_vice", "escalation") == []


async def test_where_nobody_stands_behind_somebody_the_duty_room_calls_at_once(world: World) -> None:
    await only_water(world, without=["water_duty", "water_vice"])
    await world.warn("red")
    await world.jump(5 * MINUTE)
    await world.settle()
    (task,) = await world.tasks("call")
    assert (task["person"], task["address"]) == ("water_head", await world.address("water_head"))
    assert await world.column("SELECT outcome FROM timer WHERE fired_at IS NOT NULL ORDER BY step") == [
        "again",
        "no deputy",
    ]


async def test_the_deputy_of_the_moment_is_asked(world: World) -> None:
    await only_water(world, without=["water_vice", "water_head"])
    await world.warn("red")
    await world.execute(
        "UPDATE holding SET deputy = 'baiyang_mayor' WHERE person = 'water_duty' AND ends = 'infinity'"
    )
    await world.jump(5 * MINUTE)
    await world.chase()
    assert len(await world.bundles("baiyang_mayor", "escalation")) == 1


async def test_a_reminder_follows_what_was_refused_or_lost_before(world: World) -> None:
    await only_water(world, without=["water_vice", "water_head"])
    world.sms.script.extend([Will.LOSE_ANSWER, Will.REFUSE])
    await world.warn("red")
    await world.send()
    for _ in range(5):
        await world.jump(MINUTE / 2)
        await world.settle()
    assert len(await world.inbox("water_duty")) == 3  # lost, sent again, reminder
    numbers = [number for number, _ in await world.events((await world.entries("water_duty"))[0].delivery)]
    assert numbers == [1, 2, 3, 4]


async def test_who_was_never_reached_in_time_is_paged_once(world: World) -> None:
    await world.people(small_directory(mute=["water_duty"]))
    world.sms.up = world.email.up = False
    await world.warn("red", lasts=10 * MINUTE)
    await world.jump(11 * MINUTE)
    await world.chase()
    people = [task["person"] for task in await world.tasks("unreached")]
    assert len(people) == len(set(people)) == 7
    assert set((await world.duties("anju_mayor")).values()) == {"expired_unreached"}
    await world.chase()
    assert len(await world.tasks("unreached")) == 7


@pytest.mark.parametrize(
    ("receipts", "delivered", "paged"),
    [(True, False, True), (True, True, False), (False, False, False)],
    ids=["promised and never came", "came", "never promised"],
)
async def test_what_no_receipt_confirms_is_paged_at_its_end(
    world: World, receipts: bool, delivered: bool, paged: bool
) -> None:
    await only_water(world, without=["water_vice", "water_head"])
    world.sms.receipts = receipts
    await world.warn("red", lasts=10 * MINUTE)
    await world.send()
    if delivered:
        await world.receipt(world.sms.log[0])
    await world.jump(11 * MINUTE)
    await world.chase()
    assert [task["words"] for task in await world.tasks("unreached")] == ["指令到期仍未确认送达"] * paged


async def test_an_order_that_was_replaced_before_it_left_is_not_paged(world: World) -> None:
    await world.warn("orange", lasts=10 * MINUTE)
    await world.warn("red")
    await world.send()
    await world.jump(11 * MINUTE)
    await world.chase()
    assert await world.tasks("unreached") == []


async def test_what_is_still_on_the_wire_at_its_end_is_judged_when_it_is_settled(world: World) -> None:
    await only_water(world, without=["water_vice", "water_head"])
    world.sms.script.append(Will.STALL)
    await world.warn("red", lasts=10 * MINUTE)
    sending = asyncio.create_task(world.dispatcher().step())
    await world.sms.arrived.wait()
    await world.jump(11 * MINUTE)
    await world.chase()
    assert await world.tasks("unreached") == []
    world.sms.go_on.set()
    await sending
    await world.receipt(world.sms.log[0])
    await world.chase()
    assert await world.tasks("unreached") == []
    assert await world.value("SELECT count(*) FROM bundle WHERE judged_at IS NULL AND purpose = 'order'") == 0
