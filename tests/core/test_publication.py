"""What a new rule book may do with what stands, and what whoever publishes it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from warnengine.model.book import RuleBook
from warnengine.model.byhand import Deferred
from warnengine.model.level import Level
from warnengine.model.order import Desired, Form, Mark, MeasureMark, OrderKey, Reach, Standing, Stands
from warnengine.model.publication import Undecided
from warnengine.order.diff import diff
from warnengine.order.publication import anew, as_it_was, left_alone, moved_on, obstacles, reworded, unasked
from warnengine.rulebook import judged, summary, unproven, whole

FILES = whole(Path(__file__).parents[2] / "rules")
ANJU, BAIYANG, WATER = "500151105", "500151106", "water"
OLD, NEW = "old", "new"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    found, _, _ = judged(FILES)
    assert found
    return found


def key(unit: str = ANJU) -> OrderKey:
    return OrderKey(unit, "rainstorm", "signal")


def wanted(
    unit: str = ANJU, level: Level = Level.BLUE, *towns: str, measures: tuple[str, ...] = ("a.b",)
) -> Desired:
    reach = (Reach(level, towns or (ANJU,)),)
    return Desired(
        key(unit), level, frozenset(Standing(m, Form.ORDER) for m in measures), reach, frozenset(), None
    )


def stands(
    unit: str = ANJU, level: Level = Level.BLUE, *towns: str, words: Mapping[str, str] | None = None
) -> Stands:
    said = {
        Standing(measure, Form.ORDER): MeasureMark(Standing(measure, Form.ORDER), Mark.ADDED, None, told)
        for measure, told in (words or {"a.b": "甲"}).items()
    }
    reach = (Reach(level, towns or (ANJU,)),)
    return Stands(1, 1, key(unit), level, frozenset(said), reach, frozenset(), OLD, said)


def deferred(level: Level = Level.BLUE, *towns: str, book: str = NEW) -> Deferred:
    return Deferred(book, level, (Reach(level, towns or (ANJU,)),))


# what waits

WAITS: Mapping[str, tuple[Desired, dict[OrderKey, Stands], bool]] = {
    "an order of which none stands": (wanted(), {}, True),
    "an order as it stands": (wanted(), {key(): stands()}, False),
    "another level, though nothing has happened": (wanted(ANJU, Level.RED), {key(): stands()}, True),
    "other places": (wanted(ANJU, Level.BLUE, ANJU, BAIYANG), {key(): stands()}, True),
    "only other measures": (wanted(measures=("c.d",)), {key(): stands()}, False),
    "an order by hand": (
        replace(wanted(), key=OrderKey(ANJU, "临时指令", "manual_1")), {}, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("order", "standing", "waits"), WAITS.values(), ids=WAITS)
def test_what_a_book_alone_would_change_waits(
    order: Desired, standing: dict[OrderKey, Stands], waits: bool
) -> None:
    assert bool(left_alone({order.key: order}, standing, NEW)) is waits


MOVED: Mapping[str, tuple[Desired | None, Deferred, set[OrderKey], bool]] = {
    "the same danger": (wanted(), deferred(), set(), False),
    "the danger is over": (None, deferred(), set(), True),
    "another level": (wanted(ANJU, Level.RED), deferred(), set(), True),
    "another place too": (wanted(ANJU, Level.BLUE, ANJU, BAIYANG), deferred(), set(), True),
    "somebody asks for it": (wanted(), deferred(), {key()}, True),
    "a process that has the older book knows nothing of it": (None, deferred(book="newest"), set(), False),
}


@pytest.mark.parametrize(("order", "one", "asked", "moved"), MOVED.values(), ids=MOVED)
def test_it_waits_as_long_as_the_situation_is_the_same(
    order: Desired | None, one: Deferred, asked: set[OrderKey], moved: bool
) -> None:
    orders = {key(): order} if order else {}
    assert bool(moved_on(orders, {key(): one}, asked, NEW)) is moved


def test_a_book_that_moves_an_order_changes_nothing_of_it() -> None:
    standing = {key(WATER): stands(WATER)}
    now = {key(WATER): wanted(WATER, Level.RED, ANJU, BAIYANG)}
    waits = left_alone(now, standing, NEW)
    assert unasked(diff(standing, as_it_was(now, standing, waits), NEW), waits) == ()


def test_an_order_that_only_the_book_wants_is_not_issued() -> None:
    now = {key(): wanted(), key(BAIYANG): wanted(BAIYANG, Level.BLUE, BAIYANG)}
    waits = {key(): deferred()}
    changes = unasked(diff({}, as_it_was(now, {}, waits), NEW), waits)
    assert [change.key.unit for change in changes] == [BAIYANG]


def test_what_waits_keeps_a_danger_in_force_for_what_the_book_no_more_knows() -> None:
    """That the order of another unit lapsed would read as an all-clear."""
    standing, now = {key(WATER): stands(WATER)}, {key(): wanted()}
    waits = left_alone(now, standing, NEW)
    assert unasked(diff(standing, as_it_was(now, standing, waits), NEW), waits) == ()


# what a person brings to the book


def test_what_is_brought_to_a_book_is_told_as_new_where_its_words_are() -> None:
    standing = {key(): stands(words={"a.b": "甲", "a.c": "乙"})}
    (change,) = diff(
        anew(standing, {key(): frozenset({"a.b"})}, NEW), {key(): wanted(measures=("a.b", "a.c"))}, NEW
    )
    assert [one.measure for one in change.added] == ["a.b"]
    assert [one.measure for one in change.continuing] == ["a.c"]
    assert change.lapsed == ()


def test_reworded_are_other_words_and_other_times(book: RuleBook) -> None:
    one, two = "township.rainstorm.blue.1", "township.rainstorm.blue.2"
    said = {m.id: m.order for m in book.measures_of(book.units[ANJU]) if m.id in (one, two)}
    assert reworded(stands(words=said), book, book) == frozenset()
    assert reworded(stands(words=said | {one: "旧话"}), None, book) == {one}
    later = judged(edited("measures/township.yaml", "deadline: 30m", "deadline: 31m"))[0]
    assert later
    assert reworded(stands(words=said), book, later) == {one}


def test_what_an_authority_has_approved_stays_in_the_words_that_it_saw(book: RuleBook) -> None:
    assert reworded(stands(words={"p500151105.rainstorm.red.1": "撤离"}), book, book) == frozenset()


# what stands against it


def without(book: RuleBook, **gone: Any) -> RuleBook:
    return book.model_copy(update=gone)


def test_what_stands_or_waits_must_not_lose_its_footing(book: RuleBook) -> None:
    standing = {key(): stands(ANJU, Level.BLUE, words={"township.rainstorm.blue.1": "甲"})}
    measure = next(m for m in book.measures_of(book.units[ANJU]) if m.id == "p500151105.rainstorm.red.1")
    asked = Undecided(7, Level.RED, 0, ANJU, measure.id, measure.order)
    rule = book.approvals[Level.RED]
    lesser = rule.model_copy(update={"authorities": rule.authorities[1:]})
    found = {
        "nothing": obstacles(standing, [asked], book, book),
        "unit": obstacles(
            standing, [], book, without(book, units={c: u for c, u in book.units.items() if c != ANJU})
        ),
        "post": obstacles(
            standing, [], book, without(book, posts={p: x for p, x in book.posts.items() if p != "duty"})
        ),
        "hazard": obstacles(
            standing, [], book, without(book, hazards=tuple(h for h in book.hazards if h.key != "rainstorm"))
        ),
        "district": obstacles({}, [], book, without(book, district=replace(book.district, code="500152"))),
        "authority": obstacles({}, [asked], book, without(book, approvals=book.approvals | {Level.RED: lesser})),
        "words": obstacles({}, [replace(asked, words="旧话")], book, book),
    }
    said = {name: "".join(one) for name, one in found.items()}
    assert said["nothing"] == ""
    assert "没有了安居镇(500151105)" in said["unit"]
    assert "没有了岗位duty" in said["post"]
    assert "没有了灾种暴雨(rainstorm)" in said["hazard"]
    assert "500152" in said["district"]
    assert "第7号请示正等district/leader批复" in said["authority"]
    assert "“旧话”" in said["words"]


# what they are told


def edited(path: str, old: str, new: str) -> dict[str, str]:
    assert old in FILES[path]
    return {**FILES, path: FILES[path].replace(old, new, 1)}


EDITS = {
    "nothing": ("measures/water.yaml", "sector: water", "sector: water", (0, 0, 0), 0),
    "a comment": ("measures/water.yaml", "sector: water", "# 说明\nsector: water", (0, 0, 0), 0),
    "one order of all townships": ("measures/township.yaml", "传达到村社区", "传达到村社区和网格", (0, 1, 0), 28),
    "one order of a sector": ("measures/water.yaml", "deadline: 2h", "deadline: 1h", (0, 1, 0), 1),
    "the ladder, which concerns all": ("ladder.yaml", "texts: 3", "texts: 4", (0, 0, 0), None),
}


@pytest.mark.parametrize(("path", "old", "new", "counts", "units"), EDITS.values(), ids=EDITS)
def test_a_summary_counts_measures_and_units(
    book: RuleBook, path: str, old: str, new: str, counts: tuple[int, int, int], units: int | None
) -> None:
    files = edited(path, old, new)
    after, _, _ = judged(files)
    assert after
    found = summary(book, after, FILES, files)
    assert (len(found.added), len(found.changed), len(found.removed)) == counts
    assert len(found.units) == (len(book.units) if units is None else units)
    assert found.files == (() if old == new else (path,))


def test_what_is_invented_and_what_waits_for_the_bureau_is_named() -> None:
    _, draft, _ = judged(FILES)
    assert draft
    samples, waiting = unproven(draft)
    bare = "\n".join(line.partition("#")[0] for text in FILES.values() for line in text.splitlines())
    assert (len(samples), len(waiting)) == (bare.count("sample: true"), bare.count("confirm: bureau"))
    assert any("安居" in one for one in samples)


@pytest.mark.parametrize("yes", ["true", "True", "yes", "on", "1"])
def test_a_sample_is_one_however_its_yes_is_written(yes: str) -> None:
    path = next(path for path in FILES if path.startswith("plans/500151105"))
    _, draft, _ = judged(edited(path, "sample: true", f"sample: {yes}"))
    assert draft
    assert unproven(draft) == unproven(judged(FILES)[1] or draft)


THRESHOLDS: Mapping[str, tuple[str, str, set[str], set[str], tuple[str, ...]]] = {
    "of three townships": ("orange: 217.5", "orange: 217.8", {ANJU, WATER}, {BAIYANG}, ("fujiang.anju",)),
    "of the soil, which all have in common": ("holds: 100", "holds: 90", {ANJU, BAIYANG, "science"}, set(), ()),
}


@pytest.mark.parametrize("label", THRESHOLDS)
def test_a_threshold_concerns_those_whom_it_may_order_something(label: str, book: RuleBook) -> None:
    old, new, within, without, thresholds = THRESHOLDS[label]
    files = {**FILES, "triggers.yaml": FILES["triggers.yaml"].replace(old, new, 1)}
    assert files != FILES
    other, _, findings = judged(files)
    assert other, findings
    found = summary(book, other, FILES, files)
    assert within <= set(found.units)
    assert not without & set(found.units)
    assert found.thresholds == thresholds
