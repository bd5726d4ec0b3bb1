"""From a change to its people: everybody once, nobody forgotten, whatever stops in the middle."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.world import ANJU, BAIYANG, World, small_directory
from warnengine.model.arrival import Verdict
from warnengine.model.directory import Holding

RED = {"anju_duty", "anju_vice", "anju_mayor", "anju_secretary", "water_duty", "water_vice", "water_head"}
YELLOW = {"anju_duty", "anju_vice", "water_duty", "water_vice"}
BOTH = [Holding(BAIYANG, "duty", "anju_duty", "anju_vice", "anju_mayor")]
"""The officer on duty in 安居 is on duty for 白羊 too."""


async def first_group(world: World, most: int) -> int:
    """Reconcile, with the first people in the same transaction."""
    async with world.engine.orders.due_district() as desks:
        assert desks is not None
        district, people = desks
        change = await world.engine.reconciler.reconcile(district)
        assert change is not None
        await world.engine.expander.expand(people, change, most)
        return change


async def next_group(world: World, most: int) -> bool:
    """The next people, in a transaction of their own; True: that was the last."""
    async with world.engine.orders.due_change() as due:
        assert due is not None
        change, desk = due
        return await world.engine.expander.expand(desk, change, most)


async def told(world: World) -> list[str]:
    return sorted(await world.column("SELECT person FROM bundle WHERE purpose = 'order'"))


async def test_the_first_people_come_with_the_orders_and_the_gravest_first(world: World) -> None:
    await world.warn("yellow", BAIYANG, react=False)
    await world.warn("red", ANJU, react=False)
    await first_group(world, 3)
    levels = await world.column("SELECT level FROM bundle")
    assert levels == [4, 4, 4]
    assert await world.value("SELECT count(*) FROM order_version") == 3
    await world.send("sms")
    assert len(world.sms.log) == 3, "they are sent to before the others are even written"


async def test_of_a_red_those_who_lead_are_told_before_the_others(world: World) -> None:
    await world.warn("red", ANJU, react=False)
    await first_group(world, 100)
    people = await world.column("SELECT person FROM bundle WHERE purpose = 'order' ORDER BY id")
    duty = [place for place, person in enumerate(people) if person.endswith("_duty")]
    assert len(duty) == 2
    assert duty[0] == len(people) - 2, f"whoever is only on duty comes last: {people}"


@pytest.mark.parametrize("most", [1, 2, 3, 6, 7, 8])
async def test_groups_of_any_size_reach_everybody_once(world: World, most: int) -> None:
    await world.warn("red", react=False)
    await first_group(world, most)
    while await world.value("SELECT count(*) FROM change WHERE expanded_at IS NULL"):
        await next_group(world, most)
    assert await told(world) == sorted(RED)


async def test_a_crash_in_the_middle_is_taken_up_where_it_stopped(world: World) -> None:
    await world.warn("red", react=False)
    await first_group(world, 2)
    with pytest.raises(ConnectionError):
        async with world.engine.orders.due_change() as due:
            assert due is not None
            await world.engine.expander.expand(due[1], due[0], 2)
            raise ConnectionError
    assert len(await told(world)) == 2
    await asyncio.gather(*(world.engine.expand() for _ in range(3)))
    assert await told(world) == sorted(RED)
    assert not await world.engine.expand()


async def test_a_crash_before_the_commit_leaves_the_warning_to_be_taken_in(world: World) -> None:
    await world.warn("red", react=False)
    with contextlib.suppress(ConnectionError):
        async with world.engine.orders.due_district() as desks:
            assert desks is not None
            await world.engine.reconciler.reconcile(desks[0])
            raise ConnectionError
    assert await world.value("SELECT count(*) FROM order_version") == 0
    await world.react()
    assert await told(world) == sorted(RED)


async def test_senders_do_not_wait_for_the_expansion(world: World) -> None:
    await world.warn("red", react=False)
    await first_group(world, 3)
    async with world.engine.orders.due_change() as due:
        assert due is not None
        await asyncio.wait_for(world.send("sms"), 5)
    assert len(world.sms.log) == 3


async def test_two_posts_make_one_message(world: World) -> None:
    await world.people(small_directory(also=BOTH))
    await world.warn("red", ANJU, BAIYANG)
    await world.send()
    (bundle,) = await world.bundles("anju_duty")
    assert len(bundle["versions"]) == 2
    assert sorted(bundle["posts"]) == [f"{ANJU}/duty", f"{BAIYANG}/duty"]
    (text,) = await world.inbox("anju_duty")
    assert "安居镇" in text
    assert "白羊镇" in text


async def test_one_text_is_written_per_set_of_orders(world: World) -> None:
    await world.people(small_directory(also=BOTH))
    await world.warn("red", ANJU, BAIYANG)
    sets = {tuple(versions) for versions in await world.column("SELECT versions FROM bundle")}
    texts = await world.rows("SELECT versions FROM text")
    assert sorted(tuple(text["versions"]) for text in texts) == sorted(sets)
    assert len(sets) == 4  # 安居, 白羊, both, 水利


async def test_who_has_no_address_is_shown_and_the_ladder_goes_on_at_once(world: World) -> None:
    await world.people(small_directory(mute=["anju_duty"]))
    await world.warn("red")
    (task,) = await world.tasks("unreached")
    assert task["person"] == "anju_duty"
    await world.chase()
    (asked,) = await world.bundles("anju_vice", "escalation")
    assert asked["behalf"] == (await world.bundles("anju_duty"))[0]["id"]
    assert await world.rows("SELECT FROM every_timer WHERE bundle = $1 AND act = 'again'", asked["behalf"]) == []


async def test_an_all_clear_goes_to_exactly_those_possibly_reached(world: World) -> None:
    await world.people(small_directory(without=["anju_vice", "water_head", "water_vice", "water_duty"]))
    world.email.up = False
    world.sms.script.extend([Will.ACCEPT, Will.LOSE_MESSAGE, Will.FAIL])
    await world.warn("red")
    await world.dispatcher(batch=3).step()
    fates = dict(await world.rows("SELECT b.person, s.state FROM delivery_state s JOIN bundle b ON b.id = s.bundle "
                                  "WHERE channel = 'sms'"))  # fmt: skip
    await world.warn(None)
    cleared = await world.column("SELECT person FROM bundle WHERE kind = 'lapse'")
    assert sorted(cleared) == sorted(p for p, state in fates.items() if state in {"accepted", "unknown"})
    assert len(cleared) == 2
    assert len(fates) == 3


async def test_an_all_clear_uses_every_channel_that_the_order_used(world: World) -> None:
    await world.warn("red")
    await world.send()
    by_sms, by_mail = ({entry.address for entry in channel.log} for channel in world.channels.values())
    await world.execute("UPDATE address SET retired_at = now(), why = 'gone' WHERE person = 'anju_mayor'")
    await world.warn(None)
    await world.send()
    for channel, used in ((world.sms, by_sms), (world.email, by_mail)):
        assert {entry.address for entry in channel.log if "解除" in entry.short} == used


async def test_nobody_is_told_that_something_ended_which_they_never_heard_of(world: World) -> None:
    await world.warn("red")
    await world.warn(None)
    await world.send()
    assert world.sms.asked == world.email.asked == []
    assert await world.column("SELECT person FROM bundle WHERE kind = 'lapse'") == []


async def test_a_downgrade_also_reaches_those_who_are_no_longer_called(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.warn("yellow")
    await world.send()
    assert {b["person"] for b in await world.rows("SELECT person FROM bundle WHERE kind = 'update'")} == RED
    assert "降为黄色" in (await world.inbox("anju_mayor"))[-1]
    chased = await world.column("SELECT DISTINCT b.person FROM every_timer t JOIN bundle b ON b.id = t.bundle "
                                "WHERE b.kind = 'update'")  # fmt: skip
    assert set(chased) == YELLOW


async def test_an_upgrade_is_a_new_obligation_whatever_was_answered(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    await world.reply("anju_duty", "3")
    await world.warn("red")
    assert await world.duties("anju_duty") == {f"{ANJU}/rainstorm": "open"}


async def test_a_repeated_red_asks_only_those_who_have_not_acted(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.reply("anju_duty", "2")
    await world.reply("anju_vice", "1")
    await world.warn("red")
    again = await world.column("SELECT person FROM bundle WHERE kind = 'reopen'")
    assert sorted(again) == sorted(RED - {"anju_duty"})


async def test_a_replay_of_everything_sends_nothing(world: World) -> None:
    sent = [await world.warn("yellow"), await world.warn("red"), await world.warn("red"), await world.warn(None)]
    await world.send()
    before = len(world.sms.asked), await world.value("SELECT count(*) FROM order_version")
    for warning in (*reversed(sent), *sent):
        assert await world.take(warning) is Verdict.REPEAT
    await world.react()
    await world.send()
    assert (len(world.sms.asked), await world.value("SELECT count(*) FROM order_version")) == before


async def test_what_else_stood_in_a_stale_message_moves_into_the_new_one(world: World) -> None:
    await world.people(small_directory(also=BOTH))
    await world.warn("red", ANJU, BAIYANG)
    await world.warn(None, ANJU)
    await world.send()
    (text,) = await world.inbox("anju_duty")
    assert "白羊镇" in text
    assert "安居镇" not in text
    old, new = await world.bundles("anju_duty")
    assert set(await world.column("SELECT state FROM delivery_state WHERE bundle = $1", old["id"])) == {
        "withdrawn"
    }
    assert await world.duties("anju_duty") == {f"{BAIYANG}/rainstorm": "open"}
    acts = await world.column("SELECT act FROM every_timer WHERE bundle = $1", new["id"])
    assert "deputy" in acts, "the ladder is climbed for it"


async def test_what_was_sent_but_not_answered_moves_too_for_its_ladder_must_not_end(world: World) -> None:
    await world.people(small_directory(also=BOTH))
    await world.warn("red", ANJU, BAIYANG)
    await world.send()
    await world.warn(None, ANJU)
    await world.settle()
    text = (await world.inbox("anju_duty"))[-1]
    assert "解除暴雨红色" in text
    assert "白羊镇" in text
    await world.jump(timedelta(minutes=5))
    await world.settle()
    (asked,) = await world.bundles("anju_vice", "escalation")
    newest = (await world.bundles("anju_duty"))[-1]
    assert asked["behalf"] == newest["id"]


async def test_what_was_answered_stays_where_it_is(world: World) -> None:
    await world.people(small_directory(also=BOTH))
    await world.warn("red", ANJU, BAIYANG)
    await world.send()
    await world.reply("anju_duty", "1")
    await world.warn(None, ANJU)
    newest = (await world.bundles("anju_duty"))[-1]
    assert newest["kind"] == "lapse"
    assert len(newest["versions"]) == 1


async def test_an_all_clear_that_nobody_answers_is_not_told_again(world: World) -> None:
    await world.people(small_directory(also=BOTH))
    await world.warn("red", ANJU, BAIYANG)
    await world.send()
    await world.reply("anju_duty", "1")
    await world.warn("yellow", BAIYANG, react=False)
    await world.warn(None, ANJU)
    await world.send()
    await world.warn("blue", BAIYANG)
    newest = (await world.bundles("anju_duty"))[-1]
    units = await world.column("SELECT unit FROM standing_order o JOIN order_version v ON v.standing_order = o.id "
                               "WHERE v.id = ANY ($1)", newest["versions"])  # fmt: skip
    assert units == [BAIYANG]


async def test_a_deputy_who_only_got_the_escalation_gets_the_all_clear(world: World) -> None:
    await world.people(small_directory(without=["water_vice"]))
    await world.warn("orange")
    await world.send()
    await world.jump(timedelta(minutes=8))
    await world.chase()
    await world.send()
    assert len(await world.inbox("water_vice")) == 1
    await world.warn(None)
    await world.send()
    assert "解除" in (await world.inbox("water_vice"))[-1]


async def test_a_message_lasts_as_long_as_one_order_in_it(world: World) -> None:
    await world.people(small_directory(also=BOTH))
    await world.warn("yellow", BAIYANG, lasts=timedelta(minutes=30), react=False)
    await world.warn("red", ANJU, lasts=timedelta(hours=6))
    await world.jump(timedelta(minutes=31))
    await world.send("sms")
    assert len(await world.inbox("anju_duty")) == 1, "a red is not dropped because a yellow beside it has ended"
    assert await world.inbox("baiyang_vice") == []
    await world.warn("orange", ANJU)
    await world.jump(timedelta(hours=7))
    before = len(await world.inbox("anju_duty"))
    await world.send()
    assert len(await world.inbox("anju_duty")) == before


async def test_large_groups_are_leased_in_small_chunks(world: World) -> None:
    await world.warn("red")
    sizes = await world.column("SELECT count(*) FROM delivery GROUP BY chunk")
    assert max(sizes) <= 200


async def test_who_holds_a_post_is_asked_at_the_moment_of_the_change(world: World) -> None:
    await world.warn("yellow")
    await world.people(
        small_directory(without=["anju_duty"], also=[Holding(ANJU, "duty", "baiyang_vice", None, None)])
    )
    await world.warn("red")
    people = await world.column("SELECT person FROM bundle WHERE kind = 'update' OR level = 4")
    assert "baiyang_vice" in people
    assert "anju_duty" not in people
