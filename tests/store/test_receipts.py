"""Receipts: whenever, however often and in whatever order they come, the evidence only rises."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta

import pytest

from tests.dispatch.fake_channel import Entry, Will
from tests.store.world import ANJU, World
from warnengine.acknowledge.receipts import spellings
from warnengine.model.delivery import Fate, Receipt


async def sent(world: World) -> Entry:
    await world.warn("red")
    await world.send()
    return world.sms.log[0]


async def test_delivered_means_that_the_order_has_reached_somebody(one: World) -> None:
    await one.receipt(await sent(one))
    assert await one.state("anju_duty") == "delivered"
    assert await one.duties("anju_duty") == {f"{ANJU}/rainstorm": "reached"}


async def test_a_receipt_may_come_before_the_answer_to_its_submit(one: World) -> None:
    await one.warn("red")
    one.sms.script.append(Will.STALL)
    sending = asyncio.create_task(one.dispatcher().step())
    await one.sms.arrived.wait()
    await one.receipt(one.sms.log[0])
    assert await one.value("SELECT count(*) FROM receipt WHERE matched_at IS NULL") == 1
    assert not await one.engine.receipts.rematch()
    one.sms.go_on.set()
    await sending
    assert await one.state("anju_duty") == "delivered"
    assert await one.value("SELECT count(*) FROM receipt WHERE matched_at IS NULL") == 0


async def test_the_same_receipt_again_changes_nothing(one: World) -> None:
    entry = await sent(one)
    for _ in range(3):
        await one.receipt(entry)
    assert await one.value("SELECT count(*) FROM receipt") == 1
    assert await one.events(entry.delivery) == [(1, "accepted"), (1, "delivered")]


@pytest.mark.parametrize(
    "order", list(itertools.permutations([Fate.DELIVERED, Fate.FAILED, Fate.PENDING])), ids=str
)
async def test_delivered_wins_in_any_order(one: World, order: tuple[Fate, ...]) -> None:
    entry = await sent(one)
    for fate in order:
        await one.receipt(entry, fate)
    assert await one.state("anju_duty") == "delivered"
    assert await one.duties("anju_duty") == {f"{ANJU}/rainstorm": "reached"}


async def test_what_was_not_delivered_goes_to_the_duty_room(one: World) -> None:
    await one.receipt(await sent(one), Fate.FAILED)
    assert await one.state("anju_duty") == "undelivered"
    (task,) = await one.tasks("unreached")
    assert task["person"] == "anju_duty"


async def test_a_message_is_delivered_when_all_its_parts_are(one: World) -> None:
    one.sms.parts = 3
    entry = await sent(one)
    await one.receipt(entry, part=3)
    await one.receipt(entry, part=1)
    assert await one.state("anju_duty") == "accepted"
    await one.receipt(entry, part=2)
    assert await one.state("anju_duty") == "delivered"


async def test_one_lost_part_loses_the_message_until_it_comes_after_all(one: World) -> None:
    one.sms.parts = 2
    entry = await sent(one)
    await one.receipt(entry, part=1)
    await one.receipt(entry, Fate.FAILED, part=2)
    assert await one.state("anju_duty") == "undelivered"
    await one.receipt(entry, Fate.DELIVERED, part=2)
    assert await one.state("anju_duty") == "delivered"


async def test_receipts_of_all_parts_may_come_at_the_same_moment(one: World) -> None:
    one.sms.parts = 8
    entry = await sent(one)
    await asyncio.gather(*(one.receipt(entry, part=part) for part in range(1, 9)))
    assert await one.state("anju_duty") == "delivered"


@pytest.mark.parametrize(
    ("accepted", "reported"),
    [("1a2f", "6703"), ("6703", "1A2F"), ("00001A2F", "6703"), ("0000001a2f", "1A2F"), ("6703", "6703")],
)
async def test_an_id_may_be_written_in_another_base(one: World, accepted: str, reported: str) -> None:
    entry = await sent(one)
    await one.execute("UPDATE part SET provider_id = $1", accepted)
    await one.receipt(entry, id_=reported)
    assert await one.state("anju_duty") == "delivered"


@pytest.mark.parametrize("address", ["8619900000004", "19900000004", "+86 199 0000 0004", ""])
async def test_a_gateway_may_write_the_number_in_its_own_way(one: World, address: str) -> None:
    entry = await sent(one)
    assert entry.address == "+8619900000004"
    await one.receipt(entry, address=address)
    assert await one.state("anju_duty") == "delivered"


async def test_an_id_that_the_gateway_uses_twice_is_told_apart_by_the_number(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.execute("UPDATE part SET provider_id = '7'")
    await world.receipt((await world.entries("anju_mayor"))[0], id_="7")
    assert await world.state("anju_mayor") == "delivered"
    assert await world.column("SELECT count(*) FROM delivery_event WHERE what = 'delivered'") == [1]


async def test_an_id_that_comes_again_to_the_same_number_means_the_newest_message(one: World) -> None:
    first = await sent(one)
    await one.warn("red")
    await one.send()
    second = one.sms.log[1]
    await one.execute("UPDATE part SET provider_id = '7'")
    await one.receipt(second, id_="7")
    assert await one.events(second.delivery) == [(1, "accepted"), (1, "delivered")]
    assert await one.events(first.delivery) == [(1, "accepted")]


async def test_an_id_of_long_ago_is_not_taken_for_a_new_one(one: World) -> None:
    entry = await sent(one)
    await one.execute("UPDATE part SET accepted_at = accepted_at - interval '5 days'")
    await one.receipt(entry)
    assert await one.state("anju_duty") == "accepted"


@pytest.mark.parametrize(
    ("gateway", "id_", "address"),
    [
        ("sms-1", "nobody's", "+8619900000004"),
        ("sms-2", "right", "+8619900000004"),
        ("sms-1", "right", "+8613800000000"),
    ],
    ids=["unknown id", "another gateway", "another number"],
)
async def test_what_belongs_to_nobody_is_parked(one: World, gateway: str, id_: str, address: str) -> None:
    await sent(one)
    await one.execute("UPDATE part SET provider_id = 'right'")
    await one.engine.inbox.receipt(Receipt(gateway, id_, address, Fate.DELIVERED, "", b"raw"))
    assert await one.state("anju_duty") == "accepted"
    assert await one.value("SELECT count(*) FROM receipt WHERE matched_at IS NULL") == 1


async def test_parked_receipts_are_given_up_after_a_day(one: World) -> None:
    entry = await sent(one)
    await one.execute("UPDATE part SET provider_id = 'later'")
    await one.receipt(entry)
    await one.execute("UPDATE receipt SET received_at = received_at - interval '25 hours'")
    await one.execute("UPDATE part SET provider_id = $1", one.sms.ids(entry)[0])
    assert not await one.engine.receipts.rematch()


async def test_silence_is_shown_and_a_late_receipt_still_counts(one: World) -> None:
    entry = await sent(one)
    await one.jump(timedelta(seconds=119))
    assert not await one.engine.listen()
    await one.jump(timedelta(seconds=2))
    assert await one.engine.listen()
    assert not await one.engine.listen(), "once"
    assert await one.state("anju_duty") == "silent"
    await one.receipt(entry)
    assert await one.state("anju_duty") == "delivered"


async def test_no_silence_where_no_receipt_was_promised(one: World) -> None:
    one.sms.receipts = False
    await sent(one)
    await one.jump(timedelta(hours=1))
    assert not await one.engine.listen()
    assert await one.state("anju_duty") == "accepted"


@pytest.mark.parametrize(
    ("accepted", "reported", "same"),
    [
        ("0000ABCD", "0000abcd", True),
        ("7F", "127", True),
        ("0000007f", "127", True),
        ("127", "0000007F", True),
        ("127", "0127", True),
        ("000000000000007F", "127", True),
        ("127", "128", False),
        ("1f", "49", False),
        ("b7e1-44", "B7E1-44", True),
        ("B7E1-44", "b7e1-44", True),
        ("b7e1-44", "b7e1-45", False),
        ("0", "", False),
    ],
)
def test_spellings_in_capitals_other_bases_and_with_zeros(accepted: str, reported: str, same: bool) -> None:
    assert (accepted in spellings(reported)) is same


def test_spellings_of_an_id_are_few_and_begin_with_its_own() -> None:
    assert spellings("0A1f")[0] == "0A1f"
    assert "2591" in spellings("0A1f")
    assert "a1f" in spellings("2591")
    assert spellings("x-y") == ("x-y", "X-Y")


async def test_receipts_that_come_together_are_stored_together(world: World) -> None:
    await world.warn("red")
    await world.send()
    entries = list(world.sms.log)
    assert len(entries) > 3
    before = await world.value("SELECT txid_current()")
    await asyncio.gather(*(world.receipt(entry) for entry in entries))
    assert await world.value("SELECT txid_current()") - before <= 3, "the first, all others, and this question"
    assert await world.column("SELECT count(*) FROM delivery_event WHERE what = 'delivered'") == [len(entries)]


async def test_a_caller_who_goes_away_takes_nobodys_receipt_along(one: World) -> None:
    entry = await sent(one)
    gone = asyncio.create_task(one.receipt(entry))
    await asyncio.sleep(0)
    gone.cancel()
    await one.receipt(entry, Fate.PENDING)
    assert await one.state("anju_duty") == "delivered"


async def test_a_receipt_with_bytes_that_no_database_holds_is_kept_and_harms_no_other(one: World) -> None:
    entry = await sent(one)
    odd = Receipt("sms-1", "\0 7", "\ud83d", Fate.FAILED, "UNDE\0LIV", b"odd")
    await asyncio.gather(one.engine.inbox.receipt(odd), one.receipt(entry))
    assert await one.state("anju_duty") == "delivered"
    assert await one.value("SELECT count(*) FROM receipt") == 2


async def test_the_word_for_the_duty_room_is_that_of_the_part_that_failed(one: World) -> None:
    one.sms.parts = 2
    entry = await sent(one)
    await asyncio.gather(
        one.receipt(entry, part=2),
        one.receipt(entry, Fate.FAILED, part=1),
    )
    (task,) = await one.tasks("unreached")
    assert "failed" in task["words"], task["words"]
