"""An SMS gateway that is spoken to by HTTP and JSON, and calls back with receipts and replies."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from itertools import count

import aiohttp
from aiohttp import web

from warnengine.demo import phones
from warnengine.demo.gateways.owed import Owed, unreceipted, until
from warnengine.demo.gateways.short_message import e164, national
from warnengine.demo.relay import HOST, Relay
from warnengine.demo.sink import Entry, Sink

SECONDS = 5
"""Bound of a call back."""
SINGLE, PART = 70, 67
"""Characters of a message, and of a part of a longer one."""


class WebSms:
    """POST /send {"to", "text", …} → {"ids"}, one of each part; calls back {"id", "to", "status", "code"} for each
    part and {"from", "to", "text"} for a reply."""

    name = "sms_http"

    def __init__(self, sink: Sink, read: Callable[[Entry], None], callback: str) -> None:
        """`read` is told of every message that reached a phone."""
        self.relay = Relay()
        self._sink = sink
        self._read = read
        self._callback = callback
        self._owed = Owed()
        self._connections = count(1)

    @property
    def busy(self) -> int:
        """Receipts that the engine has not confirmed."""
        return len(self._owed)

    async def start(self, port: int) -> None:
        """Listen; take up the receipts that an earlier process still owed."""
        app = web.Application()
        app.router.add_post("/send", self._send)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self.relay.target = self._runner.addresses[0][1]
        await self.relay.start(port)
        self._engine = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(SECONDS))
        for entry in unreceipted(self._sink.earlier, self.name):
            self._owe_receipt(entry)

    async def say(self, number: str, ours: str, text: str) -> None:
        """Hand over a reply of that person; returns once the engine has confirmed it."""
        reply = {"from": national(number), "to": ours, "text": text}
        await until(lambda: self._call_back(reply))

    async def _send(self, request: web.Request) -> web.Response:
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return web.Response(status=401, text="no token")
        wanted = await request.json()
        to, parts = e164(wanted["to"]), _split(wanted["text"])
        ids = [secrets.token_hex(6) for _ in parts]
        common = {
            "connection": next(self._connections),
            "from": "",
            "parts": len(parts),
            "fate": "undelivered" if phones.dead(to) else "delivered",
        }
        entries = [
            self._sink.write(self.name, "part", to, text=text, part=place, ids=[provider_id], **common)
            for place, (text, provider_id) in enumerate(zip(parts, ids, strict=True), 1)
        ]
        message = self._sink.write(self.name, "message", to, text=wanted["text"], ids=ids, **common)
        for entry in entries:
            self._owe_receipt(entry)
        if not phones.dead(to):
            self._read(message)
        return web.json_response({"ids": ids})

    def _owe_receipt(self, part: Entry) -> None:
        provider_id, to, ok = part["ids"][0], part["to"], part["fate"] == "delivered"
        code = "DELIVRD" if ok else "UNDELIV"
        status = "delivered" if ok else "failed"
        receipt = {"id": provider_id, "to": to.lstrip("+"), "status": status, "code": code}
        self._owed.add(
            lambda: self._call_back(receipt),
            lambda: self._sink.write(self.name, "receipt", to, ids=[provider_id], fate=code),
        )

    async def _call_back(self, what: Mapping[str, str]) -> bool:
        try:
            async with self._engine.post(self._callback, json=what) as answer:
                return answer.ok
        except (aiohttp.ClientError, TimeoutError):
            return False


def _split(text: str) -> list[str]:
    if len(text) <= SINGLE:
        return [text]
    return [text[place : place + PART] for place in range(0, len(text), PART)]
