"""Web Push against npm's web-push-testing, which decrypts and checks tokens with code that is not ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.channels.conformance import BOUND, TEXTS, Recorder, outgoing, running, until
from tests.channels.test_push_conformance import PushService
from tests.npm import installed
from warnengine.dispatch.channel import ChannelError, Reason
from warnengine.dispatch.channels.push import PushChannel
from warnengine.dispatch.channels.push_keys import new_vapid_key

HERE = Path(__file__).parent / "node_push"


@pytest.fixture(scope="module")
def service_js() -> Path:
    """The installed server."""
    return installed(HERE, "web-push-testing") / "src/bin/server.js"


@dataclass
class NodeService:
    port: int
    http: aiohttp.ClientSession

    async def ask(self, path: str, **what: str) -> dict[str, Any]:
        async with self.http.post(f"http://127.0.0.1:{self.port}/{path}", json=what) as answer:
            assert answer.status == 200, await answer.text()
            return json.loads(text)["data"] if (text := await answer.text()).startswith("{") else {}

    async def subscribe(self, channel: PushChannel) -> tuple[str, str]:
        """As a browser does it; the subscription's JSON and the name that the service has for the browser."""
        key = channel.application_server_key
        told = await self.ask("subscribe", userVisibleOnly="true", applicationServerKey=key)
        # It believes that its port is the 0 that it was started with.
        endpoint = told["endpoint"].replace("localhost:0", f"localhost:{self.port}")
        return json.dumps({"endpoint": endpoint, "keys": told["keys"]}), told["clientHash"]

    async def notices(self, browser: str) -> list[dict[str, str]]:
        told = await self.ask("get-notifications", clientHash=browser)
        return [json.loads(message) for message in told["messages"]]


@pytest.fixture
async def service(service_js: Path) -> AsyncIterator[NodeService]:
    process = await asyncio.create_subprocess_exec(
        "node", "--require", HERE / "loopback.js", service_js, "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        async with asyncio.timeout(BOUND), aiohttp.ClientSession() as http:
            while not (line := await process.stdout.readline()).startswith(b"PORT "):
                assert line, "the push service has ended"
            yield NodeService(int(line.split()[1]), http)
    finally:
        process.kill()
        await process.communicate()


@pytest.fixture
async def channel() -> AsyncIterator[PushChannel]:
    inbox = Recorder()
    channel = PushChannel(PushService().settings(), inbox)
    async with running(channel, inbox):
        await until(channel.healthy, "the channel is running")
        yield channel


@pytest.mark.parametrize("short", TEXTS.values(), ids=TEXTS.keys())
async def test_a_browser_reads_what_was_sent(service: NodeService, channel: PushChannel, short: str) -> None:
    subscription, browser = await service.subscribe(channel)
    message = outgoing(subscription, short)
    await channel.send(message)
    assert await service.notices(browser) == [
        {
            "title": message.text.subject,
            "body": short,
            "url": message.text.link,
            "tag": message.dedupe_id,
        }
    ]


async def test_a_browser_that_is_gone_is_a_bad_address(service: NodeService, channel: PushChannel) -> None:
    subscription, browser = await service.subscribe(channel)
    await service.ask(f"expire-subscription/{browser}")
    with pytest.raises(ChannelError) as caught:
        await channel.send(outgoing(subscription))
    assert (caught.value.reason, caught.value.retry) == (Reason.BAD_ADDRESS, False)


async def test_another_installation_cannot_push_to_our_browsers(
    service: NodeService, channel: PushChannel
) -> None:
    subscription, browser = await service.subscribe(channel)
    inbox = Recorder()
    stranger = PushChannel(PushService().settings(private_key=new_vapid_key()), inbox)
    async with running(stranger, inbox) as line:
        await until(stranger.healthy, "the other channel is running")
        with pytest.raises(ChannelError):
            await line.send(outgoing(subscription))
    assert await service.notices(browser) == []
