"""One message by every way in: a topic, a POST, a file in the spool folder, a command. It is one warning, read alike."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.acceptance.house import House
from tests.acceptance.program import until
from tests.kafka.brokers import put
from tests.kafka.conftest import Broker
from warnengine.demo import scenario

pytestmark = pytest.mark.asyncio(loop_scope="module")

ISSUED = scenario.BLUE.entered
SPOKEN = (
    f"铜梁区气象台{ISSUED:%Y年%m月%d日%H时%M分}发布雷电黄色预警信号:预计未来6小时,安居镇、少云镇将有雷电活动。"
)
LISTED = {
    "alertid": f"{scenario.ISSUER}_{ISSUED:%Y%m%d%H%M}07",
    "issuetime": f"{ISSUED:%Y/%m/%d %H:%M}",
    "title": "重庆市铜梁区气象台发布大风蓝色预警信号",
}
WAYS = {"bureau", "command", "kafka", "spool"}
KEPT = """SELECT array_agg(DISTINCT a.source) AS ways, count(DISTINCT l.warning) AS warnings, count(DISTINCT d.body) AS readings
    FROM arrival a JOIN arrival_warning l ON l.arrival = a.id JOIN district_warning d ON d.arrival = a.id
    WHERE a.raw = $1"""


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(replace(scenario.BLUE, entered=ISSUED + timedelta(seconds=5)).xml(), id="12379"),
        pytest.param(json.dumps([LISTED], ensure_ascii=False).encode(), id="a row of a list"),
        pytest.param(SPOKEN.encode(), id="a sentence"),
    ],
)
async def test_every_way_gives_the_same_warning(house: House, broker: Broker, raw: bytes) -> None:
    aside = house.folder / "message"
    aside.write_bytes(raw)
    await put(broker.address, raw)
    assert (await house.warn(raw))[0] in {200, 202}
    assert (await house.command("ingest", str(aside))).code == 0
    aside.rename(house.data / "spool" / "message")

    async def has_come_by_all() -> bool:
        async with house.database() as database:
            kept = await database.fetchrow(KEPT, raw)
        return kept is not None and set(kept["ways"] or ()) == WAYS

    await until("the message to have come by every way", has_come_by_all, house.engine)
    async with house.database() as database:
        kept = await database.fetchrow(KEPT, raw)
    assert kept is not None
    assert (kept["warnings"], kept["readings"]) == (1, 1)
