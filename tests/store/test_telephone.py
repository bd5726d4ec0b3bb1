"""Approval by telephone: it counts at once, is never one's own word, and is countersigned or stays on the list."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from tests.serving import serving
from tests.store.world import ANJU, World
from warnengine.app import web
from warnengine.model.errors import Refused
from warnengine.order.escalate import rule_of
from warnengine.store.telephone import Said

LEADER = "district_leader"
WITHIN = timedelta(minutes=30)


@pytest.fixture
async def request_(world: World) -> int:
    """A request that waits."""
    await world.warn("red")
    await world.settle()
    (found,) = await world.engine.board.requests(pending=True)
    return int(found["id"])


async def call(world: World, approval: int, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "person": LEADER,
        "decision": "yes",
        "at": await world.now(),
        "words": "同意,马上转移",
        "recorded_by": "张三",
        "recorder": "duty_room_duty",
    }
    level = await world.engine.board.level_of(approval)
    rule = rule_of(level, world.book) if level else None
    return await world.engine.telephone.record(
        approval, Said(**values | changes), rule.authorities if rule else ()
    )


async def test_it_counts_at_once(world: World, request_: int) -> None:
    done = await call(world, request_)
    assert done["by"] == "DISTRICT_LEADER"
    await world.settle()
    assert "撤离涪江225米线下住户" in (await world.inbox("anju_mayor"))[-1]
    sealed = await world.value("SELECT body FROM audit WHERE kind = 'approval' ORDER BY seq LIMIT 1")
    assert (sealed["manner"], sealed["recorded_by"], sealed["countersigned"]) == ("telephone", "张三", "pending")
    assert sealed["words"] == "同意,马上转移"


async def test_who_decided_countersigns_by_sms(world: World, request_: int) -> None:
    await call(world, request_)
    await world.settle()
    asked = (await world.inbox(LEADER))[-1]
    assert "补签" in asked
    assert "张三记录" in asked
    await world.reply(LEADER, "1")
    (decided, signed) = await world.engine.board.requests(pending=False)
    assert decided["countersigned_at"]
    assert (signed["kind"], signed["manner"], signed["by"]) == ("countersign", "answer", "DISTRICT_LEADER")
    sealed = await world.value("SELECT body FROM audit WHERE kind = 'approval' ORDER BY seq DESC LIMIT 1")
    assert sealed["countersigns"] == request_
    await world.jump(WITHIN)
    await world.settle()
    assert not any("补签" in task["words"] for task in await world.tasks("decide"))
    assert await world.engine.differences(None) == []


async def test_who_decided_countersigns_on_the_page(world: World, request_: int) -> None:
    await call(world, request_)
    await world.settle()
    code = await world.value("SELECT code FROM bundle WHERE purpose = 'approval' ORDER BY id DESC LIMIT 1")
    link = re.search(r"/a/\w+", (await world.inbox(LEADER))[-1])
    assert link
    async with serving(web(world.engine)) as url, aiohttp.request("GET", url + link[0]) as page:
        assert "属实,补签" in await page.text()
    assert await world.engine.answers.answered_on_page(code, 1, None) == ""
    assert await world.engine.board.requests(pending=True) == []


async def test_whoever_does_not_countersign_is_a_task_and_is_asked_again(world: World, request_: int) -> None:
    await call(world, request_)
    await world.settle()
    before = len(await world.inbox(LEADER))
    await world.warn(None)
    await world.jump(WITHIN)
    await world.settle()
    (task,) = (task for task in await world.tasks("decide") if "未补签" in task["words"])
    assert "张三" in task["words"]
    assert len(await world.inbox(LEADER)) == before + 1, "also when the order is over by then"
    for _ in range(4):
        await world.jump(WITHIN)
        await world.settle()
    assert len(await world.inbox(LEADER)) == before + 2


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"recorder": LEADER}, 403, "不能自己记录"),
        ({"recorded_by": "DISTRICT_LEADER"}, 403, "不能自己记录"),
        ({"person": "anju_mayor"}, 422, "不是这一级的审批人"),
    ],
)
async def test_what_is_not_written_down(
    world: World, request_: int, changes: dict[str, Any], status: int, said: str
) -> None:
    with pytest.raises(Refused, match=said) as refusal:
        await call(world, request_, **changes)
    assert refusal.value.status == status
    assert await world.engine.board.requests(pending=True)


async def test_a_call_before_the_request_or_in_the_future_is_none(world: World, request_: int) -> None:
    for by in (timedelta(hours=-1), timedelta(hours=1)):
        with pytest.raises(Refused, match="通话时间"):
            await call(world, request_, at=await world.now() + by)


async def test_any_authority_of_the_level_may_pick_up_the_telephone(world: World, request_: int) -> None:
    assert (await call(world, request_, person="district_secretary"))["by"] == "DISTRICT_SECRETARY"


async def test_of_calls_and_entries_at_once_one_counts(world: World, request_: int) -> None:
    done = await asyncio.gather(
        call(world, request_),
        call(world, request_, person="district_governor", decision="no"),
        world.engine.board.decide(request_, "no", "王区长", ""),
        return_exceptions=True,
    )
    counted = [one for one in done if one is None or isinstance(one, dict)]
    assert len(counted) == 1
    assert await world.value("SELECT count(*) FROM audit WHERE kind = 'approval'") == 1


async def test_nobody_else_countersigns(world: World, request_: int) -> None:
    done = await call(world, request_)
    said = await world.engine.board.decide(done["countersign"], "yes", "王区长", "")
    assert "本人" in str(said)
    with pytest.raises(Refused, match="补签"):
        await call(world, done["countersign"])


async def test_a_no_by_telephone_leaves_the_advice(world: World, request_: int) -> None:
    await call(world, request_, decision="no")
    await world.settle()
    measures = await world.value(
        "SELECT v.measures FROM order_version v JOIN standing_order o ON o.id = v.standing_order "
        "WHERE o.unit = $1 AND v.superseded_at IS NULL", ANJU
    )  # fmt: skip
    assert "advice" in str(measures)
