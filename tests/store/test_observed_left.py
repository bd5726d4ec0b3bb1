"""What stands by a threshold that the book in force has no more: the duty room is asked, and a leader ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.store.test_observed import MINUTE, judge, levels, observing, report, row, stage, watched
from tests.store.world import ANJU, BAIYANG, World, small_directory
from warnengine.model.book import RuleBook, Trigger, Triggers
from warnengine.model.errors import Refused
from warnengine.observe import soil
from warnengine.store.database import Database
from warnengine.store.retention import RetentionStore

Change = Callable[[Triggers], Triggers | None]


@pytest.fixture
async def gauged(database: Database, book: RuleBook, tmp_path: Path) -> AsyncIterator[World]:
    world = World(database, watched(book), tmp_path)
    await world.people(small_directory())
    yield world
    await world.engine.journal.stored()


async def flooded(world: World) -> None:
    """Red in two townships by the rain of one trigger."""
    now = await world.now()
    await report(world, *(row(now - 5 * n * MINUTE, 9, station) for n in range(6) for station in ("S1", "S2")))
    assert await levels(world) == [(ANJU, "flash_flood", 4), (BAIYANG, "flash_flood", 4)]


def each(triggers: Triggers, change: Callable[[Trigger], Trigger]) -> Triggers:
    found = tuple(change(one) if one.id == "rain" else one for one in triggers.triggers)
    return triggers.model_copy(update={"triggers": found})


def without_rain(triggers: Triggers) -> Triggers:
    return triggers.model_copy(update={"triggers": tuple(one for one in triggers.triggers if one.id != "rain")})


def without_file(_: Triggers) -> None:
    return None


def without_station(triggers: Triggers) -> Triggers:
    return triggers.model_copy(update={"stations": tuple(one for one in triggers.stations if one.id != "S1")})


def without_town(triggers: Triggers) -> Triggers:
    return each(triggers, lambda one: one.model_copy(update={"towns": (BAIYANG,)}))


def in_the_shadow(triggers: Triggers) -> Triggers:
    return each(triggers, lambda one: one.model_copy(update={"shadow": True}))


def adopt(world: World, change: Change) -> None:
    """Another book from now on."""
    before = world.engine.book
    assert before.triggers
    world.engine.adopt(before.model_copy(update={"triggers": change(before.triggers)}))


LEFT: dict[str, tuple[Change, str]] = {
    "the trigger": (without_rain, "安居镇立即转移"),
    "all triggers": (without_file, "安居镇立即转移"),
    "the only station": (without_station, "安居镇立即转移"),
    "the township": (without_town, "安居镇立即转移"),
    "it runs in the shadow": (in_the_shadow, "安居镇立即转移"),
}
BOTH = {"the trigger", "all triggers", "it runs in the shadow"}


@pytest.mark.parametrize("gone", LEFT)
async def test_what_nothing_watches_any_more_is_put_to_the_duty_room_and_stands(gauged: World, gone: str) -> None:
    change, says = LEFT[gone]
    await flooded(gauged)
    adopt(gauged, change)
    await gauged.engine.observe()
    await gauged.engine.listen()
    (task,) = await gauged.tasks("ended")
    assert task["words"].startswith(f"监测预警待确认:现行规则库已不再监测阈值“山洪雨量”:{says}(自")
    assert ("白羊镇" in task["words"]) is (gone in BOTH)
    assert "请核实雨情水情和转移人员" in task["words"]
    assert await levels(gauged) == [(ANJU, "flash_flood", 4), (BAIYANG, "flash_flood", 4)]
    shown = {one["town"]: one["words"] for one in await observing(gauged).shown() if one["trigger"] == "rain"}
    assert shown[ANJU] == "现行规则库已不再监测,指令仍然有效,待值班室确认"


@pytest.mark.parametrize("gone", LEFT)
async def test_a_leader_ends_it_as_it_was_said(gauged: World, gone: str) -> None:
    change, _ = LEFT[gone]
    await flooded(gauged)
    adopt(gauged, change)
    with pytest.raises(Refused, match="由带班领导解除"):
        await observing(gauged).end("rain", [ANJU], "值班员甲", leader=False)
    assert await observing(gauged).end("rain", [ANJU], "带班领导乙", leader=True) == [ANJU]
    await gauged.react()
    assert await levels(gauged) == [(BAIYANG, "flash_flood", 4)]
    assert await gauged.value("SELECT count(*) FROM arrival WHERE verdict = 'quarantined'") == 0
    headline = await gauged.value("SELECT headline FROM warning ORDER BY id DESC LIMIT 1")
    assert headline == "解除监测预警:山洪雨量(安居镇)"


async def test_where_it_is_still_watched_it_cannot_be_ended_so(gauged: World) -> None:
    await flooded(gauged)
    adopt(gauged, without_town)
    with pytest.raises(Refused, match="白羊镇仍在阈值以上"):
        await observing(gauged).end("rain", [BAIYANG], "带班领导乙", leader=True)
    assert await observing(gauged).end("rain", [], "带班领导乙", leader=True) == [ANJU]


async def test_a_trigger_that_never_was_is_not_found(gauged: World) -> None:
    with pytest.raises(Refused, match="没有阈值nothing"):
        await observing(gauged).end("nothing", [], "带班领导乙", leader=True)


async def test_the_question_goes_when_it_is_ended_or_the_threshold_is_back(gauged: World) -> None:
    first = gauged.engine.book
    await flooded(gauged)
    adopt(gauged, without_rain)
    await gauged.engine.observe()
    gauged.engine.adopt(first)
    await gauged.engine.observe()
    (task,) = await gauged.tasks("ended")
    assert task["result"] == "not_needed"
    adopt(gauged, without_rain)
    await gauged.engine.observe()
    assert [one["closed_at"] is None for one in await gauged.tasks("ended")] == [False, True]
    await observing(gauged).end("rain", [], "带班领导乙", leader=True)
    assert all(one["closed_at"] for one in await gauged.tasks("ended"))


async def test_whoever_has_closed_the_question_is_not_asked_again(gauged: World) -> None:
    await flooded(gauged)
    adopt(gauged, without_rain)
    await gauged.engine.observe()
    (task,) = await gauged.tasks("ended")
    assert await gauged.engine.duty.close(task["id"], "done", "值班员甲", "继续执行")
    adopt(gauged, without_rain)
    await gauged.engine.observe()
    assert len(await gauged.tasks("ended")) == 1


async def test_a_shadow_does_not_hide_what_stands(gauged: World) -> None:
    """Readings come, the trigger is only tried: what it ordered before is not forgotten."""
    await flooded(gauged)
    adopt(gauged, in_the_shadow)
    await report(gauged, row(await gauged.now(), 0))
    (task,) = await gauged.tasks("ended")
    assert task["closed_at"] is None
    await observing(gauged).end("rain", [], "带班领导乙", leader=True)
    await gauged.react()
    assert await levels(gauged) == []
    await report(gauged, row(await gauged.now() + MINUTE, 9))
    assert await levels(gauged) == [], "it runs in the shadow"


async def test_what_was_decided_before_the_book_changed_is_told_all_the_same(gauged: World) -> None:
    now = await gauged.now()
    await report(gauged, *(row(now - 5 * n * MINUTE, 9) for n in range(6)), react=False)
    assert await observing(gauged).judge()
    adopt(gauged, without_rain)
    await judge(gauged)
    assert await levels(gauged) == [(ANJU, "flash_flood", 4)]
    assert len(await gauged.tasks("ended")) == 1


# what goes after its time


async def test_the_rain_of_a_day_goes_when_no_soil_needs_it(gauged: World) -> None:
    today = soil.hydrological_day(await gauged.now())
    days = [today - timedelta(days=n) for n in (1, soil.DAYS, 2 * soil.DAYS, 2 * soil.DAYS + 1, 400)]
    for day in days:
        await gauged.execute("INSERT INTO rain_day VALUES ('500151', 'S1', $1, 3, 1)", day)
    await observing(gauged)._forget()
    assert await gauged.column("SELECT day FROM rain_day ORDER BY day DESC") == days[:3]


async def test_crossings_and_refused_rows_go_with_their_month(gauged: World) -> None:
    await flooded(gauged)
    await report(gauged, stage(await gauged.now(), 221, datum="黄海"))
    for table in ("crossing", "observation_refused"):
        assert await gauged.value(f"SELECT count(*) FROM {table}") > 0
    store = RetentionStore(gauged.database)
    await store.drop(date(2020, 3, 1))
    for table in ("crossing", "observation_refused"):
        assert await gauged.value(f"SELECT count(*) FROM {table}") > 0, "it is younger"
    await store.drop((await store.today()).replace(day=1))
    for table in ("crossing", "observation_refused"):
        assert await gauged.value(f"SELECT count(*) FROM {table}") == 0
    assert await levels(gauged), "what stands stays"
