"""The reconciler: situation in, difference out, one locked district at a time.

Everything is decided by pure functions handed in; this module only carries their results to the desk.
"""

from __future__ import annotations

import functools
import hashlib
import traceback
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from warnengine import metrics
from warnengine.model.book import RuleBook
from warnengine.model.bundle import Item, Pending, Request
from warnengine.model.byhand import ByHand
from warnengine.model.level import Level
from warnengine.model.order import Desired, Form, Mark, OrderKey, Stands, Version
from warnengine.model.place import District
from warnengine.model.situation import Cell, CellKey, Doubt, InForce, Statement, Unmatched, Word
from warnengine.model.voice import voice
from warnengine.model.warning import Warning
from warnengine.order.authority import authorised
from warnengine.order.byhand import as_decided, beside, less, ordered, told
from warnengine.order.concluded import credited
from warnengine.order.diff import diff
from warnengine.order.doubts import question
from warnengine.order.draft import draft, measure_of
from warnengine.order.ended import lasting
from warnengine.order.found import told_of_found
from warnengine.order.publication import anew, as_it_was, moved_on, ordered_already, unasked
from warnengine.order.relay import taken_over
from warnengine.order.unmatched import without_order

log = structlog.get_logger()
Granted = frozenset[tuple[OrderKey, str]]
UNREAD = "{} 号来文系统未能处理,没有据此下达指令。请看原文研判,需要的请手工下达。"
KEPT = timedelta(days=30)
"""How long what its issuer has overtaken is remembered, for messages that come late."""


class Desk(Protocol):
    """A district, locked for one transaction."""

    district: str

    async def now(self) -> datetime:
        """Engine time."""

    async def pending(self) -> Sequence[Pending]:
        """What the district has not taken in."""

    async def cells(self) -> dict[CellKey, Cell]:
        """Every cell of the district."""

    async def ask(self, questions: Iterable[str]) -> None:
        """Put questions to the duty room, each once for ever."""

    async def granted(self) -> Collection[tuple[OrderKey, str, str]]:
        """What authorities have approved."""

    async def standing(self) -> dict[OrderKey, Stands]:
        """What stands."""

    async def by_hand(self) -> ByHand:
        """What people order beside the rules, and what they have taken back."""

    async def undefer(self, keys: Iterable[OrderKey]) -> None:
        """What a new book has left as it was waits no longer."""

    async def keep(self, cells: Iterable[Cell], arrivals: Iterable[int]) -> None:
        """Save moved cells, and that these arrivals and all decisions are taken in."""

    async def wake(self, now: datetime, moments: Iterable[datetime]) -> None:
        """What was to change until now is taken in; take the district in again at these moments."""

    async def last(self, until: Mapping[OrderKey, datetime]) -> None:
        """These orders stand as they are, until another moment."""

    async def unmatched(self, warnings: Iterable[Unmatched]) -> None:
        """List warnings of which no order came, each once."""

    async def write(
        self,
        versions: Sequence[Version],
        requests: Sequence[Request],
        warned_at: datetime | None,
        *,
        quiet: bool = False,
    ) -> int:
        """Write versions, supersede the older ones, ask for approvals; return the change's id. quiet: nobody is
        told."""


@dataclass(frozen=True, slots=True)
class Situation:
    """The functions of the stage before this one."""

    statements: Callable[[Warning, District], Mapping[CellKey, Statement]]
    apply: Callable[[Cell, Statement], Cell]
    forces: Callable[[Mapping[CellKey, Cell], datetime], list[InForce]]
    doubts: Callable[[Cell, str, datetime], Iterable[Doubt]]
    forget: Callable[[Cell, datetime], Cell]
    words: Callable[[Cell, datetime], Sequence[Word]]
    turns: Callable[[Cell, datetime], Iterable[datetime]]


Match = Callable[[Iterable[InForce], RuleBook, Granted], Mapping[OrderKey, Desired]]


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Closes the difference between what should stand and what stands in one district."""

    book: RuleBook
    situation: Situation
    desired: Match
    asked: Mapping[OrderKey, frozenset[str]] = field(default_factory=dict)
    """Orders that somebody brings to this book, each with the measures that it words anew."""

    async def reconcile(self, desk: Desk) -> int | None:
        """Take in what is new; return the change of which people are told, or None where all was well.

        What a new installation finds in force stands first, by itself, and nobody is told of that.
        """
        pending = await desk.pending()
        cells = await desk.cells()
        if found := [reading for reading in pending if reading.found]:
            moved, _, _ = self.take_in(cells, found)
            _, _, versions = await self._due(desk, cells)
            names = {reading.warning.identifier for reading in found}
            if silently := [one for one in versions if one.change.because and one.change.because <= names]:
                await desk.write(silently, (), None, quiet=True)
                await desk.ask([told_of_found(silently, self.book)])
            await desk.keep((cells[key] for key in moved), ())
        return await self._close(desk, cells, pending)

    async def _close(self, desk: Desk, cells: dict[CellKey, Cell], pending: Sequence[Pending]) -> int | None:
        moved, questions, read = self.take_in(cells, pending)
        now = await desk.now()
        for key in moved:
            cells[key] = self.situation.forget(cells[key], now - KEPT)
        await desk.keep((cells[key] for key in moved), (reading.arrival for reading in pending))
        await desk.wake(now, {turn for key in moved for turn in self.situation.turns(cells[key], now)})
        await desk.ask(questions)
        standing, wanted, versions = await self._due(desk, cells)
        await desk.last(lasting(standing, wanted, {one.change.key for one in versions}, now))
        await desk.unmatched(self._unmatched(cells, read, wanted, now))
        if not versions:
            return None
        warned_at = min((reading.received_at for reading in pending), default=None)
        return await desk.write(versions, requests(versions, self.book), warned_at)

    async def _due(
        self, desk: Desk, cells: Mapping[CellKey, Cell]
    ) -> tuple[Mapping[OrderKey, Stands], Mapping[OrderKey, Desired], list[Version]]:
        """What stands, what should, and the versions that close the difference."""
        now = await desk.now()
        people = await desk.by_hand()
        standing = anew(as_decided(await desk.standing(), people, self.book), self.asked, self.book.hash)
        book = beside(self.book, people, now)
        granted = self.granted(await desk.granted()) | authorised(book, standing, now)
        granted |= ordered_already(standing, self.asked)
        forces = (*self.situation.forces(cells, now), *ordered(people, book))
        wanted = less(self.desired(forces, book, granted), people)
        if gone := moved_on(wanted, people.deferred, self.asked, book.hash):
            await desk.undefer(gone)
        left = {key: one for key, one in people.deferred.items() if key not in gone and one.book == book.hash}
        changes = unasked(diff(standing, as_it_was(wanted, standing, left), book.hash), left)
        words = functools.partial(self._words, cells, now)
        versions = [
            taken_over(told(draft(credited(one, words), standing.get(one.key), book, now), people), wanted)
            for one in changes
        ]
        return standing, wanted, versions

    def _unmatched(
        self,
        cells: Mapping[CellKey, Cell],
        read: Iterable[Pending],
        wanted: Collection[OrderKey],
        now: datetime,
    ) -> Iterator[Unmatched]:
        for reading in read:
            if not reading.again:
                said = self.situation.statements(reading.warning, self.book.district)
                yield from without_order(
                    reading.warning, said, functools.partial(self._words, cells, now), wanted, self.book
                )

    def _words(self, cells: Mapping[CellKey, Cell], now: datetime, key: CellKey) -> Sequence[Word]:
        return self.situation.words(cells[key], now) if key in cells else ()

    def granted(self, approved: Collection[tuple[OrderKey, str, str]]) -> Granted:
        """What the approvals allow: a measure whose words have changed since must be asked for anew."""
        units = (self.book.units.get(unit) for unit in {key.unit for key, _, _ in approved})
        words = {(u.code, m.id): m.order for u in units if u for m in self.book.measures_of(u)}
        return frozenset(
            (key, measure) for key, measure, said in approved if words.get((key.unit, measure)) == said
        )

    def take_in(
        self, cells: dict[CellKey, Cell], readings: Iterable[Pending]
    ) -> tuple[set[CellKey], dict[str, None], list[Pending]]:
        """Apply readings to cells in place, in order of arrival; return the keys that moved, what to ask, and the
        readings that could be applied."""
        moved: set[CellKey] = set()
        questions: dict[str, None] = {}
        read: list[Pending] = []
        for reading in readings:
            try:
                told = self._told(cells, reading)
            except Exception as error:  # noqa: BLE001 - one message must not hold back those beside it
                metrics.LOOP_FAILURES.labels("reconcile").inc()
                where = "".join(traceback.format_tb(error.__traceback__))
                log.error("defect", arrival=reading.arrival, problem=type(error).__name__, traceback=where)
                questions[UNREAD.format(reading.arrival)] = None
                continue
            read.append(reading)
            moved |= {key for key, (cell, _) in told.items() if cell != cells.get(key, Cell(key))}
            cells.update({key: cell for key, (cell, _) in told.items()})
            questions.update({question: None for _, asked in told.values() for question in asked})
        return moved, questions, read

    def _told(self, cells: Mapping[CellKey, Cell], reading: Pending) -> dict[CellKey, tuple[Cell, list[str]]]:
        """The cells of which a message speaks as they are after it, each with what a person must judge."""
        found = {}
        names = {hazard.key: hazard.name for hazard in self.book.hazards}
        for key, statement in self.situation.statements(reading.warning, self.book.district).items():
            before = cells.get(key, Cell(key))
            cell = self.situation.apply(before, self._received(statement, key, reading.received_at))
            doubts = self.situation.doubts(cell, statement.identifier, reading.received_at)
            name = names.get(key.hazard, key.hazard.removeprefix("?"))
            family = self.book.families.get(key.family)
            found[key] = cell, [question(doubt, name, family) for doubt in doubts]
        return found

    def _received(self, statement: Statement, key: CellKey, at: datetime) -> Statement:
        """Say who speaks and when it came, and mark what was over by then. An end that is not given is that of the
        hazard's window; a response stands until it is ended."""
        speaker = voice(statement.issuer, self.book.issuers, self.book.district)
        statement = replace(statement, issuer=speaker, heard=at)
        if statement.level is None or (statement.ends is None and key.family == "response"):
            return statement
        hazard = next((hazard for hazard in self.book.hazards if hazard.key == key.hazard), None)
        hours = hazard.window(statement.level) if hazard else 24
        end = statement.ends or statement.sent + timedelta(hours=hours)
        return replace(statement, over=end <= at)


def requests(versions: Sequence[Version], book: RuleBook) -> tuple[Request, ...]:
    """What authorities must be asked for: the compulsory measures that stand as advice since this change."""
    waiting: dict[Level, list[Item]] = defaultdict(list)
    for index, version in enumerate(versions):
        for mark in version.measures:
            measure = measure_of(mark.standing, version.change, book)
            if mark.mark is Mark.ADDED and mark.standing.form is Form.ADVICE and measure and version.change.level:
                waiting[version.change.level].append(Item(index, measure.id, measure.order))
    return tuple(
        Request(level, book.approvals[level], tuple(items), _seal(items, versions, book, level))
        for level, items in waiting.items()
        if level in book.approvals
    )


def _seal(items: Sequence[Item], versions: Sequence[Version], book: RuleBook, level: Level) -> bytes:
    """Over rule book, units, measures, words, posts and ceiling: a decision is bound to exactly this."""
    what = [(versions[i.version].change.key, i.measure, i.words, versions[i.version].posts) for i in items]
    return hashlib.sha256(repr((book.hash, book.approvals[level].ceiling, what)).encode()).digest()
