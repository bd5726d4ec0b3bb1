"""Who must do what, worked out the long way: every unit, every measure, every township. Knows the types alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from warnengine.model.book import Measure, RuleBook, Unit, UnitKind
from warnengine.model.level import Level
from warnengine.model.order import Form, OrderKey
from warnengine.model.situation import InForce

Measures, Where = frozenset[tuple[str, Form]], frozenset[tuple[str, Level]]
Order = tuple[Level, Measures, Where, frozenset[str], frozenset[str], datetime | None]
Orders = dict[OrderKey, Order]
"""Order → (level, (measure, form), (township, level), the messages that say so, those that warn anew, the end)."""
Granted = frozenset[tuple[OrderKey, str]]


def orders(in_force: Iterable[InForce], book: RuleBook, granted: Granted) -> Orders:
    found: Orders = {}
    forces = list(in_force)
    for danger in {(force.key.hazard, force.key.family) for force in forces}:
        there = [f for f in forces if (f.key.hazard, f.key.family) == danger]
        owed = {
            OrderKey(unit.code, *danger): one
            for unit in book.units.values()
            if (one := _of_unit(unit, danger, there, book, granted))
        }
        if not owed:
            only = frozenset({("duty_room.relay", Form.ORDER)})
            rooms = [unit for unit in book.units.values() if unit.kind is UnitKind.DUTY_ROOM]
            owed = {OrderKey(room.code, *danger): _told(only, there) for room in rooms}
        found |= owed
    return found


def _of_unit(
    unit: Unit, danger: tuple[str, str], there: list[InForce], book: RuleBook, granted: Granted
) -> Order | None:
    here = [force for force in there if _has_weather_of(unit, force.key.area, book)]
    if not here:
        return None
    level = max(force.level for force in here)
    reached = [m for m in _all_measures(unit, book) if (m.when.hazard, m.when.family) == danger]
    reached = [measure for measure in reached if measure.when.level <= level]
    key = OrderKey(unit.code, *danger)
    firm = {m.id: not m.compulsory or (key, m.id) in granted for m in reached}
    stands = frozenset(
        (measure.id, Form.ORDER if firm[measure.id] else Form.ADVICE)
        for measure in reached
        if not any(_pushes_out(other, measure, firm[other.id], reached) for other in reached)
    )
    return _told(stands, here) if stands else None


def _told(stands: Measures, here: list[InForce]) -> Order:
    """The gravest level, and what the messages say that give it; one that gives no end leaves it open."""
    level = max(force.level for force in here)
    saying = [force for force in here if force.level == level]
    because = frozenset(one for force in saying for one in force.because)
    renewed = frozenset(one for force in saying for one in force.renewed)
    ends = [force.ends for force in saying if force.ends]
    where = frozenset((force.key.area, force.level) for force in here)
    return level, stands, where, because, renewed, max(ends) if len(ends) == len(saying) else None


def _has_weather_of(unit: Unit, town: str, book: RuleBook) -> bool:
    if unit.kind is UnitKind.TOWNSHIP:
        return unit.code == town
    if unit.kind in (UnitKind.VILLAGE, UnitKind.GRID):
        return unit.parent is not None and _has_weather_of(book.units[unit.parent], town, book)
    return town in unit.towns if unit.towns else any(town == one.code for one in book.district.townships)


def _all_measures(unit: Unit, book: RuleBook) -> list[Measure]:
    found = [measure for kind, listed in book.kinds.items() if kind == unit.kind for measure in listed]
    if unit.code in book.plans:
        found += book.plans[unit.code].measures
    elif unit.code in book.sectors:
        found += book.sectors[unit.code]
    return found + [m for code, listed in book.by_hand.items() if code == unit.code for m in listed]


def _pushes_out(one: Measure, other: Measure, firm: bool, reached: list[Measure]) -> bool:
    """An order replaces through every step; what waits for approval replaces only its own level, and one step."""
    if not firm:
        return other.id in one.replaces and other.when.level == one.when.level
    gone: set[str] = set()
    while more := {old for m in reached if m is one or m.id in gone for old in m.replaces} - gone:
        gone |= more
    return other.id in gone
