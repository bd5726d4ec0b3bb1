"""Which message a reply means: one that may have been read, and each reply once."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.test_replies import GALE, MINUTE, RAIN, granted
from tests.store.world import ANJU, BAIYANG, World, small_directory
from tests.waiting import LONGEST
from warnengine.model.delivery import Fate, Reply
from warnengine.order.expand import code_hash, link_code

# A reply means what may have been read


@pytest.mark.parametrize("will", [Will.REFUSE, Will.FAIL])
async def test_a_reply_cannot_mean_what_the_gateway_did_not_take(world: World, will: Will) -> None:
    await world.warn("orange")
    await world.send()
    world.sms.otherwise = will
    await world.warn("red")
    await world.send("sms")
    await world.reply("anju_mayor", "1")
    assert await world.duties("anju_mayor") == {RAIN: "open"}
    assert await world.column("SELECT late FROM answer") == [True]


async def test_what_the_gateway_refused_goes_again_although_the_person_answered_something_else(
    world: World,
) -> None:
    await world.warn("orange")
    await world.send()
    world.sms.otherwise = Will.REFUSE
    await world.warn("red")
    await world.send("sms")
    await world.reply("anju_mayor", "1")
    world.sms.otherwise = Will.ACCEPT
    await world.jump(MINUTE)
    await world.send()
    assert "升为红色" in (await world.inbox("anju_mayor"))[-1]
    await world.reply("anju_mayor", "1")
    assert await world.duties("anju_mayor") == {RAIN: "acked"}


async def test_a_reply_cannot_mean_what_never_arrived(world: World) -> None:
    await world.warn("orange", hazard="gale")
    await world.send()
    await world.warn("orange")
    await world.send()
    await world.receipt((await world.entries("anju_mayor"))[-1], Fate.FAILED)
    await world.reply("anju_mayor", "1")
    assert await world.duties("anju_mayor") == {GALE: "acked", RAIN: "open"}


@pytest.mark.parametrize("will", [Will.LOSE_ANSWER, Will.LOSE_MESSAGE])
async def test_a_reply_may_mean_what_nobody_knows_to_have_arrived(world: World, will: Will) -> None:
    world.sms.otherwise = will
    await world.warn("orange")
    await world.send("sms")
    await world.reply("anju_mayor", "1")
    assert await world.duties("anju_mayor") == {RAIN: "acked"}


async def test_a_reply_may_mean_what_arrived_in_part(world: World) -> None:
    world.sms.parts = 2
    await world.warn("orange")
    await world.send()
    entry = (await world.entries("anju_mayor"))[-1]
    await world.receipt(entry, Fate.DELIVERED, part=1)
    await world.receipt(entry, Fate.FAILED, part=2)
    await world.reply("anju_mayor", "1")
    assert await world.duties("anju_mayor") == {RAIN: "acked"}


@pytest.mark.parametrize(("before", "state"), [("orange", "open"), (None, "acked")])
async def test_what_is_still_on_its_way_is_meant_only_where_there_is_nothing_else(
    world: World, before: str | None, state: str
) -> None:
    if before:
        await world.warn(before)
        await world.send()
    await world.warn("red")
    world.sms.otherwise = Will.STALL
    world.sms.arrived.clear()
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(world.dispatcher().step())
        await asyncio.wait_for(world.sms.arrived.wait(), LONGEST)
        await world.reply("anju_mayor", "1")
        assert await world.duties("anju_mayor") == {RAIN: state}
        world.sms.go_on.set()
        await sending


async def test_a_reply_means_the_reminder_that_was_sent_last_not_the_newest_order(world: World) -> None:
    await world.warn("orange", hazard="gale")
    await world.send()
    await world.jump(MINUTE)
    await world.warn("orange")
    await world.send()
    await world.jump(2 * MINUTE)
    await world.chase()
    await world.send()
    assert "再次提醒" in (await world.inbox("anju_mayor"))[-1]
    assert "大风" in (await world.inbox("anju_mayor"))[-1]
    await world.reply("anju_mayor", "1")
    assert await world.duties("anju_mayor") == {GALE: "acked", RAIN: "open"}


async def test_a_number_is_not_for_a_task_that_has_not_reached_its_person(world: World) -> None:
    await world.warn("orange", hazard="gale")
    await world.send()
    world.sms.otherwise = world.email.otherwise = Will.REFUSE
    await granted(world)
    await world.reply("anju_duty", "3 35")
    assert await world.duties("anju_duty") == {GALE: "done", RAIN: "open"}
    (task,) = await world.tasks("unclear")
    assert "35人" in task["words"]


# A request is decided by telephone alone


async def leader_is_superior(world: World) -> None:
    """Above the secretary of Anju is the leader who approves as well."""
    small = small_directory()
    held = [
        dataclasses.replace(post, superior="district_leader") if post.person == "anju_secretary" else post
        for post in small.holdings
    ]
    await world.people(dataclasses.replace(small, holdings=tuple(held)))


async def test_an_answer_after_a_request_is_for_the_order_before_it(world: World) -> None:
    await leader_is_superior(world)
    await world.warn("red")
    await world.settle()
    for _ in range(11):
        await world.jump(MINUTE)
        await world.settle()
    await world.warn("red", ANJU, BAIYANG)
    await world.settle()
    assert "批复" in (await world.inbox("district_leader"))[-1]
    await world.reply("district_leader", "1")
    (asked,) = await world.bundles("district_leader", "escalation")
    assert await world.rows("SELECT bundle, step, by FROM answer") == [(asked["id"], 1, "district_leader")]
    assert await world.column("SELECT state FROM obligation WHERE person = 'district_leader'") == ["acked"]
    assert set(await world.column("SELECT decision FROM approval")) <= {None, "void"}
    assert await world.tasks("unclear") == []


@pytest.mark.parametrize("words", ["1", "2", "3", "好的", "同意"])
async def test_an_answer_to_nothing_but_a_request_goes_to_the_duty_room(world: World, words: str) -> None:
    await world.warn("red")
    await world.settle()
    await world.reply("district_leader", words)
    (task,) = await world.tasks("unclear")
    assert (task["person"], words in task["words"]) == ("district_leader", True)
    assert ("请示" in task["words"]) is (words != "同意")
    assert await world.column("SELECT decision FROM approval") == [None]
    assert await world.rows("SELECT * FROM answer") == []


# Each reply once


async def reply(world: World, key: str, words: str, raw: bytes) -> None:
    await world.engine.inbox.reply(Reply("sms-1", await world.address(key), "10690000", words, raw))


@pytest.mark.parametrize(("words", "kind"), [("桥被冲了", "unclear"), ("不是本人", "contact")])
async def test_a_reply_that_comes_again_is_one_task(world: World, words: str, kind: str) -> None:
    await world.warn("red")
    await world.send()
    for _ in range(3):
        await reply(world, "anju_mayor", words, b"one pdu")
        await world.jump(MINUTE)
    assert len(await world.tasks(kind)) == len(await world.rows("SELECT * FROM reply")) == 1


async def test_a_reply_that_comes_again_is_one_answer_however_many_bring_it(world: World) -> None:
    await world.warn("red")
    await world.send()
    await asyncio.gather(*(reply(world, "anju_mayor", "1", b"one pdu") for _ in range(5)))
    assert await world.column("SELECT step FROM answer") == [1]
    assert await world.column("SELECT verdict FROM reply") == ["acked"]


async def test_a_stranger_who_is_handed_over_again_is_one_task(world: World) -> None:
    for _ in range(2):
        await world.engine.inbox.reply(Reply("sms-1", "+8613812345678", "1069", "1", b"1"))
    assert len(await world.tasks("unclear")) == 1


async def test_the_same_words_answer_the_next_message_too(world: World) -> None:
    for level in ("orange", "red"):
        await world.warn(level)
        await world.send()
        await reply(world, "anju_mayor", "1", b"the bytes of a 1 are always these")
        assert await world.duties("anju_mayor") == {RAIN: "acked"}
        await world.jump(MINUTE)


@pytest.mark.parametrize(("after", "tasks"), [(9 * MINUTE, 1), (11 * MINUTE, 2)])
async def test_the_same_cry_for_help_later_is_another_one(world: World, after: timedelta, tasks: int) -> None:
    await world.warn("red")
    await world.send()
    await reply(world, "anju_mayor", "桥被冲了", b"one text")
    await world.jump(after)
    await reply(world, "anju_mayor", "桥被冲了", b"one text")
    assert len(await world.tasks("unclear")) == tasks


async def test_equal_words_of_two_people_are_two_answers(world: World) -> None:
    await world.warn("red")
    await world.send()
    for key in ("anju_mayor", "anju_vice"):
        await reply(world, key, "1", b"1")
    assert len(await world.rows("SELECT * FROM answer")) == 2


# A number that nobody waits for


async def link(world: World, key: str) -> bytes:
    return code_hash(link_code(b"of this test", (await world.bundles(key))[0]["id"]))


@pytest.mark.parametrize("approve", [False, True])
async def test_a_count_after_the_all_clear_reaches_the_duty_room(world: World, approve: bool) -> None:
    if approve:
        await granted(world)
    else:
        await world.warn("red")
        await world.send()
    await world.warn(None)
    await world.send()
    assert (await world.bundles("anju_mayor"))[-1]["kind"] == "lapse"
    await world.reply("anju_mayor", "3 转移35人")
    (task,) = await world.tasks("unclear")
    assert "35人" in task["words"]
    assert await world.rows("SELECT number, late FROM answer") == [(35, True)]


async def test_a_count_that_only_the_order_of_before_asked_for_is_late(world: World) -> None:
    await granted(world)
    await world.warn("yellow")
    await world.send()
    await world.reply("anju_duty", "3 转移35人")
    (task,) = await world.tasks("unclear")
    assert "没有任务在等人数" in task["words"]
    assert await world.rows("SELECT number, late FROM answer") == [(35, True)]


async def test_a_count_that_nobody_ever_asked_for_is_kept_and_no_task(world: World) -> None:
    await world.warn("orange", hazard="gale")
    await world.send()
    await world.reply("anju_duty", "3 转移35人")
    assert await world.tasks("unclear") == []
    assert await world.rows("SELECT number, late FROM answer") == [(35, False)]
    assert await world.duties("anju_duty") == {GALE: "done"}


async def test_a_count_that_is_known_already_is_no_task_and_a_corrected_one_is(world: World) -> None:
    await granted(world)
    for words in ("3 35", "3 转移35人"):
        await world.reply("anju_duty", words)
    assert await world.tasks("unclear") == []
    await world.reply("anju_duty", "3 37")
    (task,) = await world.tasks("unclear")
    assert "37人" in task["words"]


async def test_a_count_on_the_page_of_an_order_that_is_over_is_one_task(world: World) -> None:
    await world.warn("red")
    await world.send()
    code = await link(world, "anju_mayor")
    await world.warn(None)
    for _ in range(3):
        assert await world.engine.answers.answered_on_page(code, 3, 35)
    (task,) = await world.tasks("unclear")
    assert (task["person"], "35人" in task["words"]) == ("anju_mayor", True)
    assert set(await world.column("SELECT late FROM answer")) == {True}


async def test_an_all_clear_is_acknowledged_in_time(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.warn(None)
    await world.send()
    await world.reply("anju_mayor", "1")
    assert await world.column("SELECT late FROM answer") == [False]
