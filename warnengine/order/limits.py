"""What is too large or too much to go out without a second look. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from warnengine.model.book import RuleBook
from warnengine.model.byhand import Load
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


def held(loads: Sequence[Load], before: int, book: RuleBook) -> dict[int, str]:
    """Which orders of a change wait for a second look, and why, by order.

    before: how many orders the district made in the last minute, without these. The gravest have what is left.
    """
    made = [load for load in loads if load.version.change.kind is not Kind.LAPSE]
    made.sort(key=lambda load: (-load.version.lane_level, load.order))
    most = book.limits.orders_per_minute
    spare = max(most - before, 0)
    why = {load.order: f"一分钟内的指令超过{most}条" for load in made[spare:]}
    return why | {load.order: said for load in made if (said := beyond(load, book))}


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
