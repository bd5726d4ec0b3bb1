"""Villages and grids: told in the same change as their township, by the same book, and nobody else."""

from __future__ import annotations

import pytest

from tests.core.district import ANJU, BOOK, SHAOYUN, at, force, rain
from warnengine.match.desired import desired, territory
from warnengine.model.book import UnitKind
from warnengine.model.level import Level
from warnengine.model.order import Change, Desired, Kind, OrderKey
from warnengine.order.draft import draft
from warnengine.order.wish import Wish, refuse

VILLAGE, GRID = f"{ANJU}001", f"{ANJU}00101"


@pytest.mark.parametrize("unit", [ANJU, VILLAGE, GRID])
def test_a_village_and_a_grid_have_the_weather_of_their_township(unit: str) -> None:
    assert territory(BOOK.units[unit], BOOK) == {ANJU}


@pytest.mark.parametrize("level", Level)
def test_all_levels_are_told_at_once_and_only_below_the_township_that_is_warned(level: Level) -> None:
    wanted = desired([force(ANJU, level)], BOOK, frozenset())
    divisions = {key.unit for key in wanted if BOOK.units[key.unit].code.isdigit()}
    assert divisions == {ANJU, VILLAGE, GRID}
    assert {wanted[rain(unit)].level for unit in divisions} == {level}


def posts(unit: str, level: Level, hazard: str = "rainstorm", family: str = "signal") -> tuple[str, ...]:
    wanted = desired([force(ANJU, level, hazard=hazard, family=family)], BOOK, frozenset())
    return draft(issued(wanted[OrderKey(unit, hazard, family)]), None, BOOK, at("05:00")).posts


def issued(order: Desired) -> Change:
    return Change(
        kind=Kind.ISSUE,
        key=order.key,
        order=None,
        version=1,
        before=None,
        level=order.level,
        added=tuple(sorted(order.measures)),
        continuing=(),
        lapsed=(),
        reach=order.reach,
        because=order.because,
        ends=order.ends,
    )


@pytest.mark.parametrize(
    ("unit", "level", "called"),
    [
        (VILLAGE, Level.BLUE, {"secretary"}),
        (GRID, Level.BLUE, {"grid_member"}),
        (VILLAGE, Level.ORANGE, {"secretary", "evacuation", "facility_head"}),
        (VILLAGE, Level.RED, {"secretary", "evacuation", "facility_head"}),
        (ANJU, Level.YELLOW, {"duty", "vice"}),
    ],
)
def test_who_answers_for_a_point_is_called_with_the_ladder(unit: str, level: Level, called: set[str]) -> None:
    assert set(posts(unit, level)) == called


def test_a_hazard_that_endangers_no_point_calls_nobody_beside_the_ladder() -> None:
    assert posts(VILLAGE, Level.RED, "forest_fire") == ("secretary",)


def test_a_monitor_of_a_slope_is_called_from_yellow_on() -> None:
    slope = "500151124001"
    wanted = desired([force("500151124", Level.YELLOW)], BOOK, frozenset())
    assert draft(issued(wanted[rain(slope)]), None, BOOK, at("05:00")).posts == ("secretary", "geo_monitor")


def test_another_township_changes_nothing_for_a_village() -> None:
    alone = desired([force(ANJU, Level.RED)], BOOK, frozenset())
    beside = desired([force(ANJU, Level.RED), force(SHAOYUN, Level.BLUE)], BOOK, frozenset())
    assert {key: order for key, order in beside.items() if key.unit in (VILLAGE, GRID)} == {
        key: order for key, order in alone.items() if key.unit in (VILLAGE, GRID)
    }


@pytest.mark.parametrize("unit", [VILLAGE, GRID])
def test_an_order_by_hand_may_go_to_a_village(unit: str) -> None:
    soon, later = at("05:30"), at("06:00")
    refuse(Wish((unit,), "到沟口看水", soon, Level.RED, later, "险情"), BOOK, at("05:00"))


def test_every_sample_village_is_told_in_a_red_for_the_whole_district() -> None:
    everywhere = [force(town.code, Level.RED) for town in BOOK.district.townships]
    told = {key.unit for key in desired(everywhere, BOOK, frozenset())}
    below = {unit.code for unit in BOOK.units.values() if unit.kind in (UnitKind.VILLAGE, UnitKind.GRID)}
    assert below <= told
