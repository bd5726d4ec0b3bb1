"""一乡镇一方案: who answers for a point is called, a facility that nobody thought of is named, samples are listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from warnengine.model.book import BOUND, DIGITS, Measure, Plan, Point, PointKind, Role, RuleBook, UnitKind
from warnengine.model.finding import Severity
from warnengine.model.level import Level
from warnengine.rulebook import check
from warnengine.rulebook.facilities import of_plan
from warnengine.rulebook.load import drafted
from warnengine.rulebook.pending import pending

TOWN, VILLAGE, GRID = "500151105", "500151105001", "50015110500101"
ANJU = "plans/500151105-安居镇.yaml"
FUJIANG = ("500151105", "500151114", "500151116")


def point(kind: str = "养老院", *hazards: str, **more: object) -> Point:
    values = {"code": f"{TOWN}-01", "name": "镇养老院", "kind": kind, "hazards": hazards or ("flood",)}
    return Point.model_validate(values | more)


def measure(order: str, hazard: str = "flood", level: str = "red") -> Measure:
    return Measure.model_validate(
        {"id": "a.b", "when": {"hazard": hazard, "level": level}, "order": order, "deadline": "30m"}
    )


CARE = {
    "responsible": (
        {"role": "sector", "unit": "civil_affairs", "post": "duty"},
        {"role": "evacuation", "unit": VILLAGE, "post": "facility_head"},
    )
}
CALLED = {"unit": VILLAGE, "post": "ranger", "hazards": ("forest_fire",), "levels": ("orange", "red")}


@pytest.mark.parametrize(
    ("unit", "hazard", "level", "roles", "posts"),
    [
        (VILLAGE, "flood", Level.RED, (Role.EVACUATION,), ["facility_head"]),
        (VILLAGE, "flood", Level.RED, (Role.MONITOR,), []),
        (VILLAGE, "heat", Level.RED, (Role.EVACUATION,), []),
        (GRID, "flood", Level.RED, (Role.EVACUATION,), []),
        ("civil_affairs", "flood", Level.RED, (Role.SECTOR, Role.PARTY), ["duty"]),
        (VILLAGE, "forest_fire", Level.ORANGE, (), ["ranger"]),
        (VILLAGE, "forest_fire", Level.YELLOW, (), []),
        (VILLAGE, None, Level.RED, (Role.EVACUATION,), ["ranger", "facility_head"]),
    ],
)
def test_a_plan_calls_its_own_posts_and_those_that_answer_for_an_endangered_point(
    unit: str, hazard: str | None, level: Level, roles: tuple[Role, ...], posts: list[str]
) -> None:
    plan = Plan.model_validate(
        {"township": TOWN, "name": "安居镇", "posts": [CALLED], "points": [point("养老院", "flood", **CARE)]}
    )
    assert list(plan.calls(unit, level, roles, hazard)) == posts


NOBODY: dict[str, tuple[Measure, ...]] = {}


@pytest.mark.parametrize(
    ("facility", "measures", "lacking"),
    [
        (point("养老院", "flood"), NOBODY, ("flood",)),
        (point("养老院", "flood"), {TOWN: (measure("撤离临河住户,先老弱"),)}, ("flood",)),
        (point("养老院", "flood"), {TOWN: (measure("转移养老机构老人"),)}, ()),
        (point("养老院", "flood"), {TOWN: (measure("接镇养老院的老人到学校"),)}, ()),
        (point("养老院", "flood", "heat"), {TOWN: (measure("转移养老机构老人"),)}, ("heat",)),
        (point("养老院", "flood"), {"civil_affairs": (measure("转移老人"),)}, ("flood",)),
        (point("养老院", "flood", **CARE), {"civil_affairs": (measure("转移老人"),)}, ()),
        (point("养老院", "flood"), {"500151106": (measure("转移养老机构老人"),)}, ("flood",)),
        (point("学校", "flood"), {TOWN: (measure("转移养老机构老人"),)}, ("flood",)),
        (point("在建工地", "flood"), {TOWN: (measure("叫停工地"),)}, ()),
        (point("景区", "flood"), {TOWN: (measure("劝离古城游客"),)}, ()),
        (point("临河住户", "flood"), NOBODY, ()),
    ],
)
def test_a_facility_that_no_measure_reaches_is_named(
    facility: Point, measures: dict[str, tuple[Measure, ...]], lacking: tuple[str, ...]
) -> None:
    plan = Plan(township=TOWN, name="安居镇", points=(facility,))
    assert [one.hazards for one in of_plan(plan, measures)] == ([lacking] if lacking else [])


def test_a_care_home_that_nobody_thought_of_is_a_note_of_the_check(copy: Path) -> None:
    path = copy / "plans" / "500151104-水口镇.yaml"
    text = path.read_text(encoding="utf-8").replace("{role: sector, unit: civil_affairs, post: duty}", "", 1)
    path.write_text(text.replace("      - \n", ""), encoding="utf-8")
    notes = [str(found) for found in check(copy) if found.severity is Severity.NOTE]
    (said,) = [note for note in notes if "没有措施管到水口镇养老院(样例)" in note]
    assert "暴雨" in said
    assert "请在镇街的措施里写到“养老”,或者在 responsible 里写上行业责任人" in said


def test_a_ledger_that_nobody_has_looked_at_for_a_year_is_a_note(copy: Path) -> None:
    path = copy / ANJU
    real = "  - code: 500151105-90\n    name: {}\n    kind: 渡口\n    hazards: [flood]\n    updated: {}\n"
    text = path.read_text(encoding="utf-8")
    old = real.format("旧渡口", "2020-05-01") + real.format("新渡口", "2999-05-01").replace("-90", "-91")
    path.write_text(text.replace("points:\n", "points:\n" + old, 1), encoding="utf-8")
    (said,) = [found.what for found in check(copy) if found.what.startswith("一年没有核查")]
    assert said == "一年没有核查: 旧渡口"


def test_every_sample_is_known_by_name_until_the_bureau_enters_its_own(shipped: Path) -> None:
    draft, _ = drafted(shipped)
    assert draft
    samples = {one.name for one in pending(draft) if one.sample}
    assert {"安居镇样例村", "安居镇样例村样例网格", "黑龙咀渡口(样例)", "duty_phone 023-45600000"} <= samples
    points = [point for plan in draft.plans for point in plan.value.points]
    assert samples >= {point.name for point in points if "样例" in point.name}
    waiting = {one.name for one in pending(draft) if not one.sample}
    assert {"township.rainstorm.red.1", "village.rainstorm.red.2", "安居镇", "red", "地灾群测群防员"} <= waiting


def test_nothing_is_pending_once_everything_is_confirmed(copy: Path) -> None:
    for path in copy.rglob("*.yaml"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if line.strip() not in ("confirm: bureau", "sample: true")]
        text = "".join(line for line in kept if not line.startswith("sample:"))
        path.write_text(text.replace(", confirm: bureau", "").replace(", sample: true", ""), encoding="utf-8")
    draft, _ = drafted(copy)
    assert draft
    assert list(pending(draft)) == []


def test_every_township_has_a_plan_with_what_endangers_it_and_who_answers(book: RuleBook) -> None:
    for plan in book.plans.values():
        assert plan.sensitive, plan.name
        assert plan.risks, plan.name
        for one in plan.points:
            assert one.responsible, one.name
            assert one.sample or one.confirm, f"{one.name}: no ledger of the bureau is public"
        kinds = {one.kind for one in plan.points}
        assert {PointKind.SCHOOL, PointKind.CARE_HOME} <= kinds, plan.name


@pytest.mark.parametrize("town", FUJIANG)
def test_a_transit_flood_reaches_the_three_townships_on_the_fujiang_without_any_rain(
    book: RuleBook, town: str
) -> None:
    own = [m for m in book.plans[town].measures if m.when.hazard == "transit_flood"]
    assert {m.when.family for m in own} == {"observed"}
    assert {m.when.level for m in own} == {Level.ORANGE, Level.RED}
    assert any("225米线" in m.order for m in own)
    assert book.plans[town].sensitive[0] == "transit_flood"


def test_villages_and_grids_stand_below_their_townships(book: RuleBook) -> None:
    for kind in (UnitKind.VILLAGE, UnitKind.GRID):
        units = [unit for unit in book.units.values() if unit.kind is kind]
        assert len(units) == 28
        for unit in units:
            assert unit.sample
            assert len(unit.code) == DIGITS[kind]
            assert unit.parent
            assert unit.code.startswith(unit.parent)


def test_a_higher_level_calls_every_role_that_a_lower_one_called(book: RuleBook) -> None:
    for lower, higher in zip(Level, list(Level)[1:], strict=False):
        assert set(book.ladder[lower].responsible) <= set(book.ladder[higher].responsible)


def test_villages_and_grids_owe_something_at_red_in_every_flood(book: RuleBook) -> None:
    floods = {"rainstorm", "flash_flood", "small_river_flood", "waterlogging", "flood", "transit_flood"}
    for kind in (UnitKind.VILLAGE, UnitKind.GRID):
        dangers = {(m.when.family, m.when.hazard) for m in book.kinds[kind] if m.when.level is Level.RED}
        in_use = {(family, hazard) for family, hazards in book.in_use.items() for hazard in hazards}
        assert {danger for danger in in_use if danger[1] in floods} <= dangers


def test_only_units_that_receive_orders_have_measures_in_common(book: RuleBook) -> None:
    assert set(book.kinds) <= set(BOUND)


def test_a_limit_that_would_hold_back_a_red_for_the_whole_district_is_a_warning(copy: Path) -> None:
    path = copy / "approvals.yaml"
    text = path.read_text(encoding="utf-8").replace("orders_per_minute: 1200", "orders_per_minute: 100")
    path.write_text(text, encoding="utf-8")
    (said,) = [found for found in check(copy) if "一分钟只能发" in found.what]
    assert said.severity is Severity.WARNING
    assert said.line == 1 + text[: text.index("orders_per_minute: 100")].count("\n")
