"""The reconciler: situation in, difference out, one locked district at a time.

Everything is decided by pure functions handed in; this module only carries their results to the desk.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from warnengine.model.book import RuleBook
from warnengine.model.bundle import Item, Pending, Request
from warnengine.model.level import Level
from warnengine.model.order import Desired, Form, Mark, OrderKey, Stands, Version
from warnengine.model.place import District
from warnengine.model.situation import Cell, CellKey, InForce, Statement
from warnengine.model.warning import Warning
from warnengine.order.diff import diff
from warnengine.order.draft import draft, measure_of

Granted = frozenset[tuple[OrderKey, str]]


class Desk(Protocol):
    """A district, locked for one transaction."""

    district: str

    async def now(self) -> datetime:
        """Engine time."""

    async def pending(self) -> Sequence[Pending]:
        """What the district has not taken in."""

    async def cells(self) -> dict[CellKey, Cell]:
        """Every cell of the district."""

    async def granted(self) -> Granted:
        """What authorities have approved."""

    async def standing(self) -> dict[OrderKey, Stands]:
        """What stands."""

    async def keep(self, cells: Iterable[Cell], arrivals: Iterable[int]) -> None:
        """Save moved cells, and that these arrivals and all decisions are taken in."""

    async def write(
        self, versions: Sequence[Version], requests: Sequence[Request], warned_at: datetime | None
    ) -> int:
        """Write versions, supersede the older ones, ask for approvals; return the change's id."""


@dataclass(frozen=True, slots=True)
class Situation:
    """The functions of the stage before this one."""

    statements: Callable[[Warning, District], Mapping[CellKey, Statement]]
    apply: Callable[[Cell, Statement], Cell]
    forces: Callable[[Mapping[CellKey, Cell]], list[InForce]]


Match = Callable[[Iterable[InForce], RuleBook, Granted], Mapping[OrderKey, Desired]]


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Closes the difference between what should stand and what stands in one district."""

    book: RuleBook
    situation: Situation
    desired: Match

    async def reconcile(self, desk: Desk) -> int | None:
        """Take in what is new; return the change that it made, or None where all was well."""
        pending = await desk.pending()
        cells = await desk.cells()
        moved = self.take_in(cells, [reading.warning for reading in pending])
        await desk.keep((cells[key] for key in moved), (reading.arrival for reading in pending))
        standing = await desk.standing()
        wanted = self.desired(self.situation.forces(cells), self.book, await desk.granted())
        changes = diff(standing, wanted, self.book.hash)
        if not changes:
            return None
        now = await desk.now()
        versions = [draft(change, standing.get(change.key), self.book, now) for change in changes]
        warned_at = min((reading.received_at for reading in pending), default=None)
        return await desk.write(versions, requests(versions, self.book), warned_at)

    def take_in(self, cells: dict[CellKey, Cell], warnings: Iterable[Warning]) -> set[CellKey]:
        """Apply warnings to cells in place; return the keys that moved."""
        moved = set()
        for warning in warnings:
            for key, statement in self.situation.statements(warning, self.book.district).items():
                before = cells.get(key, Cell(key))
                cells[key] = self.situation.apply(before, statement)
                if cells[key] != before:
                    moved.add(key)
        return moved


def requests(versions: Sequence[Version], book: RuleBook) -> tuple[Request, ...]:
    """What authorities must be asked for: the compulsory measures that stand as advice since this change."""
    waiting: dict[Level, list[Item]] = defaultdict(list)
    for index, version in enumerate(versions):
        for mark in version.measures:
            measure = measure_of(mark.standing, version.change, book)
            if mark.mark is Mark.ADDED and mark.standing.form is Form.ADVICE and measure and version.change.level:
                waiting[version.change.level].append(Item(index, measure.id, measure.order))
    return tuple(
        Request(level, book.approvals[level], tuple(items), _seal(items, versions, book))
        for level, items in waiting.items()
        if level in book.approvals
    )


def _seal(items: Sequence[Item], versions: Sequence[Version], book: RuleBook) -> bytes:
    """Over rule book, units, measures, words and posts: a decision is bound to exactly this."""
    what = [(versions[i.version].change.key, i.measure, i.words, versions[i.version].posts) for i in items]
    return hashlib.sha256(repr((book.hash, what)).encode()).digest()
