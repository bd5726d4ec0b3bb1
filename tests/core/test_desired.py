"""Who must do what, given what is in force and what is approved."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.district import (
    ANJU,
    BOOK,
    GAOLOU,
    SHAOYUN,
    TOWNS,
    advised,
    all_replaced,
    at,
    force,
    measure,
    ordered,
    rain,
)
from warnengine.match.desired import desired, territory
from warnengine.model.book import RELAY, RuleBook, Unit, UnitKind
from warnengine.model.level import Level
from warnengine.model.order import Form, OrderKey, Reach, Standing
from warnengine.model.situation import InForce

NOBODY: frozenset[tuple[OrderKey, str]] = frozenset()
WAITING = sorted(
    (key.unit, standing.measure, wanted.level)
    for level in Level
    for key, wanted in desired([force(town, level) for town in TOWNS], BOOK, frozenset()).items()
    for standing in wanted.measures
    if standing.form is Form.ADVICE and measure(standing.measure).when.level is level
)
"""(unit, compulsory measure, level) of the whole book."""
situations = st.dictionaries(st.sampled_from(TOWNS), st.sampled_from(Level), max_size=6)


def rained(levels: dict[str, Level]) -> list[InForce]:
    return [force(town, level, because=f"m{town}") for town, level in levels.items()]


def approvals(situation: list[InForce]) -> frozenset[tuple[OrderKey, str]]:
    return frozenset(
        (key, measure) for key, wanted in desired(situation, BOOK, NOBODY).items() for measure in advised(wanted)
    )


@pytest.mark.parametrize(
    ("unit", "level", "orders", "advice"),
    [
        ("education", Level.BLUE, {"education.rainstorm.blue.1"}, set()),
        ("education", Level.YELLOW, {"education.rainstorm.yellow.1", "education.rainstorm.yellow.2"}, set()),
        (
            "education",
            Level.ORANGE,
            {"education.rainstorm.yellow.2", "education.rainstorm.orange.1", "education.rainstorm.orange.2"},
            set(),
        ),
        (
            "education",
            Level.RED,
            {"education.rainstorm.red.2", "education.rainstorm.orange.2"},
            {"education.rainstorm.red.1"},
        ),
        (
            "transport",
            Level.ORANGE,
            {"transport.rainstorm.yellow.1"},
            {"transport.rainstorm.orange.1", "transport.rainstorm.orange.2"},
        ),
        ("mines", Level.ORANGE, {"mines.rainstorm.yellow.1", "mines.rainstorm.orange.1"}, set()),
    ],
)
def test_what_a_sector_owes(unit: str, level: Level, orders: set[str], advice: set[str]) -> None:
    wanted = desired([force(ANJU, level)], BOOK, NOBODY)[rain(unit)]
    assert (ordered(wanted), advised(wanted)) == (orders, advice)


def test_a_sector_without_a_measure_at_a_level_has_no_order() -> None:
    assert rain("forestry") not in desired([force(ANJU, Level.BLUE)], BOOK, NOBODY)
    assert rain("forestry") in desired([force(ANJU, Level.YELLOW)], BOOK, NOBODY)


def test_a_township_owes_what_all_do_and_its_own_plan() -> None:
    wanted = desired([force(ANJU, Level.ORANGE)], BOOK, NOBODY)[rain(ANJU)]
    assert ordered(wanted) >= {"township.rainstorm.orange.1", "p500151105.rainstorm.orange.1"}
    assert not any(measure.startswith("p500151114") for measure in ordered(wanted))


def test_only_the_townships_that_are_named_have_an_order() -> None:
    wanted = desired([force(ANJU, Level.RED)], BOOK, NOBODY)
    towns = {key.unit for key in wanted if BOOK.units[key.unit].kind is UnitKind.TOWNSHIP}
    assert towns == {ANJU}


def test_a_sector_stands_at_the_gravest_level_and_is_told_where() -> None:
    situation = [
        force(ANJU, Level.RED, because="r", ends=at("08:00")),
        force(SHAOYUN, Level.RED, because="s", ends=at("09:00")),
        force(GAOLOU, Level.BLUE, because="b"),
    ]
    wanted = desired(situation, BOOK, NOBODY)[rain("water")]
    assert wanted.level is Level.RED
    assert wanted.reach == (Reach(Level.RED, (ANJU, SHAOYUN)), Reach(Level.BLUE, (GAOLOU,)))
    assert (wanted.because, wanted.renewed, wanted.ends) == ({"r", "s"}, {"r", "s"}, at("09:00"))


def test_an_end_that_is_not_known_is_no_end() -> None:
    situation = [force(ANJU, Level.RED, ends=at("08:00")), force(SHAOYUN, Level.RED)]
    assert desired(situation, BOOK, NOBODY)[rain("water")].ends is None


def with_unit(**fields: object) -> RuleBook:
    unit = Unit.model_validate(BOOK.units["hitech_zone"].model_dump() | fields)
    return BOOK.model_copy(update={"units": BOOK.units | {"hitech_zone": unit}})


def test_a_committee_shares_the_weather_of_its_townships_or_of_all() -> None:
    narrow = with_unit(towns=(ANJU,))
    assert territory(narrow.units["hitech_zone"], narrow) == {ANJU}
    assert territory(BOOK.units["hitech_zone"], BOOK) == set(TOWNS)
    assert rain("hitech_zone") in desired([force(GAOLOU, Level.RED)], BOOK, NOBODY)
    assert rain("hitech_zone") not in desired([force(GAOLOU, Level.RED)], narrow, NOBODY)
    both = [force(GAOLOU, Level.RED), force(ANJU, Level.BLUE)]
    assert desired(both, narrow, NOBODY)[rain("hitech_zone")].level is Level.BLUE


@pytest.mark.parametrize(
    ("hazard", "family"),
    [("?陨石", "signal"), ("earthquake", "signal"), ("rainstorm", "response")],
    ids=["a hazard that the book does not know", "one without measures", "another product family"],
)
def test_what_the_book_has_no_word_on_goes_to_the_duty_room_alone(hazard: str, family: str) -> None:
    situation = [force(ANJU, Level.YELLOW, hazard=hazard, family=family, because="x"), force(GAOLOU, Level.BLUE)]
    wanted = {key: one for key, one in desired(situation, BOOK, NOBODY).items() if key[1:] == (hazard, family)}
    (relay,) = wanted.values()
    assert relay.key == OrderKey("duty_room", hazard, family)
    assert relay.measures == {Standing(RELAY.id, Form.ORDER)}
    assert (relay.level, relay.reach, relay.because) == (Level.YELLOW, (Reach(Level.YELLOW, (ANJU,)),), {"x"})


@pytest.mark.parametrize(("unit", "id_", "level"), WAITING, ids=[f"{w[0]} {w[1]}" for w in WAITING])
def test_approval_turns_exactly_that_measure_into_an_order(unit: str, id_: str, level: Level) -> None:
    situation = [force(town, level) for town in TOWNS]
    before = desired(situation, BOOK, NOBODY)
    after = desired(situation, BOOK, frozenset({(rain(unit), id_)}))
    assert {key for key in before if before[key] != after[key]} == {rain(unit)}
    old, new = before[rain(unit)], after[rain(unit)]
    replaced = all_replaced(id_, unit)
    assert ordered(new) - ordered(old) == {id_}
    assert ordered(old) - ordered(new) <= replaced
    assert advised(new) == advised(old) - {id_} - replaced


@pytest.mark.parametrize("level", [Level.ORANGE, Level.RED], ids=lambda level: level.key)
def test_advice_replaces_nothing_of_a_lower_level(level: Level) -> None:
    towns = [force(town, level) for town in TOWNS]
    below = [force(town, Level(level - 1)) for town in TOWNS]
    granted = approvals(below)
    for key, wanted in desired(towns, BOOK, granted).items():
        firm = {m.id: m for m in BOOK.measures_of(BOOK.units[key.unit]) if m.id in ordered(wanted)}
        lower = desired(below, BOOK, granted).get(key)
        gone = (ordered(lower) if lower else set()) - ordered(wanted)
        replaced = {old for measure in firm.values() for old in all_replaced(measure.id, key.unit)}
        assert gone <= replaced, f"{key.unit}: {gone - replaced} is neither in force nor replaced by an order"


def test_nobody_prepares_to_move_who_is_already_moved() -> None:
    """The township's own evacuation replaces the common one, and what that replaces."""
    situation = [force(ANJU, Level.RED)]
    wanted = desired(situation, BOOK, approvals(situation))[rain(ANJU)]
    assert "p500151105.rainstorm.red.1" in ordered(wanted)
    assert not {"township.rainstorm.red.1", "township.rainstorm.orange.2"} & ordered(wanted)


@settings(max_examples=60)
@given(situations, st.sampled_from(TOWNS), st.sampled_from(Level))
def test_another_townships_warning_changes_no_townships_order(
    levels: dict[str, Level], town: str, level: Level
) -> None:
    levels.pop(town, None)
    alone, beside = desired(rained(levels), BOOK, NOBODY), desired(rained({**levels, town: level}), BOOK, NOBODY)
    for other in levels:
        assert alone[rain(other)] == beside[rain(other)]


@settings(max_examples=60)
@given(situations, st.data())
def test_a_higher_level_loses_no_unit_and_eases_nothing(levels: dict[str, Level], data: st.DataObject) -> None:
    raised = {town: data.draw(st.sampled_from([one for one in Level if one >= lv])) for town, lv in levels.items()}
    low, high = desired(rained(levels), BOOK, NOBODY), desired(rained(raised), BOOK, NOBODY)
    assert set(low) <= set(high)
    assert all(low[key].level <= high[key].level for key in low)


@settings(max_examples=60)
@given(situations)
def test_the_areas_of_the_orders_are_the_areas_of_the_warnings(levels: dict[str, Level]) -> None:
    reached = {
        (part.level, town)
        for wanted in desired(rained(levels), BOOK, NOBODY).values()
        for part in wanted.reach
        for town in part.towns
    }
    assert reached == {(level, town) for town, level in levels.items()}


@settings(max_examples=30)
@given(situations, st.randoms(use_true_random=False))
def test_the_order_in_which_it_is_told_does_not_matter(levels: dict[str, Level], chance: object) -> None:
    situation = rained(levels)
    shuffled = chance.sample(situation, len(situation))  # type: ignore[attr-defined]
    assert desired(situation, BOOK, NOBODY) == desired(shuffled, BOOK, NOBODY)


def test_no_danger_no_orders() -> None:
    assert desired([], BOOK, NOBODY) == {}
