"""Web Push: a notification on the duty room's desktops and on installed home-screen apps."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING

import aiohttp
from pywebpush import WebPusher

from warnengine.dispatch.channel import Accepted, ChannelError, Inbox, Outgoing, Reason, Unanswered
from warnengine.dispatch.channels.push_answers import refusal
from warnengine.dispatch.channels.push_keys import application_server_key, load_vapid_key
from warnengine.dispatch.channels.push_network import ForbiddenAddress, open_http
from warnengine.dispatch.channels.push_subscription import Subscription, read_subscription

if TYPE_CHECKING:
    from yarl import URL

    from warnengine.settings import PushGateway

_LONGEST_PAYLOAD = 3072
"""Bytes of JSON. Push services carry at least 4096 of encrypted body (RFC 8291 §4)."""
_TOKEN_SECONDS = 12 * 3600
"""Push services refuse tokens of more than a day (RFC 8292 §2); half of it forgives a wrong clock."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0


class PushChannel:
    """Notifications through whatever push service a person's browser has chosen.

    A push service reports nothing back: the delivery stays at accepted until the person acts. `inbox` is what
    every channel is given; this one has nothing to put in. Raises StartRefused where the VAPID key does not serve.
    """

    kind = "push"

    def __init__(self, gateway: PushGateway, inbox: Inbox) -> None:
        self.gateway = gateway.name
        self.window = gateway.window
        self._settings = gateway
        self._vapid = load_vapid_key(gateway.private_key.get_secret_value(), gateway.subject)
        self._http: aiohttp.ClientSession | None = None
        self._reachable: dict[URL, bool] = {}
        """How each push service that was ever sent to stood last."""
        self._trouble = asyncio.Event()

    @property
    def application_server_key(self) -> str:
        """Our public key for `pushManager.subscribe` on the page: base64url."""
        return application_server_key(self._vapid)

    def address(self, subscription: str) -> str:
        """What a browser hands in, as the address that `send` takes; ValueError says what is wrong with it."""
        try:
            read = read_subscription(subscription, allow_http_loopback=self._settings.allow_http_loopback)
        except ChannelError as unusable:
            raise ValueError(unusable.detail) from None
        return json.dumps(read.model_dump(), sort_keys=True)

    async def run(self) -> None:
        """Keep the HTTP client; while no push service can be reached, look for one, until cancelled."""
        async with open_http(self._settings) as http:
            self._http = http
            try:
                while True:
                    await self._trouble.wait()
                    await self._look_for_a_way_out(http)
            finally:
                self._http = None

    async def send(self, message: Outgoing) -> Accepted:
        """Encrypt for the one browser and hand over; the service's message URL, where it gives one, is its id."""
        if message.expires_in <= 0:
            raise ChannelError(Reason.EXPIRED, "its time was over before it could leave", retry=False)
        if self._http is None:
            raise ChannelError(Reason.UNREACHABLE, "the channel is not running", retry=True)
        subscription = read_subscription(message.address, allow_http_loopback=self._settings.allow_http_loopback)
        body = WebPusher(subscription.model_dump()).encode(_payload(message))["body"]
        return await self._post(self._http, subscription.url, body, self._headers(message, subscription))

    def healthy(self) -> bool:
        """Whether a push service can be reached; one dead endpoint among living ones is not the channel's ill."""
        return self._http is not None and (not self._reachable or any(self._reachable.values()))

    def trouble(self) -> str:
        """Which push services cannot be reached."""
        away = sorted(service.host or "" for service, up in self._reachable.items() if not up)
        return "" if self.healthy() else f"cannot be reached: {', '.join(away)}" if away else ""

    def _headers(self, message: Outgoing, subscription: Subscription) -> dict[str, str]:
        claims = {
            "sub": self._settings.subject,
            "aud": str(subscription.url.origin()),
            "exp": int(time.time()) + _TOKEN_SECONDS,
        }
        return {
            "TTL": str(int(message.expires_in)),
            "Urgency": "high" if message.urgent else "normal",
            "Topic": message.dedupe_id,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            **self._vapid.sign(claims),
        }

    async def _post(self, http: aiohttp.ClientSession, url: URL, body: bytes, headers: dict[str, str]) -> Accepted:
        try:
            async with http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                self._reachable[url.origin()] = True
                if not 200 <= answer.status < 300:
                    raise refusal(answer.status, await _words(answer), answer.headers.get("Retry-After"))
                location = answer.headers.get("Location")
                return Accepted((location,) if location else (), receipts=False)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as failure:
            raise self._unreached(url, failure) from failure
        except aiohttp.InvalidURL as failure:
            raise ChannelError(Reason.BAD_ADDRESS, f"endpoint: {failure}", retry=False) from failure
        except (aiohttp.ClientError, OSError) as failure:
            self._lost(url)
            raise Unanswered(
                f"no answer from {url.host}: {type(failure).__name__} {failure}".rstrip()
            ) from failure

    def _unreached(self, url: URL, failure: aiohttp.ClientError) -> ChannelError:
        if isinstance(failure, aiohttp.ClientConnectorError) and isinstance(failure.os_error, ForbiddenAddress):
            return ChannelError(Reason.BAD_ADDRESS, f"{url.host}: {failure.os_error}", retry=False)
        self._lost(url)
        return ChannelError(Reason.UNREACHABLE, f"no connection to {url.host}: {failure}", retry=True)

    def _lost(self, url: URL) -> None:
        self._reachable[url.origin()] = False
        if not self.healthy():
            self._trouble.set()

    async def _look_for_a_way_out(self, http: aiohttp.ClientSession) -> None:
        """Ask the known push services for any answer at all, ever more rarely, until one gives it."""
        pause = _FIRST_PAUSE
        while not self.healthy():
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            await asyncio.gather(*(self._knock(http, service) for service in self._reachable))
        self._trouble.clear()

    async def _knock(self, http: aiohttp.ClientSession, service: URL) -> None:
        with contextlib.suppress(aiohttp.ClientError, OSError):  # still away
            async with http.head(service, allow_redirects=False):
                self._reachable[service] = True


def _payload(message: Outgoing) -> bytes:
    """What the page's service worker reads; `tag` makes a repeat replace what is on the screen."""
    text = message.text
    notice = {"title": text.subject, "body": text.short, "url": text.link, "tag": message.dedupe_id}
    payload = json.dumps(notice, ensure_ascii=False).encode()
    if len(payload) > _LONGEST_PAYLOAD:
        raise ChannelError(
            Reason.REJECTED, f"{len(payload)} bytes are too long for a push; shorten the text", retry=False
        )
    return payload


async def _words(answer: aiohttp.ClientResponse) -> str:
    """The start of what the service wrote; its status has already said what counts."""
    try:
        return (await answer.content.read(300)).decode(errors="replace")
    except (aiohttp.ClientError, OSError):
        return answer.reason or ""
