"""A Web Push service (RFC 8030) and the browsers behind it, which decrypt with the library http_ece (RFC 8291)."""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from itertools import count
from weakref import WeakKeyDictionary

import http_ece
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from warnengine.demo import phones
from warnengine.demo.relay import HOST, Relay
from warnengine.demo.sink import Sink

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class PushService:
    """Takes encrypted messages for registered browsers; a browser that was removed answers 410."""

    name = "push"
    busy = 0
    """A push service owes nothing back."""

    def __init__(self, sink: Sink) -> None:
        self.relay = Relay()
        self._sink = sink
        self._connections = count(1)
        self._numbers: WeakKeyDictionary[object, int] = WeakKeyDictionary()
        self._taken = Counter(
            entry["owner"] for entry in sink.earlier if (entry["gateway"], entry["event"]) == ("push", "message")
        )

    async def start(self, port: int) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_post("/push/{owner}", self._push)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        self.relay.target = self._runner.addresses[0][1]
        await self.relay.start(port)

    def subscription(self, number: str) -> Mapping[str, object] | None:
        """What a phone's browser sends to the page that asks for it; None where it cannot."""
        if not phones.takes_push(number):
            return None
        key, auth = _secrets(number)
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": f"http://{HOST}:{self.relay.port}/push/{number.lstrip('+')}",
            "expirationTime": None,
            "keys": {"p256dh": _base64(point), "auth": _base64(auth)},
        }

    async def _push(self, request: web.Request) -> web.Response:
        owner = f"+{request.match_info['owner']}"
        connection = self._numbers.setdefault(request.transport, 0) or next(self._connections)
        self._numbers[request.transport] = connection
        common = {"owner": owner, "connection": connection}
        refusal = self._refusal(request, owner)
        if refusal:
            self._sink.write(self.name, "refused", str(request.url), text="", fate=str(refusal.status), **common)
            return refusal
        key, auth = _secrets(owner)
        try:
            plain = http_ece.decrypt(await request.read(), private_key=key, auth_secret=auth)
        except (http_ece.ECEException, ValueError) as error:
            self._sink.write(self.name, "refused", str(request.url), text="", fate="undecipherable", **common)
            return web.Response(status=400, text=f"cannot be decrypted: {error}")
        notice = json.loads(plain)
        message = secrets.token_hex(6)
        self._taken[owner] += 1
        self._sink.write(
            self.name,
            "message",
            str(request.url),
            text=notice["body"],
            subject=notice["title"],
            parts=1,
            ids=[message],
            fate="delivered",
            **common,
        )
        return web.Response(status=201, headers={"Location": f"/message/{message}"})

    def _refusal(self, request: web.Request, owner: str) -> web.Response | None:
        """RFC 8030 §5, RFC 8292 §4."""
        if "TTL" not in request.headers:
            return web.Response(status=400, text="TTL is missing")
        if not Vapid02.verify(request.headers.get("Authorization", "")):
            return web.Response(status=403, text="the signature is not that of the key")
        if phones.removes_push(owner) and self._taken[owner] >= 2:
            return web.Response(status=410, text="unsubscribed")
        return None


def _secrets(number: str) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """The browser's key and shared secret, made of its number: a restarted process knows them again."""
    key = ec.derive_private_key(1 + _seed("key", number) % (P256_ORDER - 1), ec.SECP256R1())
    return key, sha256(f"auth {number}".encode()).digest()[:16]


def _seed(what: str, number: str) -> int:
    return int.from_bytes(sha256(f"{what} {number}".encode()).digest(), "big")


def _base64(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
