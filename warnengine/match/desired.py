"""desired(): every order that should stand, given what is in force and what has been approved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from warnengine.match.index import Danger, Index, index, territory
from warnengine.model.book import RELAY, Measure, RuleBook, UnitKind
from warnengine.model.level import Level
from warnengine.model.order import Desired, Form, OrderKey, Reach, Standing
from warnengine.model.situation import InForce

__all__ = ["Granted", "desired", "standing", "territory", "waits"]
Granted = frozenset[tuple[OrderKey, str]]
"""Compulsory measures that an authority has approved: (order, measure id)."""


def desired(in_force: Iterable[InForce], book: RuleBook, granted: Granted) -> dict[OrderKey, Desired]:
    """Every order that should stand. A danger that the book has no word on goes to the duty room alone."""
    dangers: dict[Danger, dict[str, InForce]] = defaultdict(dict)
    for force in in_force:
        dangers[force.key.hazard, force.key.family][force.key.area] = force
    known = index(book)
    orders: dict[OrderKey, Desired] = {}
    for danger, towns in dangers.items():
        found = list(_orders(danger, towns, book, known, granted)) or _relay(danger, towns, book)
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


@dataclass(frozen=True, slots=True)
class _Weather:
    """What is in force somewhere, as an order tells it."""

    level: Level
    reach: tuple[Reach, ...]
    because: frozenset[str]
    ends: datetime | None
    renewed: frozenset[str]


def _orders(
    danger: Danger, towns: Mapping[str, InForce], book: RuleBook, known: Index, granted: Granted
) -> Iterator[Desired]:
    everywhere = _weather({town: force for town, force in towns.items() if town in known.towns})
    for unit in known.units(danger, towns, book):
        within = known.territories.get(unit.code)
        weather = everywhere if within is None else _weather(_within(towns, within))
        if weather is None:
            continue
        key = OrderKey(unit.code, *danger)
        measures = standing(known.measures(unit, danger, book), key, weather.level, granted)
        if measures:
            yield _desired(key, {_stand(key, measure, granted) for measure in measures}, weather)


def _within(towns: Mapping[str, InForce], within: frozenset[str]) -> dict[str, InForce]:
    fewer, more = (within, towns) if len(within) < len(towns) else (towns, within)
    return {town: towns[town] for town in fewer if town in more}


def _stand(key: OrderKey, measure: Measure, granted: Granted) -> Standing:
    return Standing(measure.id, Form.ADVICE if waits(measure, key, granted) else Form.ORDER)


def _relay(danger: Danger, towns: Mapping[str, InForce], book: RuleBook) -> list[Desired]:
    weather = _weather(towns)
    rooms = [unit for unit in book.units.values() if unit.kind is UnitKind.DUTY_ROOM]
    only = {Standing(RELAY.id, Form.ORDER)}
    return [_desired(OrderKey(room.code, *danger), only, weather) for room in rooms if weather]


def _desired(key: OrderKey, measures: set[Standing], weather: _Weather) -> Desired:
    return Desired(
        key,
        weather.level,
        frozenset(measures),
        weather.reach,
        because=weather.because,
        ends=weather.ends,
        renewed=weather.renewed,
    )


def _weather(concerned: Mapping[str, InForce]) -> _Weather | None:
    """None: nothing is in force there."""
    if not concerned:
        return None
    level = max(force.level for force in concerned.values())
    gravest = [force for force in concerned.values() if force.level == level]
    return _Weather(
        level,
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
