"""rules diff: orders and people, not lines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.books import books
from tests.core.district import BOOK
from warnengine.app.book_diff import BookDiff, OrderDiff, book_diff
from warnengine.cli.book_diff import shown
from warnengine.match.compare import compare
from warnengine.model.book import Measure, Plan, RuleBook, Triggers
from warnengine.model.directory import Directory, Holding, Person
from warnengine.model.level import Level

BASE = {"id": "water.rainstorm.orange.1", "when": {"hazard": "rainstorm", "level": "orange"}, "order": "预泄腾库"}
ONE = Measure.model_validate(BASE | {"deadline": "1h"})
POSTS = ("duty", "vice", "head", "standby")
PEOPLE = Directory(
    {post: Person(post, f"某{post}", "+8619900000001", None) for post in POSTS},
    tuple(Holding("water", post, post, None, None) for post in POSTS),
)


def changed(**fields: Any) -> Measure:
    return Measure.model_validate(BASE | {"deadline": "1h"} | fields)


def book(*measures: Measure, hash_: str = "a") -> RuleBook:
    parts = {"hash": hash_, "kinds": {}, "plans": {}, "sectors": {"water": measures}}
    return BOOK.model_copy(update=parts)


def found(*measures: Measure) -> BookDiff:
    return book_diff(book(ONE), book(*measures, hash_="b"), PEOPLE)


TRIGGERS = {
    "stations": [
        {"id": "anju", "name": "涪江安居站", "tells": ["stage"], "datum": "吴淞"},
        {"id": "S1", "name": "安居雨量站", "tells": ["rain"], "towns": ["500151105"]},
    ],
    "triggers": [
        {"id": "stage", "name": "安居站水位", "hazard": "flood", "watch": "stage", "towns": ["500151105"],
         "stations": ["anju"], "datum": "吴淞", "orange": 217.5},
        {"id": "rain", "name": "山洪雨量", "hazard": "flash_flood", "watch": "rain", "towns": "all",
         "orange": {"30m": 30, "1h": 45}},
    ],
}  # fmt: skip
FACTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, []),
    "one figure": ({"triggers": [{"orange": 217.8}, {}]}, ["安居站水位:橙色(准备转移) 217.5 → 217.8"]),
    "one window of two": (
        {"triggers": [{}, {"orange": {"30m": 30, "1h": 40}}]},
        ["山洪雨量:橙色(准备转移) 1小时: 45 → 1小时: 40"],
    ),
    "a level more, in the shadow": (
        {"triggers": [{"red": 220, "shadow": True}, {}]},
        ["安居站水位:红色(立即转移) 空 → 220;影子运行 空 → 是"],
    ),
    "a station's number": (
        {"stations": [{"id": "CQ1"}, {}], "triggers": [{"stations": ["CQ1"]}, {}]},
        ["[删去] 涪江安居站:站号 anju", "[新增] 涪江安居站:站号 CQ1"],
    ),
    "one less": ({"triggers": [None, {}]}, ["[删去] 安居站水位:灾种"]),
}


def observed(change: dict[str, Any]) -> Triggers:
    parts: dict[str, list[dict[str, Any]]] = {}
    for key, entries in TRIGGERS.items():
        changes = change.get(key, [{}, {}])
        parts[key] = [one | new for one, new in zip(entries, changes, strict=True) if new is not None]
    return Triggers.model_validate(parts)


@pytest.mark.parametrize("label", FACTS)
def test_a_changed_threshold_is_told_in_the_words_of_its_workbook(label: str) -> None:
    change, expected = FACTS[label]
    one, other = (book(ONE).model_copy(update={"triggers": observed(of)}) for of in ({}, change))
    told = book_diff(one, other.model_copy(update={"hash": "b"}), PEOPLE)
    said = list(shown(told))
    assert [words for words in expected if not any(words in line for line in said)] == []
    assert told.same is (not expected)
    assert len(told.plain()["thresholds"]) == len(told.thresholds)


def test_a_plan_that_moves_a_point_or_its_risks_is_told() -> None:
    point = {"code": "500151105-01", "name": "下河街", "kind": "景区", "hazards": ["flood"]}
    before = Plan.model_validate({"township": "500151105", "name": "安居镇", "risks": ["洪水"], "points": [point]})
    after = Plan.model_validate({"township": "500151105", "name": "安居镇", "risks": ["顶托"], "points": [
        point | {"people": 9}, point | {"code": "500151105-02", "name": "渡口"}]})  # fmt: skip
    one, other = (book(ONE).model_copy(update={"plans": {"500151105": plan}}) for plan in (before, after))
    said = list(shown(book_diff(one, other.model_copy(update={"hash": "b"}), PEOPLE)))
    assert "  [改动] 安居镇:风险;新增点位 渡口;改动点位 下河街" in said


def levels(orders: tuple[OrderDiff, ...]) -> list[Level]:
    return [order.difference.step.level for order in orders]


@pytest.mark.parametrize(
    ("after", "fields", "words"),
    [
        pytest.param({"order": "水库预泄"}, ("order",), "指令 “预泄腾库” → “水库预泄”", id="words"),
        pytest.param({"deadline": "30m"}, ("deadline",), "时限 1小时 → 30分钟", id="deadline"),
        pytest.param(
            {"compulsory": True, "advice": "准备预泄"}, ("advice", "compulsory"), "强制 否 → 是", id="compulsory"
        ),
        pytest.param({"evidence": ["count"]}, ("evidence",), "反馈 无 → 人数", id="evidence"),
    ],
)
def test_a_changed_measure(after: dict[str, Any], fields: tuple[str, ...], words: str) -> None:
    told = found(changed(**after))
    assert levels(told.orders) == [Level.ORANGE, Level.RED], "it stands at red too, for nothing replaces it"
    for order in told.orders:
        (one,) = order.difference.changed
        assert one.fields == fields
        assert order.before == order.after, "the same people, told something else"
    assert words in "\n".join(shown(told))
    assert "水利局" in "\n".join(shown(told))


def test_a_new_measure_and_one_that_is_gone() -> None:
    red = {"id": "water.rainstorm.red.1", "when": {"hazard": "rainstorm", "level": "red"}, "order": "组织抢险"}
    new = Measure.model_validate(red | {"deadline": "30m", "posts": ["standby"], "replaces": [ONE.id]})
    told = found(ONE, new)
    (order,) = told.orders
    assert order.difference.step.level is Level.RED
    assert [[m.id for m in part] for part in (order.difference.new, order.difference.gone)] == [[new.id], [ONE.id]]
    assert order.after - order.before == {"standby"}
    words = "\n".join(shown(told))
    assert "[新增] 30分钟内 组织抢险 (water.rainstorm.red.1)" in words
    assert "[删去] 1小时内 预泄腾库" in words
    assert "新收到指令的 1 人:某standby(暴雨(预警信号)红色)" in words


def test_a_unit_that_has_nothing_any_more() -> None:
    told = found()
    assert all(not order.after for order in told.orders if order.difference.step.unit == "water")
    assert "不再收到指令的" in "\n".join(shown(told))


def test_who_is_called_differs_though_no_measure_does() -> None:
    orange = BOOK.ladder[Level.ORANGE].model_copy(update={"called": {"sector": ("duty",)}})
    ladder = {**BOOK.ladder, Level.ORANGE: orange}
    told = book_diff(book(ONE), book(ONE, hash_="b").model_copy(update={"ladder": ladder}), PEOPLE)
    (order,) = told.orders
    assert not order.difference.any
    assert order.after == {"duty"}
    assert order.before > order.after
    assert "不再收到指令的" in "\n".join(shown(told))


def test_without_an_address_list_posts_are_counted() -> None:
    told = book_diff(book(ONE), book(changed(deadline="30m"), hash_="b"), None)
    assert all("/" in who for order in told.orders for who in order.after)
    assert "个岗位" in "\n".join(shown(told))


def test_the_same_book_differs_in_nothing() -> None:
    same = book_diff(BOOK, BOOK, PEOPLE)
    assert same.orders == ()
    assert "完全一样。" in "\n".join(shown(same))
    assert json.loads(json.dumps(same.plain()))["orders"] == []


@given(st.data())
def test_there_and_back(data: st.DataObject) -> None:
    """What is new one way is gone the other way, and a book does not differ from itself."""
    one, other = data.draw(books()), data.draw(books())
    assert compare(one, one) == ()
    there, back = compare(one, other), compare(other, one)
    assert [(d.step, d.new, d.gone) for d in there] == [(d.step, d.gone, d.new) for d in back]
