"""One process from start to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Iterator

import structlog
import uvicorn

from warnengine import __version__, metrics
from warnengine.app.engine import ROLES, Engine
from warnengine.app.guards import refuse_unsafe
from warnengine.app.library import Folder, settle
from warnengine.app.settled import link_key
from warnengine.app.sides import fingerprints
from warnengine.app.web import Current
from warnengine.model.errors import StartRefused
from warnengine.settings import Settings
from warnengine.store.database import Database
from warnengine.store.drill import DrillStore, Routes, prepare
from warnengine.store.embedded import EmbeddedPostgres, owned

log = structlog.get_logger()


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The store, its schema brought up to date; the embedded server is started where none is named."""
    embedded = None if settings.database else EmbeddedPostgres(settings.server)
    dsn = settings.database.get_secret_value() if settings.database else ""
    if embedded:
        dsn = await asyncio.to_thread(embedded.start)
    drill = settings.installation == "drill"
    if drill and embedded:
        dsn = await prepare(dsn, None)
    database = await Database.open(dsn, kind=settings.installation)
    keeper = asyncio.create_task(embedded.keep()) if embedded else None
    try:
        if drill:
            await DrillStore(database).refuse_reach()
        await database.migrate()
        await database.installation(settings.installation)
        yield database
    finally:
        if keeper:
            keeper.cancel()
        await database.close()


async def serve(settings: Settings, roles: frozenset[str] = ROLES) -> None:
    """Run the engine until SIGTERM or SIGINT: stop claiming, finish what is on the wire, record it."""
    refuse_unsafe(settings)
    structlog.contextvars.bind_contextvars(mode=settings.installation)
    folder = Folder.of(settings)
    folder.only(settings)
    with contextlib.ExitStack() as held:
        if not settings.database:
            held.enter_context(owned(settings.data))
        listener = held.enter_context(listening(settings))
        async with opened(settings) as database:
            await database.refuse_unsafe()
            await database.refuse_other_key(link_key(settings))
            await Routes(database, settings.installation).claim(fingerprints(settings, link_key(settings)))
            engine = Engine(settings, await settle(settings, database, folder), database, roles)
            await engine.orders.found(engine.book.district.code, engine.book.district.name)
            await engine.board.ensure_partitions()
            if "ingest" in roles:
                await asyncio.to_thread(engine.ballast.look)
            if not settings.database:  # the data folder is ours alone: whoever held a line before is dead
                await engine.lines.free()
            engine.adopted.append(lambda: _tell_build(engine))
            _tell_build(engine)
            _on_signals(engine.loops.stopping)
            await _together(engine, listener)
    log.info("stopped")


def _tell_build(engine: Engine) -> None:
    metrics.BUILD.clear()
    metrics.BUILD.labels(__version__, engine.book.hash[:12]).set(1)


BACKLOG = 64
"""Connections that wait. asyncio also fails to accept so many at a time where files have run out, each with a
traceback: with uvicorn's 2048 nothing else would run, and no text would leave."""


async def _together(engine: Engine, listener: socket.socket) -> None:
    config = uvicorn.Config(
        Current(engine), log_config=None, access_log=False, timeout_graceful_shutdown=5, backlog=BACKLOG
    )
    server = Server(config)
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run())
        group.create_task(server.serve(sockets=[listener]))
        group.create_task(_stop_server(engine.loops.stopping, server))
        log.info("ready", roles=sorted(engine.roles), book=engine.book.hash[:12])


class Server(uvicorn.Server):
    """uvicorn that leaves the signals to the engine."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The engine has its own."""
        yield


async def _stop_server(stopping: asyncio.Event, server: uvicorn.Server) -> None:
    await stopping.wait()
    server.should_exit = True


def _on_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)


@contextlib.contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """The port of this process; StartRefused where it is taken."""
    # asyncio sets TCP_NODELAY only where the protocol is named; without it every answer waits 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.http.host, settings.http.port))
    except OSError as error:
        listener.close()
        raise StartRefused(
            f"cannot listen on {settings.http.host}:{settings.http.port} ({error.strerror}): stop the other "
            "program, or set WARNENGINE_HTTP__PORT or WARNENGINE_HTTP__HOST"
        ) from error
    with listener:
        yield listener
