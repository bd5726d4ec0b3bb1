"""All parts of one process, joined: which loop does which step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from warnengine.acknowledge.chaser import Chaser
from warnengine.acknowledge.inbox import StoredInbox
from warnengine.acknowledge.receipts import spellings
from warnengine.api import gauges
from warnengine.api.announcer import Announcer
from warnengine.app import standing
from warnengine.app.account import Accountant
from warnengine.app.canary import Canary
from warnengine.app.channels import built, shared
from warnengine.app.feeds import Feeds
from warnengine.app.fitness import Fitness
from warnengine.app.library import Library
from warnengine.app.loops import Loops, Step
from warnengine.app.modes import Mode
from warnengine.app.observing import Observing, observing
from warnengine.app.rarely import Rarely
from warnengine.app.roll_call import RollCaller
from warnengine.app.settled import link_key, owner_name
from warnengine.app.trusting import trusts
from warnengine.audit import anchor
from warnengine.audit.anchor import Anchors
from warnengine.audit.chain import Difference, Link
from warnengine.audit.ledger import Ledger
from warnengine.audit.retention import Keeper
from warnengine.audit.watch import Watch
from warnengine.dispatch.channel import Channel
from warnengine.dispatch.channels.call_by_hand import CallByHand
from warnengine.dispatch.dispatcher import Dispatcher
from warnengine.dispatch.line_watch import LineWatch
from warnengine.dispatch.routes import Routes, Way
from warnengine.health.alive import Beacon
from warnengine.health.ballast import Ballast
from warnengine.ingest import formats
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.intake import Intake
from warnengine.ingest.kafka import KafkaSource
from warnengine.ingest.spool import SpoolSource
from warnengine.match.desired import desired
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.canary import CANARY
from warnengine.model.delivery import Candidate, Purpose, Text
from warnengine.model.errors import NoRoom, RefusedWarning, RuleBookError
from warnengine.model.observation import Report
from warnengine.order import limits
from warnengine.order.authority import ending
from warnengine.order.ended import show_ended
from warnengine.order.escalate import Spokesman, pass_on, petition, show_unstarted
from warnengine.order.expand import FIRST_GROUP, GROUP, Expander
from warnengine.order.hand import Hand
from warnengine.order.held import tell_held
from warnengine.order.reconcile import Reconciler, Situation
from warnengine.order.silence import show_silence
from warnengine.order.texts import Texts
from warnengine.order.turns import give_turns
from warnengine.order.wording import Wording
from warnengine.settings import Settings
from warnengine.situation import fold
from warnengine.store.account import AccountStore
from warnengine.store.answers import AnswerStore
from warnengine.store.audit import AuditStore
from warnengine.store.board import BoardStore, OutboxStore
from warnengine.store.books import BookStore
from warnengine.store.byhand import ByHandStore, second_look
from warnengine.store.change import ChangeDesk
from warnengine.store.controls import HaltStore
from warnengine.store.database import DATABASE_ERRORS, Database, told
from warnengine.store.duty import DutyStore
from warnengine.store.feeds import FeedStore
from warnengine.store.health import CanaryStore
from warnengine.store.hearing import HearingStore
from warnengine.store.held import HeldStore
from warnengine.store.hints import Hints
from warnengine.store.journal import Journal
from warnengine.store.ladder import LadderStore
from warnengine.store.lines import LineStore
from warnengine.store.orders import OrderStore
from warnengine.store.people import PeopleStore
from warnengine.store.receipts import ReceiptStore
from warnengine.store.retention import RetentionStore
from warnengine.store.roll_call import RollCallStore
from warnengine.store.sending import SendStore
from warnengine.store.telephone import TelephoneStore
from warnengine.store.turns import TurnStore
from warnengine.store.warnings import WarningStore

log = structlog.get_logger()
ROLES = frozenset({"ingest", "dispatch", "ladder", "console"})
LAST_SENDS = 8.0
"""Seconds that a stopping engine waits for the answers of gateways before it ends their sessions: two batches of
texts of five parts through a gateway that takes fifty parts a second."""
HEAR = timedelta(seconds=15)
"""Between two looks for people who have a message after all: most are found as their receipt comes."""
COUNT = timedelta(seconds=1)
"""Between two looks for tables with their first rows."""
FEEDS = timedelta(seconds=15)
"""Between two looks for feeds that are silent."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
"""What the watch compares with the chain; the command compares everything."""


@dataclass
class Engine:
    """All parts of one process, joined."""

    settings: Settings
    book: RuleBook
    database: Database
    roles: frozenset[str]
    loops: Loops = field(default_factory=Loops)
    announced: set[str] = field(default_factory=set)
    """Ends of authorisations that this process has told of."""
    adopted: list[Callable[[], None]] = field(default_factory=list)
    """Called once a book has taken the place of another."""

    def __post_init__(self) -> None:
        self.mode = Mode(self.settings, self.database)
        self.trust = trusts(self.settings)
        texts, key = self.mode.texts(), link_key(self.settings)
        self._join_stores()
        self._join_deciders(texts, key)
        self._join_channels()
        self._join_watch(texts, key)

    def _join_stores(self) -> None:
        """What keeps: one store for each part of the story."""
        settings, owner = self.settings, owner_name()
        self.library = Library(BookStore(self.database))
        self.orders = OrderStore(self.database)
        self.answers = AnswerStore(self.database)
        self.board = BoardStore(self.database)
        self.audit = AuditStore(self.database)
        self.keeper = Keeper(
            RetentionStore(self.database), settings.retention.years, settings.retention.named_years
        )
        self.duty = DutyStore(self.database)
        self.hearing = HearingStore(self.database)
        self.people = PeopleStore(self.database)
        self.halts = HaltStore(self.database)
        self.warnings = WarningStore(self.database)
        self.turns = TurnStore(self.database)
        self.journal = Journal(self.database, owner, spellings)
        self.receipts = ReceiptStore(self.database, self.journal)
        self.inbox = StoredInbox(self.journal, self.answers)
        lease = timedelta(seconds=settings.dispatch.lease_seconds)
        self.lines = LineStore(self.database, owner)
        self.sending = SendStore(self.database, self.journal, lease)
        self.drafts = ByHandStore(self.database)
        self.telephone = TelephoneStore(self.database)
        self.accounts = AccountStore(self.database)
        self.feeds = Feeds(settings.feeds, FeedStore(self.database, self.book.district.code))

    def _join_deciders(self, texts: Texts, key: bytes) -> None:
        """What reads warnings, decides and writes."""
        settings, book = self.settings, self.book
        self.wording = Wording(book, key, settings.http.public_url)
        self.spokesman = Spokesman(book, texts, key)
        self.ladder = LadderStore(self.database, self.spokesman.speak)
        situation = Situation(
            fold.statements, fold.apply, fold.forces, fold.doubts, fold.forget, fold.words, fold.turns
        )
        self.reconciler = Reconciler(book, situation, desired)
        self.expander = Expander(book, texts, key)
        self.digest = self.mode.digest(book.signature, key)
        reading = Reading({book.district.code: book.district}, book.hazard_table)
        self.intake = Intake(
            self.warnings, lambda raw: formats.read(raw, reading), book, self.mode.statuses, self.trust
        )
        self.observing: Observing = observing(book, self.database, self.warnings, self.mode.statuses)

    def _join_channels(self) -> None:
        """What sends: a channel for each gateway, and the duty room's telephone."""
        settings = self.settings
        self.duty_room = CallByHand(self.duty, self.inbox)
        self.rates = {gateway.name: gateway.rate for gateway in settings.gateways}
        self.gateways = [built(gateway, self.inbox) for gateway in settings.gateways]
        lines = (
            shared(channel, gateway, self.lines, settings.dispatch.line_seconds)
            for channel, gateway in zip(self.gateways, settings.gateways, strict=True)
        )
        self.channels: list[Channel] = [self.mode.fenced(channel) for channel in (*lines, self.duty_room)]
        ranks = {gateway.name: gateway.rank for gateway in settings.gateways}
        self.routes = Routes({c.gateway: Way(c.kind, ranks.get(c.gateway, 1)) for c in self.channels})
        self.journal.several = self.routes.several()
        self.running = self.channels if "dispatch" in self.roles else []

    def _join_watch(self, texts: Texts, key: bytes) -> None:
        """What shows that the engine, its gateways and its people are fit, and accounts for everything."""
        settings, book = self.settings, self.book
        self.fitness = Fitness(self)
        flight = CanaryStore(self.database)
        self.ballast = Ballast(settings.data, settings.ballast_bytes)
        self.roll = RollCaller(
            book, settings.roll_call, RollCallStore(self.database, book.district.code), flight, key
        )
        self.accountant = Accountant(
            book,
            self.reconciler,
            self.accounts,
            flight,
            timedelta(seconds=settings.account_seconds),
            timedelta(seconds=settings.dispatch.silent_after_seconds),
        )
        self.canary = Canary(settings, book, flight, self.warnings, key, self.gateways, self.roles, texts)

    def adopt(self, book: RuleBook) -> None:
        """This book from now on. It happens between two awaits: a step that has begun goes on with the parts, and
        so with the book, that it began with; channels and their sessions stay."""
        self.book = book
        texts, key = self.mode.texts(), link_key(self.settings)
        self._join_deciders(texts, key)
        self.roll.book = self.accountant.book = book
        self.accountant.reconciler = self.reconciler
        self.canary.adopt(book)
        for tell in self.adopted:
            tell()

    async def follow(self) -> bool:
        """Adopt the book in force where it is another than ours; never more work at once."""
        await self._turn_to(await self.library.store.in_force(self.book.district.code))
        return False

    async def _turn_to(self, hash_: str | None) -> None:
        """Adopt this book. One that this version cannot read is told, and ours goes on: an older rule is better
        than no order."""
        if not hash_ or hash_ == self.book.hash:
            return
        say = self.loops.sayer("book in force")
        try:
            book = await self.library.book(hash_)
        except RuleBookError as error:
            say(str(error))
            return
        say(None)
        log.info("rule book", in_force=hash_[:12], before=self.book.hash[:12])
        self.adopt(book)

    def word(self, candidate: Candidate, purpose: Purpose) -> Text:
        """Every form of a text for one person, in the words of the book in force."""
        return self.wording(candidate, purpose)

    async def reconcile(self) -> bool:
        """One district: take in what is new, write the orders, and the first group of their people."""
        async with self.orders.due_district() as desks:
            if desks is None:
                return False
            district, people = desks
            await self._turn_to(people.book)
            book = self.book
            reconciler, expander = self._staff(district.district)
            change = await reconciler.reconcile(district)
            if change is not None:
                held = await second_look(district, change, lambda loads, before: limits.held(loads, before, book))
                if held:
                    log.warning("held for a second look", change=change, orders=len(held))
                if not await self._expand(expander, people, change, FIRST_GROUP):
                    await people.begun_with(change, book.hash)
                log.info("change", change=change)
        self.loops.bell.ring()
        return True

    @property
    def hand(self) -> Hand:
        """What people decide, by the parts that carry out what the rules decide."""
        return Hand(self.reconciler, self.expander, self.drafts, self.settings.installation)

    async def observe(self) -> bool:
        """Observations against their thresholds; what they order is for the reconciler."""
        worked = await self.observing.step()
        if worked:
            self.loops.bell.ring()
        return worked

    async def expand(self) -> bool:
        """The next group of a change's people."""
        async with self.orders.due_change() as due:
            if due is None:
                return False
            change, desk = due
            await self._expand(await self._who_began(desk), desk, change, GROUP)
        self.loops.bell.ring()
        return True

    def _staff(self, district: str) -> tuple[Reconciler, Expander]:
        """Who decides and writes for a district; the canary's has a book of its own."""
        of = self.canary if district == CANARY else self
        return of.reconciler, of.expander

    async def _who_began(self, desk: ChangeDesk) -> Expander:
        """Who writes the rest of a change: by the book that it was begun with, also after a newer one came."""
        expander = self._staff(desk.district)[1]
        if desk.district == CANARY or not desk.book or desk.book == expander.book.hash:
            return expander
        return replace(expander, book=await self.library.book(desk.book))

    async def _expand(self, expander: Expander, desk: ChangeDesk, change: int, most: int) -> bool:
        """Write the next group; whether that was the last."""
        last = await expander.expand(desk, change, most)
        if last and self.digest and desk.district != CANARY:
            await self.digest.tell(desk, change)
        return last

    async def chase(self) -> bool:
        """Timers, approvals and orders that have run out; towns that are silent."""
        book, ladder, spokesman = self.book, self.ladder, self.spokesman
        chaser = Chaser(ladder, book.ladder, book.pace)
        asked = await petition(spokesman, ladder)
        told = [await show_ended(ladder, book), await show_silence(ladder, book)]
        told.append(await show_unstarted(spokesman, ladder))
        told.append(await tell_held(spokesman, HeldStore(self.database)))
        await self.announce_ending()
        return any([asked, await chaser.step(), *told])

    async def hand_over(self) -> None:
        """What stands, and what waits for a decision, goes to whoever has come on duty."""
        await self.people.hand_over()
        while await pass_on(self.spokesman, self.ladder):
            pass

    async def announce_ending(self) -> None:
        """Tell the duty room of authorisations that end soon, each once for ever."""
        book = self.book
        if book.standing:
            fresh = set(ending(book, await self.drafts.now())) - self.announced
            if fresh:
                await self.drafts.ask(book.district.code, sorted(fresh))
                self.announced |= fresh

    async def listen(self) -> bool:
        """Receipts that came before their message was known, messages that nobody confirmed, calls that no machine
        could make, channels whose turn has come, calls that nobody needs any more."""
        silent = timedelta(seconds=self.settings.dispatch.silent_after_seconds)
        found = (
            await self.receipts.rematch(),
            await self.receipts.silence(silent),
            await self.ladder.by_hand(silent),
            await give_turns(self.turns),
            await self.duty.drop_moot(),
            await self.duty.drop_enough(
                {level: rung.answer.at_least for level, rung in self.book.ladder.items() if rung.answer.at_least}
            ),
        )
        return any(found)

    async def hear(self) -> None:
        """People who have a message after all, and people who are not known to have heard that it is over."""
        await self.hearing.tell_after_all()
        await self.hearing.drop_unreached()
        await self.hearing.unconfirmed_all_clears(
            timedelta(seconds=2 * self.settings.dispatch.silent_after_seconds)
        )

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
            workers = [
                group.create_task(self.loops.keep(name, self.mode.paced(name, step)))
                for name, step in self._steps()
            ]
            workers += [group.create_task(self._dispatch(channel)) for channel in self.running]
            await self.loops.stopping.wait()
            self.loops.bell.ring()
            # what is on the wire keeps its session: a long text that was begun is finished
            await asyncio.wait(workers, timeout=LAST_SENDS)
            for task in lasting:
                task.cancel()

    def _steps(self) -> Iterator[tuple[str, Step]]:
        yield from self.mode.steps()
        if self.roles:
            yield "rule book", self.follow
        if "ingest" in self.roles:
            yield "reconcile", self.reconcile
            yield "expand", self.expand
            yield "observe", self.observe
            yield "feeds", Rarely(self.feeds.judge, FEEDS).step
        if "ladder" in self.roles:
            yield "chase", self.chase
            yield "listen", self.listen
            yield "hear", Rarely(self.hear, HEAR).step
            yield "hand over", Rarely(self.hand_over, HEAR).step
            yield "rota", Rarely(lambda: self.people.go_on(self.book.district.code), HOUR).step
            anchors = self.settings.anchors
            yield "audit", Watch(self.links, self.differences, lambda: anchor.read(anchors)).step
            yield "anchor", Anchors(self.audit.head, anchors).step
            yield "seal", Ledger(self.audit).step
            yield "account", self.accountant.step
            yield "roll-call", self.roll.step
            yield "counting", Rarely(self.board.count_tables, COUNT).step
            yield "partitions", Rarely(self.board.ensure_partitions, HOUR).step
            yield "retention", Rarely(self.keeper.round, HOUR).step
        if "dispatch" in self.roles:
            confirmed = timedelta(seconds=self.settings.dispatch.confirmed_after_seconds)
            yield "lines", LineWatch(self.routes, self.duty, self.receipts, confirmed).step
            yield from self.canary.dispatching(self.sending, self.word)
        if self.roles and self.canary.on:
            yield "canary", self.canary.step

    async def _dispatch(self, channel: Channel) -> None:
        rate = self.rates.get(channel.gateway)
        dispatcher = Dispatcher(channel, self.sending, self.word, self.settings.dispatch, self.routes, rate)
        feed = standing.only_where_used(channel, dispatcher.feed, self.routes.seen)
        name = f"dispatch {channel.gateway}"
        await self.loops.keep(name, self.mode.paced(name, feed), dispatcher.wake)
        await dispatcher.landed()
        await self.journal.stored()

    def _lasting(self) -> Iterator[Coroutine[object, object, None]]:
        yield gauges.LAG.run()
        yield Beacon(self.settings.alive, self.fitness.sick, self.fitness.hanging).run()
        if self.settings.database:  # there may be other processes
            yield Hints(self.database, self.loops.bell).run()
        if "dispatch" in self.roles:
            yield from (channel.run() for channel in self.running)
        if "ingest" in self.roles:
            yield self.ballast.run()
            spool = self.settings.spool or self.settings.data / "spool"
            yield SpoolSource(spool, self.take).run()
            for source in self.feeds.sources(self.take):  # cancelled at the end: no poll is waited for
                yield self.loops.keep(f"feed {source.feed.name}", source.step)
            if self.settings.kafka:
                yield KafkaSource(self.settings.kafka, self.take, self.loops.sayer("kafka")).run()
                yield KafkaSource.observations(
                    self.settings.kafka, self.take_rows, self.loops.sayer("kafka observations")
                ).run()
                outbox = OutboxStore(self.database)
                say = self.loops.sayer("events")
                if not self.mode.secret:
                    yield Announcer(self.settings.kafka, outbox, self.book.district.code, say).run()

    async def take_observations(self, source: str, raw: bytes) -> Report:
        """Keep observations and wake whoever judges them; ConnectionError where the store did not keep them."""
        if self.ballast.closed:
            raise NoRoom(self.ballast.words)
        if self.book.triggers is None:
            raise RefusedWarning("no_triggers", "规则库没有 triggers.yaml:没有测站和阈值,观测数据没有收下")
        try:
            report = await self.observing.take(source, raw)
        except DATABASE_ERRORS as error:
            raise ConnectionError(f"the store does not answer: {told(error)}") from error
        self.loops.bell.ring()
        return report

    async def take_rows(self, arrival: Arrival) -> Taken:
        """Observations as an arrival is taken: quarantined where not one row counts, as over HTTP."""
        try:
            report = await self.take_observations(arrival.source, arrival.raw)
        except RefusedWarning as refusal:
            return Taken(Verdict.QUARANTINED, (), refusal.reason, str(refusal))
        if report.refused and not report.kept and not report.known:
            return Taken(Verdict.QUARANTINED, (), "no_row", f"没有一行可用:{report.refused[0].reason}")
        return Taken(Verdict.NEW if report.kept else Verdict.REPEAT, ())

    async def take(self, arrival: Arrival) -> Taken:
        """Take an arrival and wake the reconciler; ConnectionError where the store did not: it must come again."""
        if self.ballast.closed:
            raise NoRoom(self.ballast.words)
        canary = self.canary.mine(arrival)
        try:
            taken = await (self.canary.take(canary) if canary else self.intake.take(arrival))
        except DATABASE_ERRORS as error:
            raise ConnectionError(f"the store does not answer: {told(error)}") from error
        self.loops.bell.ring()
        return await self.mode.handover.pass_on(arrival, taken) if self.mode.handover else taken
