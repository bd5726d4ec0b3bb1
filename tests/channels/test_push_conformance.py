"""Web Push keeps the promises of every channel, against a push service that decrypts and checks for itself."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
from dataclasses import dataclass, field

import http_ece
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.channels.conformance import Answer, ChannelConformance
from warnengine.demo.relay import free_port
from warnengine.dispatch.channel import Channel, Fate, Inbox, Text
from warnengine.dispatch.channels.push import PushChannel
from warnengine.dispatch.channels.push_keys import new_vapid_key
from warnengine.settings import PushGateway

REFUSALS: dict[Answer, int] = {"throttle": 429, "temporary": 503, "reject": 413, "bad_address": 410}
VAPID_KEY = new_vapid_key()


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """One subscription with the keys that only the browser has."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def subscription(self, endpoint: str) -> str:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": base64url(point), "auth": base64url(self.auth)}
        return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys})

    def read(self, body: bytes) -> dict[str, str]:
        clear = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        notice: dict[str, str] = json.loads(clear)
        return notice


def vapid_claims(authorization: str) -> tuple[dict[str, object], str]:
    """Check the signature of an Authorization header (RFC 8292 §3); give its claims and its public key."""
    scheme, _, fields = authorization.partition(" ")
    assert scheme == "vapid"
    parts = dict(part.strip().split("=", 1) for part in fields.split(","))
    signed, _, signature = parts["t"].rpartition(".")
    raw = from_base64url(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(parts["k"]))
    point.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(SHA256()))
    header, claims = (json.loads(from_base64url(part)) for part in signed.split("."))
    assert header["alg"] == "ES256"
    return claims, parts["k"]


@dataclass
class PushService:
    """A push service with one subscriber."""

    address: str = ""
    has_receipts = False
    has_replies = False
    has_network = True
    answers: frozenset[Answer] = frozenset({*REFUSALS, "accept", "silent", "drop_before_answer"})
    received: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    notices: list[dict[str, str]] = field(default_factory=list)
    browser: Browser = field(default_factory=Browser)
    extra: dict[str, str] = field(default_factory=dict)
    """Headers that go along with every answer."""
    status: int = 0
    """Answer with this instead of what is scripted."""
    _answer: Answer = "accept"
    _runner: web.AppRunner | None = None
    _port: int = field(default_factory=free_port)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/push/one", self._push)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.address = self.browser.subscription(f"{self.origin}/push/one")

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def script(self, answer: Answer) -> None:
        self._answer = answer

    def settings(self, **other: object) -> PushGateway:
        return PushGateway.model_validate(
            {
                "kind": "push",
                "name": "push",
                "private_key": VAPID_KEY,
                "subject": "mailto:duty@tongliang.example.cn",
                "allow_http_loopback": True,
                "connect_seconds": 3,
                "answer_seconds": 3,
                **other,
            }
        )

    def channel(self, inbox: Inbox) -> Channel:
        return PushChannel(self.settings(), inbox)

    def carries(self, text: Text) -> str:
        return f"{text.subject}\n{text.short}\n{text.link}"

    async def receipt(self, fate: Fate) -> bool:
        raise NotImplementedError(f"no {fate} here: has_receipts is off")

    async def reply(self, text: str) -> bool:
        raise NotImplementedError(f"no {text} here: has_replies is off")

    async def _push(self, request: web.Request) -> web.Response:
        body = await request.read()
        if status := self.status or REFUSALS.get(self._answer, 0):
            return web.Response(status=status, text="says why", headers=self.extra)
        if self._answer == "silent":
            await asyncio.Event().wait()
        if self._answer == "drop_before_answer":
            assert request.transport
            request.transport.abort()
        self._check(request)
        notice = self.browser.read(body)
        self.headers.append(dict(request.headers))
        self.notices.append(notice)
        self.received.append((self.address, f"{notice['title']}\n{notice['body']}\n{notice['url']}"))
        return web.Response(status=201, headers={"Location": f"{self.origin}/m/{len(self.received)}"})

    def _check(self, request: web.Request) -> None:
        claims, _ = vapid_claims(request.headers["Authorization"])
        expires = claims["exp"]
        assert isinstance(expires, int)
        assert 0 < expires - time.time() <= 86400
        assert claims["aud"] == self.origin
        assert claims["sub"] == "mailto:duty@tongliang.example.cn"


class TestPush(ChannelConformance):
    make_peer = PushService
