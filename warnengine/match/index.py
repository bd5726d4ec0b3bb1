"""Who can owe something in a danger, found by hazard, family and area. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from warnengine.model.book import DIGITS, Measure, RuleBook, Unit, UnitKind

Danger = tuple[str, str]
"""(hazard, product family)"""
Measures = Mapping[Danger, tuple[Measure, ...]]
KEPT = "match.index"


@dataclass(frozen=True, slots=True)
class Index:
    """A book, arranged by what makes a measure stand. What people order by hand is no part of it."""

    towns: frozenset[str]
    """Every township of the district."""
    territories: Mapping[str, frozenset[str]]
    """Of units that have the weather of some townships only."""
    local: Mapping[str, tuple[str, ...]]
    """Township → those units."""
    wide: Mapping[Danger, tuple[str, ...]]
    """Units that have the weather of the whole district, by what they may owe something in."""
    kinds: Mapping[UnitKind, Measures]
    own: Mapping[str, Measures]

    def measures(self, unit: Unit, danger: Danger, book: RuleBook) -> tuple[Measure, ...]:
        """What the unit may owe in a danger, at any level."""
        common = self.kinds.get(unit.kind, {}).get(danger, ())
        own = self.own.get(unit.code, {}).get(danger, ())
        return common + own + _about(danger, book.by_hand.get(unit.code, ()))

    def units(self, danger: Danger, towns: Iterable[str], book: RuleBook) -> Iterator[Unit]:
        """Units that may owe something while a danger is in force in these townships, each once."""
        near = (code for town in towns for code in self.local.get(town, ()))
        for code in dict.fromkeys((*self.wide.get(danger, ()), *near, *book.by_hand)):
            if code in book.units:
                yield book.units[code]


def index(book: RuleBook) -> Index:
    """The index of a book, built once and kept with it."""
    found = book.derived.get(KEPT)
    if not isinstance(found, Index):
        found = book.derived[KEPT] = _built(book)
    return found


def territory(unit: Unit, book: RuleBook) -> frozenset[str]:
    """The townships whose weather concerns a unit: a village and a grid have that of their township."""
    if unit.kind in DIGITS:
        return frozenset({unit.code[: DIGITS[UnitKind.TOWNSHIP]]})
    return frozenset(unit.towns or (town.code for town in book.district.townships))


def _built(book: RuleBook) -> Index:
    towns = frozenset(town.code for town in book.district.townships)
    kinds = {kind: _by_danger(measures) for kind, measures in book.kinds.items()}
    own = {unit.code: _by_danger(book.own_measures(unit)) for unit in book.units.values()}
    territories: dict[str, frozenset[str]] = {}
    local: dict[str, list[str]] = defaultdict(list)
    wide: dict[Danger, list[str]] = defaultdict(list)
    for unit in book.units.values():
        within = territory(unit, book)
        if within == towns:
            for danger in dict.fromkeys((*kinds.get(unit.kind, {}), *own[unit.code])):
                wide[danger].append(unit.code)
            continue
        territories[unit.code] = within
        for town in within:
            local[town].append(unit.code)
    return Index(
        towns,
        territories,
        {town: tuple(codes) for town, codes in local.items()},
        {danger: tuple(codes) for danger, codes in wide.items()},
        kinds,
        own,
    )


def _by_danger(measures: Iterable[Measure]) -> Measures:
    found: dict[Danger, list[Measure]] = defaultdict(list)
    for measure in measures:
        found[measure.when.hazard, measure.when.family].append(measure)
    return {danger: tuple(listed) for danger, listed in found.items()}


def _about(danger: Danger, measures: Iterable[Measure]) -> tuple[Measure, ...]:
    return tuple(m for m in measures if (m.when.hazard, m.when.family) == danger)
