"""Stages with their datum, how fast they rise, what is forecast, and what is measured at a moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from tests.observe.sky import ANJU, GAUGE, HOUR, NOON, RAIN, RIVER, STAGE, file, trigger
from warnengine.model.book import Station, Trigger, Triggers
from warnengine.model.level import Level
from warnengine.model.observation import Datum, Kind, Outlook, Reading, Told
from warnengine.observe.admit import Unusable, admitted
from warnengine.observe.datum import NotComparable, converted
from warnengine.observe.decide import WINDOW, concerned, outlook, pressing
from warnengine.observe.judge import Record

OFFSET = {"datum": "黄海", "add": -1.5, "source": "水文局函〔2026〕3号"}


def river(**changed: object) -> Station:
    return Station.model_validate(RIVER | changed)


def stages(*values: float, kind: Kind = Kind.STAGE, datum: Datum = Datum.WUSONG) -> list[Reading]:
    """One value an hour, the last one at noon."""
    first = NOON - (len(values) - 1) * HOUR
    return [Reading("R1", kind, first + n * HOUR, value, datum=datum) for n, value in enumerate(values)]


def made(
    one: Trigger, readings: list[Reading], told: Told | None = None, station: Station | None = None
) -> Outlook:
    known = Record(station or river(), tuple(readings), NOON - WINDOW, NOON)
    return outlook(one, ANJU, [known], told or Told(), NOON)


@pytest.mark.parametrize(
    ("values", "level"),
    [((216, 217), None), ((216, 217.5), Level.ORANGE), ((217.6, 220), Level.RED), ((221, 217), Level.RED)],
)
def test_a_stage_that_is_reached(values: tuple[float, ...], level: Level | None) -> None:
    assert made(trigger(watch="stage"), stages(*values)).told.level == level


def test_a_forecast_orders_under_a_clear_sky() -> None:
    one = trigger(watch="forecast_stage")
    found = made(one, stages(219.1, kind=Kind.FORECAST_STAGE))
    assert found.told.level is Level.ORANGE
    assert made(trigger(watch="stage"), stages(219.1, kind=Kind.FORECAST_STAGE)).told.level is None


def test_a_forecast_counts_until_the_next_one() -> None:
    one = trigger(watch="forecast_stage", rearm="0m")
    first = Reading("R1", Kind.FORECAST_STAGE, NOON - 5 * HOUR, 219, datum=Datum.WUSONG)
    lower = Reading("R1", Kind.FORECAST_STAGE, NOON, 216, datum=Datum.WUSONG)
    told = made(one, [first]).told
    assert told.fallen is None
    assert made(one, [first, lower], told).told.fallen == NOON


@pytest.mark.parametrize(
    ("values", "level"),
    [((200, 200.5), None), ((200, 200.9), Level.ORANGE), ((200, 200.7, 201.4, 202.1), Level.ORANGE), ((200, 201.6), Level.RED),
     ((201.6, 200), None), ((200,), None)],
    ids=["slow", "0.9 in an hour", "2.1 in three", "1.6 in an hour", "it falls", "one value says nothing"],
)  # fmt: skip
def test_how_fast_it_rises(values: tuple[float, ...], level: Level | None) -> None:
    one = trigger(watch="rise", orange={"1h": 0.8, "3h": 2}, red={"1h": 1.5, "3h": 4}, falls_by=0)
    assert made(one, stages(*values)).told.level == level


def test_two_datums_are_never_compared() -> None:
    huanghai = stages(218, datum=Datum.HUANGHAI)
    with pytest.raises(NotComparable):
        converted(huanghai[0], river(), Datum.WUSONG)
    assert made(trigger(watch="stage"), huanghai).told.level is None


@pytest.mark.parametrize(
    ("reading", "wanted", "value"),
    [
        (Datum.HUANGHAI, Datum.WUSONG, 219.5),
        (Datum.WUSONG, Datum.HUANGHAI, 216.5),
        (Datum.HUANGHAI, Datum.HUANGHAI, 218),
    ],
)
def test_an_offset_with_its_source_converts(reading: Datum, wanted: Datum, value: float) -> None:
    station = river(offsets=[OFFSET])
    assert converted(stages(218, datum=reading)[0], station, wanted).value == value


def test_an_offset_counts_from_its_day() -> None:
    station = river(offsets=[OFFSET | {"valid_from": "2026-08-01"}])
    with pytest.raises(NotComparable):
        converted(stages(218, datum=Datum.HUANGHAI)[0], station, Datum.WUSONG)


def test_temperature_and_wind() -> None:
    hot = Trigger.model_validate(
        {
            "id": "heat",
            "name": "高温",
            "hazard": "heat",
            "watch": "temperature",
            "towns": "all",
            "yellow": 35,
            "orange": 37,
            "red": 40,
        }
    )
    at = Station.model_validate(GAUGE | {"tells": ["temperature"]})
    known = Record(at, (Reading("S1", Kind.TEMPERATURE, NOON, 38.2),), NOON - WINDOW, NOON)
    assert outlook(hot, ANJU, [known], Told(), NOON).told.level is Level.ORANGE


def test_what_is_near_or_over_is_listed_and_what_is_far_is_not() -> None:
    triggers = file(STAGE, RAIN)
    one = trigger(watch="stage")
    assert pressing([made(one, stages(216))], triggers) == []
    near, over = made(one, stages(216.6)), made(one, stages(220))
    assert pressing([near, over], triggers) == [over, near]


def test_only_what_looks_at_a_station_is_judged_with_it() -> None:
    triggers = file(STAGE, RAIN)
    assert [one.trigger.id for one in concerned(triggers, [ANJU], {"R1"})] == ["stage"]
    assert [one.trigger.id for one in concerned(triggers, [ANJU], {"S1"})] == ["rain"]


def refusal(reading: Reading, triggers: Triggers | None = None) -> str:
    with pytest.raises(Unusable) as why:
        admitted(reading, triggers or file(STAGE, RAIN), NOON)
    return str(why.value)


def at(**changed: object) -> Reading:
    fields: dict[str, object] = {"station": "S1", "kind": Kind.RAIN, "at": NOON, "value": 3.0} | changed
    return Reading(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        (at(station="S2"), "没有测站S2"),
        (at(kind=Kind.WIND), "甲站只报雨量,不报风速"),
        (at(at=NOON + HOUR), "还没有到"),
        (at(at=NOON - timedelta(days=15)), "已超过14天"),
        (at(value=-1.0), "不可能"),
        (at(value=300.0), "不可能"),
        (at(station="R1", kind=Kind.STAGE, value=218.0), "没有写基准面"),
        (
            at(station="R1", kind=Kind.STAGE, value=218.0, datum=Datum.HUANGHAI),
            "黄海高程,阈值是吴淞高程,两者不能直接比较",
        ),
        (at(minutes=3000), "超过一天"),
    ],
)
def test_a_row_that_cannot_count_is_refused_with_what_to_do(reading: Reading, says: str) -> None:
    words = refusal(reading)
    assert says in words
    assert ":" in words


def test_a_row_that_counts_has_its_interval() -> None:
    assert admitted(at(), file(RAIN), NOON).minutes == 5
    assert admitted(at(minutes=60), file(RAIN), NOON).minutes == 60
    stage = at(station="R1", kind=Kind.STAGE, value=218.0, datum=Datum.HUANGHAI)
    known = file(STAGE, stations=[RIVER | {"offsets": [OFFSET]}])
    assert admitted(stage, known, NOON) == stage


def test_a_stage_of_before_the_zero_was_moved_is_refused() -> None:
    moved = file(STAGE, stations=[RIVER | {"valid_from": date(2026, 7, 28).isoformat()}])
    assert "零点自2026-07-28起有效" in refusal(
        at(station="R1", kind=Kind.STAGE, value=218.0, datum=Datum.WUSONG), moved
    )
    assert isinstance(NOON, datetime)
