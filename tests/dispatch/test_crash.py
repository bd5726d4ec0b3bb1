"""An engine may die at any moment: copies ≤ 1 + recorded doubts, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.world import World
from tests.waiting import LONGEST
from warnengine.dispatch.channel import Outgoing
from warnengine.store.sending import ClaimDesk

LEASE = timedelta(milliseconds=200)


async def crash(world: World, *, taken: int, answered: int, lease: timedelta = LEASE) -> None:
    """An engine dies in mid-batch: of seven messages the gateway has `taken` and has answered `answered`."""
    world.sms.script.extend([Will.ACCEPT] * answered + [Will.STALL] * (taken - answered))
    world.sms.script.extend([Will.STALL_REFUSE] * (7 - taken))
    living = asyncio.all_tasks()
    dying = asyncio.create_task(world.dispatcher(owner="dying", lease=lease).step())
    while len(world.sms.asked) < 7:
        await asyncio.sleep(0)
    await die(living, dying)


async def die(living: set[asyncio.Task[Any]], engine: asyncio.Task[Any]) -> None:
    """Everything that an engine has begun ends here, unwritten."""
    begun = {engine, *asyncio.all_tasks()} - living
    for task in begun:
        task.cancel()
    await asyncio.gather(*begun, return_exceptions=True)


async def take_over(world: World) -> None:
    """Another engine goes on as soon as the lease is over."""
    heir = world.dispatcher(owner="heir")
    async with asyncio.timeout(LONGEST):
        while await world.value("SELECT count(*) FROM chunk WHERE channel = 'sms' AND finished_at IS NULL"):
            await heir.step()


async def check_copies(world: World) -> None:
    copies = Counter(entry.delivery for entry in world.sms.log)
    for row in await world.rows("SELECT id, possible_duplicates, state FROM delivery_state WHERE channel = 'sms'"):
        assert 1 <= copies[row["id"]] <= 1 + row["possible_duplicates"]
        assert row["state"] == "accepted"


@pytest.mark.parametrize(
    ("taken", "answered"),
    [
        pytest.param(0, 0, id="before the first byte"),
        pytest.param(4, 0, id="some taken, none answered"),
        pytest.param(7, 7, id="all answered, nothing recorded"),
        pytest.param(5, 3, id="in the middle"),
    ],
)
async def test_a_crash_in_mid_batch_shows_every_possible_copy(world: World, taken: int, answered: int) -> None:
    await world.warn("red")
    await crash(world, taken=taken, answered=answered)
    assert await world.value("SELECT count(*) FROM attempt") == 7
    await take_over(world)
    await check_copies(world)
    assert await world.value("SELECT sum(possible_duplicates) FROM delivery_state") == 7


async def test_a_crash_before_the_intents_are_committed_leaves_no_trace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fall(desk: ClaimDesk, intents: object) -> None:
        raise asyncio.CancelledError

    await world.warn("red")
    with monkeypatch.context() as patch:
        patch.setattr(ClaimDesk, "intend", fall)
        with pytest.raises(asyncio.CancelledError):
            await world.dispatcher(owner="dying").step()
    await world.send("sms")
    assert Counter(Counter(entry.delivery for entry in world.sms.log).values()) == {1: 7}


async def test_a_crash_of_who_takes_over_is_survived_too(world: World) -> None:
    await world.warn("red")
    await crash(world, taken=3, answered=0)
    await world.execute(
        "UPDATE chunk SET lease_until = clock_timestamp() - interval '1 second' WHERE finished_at IS NULL"
    )

    async def fall(message: Outgoing) -> None:
        raise asyncio.CancelledError

    world.sms.before = fall
    heir = asyncio.create_task(world.dispatcher(owner="second", lease=LEASE).step())
    with contextlib.suppress(asyncio.CancelledError):
        await heir
    world.sms.before = None
    await take_over(world)
    await check_copies(world)


async def test_only_what_was_on_the_wire_is_in_doubt(world: World) -> None:
    await world.warn("red")
    world.sms.otherwise = Will.STALL
    living = asyncio.all_tasks()
    dying = asyncio.create_task(world.dispatcher(owner="dying", lease=LEASE, batch=2).step())
    while len(world.sms.asked) < 2:
        await asyncio.sleep(0)
    await die(living, dying)
    world.sms.otherwise = Will.ACCEPT
    await take_over(world)
    assert await world.value("SELECT sum(possible_duplicates) FROM delivery_state") == 2
    await check_copies(world)


async def test_an_all_clear_follows_what_a_dead_engine_may_have_sent(world: World) -> None:
    await world.warn("red")
    await crash(world, taken=7, answered=0, lease=timedelta(minutes=1))
    await world.warn(None)
    await world.send()
    assert not any("解除" in entry.short for entry in world.sms.log)
    await world.execute(
        "UPDATE chunk SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until IS NOT NULL"
    )
    await world.send()
    await world.jump(timedelta(seconds=1))
    await world.send()
    for key in ("anju_duty", "water_head"):
        assert ["解除" in text for text in await world.inbox(key)] == [False, True], "and no copy of the order"
