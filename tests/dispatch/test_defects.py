"""What nobody foresaw in one channel: the engine and everybody else's texts go on."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.channels.test_push_conformance import VAPID_KEY, Browser
from tests.serving import serving
from tests.store.world import World
from warnengine.app import ROLES, Engine, web
from warnengine.dispatch.channel import ChannelError, Outgoing, Reason
from warnengine.settings import Settings

ODD = ["https://a..b/", "https://.../", "https://xn--/", f"https://{'a' * 70}.com/", "https:///x", "https://a b/"]
PUSH = {"kind": "push", "name": "push", "private_key": VAPID_KEY, "subject": "mailto:duty@tongliang.example.cn"}


class Defect:
    """Fails at the messages to one address."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def __call__(self, message: Outgoing) -> None:
        if message.address == self.address:
            raise UnicodeError(f"what nobody foresaw about {message.address}")


async def test_a_defect_of_a_channel_is_an_unknown_outcome_of_one_text(world: World) -> None:
    world.sms.before = Defect(await world.address("anju_mayor"))
    defects = REGISTRY.get_sample_value("ews_channel_defects_total", {"gateway": "sms-1"}) or 0
    await world.warn("red")
    with capture_logs() as logs:
        await world.send()
    assert await world.state("anju_duty") == "accepted"
    assert await world.state("anju_mayor") == "held"
    states = await world.column("SELECT count(*) FROM delivery_event WHERE detail LIKE 'defect in the channel%'")
    assert states == [4]
    assert REGISTRY.get_sample_value("ews_channel_defects_total", {"gateway": "sms-1"}) == defects + 4
    logged = next(line for line in logs if line["event"] == "defect")
    assert (logged["gateway"], logged["problem"]) == ("sms-1", "UnicodeError")
    assert "in __call__" in logged["traceback"]
    assert await world.address("anju_mayor") not in repr(logs)


async def test_who_can_be_reached_by_nothing_else_is_the_duty_rooms_task(world: World) -> None:
    world.sms.before = Defect(await world.address("anju_duty"))
    await world.warn("red")
    await world.send()
    (task,) = await world.tasks("unreached")
    assert task["person"] == "anju_duty"


@contextlib.asynccontextmanager
async def pages(world: World, folder: Path) -> AsyncIterator[tuple[str, str]]:
    """Where an official's page is served, and the code of somebody's link."""
    settings = Settings.model_validate(
        {"data": folder, "installation": "demo", "link_key": "of this test", "gateways": [PUSH]}
    )
    engine = Engine(settings, world.book, world.database, ROLES)
    await world.warn("blue")
    code = engine.wording.link((await world.bundles("anju_duty"))[0]["id"]).rsplit("/", 1)[1]
    async with serving(web(engine)) as url:
        yield url, code


async def register(url: str, code: str, body: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.post(f"{url}/a/{code}/push", data=body) as answer:
        return answer.status, await answer.text()


async def test_a_phone_that_can_be_sent_to_is_registered(world: World, tmp_path: Path) -> None:
    async with pages(world, tmp_path) as (url, code):
        good = Browser().subscription("https://push.example.com/one")
        assert await register(url, code, good) == (201, "")
        assert (await register(url, "no-such-code", good))[0] == 404
        kept = json.loads(await world.address("anju_duty", "push"))
        assert kept["endpoint"] == "https://push.example.com/one"
        assert set(kept["keys"]) == {"p256dh", "auth"}


def keys(**other: str) -> str:
    given = json.loads(Browser().subscription("https://push.example.com/one"))
    return json.dumps(given | {"keys": given["keys"] | other})


UNUSABLE = {
    **{endpoint[:24]: Browser().subscription(endpoint) for endpoint in ODD},
    "http": Browser().subscription("http://push.example.com/one"),
    "no point of the curve": keys(p256dh="A" * 87),
    "short secret": keys(auth="AAAA"),
    "not JSON": "<xml/>",
    "nested": "[" * 3000,
    "a list": "[]",
}


@pytest.mark.parametrize("body", UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_what_cannot_be_sent_to_is_not_registered(world: World, tmp_path: Path, body: str) -> None:
    async with pages(world, tmp_path) as (url, code):
        status, words = await register(url, code, body)
        assert status == 400
        assert words.startswith("推送登记无法使用:")
        assert await world.value("SELECT count(*) FROM address WHERE channel = 'push'") == 0


async def test_what_is_too_long_is_not_registered(world: World, tmp_path: Path) -> None:
    async with pages(world, tmp_path) as (url, code):
        long = Browser().subscription(f"https://push.example.com/{'a' * 4000}")
        assert await register(url, code, long) == (413, "推送登记不能超过4000字节。")


async def test_what_a_gateway_writes_can_always_be_recorded(world: World) -> None:
    async def refuse(message: Outgoing) -> None:
        raise ChannelError(Reason.BAD_ADDRESS, "no\0 such \ud83f number", retry=False)

    world.sms.before = refuse
    await world.warn("red")
    await world.send("sms")
    assert await world.state("anju_duty") == "failed"
    words = "bad_address: no\ufffd such ? number"
    assert set(await world.column("SELECT detail FROM delivery_event")) == {words}
    assert {task["words"] for task in await world.tasks("unreached")} >= {words}
