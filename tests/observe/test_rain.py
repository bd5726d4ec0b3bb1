"""Rain from gauges that are late, twice, out of order and silent: any order gives the same, and missing is not zero."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.observe.sky import HOUR, MINUTE, NOON, rain, seen, trigger
from warnengine.model.book.trigger import Soil
from warnengine.model.level import Level
from warnengine.model.observation import Day, Kind, Reading, Told
from warnengine.observe.rain import Rain, isolated
from warnengine.observe.soil import begins, hydrological_day, percent

DAY = timedelta(days=1)
readings = st.lists(
    st.builds(
        lambda back, value, minutes, revision: Reading(
            "S1", Kind.RAIN, NOON - back * MINUTE, value, minutes, revision=revision
        ),
        back=st.integers(0, 400),
        value=st.floats(0, 60).map(lambda value: round(value, 1)),
        minutes=st.sampled_from([5, 10, 60]),
        revision=st.integers(0, 2),
    ),
    max_size=30,
)


@given(readings, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_gives_the_same(given_: list[Reading], chance: object) -> None:
    other = [*given_, *given_[: len(given_) // 2]]
    chance.shuffle(other)  # type: ignore[attr-defined]
    one, two = seen(trigger(), given_), seen(trigger(), other)
    assert one == two
    assert isolated(given_, 200) == isolated(other, 200)


@given(readings, st.randoms(use_true_random=False), st.integers(1, 6))
def test_what_is_told_in_the_end_does_not_depend_on_when_readings_came(
    given_: list[Reading], chance: object, pieces: int
) -> None:
    """Readings without corrections and of one interval only ever add rain."""
    plain = list({one.at: one for one in given_ if one.minutes == 5 and one.revision == 0}.values())
    other = list(plain)
    chance.shuffle(other)  # type: ignore[attr-defined]
    told = Told()
    for count in range(pieces + 1):
        told = seen(trigger(rearm="0s", falls_by=0), other[: len(other) * count // pieces], told=told).told
    at_once = seen(trigger(rearm="0s", falls_by=0), plain).told
    assert told.level == at_once.level


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ([2, 3, 4], None),
        ([5, 5, 5, 5, 5, 5], Level.ORANGE),
        ([8, 8, 8, 8, 8], Level.RED),
        ([4] * 12, Level.ORANGE),
        ([4.6] * 12, Level.RED),
        ([2] * 36, Level.ORANGE),
    ],
    ids=["little", "30 in half an hour", "40 in 25 minutes", "48 in an hour", "55 in an hour", "72 in three"],
)
def test_the_shortest_and_the_longest_window_count(values: list[float], level: Level | None) -> None:
    found = seen(trigger(), rain(*values))
    assert found.told.level == level
    assert (found.rises.level if found.rises else None) == level


def test_a_window_says_how_much_of_it_was_seen() -> None:
    half = Rain(rain(5, 5, 5, 5, 5, 5), NOON - DAY, NOON).window(NOON, HOUR)
    assert half == Day(30.0, 0.5)
    assert Rain([], NOON - DAY, NOON).window(NOON, HOUR) == Day(0.0, 0.0)
    assert Rain(rain(*[0] * 12), NOON - DAY, NOON).window(NOON, HOUR) == Day(0.0, 1.0)


def test_where_readings_overlap_the_finest_counts_and_the_newest_revision() -> None:
    hour = Reading("S1", Kind.RAIN, NOON, 12, 60)
    assert Rain([hour, *rain(6, 6)], NOON - DAY, NOON).window(NOON, HOUR).millimetres == 22
    first, better = Reading("S1", Kind.RAIN, NOON, 90, 5), Reading("S1", Kind.RAIN, NOON, 9, 5, revision=1)
    assert Rain([better, first], NOON - DAY, NOON).window(NOON, HOUR).millimetres == 9


def test_a_late_reading_that_fills_the_gap_raises_the_level_of_the_same_episode() -> None:
    known = rain(6, 6, 0, 6, 6, 6)
    late = known.pop(2)
    before = seen(trigger(), known)
    assert before.told.level is Level.ORANGE
    full = [*known, Reading("S1", Kind.RAIN, late.at, 11, 5)]
    after = seen(trigger(), full, told=before.told)
    assert after.rises
    assert (after.rises.level, after.begins) == (Level.RED, False)
    assert seen(trigger(), full, told=after.told).rises is None


def test_a_crossing_that_shows_hours_later_is_told_and_one_of_yesterday_is_not() -> None:
    assert seen(trigger(), rain(10, 10, 10, 10, until=NOON - 5 * HOUR)).rises
    assert seen(trigger(), rain(10, 10, 10, 10, until=NOON - 7 * HOUR)).rises is None


def test_it_falls_only_when_it_is_seen_to_be_below_for_long_enough() -> None:
    storm = rain(10, 10, 10, 10, until=NOON - 5 * HOUR)
    told = seen(trigger(), storm).told
    assert told.level is Level.RED
    silence = seen(trigger(), storm, told=told)
    assert silence.told.fallen is None
    dry = rain(*[0] * 60)
    over = seen(trigger(), [*storm, *dry], told=told)
    assert over.told.fallen is not None
    assert over.told.level is Level.RED, "only a person ends it"
    lately = [*rain(10, 10, 10, 10, until=NOON - 3 * HOUR), *rain(*[0] * 36)]
    assert seen(trigger(), lately).told.fallen is not None
    assert seen(trigger(rearm="4h"), lately).told.fallen is None


def test_a_value_on_the_line_does_not_ring_again_and_again() -> None:
    values = [4, 3.6] * 30
    found = seen(trigger(orange={"1h": 45}, red={"1h": 55}), rain(*values))
    assert found.rises
    assert found.told.fallen is None


def test_after_it_has_fallen_it_begins_anew() -> None:
    storm = rain(10, 10, 10, 10, until=NOON - 5 * HOUR)
    dry = rain(*[0] * 48, until=NOON - HOUR)
    one = trigger(orange={"30m": 30}, red={"30m": 80})
    told = seen(one, [*storm, *dry], now=NOON - HOUR).told
    assert told.fallen
    again = seen(one, [*storm, *dry, *rain(8, 8, 8, 8)], told=told)
    assert again.begins
    assert (again.told.level, again.told.fallen) == (Level.ORANGE, None)


def test_a_peak_that_stands_alone_is_flagged_and_counts() -> None:
    found = seen(trigger(), rain(0, 0, 45, 0, 0))
    assert found.rises
    assert found.rises.seen
    assert found.rises.seen.spike
    assert found.rises.level is Level.RED
    cloudburst = seen(trigger(), rain(8, 15, 20, 12, 3))
    assert cloudburst.rises
    assert cloudburst.rises.seen
    assert not cloudburst.rises.seen.spike


def test_two_of_three() -> None:
    one = trigger(agree=2)
    wet, dry = rain(10, 10, 10, 10), rain(0, 0, 0, 0)
    assert seen(one, wet, dry, dry).told.level is None
    assert seen(one, wet, dry, rain(8, 8, 8, 8)).told.level is Level.ORANGE
    assert seen(one, wet, wet, dry).told.level is Level.RED
    assert seen(one, wet).told.level is None, "one that is heard is not two"


WET, DRY = Soil(holds=100), {NOON.date() - timedelta(days=n): Day(0, 1) for n in range(1, 20)}


@pytest.mark.parametrize(
    ("days", "moves"),
    [
        ({n: Day(60, 1) for n in (1, 2)}, -15),
        ({n: Day(60, 0.1) for n in (1, 2)}, -15),
        ({n: Day(30, 1) for n in range(1, 3)}, 0),
        ({}, 0),
        ({n: Day(0, 1) for n in range(1, 16)}, 15),
        ({n: Day(0, 1) for n in range(1, 15)}, 0),
        ({n: Day(10, 1) for n in range(1, 16)}, 0),
    ],
    ids=["wet", "wet by what was seen", "unknown before", "unknown", "dry", "a day is missing", "between"],
)
def test_wet_soil_lowers_and_only_soil_that_is_known_to_be_dry_raises(days: dict[int, Day], moves: int) -> None:
    today = hydrological_day(NOON)
    assert percent({today - timedelta(days=n): day for n, day in days.items()}, NOON, WET) == moves


def test_the_soil_moves_the_thresholds() -> None:
    yesterday = hydrological_day(NOON) - timedelta(days=1)
    soaked = {"days": {yesterday: Day(120, 1)}, "soil": WET}
    one = trigger(soil=True, orange={"1h": 45}, red={"1h": 55})
    assert seen(one, rain(*[4] * 10)).told.level is None
    wet = seen(one, rain(*[4] * 10), **soaked)
    assert wet.rises
    assert wet.rises.seen
    assert (wet.rises.level, wet.rises.seen.threshold, wet.rises.seen.percent) == (Level.ORANGE, 38.25, -15)


def test_a_hydrological_day_is_from_eight_to_eight() -> None:
    day = hydrological_day(NOON)
    assert begins(day) == NOON - 4 * HOUR
    assert hydrological_day(begins(day)) == day - timedelta(days=1)


def test_a_second_smaller_wave_takes_nothing_back() -> None:
    one = trigger(orange={"30m": 30}, red={"30m": 40})
    storm, dry = rain(10, 10, 10, 10, until=NOON - 5 * HOUR), rain(*[0] * 48, until=NOON - HOUR)
    told = seen(one, [*storm, *dry], now=NOON - HOUR).told
    assert (told.level, told.fallen is None) == (Level.RED, False)
    smaller = seen(one, [*storm, *dry, *rain(8, 8, 8, 8)], told=told)
    assert smaller.rises is None
    assert (smaller.told.level, smaller.told.fallen) == (Level.RED, None)
    again = seen(one, [*storm, *dry, *rain(10, 10, 10, 10)], told=told)
    assert again.begins


def test_what_a_person_has_ended_is_history() -> None:
    storm = rain(10, 10, 10, 10, until=NOON - 2 * HOUR)
    assert seen(trigger(), storm, told=Told(lifted=NOON - HOUR)).rises is None
    assert seen(trigger(), [*storm, *rain(10, 10, 10, 10)], told=Told(lifted=NOON - HOUR)).rises
