"""Compulsory measures: asked for with a clock, decided once, and then ordered exactly once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.store.world import ANJU, BAIYANG, World, small_directory
from warnengine.model.directory import Holding

EVACUATION = "p500151105.rainstorm.red.1"

WITHIN = timedelta(minutes=5)


async def decide(world: World, decision: str = "yes") -> str | None:
    (request,) = await world.engine.board.requests(pending=True)
    return await world.engine.board.decide(request["id"], decision, "leader", "同意")


async def asked(world: World) -> list[str]:
    """Who was asked to decide, in their order."""
    return await world.column("SELECT person FROM bundle WHERE purpose = 'approval' ORDER BY id")


async def version(world: World) -> Any:
    return await world.row(
        "SELECT v.* FROM order_version v JOIN standing_order o ON o.id = v.standing_order "
        "WHERE o.unit = $1 AND v.superseded_at IS NULL", ANJU
    )  # fmt: skip


async def test_advice_goes_at_once_and_the_authority_is_asked(world: World) -> None:
    await world.warn("red")
    await world.settle()
    assert "通知涪江225米线下住户收拾好等转移令" in (await world.inbox("anju_mayor"))[0]
    assert await asked(world) == ["district_leader"]
    assert "请" in (await world.inbox("district_leader"))[0]


async def test_a_yes_makes_one_new_version_and_one_message_per_person(world: World) -> None:
    await world.warn("red")
    await world.settle()
    before = len(await world.bundles("anju_mayor"))
    assert await decide(world) is None
    await world.settle()
    now = await version(world)
    assert (now["version"], now["kind"]) == (2, "update")
    assert len(await world.bundles("anju_mayor")) == before + 1
    assert "撤离涪江225米线下住户" in (await world.inbox("anju_mayor"))[-1]
    assert len(await world.bundles("water_head")) == 1, "nobody else is told"
    await world.settle()
    assert (await version(world))["version"] == 2


async def test_a_no_changes_nothing(world: World) -> None:
    await world.warn("red")
    await world.settle()
    await decide(world, "no")
    await world.settle()
    assert (await version(world))["version"] == 1
    await world.jump(timedelta(hours=1))
    await world.chase()
    assert await asked(world) == ["district_leader"]


async def test_one_decision_counts(world: World) -> None:
    await world.warn("red")
    (request,) = await world.engine.board.requests(pending=True)
    decisions = await asyncio.gather(
        *(
            world.engine.board.decide(request["id"], word, f"somebody {n}", "")
            for n, word in enumerate(["yes", "no"] * 5)
        )
    )
    assert decisions.count(None) == 1
    assert len(set(decisions) - {None}) == 1
    assert await world.value("SELECT count(*) FROM audit WHERE kind = 'approval'") == 1
    assert await world.engine.board.decide(999, "yes", "somebody", "") == ""


async def test_the_clock_asks_the_next_authority_and_at_last_the_duty_room(world: World) -> None:
    await world.warn("red", lasts=timedelta(hours=6))
    await world.chase()
    assert await asked(world) == ["district_leader"]
    await world.jump(WITHIN)
    await asyncio.gather(*(world.engine.chase() for _ in range(3)))
    assert await asked(world) == ["district_leader", "district_governor"]
    await world.jump(WITHIN)
    await world.chase()
    assert await asked(world) == ["district_leader", "district_governor", "district_secretary"]
    assert await world.tasks("decide") == []
    await world.jump(WITHIN)
    await world.chase()
    assert len(await world.tasks("decide")) == 1
    assert (await asked(world))[3:] == ["district_secretary"]
    await world.jump(WITHIN)
    await world.chase()
    assert len(await world.tasks("decide")) == 1, "one open task per request"
    assert (await asked(world))[4:] == ["district_secretary"]


async def test_two_requests_of_one_change_may_ask_the_same_person(world: World) -> None:
    also = [Holding("duty_room", "leader", "district_leader", None, None)]
    await world.people(small_directory(without=["duty_room_leader"], also=also))
    await world.warn("red", ANJU, react=False)
    await world.warn("orange", BAIYANG)
    requests = await world.engine.board.requests(pending=True)
    await world.chase()
    assert len(await asked(world)) == len(requests)


async def test_an_authority_that_nobody_holds_is_shown_and_passed_over(world: World) -> None:
    await world.people(small_directory(without=["district_leader"]))
    await world.warn("red")
    await world.chase()
    assert await asked(world) == []
    (task,) = await world.tasks("decide")
    assert "无人在岗" in task["words"]
    await world.jump(WITHIN)
    await world.chase()
    assert await asked(world) == ["district_governor"]


async def test_a_request_is_void_when_the_measure_no_longer_stands(world: World) -> None:
    await world.warn("red")
    await world.chase()
    await world.warn("yellow")
    assert await world.engine.board.requests(pending=True) == []
    assert await world.column("SELECT decision FROM approval") == ["void"]
    await world.send()
    assert await world.inbox("district_leader") == [], "a request that waited in the queue is withdrawn"
    (done,) = await world.rows("SELECT id FROM approval")
    assert await world.engine.board.decide(done["id"], "yes", "leader", "") == "void by engine"


async def test_an_update_does_not_withdraw_a_request_that_still_waits(world: World) -> None:
    await world.warn("red")
    await world.chase()
    await world.warn("red", ANJU, BAIYANG)
    await world.send()
    assert len(await world.inbox("district_leader")) == 1


async def test_a_decided_request_is_not_sent_any_more(world: World) -> None:
    await world.warn("red")
    await world.chase()
    await decide(world, "no")
    await world.send()
    assert await world.inbox("district_leader") == []


async def test_a_measure_that_stands_anew_is_asked_for_anew(world: World) -> None:
    await world.warn("red")
    await decide(world)
    await world.react()
    await world.warn("yellow")
    await world.warn("red")
    assert len(await world.engine.board.requests(pending=True)) == 1
    assert "advice" in str((await version(world))["measures"])


async def test_what_was_granted_stays_granted_while_it_stands(world: World) -> None:
    await world.warn("red")
    await decide(world)
    await world.react()
    await world.warn("red")
    assert await world.engine.board.requests(pending=True) == []
    forms = {mark["standing"]["form"] for mark in (await version(world))["measures"]
             if "red" in mark["standing"]["measure"]}  # fmt: skip
    assert forms == {"order"}


async def test_decisions_and_orders_are_in_the_record(world: World) -> None:
    await world.warn("red")
    await decide(world)
    await world.react()
    kinds = await world.column("SELECT kind FROM audit ORDER BY seq")
    assert kinds == ["directory", "orders", "approval", "orders"]
    sealed = await world.value("SELECT body FROM audit WHERE kind = 'approval'")
    assert sealed["by"] == "leader"
    assert sealed["sha256"] == (await world.value("SELECT encode(sha256, 'hex') FROM approval"))


async def test_an_approval_that_would_reach_more_than_its_ceiling_does_not_count(world: World) -> None:
    await world.warn("red")
    (request,) = await world.engine.board.requests(pending=True)
    await world.execute("UPDATE approval SET ceiling = 1")
    refusal = await world.engine.board.decide(request["id"], "yes", "somebody", "")
    assert refusal
    assert "ceiling" in refusal
    assert await world.engine.board.requests(pending=True)
    assert await world.engine.board.decide(request["id"], "no", "somebody", "") is None


def reworded(world: World, words: str) -> None:
    """The bureau publishes a book in which the approved evacuation of 安居 has other words."""
    book = world.book
    plan = book.plans[ANJU]
    measures = tuple(m.model_copy(update={"order": words}) if m.id == EVACUATION else m for m in plan.measures)
    plans = {**book.plans, ANJU: plan.model_copy(update={"measures": measures})}
    changed = book.model_copy(update={"plans": plans, "hash": "f" * 64})
    world.engine.reconciler = replace(world.engine.reconciler, book=changed)
    world.engine.expander = replace(world.engine.expander, book=changed)
    world.engine.spokesman = replace(world.engine.spokesman, book=changed)


async def test_what_is_sent_is_what_was_approved_whatever_a_later_book_says(world: World) -> None:
    await world.warn("red")
    (request,) = await world.engine.board.requests(pending=True)
    await world.engine.board.decide(request["id"], "yes", "governor", "")
    await world.react()
    await world.send()
    await world.execute("INSERT INTO rule_book (hash, files) VALUES ($1, '{}')", "f" * 64)
    reworded(world, "全镇所有人员立即撤离到县城")
    await world.warn("red")
    await world.warn("red", ANJU, BAIYANG)
    await world.send()
    texts = "".join(await world.inbox("anju_duty"))
    assert "撤离涪江225米线下住户" in texts
    assert "撤离到县城" not in texts
    await world.warn("orange")
    await world.warn("red")
    await world.send()
    assert "撤离到县城" not in "".join(await world.inbox("anju_duty")), "new words are asked for anew"
    assert await world.engine.board.requests(pending=True)
