"""The guards of a send: each test fails when its guard is taken out."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.world import ANJU, EVERYTHING, World
from tests.waiting import LONGEST, until
from warnengine.dispatch import dispatcher
from warnengine.dispatch.channel import Outgoing
from warnengine.model.delivery import Intent

NOTHING = timedelta()
"""A lease that is over at once."""


class Stopwatch:
    """The dispatcher's monotonic clock, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    watch = Stopwatch()
    monkeypatch.setattr(dispatcher, "monotonic", watch.monotonic)
    return watch


async def blocked(world: World) -> None:
    """Until some transaction of this database waits for another."""
    await until(
        lambda: world.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    )


async def test_the_intent_is_committed_before_the_first_byte_leaves(world: World) -> None:
    seen = []

    async def look(message: Outgoing) -> None:
        query = "SELECT client_id FROM attempt WHERE delivery = $1"
        seen.append(await world.column(query, message.delivery) == [message.client_id])

    world.sms.before = look
    await world.warn("red")
    await world.send("sms")
    assert seen == [True] * 7


async def test_an_all_clear_waits_until_what_it_ends_is_settled(world: World) -> None:
    await world.warn("red")
    world.sms.script.append(Will.STALL)
    sending = asyncio.create_task(world.dispatcher(owner="slow").step())
    await world.sms.arrived.wait()
    stuck = world.sms.log[0].address
    await world.warn(None)
    await world.send()
    assert not any("解除" in entry.short for entry in world.sms.log if entry.address == stuck)
    world.sms.go_on.set()
    await sending
    await world.jump(timedelta(seconds=1))
    await world.send()
    for key in ("anju_duty", "anju_mayor", "water_head"):
        assert ["解除" in text for text in await world.inbox(key)] == [False, True]


async def test_the_others_do_not_wait_for_one_who_is_not_settled(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.execute(
        "DELETE FROM delivery_event WHERE delivery = $1", (await world.entries("anju_duty"))[0].delivery
    )
    await world.warn(None)
    await world.send()
    assert ["解除" in text for text in await world.inbox("anju_duty")] == [False]
    assert ["解除" in text for text in await world.inbox("anju_mayor")] == [False, True]


async def test_an_all_clear_waits_for_an_escalation_of_the_order_too(world: World) -> None:
    await world.warn("red")
    await world.send()
    world.sms.script.append(Will.STALL)
    await world.jump(timedelta(minutes=5))
    await world.chase()
    await world.execute(
        """UPDATE chunk SET due = due + interval '1 hour' WHERE id NOT IN (
               SELECT d.chunk FROM delivery d JOIN bundle b ON b.id = d.bundle WHERE b.purpose = 'escalation')"""
    )
    world.sms.arrived.clear()
    sending = asyncio.create_task(world.dispatcher(owner="slow", batch=1).step())
    await world.sms.arrived.wait()
    stuck = world.sms.log[-1].address
    assert "未应答" in world.sms.log[-1].short
    await world.warn(None)
    await world.send()
    assert "解除" not in [e for e in world.sms.log if e.address == stuck][-1].short
    world.sms.go_on.set()
    await sending
    await world.jump(timedelta(seconds=1))
    await world.send()
    assert "解除" in [e for e in world.sms.log if e.address == stuck][-1].short


async def test_nothing_leaves_after_the_lease(world: World, stopwatch: Stopwatch) -> None:
    async def dawdle(message: Outgoing) -> None:
        stopwatch.seconds += 21  # lease 30, grace 10

    world.sms.before, world.sms.window = dawdle, 1
    await world.warn("red")
    await world.dispatcher().step()
    assert len(world.sms.log) == 1
    states = await world.column("SELECT state FROM attempt_state ORDER BY delivery")
    assert states == ["accepted", "refused"], "a gateway that takes one at a time is given few at once"
    world.sms.before = None
    await world.jump(timedelta(seconds=2))
    await world.send()
    assert len(world.sms.log) == 7


async def test_a_send_on_the_wire_is_given_up_with_the_lease(world: World) -> None:
    await world.warn("red")
    world.sms.script.append(Will.STALL)
    hasty = world.dispatcher(batch=1, lease_seconds=12, grace_seconds=10)
    await asyncio.wait_for(hasty.step(), LONGEST)
    assert await world.events(world.sms.log[0].delivery) == [(1, "unknown")]


async def test_nothing_is_claimed_after_its_expiry(world: World) -> None:
    await world.warn("red", lasts=timedelta(minutes=10))
    await world.jump(timedelta(minutes=10, seconds=1))
    await world.send()
    assert world.sms.asked == world.email.asked == []
    assert set(await world.column("SELECT state FROM delivery_state")) == {"expired"}


async def test_nothing_is_written_after_its_expiry(world: World, stopwatch: Stopwatch) -> None:
    async def dawdle(message: Outgoing) -> None:
        stopwatch.seconds += 15

    world.sms.before, world.sms.window = dawdle, 1
    await world.warn("red", lasts=timedelta(minutes=10))
    await world.jump(timedelta(minutes=9, seconds=50))
    await world.dispatcher().step()
    assert len(world.sms.log) == 1
    assert 0 < world.sms.log[0].expires_in <= 10
    assert await world.column("SELECT state FROM attempt_state ORDER BY delivery") == ["accepted", "expired"]


async def test_an_acceptance_counts_however_late(world: World) -> None:
    await world.warn("red")
    world.sms.script.append(Will.STALL)
    late = asyncio.create_task(world.dispatcher(owner="late", lease=NOTHING, batch=1).step())
    await world.sms.arrived.wait()
    await world.dispatcher(owner="next", batch=1).step()
    delivery = world.sms.log[0].delivery
    assert await world.events(delivery) == [(1, "unknown")]
    world.sms.go_on.set()
    await late
    assert await world.events(delivery) == [(1, "unknown"), (1, "accepted")]
    await world.send()
    copies = [entry for entry in world.sms.log if entry.delivery == delivery]
    assert len(copies) == 1, "a resend that nobody needs any more is withdrawn"


async def test_a_refusal_counts_only_from_who_holds_the_claim(world: World) -> None:
    await world.warn("red")
    world.sms.script.append(Will.STALL_REFUSE)
    late = asyncio.create_task(world.dispatcher(owner="late", lease=NOTHING, batch=1).step())
    await world.sms.arrived.wait()
    await world.send("sms")
    delivery = world.sms.asked[0].delivery
    settled = [(1, "unknown"), (2, "accepted")]
    assert await world.events(delivery) == settled
    world.sms.go_on.set()
    await late
    assert await world.events(delivery) == settled
    assert await world.value("SELECT count(*) FROM chunk WHERE only_delivery = $1", delivery) == 1


async def test_a_withdrawal_waits_for_an_intent_and_then_the_all_clear_goes_there(world: World) -> None:
    await world.warn("red")
    async with world.dispatcher().store.claim("sms", "sms-1", lowest=3, leave=EVERYTHING) as desk:
        assert desk is not None
        candidates = await desk.candidates(1)
        withdrawing = asyncio.create_task(world.warn(None))
        await blocked(world)
        await desk.intend([Intent(c.attempt.delivery, "of this test", b"") for c in candidates])
    await withdrawing
    bundles = await world.rows("SELECT person, kind FROM bundle WHERE kind = 'lapse'")
    first = await world.value("SELECT person FROM bundle WHERE id = $1", candidates[0].bundle)
    assert [bundle["person"] for bundle in bundles] == [first]


async def test_an_intent_waits_for_a_withdrawal_and_then_is_not_written(world: World) -> None:
    await world.warn("red")
    await world.warn(None, react=False)
    async with world.engine.orders.due_district() as desks:
        assert desks is not None
        await world.engine.reconciler.reconcile(desks[0])
        sending = asyncio.create_task(world.dispatcher().step())
        await blocked(world)
    assert await sending
    assert world.sms.asked == []
    assert set(await world.column("SELECT what FROM delivery_event")) == {"withdrawn"}


async def test_what_is_superseded_in_the_queue_is_never_sent(world: World) -> None:
    await world.warn("orange", ANJU)
    await world.warn("red", ANJU)
    await world.send()
    assert len(world.sms.log) == 7
    assert all("红色" in entry.short for entry in world.sms.log)


async def test_two_dispatchers_share_the_work(world: World) -> None:
    await world.warn("red")
    pairs = [world.dispatcher(owner=name, batch=2) for name in ("one", "two", "three")]
    for _ in range(10):
        await asyncio.gather(*(pair.step() for pair in pairs))
    assert sorted(entry.address for entry in world.sms.log) == sorted(
        await world.column("SELECT address FROM delivery WHERE channel = 'sms'")
    )
