"""Orders of the shipped book as people read them at three in the morning: SMS of a few parts, links filled in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median

import pytest

from tests.core.district import BOOK, TEXTS, TOWNS, force
from warnengine.match.desired import desired
from warnengine.model.level import Level
from warnengine.model.order import OrderKey
from warnengine.order.compose import compose
from warnengine.order.diff import diff
from warnengine.order.draft import draft
from warnengine.order.texts import fill
from warnengine.rulebook.coverage import of_book

NIGHT = datetime(2026, 7, 26, 19, tzinfo=UTC)
"""Three in the morning."""
SLOTS = {"link": "https://".ljust(41, "x"), "name": "", "posts": "", "resend": ""}
MOST = 4
ALL_GRANTED = frozenset(
    (OrderKey(unit.code, measure.when.hazard, measure.when.family), measure.id)
    for unit in BOOK.units.values()
    for measure in BOOK.measures_of(unit)
    if measure.compulsory
)
GRAVEST = {(danger.hazard, danger.family): levels[-1] for danger, levels in of_book(BOOK).in_use.items()}


def parts(text: str) -> int:
    """SMS that a text costs: 70 characters, then 67 for each part."""
    return 1 if len(text) <= 70 else -(-len(text) // 67)


def texts(hazard: str, family: str, level: Level, *, granted: bool) -> Iterator[tuple[str, str]]:
    """What everybody in the district reads when this comes out of a clear sky."""
    situation = [force(town, level, hazard=hazard, family=family) for town in TOWNS]
    wanted = desired(situation, BOOK, ALL_GRANTED if granted else frozenset())
    for change in diff({}, wanted, BOOK.hash):
        words = compose([draft(change, None, BOOK, NIGHT)], BOOK, TEXTS)
        yield change.key.unit, fill(words.short, SLOTS)


@pytest.mark.parametrize("granted", [False, True], ids=["asked for", "granted"])
def test_a_red_for_rain_is_three_parts_in_the_middle_and_four_at_most(granted: bool) -> None:
    found = [parts(text) for _, text in texts("rainstorm", "signal", Level.RED, granted=granted)]
    assert median(found) <= 3
    assert max(found) <= MOST


@pytest.mark.parametrize("danger", GRAVEST, ids=".".join)
def test_no_order_is_longer_than_four_parts(danger: tuple[str, str]) -> None:
    long = {
        unit: text
        for granted in (False, True)
        for unit, text in texts(*danger, GRAVEST[danger], granted=granted)
        if parts(text) > MOST
    }
    assert long == {}


def test_a_place_is_named_only_where_it_is() -> None:
    """The 225 metres are those of three townships on the 涪江; their plans say so, and not what all have in common."""
    for hazard, family in (("flood", "flood_command"), ("flood", "hydrology"), ("transit_flood", "observed")):
        told = {unit for unit, text in texts(hazard, family, Level.RED, granted=True) if "225米" in text}
        assert told & set(TOWNS) == {"500151105", "500151114", "500151116"}


def test_who_must_leave_is_told_once() -> None:
    """A plan's evacuation stands in the place of the common one, and so does its alarm."""
    (rain,) = [
        text for unit, text in texts("rainstorm", "signal", Level.RED, granted=False) if unit == "500151105"
    ]
    assert rain.count("叫醒") == 1
    assert "准备转移" not in rain
