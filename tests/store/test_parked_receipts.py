"""A receipt that came before its message finds it, however many others wait for messages that nobody knows."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.dispatch.fake_channel import Entry, Will
from tests.store.world import World
from warnengine.model.delivery import Fate

STRAYS = """
    INSERT INTO receipt (gateway, sha256, raw, provider_id, address, fate, code)
    SELECT 'sms-1', sha256(n::text::bytea), '', 'stray' || n, '', 'delivered', '' FROM generate_series(1, $1::int) n"""


async def confirmed_early(world: World, *, accepted: str = "", reported: str = "") -> Entry:
    """A message whose receipt was stored before the gateway's answer to its submit."""
    await world.warn("red")
    world.sms.script.append(Will.STALL)
    sending = asyncio.create_task(world.dispatcher().step())
    await world.sms.arrived.wait()
    entry = world.sms.log[0]
    await world.receipt(entry, id_=reported)
    world.sms.go_on.set()
    await sending
    if accepted:
        await world.execute("UPDATE part SET provider_id = $1", accepted)
    return entry


@pytest.mark.parametrize("strays", [0, 500, 5000])
async def test_strays_do_not_stand_in_its_way(one: World, strays: int) -> None:
    await one.execute(STRAYS, strays)
    await one.engine.listen()
    await confirmed_early(one)
    assert await one.state("anju_duty") == "delivered"
    assert await one.value("SELECT count(*) FROM receipt WHERE matched_at IS NULL") == strays


@pytest.mark.parametrize(
    ("accepted", "reported"),
    [
        ("1a2f", "6703"),
        ("6703", "1A2F"),
        ("6703", "001a2f"),
        ("0000001a2f", " 6703 "),
        ("1a2f", "000000000000001A2F"),
        ("ab-7", "AB-7"),
        ("0", "0000"),
    ],
)
async def test_its_id_may_be_written_in_another_way(one: World, accepted: str, reported: str) -> None:
    await confirmed_early(one, accepted=accepted, reported=reported)
    assert await one.engine.receipts.rematch() == 1


async def test_an_engine_that_was_away_looks_at_all_messages_of_the_day(one: World) -> None:
    await confirmed_early(one, accepted="1a2f", reported="6703")
    await one.execute("UPDATE receipt SET received_at = received_at - interval '20 hours'")
    await one.execute("UPDATE part SET accepted_at = accepted_at - interval '20 hours'")
    assert await one.engine.receipts.rematch() == 1


async def test_an_endless_id_is_kept(one: World) -> None:
    await one.receipt(await confirmed_early(one), Fate.FAILED, id_="x" * 50_000)
    await one.jump(timedelta(minutes=1))
    assert await one.value("SELECT max(length(provider_id)) FROM receipt") == 50_000
