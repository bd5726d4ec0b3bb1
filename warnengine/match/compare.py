"""Two rule books, order by order: what a unit would owe under the one and under the other. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from warnengine.match.desired import Granted, desired
from warnengine.match.index import Danger, index
from warnengine.model.book import RELAY, Measure, RuleBook
from warnengine.model.level import Level
from warnengine.model.order import OrderKey
from warnengine.model.situation import CellKey, InForce

WHOLE = frozenset({"the whole district"})
FIELDS = ("order", "advice", "deadline", "compulsory", "evidence", "posts", "ceiling")
"""What makes a measure another one for whoever gets it."""


class Step(NamedTuple):
    """One order that a book may give."""

    family: str
    hazard: str
    level: Level
    unit: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A measure that both books have, in other words or terms."""

    before: Measure
    after: Measure

    @property
    def fields(self) -> tuple[str, ...]:
        """Those that differ."""
        return tuple(name for name in FIELDS if getattr(self.before, name) != getattr(self.after, name))


@dataclass(frozen=True, slots=True)
class Difference:
    """What becomes of one order."""

    step: Step
    new: tuple[Measure, ...] = ()
    gone: tuple[Measure, ...] = ()
    changed: tuple[Changed, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self.new or self.gone or self.changed)


Owed = Mapping[str, Mapping[str, Measure]]
"""Unit → measure id → measure."""


def compare(one: RuleBook, other: RuleBook) -> tuple[Difference, ...]:
    """Every order that the books would give differently, were a danger in force in the whole district.

    Compulsory measures count as they are ordered and as the advice that stands until then.
    """
    found = []
    for danger, level in steps(one, other):
        before, after = owed(one, danger, level), owed(other, danger, level)
        for unit in sorted(before.keys() | after.keys()):
            hazard, family = danger
            step = Step(family, hazard, level, unit)
            found.append(_difference(step, before.get(unit, {}), after.get(unit, {})))
    return tuple(difference for difference in found if difference.any)


def steps(*books: RuleBook) -> Iterator[tuple[Danger, Level]]:
    """Every danger that one of the books has a measure for, at every level."""
    tables = [table for book in books for part in (index(book).kinds, index(book).own) for table in part.values()]
    for danger in sorted({danger for table in tables for danger in table}):
        yield from ((danger, level) for level in Level)


def everywhere(book: RuleBook, danger: Danger, level: Level) -> list[InForce]:
    """A danger in force in the whole district."""
    towns = book.district.townships
    return [InForce(CellKey(town.code, *danger), level, because=WHOLE, ends=None) for town in towns]


def owed(book: RuleBook, danger: Danger, level: Level) -> Owed:
    """What every unit would owe: before compulsory measures are approved, and after."""
    forces = everywhere(book, danger, level)
    found: dict[str, dict[str, Measure]] = {}
    for granted in (frozenset(), _all(book, danger)):
        for key, wanted in desired(forces, book, granted).items():
            ids = {standing.measure for standing in wanted.measures}
            measures = (RELAY, *index(book).measures(book.units[key.unit], danger, book))
            found.setdefault(key.unit, {}).update({m.id: m for m in measures if m.id in ids})
    return found


def _all(book: RuleBook, danger: Danger) -> Granted:
    known = index(book)
    return frozenset(
        (OrderKey(unit.code, *danger), measure.id)
        for unit in book.units.values()
        for measure in known.measures(unit, danger, book)
        if measure.compulsory
    )


def _difference(step: Step, before: Mapping[str, Measure], after: Mapping[str, Measure]) -> Difference:
    both = (Changed(before[id_], after[id_]) for id_ in sorted(before.keys() & after.keys()))
    return Difference(
        step,
        new=tuple(after[id_] for id_ in sorted(after.keys() - before.keys())),
        gone=tuple(before[id_] for id_ in sorted(before.keys() - after.keys())),
        changed=tuple(changed for changed in both if changed.fields),
    )
