"""What the duty room and programs read is what the store knows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.world import ANJU, World, small_directory
from warnengine.model.directory import Directory, Holding
from warnengine.model.errors import StartRefused
from warnengine.order.expand import code_hash, link_code
from warnengine.store.board import BoardStore, OutboxStore


async def test_orders_show_how_far_their_people_are(world: World) -> None:
    await world.warn("orange")
    await world.send()
    await world.receipt((await world.entries("anju_duty"))[0])
    await world.reply("anju_vice", "2")
    orders = {order["unit"]: order for order in await world.engine.board.orders(100)}
    order = orders[ANJU]
    assert (order["people"], order["reached"], order["acknowledged"], order["acting"]) == (4, 2, 1, 1)
    assert order["level"] == "orange"
    assert order["version"] == 1
    assert all(measure["deadline"] for measure in order["measures"])


async def test_a_count_is_shown_with_its_order(world: World) -> None:
    await world.warn("red")
    for request in await world.engine.board.requests(pending=True):
        await world.engine.board.decide(request["id"], "yes", "leader", "")
    await world.react()
    await world.send()
    await world.reply("anju_duty", "3 35")
    orders = {order["unit"]: order for order in await world.engine.board.orders(100)}
    assert orders[ANJU]["number"] == 35


async def test_deliveries_are_read_in_pages(world: World) -> None:
    world.sms.script.append(Will.LOSE_ANSWER)
    await world.warn("red")
    await world.send()
    board, seen, after = world.engine.board, [], 0
    while rows := await board.deliveries(3, after):
        seen += rows
        after = int(rows[-1]["id"])
    assert len(seen) == await world.value("SELECT count(*) FROM delivery") == len({row["id"] for row in seen})
    assert {row["state"] for row in seen} == {"accepted"}
    assert sum(row["possible_duplicates"] for row in seen) == 1


async def test_a_task_is_closed_once_and_recorded(world: World) -> None:
    await world.people(small_directory(mute=["anju_duty"]))
    await world.warn("yellow")
    duty = world.engine.duty
    (task,) = await duty.tasks(still_open=True)
    assert (task["name"], task["kind"]) == ("ANJU_DUTY", "unreached")
    assert task["bundle"] == str((await world.bundles("anju_duty"))[0]["id"])
    assert await duty.close(task["id"], "打通了", "值班员", "")
    assert not await duty.close(task["id"], "again", "somebody", "")
    assert await duty.tasks(still_open=True) == []
    assert await world.value("SELECT count(*) FROM audit WHERE kind = 'task'") == 1


async def test_the_clock_knows_what_is_due_and_what_is_busy(world: World) -> None:
    board = world.engine.board
    assert (await board.clock())["busy"] == 0
    await world.warn("yellow", react=False)
    assert (await board.clock())["busy"] == 1
    await world.react()
    await world.send()
    clock = await board.clock()
    assert clock["busy"] == 0
    assert clock["next"] > clock["now"]
    assert await board.jump(await world.now() + timedelta(minutes=15))
    assert (await board.clock())["busy"] > 0
    assert not await board.jump(await world.now() - timedelta(hours=1))


async def test_a_link_shows_the_order_until_it_is_replaced(world: World) -> None:
    await world.warn("orange")
    await world.send()
    code = code_hash(link_code(b"of this test", (await world.bundles("anju_duty"))[0]["id"]))
    page = await world.engine.answers.page(code)
    assert page is not None
    assert (page["name"], page["superseded"], page["step"]) == ("ANJU_DUTY", False, 0)
    await world.engine.answers.answered_on_page(code, 2, None)
    await world.warn("red")
    page = await world.engine.answers.page(code)
    assert page is not None
    assert (page["superseded"], page["step"]) == (True, 2)


async def test_a_registered_phone_is_used_from_then_on(world: World) -> None:
    await world.warn("yellow")
    code = code_hash(link_code(b"of this test", (await world.bundles("anju_duty"))[0]["id"]))
    assert await world.engine.answers.register_push(code, '{"endpoint": "x"}')
    await world.people(small_directory())
    await world.warn("red")
    channels = await world.column("SELECT DISTINCT channel FROM delivery d JOIN bundle b ON b.id = d.bundle "
                                  "WHERE b.person = 'anju_duty' AND b.level = 4")  # fmt: skip
    assert sorted(channels) == ["push", "sms"]


async def test_events_go_out_once_and_in_order(world: World) -> None:
    await world.warn("orange")
    await world.warn("red")
    outbox, sent = OutboxStore(world.database), []

    async def take(rows: list[dict[str, Any]]) -> None:
        sent.extend(rows)

    async def lose(rows: list[dict[str, Any]]) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await outbox.publish(lose)
    assert await outbox.publish(take, most=1)
    await outbox.publish(take)
    assert not await outbox.publish(take)
    assert [row["subject"] for row in sent] == ["change/1", "change/2"]


async def test_the_gauges_count_what_there_is(world: World) -> None:
    await world.warn("red")
    await world.send()
    board = BoardStore(world.database)
    assert (await board.gauges())["approvals"] == 1
    labelled = await board.by_label(timedelta(minutes=2))
    assert sum(row["n"] for row in labelled["deliveries_by_state"]) == await world.value(
        "SELECT count(*) FROM delivery"
    )


async def test_a_new_list_counts_from_now_on(world: World) -> None:
    people = world.engine.people
    before = await people.count("500151")
    await people.replace("500151", small_directory(without=["anju_duty"], also=[
        Holding(ANJU, "duty", "anju_vice", None, None)]))  # fmt: skip
    assert await people.count("500151") == before
    held = await world.column("SELECT person FROM on_duty(engine_now()) WHERE unit = $1 AND post = 'duty'", ANJU)
    assert held == ["anju_vice"]
    await people.replace("500151", small_directory(mute=["anju_vice"]))
    assert await world.value("SELECT why FROM address WHERE person = 'anju_vice' AND channel = 'sms'")


async def test_two_announcers_keep_the_order(world: World) -> None:
    for number in range(6):
        await world.execute("INSERT INTO outbox (type, subject, data) VALUES ('t', $1, '{}')", str(number))
    seen: list[str] = []
    gate = asyncio.Event()

    async def slow(rows: list[dict[str, Any]]) -> None:
        await gate.wait()
        seen.extend(row["subject"] for row in rows)

    async def quick(rows: list[dict[str, Any]]) -> None:
        seen.extend(row["subject"] for row in rows)

    first = asyncio.create_task(OutboxStore(world.database).publish(slow, most=3))
    while not await world.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7072"):
        await asyncio.sleep(0.01)
    assert await OutboxStore(world.database).publish(quick) is False
    gate.set()
    assert await first
    await OutboxStore(world.database).publish(quick)
    assert seen == list("012345")


async def test_whom_nobody_chases_is_not_waited_for(world: World) -> None:
    holdings = [replace(held, superior="district_leader") for held in small_directory().holdings]
    await world.people(Directory(small_directory().people, tuple(holdings)))
    await world.warn("red")
    for _ in range(12):
        await world.jump(timedelta(minutes=1))
        await world.settle()
    assert await world.bundles("district_leader", "escalation")
    for bundle in await world.column("SELECT DISTINCT bundle FROM obligation WHERE chased"):
        await world.engine.answers.answered_on_page(code_hash(link_code(b"of this test", bundle)), 1, None)
    assert await world.value("SELECT count(*) FROM obligation WHERE state IN ('open', 'reached')") > 0
    waiting = await world.engine.board.by_label(timedelta(minutes=2))
    assert {row["state"] for row in waiting["obligations"]} == {"acked"}


async def test_engines_with_two_link_keys_do_not_both_start(world: World) -> None:
    await world.database.refuse_other_key(b"the key")
    await world.database.refuse_other_key(b"the key")
    with pytest.raises(StartRefused, match="WARNENGINE_LINK_KEY"):
        await world.database.refuse_other_key(b"another machine's link.key")


async def test_a_day_of_deliveries_is_not_counted_at_every_scrape(world: World) -> None:
    board, silent = BoardStore(world.database), timedelta(minutes=2)
    await world.warn("red")
    first = (await board.by_label(silent))["deliveries_by_state"]
    assert {row["state"] for row in first} == {"queued"}
    await world.send()
    assert (await board.by_label(silent))["deliveries_by_state"] == first
    fresh = await BoardStore(world.database).by_label(silent)
    view = "SELECT state, count(*) AS n FROM delivery_state GROUP BY state"
    assert {row["state"] for row in fresh["deliveries_by_state"]} == {
        row["state"] for row in await world.rows(view)
    }
