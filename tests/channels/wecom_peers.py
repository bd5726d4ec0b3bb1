"""WeCom as its public API document describes it: tokens that end, codes, and callbacks that are sealed."""

from __future__ import annotations

import base64
import json
import os
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.channels.conformance import Answer
from tests.channels.http_peers import HASTY, HttpPeer
from warnengine.dispatch.channel import Channel, Fate, Inbox, Text
from warnengine.dispatch.channels.wecom import WecomChannel
from warnengine.dispatch.channels.wecom_crypto import signature
from warnengine.settings import WecomGateway

TOKEN, AES_KEY, CORP = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7"
CODES: dict[Answer, int] = {"throttle": 45009, "temporary": -1, "reject": 45002, "bad_address": 81013}


def wecom_settings(url: str, **fields: object) -> WecomGateway:
    """Make settings with time limits of a few seconds."""
    return WecomGateway.model_validate(
        {
            "kind": "wecom",
            "name": "wecom",
            "url": url,
            "corp_id": CORP,
            "agent_id": 1000002,
            "secret": "s3cret",
            "token": TOKEN,
            "aes_key": AES_KEY,
        }
        | HASTY
        | fields
    )


def sealed(message: str, corp: str = CORP, aes_key: str = AES_KEY) -> str:
    """Seal as WeCom does."""
    key = base64.b64decode(aes_key + "=")
    octets = message.encode()
    clear = os.urandom(16) + len(octets).to_bytes(4, "big") + octets + corp.encode()
    pad = 32 - len(clear) % 32
    writer = Cipher(algorithms.AES256(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(writer.update(clear + bytes([pad]) * pad) + writer.finalize()).decode()


def signed(sealed_part: str, **more: str) -> dict[str, str]:
    """The query of a callback."""
    return {
        "msg_signature": signature(TOKEN, "1409735669", "1320562132", sealed_part),
        "timestamp": "1409735669",
        "nonce": "1320562132",
        **more,
    }


def enveloped(message: str) -> tuple[dict[str, str], bytes]:
    """Query and body of a callback."""
    part = sealed(message)
    body = f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{part}]]></Encrypt></xml>"
    return signed(part), body.encode()


def written(member: str, words: str, number: int = 1) -> str:
    """What a member wrote to the application."""
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{member}]]></FromUserName>"
        f"<CreateTime>1348831860</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{words}]]></Content><MsgId>{number}</MsgId><AgentID>1000002</AgentID></xml>"
    )


def pressed(member: str, key: str, task: str) -> str:
    """The button of a card that a member pressed."""
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{member}]]></FromUserName>"
        f"<CreateTime>123456789</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[template_card_event]]></Event><EventKey><![CDATA[{key}]]></EventKey>"
        f"<TaskId><![CDATA[{task}]]></TaskId><ResponseCode><![CDATA[r]]></ResponseCode><AgentID>1</AgentID></xml>"
    )


class WecomPeer(HttpPeer):
    address = "LiMing"
    has_receipts = False

    def __init__(self) -> None:
        super().__init__()
        self.tokens: list[str] = []
        """Given out; the last one is valid."""
        self.lasts = 7200
        self.fields: dict[str, Any] = {}
        """What else an answer to a message holds."""
        self._repeats: dict[str, str] = {}

    def channel(self, inbox: Inbox) -> Channel:
        channel = WecomChannel(wecom_settings(self._site.url), inbox)
        self._callbacks.channel, self._callbacks.inbox = channel, inbox
        return channel

    def carries(self, text: Text) -> str:
        return text.short

    def script(self, answer: Answer) -> None:
        super().script(answer)
        if answer == "credentials":
            self.expire()

    def expire(self) -> None:
        """The token that is out is not valid any more."""
        self.tokens.append("nobody has this one")

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/cgi-bin/gettoken":
            return self._give_token(request)
        return await super()._handle(request)

    def _give_token(self, request: web.BaseRequest) -> web.Response:
        assert request.method == "GET"
        if (request.query["corpid"], request.query["corpsecret"]) != (
            CORP,
            "s3cret",
        ) or self._answer == "credentials":
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential"})
        self.tokens.append(f"token/{len(self.tokens)}+=")
        return web.json_response(
            {"errcode": 0, "errmsg": "ok", "access_token": self.tokens[-1], "expires_in": self.lasts}
        )

    def play(self, request: web.BaseRequest, body: bytes) -> web.Response:
        assert (request.method, request.path) == ("POST", "/cgi-bin/message/send")
        if request.query["access_token"] != self.tokens[-1]:
            return web.json_response({"errcode": 42001, "errmsg": "access_token expired"})
        if code := CODES.get(self._answer):
            return web.json_response({"errcode": code, "errmsg": f"played {self._answer}"})
        order = json.loads(body)
        assert (order["agentid"], order["enable_duplicate_check"]) == (1000002, 1)
        self.last_id = f"m{next(self.ids)}"
        self.requests.append(order)
        card = order.get("template_card")
        self.received.append((order["touser"], card["sub_title_text"] if card else order["text"]["content"]))
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": self.last_id} | self.fields)

    async def receipt(self, fate: Fate) -> bool:
        raise NotImplementedError(f"no {fate} here: has_receipts is off")

    async def reply(self, text: str) -> bool:
        return await self.say(written(self.address, text))

    async def say(self, message: str) -> bool:
        query, body = enveloped(message)
        return await self.call_back(query=query, body=body)

    async def check_address(self, echo: str) -> tuple[int, bytes]:
        """What the console of WeCom does when the address is saved."""
        part = sealed(echo)
        url = f"{self._callbacks.site.url}/callback?{urlencode(signed(part, echostr=part))}"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status, await response.read()
