"""Lists in JSON and plain text become orders like any other warning, and meet what came as XML."""

from __future__ import annotations

import json

import pytest

from tests.core.district import READING
from tests.store.world import ANJU, World
from warnengine.demo.scenario import RED
from warnengine.ingest import formats
from warnengine.ingest.intake import Intake
from warnengine.model.arrival import Arrival, Verdict

TEXT = "铜梁区气象台2026年7月27日5时54分发布“暴雨红色预警信号”：预计27日5时至8时，我区安居镇雨量将达100毫米以上。"
NATIONAL = {
    "identifier": "50022441600000_20260727055431",
    "sender": "铜梁区气象台",
    "effective": "2026-07-27 05:54:00.0",
    "eventType": "11B03",
    "severity": "red",
    "msgType": "Alert",
    "headline": "铜梁区气象台发布暴雨红色预警[I级/特别重大]",
    "description": TEXT,
}
MAP = {
    "id": "50022441600000_20260727055431",
    "title": "重庆市铜梁区气象台发布暴雨红色预警信号",
    "effective": "2026/07/27 05:54",
    "description": TEXT,
    "type": "p0002001",
}
NEIGHBOUR = {"id": "50022741600000_20260727055431", "title": "重庆市璧山区气象台发布暴雨红色预警信号"}
BY_WAY = {
    "plain text": TEXT.encode(),
    "the national platform's list": json.dumps([NATIONAL]).encode(),
    "a national list": json.dumps({"msg": "success", "data": [MAP | NEIGHBOUR, MAP]}).encode(),
}


@pytest.fixture
async def dawn(world: World) -> World:
    """It is the morning of the red, and real messages are read."""
    await world.execute("UPDATE installation SET clock_offset = $1::timestamptz - clock_timestamp()", RED.entered)
    world.engine.intake = Intake(world.engine.warnings, lambda raw: formats.read(raw, READING), world.book)
    return world


@pytest.mark.parametrize("raw", BY_WAY.values(), ids=BY_WAY)
async def test_a_warning_by_any_way_is_ordered(dawn: World, raw: bytes) -> None:
    taken = await dawn.engine.take(Arrival("test", "1", raw))
    assert (taken.verdict, taken.reason) == (Verdict.NEW, None)
    await dawn.react()
    units = await dawn.column("SELECT DISTINCT unit FROM standing_order WHERE unit LIKE '500151%'")
    assert units == [ANJU]
    assert await dawn.value("SELECT max(level) FROM order_version") == 4


async def test_the_same_one_by_two_ways_is_one(dawn: World) -> None:
    ways = list(BY_WAY.values())[1:]
    first, second = [await dawn.engine.take(Arrival(f"way {n}", str(n), raw)) for n, raw in enumerate(ways)]
    assert (first.verdict, second.verdict) == (Verdict.NEW, Verdict.NEW)  # of the neighbour's nobody knew
    assert set(first.warnings) < set(second.warnings)
    assert await dawn.value("SELECT count(*) FROM warning") == 2
