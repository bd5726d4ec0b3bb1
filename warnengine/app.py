"""The composition root: the only place that knows every concrete class and joins the stages to the store."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import assert_never
from urllib.parse import urlencode

import structlog
import uvicorn
from fastapi import FastAPI

from warnengine import __version__, metrics
from warnengine.acknowledge.chaser import Chaser
from warnengine.acknowledge.inbox import StoredInbox
from warnengine.acknowledge.receipts import ReceiptDesk, spellings
from warnengine.api import gauges, problems, routes
from warnengine.api.announcer import Announcer
from warnengine.audit.chain import Difference, Link
from warnengine.audit.ledger import Ledger
from warnengine.audit.watch import Watch
from warnengine.console import official
from warnengine.dispatch.channel import Channel, Inbox, Receipt, Reply
from warnengine.dispatch.channels.call_by_hand import CallByHand
from warnengine.dispatch.channels.cmpp import CmppChannel
from warnengine.dispatch.channels.email import EmailChannel
from warnengine.dispatch.channels.http_profile import Garbled, Unreadable
from warnengine.dispatch.channels.push import PushChannel
from warnengine.dispatch.channels.smpp import SmppChannel
from warnengine.dispatch.channels.sms_http import HttpChannel, HttpSmsChannel
from warnengine.dispatch.channels.voice import VoiceChannel
from warnengine.dispatch.dispatcher import Dispatcher
from warnengine.ingest import formats
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.intake import Intake
from warnengine.ingest.kafka import KafkaSource
from warnengine.ingest.spool import SpoolSource
from warnengine.match.desired import desired
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.book import Act, RuleBook
from warnengine.model.errors import StartRefused
from warnengine.order.ended import show_ended
from warnengine.order.escalate import Spokesman, petition
from warnengine.order.expand import FIRST_GROUP, GROUP, Expander
from warnengine.order.reconcile import Reconciler, Situation
from warnengine.order.silence import show_silence
from warnengine.order.texts import Texts
from warnengine.order.wording import Wording
from warnengine.rulebook import load
from warnengine.settings import (
    AnyGateway,
    CmppGateway,
    HttpGateway,
    HttpLine,
    PushGateway,
    Settings,
    SmppGateway,
    SmtpGateway,
    VoiceGateway,
)
from warnengine.situation import fold
from warnengine.store.answers import AnswerStore
from warnengine.store.audit import AuditStore
from warnengine.store.board import BoardStore, OutboxStore
from warnengine.store.database import DATABASE_ERRORS, Database, told
from warnengine.store.duty import DutyStore
from warnengine.store.embedded import EmbeddedPostgres, owned
from warnengine.store.ladder import LadderStore
from warnengine.store.orders import OrderStore
from warnengine.store.people import PeopleStore
from warnengine.store.receipts import ReceiptStore
from warnengine.store.sending import SendStore
from warnengine.store.warnings import WarningStore

log = structlog.get_logger()
ROLES = frozenset({"ingest", "dispatch", "ladder", "console"})
LAST_SENDS = 5.0
"""Seconds that a stopping engine waits for the answers of gateways before it ends their sessions."""
POLL = 0.4
"""Seconds after which a loop looks again when nobody rang: a hint may be lost, work must not be."""
DAY = timedelta(days=1)
"""What the watch compares with the chain; the command compares everything."""
Step = Callable[[], Awaitable[bool]]
"""Does one piece of work; True when there may be more."""


@dataclass
class Bell:
    """Wakes idle loops of this process; only a hint."""

    events: list[asyncio.Event] = field(default_factory=list)

    def ring(self) -> None:
        """There may be work."""
        for event in self.events:
            event.set()

    async def wait(self, event: asyncio.Event) -> None:
        """Until somebody rings, or POLL is over."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), POLL)
        event.clear()


@dataclass
class Engine:
    """All parts of one process, joined."""

    settings: Settings
    book: RuleBook
    database: Database
    roles: frozenset[str]
    bell: Bell = field(default_factory=Bell)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    troubles: dict[str, str] = field(default_factory=dict)
    """Why a loop's last step failed, by its name."""

    def __post_init__(self) -> None:
        settings, book = self.settings, self.book
        texts, key = Texts(settings.templates), link_key(settings)
        self.wording = Wording(book, key, settings.http.public_url)
        self.orders = OrderStore(self.database)
        self.answers = AnswerStore(self.database)
        self.board = BoardStore(self.database)
        self.audit = AuditStore(self.database)
        self.duty = DutyStore(self.database)
        self.people = PeopleStore(self.database)
        self.warnings = WarningStore(self.database)
        self.spokesman = Spokesman(book, texts, key)
        self.ladder = LadderStore(self.database, self.spokesman.speak)
        self.receipts = ReceiptStore(self.database, spellings)
        self.inbox = StoredInbox(ReceiptDesk(self.receipts), self.answers)
        lease = timedelta(seconds=settings.dispatch.lease_seconds)
        self.sending = SendStore(self.database, owner_name(), lease)
        situation = Situation(fold.statements, fold.apply, fold.forces, fold.doubts, fold.forget)
        self.reconciler = Reconciler(book, situation, desired)
        self.expander = Expander(book, texts, key)
        reading = Reading({book.district.code: book.district}, book.hazard_table)
        self.intake = Intake(self.warnings, lambda raw: formats.read(raw, reading), book)
        self.duty_room = CallByHand(self.duty, self.inbox)
        self.gateways = [_channel(gateway, self.inbox) for gateway in settings.gateways]
        self.channels: list[Channel] = [*self.gateways, self.duty_room]
        self.running = self.channels if "dispatch" in self.roles else []

    async def reconcile(self) -> bool:
        """One district: take in what is new, write the orders, and the first group of their people."""
        async with self.orders.due_district() as desks:
            if desks is None:
                return False
            district, people = desks
            change = await self.reconciler.reconcile(district)
            if change is not None:
                await self.expander.expand(people, change, FIRST_GROUP)
                log.info("change", change=change)
        self.bell.ring()
        return True

    async def expand(self) -> bool:
        """The next group of a change's people."""
        async with self.orders.due_change() as due:
            if due is None:
                return False
            change, desk = due
            await self.expander.expand(desk, change, GROUP)
        self.bell.ring()
        return True

    async def chase(self) -> bool:
        """Timers, approvals and orders that have run out; towns that are silent."""
        chaser = Chaser(self.ladder)
        asked = await petition(self.spokesman, self.ladder)
        told = [await show_ended(self.ladder, self.book), await show_silence(self.ladder, self.book)]
        return any([asked, await chaser.step(), *told])

    async def listen(self) -> bool:
        """Receipts that came before their message was known, messages that nobody confirmed, calls that no machine
        could make, calls that nobody needs any more."""
        silent = timedelta(seconds=self.settings.dispatch.silent_after_seconds)
        found = (
            await self.receipts.rematch(),
            await self.receipts.silence(silent),
            await self.ladder.by_hand(silent),
            await self.duty.drop_moot(),
        )
        return any(found)

    async def ready(self) -> dict[str, str]:
        """Why this engine must not be trusted with a warning; empty when it may."""
        found = self.troubles | {c.gateway: "does not answer" for c in self.running if not c.healthy()}
        try:
            if not await self.people.count(self.book.district.code):
                found["directory"] = "nobody holds a post: run `warnengine directory import FILE`"
        except DATABASE_ERRORS as error:
            found["database"] = told(error)
        if not self.gateways:
            found["gateways"] = "none is configured: orders would reach nobody"
        steps = (step for rung in self.book.ladder.values() for step in rung.steps)
        if any(step.do is Act.VOICE for step in steps) and not any(c.kind == "voice" for c in self.gateways):
            found["voice"] = "ladder.yaml calls by voice and no gateway does: the duty room gets the calls, late"
        return found

    async def links(self) -> AsyncIterator[Link]:
        """The audit chain from its first row."""
        async for row in self.audit.chain():
            yield Link(*row)

    async def differences(self, within: timedelta | None = DAY) -> list[Difference]:
        """Where the tables say something else than the chain; doubted decisions go to the duty room."""
        found = [Difference(**row) for row in await self.audit.differences(within)]
        await self.audit.doubt()
        return found

    async def run(self) -> None:
        """Everything that the roles ask for, until stopped."""
        async with asyncio.TaskGroup() as group:
            lasting = [group.create_task(run) for run in self._lasting()]
            workers = [group.create_task(self._keep(name, step)) for name, step in self._steps()]
            await self.stopping.wait()
            self.bell.ring()
            # what is on the wire keeps its session: a long text that was begun is finished
            await asyncio.wait(workers, timeout=LAST_SENDS)
            for task in lasting:
                task.cancel()

    def _steps(self) -> Iterator[tuple[str, Step]]:
        if "ingest" in self.roles:
            yield "reconcile", self.reconcile
            yield "expand", self.expand
        if "ladder" in self.roles:
            yield "chase", self.chase
            yield "listen", self.listen
            yield "audit", Watch(self.links, self.differences).step
            yield "seal", Ledger(self.audit).step
        if "dispatch" in self.roles:
            for channel in self.running:
                dispatcher = Dispatcher(channel, self.sending, self.wording, self.settings.dispatch)
                yield f"dispatch {channel.gateway}", dispatcher.step

    def _lasting(self) -> Iterator[Coroutine[object, object, None]]:
        yield gauges.LAG.run()
        if "dispatch" in self.roles:
            yield from (channel.run() for channel in self.running)
        if "ingest" in self.roles:
            spool = self.settings.spool or self.settings.data / "spool"
            yield SpoolSource(spool, self.take).run()
            if self.settings.kafka:
                yield KafkaSource(self.settings.kafka, self.take).run()
                outbox = OutboxStore(self.database)
                yield Announcer(self.settings.kafka, outbox, self.book.district.code).run()

    async def take(self, arrival: Arrival) -> Taken:
        """Take an arrival and wake the reconciler; ConnectionError where the store did not: it must come again."""
        try:
            taken = await self.intake.take(arrival)
        except DATABASE_ERRORS as error:
            raise ConnectionError(f"the store does not answer: {told(error)}") from error
        self.bell.ring()
        return taken

    async def _keep(self, name: str, step: Step) -> None:
        """Run a step again and again; a lost database is waited for, anything else ends the engine."""
        event = asyncio.Event()
        self.bell.events.append(event)
        while not self.stopping.is_set():
            try:
                more = await step()
                self.troubles.pop(name, None)
            except DATABASE_ERRORS as error:
                self.troubles[name] = told(error)
                metrics.LOOP_FAILURES.labels(name.split(maxsplit=1)[0]).inc()
                log.warning("loop", name=name, problem=self.troubles[name])
                more = False
            if not more:
                await self.bell.wait(event)


def _channel(gateway: AnyGateway, inbox: Inbox) -> Channel:
    try:
        return channel_of(gateway, inbox)
    except ValueError as error:
        raise StartRefused(f"the settings of a gateway: {error}") from error


def channel_of(gateway: AnyGateway, inbox: Inbox) -> Channel:
    """The channel that speaks to a gateway: the one table of channels."""
    match gateway:
        case SmppGateway():
            return SmppChannel(gateway, inbox)
        case CmppGateway():
            return CmppChannel(gateway, inbox)
        case HttpGateway():
            return HttpSmsChannel(gateway, inbox)
        case VoiceGateway():
            return VoiceChannel(gateway, inbox)
        case SmtpGateway():
            return EmailChannel(gateway, inbox)
        case PushGateway():
            return PushChannel(gateway, inbox)
        case _:
            assert_never(gateway)


def web(engine: Engine) -> FastAPI:
    """The HTTP application over an engine; without the role console only what a monitor asks for."""
    application = FastAPI(title="warnengine", version=__version__, docs_url=None, redoc_url=None)
    problems.install(application)
    settings = engine.settings
    services = routes.Services(
        settings=settings,
        book=engine.book,
        take=engine.take,
        warnings=engine.warnings,
        board=engine.board,
        duty=engine.duty,
        called=engine.duty_room.called,
        answers=engine.answers,
        ready=engine.ready,
        refresh=lambda: gauges.refresh(engine.board, engine.running, settings),
        shown=engine.wording.shown,
        ring=engine.bell.ring,
        callbacks={
            (channel.gateway, gateway.callback_secret.get_secret_value()): _callback(
                channel, engine.inbox, engine.warnings
            )
            for channel, gateway in zip(engine.gateways, engine.settings.gateways, strict=True)
            if isinstance(gateway, HttpLine) and isinstance(channel, HttpChannel)
        },
    )
    if "console" not in engine.roles:
        application.include_router(routes.operations(services))
        return application
    application.include_router(routes.build(services))
    push = next((channel for channel in engine.channels if isinstance(channel, PushChannel)), None)
    house = official.Official(engine.book.signature, engine.book.duty_phone, push, engine.wording.shown)
    application.include_router(official.build(engine.answers, house))
    return application


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The store, its schema brought up to date; the embedded server is started where none is named."""
    embedded = None if settings.database else EmbeddedPostgres(settings.data)
    dsn = settings.database.get_secret_value() if settings.database else ""
    database = await Database.open(await asyncio.to_thread(embedded.start) if embedded else dsn)
    keeper = asyncio.create_task(embedded.keep()) if embedded else None
    try:
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
    book = load(settings.rules)
    with contextlib.ExitStack() as held:
        if not settings.database:
            held.enter_context(owned(settings.data))
        listener = held.enter_context(listening(settings))
        async with opened(settings) as database:
            await database.refuse_unsafe()
            await database.refuse_other_key(link_key(settings))
            engine = Engine(settings, book, database, roles)
            await engine.orders.publish(
                book.district.code, book.district.name, book.hash, book_files(settings.rules)
            )
            await engine.board.ensure_partitions()
            metrics.BUILD.labels(__version__, book.hash[:12]).set(1)
            _on_signals(engine.stopping)
            await _together(engine, listener)
    log.info("stopped")


async def _together(engine: Engine, listener: socket.socket) -> None:
    config = uvicorn.Config(web(engine), log_config=None, access_log=False, timeout_graceful_shutdown=5)
    server = Server(config)
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run())
        group.create_task(server.serve(sockets=[listener]))
        group.create_task(_stop_server(engine.stopping, server))
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


def _callback(channel: HttpChannel, inbox: StoredInbox, warnings: WarningStore) -> routes.Callback:
    async def take(method: str, query: Mapping[str, str], body: bytes) -> tuple[bytes, str]:
        try:
            things = channel.read_callback(method, query, body)
        except Unreadable as error:
            await quarantine(Garbled(str(error), body or urlencode(query).encode()))
            raise problems.Problem(400, "Not understood", f"{error}. It is kept; do not send it again.") from error
        await asyncio.gather(*(inbox.receipt(thing) for thing in things if isinstance(thing, Receipt)))
        for thing in things:
            if isinstance(thing, Reply):
                await inbox.reply(thing)
            elif isinstance(thing, Garbled):
                await quarantine(thing)
        return channel.answer_ok

    async def quarantine(garbled: Garbled) -> None:
        metrics.CALLBACKS_UNREADABLE.labels(channel.gateway).inc()
        log.error("callback", gateway=channel.gateway, problem=garbled.why, size=len(garbled.raw))
        async with warnings.arrival() as desk:
            arrival = Arrival(channel.gateway, "callback", garbled.raw)
            await desk.keep(arrival, Verdict.QUARANTINED, "unreadable_callback", garbled.why)

    return take


def refuse_unsafe(settings: Settings) -> None:
    """Raise StartRefused where a send could outlive its lease, names clash, or texts have no form."""
    if not (settings.templates / "any.sms.j2").is_file():
        raise StartRefused(f"no templates in {settings.templates}: set WARNENGINE_TEMPLATES to their folder")
    tokens = [source.token.get_secret_value() for source in settings.sources]
    if len(set(tokens)) != len(tokens):
        raise StartRefused("two sources have one token: each needs its own, for it tells who a warning is from")
    dispatch = settings.dispatch
    for gateway in settings.gateways:
        longest = gateway.connect_seconds + gateway.answer_seconds + dispatch.grace_seconds
        if longest >= dispatch.lease_seconds:
            raise StartRefused(
                f"gateway {gateway.name}: connect + answer + grace is {longest:g} s and the lease "
                f"{dispatch.lease_seconds:g} s: two engines could send the same text; lengthen "
                "WARNENGINE_DISPATCH__LEASE_SECONDS"
            )
    names = [gateway.name for gateway in settings.gateways]
    if len(set(names)) != len(names):
        raise StartRefused(f"two gateways have one name: {', '.join(names)}")


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


def link_key(settings: Settings) -> bytes:
    """The key of official's links: from the settings, else made once in the data folder, for its owner only."""
    if settings.link_key:
        return settings.link_key.get_secret_value().encode()
    file = settings.data / "link.key"
    with contextlib.suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as made:
            made.write(secrets.token_bytes(32))
    return file.read_bytes()


def owner_name() -> str:
    """A name that no other process has or will have."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def book_files(folder: Path) -> dict[str, str]:
    """The files of a rule book as text, by path."""
    files = (file for file in sorted(folder.rglob("*.yaml")))
    return {str(file.relative_to(folder)): file.read_text(encoding="utf-8") for file in files}
