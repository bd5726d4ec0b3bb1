"""A night in which everything goes wrong that is worth a line in the log: no line holds a person's number, mailbox,
link or text. What gateways and people write is in the record, for the duty room."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web as server
from structlog.testing import capture_logs

from tests.channels.bare_peers import line_to
from tests.channels.bare_smsc import DELIVER, Smsc, deliver, frame
from tests.channels.conformance import Recorder, outgoing, running, until
from tests.channels.http_peers import Site
from tests.channels.test_callbacks import GATEWAY
from tests.channels.test_push_conformance import VAPID_KEY, Browser
from tests.dispatch.fake_channel import Will
from tests.serving import serving
from tests.store.world import World
from warnengine.app import ROLES, Engine, web
from warnengine.dispatch.channel import ChannelError, Outgoing, Reason, Reply, Unanswered
from warnengine.dispatch.channels.sms_http import HttpSmsChannel
from warnengine.settings import HttpGateway, Settings

Logs = list[MutableMapping[str, Any]]
REPLY = "桥被冲了过不去"
PUSH = {"kind": "push", "name": "push", "private_key": VAPID_KEY, "subject": "mailto:duty@tongliang.example.cn"}


class Gossip:
    """A gateway that quotes what it was handed, whatever it answers."""

    def __init__(self) -> None:
        self.turn = 0

    async def __call__(self, message: Outgoing) -> None:
        quoted = f"{message.address} {message.text.short} {message.text.link}"
        self.turn += 1
        raise [
            ChannelError(Reason.REJECTED, quoted, retry=False),
            ChannelError(Reason.BAD_ADDRESS, quoted, retry=False),
            ChannelError(Reason.THROTTLED, quoted, retry=True),
            Unanswered(quoted),
            UnicodeError(quoted),
        ][self.turn % 5]


async def secrets_of(world: World) -> set[str]:
    """Whatever a log must not hold."""
    addresses = await world.column("SELECT address FROM address")
    rows = await world.rows("SELECT b.id, t.short FROM bundle b JOIN text t ON t.id = b.text")
    links = [world.engine.wording.link(row["id"]) for row in rows]
    lines = {line for row in rows for line in re.sub(r"\{\w+\}|【.*】", "\n", row["short"]).split("\n")}
    numbers = {found for text in addresses if (found := text.removeprefix("+86"))}
    return (
        numbers | {link.rsplit("/", 1)[1] for link in links} | {line for line in lines if len(line) > 3} | {REPLY}
    )


def leaked(logs: Logs, secrets: set[str]) -> list[str]:
    said = [repr(line) for line in logs]
    return [line for line in said if any(secret in line for secret in secrets)]


@pytest.fixture
def logs() -> Iterator[Logs]:
    with capture_logs() as captured:
        yield captured


async def test_a_night_of_gossiping_gateways(world: World, logs: Logs) -> None:
    world.sms.before = world.email.before = Gossip()
    await world.warn("red")
    await world.send()
    world.sms.before = world.email.before = None
    world.sms.script.extend([Will.ACCEPT, Will.LOSE_ANSWER])
    await world.jump(timedelta(minutes=1))
    await world.settle()
    await world.receipt(world.sms.log[0])
    await world.reply("anju_duty", REPLY)
    await world.reply("anju_mayor", "1")
    for _ in range(6):
        await world.jump(timedelta(minutes=5))
        await world.settle()
    assert {"send", "defect", "ladder", "change"} <= {line["event"] for line in logs}
    assert {line["reason"] for line in logs if line["event"] == "send"} >= {
        "rejected",
        "bad_address",
        "throttled",
        "unanswered",
    }
    assert leaked(logs, await secrets_of(world)) == []


async def test_pages_and_callbacks_and_a_store_that_fails(world: World, tmp_path: Path, logs: Logs) -> None:
    settings = Settings.model_validate(
        {"data": tmp_path, "installation": "demo", "link_key": "of this test", "gateways": [GATEWAY, PUSH]}
    )
    engine = Engine(settings, world.book, world.database, ROLES)
    await world.warn("red")
    code = engine.wording.link((await world.bundles("anju_duty"))[0]["id"]).rsplit("/", 1)[1]
    number = await world.address("anju_duty")
    callback = "/v1/callbacks/http-1/s3cret"
    secrets = await secrets_of(world) | {code, "s3cret"}
    async with serving(web(engine)) as url, aiohttp.ClientSession(url) as http:
        for path, body in (
            (callback, f'[{{"id":"1","to":"{number}"}},{{"from":"{number}","text":"{REPLY}"}}]'),
            (callback, f"{number} {REPLY}"),
            (f"/a/{code}/push", Browser().subscription("https://a..b/")),
            (f"/a/{code}", "step=1"),
        ):
            async with http.post(path, data=body.encode()) as answer:
                assert answer.status < 500
        await world.execute("ALTER TABLE receipt RENAME TO gone; ALTER TABLE bundle RENAME TO gone_too")
        for path in (callback, f"/a/{code}"):
            async with http.post(path, data=b'{"id":"1","status":"delivered","step":1}&step=1') as answer:
                assert answer.status in {400, 503}
        async with http.post(callback, data=b'{"id":"1","status":"delivered"}') as answer:
            assert answer.status == 503
    assert {line["route"] for line in logs if line["event"] == "store"} == {
        "/a/{code}",
        "/v1/callbacks/{gateway}/{secret}",
    }
    assert leaked(logs, secrets) == []


async def test_a_loop_whose_statement_the_store_refuses(world: World, logs: Logs) -> None:
    async def step() -> bool:
        world.engine.loops.stopping.set()
        await world.execute("INSERT INTO address SELECT * FROM address WHERE channel = 'sms'")
        return False

    await world.engine.loops.keep("test", step)
    (line,) = logs
    assert line["event"] == "loop"
    assert "duplicate key" in line["problem"]
    assert leaked(logs, await secrets_of(world)) == []
    assert leaked([world.engine.loops.troubles], await secrets_of(world)) == []


async def test_an_http_gateway_that_refuses_our_login_and_quotes_the_message(logs: Logs) -> None:
    async def echo(request: server.BaseRequest) -> server.Response:
        return server.Response(status=401, body=await request.read())

    site = Site(echo)
    await site.start()
    channel = HttpSmsChannel(HttpGateway.model_validate(GATEWAY | {"url": site.url}), Recorder())
    message = outgoing("+8613800138001", REPLY)
    async with running(channel, Recorder()):
        await until(channel.healthy, "the gateway listens")
        with pytest.raises(ChannelError):
            await channel.send(message)
        await until(lambda: bool(logs), "the trouble is logged")
    await site.stop()
    assert logs[0]["reason"] == "credentials"
    assert leaked(logs, {"13800138001", REPLY, "t0ken", message.text.link}) == []


async def test_what_an_smpp_gateway_hands_over_and_nobody_can_read_or_store(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(reply: Reply) -> None:
        raise ValueError(f"what nobody foresaw about {reply}")

    async with Smsc() as smsc, line_to(smsc) as line:
        monkeypatch.setattr(line.inbox, "reply", refuse)
        whole = deliver(1, REPLY.encode("utf-16-be"), data_coding=8)
        smsc.send(whole)
        smsc.send(frame(DELIVER, 2, whole[16:-3]))
        await until(lambda: len([one for one in logs if one["log_level"] == "error"]) == 2, "both are logged")
    secrets = {"13800138001", REPLY, b"13800138001".hex(), REPLY.encode("utf-16-be").hex()[:8]}
    assert leaked(logs, secrets) == []
