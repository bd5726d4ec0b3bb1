"""Evidence that comes late, or at the very moment of the all-clear: whoever has the order after all hears what has
followed it, and nobody is looked for who has been found."""

from __future__ import annotations

import asyncio

import pytest

from tests.dispatch.fake_channel import Entry
from tests.store.world import HOUR, World, small_directory
from warnengine.model.delivery import Fate
from warnengine.order.expand import FIRST_GROUP
from warnengine.store.database import queries

OTHERS = ("anju_vice", "anju_mayor", "anju_secretary", "water_duty", "water_vice", "water_head")


@pytest.fixture
async def one(world: World) -> World:
    """Only one person is called, and has only a number."""
    await world.people(small_directory(without=OTHERS))
    return world


async def undelivered(world: World) -> Entry:
    await world.warn("red")
    await world.send()
    await world.receipt(world.sms.log[0], Fate.FAILED)
    return world.sms.log[0]


async def all_clears(world: World) -> list[bool]:
    """Whether each text that the person has is an all-clear, once everything has been looked at."""
    await world.engine.hear()
    await world.react()
    await world.send()
    return ["解除" in text for text in await world.inbox("anju_duty")]


async def test_a_receipt_that_comes_while_the_all_clear_is_being_written_counts(one: World) -> None:
    entry = await undelivered(one)
    await one.warn(None, react=False)
    async with one.engine.orders.due_district() as desks:
        assert desks is not None
        change = await one.engine.reconciler.reconcile(desks[0])
        assert change is not None
        await one.engine.expander.expand(desks[1], change, FIRST_GROUP)
        late = asyncio.create_task(one.receipt(entry, Fate.DELIVERED))
        await asyncio.wait({late}, timeout=1)  # it may wait for the all-clear, or not
    await late
    assert await all_clears(one) == [False, True]


async def test_a_receipt_that_is_being_written_while_the_all_clear_is_counts(one: World) -> None:
    entry = await undelivered(one)
    async with one.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO delivery_event (delivery, number, what, gateway) VALUES ($1, 1, 'delivered', 'sms-1')",
            entry.delivery,
        )
        await one.warn(None)
    assert await all_clears(one) == [False, True]


async def test_a_part_that_arrives_after_all_counts(one: World) -> None:
    one.sms.parts = 2
    await one.warn("red")
    await one.send()
    entry = one.sms.log[0]
    await one.receipt(entry, Fate.FAILED, part=1)
    await one.receipt(entry, Fate.FAILED, part=2)
    await one.warn(None)
    assert await all_clears(one) == [False]
    await one.receipt(entry, Fate.DELIVERED, part=1)
    assert await all_clears(one) == [False, True]


async def test_who_answers_what_was_reported_undelivered_hears_the_all_clear(one: World) -> None:
    await undelivered(one)
    await one.warn(None)
    assert await all_clears(one) == [False]
    bundle = (await one.bundles("anju_duty"))[0]["id"]
    await one.execute(
        "INSERT INTO answer (bundle, step, manner, by, late) VALUES ($1, 1, 'page', 'anju_duty', true)", bundle
    )
    assert await all_clears(one) == [False, True]


async def test_nobody_is_looked_for_again_and_again(one: World) -> None:
    entry = await undelivered(one)
    await one.warn(None)
    await one.receipt(entry, Fate.DELIVERED)
    assert await all_clears(one) == [False, True]
    assert await all_clears(one) == [False, True]
    assert await one.value("SELECT count(*) FROM change WHERE expanded_at IS NULL") == 0


async def test_a_task_about_somebody_unreached_closes_when_the_message_arrives_after_all(one: World) -> None:
    entry = await undelivered(one)
    (task,) = await one.tasks("unreached")
    assert task["closed_at"] is None
    await one.receipt(entry, Fate.DELIVERED)
    await one.engine.hear()
    (task,) = await one.tasks("unreached")
    assert (task["result"], task["by"]) == ("not_needed", "warnengine")


async def test_a_task_about_somebody_unreached_closes_when_the_person_answers(one: World) -> None:
    await undelivered(one)
    await one.engine.answers.answered_on_page((await one.bundles("anju_duty"))[0]["code"], 1, None)
    await one.engine.hear()
    (task,) = await one.tasks("unreached")
    assert task["result"] == "not_needed"


async def test_a_task_about_somebody_unreached_stays_as_long_as_nothing_is_heard(one: World) -> None:
    await undelivered(one)
    await one.engine.hear()
    (task,) = await one.tasks("unreached")
    assert task["closed_at"] is None


async def confirmed(world: World, fate: Fate) -> list[str]:
    """What the duty room reads of an all-clear, long after it."""
    await world.receipt(world.sms.log[-1], fate)
    await world.jump(HOUR)
    for _ in range(2):
        await world.engine.hear()
    tasks = await world.tasks("unreached") + await world.tasks("unconfirmed")
    return [task["words"] for task in tasks if task["closed_at"] is None]


async def test_who_is_not_known_to_have_heard_an_all_clear_is_one_task(one: World) -> None:
    await one.warn("red")
    await one.send()
    await one.warn(None)
    await one.send()
    await one.jump(HOUR)
    for _ in range(2):
        await one.engine.hear()
    (task,) = await one.tasks("unconfirmed")
    assert task["words"].startswith("解除未确认送达:1人没有送达回执,也没有应答(ANJU_DUTY)")


@pytest.mark.parametrize(("fate", "tasks"), [(Fate.DELIVERED, 0), (Fate.FAILED, 1)])
async def test_who_has_heard_it_or_is_a_task_already_is_none(one: World, fate: Fate, tasks: int) -> None:
    await one.warn("red")
    await one.send()
    await one.warn(None)
    await one.send()
    assert len(await confirmed(one, fate)) == tasks


async def test_who_has_it_by_a_gateway_without_receipts_is_none(world: World) -> None:
    await world.people(small_directory(without=(*OTHERS[:1], *OTHERS[2:], "anju_duty")))
    await world.warn("red")
    await world.send()
    await world.warn(None)
    await world.send()
    assert world.email.log
    await world.jump(HOUR)
    await world.engine.hear()
    assert await world.tasks("unconfirmed") == []


async def test_a_call_has_no_place_in_a_full_bundle_and_never_the_next_persons(world: World) -> None:
    await world.warn("red")
    first, other = (await world.column("SELECT id FROM bundle ORDER BY id"))[:2]
    await world.execute(
        "INSERT INTO delivery (id, bundle, channel, address, chunk) SELECT n, $1, 'app', n::text, 0 "
        "FROM generate_series($1::bigint, $1::bigint + 15) AS n WHERE NOT EXISTS (SELECT FROM delivery WHERE id = n)",
        first,
    )
    before = await world.rows("SELECT * FROM delivery WHERE id >= $1 ORDER BY id", other)
    async with world.database.transaction() as connection:
        assert await queries.ladder.add_call(connection, bundle=first, channel="call") is None
    assert await world.rows("SELECT * FROM delivery WHERE id >= $1 ORDER BY id", other) == before
