"""Who must have looked at an order by hand, and which orders wait: tables and properties."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.district import ANJU, BOOK, at
from warnengine.model.book import Authorisation, RuleBook
from warnengine.model.byhand import FAMILY, HAZARD, ByHand, Load, Manual
from warnengine.model.level import Level
from warnengine.model.order import Change, Form, Kind, Mark, MeasureMark, OrderKey, Standing, Version
from warnengine.order.authority import ending
from warnengine.order.byhand import beside, ordered, retraction
from warnengine.order.escalate import rule_of
from warnengine.order.limits import beyond, held
from warnengine.order.wish import lacking

DUTY, LEADER = ("李四", "duty"), ("王区长", "leader")
TOO_MANY = ["安居镇指令将发900人,超过上限200人"]


@pytest.mark.parametrize(
    ("who", "yes", "over", "glass", "said"),
    [
        ("张三", [], [], None, "另一人核对"),
        ("张三", [("张三", "duty")], [], None, "另一人核对"),
        ("张三", [], [], "只有一人", ""),
        ("李四", [], [], "只有一人", "另一人核对"),
        ("李四", [DUTY], [], None, ""),
        ("张三", [DUTY], [], None, ""),
        ("李四", [DUTY], TOO_MANY, None, "带班领导"),
        ("王区长", [LEADER], TOO_MANY, None, "还要两人"),
        ("王区长", [DUTY, LEADER], TOO_MANY, None, ""),
        ("王区长", [DUTY, ("赵六", "duty")], TOO_MANY, None, "带班领导"),
        ("张三", [], TOO_MANY, "只有一人", "不能先发后补"),
        ("张三", [DUTY, LEADER], TOO_MANY, "只有一人", "不能先发后补"),
    ],
)
def test_what_is_lacking(
    who: str, yes: list[tuple[str, str]], over: list[str], glass: str | None, said: str
) -> None:
    found = lacking("张三", who, yes, over, glass)
    assert said in found
    assert bool(found) == bool(said)


def load(order: int, level: Level, kind: Kind = Kind.ISSUE, people: int = 4, usual: float | None = None) -> Load:
    key = OrderKey(ANJU, "rainstorm", "signal")
    mark = MeasureMark(Standing("x.y", Form.ORDER), Mark.ADDED, at("06:25"), "撤离涪江225米线下住户,先老弱后其他")
    change = Change(
        kind, key, order, 1, level, None if kind is Kind.LAPSE else level, (), (), (), (), frozenset(), None
    )
    version = Version(change, (mark,), ("duty",), ("sms",), BOOK.hash, at("05:55"), at("09:00"))
    return Load(order, version, people, usual)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (load(1, Level.RED, people=200), ""),
        (load(1, Level.RED, people=201), "超过上限200人"),
        (load(1, Level.RED, people=12, usual=4.0), ""),
        (load(1, Level.RED, people=13, usual=4.0), "超过平时4人的3倍"),
        (load(1, Level.RED, Kind.LAPSE, people=5000, usual=1.0), ""),
    ],
)
def test_what_is_beyond_a_limit(one: Load, said: str) -> None:
    assert said in beyond(one, BOOK)
    assert bool(beyond(one, BOOK)) == bool(said)


def braked(most: int) -> RuleBook:
    return BOOK.model_copy(update={"limits": BOOK.limits.model_copy(update={"orders_per_minute": most})})


orders = st.lists(st.tuples(st.sampled_from(Level), st.sampled_from(Kind)), max_size=30)


@given(orders, st.dictionaries(st.sampled_from(Level), st.integers(0, 20)), st.integers(1, 40))
def test_no_more_orders_go_than_a_minute_has_and_none_that_may_is_held(
    made: list[tuple[Level, Kind]], before: dict[Level, int], most: int
) -> None:
    loads = [load(number, level, kind) for number, (level, kind) in enumerate(made, 1)]
    waiting = held(loads, before, braked(most))
    assert not waiting.keys() & {one.order for one in loads if one.version.change.kind is Kind.LAPSE}
    levels = [level for level, kind in made if kind is not Kind.LAPSE]
    going = [
        one.version.lane_level
        for one in loads
        if one.version.change.kind is not Kind.LAPSE and one.order not in waiting
    ]
    for level in Level:
        graver = sum(before.get(one, 0) + levels.count(one) for one in Level if one > level)
        room = max(most - graver - before.get(level, 0), 0)
        assert going.count(level) == min(levels.count(level), room), level.key


def test_what_was_made_of_lower_levels_takes_no_red_of_its_minute() -> None:
    reds = [load(number, Level.RED) for number in range(1, 4)]
    assert held(reds, {Level.BLUE: 1000, Level.ORANGE: 1000}, braked(3)) == {}
    assert set(held(reds, {Level.RED: 1}, braked(3))) == {3}


@pytest.mark.parametrize(
    ("level", "asked"),
    [
        (Level.BLUE, Level.ORANGE),
        (Level.YELLOW, Level.ORANGE),
        (Level.ORANGE, Level.ORANGE),
        (Level.RED, Level.RED),
    ],
)
def test_somebody_is_asked_at_every_level(level: Level, asked: Level) -> None:
    rule = rule_of(level, BOOK)
    assert rule
    assert rule.level == asked


def test_an_order_by_hand_has_the_name_of_no_signal() -> None:
    assert HAZARD not in {word for hazard in BOOK.hazards for word in (hazard.key, hazard.name, *hazard.synonyms)}
    assert not any(family.startswith(FAMILY) for family in BOOK.families)


def test_an_order_by_hand_is_owed_by_its_units_alone_and_leaves_the_book_as_it_was() -> None:
    manual = Manual(7, 7, (ANJU,), "关闭景区", at("06:25"), Level.RED, at("09:00"))
    people = ByHand((manual,))
    book = beside(BOOK, people, at("05:55"))
    assert book.hash == BOOK.hash
    owing = {unit.code for unit in book.units.values() for m in book.measures_of(unit) if m.id == manual.measure}
    assert owing == {ANJU}
    assert {force.key.area for force in ordered(people, book)} == {t.code for t in BOOK.district.townships}
    assert BOOK.by_hand == {}


def test_a_retraction_stands_alone_in_a_first_line() -> None:
    words = retraction(load(1, Level.RED).version)
    assert words == "05:55发出的“撤离涪江225米线下住户,先老…”系误发,请勿执行,已执行的停下"
    assert len(f"【铜梁应急】更正临时指令红色 安居镇:{words}。收到回1。") <= 70


@pytest.mark.parametrize(("days", "said"), [(-1, "逐次报批"), (0, "及时续办"), (30, "及时续办"), (31, None)])
def test_the_end_of_an_authorisation_is_told_in_advance(days: int, said: str | None) -> None:
    now = at("05:55")
    last = now.date() + timedelta(days=days)
    one = Authorisation.model_validate(
        {
            "document": "铜府发12号",
            "by": "区政府",
            "measures": ["x.y"],
            "valid_from": "2026-01-01",
            "valid_to": last,
        }
    )
    told = list(ending(BOOK.model_copy(update={"standing": (one,)}), now))
    assert [said in words for words in told if said] == ([True] if said else [])
    assert bool(told) == bool(said)
