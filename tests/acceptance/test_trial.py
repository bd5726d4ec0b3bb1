"""A trial by a real process over a real line, killed in between; then two people make it live."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from tests.acceptance.house import House, people, phone, write_address_list
from tests.acceptance.program import until
from warnengine.demo import scenario

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOM = "+8613800000000"
ASKS, CONFIRMS = (
    row["name"]
    for row in people()
    if (row["unit"], row["post"]) in {("district", "secretary"), ("district", "governor")}
)


def now(base: scenario.Message, minutes: int = 0, kind: str = "") -> scenario.Message:
    """A message of the scenario as of today: a trial's clock cannot be set."""
    moment = (
        datetime.now(scenario.BEIJING).replace(microsecond=0) - timedelta(minutes=5) + timedelta(minutes=minutes)
    )
    return replace(base, entered=moment, first="", period=None, kind=kind or base.kind)  # type: ignore[arg-type]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("trial")
    made = House(folder, installation="trial", trial={"sms": [ROOM]})
    made.engine.environment["WARNENGINE_INSTALLATION"] = "trial"
    file = folder / "people.csv"
    write_address_list(file)
    said = await made.command("directory", "import", str(file), INSTALLATION="trial")
    assert said.code == 0, said.err
    try:
        await made.open()
        yield made
    finally:
        await made.close()


async def told(house: House, digests: int) -> None:
    async def there() -> bool:
        return len(house.smsc.log) >= digests and await house.calm()

    await until(f"{digests} digests", there, house.engine)


async def test_only_the_duty_room_hears_of_a_red_even_if_the_engine_is_killed(house: House) -> None:
    status, answer = await house.warn(now(scenario.RED, kind="Alert").xml())
    assert status == 202, answer
    await told(house, 1)
    await house.engine.kill()
    await house.start_engine()
    status, answer = await house.warn(now(scenario.CANCEL, 1).xml())
    assert status == 202, answer
    assert {sms.to for sms in house.smsc.log} == {ROOM}
    deliveries = await house.all("deliveries")
    assert len({one["person"] for one in deliveries}) > 100
    assert len(house.smsc.log) <= len({one["change"] for one in deliveries}) + 1
    async with house.web.get(house.link(ROOM)) as answer_:
        assert "试运行:只供值班室核对" in await answer_.text()
        assert answer_.headers["X-Warnengine-Mode"] == "trial"


async def test_two_people_make_it_live_and_then_the_officials_hear(house: House) -> None:
    refused = await house.command("serve", INSTALLATION="live")
    assert refused.code == 1
    await house.engine.kill()
    house.smsc.log.clear()
    refused = await house.command("serve", INSTALLATION="live")
    assert refused.code == 1
    assert "two people" in refused.err
    invented = await house.command("trial", "go-live", "--by", ASKS, INSTALLATION="trial")
    assert invented.code == 1
    assert "不能用样例数据启动" in invented.err
    yes = {"INSTALLATION": "trial", "SAMPLES_ACCEPTED": re.findall(r"SAMPLES_ACCEPTED=(\w+)", invented.err)[0]}
    asked = await house.command("trial", "go-live", "--by", ASKS, **yes)
    assert asked.code == 0, asked.err
    assert "nobody is told" in asked.out
    alone = await house.command("trial", "confirm", "1", "--by", ASKS, **yes)
    assert alone.code == 1
    assert "somebody else" in alone.err
    agreed = await house.command("trial", "confirm", "1", "--by", CONFIRMS, **yes)
    assert agreed.code == 0, agreed.err
    back = await house.command("serve", INSTALLATION="trial")
    assert back.code == 1
    assert "belongs to a live installation" in back.err
    chain = await house.command("audit", "verify", INSTALLATION="live")
    assert chain.code == 0, chain.err
    house.engine.environment["WARNENGINE_INSTALLATION"] = "live"
    await house.start_engine()
    assert house.smsc.log == []
    status, answer = await house.warn(now(scenario.ORANGE, 2, kind="Alert").xml())
    assert status == 202, answer

    async def heard() -> bool:
        return bool(house.smsc.to(phone("500151105")))

    await until("安居镇 to hear of it", heard, house.engine)
    assert ROOM not in {sms.to for sms in house.smsc.log}
    assert [sms for sms in house.smsc.log if "试运行" in sms.text] == []
