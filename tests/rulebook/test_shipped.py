"""The rule book that ships: whole, without errors, and saying what the district decided."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from warnengine.model.book import BOUND, Evidence, Measure, RuleBook, UnitKind
from warnengine.model.finding import Severity
from warnengine.model.level import Level
from warnengine.rulebook import check, first_line_room, load, run_cases
from warnengine.situation.fold import standing


def measure(book: RuleBook, unit: str, ident: str) -> Measure:
    return next(m for m in book.measures_of(book.units[unit]) if m.id == ident)


def test_it_passes_without_an_error_or_a_warning(shipped: Path) -> None:
    assert [str(found) for found in check(shipped) if found.severity is not Severity.NOTE] == []


def test_what_the_bureau_has_not_confirmed_is_listed(shipped: Path) -> None:
    notes = [finding for finding in check(shipped) if finding.severity is Severity.NOTE]
    assert any("plans/500151105-安居镇.yaml" in note.file and "样例" in note.what for note in notes)
    assert any(note.file.endswith("measures/housing.yaml") for note in notes)


def test_all_28_townships_have_a_plan_and_a_tile_of_their_own(book: RuleBook) -> None:
    towns = [unit for unit in book.units.values() if unit.kind is UnitKind.TOWNSHIP]
    assert len(towns) == len(book.district.townships) == len(book.plans) == 28
    assert "500151102" not in book.units
    assert len({town.tile for town in towns}) == 28
    assert book.district.covered("500224105000") == ("500151105",)


@pytest.mark.parametrize("level", Level)
def test_every_unit_has_a_measure_at_every_level_or_a_decision_that_there_is_none(
    book: RuleBook, level: Level
) -> None:
    silent = {
        owner for owner, entries in book.silent.items() for entry in entries if level in (entry.levels or Level)
    }
    for unit in book.units.values():
        if unit.kind in BOUND and unit.code not in silent:
            assert any(m.when.level is level for m in book.measures_of(unit)), unit.name


def test_every_first_line_stands_alone_in_one_sms(book: RuleBook) -> None:
    for unit in book.units.values():
        for one in book.measures_of(unit):
            assert first_line_room(book, unit, one) >= 0, one.id


def test_the_evacuation_below_225_metres(book: RuleBook) -> None:
    one = measure(book, "500151105", "p500151105.rainstorm.red.1")
    line = f"【{book.signature}】暴雨红色 {book.units['500151105'].short}:06:25前{one.order}。"
    assert line + "收到回1,撤完回3加人数。" == (
        "【铜梁应急】暴雨红色 安居镇:06:25前撤离涪江225米线下住户,先老弱。收到回1,撤完回3加人数。"
    )
    assert one.compulsory
    assert one.advice
    assert one.evidence == (Evidence.COUNT,)
    assert "township.rainstorm.red.1" in one.replaces


@pytest.mark.parametrize(
    ("unit", "ident", "compulsory"),
    [
        ("education", "education.rainstorm.red.1", True),
        ("education", "education.rainstorm.red.2", False),
        ("education", "education.rainstorm.orange.1", False),
        ("housing", "housing.rainstorm.red.1", True),
        ("housing", "housing.rainstorm.yellow.1", False),
        ("housing", "housing.rainstorm.orange.1", False),
        ("transport", "transport.rainstorm.orange.2", True),
        ("transport", "transport.rainstorm.red.1", True),
        ("tourism", "tourism.rainstorm.orange.1", True),
        ("police", "police.rainstorm.red.1", True),
        ("500151104", "township.rainstorm.red.1", True),
        ("hitech_zone", "committee.rainstorm.red.1", True),
    ],
)
def test_what_restricts_the_public_waits_for_approval_and_safety_stops_do_not(
    book: RuleBook, unit: str, ident: str, compulsory: bool
) -> None:
    assert measure(book, unit, ident).compulsory is compulsory


def test_somebody_else_can_always_approve(book: RuleBook) -> None:
    assert {level: len(rule.authorities) for level, rule in book.approvals.items()} == {
        Level.ORANGE: 2,
        Level.RED: 3,
    }


def test_a_higher_level_calls_everybody_that_a_lower_one_called(book: RuleBook) -> None:
    for lower, higher in zip(Level, list(Level)[1:], strict=False):
        for kind, posts in book.ladder[lower].called.items():
            assert set(posts) <= set(book.ladder[higher].called[kind])


def test_nothing_that_waits_or_evacuates_is_told_a_stale_lower_act(book: RuleBook) -> None:
    for unit in book.units.values():
        reached = [m for m in book.measures_of(unit) if m.when.hazard == "rainstorm"]
        gone = {old for m in reached for old in m.replaces}
        words = [m.order for m in reached if m.id not in gone]
        assert not any("准备转移" in order or "停课准备" in order for order in words), unit.name


def test_hazards_are_found_by_code_and_by_their_names_in_texts(book: RuleBook) -> None:
    table = book.hazard_table
    for words, key in (
        ("铜梁区气象台发布雷雨大风黄色预警", "thunderstorm_gale"),
        ("铜梁区气象台发布森林草原火险橙色预警", "forest_fire"),
        ("继续发布“暴雨红色预警信号”", "rainstorm"),
        ("小流域山洪灾害气象风险预警", "flash_flood"),
    ):
        found = table.in_text(words)
        assert found
        assert found.key == key
    assert [found.key for code in ("11B03", "11b25", "11A51") if (found := table.by_code(code))] == [
        "rainstorm",
        "forest_fire",
        "flash_flood",
    ]
    storm = table.get("rainstorm")
    assert storm
    assert [storm.window(level) for level in Level] == [12, 6, 3, 3]


def test_the_hash_names_the_content(copy: Path, book: RuleBook) -> None:
    assert load(copy).hash == book.hash
    (copy / "README.md").write_text("about", encoding="utf-8")
    assert load(copy).hash == book.hash
    path = copy / "district.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert load(copy).hash != book.hash


def test_the_township_codes_are_those_of_the_demo_people(shipped: Path, book: RuleBook) -> None:
    demo = shipped.parent / "warnengine" / "demo" / "directory.csv"
    with demo.open(encoding="utf-8", newline="") as file:
        assert {row["unit"] for row in csv.DictReader(file)} == set(book.units)


def test_the_cases_are_run_against_the_function_that_decides(shipped: Path) -> None:
    desired = pytest.importorskip("warnengine.match.desired").desired
    assert [str(broken) for broken in run_cases(shipped, desired, standing)] == []


def test_a_broken_promise_is_named_with_its_line(copy: Path) -> None:
    found = run_cases(copy, lambda in_force, book, granted: {}, standing)
    promise = f"{(copy / 'cases' / 'rainstorm.yaml').as_posix()}:8: 全区蓝色,人人知道,没有强制措施: 应急局:"
    assert any(str(broken).startswith(promise) for broken in found)
