"""A feed on a real server of this machine, in every state that a feed can be in."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FeedServer:
    """Serves `pages` by path, with validators; `answers` go before them, for everything that goes wrong."""

    url: str = ""
    pages: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    """(path, status) of every answer, in order."""
    headers: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    validates: bool = True
    slow: asyncio.Event = field(default_factory=asyncio.Event)
    """Set: slow answers go on."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.headers.append((request.path, dict(request.headers)))
        self.queries.append(request.query_string)
        made = await (self.answers.get(request.path) or self._page)(request)
        self.asked.append((request.path, made.status))
        return made

    async def _page(self, request: web.Request) -> web.StreamResponse:
        body = self.pages.get(request.path)
        if body is None:
            return web.Response(status=404)
        etag = f'"{hash(body)}"'
        if self.validates and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=body, headers={"ETag": etag} if self.validates else {})

    def times(self, path: str) -> Counter[int]:
        """How often a path was answered, by status."""
        return Counter(status for asked, status in self.asked if asked == path)

    def atom(self, *names: str, updated: str = "2026-07-27T03:00:00Z") -> None:
        """The list, linking to /cap/NAME."""
        entries = "".join(
            f'<entry><id>{name}</id><updated>{updated}</updated><link href="/cap/{name}"/></entry>'
            for name in names
        )
        self.pages["/atom"] = f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode()


async def status(code: int, **headers: str) -> web.Response:
    return web.Response(status=code, headers={name.replace("_", "-"): value for name, value in headers.items()})


def broken(code: int, **headers: str) -> Answer:
    """An error, with these headers."""
    return lambda _: status(code, **headers)


def moved(location: str) -> Answer:
    return broken(302, Location=location)


def packed(body: bytes, *, cut: int | None = None, told: bool = True, twice: bool = False) -> Answer:
    """gzip: cut short, without saying so, or in two members."""

    async def answer(_: web.Request) -> web.Response:
        half = len(body) // 2
        made = gzip.compress(body[:half]) + gzip.compress(body[half:]) if twice else gzip.compress(body)
        return web.Response(body=made[:cut], headers={"Content-Encoding": "gzip"} if told else {})

    return answer


def chunks(*parts: bytes, then: str = "end", server: FeedServer | None = None) -> Answer:
    """Piece by piece; then the end, a broken connection, or nothing."""

    async def answer(request: web.Request) -> web.StreamResponse:
        made = web.StreamResponse()
        made.enable_chunked_encoding()
        await made.prepare(request)
        for part in parts:
            await made.write(part)
        if then == "break" and request.transport is not None:
            request.transport.abort()
        if then == "wait" and server is not None:
            await server.slow.wait()
        return made

    return answer


def short(body: bytes, announced: int) -> Answer:
    """Less than is announced."""

    async def answer(request: web.Request) -> web.StreamResponse:
        made = web.StreamResponse(headers={"Content-Length": str(announced)})
        await made.prepare(request)
        await made.write(body)
        assert request.transport is not None
        request.transport.close()
        return made

    return answer


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[FeedServer]:
    """A server, down at the end."""
    server = FeedServer()
    application = web.Application()
    application.router.add_route("GET", "/{tail:.*}", server.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        server.url = f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        server.slow.set()
        await runner.cleanup()
