"""One gateway by HTTP: its connections, whether it listens, and what follows from how a request ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
import structlog
from yarl import URL

from warnengine.dispatch.channel import ChannelError, Reason, Unanswered, told
from warnengine.dispatch.channels.last_good import LastGoodResolver
from warnengine.dispatch.channels.reconnect import pause
from warnengine.dispatch.channels.sockets import abandon, bounded_sockets
from warnengine.settings import Gateway

log = structlog.get_logger(__name__)

PROBE_SECONDS = 30.0
"""How often to look whether an idle gateway still listens."""
KEPT_SECONDS = 4.0
"""How long an idle connection is kept: less than servers usually do, so that no request meets a closing one."""
IN_DOUBT = frozenset({502, 504})
"""A proxy lost the gateway behind it, perhaps after the gateway had the message."""


class Answer(NamedTuple):
    """What a gateway answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """The connections to one gateway, and how it stands."""

    def __init__(self, gateway: Gateway, url: str) -> None:
        self.gateway = gateway.name
        self.window = gateway.window
        self._patience = gateway
        self._url = url
        self._session: aiohttp.ClientSession | None = None
        self._trouble: ChannelError | None = self._unreachable("not started yet")
        self._failures = 0
        self._doubt = asyncio.Event()

    def healthy(self) -> bool:
        """Whether the gateway listened and knew us when we last had to do with it."""
        return self._session is not None and self._trouble is None

    def trouble(self) -> str:
        """Why it is not healthy, in words: of a refusal only its code, for gateways quote numbers and texts."""
        trouble = self._trouble
        if trouble and trouble.reason is Reason.CREDENTIALS:
            trouble = ChannelError(trouble.reason, trouble.detail.partition(": ")[0], retry=True)
        return told(trouble) if trouble else ""

    async def run(self) -> None:
        """Keep the connections, and look after the gateway until cancelled."""
        settings = self._patience
        connector = aiohttp.TCPConnector(
            limit=settings.window,
            keepalive_timeout=KEPT_SECONDS,
            socket_factory=bounded_sockets(settings.answer_seconds),
            resolver=LastGoodResolver(settings.connect_seconds),
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

    async def _ask(self, path: str, headers: Mapping[str, str], body: bytes, method: str = "POST") -> Answer:
        """Ask once. Nothing is repeated: POST is never sent twice by the client, redirects are not followed."""
        if self._session is None:
            raise self._unreachable("the channel is not running")
        try:
            async with self._session.request(
                method, URL(self._url + path), data=body, headers=headers, allow_redirects=False
            ) as response:
                answer = Answer(response.status, response.headers, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise self._noted(self._unreachable(str(error))) from error
        except TimeoutError as error:
            self._doubt.set()
            limit = self._patience.answer_seconds
            raise Unanswered(f"the gateway did not answer within {limit:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            self._doubt.set()
            # its words may hold the address, and that a token
            lost = f"the connection was lost before the answer: {type(error).__name__}"
            raise Unanswered(lost) from error
        if answer.status in IN_DOUBT:
            raise Unanswered(f"HTTP {answer.status}: a proxy lost the gateway behind it")
        return answer

    def _noted(self, error: ChannelError) -> ChannelError:
        """Keep in mind what makes the next send hopeless as well."""
        if error.reason in {Reason.UNREACHABLE, Reason.CREDENTIALS}:
            self._trouble = error
            self._doubt.set()
        return error

    def _well(self) -> None:
        """The gateway has taken something."""
        self._trouble, self._failures = None, 0

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
        url = URL(self._url)
        tls = True if url.scheme == "https" else None
        try:
            async with asyncio.timeout(self._patience.connect_seconds):
                _, writer = await asyncio.open_connection(url.host, url.port, ssl=tls)
        except TimeoutError:
            return self._unreachable(f"no connection within {self._patience.connect_seconds:g} s")
        except OSError as error:
            return self._unreachable(str(error))
        abandon(writer.transport)
        return None

    def _unreachable(self, why: str) -> ChannelError:
        detail = f"gateway {self.gateway} at {URL(self._url).authority}: {why}"
        return ChannelError(Reason.UNREACHABLE, detail, retry=True)
