"""B5: matching and diff alone, in this process: one change against the shipped book, and against ever larger books."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tests.bench.stand import Sample, Stand
from warnengine.match.desired import desired
from warnengine.match.index import index
from warnengine.model.book import SIGNAL, Measure, Plan, RuleBook, Unit, UnitKind, When
from warnengine.model.level import Level
from warnengine.model.order import Desired, OrderKey, Stands
from warnengine.model.place import Township
from warnengine.model.situation import CellKey, InForce
from warnengine.order.diff import diff
from warnengine.rulebook import load

HIT = 28
"""Townships that the warning names, whatever the book holds beside them."""
SECTORS = 20
EACH = 4
"""Measures of a unit in the hazard that is warned of: one at each level."""
SMALL, LARGE = (1_000, HIT), (100_000, 3_000)
"""(measures, townships)"""
TIMES = 51
"""Changes of one sample."""
NOBODY: frozenset[tuple[OrderKey, str]] = frozenset()
OTHERS = tuple(f"hazard_{number}" for number in range(50))
"""What nobody warns of."""


async def measure(stand: Stand) -> None:
    """The shipped book, then measures and townships alone and together."""
    shipped = load(stand.shipped.rules)
    hazard = next(iter(shipped.in_use[SIGNAL]))
    found = await stand.repeated("one change, shipped book", _count(shipped), lambda: change(shipped, hazard), 5)
    if found:
        stand.values["B5.change_ms"] = found["change_ms"]
    base = await _grown(stand, shipped, *SMALL)
    for goal, size in {
        "B5.measures_ratio": (LARGE[0], SMALL[1]),
        "B5.towns_ratio": (SMALL[0], LARGE[1]),
    }.items():
        large = await _grown(stand, shipped, *size)
        if base and large:
            stand.values[goal] = large["change_ms"] / base["change_ms"]
    await _grown(stand, shipped, *LARGE)


async def _grown(stand: Stand, shipped: RuleBook, measures: int, towns: int) -> Sample | None:
    book = grown(shipped, measures, towns)
    what = f"one change, {towns:,} townships, equal hits"
    return await stand.repeated(what, measures, lambda: change(book, "rainstorm"), 5)


async def change(book: RuleBook, hazard: str) -> Sample:
    """An orange stands in HIT townships and rises to red: milliseconds to the changes of all orders."""
    fresh = book.model_copy(update={"hash": book.hash})  # without an index
    began = time.perf_counter()
    index(fresh)
    made = time.perf_counter() - began
    before = as_written(desired(rained(fresh, hazard, Level.ORANGE), fresh, NOBODY), fresh.hash)
    red = rained(fresh, hazard, Level.RED)
    took, changes = [], 0
    for _ in range(TIMES):
        began = time.perf_counter()
        changes = len(diff(before, desired(red, fresh, NOBODY), fresh.hash))
        took.append(time.perf_counter() - began)
    return {"change_ms": statistics.median(took) * 1000, "changes": changes, "index_ms": made * 1000}


def rained(book: RuleBook, hazard: str, level: Level) -> list[InForce]:
    towns = book.district.townships[:HIT]
    because = frozenset({level.key})
    keys = (CellKey(town.code, hazard, SIGNAL) for town in towns)
    return [InForce(key, level, because, ends=None, renewed=because) for key in keys]


def as_written(wanted: Mapping[OrderKey, Desired], book: str) -> dict[OrderKey, Stands]:
    return {
        key: Stands(place, 1, key, one.level, one.measures, one.reach, one.because, book)
        for place, (key, one) in enumerate(wanted.items())
    }


def grown(shipped: RuleBook, measures: int, towns: int) -> RuleBook:
    """A book in which the same units owe the same in a rainstorm, and the rest is of other hazards and places."""
    codes = [f"{500000000 + number:09}" for number in range(1, towns + 1)]
    sectors = [f"sector_{chr(97 + number)}" for number in range(SECTORS)]
    owners = [*sectors, *codes[:HIT]]
    own = {owner: [_measure(owner, "rainstorm", level) for level in Level] for owner in owners}
    left = max(measures - EACH * len(owners), 0)
    for number in range(left):
        owner = (*sectors, *codes)[number % (SECTORS + towns)]
        extra = _measure(owner, OTHERS[number % len(OTHERS)], Level(number % EACH + 1), number)
        own.setdefault(owner, []).append(extra)
    units = [_unit(code, UnitKind.TOWNSHIP) for code in codes] + [_unit(code, UnitKind.SECTOR) for code in sectors]
    return shipped.model_copy(
        update={
            "hash": f"{measures} {towns}",
            "district": replace(shipped.district, townships=tuple(Township(code, code) for code in codes)),
            "units": {unit.code: unit for unit in units},
            "kinds": {},
            "sectors": {code: tuple(own.get(code, ())) for code in sectors},
            "plans": {code: _plan(code, own.get(code, ())) for code in codes},
        }
    )


def _measure(owner: str, hazard: str, level: Level, number: int = 0) -> Measure:
    when = When.model_construct(hazard=hazard, level=level, family=SIGNAL)
    return Measure.model_construct(
        id=f"{owner}.{hazard}.{level.key}.{number}", when=when, order="巡查", replaces=()
    )


def _unit(code: str, kind: UnitKind) -> Unit:
    return Unit.model_construct(code=code, name=code, short=code, kind=kind)


def _plan(code: str, measures: Sequence[Measure]) -> Plan:
    return Plan.model_construct(township=code, name=code, measures=tuple(measures))


def _count(book: RuleBook) -> int:
    lists: Iterable[Sequence[Measure]] = (
        *book.kinds.values(),
        *book.sectors.values(),
        *(plan.measures for plan in book.plans.values()),
    )
    return sum(map(len, lists))
