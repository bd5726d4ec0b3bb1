"""The real process stops at one word: what leaves after the answer was on the wire before it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest_asyncio

from tests.acceptance.house import House, Json
from tests.acceptance.program import until
from tests.acceptance.smsc import SLOWLY
from warnengine.demo import scenario

SOME = 20
OPERATORS = [{"name": name, "role": "duty", "token": f"{name}-token"} for name in ("zhang", "li")]


@pytest_asyncio.fixture
async def house(tmp_path: Path, seed: Path) -> AsyncIterator[House]:
    made = House(tmp_path, operators=OPERATORS)
    try:
        await made.open(seed)
        await made.jump(scenario.RED.entered)
        yield made
    finally:
        await made.close()


async def say(house: House, who: str, path: str, body: Json | None = None) -> tuple[int, Json]:
    headers = {"Authorization": f"Bearer {who}-token"}
    async with aiohttp.ClientSession(house.url) as web, web.post(path, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def red_until(house: House, some: int) -> None:
    house.smsc.pace = SLOWLY
    assert (await house.warn(scenario.RED.xml()))[0] == 202

    async def out() -> bool:
        return len(house.smsc.log) >= some

    await until(f"{some} messages to leave", out, house.engine)


async def intended(house: House) -> int:
    async with house.database() as database:
        found: int = await database.fetchval("SELECT count(*) FROM attempt")
        return found


async def at_rest(house: House) -> int:
    """Wait until every intent has come to its end; how many messages left."""

    async def done() -> bool:
        async with house.database() as database:
            return not await database.fetchval(
                "SELECT count(*) FROM attempt a WHERE NOT EXISTS (SELECT FROM delivery_event e "
                "WHERE e.delivery = a.delivery AND e.number = a.number)"
            )

    await until("what was on the wire to arrive", done, house.engine)
    return len(house.smsc.log)


async def test_after_the_answer_nothing_is_begun_until_another_person_says_so(house: House) -> None:
    await red_until(house, SOME)
    status, stop = await say(house, "zhang", "/v1/halt", {"why": "误发"})
    assert status == 201
    house.smsc.pace = 0
    on_the_wire = await intended(house)
    assert await at_rest(house) <= on_the_wire
    assert (await say(house, "zhang", f"/v1/halt/{stop['id']}/resume"))[0] == 403
    await house.warn(scenario.RED.xml().replace(b"<identifier>", b"<identifier>9"))

    async def restarted() -> bool:
        return await house.ready()

    await house.engine.kill()
    await house.engine.start()
    await until("the engine to be ready", restarted, house.engine)
    assert await intended(house) == on_the_wire, "also not by an engine that came up afterwards"
    status, ended = await say(house, "li", f"/v1/halt/{stop['id']}/resume")
    assert status == 200, ended
    assert ended["held"]["waiting"]
    deliveries = await house.settled()
    assert {one["state"] for one in deliveries} <= {"delivered", "withdrawn"}


async def test_the_command_stops_and_another_person_goes_on(house: House) -> None:
    said = await house.command("halt", "--by", "zhang", "--why", "误发")
    assert said.code == 0, said.err
    assert "stop 1 is in force" in said.out
    assert (await house.warn(scenario.RED.xml()))[0] == 202

    async def made() -> bool:
        return bool(await house.all("deliveries"))

    await until("deliveries", made, house.engine)
    for by, token, why in (("zhang", "zhang-token", "另一个人"), ("li", "zhang-token", "another token")):
        said = await house.command("resume", "1", "--by", by, "--token", token)
        assert (said.code, why in said.err) == (1, True), said
    assert await intended(house) == 0
    said = await house.command("resume", "1", "--by", "li", "--token", "li-token")
    assert said.code == 0, said.err
    assert "stop 1 has ended" in said.out
    await house.settled()
    assert house.smsc.log
