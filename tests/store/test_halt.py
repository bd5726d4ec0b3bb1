"""Stopping everything, and going on: after a stop nothing is begun, and what it held is judged again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import asyncpg
import pytest

from tests.store.world import ANJU, BAIYANG, EVERYTHING, HOUR, World
from tests.waiting import until
from warnengine.model.errors import Refused
from warnengine.store.database import DATABASE_ERRORS


async def attempts(world: World) -> int:
    return await world.value("SELECT count(*) FROM attempt")  # type: ignore[no-any-return]


@pytest.mark.parametrize(("scope", "target"), [("all", ""), ("district", "500151")])
async def test_nothing_is_begun_after_a_stop(world: World, scope: str, target: str) -> None:
    await world.warn("red")
    stop = await world.engine.halts.halt(scope, target, "张三", "误发")
    await world.send()
    assert await attempts(world) == 0
    await world.engine.halts.resume(stop["id"], "李四", leader=False)
    await world.execute("UPDATE chunk SET due = engine_now() WHERE finished_at IS NULL")
    await world.send()
    assert len(await world.inbox("anju_mayor")) == 1


async def test_a_stopped_order_is_held_and_the_others_go(world: World) -> None:
    await world.warn("red", ANJU, react=False)
    await world.warn("red", BAIYANG)
    anju = await world.value("SELECT id FROM standing_order WHERE unit = $1", ANJU)
    await world.engine.halts.halt("order", str(anju), "张三", "误发")
    await world.send()
    assert await world.inbox("anju_mayor") == []
    assert len(await world.inbox("baiyang_mayor")) == 1


async def test_a_stopped_order_can_still_be_taken_back(world: World) -> None:
    await world.warn("red")
    await world.send()
    anju = await world.value("SELECT id FROM standing_order WHERE unit = $1", ANJU)
    await world.engine.halts.halt("order", str(anju), "张三", "误发")
    await world.warn(None)
    await world.send()
    assert "解除" in (await world.inbox("anju_mayor"))[-1]


async def test_a_stop_waits_for_intents_that_are_being_written_and_none_comes_after(world: World) -> None:
    await world.warn("red")
    async with AsyncExitStack() as stack:
        store = world.dispatcher("sms").store
        desk = await stack.enter_async_context(store.claim("sms", "sms-1", lowest=3, leave=EVERYTHING))
        assert desk
        stop = asyncio.create_task(world.engine.halts.halt("all", "", "张三", "误发"))
        await until(lambda: world.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND objid = 7073"))
        assert not stop.done()
        late = asyncio.create_task(world.dispatcher("email", "two").step())
    assert (await stop)["scope"] == "all"
    assert not await late, "it waited behind the stop and found it"


async def test_a_frozen_engine_does_not_hold_up_a_stop(world: World) -> None:
    await world.warn("red")

    async def frozen() -> AsyncIterator[None]:
        async with world.dispatcher("sms").store.claim("sms", "sms-1", lowest=3, leave=EVERYTHING) as desk:
            assert desk
            yield

    stuck = frozen()
    await anext(stuck)
    stop = await world.engine.halts.halt("all", "", "张三", "误发")
    with pytest.raises((*DATABASE_ERRORS, asyncpg.InternalClientError)):
        await anext(stuck)
    assert stop["scope"] == "all"
    assert await attempts(world) == 0


async def test_what_was_held_is_judged_again(world: World) -> None:
    await world.warn("red", lasts=3 * HOUR)
    stop = await world.engine.halts.halt("all", "", "张三", "误发")
    await world.warn("orange", lasts=HOUR)
    await world.jump(timedelta(hours=2))
    held = (await world.engine.halts.resume(stop["id"], "李四", leader=False))["held"]
    assert held["waiting"] == held["expired"] + held["superseded"] > 0
    assert held["expired"]
    assert held["superseded"]
    await world.send()
    assert world.sms.log == []
    assert await world.tasks("unreached"), "whom nothing reached is on the list"


@pytest.mark.parametrize(
    ("by", "leader", "automatic", "said"),
    [
        ("张三", True, False, "另一个人"),
        ("李四", False, True, "带班领导"),
    ],
)
async def test_who_may_not_end_a_stop(world: World, by: str, leader: bool, automatic: bool, said: str) -> None:
    stop = await world.engine.halts.halt("all", "", "张三", "误发")
    await world.execute("UPDATE halt SET automatic = $1", automatic)
    with pytest.raises(Refused, match=said):
        await world.engine.halts.resume(stop["id"], by, leader=leader)
    assert await world.engine.halts.halts()


async def test_a_stop_is_on_the_list_and_in_the_chain_and_ends_once(world: World) -> None:
    stop = await world.engine.halts.halt("all", "", "张三", "误发")
    assert (await world.engine.halts.halt("all", "", "王五", "同上"))["id"] == stop["id"], "the same stop is one"
    (task,) = await world.tasks("decide")
    assert "张三" in task["words"]
    assert (await world.engine.board.gauges())["halts"] == ["all"]
    ended = await asyncio.gather(
        *(world.engine.halts.resume(stop["id"], f"值班{n}", leader=False) for n in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Refused) for one in ended) == 3
    (task,) = await world.tasks("decide")
    assert task["result"] == "done"
    assert (await world.column("SELECT kind FROM audit ORDER BY seq"))[-2:] == ["halt", "resume"]


async def test_a_stop_of_nothing_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="没有第999号指令"):
        await world.engine.halts.halt("order", "999", "张三", "误发")
    with pytest.raises(Refused, match="500151"):
        await world.engine.halts.halt("district", "1", "张三", "误发")
