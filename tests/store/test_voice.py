"""Calls by a machine: a key answers the order that was spoken, and what comes to nothing goes to the duty room."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from tests.channels.voice_peers import voice_settings
from tests.dispatch.fake_channel import Entry, FakeChannel, Will
from tests.serving import serving
from tests.store.test_calls import LANDLINE, listed, with_landline
from tests.store.world import ANJU, ONLY_DUTY, World, few_units, small_directory
from warnengine.app import ROLES, Engine, web
from warnengine.dispatch.channels.voice_profiles import call_of
from warnengine.model.book import Act, RuleBook, Step
from warnengine.settings import Settings
from warnengine.store.database import Database

MINUTE = timedelta(minutes=1)
RAIN, GALE = f"{ANJU}/rainstorm", f"{ANJU}/gale"
STEPS = tuple(
    Step.model_validate({"after": after, "do": act})
    for after, act in (("0m", Act.VOICE), ("5m", Act.VOICE), ("20m", Act.DUTY_ROOM))
)


@pytest.fixture
async def world(database: Database, book: RuleBook, tmp_path: Path) -> World:
    """anju_duty alone is called, by SMS and by a machine at once."""
    small = few_units(book)
    rungs = {level: rung.model_copy(update={"steps": STEPS}) for level, rung in small.ladder.items()}
    world = World(database, small.model_copy(update={"ladder": rungs}), tmp_path)
    world.channels["voice"] = FakeChannel("voice", "voice-1")
    await world.people(small_directory(without=ONLY_DUTY))
    return world


async def called(world: World, level: str = "red", hazard: str = "rainstorm") -> Entry:
    """A warning comes in and is spoken at once."""
    await world.warn(level, hazard=hazard)
    await world.chase()
    await world.send()
    return world.channels["voice"].log[-1]


@contextlib.asynccontextmanager
async def callbacks(world: World, folder: Path) -> AsyncIterator[str]:
    gateway = voice_settings("http://127.0.0.1:9", "json", {"token": "t"}).model_dump()
    settings = Settings.model_validate(
        {"data": folder, "installation": "demo", "link_key": "of this test", "gateways": [gateway]}
    )
    async with serving(web(Engine(settings, world.book, world.database, ROLES))) as url:
        yield f"{url}/v1/callbacks/voice-1/s3cret"


async def report(world: World, folder: Path, entry: Entry, result: str, keys: str = "", times: int = 1) -> None:
    """The vendor reports a call through the engine's own address."""
    (id_,) = world.channels["voice"].ids(entry)
    told = {"id": id_, "call": call_of(entry.delivery), "to": entry.address, "result": result, "keys": keys}
    async with callbacks(world, folder) as url, aiohttp.ClientSession() as http:
        for _ in range(times):
            async with http.post(url, data=json.dumps([told]).encode()) as answer:
                assert (answer.status, await answer.json()) == (200, {"ok": True})


async def test_1_acknowledges_the_order_that_was_spoken_and_not_the_newer_sms(
    world: World, tmp_path: Path
) -> None:
    rain = await called(world)
    await called(world, "blue", "gale")
    assert (await world.inbox("anju_duty"))[-1] != rain.short
    await report(world, tmp_path, rain, "heard", "1", times=2)
    assert await world.duties("anju_duty") == {RAIN: "acked", GALE: "open"}
    assert await world.value("SELECT state FROM delivery_state WHERE id = $1", rain.delivery) == "delivered"
    answer = await world.row("SELECT bundle, step, manner, by FROM answer")
    assert tuple(answer) == (rain.delivery & ~15, 1, "voice", "anju_duty")
    reply = await world.row("SELECT address, bundle, verdict FROM reply")
    assert tuple(reply) == (rain.address, rain.delivery & ~15, "acked")


async def test_a_key_counts_although_the_answer_to_the_request_was_lost(world: World, tmp_path: Path) -> None:
    world.channels["voice"].otherwise = Will.LOSE_ANSWER
    entry = await called(world)
    await report(world, tmp_path, entry, "heard", "1")
    assert await world.duties("anju_duty") == {RAIN: "acked"}


@pytest.mark.parametrize(
    ("result", "state", "duty"),
    [
        pytest.param("heard", "delivered", "reached", id="heard to the end is delivered, and no answer"),
        pytest.param("hung_up", "accepted", "open", id="hung up before the end is neither"),
        pytest.param("busy", "undelivered", "open", id="busy"),
    ],
)
async def test_without_a_key_nothing_is_acknowledged(
    world: World, tmp_path: Path, result: str, state: str, duty: str
) -> None:
    await report(world, tmp_path, await called(world), result)
    assert await world.state("anju_duty", "voice") == state
    assert await world.duties("anju_duty") == {RAIN: duty}
    assert await world.value("SELECT count(*) FROM answer") == 0


async def test_3_asks_the_duty_room_to_call_back(world: World, tmp_path: Path) -> None:
    entry = await called(world)
    await report(world, tmp_path, entry, "heard", "3", times=2)
    (task,) = await world.tasks("unclear")
    assert (task["person"], task["words"]) == ("anju_duty", f"请回电{entry.address}:“按3”")
    assert await world.duties("anju_duty") == {RAIN: "reached"}


# The ladder, and the duty room behind it


async def test_a_step_calls_again_and_stops_at_an_answer(world: World, tmp_path: Path) -> None:
    entry = await called(world)
    await report(world, tmp_path, entry, "heard")
    await world.jump(5 * MINUTE)
    await world.settle()
    assert [one.delivery for one in world.channels["voice"].log] == [entry.delivery] * 2
    await report(world, tmp_path, world.channels["voice"].log[-1], "heard", "1")
    await world.jump(20 * MINUTE)
    await world.settle()
    assert await listed(world) == []


async def test_no_machine_calls_whoever_has_answered_meanwhile(world: World) -> None:
    await world.warn("red")
    await world.chase()
    await world.send("sms")
    await world.reply("anju_duty", "1")
    await world.send("voice")
    assert world.channels["voice"].log == []
    assert await world.state("anju_duty", "voice") == "withdrawn"


async def in_vain(world: World, folder: Path, result: str = "busy") -> Entry:
    """Both calls of the ladder."""
    await report(world, folder, await called(world), result)
    await world.jump(5 * MINUTE)
    await world.settle()
    entry = world.channels["voice"].log[-1]
    await report(world, folder, entry, result)
    return entry


@pytest.mark.parametrize("result", ["busy", "hung_up"])
async def test_the_last_call_in_vain_goes_to_the_duty_room_once(world: World, tmp_path: Path, result: str) -> None:
    await in_vain(world, tmp_path, result)
    if result == "hung_up":  # who hung up may still have pressed a key: the report of it may follow
        assert not await world.engine.ladder.by_hand(MINUTE)
        await world.jump(3 * MINUTE)
    for _ in range(3):
        await world.engine.listen()
        await world.send()
    assert await listed(world) == [("anju_duty", await world.address("anju_duty"), "未应答")]
    assert len(world.channels["voice"].log) == 2


async def test_while_the_ladder_will_call_again_the_duty_room_is_spared(world: World, tmp_path: Path) -> None:
    await report(world, tmp_path, await called(world), "busy")
    await world.jump(4 * MINUTE)
    await world.engine.listen()
    await world.jump(MINUTE)
    await world.settle()
    await world.engine.listen()  # the second call is under way
    await world.send()
    assert await listed(world) == []
    assert len(world.channels["voice"].log) == 2


async def test_a_number_that_the_line_refuses_for_good_goes_to_the_duty_room_at_once(world: World) -> None:
    world.channels["voice"].otherwise = Will.FAIL
    await world.warn("red")
    await world.chase()
    await world.send()
    await world.engine.listen()
    await world.send()
    assert [person for person, *_ in await listed(world)] == ["anju_duty"]


async def test_what_was_heard_stays_with_the_ladder(world: World, tmp_path: Path) -> None:
    await report(world, tmp_path, await called(world), "heard")
    await world.jump(3 * MINUTE)
    await world.engine.listen()
    await world.send()
    assert await listed(world) == []


@pytest.mark.parametrize("why", ["down", "throttled"])
async def test_a_line_that_takes_no_call_is_not_waited_for(world: World, why: str) -> None:
    voice = world.channels["voice"]
    voice.up, voice.otherwise = why != "down", Will.REFUSE
    await world.warn("red")
    await world.chase()
    await world.send()
    await world.engine.listen()
    assert await listed(world) == []
    await world.jump(3 * MINUTE)
    assert await world.engine.ladder.by_hand(2 * MINUTE) == 1
    assert await world.engine.ladder.by_hand(2 * MINUTE) == 0
    await world.send("call")
    assert [person for person, *_ in await listed(world)] == ["anju_duty"]
    voice.up, voice.otherwise = True, Will.ACCEPT
    await world.jump(MINUTE)
    await world.send()
    assert voice.log == []


async def test_a_machine_calls_the_mobile_and_the_duty_room_the_landline(world: World, tmp_path: Path) -> None:
    await world.people(with_landline(mobile=True))
    entry = await in_vain(world, tmp_path)
    assert entry.address == await world.address("anju_duty")
    await world.engine.listen()
    await world.send()
    assert await listed(world) == [("anju_duty", LANDLINE, "未应答")]


async def test_an_engine_whose_ladder_calls_by_voice_without_a_line_is_not_ready(world: World) -> None:
    assert "voice" in await world.engine.fitness.ready()


async def test_the_end_is_not_spoken(world: World, tmp_path: Path) -> None:
    await report(world, tmp_path, await called(world), "heard", "1")
    await world.warn(None)
    await world.settle()
    assert "解除" in (await world.inbox("anju_duty"))[-1]
    assert len(world.channels["voice"].log) == 1


async def test_whoever_has_no_number_is_visited(world: World) -> None:
    await world.people(small_directory(without=ONLY_DUTY, mute=["anju_duty"]))
    await world.warn("red")
    await world.settle()
    assert "没有电话号码" in (await world.tasks("visit"))[0]["words"]
