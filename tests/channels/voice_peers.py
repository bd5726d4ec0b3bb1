"""Voice vendors for the tests: they call nobody, and report what a test asks for."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.channels.conformance import Answer
from tests.channels.http_peers import HASTY, HttpPeer
from warnengine.dispatch.channel import Fate, Inbox, Text
from warnengine.dispatch.channels.sms_http import HttpChannel
from warnengine.dispatch.channels.speech import spoken
from warnengine.dispatch.channels.voice import VoiceChannel
from warnengine.dispatch.channels.voice_profiles import aliyun_signature
from warnengine.settings import VoiceGateway


def voice_settings(url: str, profile: object, values: dict[str, str], **fields: float) -> VoiceGateway:
    """Make settings with time limits of a few seconds; numbers may be called again at once unless told otherwise."""
    return VoiceGateway.model_validate(
        {
            "kind": "voice",
            "name": "voice-1",
            "url": url,
            "profile": profile,
            "values": values,
            "call_seconds": 0,
            "pause_seconds": 0,
        }
        | HASTY
        | fields
    )


class VoicePeer(HttpPeer):
    """What voice vendors have in common: whoever is called answers with keys alone."""

    has_replies = False
    results: dict[Fate, str]

    def line(self, inbox: Inbox) -> HttpChannel:
        return VoiceChannel(voice_settings(self._site.url, self.profile, self.values()), inbox)

    def carries(self, text: Text) -> str:
        return spoken(text.short)

    async def receipt(self, fate: Fate) -> bool:
        return await self.report(self.results[fate])

    async def report(self, result: str, keys: str = "") -> bool:
        """Report the end of the last call."""
        raise NotImplementedError


class JsonVoicePeer(VoicePeer):
    profile = "json"
    results = {Fate.DELIVERED: "heard", Fate.FAILED: "no_answer"}

    def values(self) -> dict[str, str]:
        return {"token": "t0ken"}

    def play(self, request: web.BaseRequest, body: bytes) -> web.Response:
        assert request.headers["Authorization"] == "Bearer t0ken"
        if status := self.statuses.get(self._answer) or {"reject": 400, "bad_address": 422}.get(self._answer):
            return web.Response(status=status, text=f"played {self._answer}")
        order: dict[str, Any] = json.loads(body)
        assert order["expires_in"] > 0
        assert order["urgent"] is True
        self.last_id = f"v{next(self.ids)}"
        self.requests.append(order)
        self.received.append((order["to"], order["text"]))
        return web.json_response({"id": self.last_id})

    async def report(self, result: str, keys: str = "") -> bool:
        call = self.requests[-1]["call"]
        entry = {"id": self.last_id, "call": call, "to": self.address, "result": result, "keys": keys}
        return await self.call_back(body=json.dumps(entry).encode())


class AliyunVoicePeer(VoicePeer):
    """Speaks as Aliyun's IvrCall does, signature included."""

    profile = "aliyun"
    results = {Fate.DELIVERED: "200000", Fate.FAILED: "200010"}
    codes: dict[Answer, str] = {
        "throttle": "isv.BUSINESS_LIMIT_CONTROL",
        "reject": "isv.TTS_TEMPLATE_ILLEGAL",
        "bad_address": "isv.MOBILE_NUMBER_ILLEGAL",
        "credentials": "isp.RAM_PERMISSION_DENY",
        "temporary": "isp.SYSTEM_ERROR",
    }

    def values(self) -> dict[str, str]:
        return {
            "access_key_id": "id",
            "access_key_secret": "secret",
            "shown_number": "02345670000",
            "template": "TTS_1",
            "template_confirmed": "TTS_2",
            "template_duty_room": "TTS_3",
        }

    def play(self, request: web.BaseRequest, body: bytes) -> web.Response:
        form = dict(parse_qsl(body.decode(), strict_parsing=True))
        assert form.pop("Signature") == aliyun_signature("POST", form, "secret")
        if code := self.codes.get(self._answer):
            return web.json_response({"Code": code, "Message": "played"})
        assert (form["Action"], form["StartCode"], form["MenuKeyMap.1.Code"]) == ("IvrCall", "TTS_1", "TTS_2")
        assert 1 <= len(form["OutId"]) <= 15
        self.last_id = f"{next(self.ids)}^100001871490"
        self.requests.append(form)
        self.received.append((f"+86{form['CalledNumber']}", json.loads(form["StartTtsParams"])["text"]))
        return web.json_response({"Code": "OK", "Message": "OK", "CallId": self.last_id})

    async def report(self, result: str, keys: str = "") -> bool:
        entry = {"call_id": self.last_id, "out_id": self.requests[-1]["OutId"], "callee": self.address[3:]}
        return await self.call_back(body=json.dumps([entry | {"status_code": result, "dtmf": keys}]).encode())
