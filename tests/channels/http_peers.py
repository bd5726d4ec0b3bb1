"""HTTP SMS gateways for the tests, and a stand-in for the part of the engine that takes their callbacks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from aiohttp import web

from tests.channels.conformance import Answer
from warnengine.demo.relay import free_port
from warnengine.dispatch.channel import Channel, Fate, Inbox, Reply, Text
from warnengine.dispatch.channels.sms_http import HttpChannel, HttpSmsChannel
from warnengine.dispatch.channels.wecom import WecomChannel
from warnengine.settings import HttpGateway

HASTY = {"callback_secret": "s3cret", "connect_seconds": 3, "answer_seconds": 3, "window": 8}


def settings(url: str, profile: str, values: dict[str, str]) -> HttpGateway:
    """Make settings with time limits of a few seconds."""
    return HttpGateway.model_validate(
        {
            "kind": "sms_http",
            "name": "vendor-b",
            "url": url,
            "profile": profile,
            "values": values,
        }
        | HASTY
    )


class Site:
    """An HTTP server that can be stopped and started again on its port."""

    def __init__(self, handler: Any) -> None:
        self.port = free_port()
        self._handler = handler
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._runner is not None

    async def start(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._handler), shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None


class Callbacks:
    """Does what the engine's callback address does: read, hand to the Inbox, then confirm."""

    def __init__(self) -> None:
        self.site = Site(self._take)
        self.channel: HttpChannel | WecomChannel | None = None
        self.inbox: Inbox | None = None
        self.statuses: list[int] = []

    async def _take(self, request: web.BaseRequest) -> web.Response:
        status = await self._status(request)
        self.statuses.append(status)
        assert self.channel
        body, media_type = (
            self.channel.answer(request.method, request.query) if status == 200 else (b"", "text/plain")
        )
        return web.Response(status=status, body=body, content_type=media_type)

    async def _status(self, request: web.BaseRequest) -> int:
        assert self.channel
        assert self.inbox
        try:
            events = self.channel.read_callback(request.method, request.query, await request.read())
        except ValueError:
            return 400
        try:
            for event in events:
                await (self.inbox.reply(event) if isinstance(event, Reply) else self.inbox.receipt(event))
        except OSError:
            return 503
        return 200


class HttpPeer:
    """What the made-up gateways have in common: aiohttp's server, scripts, callbacks by aiohttp's client."""

    address = "+8613800138001"
    has_receipts = True
    has_replies = True
    has_network = True
    answers: frozenset[Answer] = frozenset(
        {
            "accept",
            "throttle",
            "reject",
            "bad_address",
            "credentials",
            "temporary",
            "silent",
            "drop_before_answer",
        }
    )
    profile: str
    statuses: dict[Answer, int] = {"throttle": 429, "credentials": 401, "temporary": 500}

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []
        self.requests: list[dict[str, Any]] = []
        self.ids = itertools.count(1)
        self.last_id = ""
        self._site = Site(self._handle)
        self._callbacks = Callbacks()
        self._answer: Answer = "accept"
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        await self._site.start()
        if not self._callbacks.site.running:
            await self._callbacks.site.start()

    async def stop(self) -> None:
        self._stopping.set()
        await self._site.stop()
        self._stopping.clear()

    async def end(self) -> None:
        await self.stop()
        await self._callbacks.site.stop()

    def script(self, answer: Answer) -> None:
        self._answer = answer

    def channel(self, inbox: Inbox) -> Channel:
        channel = self.line(inbox)
        self._callbacks.channel, self._callbacks.inbox = channel, inbox
        return channel

    def line(self, inbox: Inbox) -> HttpChannel:
        return HttpSmsChannel(settings(self._site.url + self.path, self.profile, self.values()), inbox)

    path = ""

    def values(self) -> dict[str, str]:
        raise NotImplementedError

    def carries(self, text: Text) -> str:
        return text.short

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        if self._answer == "silent":
            await self._stopping.wait()
        if self._answer in {"silent", "drop_before_answer"}:
            if request.transport:
                request.transport.abort()
            return web.Response(status=500)
        return self.play(request, body)

    def play(self, request: web.BaseRequest, body: bytes) -> web.Response:
        raise NotImplementedError

    async def call_back(self, *, query: dict[str, str] | None = None, body: bytes | None = None) -> bool:
        """Call the engine back; True when it confirms as this make wants it."""
        url = f"{self._callbacks.site.url}/callback"
        async with (
            aiohttp.ClientSession() as session,
            session.request("POST" if body else "GET", url, params=query, data=body) as response,
        ):
            return response.status == 200


class JsonPeer(HttpPeer):
    profile = "json"

    def values(self) -> dict[str, str]:
        return {"token": "t0ken"}

    def play(self, request: web.BaseRequest, body: bytes) -> web.Response:
        assert request.headers["Authorization"] == "Bearer t0ken"
        if status := self.statuses.get(self._answer) or {"reject": 400, "bad_address": 422}.get(self._answer):
            return web.Response(status=status, text=f"played {self._answer}")
        order = json.loads(body)
        assert order["expires_in"] > 0
        self.last_id = f"j{next(self.ids)}"
        self.requests.append(order)
        self.received.append((order["to"], order["text"]))
        return web.json_response({"ids": [self.last_id]})

    async def receipt(self, fate: Fate) -> bool:
        event = {"id": self.last_id, "to": self.address, "status": fate.value, "code": "DELIVRD"}
        return await self.call_back(body=json.dumps([event]).encode())

    async def reply(self, text: str) -> bool:
        event = {"from": self.address, "to": "1069", "text": text}
        return await self.call_back(body=json.dumps(event, ensure_ascii=False).encode())


class YunmasPeer(HttpPeer):
    profile = "yunmas"
    codes: dict[Answer, str] = {"reject": "IllegalSignId", "credentials": "IllegalMac"}
    answers = HttpPeer.answers - {"bad_address"}

    def values(self) -> dict[str, str]:
        return {"ecName": "铜梁区应急局", "apId": "tlyj", "secretKey": "密钥-1", "sign": "Abc1234"}

    def carries(self, text: Text) -> str:
        return re.sub(r"^【.*?】", "", text.short)

    def play(self, request: web.BaseRequest, body: bytes) -> web.Response:
        assert request.path == "/sms/norsubmit"
        if code := self.codes.get(self._answer):
            return web.json_response({"msgGroup": "", "rspcod": code, "success": False})
        if status := self.statuses.get(self._answer):
            return web.Response(status=status)
        order = json.loads(base64.b64decode(body))
        words = [order["ecName"], order["apId"], "密钥-1", order["mobiles"], order["content"], order["sign"]]
        assert order["mac"] == hashlib.md5(("".join(words) + order["addSerial"]).encode()).hexdigest()
        self.last_id = f"{next(self.ids):020d}"
        self.received.append((f"+86{order['mobiles']}", order["content"]))
        return web.json_response({"msgGroup": self.last_id, "rspcod": "success", "success": True})

    async def receipt(self, fate: Fate) -> bool:
        status = "CM:0000" if fate is Fate.DELIVERED else "MI:0013"
        event = {"msgGroup": self.last_id, "mobile": self.address[3:], "reportStatus": status}
        return await self.call_back(body=json.dumps(event).encode())

    async def reply(self, text: str) -> bool:
        event = {"mobile": self.address[3:], "smsContent": text, "sendTime": "2026-11-23", "addSerial": "01"}
        return await self.call_back(body=base64.b64encode(json.dumps([event]).encode()))


class KannelShape(HttpPeer):
    """Speaks as Kannel does; the real one is in test_kannel.py."""

    profile = "kannel"
    path = "/cgi-bin/sendsms"
    answers = HttpPeer.answers - {"throttle", "bad_address"}
    statuses: dict[Answer, int] = {"credentials": 403, "temporary": 503, "reject": 400}

    def values(self) -> dict[str, str]:
        callback = f"{self._callbacks.site.url}/callback"
        return {"username": "u", "password": "p", "from": "106900120", "callback": callback}

    def play(self, request: web.BaseRequest, body: bytes) -> web.Response:
        if status := self.statuses.get(self._answer):
            return web.Response(status=status, text="Temporal failure, try again later.")
        self.requests.append(dict(request.headers))
        self.received.append((f"+{request.headers['X-Kannel-To']}", body.decode()))
        return web.Response(status=202, text="0: Accepted for delivery")

    async def receipt(self, fate: Fate) -> bool:
        kind, stat = ("1", "DELIVRD") if fate is Fate.DELIVERED else ("2", "UNDELIV")
        url = self.requests[-1]["X-Kannel-DLR-Url"].replace("%d", kind).replace("%A", f"id:1+stat:{stat}+err:000")
        return await self.call_back(query=dict(parse_qsl(urlsplit(url).query)))

    async def reply(self, text: str) -> bool:
        query = {"from": self.address[1:], "to": "106900120", "coding": "2"}
        return await self.call_back(query=query, body=text.encode("utf-16-be"))
