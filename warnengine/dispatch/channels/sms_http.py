"""SMS by a vendor's HTTP interface; what is particular to a make is in its profile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TypeVar

import aiohttp
import structlog
from yarl import URL

from warnengine.dispatch.channel import (
    Accepted,
    ChannelError,
    Inbox,
    Outgoing,
    Reason,
    Receipt,
    Reply,
    Unanswered,
)
from warnengine.dispatch.channels.http_profile import Event, Garbled, Profile, Reported, Unreadable
from warnengine.dispatch.channels.numbers import destination, e164
from warnengine.dispatch.channels.reconnect import pause
from warnengine.dispatch.channels.sms_profiles import PROFILES
from warnengine.dispatch.channels.sockets import abandon, bounded_sockets
from warnengine.settings import HttpGateway, HttpLine

log = structlog.get_logger(__name__)

_Kind = TypeVar("_Kind")

PROBE_SECONDS = 30.0
"""How often to look whether an idle gateway still listens."""
KEPT_SECONDS = 4.0
"""How long an idle connection is kept: less than servers usually do, so that no request meets a closing one."""

LONGEST_ID = 500
"""Characters of a gateway's id of a part that are kept; the longest known are UUIDs."""

IN_DOUBT = frozenset({502, 504})
"""A proxy lost the gateway behind it, perhaps after the gateway had the message."""


def refusal(status: int, headers: Mapping[str, str], body: bytes, profile: Profile) -> ChannelError:
    """Read an HTTP status that is no 2xx and leaves no doubt."""
    usual = {
        401: (Reason.CREDENTIALS, True),
        403: (Reason.CREDENTIALS, True),
        408: (Reason.GATEWAY_ERROR, True),
        429: (Reason.THROTTLED, True),
    }
    other = (Reason.REJECTED, False) if 400 <= status < 500 else (Reason.GATEWAY_ERROR, True)
    reason, retry = (usual | dict(profile.refusals)).get(status, other)
    after = headers.get("Retry-After", "")
    detail = f"the gateway answered HTTP {status}: {body[:200].decode('utf-8', 'replace')}"
    return ChannelError(reason, detail, retry=retry, after=float(after) if after.isdecimal() else None)


def named(gateway: HttpLine, name: str, known: Mapping[str, _Kind]) -> _Kind:
    """Look a profile up; raise ValueError where it does not exist."""
    if name not in known:
        names = ", ".join(sorted(known))
        raise ValueError(f"gateway {gateway.name}: no profile {name!r}; there are {names}")
    return known[name]


class HttpChannel:
    """A line by HTTP. Receipts and replies come by callback: see `read_callback`."""

    kind: str

    def __init__(self, gateway: HttpLine, profile: Profile) -> None:
        """Raise ValueError where the profile lacks values."""
        if missing := profile.needs - gateway.values.keys():
            names = ", ".join(sorted(missing))
            raise ValueError(f"gateway {gateway.name}: its profile needs in `values`: {names}")
        self.gateway = gateway.name
        self.window = gateway.window
        self.answer_ok = profile.answer_ok
        """Body and media type to confirm a callback with, once the Inbox has returned."""
        self._settings = gateway
        self._profile = profile
        self._values = {name: value.get_secret_value() for name, value in gateway.values.items()}
        self._session: aiohttp.ClientSession | None = None
        self._trouble: ChannelError | None = self._unreachable("not started yet")
        self._failures = 0
        self._doubt = asyncio.Event()

    def healthy(self) -> bool:
        """Whether the gateway listened and knew us when we last had to do with it."""
        return self._session is not None and self._trouble is None

    async def run(self) -> None:
        """Keep the connections, and look after the gateway until cancelled."""
        settings = self._settings
        connector = aiohttp.TCPConnector(
            limit=settings.window,
            keepalive_timeout=KEPT_SECONDS,
            socket_factory=bounded_sockets(settings.answer_seconds),
        )
        patience = aiohttp.ClientTimeout(
            total=settings.connect_seconds + settings.answer_seconds,
            connect=settings.connect_seconds,
            sock_connect=settings.connect_seconds,
        )
        async with aiohttp.ClientSession(
            connector=connector, timeout=patience, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            self._session = session
            try:
                while True:
                    await self._look()
            finally:
                self._session = None

    async def send(self, message: Outgoing) -> Accepted:
        """Ask once. Nothing is repeated: POST is never sent twice by the client, redirects are not followed."""
        number = destination(message)
        if self._session is None:
            raise self._unreachable("the channel is not running")
        request = self._profile.request(self._values, message, number)
        url = URL(self._settings.url + request.path)
        try:
            async with self._session.post(
                url, data=request.body, headers=request.headers, allow_redirects=False
            ) as response:
                body = await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise self._noted(self._unreachable(str(error))) from error
        except TimeoutError as error:
            self._doubt.set()
            limit = self._settings.answer_seconds
            raise Unanswered(f"the gateway did not answer within {limit:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            self._doubt.set()
            raise Unanswered(f"the connection was lost before the answer: {error!r}") from error
        return self._judge(message, response.status, response.headers, body)

    def read_callback(self, method: str, query: Mapping[str, str], body: bytes) -> list[Receipt | Reply | Garbled]:
        """Read what the gateway calls back with, by whichever method.

        Hand receipts and replies to the Inbox, keep what is garbled, then answer `answer_ok`: the gateway must not
        repeat a batch for ever because of one entry. Raises Unreadable, a ValueError, where nothing of it is what
        this gateway sends: answer 400.
        """
        try:
            return [self._event(event) for event in self._profile.callback(query, body)]
        except RecursionError:
            raise Unreadable(f"{len(body)} bytes of JSON that are nested too deeply") from None

    def _event(self, event: Event) -> Receipt | Reply | Garbled:
        if isinstance(event, Garbled):
            return event
        address = e164(event.address, self._settings.country)
        if isinstance(event, Reported):
            return Receipt(self.gateway, event.provider_id, address, event.fate, event.code, event.raw)
        return Reply(self.gateway, address, event.to, event.text, event.raw, event.delivery)

    def _judge(self, message: Outgoing, status: int, headers: Mapping[str, str], body: bytes) -> Accepted:
        if status in IN_DOUBT:
            raise Unanswered(f"HTTP {status}: a proxy lost the gateway behind it")
        try:
            if not 200 <= status < 300:
                raise refusal(status, headers, body, self._profile)
            ids = self._profile.answer(body, message)
            if max(map(len, ids), default=0) > LONGEST_ID:
                raise Unreadable(f"an id of more than {LONGEST_ID} characters")
        except ChannelError as error:
            raise self._noted(error) from None
        except Unreadable as error:
            raise Unanswered(f"HTTP {status} with an answer that cannot be read: {error}") from error
        self._trouble, self._failures = None, 0
        return Accepted(ids, receipts=True)

    def _noted(self, error: ChannelError) -> ChannelError:
        """Keep in mind what makes the next send hopeless as well."""
        if error.reason in {Reason.UNREACHABLE, Reason.CREDENTIALS}:
            self._trouble = error
            self._doubt.set()
        return error

    async def _look(self) -> None:
        """Look whether the gateway listens; wait for the next look, which comes at once where there is doubt.

        Refused credentials are forgotten after a pause that grows: only a message can tell whether they are good
        again.
        """
        self._doubt.clear()
        self._trouble = await self._probe()
        if self._trouble is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROBE_SECONDS):
                    await self._doubt.wait()
        if self._trouble is not None:
            self._failures += 1
            log.warning("gateway in trouble", gateway=self.gateway, reason=self._trouble.reason.value)
            await asyncio.sleep(pause(self._failures, self._trouble.reason))

    async def _probe(self) -> ChannelError | None:
        url = URL(self._settings.url)
        tls = True if url.scheme == "https" else None
        try:
            async with asyncio.timeout(self._settings.connect_seconds):
                _, writer = await asyncio.open_connection(url.host, url.port, ssl=tls)
        except TimeoutError:
            return self._unreachable(f"no connection within {self._settings.connect_seconds:g} s")
        except OSError as error:
            return self._unreachable(str(error))
        abandon(writer.transport)
        return None

    def _unreachable(self, why: str) -> ChannelError:
        detail = f"gateway {self.gateway} at {URL(self._settings.url).authority}: {why}"
        return ChannelError(Reason.UNREACHABLE, detail, retry=True)


class HttpSmsChannel(HttpChannel):
    """An SMS line by HTTP."""

    kind = "sms"

    def __init__(self, gateway: HttpGateway, inbox: Inbox) -> None:
        """Look the profile up; raise ValueError where it does not exist or lacks values."""
        super().__init__(gateway, named(gateway, gateway.profile, PROFILES))
