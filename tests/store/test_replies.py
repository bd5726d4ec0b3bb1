"""What people answer: each answer counts once, for the right business, or a person looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.store.world import ANJU, BAIYANG, World, small_directory
from warnengine.model.delivery import Reply
from warnengine.model.directory import Holding
from warnengine.order.expand import code_hash, link_code

RAIN, GALE = f"{ANJU}/rainstorm", f"{ANJU}/gale"
MINUTE = timedelta(minutes=1)
BOTH = [Holding(BAIYANG, "duty", "anju_duty", "anju_vice", "anju_mayor")]


async def granted(world: World, *towns: str) -> None:
    """A red whose evacuations are approved: they ask for a number."""
    await world.warn("red", *towns)
    for request in await world.engine.board.requests(pending=True):
        await world.engine.board.decide(request["id"], "yes", "leader", "")
    await world.react()
    await world.send()


STEPS = {"1": "acked", "收到": "acked", "2": "acting", "3": "done"}


@pytest.mark.parametrize(("words", "state"), STEPS.items())
async def test_a_reply_raises_what_the_last_message_asked_for(world: World, words: str, state: str) -> None:
    await world.warn("orange")
    await world.send()
    await world.reply("water_duty", words)
    assert await world.duties("water_duty") == {"water/rainstorm": state}
    assert await world.duties("water_vice") == {"water/rainstorm": "open"}


@pytest.mark.parametrize("replies", [("3", "1"), ("2", "1", "2"), ("3", "3")])
async def test_answers_only_rise(world: World, replies: Sequence[str]) -> None:
    await world.warn("orange")
    await world.send()
    await world.reply("water_duty", replies[0])
    before = await world.duties("water_duty")
    moments = await world.row("SELECT acked_at, acting_at, done_at FROM obligation WHERE person = 'water_duty'")
    for words in replies[1:]:
        await world.reply("water_duty", words)
    assert await world.duties("water_duty") == before
    assert moments == await world.row(
        "SELECT acked_at, acting_at, done_at FROM obligation WHERE person = 'water_duty'"
    )


async def test_a_reply_belongs_to_the_message_that_was_sent_last(world: World) -> None:
    await world.warn("orange", hazard="gale")
    await world.send()
    await world.warn("orange")
    await world.send()
    await world.reply("anju_duty", "1")
    assert await world.duties("anju_duty") == {GALE: "open", RAIN: "acked"}


async def test_a_count_goes_to_the_one_task_that_waits_for_it(world: World) -> None:
    await granted(world)
    await world.warn("orange", hazard="gale")
    await world.send()
    await world.reply("anju_duty", "3 转移35人")
    assert await world.duties("anju_duty") == {RAIN: "done", GALE: "done"}
    numbers = await world.column("SELECT number FROM obligation WHERE person = 'anju_duty' AND number IS NOT NULL")
    assert numbers == [35]
    assert await world.tasks("unclear") == []


async def test_a_count_that_two_tasks_wait_for_is_nobodys_guess(world: World) -> None:
    await world.people(small_directory(also=BOTH))
    await granted(world, ANJU, BAIYANG)
    await world.reply("anju_duty", "3 35")
    (task,) = await world.tasks("unclear")
    assert "2项任务" in task["words"]
    assert set((await world.duties("anju_duty")).values()) == {"open"}


async def test_done_without_the_number_that_was_asked_for_is_not_done(world: World) -> None:
    await granted(world)
    await world.reply("anju_duty", "3")
    assert await world.duties("anju_duty") == {RAIN: "acting"}
    (task,) = await world.tasks("unclear")
    assert "没有报人数" in task["words"]
    await world.reply("anju_duty", "3 12")
    assert await world.duties("anju_duty") == {RAIN: "done"}


async def test_done_is_done_where_this_message_asks_for_no_number(world: World) -> None:
    await granted(world)
    await world.warn("orange", hazard="gale")
    await world.send()
    await world.reply("anju_duty", "3")
    assert await world.duties("anju_duty") == {RAIN: "open", GALE: "done"}
    assert await world.tasks("unclear") == []


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("能不能晚点?", "unclear"),
        ("3 转移35人,还有12人", "unclear"),
        ("不是本人", "contact"),
        ("打错了", "contact"),
    ],
)
async def test_what_is_not_plain_goes_to_the_duty_room(world: World, words: str, kind: str) -> None:
    await world.warn("red")
    await world.send()
    await world.reply("anju_duty", words)
    (task,) = await world.tasks(kind)
    assert task["person"] == "anju_duty"
    assert words in task["words"]
    assert await world.duties("anju_duty") == {RAIN: "open"}


async def test_a_wrong_number_hurries_the_ladder(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.reply("anju_duty", "不是本人")
    await world.chase()
    (asked,) = await world.bundles("anju_vice", "escalation")
    assert asked["behalf"] == (await world.bundles("anju_duty"))[0]["id"]


async def test_a_stranger_is_kept_and_shown(world: World) -> None:
    await world.engine.inbox.reply(Reply("sms-1", "+8613812345678", "1069", "1", b"1"))
    (task,) = await world.tasks("unclear")
    assert "不在通讯录" in task["words"]
    assert await world.value("SELECT verdict FROM reply") == "stranger"


async def test_a_number_that_has_changed_hands_speaks_for_who_was_written_to_last(world: World) -> None:
    await world.warn("orange")
    await world.send()
    number = await world.address("anju_duty")
    await world.execute(
        "INSERT INTO address (district, person, channel, address) VALUES ('500151', 'baiyang_duty', 'sms', $1)",
        number,
    )
    await world.reply("anju_duty", "1")
    assert await world.duties("anju_duty") == {RAIN: "acked"}
    await world.warn("orange", BAIYANG)
    await world.send()
    await world.reply("anju_duty", "2")
    assert await world.duties("baiyang_duty") == {f"{BAIYANG}/rainstorm": "acting"}
    assert await world.duties("anju_duty") == {RAIN: "acked"}


ESCALATED = {"orange": (8 * MINUTE, "acked"), "red": (5 * MINUTE, "open")}


@pytest.mark.parametrize(("level", "after", "silent"), [(k, *v) for k, v in ESCALATED.items()], ids=ESCALATED)
async def test_a_deputy_answers_for_the_silent_one_where_the_ladder_says_so(
    world: World, level: str, after: timedelta, silent: str
) -> None:
    await world.people(small_directory(without=["water_vice"]))
    await world.warn(level)
    await world.send()
    await world.jump(after)
    await world.settle()
    await world.reply("water_vice", "1")
    assert await world.duties("water_duty") == {"water/rainstorm": silent}
    assert await world.duties("water_vice") == {"water/rainstorm": "acked"}
    await world.jump(3 * MINUTE)
    await world.settle()
    called = {task["person"] for task in await world.tasks("call")}
    assert ("water_duty" in called) is (silent == "open")


async def test_a_deputy_who_was_asked_himself_answers_for_himself_too(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.jump(5 * MINUTE)
    await world.chase()
    await world.send()
    assert "未应答" in (await world.inbox("water_vice"))[-1]
    await world.reply("water_vice", "2")
    assert await world.duties("water_vice") == {"water/rainstorm": "acting"}
    assert await world.duties("water_duty") == {"water/rainstorm": "open"}


async def test_a_deputys_count_is_kept_where_he_answers_for_the_silent_one(world: World) -> None:
    await world.people(small_directory(without=["anju_vice"]))
    await granted(world)
    await world.jump(5 * MINUTE)
    await world.settle()
    await world.execute("UPDATE bundle SET stands_in = true WHERE purpose = 'escalation'")
    await world.reply("anju_vice", "3 20")
    assert await world.duties("anju_duty") == {RAIN: "done"}
    assert await world.value("SELECT number FROM obligation WHERE person = 'anju_duty' AND state = 'done'") == 20


async def test_a_late_answer_is_kept_and_marked(world: World) -> None:
    await world.warn("orange")
    await world.send()
    code = code_hash(link_code(b"of this test", (await world.bundles("water_duty"))[0]["id"]))
    await world.warn("red")
    await world.send()
    assert await world.engine.answers.answered_on_page(code, 1, None) == ""
    assert await world.column("SELECT late FROM answer") == [True]
    assert await world.duties("water_duty") == {"water/rainstorm": "open"}


async def test_what_has_lapsed_is_not_opened_again_by_an_answer(world: World) -> None:
    await world.warn("orange")
    await world.send()
    code = code_hash(link_code(b"of this test", (await world.bundles("water_duty"))[0]["id"]))
    await world.warn(None)
    await world.engine.answers.answered_on_page(code, 3, None)
    assert await world.column("SELECT DISTINCT state FROM obligation WHERE person = 'water_duty' AND version IN "
                              "(SELECT id FROM order_version WHERE version = 1)") == ["lapsed"]  # fmt: skip


async def test_a_thousand_equal_answers_count_once(world: World) -> None:
    await world.warn("orange")
    await world.send()
    bundle = (await world.bundles("water_duty"))[0]["id"]
    code = code_hash(link_code(b"of this test", bundle))
    raised = """CREATE TABLE raised (at timestamptz DEFAULT clock_timestamp());
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO raised DEFAULT VALUES; RETURN NULL; END $$;
        CREATE TRIGGER note AFTER UPDATE ON obligation FOR EACH ROW EXECUTE FUNCTION note()"""
    await world.execute(raised)
    for _ in range(20):
        presses = (world.engine.answers.answered_on_page(code, 1, None) for _ in range(50))
        assert set(await asyncio.gather(*presses)) == {""}
    assert await world.value("SELECT count(*) FROM raised") == 1
    assert await world.duties("water_duty") == {"water/rainstorm": "acked"}


async def test_an_answer_by_telephone_stops_the_ladder(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.jump(8 * MINUTE)
    await world.settle()
    task = next(task for task in await world.tasks("call") if task["person"] == "anju_duty")
    assert await world.engine.duty.close(task["id"], "answered", "值班员", "电话已通知")
    await world.jump(20 * MINUTE)
    await world.settle()
    assert "anju_duty" not in {task["person"] for task in await world.tasks("visit")}
    assert await world.rows("SELECT manner, by FROM answer") == [("duty_room", "值班员")]


async def test_a_link_that_does_not_exist_answers_nothing(world: World) -> None:
    assert await world.engine.answers.answered_on_page(code_hash("none"), 1, None) is None
    assert await world.engine.answers.page(code_hash("none")) is None
    assert not await world.engine.answers.register_push(code_hash("none"), "{}")
