"""What a limit holds back is told to whoever may let it through, once."""

from __future__ import annotations

from tests.store.test_limits import limited
from tests.store.world import ANJU, World, small_directory


async def held(world: World) -> list[str]:
    """Texts about orders that are held, by who has them."""
    return [entry.short for entry in world.sms.log if "超限暂停" in entry.short]


async def test_the_leader_of_the_level_gets_one_text_while_the_order_waits(world: World) -> None:
    limited(world, people_per_order=3)
    await world.warn("red", ANJU)
    await world.settle()
    (text,) = await held(world)
    assert text.startswith(f"【{world.book.signature}】")
    assert "指令将发4人,超过上限3人" in text
    assert world.book.duty_phone in text
    assert text in await world.inbox("district_leader")
    assert await world.inbox("anju_mayor") == [], "the order itself waits"
    (task,) = [one for one in await world.tasks("decide") if "停发" in one["words"]]
    assert "已发短信报" in task["words"]
    await world.settle()
    assert len(await held(world)) == 1


async def test_where_no_authority_is_on_duty_the_next_one_is_told_and_else_the_duty_room(world: World) -> None:
    limited(world, people_per_order=3)
    await world.people(small_directory(without=("district_leader",)))
    await world.warn("red", ANJU)
    await world.settle()
    assert any("超限暂停" in text for text in await world.inbox("district_governor"))


async def test_without_any_authority_the_duty_room_is_told_to_call(world: World) -> None:
    limited(world, people_per_order=3)
    await world.people(small_directory(without=("district_leader", "district_governor", "district_secretary")))
    await world.warn("red", ANJU)
    await world.settle()
    assert await held(world) == []
    assert any("没有审批领导在岗,请电话报告" in one["words"] for one in await world.tasks("decide"))


async def test_what_was_let_through_before_anybody_was_told_is_not_told(world: World) -> None:
    limited(world, people_per_order=3)
    await world.warn("red", ANJU)
    for stop in await world.engine.halts.halts():
        await world.engine.halts.resume(stop["id"], "王区长", leader=True)
    await world.settle()
    assert await held(world) == []
    assert await world.inbox("anju_mayor")
