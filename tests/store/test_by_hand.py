"""Orders that no rule made: looked at by two, sent like any other, updated and taken back by the same functions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.store.world import ANJU, BAIYANG, HOUR, World, small_directory
from warnengine.model.directory import Holding
from warnengine.model.errors import Refused
from warnengine.model.level import Level
from warnengine.order.wish import Who, Wish

ZHANG, LI, WANG = Who("张三", "duty"), Who("李四", "duty"), Who("王区长", "leader")
WORDS = "关闭安居古城景区,劝离全部游客"


async def wish(world: World, *units: str, **changes: Any) -> Wish:
    now = await world.now()
    values: dict[str, Any] = {
        "units": units or (ANJU,),
        "words": WORDS,
        "deadline": now + timedelta(minutes=30),
        "level": Level.RED,
        "not_after": now + 3 * HOUR,
        "why": "现场险情",
    }
    return Wish(**values | changes)


async def sent(world: World, *units: str, **changes: Any) -> int:
    """Two people send an order; its number."""
    preview = await world.engine.hand.draft(await wish(world, *units, **changes), ZHANG)
    assert (await world.engine.hand.send(preview["manual"], LI, preview["confirm"], None))["sent"]
    await world.settle()
    return int(preview["manual"])


async def standing(world: World, unit: str = ANJU) -> int:
    query = "SELECT id FROM standing_order WHERE unit = $1 AND lapsed_at IS NULL AND family LIKE 'manual%'"
    return await world.value(query, unit)  # type: ignore[no-any-return]


async def withdraw(world: World, order: int, *, mistake: bool = True) -> dict[str, Any]:
    """The two actions."""
    shown = await world.engine.hand.withdraw(order, LI, "发错镇街", None, mistake=mistake)
    return await world.engine.hand.withdraw(order, LI, "发错镇街", shown["confirm"], mistake=mistake)


async def test_a_draft_shows_what_it_would_do_and_does_nothing(world: World) -> None:
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    assert preview["people"] == 4
    assert "4人" in preview["says"]
    assert preview["mode"] == "演示(DEMO)"
    assert WORDS in preview["texts"][0]["text"]
    assert "系误发" in preview["corrections"][0]
    await world.settle()
    assert world.sms.log == []
    assert await world.value("SELECT count(*) FROM standing_order") == 0
    assert "复核" in (await world.tasks("decide"))[0]["words"]


async def test_what_is_sent_is_what_the_preview_showed(world: World) -> None:
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    done = await world.engine.hand.send(preview["manual"], LI, preview["confirm"], None)
    assert {**done, "sent": None} == {**preview, "sent": None}
    await world.settle()
    (text,) = await world.inbox("anju_mayor")
    assert "临时指令红色 安居镇" in text
    assert preview["texts"][0]["text"].splitlines()[0][-20:] in text
    (task,) = await world.tasks("decide")
    assert task["result"] == "done"


async def test_nobody_sends_their_own_order_alone(world: World) -> None:
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    with pytest.raises(Refused, match="另一人核对"):
        await world.engine.hand.send(preview["manual"], ZHANG, preview["confirm"], None)
    await world.settle()
    assert world.sms.log == []


async def test_of_two_who_confirm_at_once_one_sends(world: World) -> None:
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    done = await asyncio.gather(
        *(world.engine.hand.send(preview["manual"], who, preview["confirm"], None) for who in (LI, WANG)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Refused) for one in done) == 1
    await world.settle()
    assert len(await world.inbox("anju_mayor")) == 1


async def test_another_preview_than_the_confirmed_one_is_not_sent(world: World) -> None:
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    await world.execute("UPDATE manual_order SET words = '全区停课'")
    with pytest.raises(Refused, match="重新预览"):
        await world.engine.hand.send(preview["manual"], LI, preview["confirm"], None)
    fresh = await world.engine.hand.preview(preview["manual"])
    assert (await world.engine.hand.send(preview["manual"], LI, fresh["confirm"], None))["sent"]


async def test_an_edit_voids_the_yes_of_before(world: World) -> None:
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    await world.engine.drafts.approve(preview["manual"], preview["confirm"], LI.name, LI.role)
    await world.execute("UPDATE manual_order SET words = '全区停课'")
    fresh = await world.engine.hand.preview(preview["manual"])
    with pytest.raises(Refused, match="另一人核对"):
        await world.engine.hand.send(preview["manual"], ZHANG, fresh["confirm"], None)


async def test_minutes_do_not_change_what_was_confirmed(world: World) -> None:
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    await world.jump(timedelta(minutes=12))
    assert (await world.engine.hand.send(preview["manual"], LI, preview["confirm"], None))["sent"]


async def test_a_draft_whose_time_is_over_is_not_sent(world: World) -> None:
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    await world.jump(HOUR)
    with pytest.raises(Refused, match="时限已过"):
        await world.engine.hand.send(preview["manual"], LI, preview["confirm"], None)
    fresh = await world.engine.hand.edit(preview["manual"], await wish(world), LI)
    with pytest.raises(Refused, match="另一人核对"):
        await world.engine.hand.send(preview["manual"], LI, fresh["confirm"], None)
    assert (await world.engine.hand.send(preview["manual"], ZHANG, fresh["confirm"], None))["sent"]


async def test_what_was_sent_or_thrown_away_is_not_edited(world: World) -> None:
    first = await sent(world)
    with pytest.raises(Refused, match="已由张三、李四发出"):
        await world.engine.hand.edit(first, await wish(world), LI)
    assert not await world.engine.drafts.discard(first, "张三")
    draft = await world.engine.hand.draft(await wish(world, BAIYANG), ZHANG)
    assert await world.engine.drafts.discard(draft["manual"], "张三")
    with pytest.raises(Refused, match="已作废"):
        await world.engine.hand.send(draft["manual"], LI, draft["confirm"], None)


async def test_live_is_said_in_its_word_and_a_demo_confirmation_is_none_for_it(world: World) -> None:
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    live = replace(world.engine.hand, mode="live")
    shown = await live.preview(preview["manual"])
    assert "实战(LIVE)" in shown["says"]
    with pytest.raises(Refused, match="重新预览"):
        await live.send(preview["manual"], LI, preview["confirm"], None)


async def test_who_comes_on_duty_meanwhile_voids_no_confirmation(world: World) -> None:
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    await world.people(small_directory(also=[Holding(ANJU, "duty", "water_duty", None, None)]))
    done = await world.engine.hand.send(preview["manual"], LI, preview["confirm"], None)
    assert done["people"] == preview["people"] + 1


async def test_behind_broken_glass_one_person_sends_and_the_leader_is_asked_afterwards(world: World) -> None:
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    done = await world.engine.hand.send(
        preview["manual"], ZHANG, preview["confirm"], "值班室只有一人,山体正在滑动"
    )
    assert done["sent"]
    await world.settle()
    assert len(await world.inbox("anju_mayor")) == 1
    (asked,) = await world.inbox("district_leader")
    assert "先发后补" in asked
    kinds = await world.column("SELECT kind FROM audit ORDER BY seq")
    assert {"manual_order", "break_glass"} <= set(kinds)
    (request,) = await world.engine.board.requests(pending=True)
    assert "本人" in str(await world.engine.board.decide(request["id"], "yes", "张三", ""))
    assert await world.engine.board.decide(request["id"], "no", "王区长", "不同意") is None
    assert any("撤回" in task["words"] for task in await world.tasks("decide"))


async def test_beyond_the_limit_a_leader_looks_too_and_no_glass_is_broken(world: World) -> None:
    limits = world.book.limits.model_copy(update={"people_per_order": 3})
    object.__setattr__(world.engine.reconciler, "book", world.book.model_copy(update={"limits": limits}))
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    assert preview["over"]
    with pytest.raises(Refused, match="不能先发后补"):
        await world.engine.hand.send(preview["manual"], ZHANG, preview["confirm"], "来不及")
    first = await world.engine.hand.send(preview["manual"], LI, preview["confirm"], None)
    assert not first["sent"]
    assert "带班领导" in first["missing"]
    assert (await world.engine.hand.send(preview["manual"], WANG, preview["confirm"], None))["sent"]


async def test_a_warning_leaves_an_order_by_hand_alone(world: World) -> None:
    await sent(world)
    order = await standing(world)
    await world.warn("red")
    await world.warn(None)
    assert await standing(world) == order


async def test_a_mistake_is_taken_back_in_two_actions_from_exactly_those_it_reached(world: World) -> None:
    await sent(world, ANJU)
    reached = {entry.address for entry in world.sms.log}
    ways = {entry.address for entry in world.email.log}
    done = await withdraw(world, await standing(world))
    assert done["withdrawn"]
    before = len(world.sms.log), len(world.email.log)
    await world.settle()
    assert {entry.address for entry in world.sms.log[before[0] :]} == reached
    assert {entry.address for entry in world.email.log[before[1] :]} == ways
    text = (await world.inbox("anju_mayor"))[-1]
    assert "更正" in text
    assert "系误发,请勿执行" in text
    lanes = await world.column("SELECT DISTINCT lane FROM bundle")
    assert lanes == [0], "as loud as what it takes back"


async def test_whom_it_never_reached_hears_nothing_of_it(world: World) -> None:
    preview = await world.engine.hand.draft(await wish(world), ZHANG)
    await world.engine.hand.send(preview["manual"], LI, preview["confirm"], None)
    done = await withdraw(world, await standing(world))
    assert done["people"] == 0
    await world.settle()
    assert world.sms.log == []


async def test_the_end_of_an_order_by_hand_is_no_correction(world: World) -> None:
    await sent(world)
    await withdraw(world, await standing(world), mistake=False)
    await world.settle()
    text = (await world.inbox("anju_mayor"))[-1]
    assert "解除临时指令红色" in text
    assert "到此结束" in text
    assert "误发" not in text


async def test_a_correction_takes_the_place_of_what_it_corrects(world: World) -> None:
    first = await sent(world, ANJU, BAIYANG)
    second = await sent(world, ANJU, words="关闭安居古城北门", corrects=first)
    assert await standing(world, BAIYANG) is None
    mine = (await world.inbox("anju_mayor"))[-1]
    assert "更正临时指令红色" in mine
    assert "关闭安居古城北门" in mine
    assert "系误发" in (await world.inbox("baiyang_mayor"))[-1]
    ended = await world.column("SELECT id FROM manual_order WHERE ended_at IS NULL")
    assert ended == [second]


async def test_a_rules_order_that_was_taken_back_comes_again_only_with_a_new_message(world: World) -> None:
    await world.warn("red")
    await world.settle()
    order = await world.value("SELECT id FROM standing_order WHERE unit = $1", ANJU)
    await withdraw(world, order)
    await world.settle()
    assert "系误发" in (await world.inbox("anju_mayor"))[-1]
    await world.warn("yellow", BAIYANG)
    await world.settle()
    assert (
        await world.value("SELECT count(*) FROM standing_order WHERE unit = $1 AND lapsed_at IS NULL", ANJU) == 0
    )
    await world.warn("red", ANJU)
    assert (
        await world.value("SELECT count(*) FROM standing_order WHERE unit = $1 AND lapsed_at IS NULL", ANJU) == 1
    )


async def test_what_changed_since_the_preview_is_not_taken_back_unseen(world: World) -> None:
    await world.warn("orange")
    order = await world.value("SELECT id FROM standing_order WHERE unit = $1", ANJU)
    shown = await world.engine.hand.withdraw(order, LI, "误发", None, mistake=True)
    await world.warn("red")
    with pytest.raises(Refused, match="重新预览"):
        await world.engine.hand.withdraw(order, LI, "误发", shown["confirm"], mistake=True)
    done = await withdraw(world, order)
    assert done["withdrawn"]
    with pytest.raises(Refused, match="已经解除或撤回"):
        await world.engine.hand.withdraw(order, LI, "误发", None, mistake=True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"units": ("nowhere",)}, "nowhere"),
        ({"units": ()}, "不填不等于全区"),
        ({"units": ("district",)}, "district"),
        ({"deadline": timedelta(minutes=-1)}, "时限已过"),
        ({"not_after": timedelta(minutes=5)}, "有效期"),
        ({"not_after": timedelta(days=9)}, "有效期"),
        ({"corrects": 99}, "不能更正"),
    ],
)
async def test_what_could_reach_nobody_or_never_end_is_refused(
    world: World, changes: dict[str, Any], said: str
) -> None:
    now = await world.now()
    values = {key: now + value if isinstance(value, timedelta) else value for key, value in changes.items()}
    with pytest.raises(Refused, match=said):
        await world.engine.hand.draft(await wish(world, **values), ZHANG)
    assert await world.value("SELECT count(*) FROM manual_order") == 0
