"""All parts of one process, joined: which loop does which step."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from warnengine import metrics
from warnengine.acknowledge.chaser import Chaser
from warnengine.acknowledge.inbox import StoredInbox
from warnengine.acknowledge.receipts import spellings
from warnengine.api import gauges
from warnengine.api.announcer import Announcer
from warnengine.app.channels import built
from warnengine.app.settled import link_key, owner_name
from warnengine.audit.chain import Difference, Link
from warnengine.audit.ledger import Ledger
from warnengine.audit.watch import Watch
from warnengine.dispatch.channel import Channel
from warnengine.dispatch.channels.call_by_hand import CallByHand
from warnengine.dispatch.dispatcher import Dispatcher
from warnengine.dispatch.line_watch import LineWatch
from warnengine.dispatch.routes import Routes, Way
from warnengine.ingest import formats
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.intake import Intake
from warnengine.ingest.kafka import KafkaSource
from warnengine.ingest.spool import SpoolSource
from warnengine.match.desired import desired
from warnengine.model.arrival import Arrival, Taken
from warnengine.model.book import Act, RuleBook
from warnengine.order.ended import show_ended
from warnengine.order.escalate import Spokesman, petition
from warnengine.order.expand import FIRST_GROUP, GROUP, Expander
from warnengine.order.reconcile import Reconciler, Situation
from warnengine.order.silence import show_silence
from warnengine.order.texts import Texts
from warnengine.order.wording import Wording
from warnengine.settings import Settings
from warnengine.situation import fold
from warnengine.store.answers import AnswerStore
from warnengine.store.audit import AuditStore
from warnengine.store.board import BoardStore, OutboxStore
from warnengine.store.database import DATABASE_ERRORS, Database, told
from warnengine.store.duty import DutyStore
from warnengine.store.journal import Journal
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
ANSWER = 3.0
"""Seconds that the database may take to answer a monitor."""
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
        self.journal = Journal(self.database, owner_name(), spellings)
        self.receipts = ReceiptStore(self.database, self.journal)
        self.inbox = StoredInbox(self.journal, self.answers)
        lease = timedelta(seconds=settings.dispatch.lease_seconds)
        self.sending = SendStore(self.database, self.journal, lease)
        situation = Situation(fold.statements, fold.apply, fold.forces, fold.doubts, fold.forget)
        self.reconciler = Reconciler(book, situation, desired)
        self.expander = Expander(book, texts, key)
        reading = Reading({book.district.code: book.district}, book.hazard_table)
        self.intake = Intake(self.warnings, lambda raw: formats.read(raw, reading), book)
        self.duty_room = CallByHand(self.duty, self.inbox)
        self.rates = {gateway.name: gateway.rate for gateway in settings.gateways}
        self.gateways = [built(gateway, self.inbox) for gateway in settings.gateways]
        self.channels: list[Channel] = [*self.gateways, self.duty_room]
        ranks = {gateway.name: gateway.rank for gateway in settings.gateways}
        self.routes = Routes({c.gateway: Way(c.kind, ranks.get(c.gateway, 1)) for c in self.channels})
        self.journal.several = self.routes.several()
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
            async with asyncio.timeout(ANSWER):  # a database that is frozen answers nothing, for ever
                held = await self.people.count(self.book.district.code)
            if not held:
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
            workers += [group.create_task(self._dispatch(channel)) for channel in self.running]
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
            confirmed = timedelta(seconds=self.settings.dispatch.confirmed_after_seconds)
            yield "lines", LineWatch(self.routes, self.duty, self.receipts, confirmed).step

    async def _dispatch(self, channel: Channel) -> None:
        rate = self.rates.get(channel.gateway)
        dispatcher = Dispatcher(channel, self.sending, self.wording, self.settings.dispatch, self.routes, rate)
        await self._keep(f"dispatch {channel.gateway}", dispatcher.feed, dispatcher.wake)
        await dispatcher.landed()

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

    async def _keep(self, name: str, step: Step, event: asyncio.Event | None = None) -> None:
        """Run a step again and again; a lost database is waited for, anything else ends the engine."""
        event = event or asyncio.Event()
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
