"""In the shipped book a higher level calls everybody whom a lower one calls: unit by unit, post by post."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.core.district import BOOK, TOWNS, at, force
from warnengine.match.desired import desired
from warnengine.model.level import Level
from warnengine.model.order import OrderKey
from warnengine.order.diff import diff
from warnengine.order.draft import draft
from warnengine.rulebook.coverage import Danger, of_book

IN_USE = of_book(BOOK).in_use
CLOCK = at("03:00")


def called(danger: Danger, level: Level, *, granted: bool) -> dict[OrderKey, set[str]]:
    """The posts of every order, had it come out of a clear sky."""
    said = frozenset(
        (OrderKey(unit.code, danger.hazard, danger.family), measure.id)
        for unit in BOOK.units.values()
        for measure in BOOK.measures_of(unit)
        if measure.compulsory and granted
    )
    situation = [force(town, level, hazard=danger.hazard, family=danger.family) for town in TOWNS]
    wanted = desired(situation, BOOK, said)
    return {c.key: set(draft(c, None, BOOK, CLOCK).posts) for c in diff({}, wanted, BOOK.hash)}


@pytest.mark.parametrize("danger", IN_USE, ids=".".join)
def test_raising_a_level_leaves_nobody_out(danger: Danger) -> None:
    for granted in (False, True):
        for low, high in pairwise(IN_USE[danger]):
            before, after = (called(danger, level, granted=granted) for level in (low, high))
            before.pop(OrderKey("duty_room", danger.hazard, danger.family), None)  # nobody had a measure yet
            lost = {key: posts for key, held in before.items() if (posts := held - after.get(key, set()))}
            assert lost == {}, f"{low.key} → {high.key}"
