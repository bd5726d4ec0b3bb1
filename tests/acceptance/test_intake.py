"""One warning is one order, whichever ways it comes; who contradicts whom is seen; nothing is sent twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.acceptance.house import House, Json, phone
from tests.acceptance.program import until
from warnengine.demo import scenario

pytestmark = pytest.mark.asyncio(loop_scope="module")

BLUE = scenario.BLUE
YELLOW = "暴雨黄色预警信号"


def again(seconds: int, **changes: Any) -> scenario.Message:
    """The blue once more, under an identifier of its own."""
    return replace(BLUE, entered=BLUE.entered + timedelta(seconds=seconds), **changes)


def as_yellow(message: scenario.Message) -> bytes:
    """The same identifier, one level up."""
    text = message.text.replace("暴雨蓝色预警信号", YELLOW)
    headline = "铜梁区气象台发布暴雨黄色预警[III级/较重]"
    return replace(message, colour="Yellow", headline=headline, text=text).xml()


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def blue(house: House) -> Json:
    """The blue has come in by HTTP, and everybody who is called has it."""
    await house.jump(BLUE.entered)
    status, answer = await house.warn(BLUE.xml())
    assert (status, answer["verdict"]) == (202, "new")
    await house.settled()
    return answer


async def quiet(house: House) -> int:
    """Wait until nothing is in flight; how many messages the SMSC has."""
    await until("quiet", house.calm, house.engine)
    return len(house.smsc.log)


async def newest(house: House) -> Json:
    """The newest row of the quarantine."""
    return (await house.all("quarantine"))[0]


async def test_the_same_warning_by_four_ways_is_one_order_and_one_sms_each(
    house: House, blue: Json, tmp_path: Path
) -> None:
    assert (await house.warn(BLUE.xml(), source="city"))[1]["warnings"] == blue["warnings"]
    file, dropped = tmp_path / "blue.xml", house.data / "spool" / "blue.xml"
    file.write_bytes(BLUE.xml())
    dropped.write_bytes(BLUE.xml())
    said = await house.command("ingest", str(file))
    assert (said.code, "以前收到过" in said.out, said.err.count("Traceback")) == (0, True, 0)

    async def taken() -> bool:
        return (dropped.parent / "taken" / dropped.name).exists() and not dropped.exists()

    await until("the file to be taken", taken, house.engine)
    await quiet(house)
    assert set(house.smsc.copies().values()) == {1}
    assert {order["version"] for order in await house.all("orders")} == {1}


async def test_a_file_whose_way_into_the_database_breaks_is_taken_later(house: House) -> None:
    file = house.data / "spool" / "again.xml"
    async with house.database() as database, house.intake_held(database):
        file.write_bytes(again(5).xml())
        await house.intake_waits(database)
        await house.intake_broken(database)

    async def taken() -> bool:
        return (file.parent / "taken" / file.name).exists()

    await until("the file to be taken", taken, house.engine)
    assert not file.exists()


async def test_a_warning_whose_way_into_the_database_breaks_is_not_promised(house: House) -> None:
    async with house.database() as database, house.intake_held(database):
        sending = asyncio.create_task(house.warn(again(6).xml()))
        await house.intake_waits(database)
        await house.intake_broken(database)
        status, said = await sending
    assert (status, said["title"]) == (503, "The store does not answer")
    assert (await house.warn(again(6).xml()))[0] == 202


async def test_an_identifier_that_its_source_uses_again_for_something_else_is_quarantined(house: House) -> None:
    before = await quiet(house)
    status, said = await house.warn(as_yellow(BLUE))
    assert (status, said["reason"], BLUE.identifier in said["detail"]) == (422, "identifier_reused", True)
    row = await newest(house)
    assert (row["verdict"], row["reason"], row["source"]) == ("quarantined", "identifier_reused", "bureau")
    assert await quiet(house) == before
    assert {order["level"] for order in await house.all("orders")} == {"blue"}


async def test_a_danger_that_the_book_does_not_know_reaches_the_duty_room_and_nobody_else(house: House) -> None:
    before = await quiet(house)
    text = "铜梁区气象台2026年7月26日19时12分发布“火山灰黄色预警信号”,预计安居镇将出现火山灰,请注意防范。"
    message = again(9, colour="Yellow", headline="发布火山灰黄色预警", text=text, towns=("安居镇",), period=None)
    status, answer = await house.warn(message.xml().replace(b"11B03", b"11Z99"))
    assert (status, answer.get("verdict")) == (202, "new"), answer
    await house.settled()
    sent = house.smsc.log[before:]
    assert phone("duty_room") in {sms.to for sms in sent}
    assert {sms.to for sms in sent} <= {phone("duty_room", post) for post in ("duty", "chief", "leader")}
    async with house.web.get(house.link(phone("duty_room"), -1)) as page:
        assert "火山灰" in await page.text()


async def test_where_two_sources_differ_the_higher_level_is_used_and_both_are_shown(house: House) -> None:
    message = again(20)
    await house.warn(message.xml())
    before = await quiet(house)
    status, answer = await house.warn(as_yellow(message), source="city")
    assert (status, answer["verdict"], "higher" in answer["detail"]) == (202, "conflict", True)
    row = await newest(house)
    assert (row["verdict"], row["source"], message.identifier in row["explanation"]) == ("conflict", "city", True)
    await house.settled()
    storm = [order for order in await house.all("orders") if order["hazard"] == "rainstorm"]
    assert {order["level"] for order in storm} == {"yellow"}
    after = len(house.smsc.log)
    assert after > before
    assert (await house.warn(message.xml()))[0] == 200
    assert await quiet(house) == after


async def test_a_replay_of_everything_sends_nothing(house: House) -> None:
    for message in (again(30), again(31)):
        assert (await house.warn(message.xml()))[0] == 202
    before = await quiet(house)
    for message in (again(31), BLUE, again(30)):
        for source in ("bureau", "city"):
            assert (await house.warn(message.xml(), source))[0] == 200
    assert await quiet(house) == before
