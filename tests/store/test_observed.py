"""Gauges order without waiting for a signal: 准备转移, then 立即转移, by the way of every warning."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.observe.sky import GAUGE, RAIN, RIVER, STAGE, file
from tests.store.world import ANJU, BAIYANG, World, few_units, small_directory
from warnengine.app.observing import Observing
from warnengine.app.observing import observing as made
from warnengine.ingest.admission import DRILL
from warnengine.model.arrival import Arrival
from warnengine.model.book import Measure, RuleBook, UnitKind
from warnengine.model.clock import BEIJING
from warnengine.model.errors import Refused
from warnengine.model.observation import Report
from warnengine.store.database import Database

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FORECAST = STAGE | {"id": "forecast", "name": "河站预报洪峰", "watch": "forecast_stage"}
SHADOW = RAIN | {"id": "shadow", "name": "试行雨量", "orange": {"1h": 5}, "red": {"1h": 50}, "shadow": True}


def measure(hazard: str, level: str, order: str) -> Measure:
    when = {"hazard": hazard, "level": level, "family": "observed"}
    return Measure.model_validate(
        {"id": f"township.observed.{hazard}.{level}.1", "when": when, "order": order, "deadline": "30m"}
    )


MEASURES = tuple(
    measure(hazard, level, f"{order}{where}")
    for hazard, where in (("flash_flood", "山洪危险区人员"), ("transit_flood", "临河低处人员"))
    for level, order in (("orange", "通知准备转移"), ("red", "立即转移"))
)


def watched(book: RuleBook) -> RuleBook:
    """A few units, a few gauges, and what townships do when a threshold is reached."""
    few = few_units(book)
    kinds = {kind: unobserved(measures) for kind, measures in few.kinds.items()}
    kinds[UnitKind.TOWNSHIP] += MEASURES
    gauges = [GAUGE, GAUGE | {"id": "S2", "name": "乙站", "towns": [BAIYANG]}, RIVER]
    both = {"towns": [ANJU, BAIYANG]}
    triggers = file(RAIN | both, STAGE, FORECAST, SHADOW | both, stations=gauges)
    sectors = {sector: unobserved(measures) for sector, measures in few.sectors.items()}
    plans = {
        code: plan.model_copy(update={"measures": unobserved(plan.measures)}) for code, plan in few.plans.items()
    }
    update = {"kinds": kinds, "sectors": sectors, "plans": plans, "triggers": triggers}
    return few.model_copy(update=update)


def unobserved(measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
    return tuple(one for one in measures if one.when.family != "observed")


@pytest.fixture
async def gauged(database: Database, book: RuleBook, tmp_path: Path) -> AsyncIterator[World]:
    world = World(database, watched(book), tmp_path)
    await world.people(small_directory())
    yield world
    await world.engine.journal.stored()


def row(at: datetime, value: float, station: str = "S1", kind: str = "rain", **more: Any) -> str:
    fields = {"station": station, "kind": kind, "time": at.isoformat(), "value": value} | more
    return json.dumps(fields, ensure_ascii=False)


def stage(at: datetime, value: float, kind: str = "stage", datum: str = "吴淞") -> str:
    return row(at, value, "R1", kind, datum=datum)


async def report(world: World, *rows: str, react: bool = True) -> Report:
    """Rows come in, and unless told otherwise the engine judges and reacts."""
    found = await world.engine.take_observations("hydrology", "\n".join(rows).encode())
    if react:
        await judge(world)
    return found


async def judge(world: World) -> None:
    while await world.engine.observe():
        pass
    await world.react()


def observing(world: World) -> Observing:
    assert world.engine.observing
    return world.engine.observing


async def levels(world: World) -> list[tuple[str, str, int]]:
    """What stands of the family: unit, hazard, level."""
    rows = await world.rows(
        "SELECT o.unit, o.hazard, v.level FROM standing_order o JOIN order_version v ON v.standing_order = o.id "
        "AND v.superseded_at IS NULL WHERE o.lapsed_at IS NULL AND o.family = 'observed' ORDER BY 1, 2"
    )
    return [tuple(found) for found in rows]


async def signals(world: World) -> int:
    return await world.value("SELECT count(*) FROM warning WHERE format <> 'observed'")  # type: ignore[no-any-return]


async def test_rain_that_comes_late_and_out_of_order_orders_without_any_signal(gauged: World) -> None:
    now = await gauged.now()
    at = [now - 5 * n * MINUTE for n in range(12)]
    await report(gauged, row(at[1], 9), row(at[4], 8), row(at[1], 9))
    assert await levels(gauged) == []
    await report(gauged, row(at[3], 8), row(at[2], 9))
    assert await levels(gauged) == [(ANJU, "flash_flood", 3)]
    await gauged.send()
    (first,) = await gauged.inbox("anju_mayor")
    assert "通知准备转移山洪危险区人员" in first
    await report(gauged, row(at[5], 9))
    assert await levels(gauged) == [(ANJU, "flash_flood", 4)]
    await gauged.send()
    texts = await gauged.inbox("anju_mayor")
    assert len(texts) == 2
    assert "立即转移山洪危险区人员" in texts[1]
    assert await gauged.inbox("baiyang_mayor") == []
    assert await signals(gauged) == 0


async def test_everything_again_says_nothing_new(gauged: World) -> None:
    now = await gauged.now()
    rows = [row(now - 5 * n * MINUTE, 9) for n in range(6)]
    first = await report(gauged, *rows)
    assert (first.kept, first.known) == (6, 0)
    changes = await gauged.value("SELECT count(*) FROM change")
    again = await report(gauged, *reversed(rows), *rows)
    assert (again.kept, again.known) == (0, 12)
    assert await gauged.value("SELECT count(*) FROM change") == changes == 1
    assert await gauged.value("SELECT count(*) FROM observed_message") == 1


async def test_several_townships_at_once_are_one_message(gauged: World) -> None:
    now = await gauged.now()
    await report(gauged, *(row(now - 5 * n * MINUTE, 9, station) for n in range(6) for station in ("S1", "S2")))
    assert await levels(gauged) == [(ANJU, "flash_flood", 4), (BAIYANG, "flash_flood", 4)]
    (headline,) = await gauged.column("SELECT headline FROM warning")
    assert headline == "监测预警:山洪雨量立即转移(安居镇、白羊镇)"
    assert await gauged.value("SELECT count(*) FROM change") == 1


async def test_a_forecast_of_a_flood_from_upstream_orders_under_a_clear_sky(gauged: World) -> None:
    now = await gauged.now()
    await report(gauged, *(row(now - 5 * n * MINUTE, 0) for n in range(6)), stage(now, 214.2))
    assert await levels(gauged) == []
    await report(gauged, stage(now, 219.1, "forecast_stage"))
    assert await levels(gauged) == [(ANJU, "transit_flood", 3)]
    await report(gauged, stage(now + MINUTE, 220.5, "forecast_stage"))
    assert await levels(gauged) == [(ANJU, "transit_flood", 4)]
    kinds = await gauged.column("SELECT msg_type FROM warning ORDER BY id")
    assert kinds == ["Alert", "Update"]


async def test_a_lower_word_of_one_trigger_hides_no_graver_one_of_another(gauged: World) -> None:
    now = await gauged.now()
    await report(gauged, stage(now, 220.5, "forecast_stage"))
    await report(gauged, stage(now, 217.6))
    assert await levels(gauged) == [(ANJU, "transit_flood", 4)]


async def test_the_shadow_orders_nothing_and_is_recorded_and_shown(gauged: World) -> None:
    now = await gauged.now()
    await report(gauged, *(row(now - 5 * n * MINUTE, 3) for n in range(6)))
    assert await levels(gauged) == []
    assert await gauged.value("SELECT count(*) FROM arrival") == 0
    (crossing,) = await observing(gauged).store.crossings(10)
    assert (crossing["trigger"], crossing["level"], crossing["shadow"], crossing["message"]) == (
        "shadow", "orange", True, None,
    )  # fmt: skip
    (shown,) = await observing(gauged).shown()
    assert shown["shadow"]
    assert str(shown["words"]).startswith("【影子运行,不下达】甲站")


async def test_what_leaves_the_shadow_tells_what_it_showed(gauged: World) -> None:
    now = await gauged.now()
    await report(gauged, *(row(now - 5 * n * MINUTE, 3) for n in range(6)))
    one = observing(gauged)
    live = [t.model_copy(update={"shadow": False}) if t.id == "shadow" else t for t in one.triggers.triggers]
    one.triggers = one.triggers.model_copy(update={"triggers": tuple(live)})
    await report(gauged, row(now - 40 * MINUTE, 0))
    assert await levels(gauged) == [(ANJU, "flash_flood", 3)]


async def test_a_stage_in_another_datum_is_refused_kept_and_orders_nothing(gauged: World) -> None:
    now = await gauged.now()
    found = await report(gauged, stage(now, 221, datum="黄海"), row(now, 2))
    assert (found.kept, len(found.refused)) == (1, 1)
    assert found.refused[0].line == 1
    assert "黄海高程,阈值是吴淞高程,两者不能直接比较" in found.refused[0].reason
    await report(gauged, stage(now, 221, datum="黄海"))
    (kept,) = await observing(gauged).store.refused(10)
    assert (kept["source"], kept["reason"]) == ("hydrology", found.refused[0].reason)
    (task,) = await gauged.tasks("unclear")
    assert task["words"].startswith("数据源hydrology的水位没有采用,不会触发指令。河站的水位是黄海高程")
    assert await levels(gauged) == []


async def test_another_value_of_the_same_moment_is_told_and_the_higher_counts(gauged: World) -> None:
    now = await gauged.now()
    await report(gauged, stage(now, 217.6))
    found = await report(gauged, stage(now, 216.1))
    assert "按较高的算" in found.differing[0]
    (shown,) = await observing(gauged).shown()
    assert shown["value"] == 217.6


async def fallen(world: World) -> datetime:
    """It has been over the threshold, and is below since hours."""
    now = await world.now()
    await report(world, stage(now - 4 * HOUR, 218))
    await report(world, *(stage(now - n * HOUR, 216) for n in (3, 2, 1, 0)))
    return now


async def test_what_falls_below_stands_until_a_person_ends_it(gauged: World) -> None:
    await fallen(gauged)
    assert await levels(gauged) == [(ANJU, "transit_flood", 3)]
    (task,) = await gauged.tasks("ended")
    assert task["words"].startswith("监测预警到期待确认:河站水位已低于阈值:安居镇准备转移")
    await gauged.engine.listen()
    (task,) = await gauged.tasks("ended")
    assert task["closed_at"] is None
    with pytest.raises(Refused, match="由带班领导解除"):
        await observing(gauged).end("stage", [], "值班员甲", leader=False)
    assert await observing(gauged).end("stage", [ANJU], "带班领导乙", leader=True) == [ANJU]
    await gauged.react()
    assert await levels(gauged) == []
    (task,) = await gauged.tasks("ended")
    assert task["result"] == "not_needed"
    sealed = await gauged.value("SELECT body FROM audit WHERE kind = 'observed_end'")
    assert sealed == {"trigger": "stage", "towns": [ANJU], "by": "带班领导乙"}


async def test_a_question_that_somebody_has_closed_comes_back_only_with_what_falls_later(gauged: World) -> None:
    now = await fallen(gauged)
    (task,) = await gauged.tasks("ended")
    assert await gauged.engine.duty.close(task["id"], "done", "值班员甲", "继续执行")
    await report(gauged, stage(now + MINUTE, 215.9))
    assert len(await gauged.tasks("ended")) == 1


async def test_it_rises_again_and_the_question_is_off_the_list(gauged: World) -> None:
    now = await fallen(gauged)
    await report(gauged, stage(now + MINUTE, 217.9))
    (task,) = await gauged.tasks("ended")
    assert task["result"] == "not_needed"
    assert await levels(gauged) == [(ANJU, "transit_flood", 3)]


async def test_what_is_still_over_cannot_be_ended(gauged: World) -> None:
    await report(gauged, stage(await gauged.now(), 218))
    with pytest.raises(Refused, match="仍在阈值以上"):
        await observing(gauged).end("stage", [ANJU], "带班领导乙", leader=True)
    with pytest.raises(Refused, match="没有可以解除的"):
        await observing(gauged).end("stage", [], "带班领导乙", leader=True)
    with pytest.raises(Refused, match="没有由这个阈值发出"):
        await observing(gauged).end("stage", [BAIYANG], "带班领导乙", leader=True)


async def test_after_it_was_ended_old_readings_say_nothing(gauged: World) -> None:
    now = await fallen(gauged)
    await observing(gauged).end("stage", [], "带班领导乙", leader=True)
    await report(gauged, stage(now - 4 * HOUR + MINUTE, 219))
    assert await levels(gauged) == []


async def test_an_engine_that_dies_after_storing_is_followed_by_one_that_judges(
    gauged: World, book: RuleBook, tmp_path: Path
) -> None:
    now = await gauged.now()
    await report(gauged, *(row(now - 5 * n * MINUTE, 9) for n in range(6)), react=False)
    assert await levels(gauged) == []
    other = World(gauged.database, watched(book), tmp_path)
    await judge(other)
    assert await levels(other) == [(ANJU, "flash_flood", 4)]
    await other.engine.journal.stored()


@pytest.mark.parametrize("handed", [False, True], ids=["before intake", "after intake, before it is noted"])
async def test_an_engine_that_dies_between_deciding_and_telling_tells_once(gauged: World, handed: bool) -> None:
    now = await gauged.now()
    one = observing(gauged)
    await report(gauged, *(row(now - 5 * n * MINUTE, 9) for n in range(6)), react=False)
    assert await one.judge()
    ((_, identifier, raw),) = await one.store.unsaid()
    if handed:
        await one.intake.take(Arrival("observed", identifier, raw, "application/json"))
    await judge(gauged)
    assert await levels(gauged) == [(ANJU, "flash_flood", 4)]
    assert await gauged.value("SELECT count(*) FROM warning") == 1
    assert await gauged.value("SELECT count(*) FROM change") == 1
    assert await one.store.unsaid() == []


async def test_a_signal_cannot_speak_as_a_threshold(gauged: World) -> None:
    """What comes in by the doors of warnings is read by their readers, and no source may bear a threshold's name."""
    assert not any(issuer.startswith("observed") for issuer in gauged.engine.intake.book.issuers)


async def test_stations_that_fall_silent_are_one_task_for_each_source(gauged: World) -> None:
    now = await gauged.now()
    one = observing(gauged)
    await report(gauged, row(now, 1), row(now, 1, "S2"))
    await one._silent()
    assert await gauged.tasks("stations") == []
    await gauged.jump(2 * HOUR)
    await one._silent()
    await one._silent()
    (task,) = await gauged.tasks("stations")
    assert task["words"].startswith("测站没有数据:数据源hydrology的甲站、乙站超过60分钟没有新数据")
    later = await gauged.now()
    await report(gauged, row(later, 1), row(later, 1, "S2"))
    await one._silent()
    (task,) = await gauged.tasks("stations")
    assert task["result"] == "not_needed"
    await gauged.jump(2 * HOUR)
    await one._silent()
    (_, task) = await gauged.tasks("stations")
    assert await gauged.engine.duty.close(task["id"], "done", "值班员甲", "已派人")
    await one._silent()
    assert len(await gauged.tasks("stations")) == 2


async def test_a_station_that_never_reported_is_no_task(gauged: World) -> None:
    await gauged.jump(24 * HOUR)
    await observing(gauged)._silent()
    assert await gauged.tasks("stations") == []


async def test_a_peak_that_stands_alone_orders_and_is_asked_about(gauged: World) -> None:
    now = await gauged.now()
    values = (0, 0, 50, 0)
    await report(gauged, *(row(now - 5 * (3 - n) * MINUTE, value) for n, value in enumerate(values)))
    assert await levels(gauged) == [(ANJU, "flash_flood", 4)]
    (task,) = await gauged.tasks("unclear")
    assert task["words"].startswith("孤立高值请核实:甲站")
    assert f"{(now - 5 * MINUTE).astimezone(BEIJING):%d日%H:%M}" in task["words"]


async def test_the_rain_of_days_is_kept_for_the_soil(gauged: World) -> None:
    now = await gauged.now()
    await report(gauged, row(now, 2, minutes=60))
    days = await gauged.rows("SELECT day, millimetres, share FROM rain_day ORDER BY day")
    assert sum(found["millimetres"] for found in days) == pytest.approx(2), "an hour may lie in two days"
    assert all(found["share"] < 0.1 for found in days)


async def test_in_a_drill_it_is_an_exercise(gauged: World) -> None:
    other = made(gauged.book, gauged.database, gauged.engine.warnings, DRILL)
    assert other
    gauged.engine.observing = other
    now = await gauged.now()
    await report(gauged, *(row(now - 5 * n * MINUTE, 9) for n in range(6)))
    assert await gauged.column("SELECT status FROM warning") == ["Exercise"]
    assert await levels(gauged) == [(ANJU, "flash_flood", 4)]


async def test_no_gauge_no_order(gauged: World) -> None:
    assert not await gauged.engine.observe()
    assert await levels(gauged) == []


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 3, 1, 4, 2, 0), (2, 2, 5, 0, 4, 1, 3, 5)], ids=str)
async def test_in_whatever_order_readings_come_the_same_stands(gauged: World, order: tuple[int, ...]) -> None:
    now = (await gauged.now()).replace(second=0, microsecond=0)
    fell = (9, 8, 3, 9, 7, 6)
    for n in order:
        await report(gauged, row(now - 5 * n * MINUTE, fell[n]))
    assert await levels(gauged) == [(ANJU, "flash_flood", 4)]
    shown = {one["trigger"]: (one["level"], one["value"]) for one in await observing(gauged).shown()}
    assert shown["rain"] == ("red", 42)
