"""What the duty room reads of the proof, and says of its calls, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from pydantic import SecretStr

from tests.serving import serving
from tests.store.world import ANJU, World, small_directory
from warnengine.app.web import web

MINUTE = timedelta(minutes=1)
WITHOUT = ["anju_mayor", "anju_secretary", "water_duty", "water_vice", "water_head"]
WITHOUT += [f"duty_room_{post}" for post in ("duty", "chief", "leader")]


@pytest.fixture
async def desk(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    """The API, as the duty room uses it."""
    engine = world.engine
    engine.settings = engine.settings.model_copy(update={"operator_token": SecretStr("secret")})
    headers = {"Authorization": "Bearer secret"}
    async with serving(web(engine)) as url, aiohttp.ClientSession(url, headers=headers) as session:
        yield session


async def words(desk: aiohttp.ClientSession, key: str) -> str:
    async with desk.get("/v1/obligations", params={"unit": ANJU}) as answer:
        assert answer.status == 200
        (row,) = [one for one in await answer.json() if one["person"] == key]
        return str(row["words"])


async def orange(world: World) -> None:
    await world.people(small_directory(without=WITHOUT))
    await world.warn("orange")
    await world.send()


async def test_the_proof_is_told_in_words_with_what_the_rule_asks_for(
    world: World, desk: aiohttp.ClientSession
) -> None:
    await orange(world)
    assert await words(desk, "anju_duty") == "0级:已发出,未确认送达。规则要求4级"
    await world.receipt((await world.entries("anju_duty"))[0])
    assert await words(desk, "anju_duty") == "1级:已送达,未应答。规则要求4级"
    await world.reply("anju_duty", "1")
    said = await words(desk, "anju_duty")
    assert said.startswith("3级:已应答(短信")
    assert said.endswith("收到)。规则要求4级:请报已开展或人数")
    await world.reply("anju_duty", "3 第2项")
    assert "办完1/" in await words(desk, "anju_duty")
    async with desk.get("/v1/orders") as answer:
        found = {row["unit"]: row["proof"] for row in await answer.json()}
    assert found[ANJU] == "2人:送达1,应答1,已开展1,办结0"
    async with desk.get("/v1/deliveries") as answer:
        assert {row["proof"] for row in await answer.json()} >= {"1级:已送达", "0级:网关已接收,未确认送达"}


async def test_somebody_looks_and_only_what_was_reported_can_be_looked_at(
    world: World, desk: aiohttp.ClientSession
) -> None:
    await orange(world)
    version = await world.value("SELECT version FROM obligation WHERE person = 'anju_duty'")
    path, seen = f"/v1/obligations/{version}/anju_duty/verified", {"by": "督查组", "words": "现场看过"}
    for reply, status in ((None, 409), ("1", 409), ("2", 201)):
        if reply:
            await world.reply("anju_duty", reply)
        async with desk.post(path, json=seen) as answer:
            assert answer.status == status
    assert (await words(desk, "anju_duty")).startswith("5级:已核实")
    for wrong, status in ((path.replace("anju_duty", "nobody"), 404), (path, 422)):
        async with desk.post(wrong, json=seen if status == 404 else {"by": ""}) as answer:
            assert answer.status == status
    assert await world.value("SELECT count(*) FROM audit WHERE kind = 'verified'") == 1


async def test_who_answered_for_somebody_and_why_is_said_and_told(
    world: World, desk: aiohttp.ClientSession
) -> None:
    await orange(world)
    await world.reply("anju_vice", "1")
    await world.jump(20 * MINUTE)
    await world.settle()
    (task,) = [task for task in await world.tasks("call") if task["closed_at"] is None]
    path = f"/v1/tasks/{task['id']}"
    for closing in (
        {"who": "门卫老王"},
        {"why": "睡了"},
        {"who": "门卫老王", "why": "睡了", "result": "no_answer"},
    ):
        async with desk.post(path, json={"result": "answered", "by": "值班员"} | closing) as answer:
            assert answer.status == 422, closing
    said = {"result": "answered", "by": "值班员", "who": "门卫老王", "why": "本人睡了"}
    async with desk.post(path, json=said) as answer:
        told = await answer.json()
    assert told["answered"] is False
    assert "不算本人应答" in told["note"]
    assert "值班员记录,门卫老王代答:本人睡了,不算本人应答" in await words(desk, "anju_duty")


async def test_a_call_hung_up_is_no_answer(world: World, desk: aiohttp.ClientSession) -> None:
    await orange(world)
    await world.reply("anju_vice", "1")
    await world.jump(20 * MINUTE)
    await world.settle()
    (task,) = [task for task in await world.tasks("call") if task["closed_at"] is None]
    async with desk.post(f"/v1/tasks/{task['id']}", json={"result": "hung_up", "by": "值班员"}) as answer:
        assert (await answer.json())["answered"] is False
    assert (await words(desk, "anju_duty")).startswith("0级")
