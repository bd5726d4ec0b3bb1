"""Who hears what: the whole of an order, or the difference; whom a changed address list reaches; what has ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.world import ANJU, BAIYANG, World, small_directory
from warnengine.model.directory import Directory

MINUTE = timedelta(minutes=1)
ONE = ("anju_vice", "anju_mayor", "anju_secretary", "water_duty", "water_vice", "water_head")


async def test_whoever_heard_nothing_of_an_order_reads_the_whole_of_it(world: World) -> None:
    await world.warn("red")
    await world.warn("red", ANJU, BAIYANG)
    await world.send()
    (text,) = await world.inbox("water_head")
    assert "照旧" not in text
    assert "继续" not in text
    assert "前" in text.splitlines()[0], "by when"
    assert "办完回3" in text.splitlines()[0]


async def test_whoever_heard_of_it_reads_the_difference(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.warn("red", ANJU, BAIYANG)
    await world.send()
    whole, difference = await world.inbox("water_head")
    assert ("照旧" in whole, "照旧" in difference) == (False, True)


async def test_a_message_that_was_refused_was_not_heard(world: World) -> None:
    await world.people(small_directory(without=ONE[1:]))
    await world.warn("orange")
    world.sms.script.extend([Will.REFUSE] * await world.value("SELECT count(*)::int FROM bundle"))
    await world.send("sms")
    await world.warn("red")
    await world.send()
    for text in await world.inbox("anju_duty"):
        assert "升为" not in text
        assert "暴雨红色 安居镇" in text


async def test_who_is_called_at_the_higher_level_only_reads_what_stands_with_its_times(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    await world.warn("red")
    await world.send()
    (text,) = await world.inbox("anju_mayor")
    assert "升为" not in text
    assert "继续" not in text
    (difference,) = (await world.inbox("anju_duty"))[1:]
    assert "暴雨升为红色" in difference


async def test_a_deputy_reads_the_whole_order(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    await world.warn("red")
    await world.send()
    await world.jump(5 * MINUTE)
    await world.settle()
    (asked,) = [text for text in await world.inbox("anju_mayor") if "ANJU_VICE" in text]
    assert "继续" not in asked


def renewed(**changes: str) -> Directory:
    """The address list with new mobile numbers."""
    directory = small_directory()
    people = {key: replace(directory.people[key], mobile=number) for key, number in changes.items()}
    return replace(directory, people={**directory.people, **people})


async def test_a_corrected_number_gets_what_the_old_one_got_and_the_old_one_nothing_more(world: World) -> None:
    await world.warn("red")
    await world.send()
    old = await world.address("anju_mayor")
    await world.people(renewed(anju_mayor="+8619900009999"))
    await world.send()
    told = [entry.address for entry in world.sms.log]
    assert told.count("+8619900009999") == 1
    await world.jump(3 * MINUTE)
    await world.settle()
    again = [entry.address for entry in world.sms.log][len(told) :]
    assert old not in again
    assert "+8619900009999" in again


async def test_several_corrected_numbers_at_once_get_what_the_old_ones_got(world: World) -> None:
    await world.warn("red")
    await world.send()
    numbers = {f"anju_{post}": f"+861990000999{place}" for place, post in enumerate(("duty", "vice", "mayor"))}
    await world.people(renewed(**numbers))
    await world.send()
    told = [entry.address for entry in world.sms.log]
    assert [told.count(number) for number in numbers.values()] == [1, 1, 1]


async def test_a_new_holder_of_a_post_gets_the_order_that_stands_and_the_old_one_is_left_alone(
    world: World,
) -> None:
    await world.warn("red")
    await world.send()
    directory = small_directory()
    held = tuple(
        replace(one, person="baiyang_vice") if one.person == "anju_vice" else one for one in directory.holdings
    )
    await world.people(replace(directory, holdings=held))
    await world.react()
    await world.send()
    assert any("安居镇" in text for text in await world.inbox("baiyang_vice"))
    before = len(await world.inbox("anju_vice"))
    await world.jump(25 * MINUTE)
    await world.settle()
    own = [text for text in (await world.inbox("anju_vice"))[before:] if "ANJU_VICE" in text or "再次提醒" in text]
    assert own == []
    outcomes = await world.column(
        "SELECT DISTINCT outcome FROM timer t JOIN bundle b ON b.id = t.bundle WHERE b.person = 'anju_vice'"
        " AND t.fired_at IS NOT NULL"
    )
    assert outcomes == ["off duty"]


async def test_nobody_is_asked_to_stand_in_for_somebody_who_has_answered_meanwhile(world: World) -> None:
    await world.people(small_directory(without=["anju_mayor", "anju_secretary", *ONE[3:]]))
    await world.warn("red")
    await world.send()
    await world.jump(5 * MINUTE)
    await world.chase()
    await world.reply("anju_duty", "1")
    await world.reply("anju_vice", "1")
    await world.send()
    assert not any("未应答" in entry.short for entry in world.sms.log)


@pytest.mark.parametrize("ending", ["cancelled", "renewed"])
async def test_what_has_ended_is_told_once_and_goes_when_it_is_decided(world: World, ending: str) -> None:
    await world.warn("red", lasts=timedelta(hours=1))
    await world.send()
    await world.jump(timedelta(hours=2))
    for _ in range(3):
        await world.settle()
    (task,) = await world.tasks("ended")
    assert task["words"].startswith("到期待确认:暴雨红色")
    assert await world.duties("anju_duty")
    await world.warn(None if ending == "cancelled" else "red")
    await world.engine.listen()
    (task,) = await world.tasks("ended")
    assert task["result"] == "not_needed"


async def test_nobody_is_asked_to_approve_what_has_ended(world: World) -> None:
    await world.warn("red", lasts=timedelta(minutes=20))
    await world.settle()
    await world.jump(timedelta(minutes=21))
    await world.settle()
    asked = await world.value("SELECT count(*) FROM bundle WHERE purpose = 'approval'")
    for _ in range(10):
        await world.jump(30 * MINUTE)
        await world.settle()
    assert asked == await world.value("SELECT count(*) FROM bundle WHERE purpose = 'approval'")
    assert (await world.engine.board.clock())["busy"] == 0


async def test_who_was_only_told_at_the_door_hears_of_the_end(world: World) -> None:
    await world.people(small_directory(without=ONE, mute=["anju_duty"]))
    await world.warn("red")
    await world.jump(25 * MINUTE)
    await world.settle()
    task = next(task for task in await world.tasks("visit"))
    assert await world.engine.duty.close(task["id"], "answered", "村支书", "已当面告知")
    await world.warn(None)
    assert [bundle["kind"] for bundle in await world.bundles("anju_duty")] == ["issue", "lapse"]
    unreached = [task["bundle"] for task in await world.tasks("unreached")]
    assert (await world.bundles("anju_duty"))[1]["id"] in unreached, "somebody must tell them"


async def test_a_stranger_gets_nothing_more_until_the_list_is_put_right(world: World) -> None:
    await world.warn("orange")
    await world.send()
    await world.reply("anju_vice", "不是本人")
    before = len(await world.inbox("anju_vice"))
    await world.warn("red")
    await world.jump(25 * MINUTE)
    await world.settle()
    assert len(await world.inbox("anju_vice")) == before
    assert any(task["person"] == "anju_vice" for task in await world.tasks("contact"))
    await world.people(renewed(anju_vice="+8619900009998"))
    await world.send("sms")
    assert "+8619900009998" in [entry.address for entry in world.sms.log]
