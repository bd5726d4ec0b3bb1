"""The channels of one person: below orange one after the other, at orange and red all at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.dispatch.fake_channel import FakeChannel, Will
from tests.store.world import ANJU, World, few_units, small_directory
from warnengine.app import ROLES, Engine
from warnengine.model.book import RuleBook
from warnengine.model.delivery import Fate, Reply
from warnengine.model.directory import Directory
from warnengine.store.database import Database, queries

MINUTE = timedelta(minutes=1)
RAIN = f"{ANJU}/rainstorm"
WHO = "anju_duty"
SILENT = timedelta(seconds=121)
"""A little longer than a receipt is waited for."""


def with_wecom(book: RuleBook) -> RuleBook:
    rungs = {
        level: rung.model_copy(update={"channels": ("sms", "wecom"), "steps": (), "next_channel": 10 * MINUTE})
        for level, rung in book.ladder.items()
    }
    return book.model_copy(update={"ladder": rungs})


def people(**ways: object) -> Directory:
    directory = small_directory()
    duty = replace(directory.people[WHO], wecom="LiMing", **ways)  # type: ignore[arg-type]
    return replace(directory, people={**directory.people, WHO: duty})


@pytest.fixture
async def world(database: Database, book: RuleBook, tmp_path: Path) -> World:
    world = World(database, with_wecom(few_units(book)), tmp_path)
    world.channels["wecom"] = FakeChannel("wecom", "wecom-1", receipts=False)
    await world.people(people())
    return world


async def counts(world: World) -> tuple[int, int]:
    """Texts by SMS and by WeCom so far."""
    return len(await world.inbox(WHO)), len(await world.inbox(WHO, "wecom"))


async def listen(world: World) -> None:
    await world.engine.listen()
    await world.send()


@pytest.mark.parametrize(
    ("level", "went"), [("blue", (1, 0)), ("yellow", (1, 0)), ("orange", (1, 1)), ("red", (1, 1))]
)
async def test_below_orange_one_channel_is_tried_first(world: World, level: str, went: tuple[int, int]) -> None:
    await world.warn(level)
    await world.send()
    await listen(world)
    assert await counts(world) == went


async def test_the_address_list_may_prefer_another(world: World) -> None:
    await world.people(people(prefers=("wecom",)))
    await world.warn("yellow")
    await world.send()
    assert await counts(world) == (0, 1)


async def test_a_channel_that_fails_is_followed_by_the_next_at_once(world: World) -> None:
    world.sms.otherwise = Will.FAIL
    await world.warn("yellow")
    await world.send()
    await listen(world)
    assert await counts(world) == (0, 1)
    assert WHO not in [task["person"] for task in await world.tasks("unreached")]


async def test_a_receipt_that_says_no_is_followed_by_the_next_at_once(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    (entry,) = await world.entries(WHO)
    await world.receipt(entry, Fate.FAILED)
    await listen(world)
    assert await counts(world) == (1, 1)


async def test_a_receipt_that_does_not_come_is_waited_for_and_then_the_next_goes(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    await listen(world)
    assert await counts(world) == (1, 0)
    await world.jump(SILENT)
    await listen(world)
    assert await counts(world) == (1, 1)


async def test_a_refusal_that_is_tried_again_is_waited_for(world: World) -> None:
    world.sms.script.extend([Will.REFUSE] * 20)
    await world.warn("yellow")
    await world.send()
    await listen(world)
    assert await counts(world) == (0, 0)


async def test_whoever_does_not_answer_is_tried_by_the_next_in_the_time_of_the_rule_book(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    (entry,) = await world.entries(WHO)
    await world.receipt(entry)
    await world.jump(9 * MINUTE)
    await listen(world)
    assert await counts(world) == (1, 0)
    await world.jump(MINUTE)
    await listen(world)
    assert await counts(world) == (1, 1)
    assert [entry.short for entry in await world.entries(WHO, "wecom")] == await world.inbox(WHO), "no 重发"


async def test_whoever_has_answered_is_left_alone_for_ever(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    await world.reply(WHO, "1")
    await world.jump(30 * MINUTE)
    await listen(world)
    assert await counts(world) == (1, 0)
    assert await world.state(WHO, "wecom") == "withdrawn"


async def test_an_answer_after_the_turn_has_come_counts_too(world: World) -> None:
    """No receipt came in time, the turn has come, and before it is used the person answers all the same."""
    await world.warn("yellow")
    await world.send()
    await world.jump(SILENT)
    await world.engine.listen()
    await world.reply(WHO, "1")
    await world.send()
    assert await counts(world) == (1, 0)


async def test_a_newer_order_withdraws_what_waits(world: World) -> None:
    await world.warn("blue")
    await world.send()
    await world.warn("yellow")
    await world.send()
    for entry in await world.entries(WHO):
        await world.receipt(entry)
    await world.jump(10 * MINUTE)
    await listen(world)
    assert await counts(world) == (2, 1), "the newer text, once"
    assert "黄色" in (await world.inbox(WHO, "wecom"))[0]


async def test_an_upgrade_to_orange_goes_by_every_channel(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    await world.warn("orange")
    await world.send()
    assert await counts(world) == (2, 1)


async def test_the_all_clear_goes_where_the_order_went_and_nowhere_else(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    await world.warn(None)
    await world.send()
    await world.jump(30 * MINUTE)
    await listen(world)
    assert await counts(world) == (2, 0)
    assert "解除" in (await world.inbox(WHO))[-1]


@pytest.mark.parametrize("level", ["yellow", "red"])
async def test_the_all_clear_goes_by_every_channel_that_was_used(world: World, level: str) -> None:
    await world.warn(level)
    await world.send()
    (entry,) = await world.entries(WHO)
    await world.receipt(entry, Fate.FAILED)
    await listen(world)
    await world.warn(None)
    await world.send()
    assert await counts(world) == (2, 2)


async def test_a_reminder_does_not_use_a_channel_whose_turn_has_not_come(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    (bundle,) = await world.bundles(WHO)
    async with world.database.transaction() as connection:
        await queries.ladder.remind(connection, bundle=bundle["id"])
    await world.send()
    assert await counts(world) == (2, 0)


async def test_what_waits_outlives_the_engine(world: World, tmp_path: Path) -> None:
    """Nothing of it is in memory: another engine gives the turn."""
    await world.warn("yellow")
    await world.send()
    (entry,) = await world.entries(WHO)
    await world.receipt(entry, Fate.FAILED)
    world.engine = Engine(world.engine.settings, world.book, world.database, ROLES)
    await listen(world)
    assert await counts(world) == (1, 1)


async def test_two_engines_give_one_turn_once(world: World) -> None:
    await world.warn("yellow")
    await world.send()
    (entry,) = await world.entries(WHO)
    await world.receipt(entry, Fate.FAILED)
    other = Engine(world.engine.settings, world.book, world.database, ROLES)
    await world.engine.listen()
    await other.listen()
    await world.send()
    assert await counts(world) == (1, 1)


async def test_an_answer_by_the_second_channel_counts(world: World) -> None:
    world.sms.otherwise = Will.FAIL
    await world.warn("yellow")
    await world.send()
    await listen(world)
    await world.engine.inbox.reply(Reply("wecom-1", "liming", "", "1", b"1", channel="wecom"))
    assert await world.duties(WHO) == {RAIN: "acked"}
