"""Loudspeakers and WeCom from the order to the receipt and the answer: real store, real broker, real callbacks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import get_args

import aiohttp
import pytest

from tests.channels.conformance import BOUND, Recorder, running, until
from tests.channels.mqtt_peers import MOSQUITTO, REASON, Device, Mosquitto, mqtt_settings
from tests.channels.wecom_peers import enveloped, sealed, signed, wecom_settings, written
from tests.dispatch.fake_channel import FakeChannel
from tests.serving import serving
from tests.store.test_other_ways import everywhere, town
from tests.store.world import ANJU, World, few_units
from warnengine.app import ROLES, Engine, channels, web
from warnengine.dispatch.channels.mqtt import MqttChannel
from warnengine.model.book import RuleBook
from warnengine.settings import AnyGateway, Settings
from warnengine.store.database import Database

RAIN = f"{ANJU}/rainstorm"


@pytest.fixture
async def world(database: Database, book: RuleBook, tmp_path: Path) -> World:
    world = World(database, everywhere(few_units(book)), tmp_path)
    world.channels["wecom"] = FakeChannel("wecom", "wecom", receipts=False)
    await world.people(town(wecom="LiMing"))
    return world


@contextlib.asynccontextmanager
async def console(world: World, folder: Path) -> AsyncIterator[str]:
    gateway = wecom_settings("http://127.0.0.1:9").model_dump()
    settings = Settings.model_validate(
        {"data": folder, "installation": "demo", "link_key": "of this test", "gateways": [gateway]}
    )
    async with serving(web(Engine(settings, world.book, world.database, ROLES))) as url:
        yield f"{url}/v1/callbacks/wecom/s3cret"


@pytest.mark.skipif(not MOSQUITTO, reason=REASON)
async def test_what_a_loudspeaker_played_is_on_the_board(world: World) -> None:
    broker = Mosquitto()
    await broker.start()
    speaker = Device(broker.port)
    await until(lambda: speaker.listening, "the device listens")
    channel = MqttChannel(mqtt_settings(broker.port), world.engine.inbox)
    async with running(channel, Recorder()):
        await until(channel.healthy, "the channel is connected")
        world.channels["loudspeaker"] = channel  # type: ignore[assignment]
        await world.warn("red")
        await world.send("loudspeaker")
        await until(lambda: bool(speaker.heard), "it is heard")
        assert speaker.heard[0]["speech"].startswith("这里是铜梁应急。")
        assert "按1" not in speaker.heard[0]["speech"]
        speaker.say("receipt", f'{{"id": "{speaker.heard[0]["id"]}", "result": "played"}}'.encode())
        await settled(lambda: world.state("horn_anju", "loudspeaker"), "delivered")
    assert await world.duties("horn_anju") == {RAIN: "reached"}
    speaker.end()
    await broker.end()


async def settled(state: Callable[[], Awaitable[str]], wanted: str) -> None:
    async with asyncio.timeout(BOUND):
        while await state() != wanted:
            await asyncio.sleep(0.01)


async def test_what_a_member_answers_in_wecom_is_an_answer(world: World, tmp_path: Path) -> None:
    await world.warn("red")
    await world.send()
    async with console(world, tmp_path) as url, aiohttp.ClientSession() as http:
        for _ in range(2):  # WeCom repeats what it believes lost
            query, body = enveloped(written("LiMing", "1"))
            async with http.post(url, params=query, data=body) as response:
                assert (response.status, await response.read()) == (200, b"")
    assert await world.duties("anju_duty") == {RAIN: "acked"}
    assert await world.column("SELECT manner FROM answer") == ["wecom"]


async def test_wecom_s_console_may_save_the_address(world: World, tmp_path: Path) -> None:
    part = sealed("5161101")
    async with console(world, tmp_path) as url, aiohttp.ClientSession() as http:
        async with http.get(url, params=signed(part, echostr=part)) as response:
            assert (response.status, await response.read()) == (200, b"5161101")
        async with http.get(url, params={"echostr": part, "msg_signature": "0"}) as response:
            assert response.status == 400


async def test_a_channel_that_is_named_and_not_served_is_told(world: World) -> None:
    problems = await world.engine.fitness.ready()
    assert problems["loudspeaker"] == "ladder.yaml names the channel loudspeaker and no gateway serves it"
    assert {"app", "wecom", "extra"} <= set(problems)


def test_every_kind_of_gateway_has_its_channel() -> None:
    assert set(channels.CHANNELS) == set(get_args(get_args(AnyGateway)[0]))
