"""Reminders that wait or are left out, over the real store: what people were sent lately is read from what was sent."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.store.test_pace import HAZARDS, WHO, slow
from tests.store.world import ANJU, BAIYANG, TUQIAO, World, few_units, small_directory
from warnengine.model.book import RuleBook, Step
from warnengine.model.level import Level
from warnengine.store.database import Database

MINUTE = timedelta(minutes=1)
AGAIN = {"after": "6m", "do": "again"}


def reminding(book: RuleBook) -> RuleBook:
    """Two texts in ten minutes below orange; reminders after six minutes, at red with a call after them."""
    steps = {level: (Step.model_validate(AGAIN),) for level in (Level.BLUE, Level.YELLOW, Level.ORANGE)}
    steps[Level.RED] = (*steps[Level.BLUE], Step.model_validate({"after": "7m", "do": "duty_room"}))
    rungs = {level: rung.model_copy(update={"steps": steps[level]}) for level, rung in book.ladder.items()}
    return book.model_copy(update={"ladder": rungs})


@pytest.fixture
async def world(database: Database, book: RuleBook, tmp_path: Path) -> World:
    world = World(database, reminding(slow(few_units(book))), tmp_path)
    others = ("anju_vice", "anju_mayor", "anju_secretary", "duty_room_duty")
    await world.people(small_directory(without=others))
    return world


async def reminders(world: World) -> list[str]:
    return [text for text in await world.inbox(WHO) if "再次提醒" in text]


async def outcome(world: World, act: str) -> str | None:
    query = "SELECT t.outcome FROM timer t JOIN bundle b ON b.id = t.bundle WHERE b.person = $1 AND t.act = $2 ORDER BY b.id"
    return (await world.column(query, WHO, act))[0]  # type: ignore[no-any-return]


async def until_the_end_is_asked_for(world: World) -> timedelta:
    query = """
        SELECT min(t.due) - engine_now() FROM every_timer t JOIN bundle b ON b.id = t.bundle
        WHERE t.act = 'finish' AND b.person = $1"""
    return await world.value(query, WHO)  # type: ignore[no-any-return]


async def test_below_orange_a_reminder_waits_like_any_other_text(world: World) -> None:
    await world.warn("blue", hazard=HAZARDS[0])
    await world.send()
    await world.jump(5 * MINUTE)
    await world.warn("blue", hazard=HAZARDS[1])
    await world.settle()
    await world.jump(MINUTE)
    await world.settle()
    assert await reminders(world) == []
    assert await outcome(world, "again") is None, "it waits"
    await world.jump(4 * MINUTE)
    await world.settle()
    assert len(await reminders(world)) == 1


async def test_somebody_who_was_told_thrice_just_now_is_called_and_not_reminded(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.jump(4 * MINUTE)
    for hazard in HAZARDS[:3]:
        await world.warn("red", hazard=hazard)
        await world.send()
    await world.jump(2 * MINUTE)
    await world.settle()
    assert await reminders(world) == []
    assert await outcome(world, "again") == "told often just now"
    await world.jump(MINUTE)
    await world.settle()
    assert WHO in [task["person"] for task in await world.tasks("call")]


async def test_what_never_left_does_not_count(world: World) -> None:
    """Two reds that the third replaced before they could leave."""
    for town in ((ANJU,), (ANJU, BAIYANG), (ANJU, TUQIAO)):
        await world.warn("red", *town)
    await world.send()
    assert len(await world.inbox(WHO)) == 1
    await world.jump(4 * MINUTE)
    await world.warn("red", hazard=HAZARDS[0])
    await world.send()
    await world.jump(2 * MINUTE)
    await world.settle()
    assert len(await reminders(world)) == 1


async def test_somebody_who_was_told_once_is_reminded(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.jump(6 * MINUTE)
    await world.settle()
    assert len(await reminders(world)) == 1


async def test_the_end_is_not_asked_for_while_a_newer_order_is_just_out(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.reply(WHO, "2")
    assert (await world.duties(WHO))[f"{ANJU}/rainstorm"] == "acting"
    await world.jump(await until_the_end_is_asked_for(world) - MINUTE)
    await world.warn("red", hazard=HAZARDS[0])
    await world.send()
    await world.jump(MINUTE)
    await world.chase()
    assert await world.bundles(WHO, "finish") == []
    await world.jump(4 * MINUTE)
    await world.chase()
    assert len(await world.bundles(WHO, "finish")) == 1


async def test_that_does_not_go_on_for_ever(world: World) -> None:
    await world.warn("red")
    await world.send()
    await world.reply(WHO, "2")
    await world.jump(await until_the_end_is_asked_for(world) - MINUTE)
    for hazard in HAZARDS[:5]:
        await world.warn("red", hazard=hazard)
        await world.send()
        await world.jump(4 * MINUTE)
        await world.chase()
    assert len(await world.bundles(WHO, "finish")) == 1, "a quarter of an hour later, whatever came"
