"""A rehearsal: the engine itself over a store that is gone afterwards.

Messages come in, orders are written for the people of an address list, and nothing leaves: behind every channel
there is paper.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from warnengine.app import minutes
from warnengine.app.engine import Engine
from warnengine.app.minutes import Minute
from warnengine.app.settled import book_files
from warnengine.dispatch.channel import Accepted, Outgoing
from warnengine.dispatch.dispatcher import Dispatcher
from warnengine.dispatch.routes import Routes, Way
from warnengine.ingest import formats
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.intake import Intake
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.consultation import Conclusion
from warnengine.model.directory import Directory
from warnengine.model.errors import Refused, RefusedWarning, Unplayable
from warnengine.model.order import Version
from warnengine.model.warning import Claim, Status, Warning
from warnengine.order import saying
from warnengine.rulebook import load
from warnengine.settings import Settings
from warnengine.store.database import Database
from warnengine.store.rehearsal import Left, OnDuty, RehearsalStore, Told, throwaway

PAPER = Accepted((), receipts=False, note="推演:没有发出")
WINDOW = 64
ELSEWHERE = ("database", "kafka", "spool", "drill", "trial", "alive", "anchor", "link_key", "roll_call")
"""Settings that reach the world or the installation."""
ROUNDS = 2000
"""Looks for texts that are due between two messages, at most."""


@dataclass(frozen=True, slots=True)
class Message:
    """One warning of a file, and when it comes."""

    file: str
    at: datetime
    raw: bytes
    warning: Warning
    minute: Minute | None = None
    """Of a consultation: its message is made once its moment has come."""


@dataclass(frozen=True, slots=True)
class Played:
    """What one message has led to."""

    message: Message
    taken: Taken
    versions: Mapping[int, Version]
    told: tuple[Told, ...]


@dataclass(slots=True)
class Paper:
    """A channel that takes everything and hands it to nobody."""

    kind: str
    gateway: str
    window: int = WINDOW

    async def run(self) -> None:
        """There is no session to keep."""

    def healthy(self) -> bool:
        """Always."""
        return True

    async def send(self, message: Outgoing) -> Accepted:
        """Take it."""
        return PAPER


def messages(files: Iterable[tuple[str, bytes]], book: RuleBook) -> list[Message]:
    """Every warning and conclusion of these files, in their order; a file that cannot be read is Unplayable."""
    reading = Reading({book.district.code: book.district}, book.hazard_table)
    found: list[Message] = []
    for name, raw in files:
        if minutes.told(raw):
            concluded = minutes.read(name, raw, sum(one.minute is not None for one in found))
            found += [
                Message(name, one.at, raw, minutes.notice(one.at, f"会商:{one.verb}"), one) for one in concluded
            ]
            continue
        try:
            found += [Message(name, warning.sent, raw, warning) for warning in formats.read(raw, reading)]
        except RefusedWarning as refusal:
            raise Unplayable(f"{name}: {refusal}", name) from refusal
    return found


def moved(listed: Sequence[Message], at: datetime) -> list[Message]:
    """The same messages as if the last of them had been sent at that moment, and the others as long before."""
    by = at - listed[-1].at if listed else timedelta()
    return [
        replace(
            one,
            at=one.at + by,
            warning=_moved(one.warning, by),
            minute=minutes.moved(one.minute, by) if one.minute else None,
        )
        for one in listed
    ]


def _moved(warning: Warning, by: timedelta) -> Warning:
    return replace(
        warning,
        sent=warning.sent + by,
        effective=_later(warning.effective, by),
        onset=_later(warning.onset, by),
        expires=_later(warning.expires, by),
        claims=tuple(_claim(claim, by) for claim in warning.claims),
        ungraded=tuple(_claim(claim, by) for claim in warning.ungraded),
    )


def _claim(claim: Claim, by: timedelta) -> Claim:
    return replace(claim, begins=_later(claim.begins, by), ends=_later(claim.ends, by))


def _later(moment: datetime | None, by: timedelta) -> datetime | None:
    return moment + by if moment else None


@dataclass
class Rehearsal:
    """One engine without gateways."""

    engine: Engine
    store: RehearsalStore
    listed: Directory | None = None
    """The address list from which it follows who is on duty."""
    clock: datetime | None = None
    passed: list[Played] = field(default_factory=list)
    """What happened so far, with what happened without a message."""
    _concluded: dict[int, Conclusion] = field(default_factory=dict)
    _next: tuple[Warning, ...] = ()
    _count: int = 0
    _dispatchers: dict[str, Dispatcher] = field(default_factory=dict)

    def __post_init__(self) -> None:
        engine = self.engine
        self.engine.intake = Intake(engine.warnings, lambda _: self._next, engine.book, engine.mode.statuses)

    async def play(self, message: Message) -> Played:
        """Let a message come in at its time, and the engine react; what waited until then has left before."""
        await self.send(message.at)
        await self._set(message.at)
        intake = self.engine.intake
        if message.minute:
            one = await self._drawn(message.file, message.minute)
            said = saying.message(one, minutes.PLAYED, message.at, Status.ACTUAL, self.engine.book)
            message = replace(message, warning=said)
            intake = replace(intake, book=saying.allowing(one.issuer, intake.book))
        self._next, self._count = (message.warning,), self._count + 1
        before = await self.store.newest()
        taken = await intake.take(Arrival("rehearsal", f"{self._count}", message.raw))
        return await self._react(message, taken, before)

    async def send(self, until: datetime) -> None:
        """Everything that is due until then happens at its time: texts leave for nowhere, lowerings end."""
        while turn := await self.store.next_turn(until):
            await self._leave(turn)
            await self._set(turn)
            over = Message("", turn, b"", minutes.notice(turn, minutes.OVER))
            await self._react(over, Taken(Verdict.NEW, ()), await self.store.newest())
        await self._leave(until)

    async def _react(self, message: Message, taken: Taken, before: int) -> Played:
        while await self.engine.reconcile() or await self.engine.expand():
            pass
        versions, told = await self.store.versions(before), tuple(await self.store.told(before))
        self.passed.append(Played(message, taken, versions, told))
        return self.passed[-1]

    async def _drawn(self, file: str, minute: Minute) -> Conclusion:
        """A conclusion from what is in force now; Unplayable where it may not be drawn."""
        assert self.clock
        cells, _ = await self.store.situation()
        words, now = self.engine.reconciler.situation.words, self.clock
        scene = {key: words(cell, now) for key, cell in cells.items()}
        try:
            one = minutes.drawn(minute, self._concluded, scene, self.engine.book, now)
        except Refused as refusal:
            raise Unplayable(f"{file}: {refusal}", file) from refusal
        self._concluded[one.id] = one
        return one

    async def _leave(self, until: datetime) -> None:
        for _ in range(ROUNDS):
            due = await self.store.next_due(until)
            if due is None:
                return
            await self._set(due[0])
            if not await self._drain(due[1]):
                return
        raise Unplayable(f"texts are due without end before {until.isoformat()}: this is a defect, report it")

    async def left(self) -> list[Left]:
        """Everything that has left so far."""
        return await self.store.left()

    async def _drain(self, kinds: Iterable[str]) -> bool:
        """Dispatch what is due by these channels; return whether there was anything."""
        anything = False
        for kind in kinds:
            dispatcher = self._dispatchers.setdefault(kind, self._dispatcher(kind))
            while await dispatcher.step():
                anything = True
        await self.engine.journal.take([])  # chunks are closed with the batch that is written meanwhile
        return anything

    def _dispatcher(self, kind: str) -> Dispatcher:
        paper = Paper(kind, f"paper-{kind}")
        routes = Routes({paper.gateway: Way(kind, 1)})
        engine = self.engine
        return Dispatcher(paper, engine.sending, engine.wording, engine.settings.dispatch, routes)

    async def _set(self, moment: datetime) -> None:
        """Set the clock; it never goes back."""
        if self.clock is None or moment > self.clock:
            await self.engine.board.jump(moment)
            self.clock = moment


People = Directory | OnDuty | None
"""Of an address list, or of another store; None: orders have nobody."""


@asynccontextmanager
async def rehearsal(
    settings: Settings, rules: Path, people: People, begins: datetime | None
) -> AsyncIterator[Rehearsal]:
    """A rehearsal of these rules with these people, in a store of its own; begins: at which moment; None: now."""
    async with throwaway() as (database, folder):
        yield await staged(settings, rules, people, database, folder, begins)


async def staged(
    settings: Settings,
    rules: Path,
    people: People,
    database: Database,
    folder: Path,
    begins: datetime | None = None,
) -> Rehearsal:
    """A rehearsal in an empty store of a demo installation. The rota of a list counts from when it begins."""
    book = load(rules)
    engine = Engine(_alone(settings, folder), book, database, frozenset())
    await engine.board.ensure_partitions()
    await engine.orders.publish(book.district.code, book.district.name, book.hash, book_files(rules))
    store = RehearsalStore(database, book.district.code)
    if begins:
        await engine.board.jump(begins)
    if isinstance(people, OnDuty):
        await store.take_over(people)
        return Rehearsal(engine, store, people.listed)
    if people:
        await engine.people.replace(book.district.code, people)
    return Rehearsal(engine, store, people)


def _alone(settings: Settings, folder: Path) -> Settings:
    """The settings without anything that reaches the world or the installation."""
    update = {**dict.fromkeys(ELSEWHERE), "data": folder, "installation": "demo", "gateways": ()}
    return settings.model_copy(update=update)
