"""The grid of a book, proven: unit × product family × hazard × level in use, and what each cell holds.

One computation for all who ask: the lint of a draft, `rules coverage`, the page to print, the 预警信息发布规范.
A cell is decided by a measure of its own level, or by `none`. What continues from a lower level is shown
beside it and decides nothing: whoever means that it is enough says so under `none`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from warnengine.model.book import BOUND, Measure, RuleBook, Silent, Unit
from warnengine.model.level import Level


class Danger(NamedTuple):
    """What is warned of, and by which kind of product."""

    family: str
    hazard: str


Owed = Mapping[str, Iterable[Measure]]
"""Measures by whom they bind: the code of a unit, or a kind."""
Decisions = Mapping[str, Iterable[Silent]]


@dataclass(frozen=True, slots=True)
class Table:
    """What the grid is made of, however it was read."""

    units: tuple[Unit, ...]
    in_use: Mapping[Danger, tuple[Level, ...]]
    """The levels that must be decided, the mildest first."""
    issued: Callable[[str], tuple[Level, ...]]
    """The levels at which a hazard is issued at all: what a `none` without levels means."""
    owed: Owed
    silent: Decisions


class Held(StrEnum):
    """What decides a cell."""

    OWN = "own"
    """A measure of the unit's own file or plan, with what all of its kind do beside it or not."""
    COMMON = "common"
    """A measure of all units of its kind, and none of its own."""
    CONTINUES = "continues"
    """`none`, and a measure of a lower level goes on."""
    NONE = "none"
    """`none`, and nothing goes on."""
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Cell:
    """One unit, one danger, one level."""

    unit: Unit
    danger: Danger
    level: Level
    own: tuple[Measure, ...] = ()
    common: tuple[Measure, ...] = ()
    continuing: tuple[Measure, ...] = ()
    """Measures of lower levels that still stand once all is approved."""
    none: Silent | None = None
    """Who decided that nothing is owed. Absent where its last day is over."""
    lapsed: Silent | None = None
    """The same, where its last day is over."""

    @property
    def held(self) -> Held:
        """What decides it."""
        if self.own or self.common:
            return Held.OWN if self.own else Held.COMMON
        if self.none:
            return Held.CONTINUES if self.continuing else Held.NONE
        return Held.GAP


def of_book(book: RuleBook) -> Table:
    """The table of a whole book."""
    owed: dict[str, tuple[Measure, ...]] = {
        **book.sectors,
        **{kind.value: measures for kind, measures in book.kinds.items()},
        **{code: plan.measures for code, plan in book.plans.items()},
    }

    def issued(hazard: str) -> tuple[Level, ...]:
        criteria = book.criteria.get(hazard)
        return tuple(criteria) if criteria else tuple(Level)

    return Table(tuple(book.units.values()), used(book.in_use, issued), issued, owed, book.silent)


def used(
    in_use: Mapping[str, Mapping[str, tuple[Level, ...]]], issued: Callable[[str], tuple[Level, ...]]
) -> dict[Danger, tuple[Level, ...]]:
    """`in_use` with every `all` written out, the levels in order."""
    return {
        Danger(family, hazard): tuple(sorted(levels or issued(hazard)))
        for family, hazards in in_use.items()
        for hazard, levels in hazards.items()
    }


def cells(table: Table, today: date | None = None) -> Iterator[Cell]:
    """Every cell of the grid, danger by danger, unit by unit, from the mildest level up.

    today: a `none` whose last day is before it decides nothing; None: every decision counts.
    """
    owed = _by_danger(table.owed)
    silent = _decided(table)
    for danger, levels in table.in_use.items():
        for unit in table.units:
            if unit.kind in BOUND:
                own = owed[unit.code, danger]
                common = owed[unit.kind.value, danger]
                none = silent[unit.code, danger] | silent[unit.kind.value, danger]
                for level in levels:
                    yield _cell(Cell(unit, danger, level), own, common, none.get(level), today)


def gone(measures: Iterable[Measure]) -> frozenset[str]:
    """The ids that these measures replace, and what those have replaced in their turn."""
    known = {measure.id: measure.replaces for measure in measures}
    found: set[str] = set()
    waiting = [old for replaces in known.values() for old in replaces]
    while waiting:
        old = waiting.pop()
        if old not in found:
            found.add(old)
            waiting += known.get(old, ())
    return frozenset(found)


def _cell(empty: Cell, own: list[Measure], common: list[Measure], none: Silent | None, today: date | None) -> Cell:
    unit, danger, level = empty.unit, empty.danger, empty.level
    reached = [measure for measure in (*common, *own) if measure.when.level <= level]
    replaced = gone(reached)
    below = (one for one in reached if one.when.level < level and one.id not in replaced)
    lapsed = none is not None and none.until is not None and today is not None and none.until < today
    return Cell(
        unit,
        danger,
        level,
        own=tuple(one for one in own if one.when.level == level),
        common=tuple(one for one in common if one.when.level == level),
        continuing=tuple(below),
        none=None if lapsed else none,
        lapsed=none if lapsed else None,
    )


def _by_danger(owed: Owed) -> defaultdict[tuple[str, Danger], list[Measure]]:
    found: defaultdict[tuple[str, Danger], list[Measure]] = defaultdict(list)
    for owner, measures in owed.items():
        for measure in measures:
            found[str(owner), Danger(measure.when.family, measure.when.hazard)].append(measure)
    return found


def _decided(table: Table) -> defaultdict[tuple[str, Danger], dict[Level, Silent]]:
    found: defaultdict[tuple[str, Danger], dict[Level, Silent]] = defaultdict(dict)
    for owner, entries in table.silent.items():
        for entry in entries:
            for hazard in entry.hazards:
                levels = dict.fromkeys(entry.levels or table.issued(hazard), entry)
                found[str(owner), Danger(entry.family, hazard)].update(levels)
    return found
