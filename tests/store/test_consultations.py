"""A conclusion orders by the way of every warning: shown first, confirmed, told, ended, and never by one person alone
where people may stand down because of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.store.world import ANJU, BAIYANG, HOUR, TUQIAO, World
from warnengine import metrics
from warnengine.app.consulting import Consulting
from warnengine.model.errors import Refused
from warnengine.order.conclusion import Wanted
from warnengine.order.wish import Who

ZHANG, LI, WANG = Who("张三", "duty"), Who("李四", "duty"), Who("王区长", "leader")


async def wanted(world: World, verb: str, level: str = "", *towns: str, **changes: Any) -> Wanted:
    values: dict[str, Any] = {
        "verb": verb,
        "hazard": "暴雨",
        "towns": towns or ("安居镇",),
        "until": await world.now() + 6 * HOUR,
        "presided": "王局长",
        "took_part": "气象局、水利局",
        "why": "上游来水快",
        "level": level,
    }
    return Wanted(**values | changes)


async def concluded(world: World, verb: str, level: str = "", *towns: str, **changes: Any) -> dict[str, Any]:
    """Written down by one person and confirmed by another."""
    made = await Consulting(world.engine).draft(await wanted(world, verb, level, *towns, **changes), ZHANG)
    done = await Consulting(world.engine).confirm(made["consultation"], LI, made["confirm"])
    await world.react()
    return done


async def ended(world: World, number: int) -> dict[str, Any]:
    made = await Consulting(world.engine).withdraw(number, "王局长", "", "雨停了", ZHANG)
    done = await Consulting(world.engine).confirm(made["consultation"], LI, made["confirm"])
    await world.react()
    return done


async def levels(world: World) -> dict[str, int]:
    """What stands by unit."""
    rows = await world.rows(
        "SELECT o.unit, v.level FROM standing_order o JOIN order_version v ON v.standing_order = o.id "
        "AND v.superseded_at IS NULL WHERE o.lapsed_at IS NULL AND o.family = 'signal' ORDER BY 1"
    )
    return {row["unit"]: row["level"] for row in rows}


async def heads(world: World, key: str = "anju_mayor") -> list[str]:
    """What each message to a person says first."""
    await world.send()
    return [text.removeprefix("【铜梁应急】").split(":", 1)[0] for text in await world.inbox(key)]


async def refused(world: World, verb: str, level: str = "", *towns: str, **changes: Any) -> Refused:
    with pytest.raises(Refused) as why:
        await Consulting(world.engine).draft(await wanted(world, verb, level, *towns, **changes), ZHANG)
    assert await world.value("SELECT count(*) FROM consultation") == 0
    return why.value


async def test_the_preview_is_what_happens_and_nothing_of_it_stays(world: World) -> None:
    await world.warn("orange")
    await heads(world)
    orders = await world.value("SELECT count(*) FROM order_version")
    made = await Consulting(world.engine).draft(await wanted(world, "raise", "red"), ZHANG)
    assert made["state"] == "draft"
    assert made["people"] > 0
    assert any("会商研判暴雨升为红色" in text["text"] for text in made["texts"])
    assert await world.value("SELECT count(*) FROM order_version") == orders
    assert await world.value("SELECT count(*) FROM warning WHERE format = 'consultation'") == 0
    assert (await levels(world))[ANJU] == 3
    again = await Consulting(world.engine).one(made["consultation"])
    assert again["confirm"] == made["confirm"]
    await world.jump(timedelta(minutes=7))
    later = await Consulting(world.engine).one(made["consultation"])
    assert later["confirm"] == made["confirm"], "clock times go on while people read"
    done = await Consulting(world.engine).confirm(made["consultation"], ZHANG, made["confirm"])
    assert done["state"] == "counts"
    assert {one["unit"] for one in done["orders"]} == {one["unit"] for one in made["orders"]}
    assert (await levels(world))[ANJU] == 4
    assert (await heads(world))[-1].startswith("会商研判暴雨升为红色")


async def test_where_no_signal_stands_a_conclusion_orders_and_its_withdrawal_ends_it(world: World) -> None:
    done = await concluded(world, "raise", "orange", "安居镇", "白羊镇")
    assert {ANJU: 3, BAIYANG: 3}.items() <= (await levels(world)).items()
    assert (await heads(world))[0].startswith("会商研判暴雨橙色")
    await ended(world, done["consultation"])
    assert await levels(world) == {}
    assert (await heads(world))[-1].startswith("解除暴雨橙色")


async def test_a_lowering_tells_who_had_orders_and_a_new_signal_takes_them_back_up(world: World) -> None:
    first = await world.warn("red", ANJU, BAIYANG)
    await heads(world)
    done = await concluded(world, "lower", "yellow")
    assert done["names"] == [first.identifier]
    assert {ANJU: 2, BAIYANG: 4}.items() <= (await levels(world)).items()
    assert (await heads(world))[-1].startswith("会商研判暴雨降为黄色")
    assert len(await heads(world, "baiyang_mayor")) == 1
    second = await world.warn("red", ANJU, BAIYANG)
    assert (await levels(world))[ANJU] == 4
    (question,) = await world.column("SELECT words FROM task WHERE kind = 'unclear'")
    assert second.identifier in question
    assert f"第{done['consultation']}号会商结论没有点到它" in question
    assert (await heads(world))[-1].startswith("暴雨升为红色")


async def test_lowered_to_nothing_reads_as_a_conclusion_and_no_signal_of_its_end(world: World) -> None:
    await world.warn("red", ANJU)
    await heads(world)
    await concluded(world, "lower", "none")
    assert await levels(world) == {}
    assert (await heads(world))[-1].startswith("会商研判解除暴雨红色")
    account = await world.engine.accountant.make()
    assert account.unexplained == ()


async def test_a_lowering_that_ends_brings_the_level_back_by_itself(world: World) -> None:
    await world.warn("red", ANJU, lasts=12 * HOUR)
    await concluded(world, "lower", "yellow")
    await world.jump(6 * HOUR - timedelta(minutes=1))
    await world.react()
    assert (await levels(world))[ANJU] == 2
    await world.jump(timedelta(minutes=2))
    await world.react()
    assert (await levels(world))[ANJU] == 4
    assert await world.value("SELECT count(*) FROM situation_turn") == 0
    assert (await world.engine.accountant.make()).unexplained == ()


async def test_a_lowering_that_is_withdrawn_needs_nobody_else_and_counts_no_longer(world: World) -> None:
    await world.warn("red", ANJU)
    done = await concluded(world, "lower", "yellow")
    made = await Consulting(world.engine).withdraw(done["consultation"], "王局长", "", "雨又大了", ZHANG)
    assert made["second"] is False
    await Consulting(world.engine).confirm(made["consultation"], ZHANG, made["confirm"])
    assert (await levels(world))[ANJU] == 4
    shown = {one["consultation"]: one["state"] for one in await Consulting(world.engine).shown()}
    assert shown == {done["consultation"]: "withdrawn", made["consultation"]: "done"}


async def test_an_extension_is_told_once_and_outlasts_the_signal(world: World) -> None:
    await world.warn("orange", lasts=HOUR)
    await heads(world)
    done = await concluded(world, "extend")
    assert done["levels"] == [{"town": ANJU, "name": "安居镇", "level": "orange"}]
    last = (await heads(world))[-1]
    assert last.startswith("会商研判暴雨橙色延长")
    assert "措施照旧" in (await world.inbox("anju_mayor"))[-1]
    versions = await world.value("SELECT count(*) FROM order_version")
    await world.warn(None)
    assert (await levels(world))[ANJU] == 3
    assert await world.value("SELECT count(*) FROM order_version") == versions, "nothing new to tell"
    await world.jump(2 * HOUR)
    await world.chase()
    assert await world.column("SELECT words FROM task WHERE kind = 'ended'") == []
    await world.jump(5 * HOUR)
    await world.chase()
    (words,) = set(await world.column("SELECT words FROM task WHERE kind = 'ended'"))
    assert "会商" in words
    assert f"第{done['consultation']}号" in words
    await ended(world, done["consultation"])
    assert await levels(world) == {}


async def test_two_people_lower_and_one_raises(world: World) -> None:
    await world.warn("red", ANJU)
    consulting = Consulting(world.engine)
    made = await consulting.draft(await wanted(world, "lower", "yellow"), ZHANG)
    with pytest.raises(Refused) as why:
        await consulting.confirm(made["consultation"], ZHANG, made["confirm"])
    assert (why.value.status, "另一个人" in str(why.value)) == (403, True)
    await consulting.confirm(made["consultation"], LI, made["confirm"])
    with pytest.raises(Refused) as why:
        await consulting.confirm(made["consultation"], WANG, made["confirm"])
    assert (why.value.status, "张三、李四确认生效" in str(why.value)) == (409, True)
    done = await consulting.draft(await wanted(world, "raise", "red"), ZHANG)
    await consulting.confirm(done["consultation"], ZHANG, done["confirm"])
    made = await consulting.withdraw(done["consultation"], "王局长", "", "雨停了", ZHANG)
    with pytest.raises(Refused) as why:
        await consulting.confirm(made["consultation"], ZHANG, made["confirm"])
    assert why.value.status == 403


async def test_the_store_itself_takes_no_lowering_by_one(world: World) -> None:
    await world.warn("red", ANJU)
    made = await Consulting(world.engine).draft(await wanted(world, "lower", "yellow"), ZHANG)
    with pytest.raises(Exception, match="two_say_that_it_is_less"):
        await world.execute(
            "UPDATE consultation SET said_at = now(), said_by = ARRAY['张三'] WHERE id = $1", made["consultation"]
        )


async def test_what_comes_between_the_preview_and_the_yes_must_be_looked_at_anew(world: World) -> None:
    await world.warn("red", ANJU)
    consulting = Consulting(world.engine)
    made = await consulting.draft(await wanted(world, "lower", "yellow"), ZHANG)
    await world.warn("red", ANJU)
    with pytest.raises(Refused) as why:
        await consulting.confirm(made["consultation"], LI, made["confirm"])
    assert why.value.status == 409
    assert (await levels(world))[ANJU] == 4


async def test_an_order_that_somebody_took_back_is_not_revived_by_a_lowering(world: World) -> None:
    await world.warn("red", ANJU)
    order = await world.value("SELECT id FROM standing_order WHERE unit = $1", ANJU)
    shown = await world.engine.hand.withdraw(order, ZHANG, "系误发", None, mistake=True)
    await world.engine.hand.withdraw(order, ZHANG, "系误发", shown["confirm"], mistake=True)
    await concluded(world, "lower", "yellow")
    assert ANJU not in await levels(world)


async def test_it_is_sealed_with_who_said_so(world: World) -> None:
    done = await concluded(world, "raise", "red")
    (body,) = await world.column("SELECT body FROM audit WHERE kind = 'consultation'")
    assert body["by"] == ["张三", "李四"]
    assert body["says"] == done["says_so"]
    (words,) = await world.column("SELECT description FROM warning WHERE format = 'consultation'")
    for part in ("王局长主持", "气象局、水利局参加", "安居镇暴雨升级为红色", "上游来水快", "张三、李四记录确认"):
        assert part in words


async def test_words_are_kept_in_one_line_that_can_be_stored(world: World) -> None:
    done = await concluded(world, "raise", "red", why="上游\0来水\n快\u202e")
    assert done["why"] == "上游来水 快"


async def test_previews_are_no_arrivals(world: World) -> None:
    seen = metrics.WARNINGS.labels("consultation", "new")._value.get()
    made = await Consulting(world.engine).draft(await wanted(world, "raise", "red"), ZHANG)
    assert metrics.WARNINGS.labels("consultation", "new")._value.get() == seen
    assert await world.value("SELECT count(*) FROM arrival") == 0
    await Consulting(world.engine).confirm(made["consultation"], LI, made["confirm"])
    assert metrics.WARNINGS.labels("consultation", "new")._value.get() == seen + 1
    assert await world.value("SELECT count(*) FROM arrival") == 1


async def test_what_is_too_large_waits_for_a_leader(world: World) -> None:
    limits = world.book.limits.model_copy(update={"people_per_order": 1})
    world.engine.adopt(world.book.model_copy(update={"limits": limits}))
    done = await concluded(world, "raise", "red")
    assert done["over"]
    assert await world.value("SELECT count(*) FROM halt WHERE automatic") > 0


async def test_a_draft_is_one_however_often_the_button_is_pressed_and_may_be_dropped(world: World) -> None:
    consulting, one = Consulting(world.engine), await wanted(world, "raise", "red")
    made, again = [await consulting.draft(one, ZHANG) for _ in range(2)]
    assert made["consultation"] == again["consultation"]
    (task,) = await world.column("SELECT words FROM task WHERE kind = 'decide' AND closed_at IS NULL")
    assert "安居镇暴雨升级为红色" in task
    await consulting.discard(made["consultation"], LI)
    assert await world.value("SELECT count(*) FROM task WHERE closed_at IS NULL") == 0
    with pytest.raises(Refused, match="已作废"):
        await consulting.confirm(made["consultation"], LI, made["confirm"])


REFUSALS: dict[str, tuple[str, str, tuple[str, ...], dict[str, Any], int, str]] = {
    "an unknown township": ("raise", "red", ("安居镇", "渝北镇"), {}, 422, "没有镇街“渝北镇”"),
    "no township": ("raise", "red", (), {"towns": ()}, 422, "不填不等于全区"),
    "a level above red": ("raise", "purple", (), {}, 422, "没有级别“purple”:最低蓝色、最高红色"),
    "no level": ("raise", "", (), {}, 422, "没有级别"),
    "raised to none": ("raise", "none", (), {}, 422, "没有级别“none”"),
    "raised to what stands": ("raise", "orange", (), {}, 409, "安居镇暴雨(预警信号)已是橙色或更高"),
    "lowering of what does not stand": ("lower", "yellow", ("土桥镇",), {}, 409, "土桥镇现在没有高于黄色的暴雨"),
    "to nothing, of what does not stand": ("lower", "none", ("土桥镇",), {}, 409, "土桥镇现在没有暴雨"),
    "lowered to more than stands": ("lower", "red", (), {}, 409, "没有高于红色的"),
    "a message that does not count": (
        "lower",
        "blue",
        (),
        {"messages": ("nobody",)},
        409,
        "来文nobody现在不起作用",
    ),
    "only one of two messages": ("lower", "blue", (), {"messages": ("first",)}, 409, "另有来文second仍高于蓝色"),
    "an extension of nothing": ("extend", "", ("土桥镇",), {}, 409, "没有可延长的"),
    "an extension that is shorter": ("extend", "", (), {"hours": 1}, 409, "不用延长"),
    "an end in the past": ("raise", "red", (), {"hours": -1}, 422, "已过"),
    "an end too far": ("raise", "red", (), {"hours": 73}, 422, "最多管3天"),
    "an unknown hazard": ("raise", "red", (), {"hazard": "海啸"}, 422, "没有灾种“海啸”"),
    "an unknown family": ("raise", "red", (), {"family": "sgnal"}, 422, "没有产品种类“sgnal”"),
    "another verb": ("cancel", "red", (), {}, 422, "没有“cancel”这种结论"),
    "nobody presided": ("raise", "red", (), {"presided": ""}, 422, "写明主持人"),
    "a reason of blanks and what no printer shows": (
        "raise",
        "red",
        (),
        {"why": "\0 \u202e"},
        422,
        "写明会商理由",
    ),
    "no reason": ("raise", "red", (), {"why": " "}, 422, "写明会商理由"),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_what_may_not_be_concluded_is_said_with_what_to_do(world: World, case: str) -> None:
    verb, level, towns, changes, status, words = REFUSALS[case]
    await world.warn("orange", ANJU, name="first")
    other = await world.warn("orange", ANJU, name="second", react=False)
    assert other
    await world.execute(
        "UPDATE district_warning SET body = jsonb_set(body, '{issuer}', '\"city\"') WHERE applied_at IS NULL"
    )
    await world.react()
    if "hours" in changes:
        changes = {"until": await world.now() + changes["hours"] * HOUR}
    problem = await refused(world, verb, level, *towns, **changes)
    assert (problem.status, words in str(problem)) == (status, True), str(problem)


async def test_a_conclusion_on_the_whole_district_is_written_by_its_name(world: World) -> None:
    done = await concluded(world, "raise", "blue", "铜梁区")
    assert len(done["levels"]) == 28
    assert done["says_so"].startswith("全区暴雨升级为蓝色")
    assert TUQIAO in {one["town"] for one in done["levels"]}
