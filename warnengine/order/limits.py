"""What is too large or too much to go out without a second look. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warnengine.model.book import RuleBook
from warnengine.model.byhand import Load
from warnengine.model.level import Level
from warnengine.model.order import Kind, Mark
from warnengine.order.draft import measure_of


def beyond(load: Load, book: RuleBook) -> str:
    """Why an order has too many people, in words for the duty room; empty where it has not.

    What is taken back goes to whomever it may have reached, however many."""
    if load.version.change.kind is Kind.LAPSE:
        return ""
    unit = book.units.get(load.version.change.key.unit)
    name = unit.short if unit else load.version.change.key.unit
    ceiling, times = ceiling_of(load, book), book.limits.times_usual
    if load.people > ceiling:
        return f"{name}指令将发{load.people}人,超过上限{ceiling}人"
    if load.usual and load.people > times * load.usual:
        return f"{name}指令将发{load.people}人,超过平时{load.usual:g}人的{times}倍"
    return ""


def held(loads: Sequence[Load], before: Mapping[Level, int], book: RuleBook) -> dict[int, str]:
    """Which orders of a change wait for a second look, and why, by order.

    before: how many orders of each level the district made in the last minute, without these. An order counts
    against its own level and those below, never above: a rush of blues leaves a red its whole minute.
    """
    made = [load for load in loads if load.version.change.kind is not Kind.LAPSE]
    made.sort(key=lambda load: (-load.version.lane_level, load.order))
    most = book.limits.orders_per_minute
    why = {
        load.order: f"一分钟内的指令超过{most}条"
        for place, load in enumerate(made)
        if place + _as_grave(before, load.version.lane_level) >= most
    }
    return why | {load.order: said for load in made if (said := beyond(load, book))}


def _as_grave(made: Mapping[Level, int], level: Level) -> int:
    return sum(count for other, count in made.items() if other >= level)


def ceiling_of(load: Load, book: RuleBook) -> int:
    """How many people an order may have: the lowest that its measures say, else the book's."""
    version = load.version
    measures = (
        measure_of(mark.standing, version.change, book)
        for mark in version.measures
        if mark.mark is not Mark.LAPSED
    )
    said = [measure.ceiling for measure in measures if measure and measure.ceiling]
    return min(said, default=book.limits.people_per_order)
