"""desired(): every order that should stand, given what is in force and what has been approved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from warnengine.model.book import DIGITS, RELAY, Measure, RuleBook, Unit, UnitKind
from warnengine.model.level import Level
from warnengine.model.order import Desired, Form, OrderKey, Reach, Standing
from warnengine.model.situation import InForce

Danger = tuple[str, str]
"""(hazard, product family)"""
Granted = frozenset[tuple[OrderKey, str]]
"""Compulsory measures that an authority has approved: (order, measure id)."""


def desired(in_force: Iterable[InForce], book: RuleBook, granted: Granted) -> dict[OrderKey, Desired]:
    """Every order that should stand. A danger that the book has no word on goes to the duty room alone."""
    dangers: dict[Danger, dict[str, InForce]] = defaultdict(dict)
    for force in in_force:
        dangers[force.key.hazard, force.key.family][force.key.area] = force
    orders: dict[OrderKey, Desired] = {}
    for danger, towns in dangers.items():
        found = [order for unit in book.units.values() if (order := _order(unit, danger, towns, book, granted))]
        found = found or _relay(danger, towns, book)
        orders.update((order.key, order) for order in found)
    return orders


def standing(measures: Iterable[Measure], key: OrderKey, level: Level, granted: Granted) -> tuple[Measure, ...]:
    """The measures that stand at a level: all of it and below, less those that one of them replaces.

    A compulsory measure that nobody has approved replaces nothing of a lower level: until then advice stands
    beside the firm orders, never instead of them.
    """
    danger = (key.hazard, key.family)
    reached = {m.id: m for m in measures if (m.when.hazard, m.when.family) == danger and m.when.level <= level}
    gone: set[str] = set()
    for measure in reached.values():
        if waits(measure, key, granted):
            gone.update(old for old in measure.replaces if _level(reached, old) == measure.when.level)
        else:
            gone.update(_replaced(measure, reached))
    return tuple(measure for measure in reached.values() if measure.id not in gone)


def _replaced(measure: Measure, reached: Mapping[str, Measure]) -> Iterator[str]:
    """What a measure replaces, and what that has replaced in its turn."""
    for old in measure.replaces:
        yield old
        if old in reached:
            yield from _replaced(reached[old], reached)


def _level(reached: Mapping[str, Measure], measure: str) -> Level | None:
    return reached[measure].when.level if measure in reached else None


def waits(measure: Measure, key: OrderKey, granted: Granted) -> bool:
    """Whether a measure stands as its advice until an authority has decided."""
    return measure.compulsory and (key, measure.id) not in granted


def territory(unit: Unit, book: RuleBook) -> frozenset[str]:
    """The townships whose weather concerns a unit: a village and a grid have that of their township."""
    if unit.kind in DIGITS:
        return frozenset({unit.code[: DIGITS[UnitKind.TOWNSHIP]]})
    return frozenset(unit.towns or (town.code for town in book.district.townships))


def _order(
    unit: Unit, danger: Danger, towns: Mapping[str, InForce], book: RuleBook, granted: Granted
) -> Desired | None:
    within = territory(unit, book)
    concerned = {town: force for town, force in towns.items() if town in within}
    if not concerned:
        return None
    level = max(force.level for force in concerned.values())
    key = OrderKey(unit.code, *danger)
    measures = standing(book.measures_of(unit), key, level, granted)
    if not measures:
        return None
    return _desired(key, level, {_stand(key, measure, granted) for measure in measures}, concerned)


def _stand(key: OrderKey, measure: Measure, granted: Granted) -> Standing:
    return Standing(measure.id, Form.ADVICE if waits(measure, key, granted) else Form.ORDER)


def _relay(danger: Danger, towns: Mapping[str, InForce], book: RuleBook) -> list[Desired]:
    level = max(force.level for force in towns.values())
    rooms = [unit for unit in book.units.values() if unit.kind is UnitKind.DUTY_ROOM]
    only = {Standing(RELAY.id, Form.ORDER)}
    return [_desired(OrderKey(room.code, *danger), level, only, towns) for room in rooms]


def _desired(key: OrderKey, level: Level, measures: set[Standing], concerned: Mapping[str, InForce]) -> Desired:
    gravest = [force for force in concerned.values() if force.level == level]
    return Desired(
        key,
        level,
        frozenset(measures),
        _reach(concerned),
        because=frozenset(identifier for force in gravest for identifier in force.because),
        ends=_end(gravest),
        renewed=frozenset(identifier for force in gravest for identifier in force.renewed),
    )


def _reach(concerned: Mapping[str, InForce]) -> tuple[Reach, ...]:
    by_level: dict[Level, list[str]] = defaultdict(list)
    for town, force in concerned.items():
        by_level[force.level].append(town)
    return tuple(Reach(level, tuple(sorted(by_level[level]))) for level in sorted(by_level, reverse=True))


def _end(forces: Iterable[InForce]) -> datetime | None:
    ends = [force.ends for force in forces]
    return None if None in ends else max((end for end in ends if end), default=None)
