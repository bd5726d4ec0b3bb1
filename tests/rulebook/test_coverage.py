"""The grid is proven, and an independent count says the same; what is missing is named first."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.rulebook import naive_grid
from warnengine.app.coverage import Coverage, coverage, printed
from warnengine.cli.rules import group
from warnengine.directory import read
from warnengine.directory.coverage import staffed
from warnengine.model.book import RuleBook
from warnengine.model.directory import Directory
from warnengine.model.errors import RuleBookError
from warnengine.model.level import Level
from warnengine.rulebook import check, with_gaps
from warnengine.rulebook.coverage import Cell, Held, cells, of_book

NOW = datetime(2026, 7, 1, 4, tzinfo=UTC)
TODAY = date(2026, 7, 1)
LIST = Path(__file__).parents[2] / "warnengine" / "demo" / "directory.csv"
KINDS = {
    Held.OWN: "measure",
    Held.COMMON: "measure",
    Held.CONTINUES: "none",
    Held.NONE: "none",
    Held.GAP: "gap",
}


@pytest.fixture(scope="module")
def people(book: RuleBook) -> Directory:
    return read(LIST.read_bytes(), book)


@pytest.fixture(scope="module")
def proof(book: RuleBook, people: Directory) -> Coverage:
    return coverage(book, NOW, people)


def grid(book: RuleBook, day: date = TODAY) -> dict[tuple[str, str, str, str], str]:
    return {(cell.unit.code, *cell.danger, cell.level.key): KINDS[cell.held] for cell in cells(of_book(book), day)}


def edited(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    file = folder / name
    words = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert re.search(old, words), old
        words = re.sub(old, new, words)
    file.write_text(words, encoding="utf-8")
    return folder


def test_an_independent_count_of_the_shipped_book_says_the_same(shipped: Path, book: RuleBook) -> None:
    counted = naive_grid.grid(shipped, TODAY)
    assert grid(book) == counted
    assert "gap" not in counted.values()
    assert len(counted) > 13_000


DAMAGE = {
    "a measure of a sector": ("measures/education.yaml", (r"(?s)  - id: education\.hail\.orange\.1\n.*?\n\n", "")),
    "a decision": ("measures/forestry.yaml", (r"(?s)\nnone:\n.*", "\n")),
    "a level in use": ("district.yaml", (r"drought: \[orange, red\]", "drought: [yellow, orange, red]")),
    "a measure of all townships": (
        "measures/township.yaml",
        (r"(?s)  - id: township\.frost\.orange\.1\n.*?\n\n", ""),
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_where_something_is_taken_away_both_see_the_same_gaps(copy: Path, what: str) -> None:
    name, change = DAMAGE[what]
    damaged = with_gaps(edited(copy, name, change))
    counted = naive_grid.grid(copy, TODAY)
    assert grid(damaged) == counted
    gaps = {place for place, said in counted.items() if said == "gap"}
    assert gaps
    named = {finding.what for finding in check(copy) if "的措施" in finding.what and "没有" in finding.what}
    units = {damaged.units[unit].name for unit, *_ in gaps}
    assert all(any(what.startswith(unit) for what in named) for unit in units), "the lint sees the same"


def test_a_decision_that_is_over_is_a_gap_and_says_whose_it_was(copy: Path) -> None:
    edited(copy, "measures/forestry.yaml", (r"(    decided_by: [^\n]*\n)", r"\1    until: 2026-06-30\n"))
    book = with_gaps(copy)
    assert grid(book) == naive_grid.grid(copy, TODAY)
    assert grid(book, date(2026, 6, 30)) == naive_grid.grid(copy, date(2026, 6, 30))
    found = coverage(book, NOW)
    assert found.gaps
    assert all(cell.lapsed and cell.lapsed.decided_by for cell in found.gaps)


def test_what_continues_decides_nothing_by_itself(book: RuleBook) -> None:
    found = list(cells(of_book(book), TODAY))
    continuing = [cell for cell in found if cell.held is Held.CONTINUES]
    assert continuing
    assert all(cell.none and cell.continuing and not (cell.own or cell.common) for cell in continuing)
    alone = Cell(found[0].unit, found[0].danger, Level.RED, continuing=continuing[0].continuing)
    assert alone.held is Held.GAP


def test_any_other_error_is_refused(copy: Path) -> None:
    edited(copy, "measures/education.yaml", (r"level: orange", "level: purple"))
    with pytest.raises(RuleBookError, match=r"education\.yaml"):
        with_gaps(copy)


def test_the_demo_list_leaves_nobody_unanswered(proof: Coverage) -> None:
    assert proof.people
    assert proof.whole
    assert {one.unit.code for one in proof.people} == set(proof.book.units)


def test_a_unit_with_nobody_is_named(book: RuleBook, people: Directory) -> None:
    without = Directory(people.people, tuple(one for one in people.holdings if one.unit != "education"))
    lost = {one.level: one for one in staffed(without, book) if one.unit.code == "education"}
    assert lost[Level.RED].empty
    assert len(lost[Level.RED].empty) == lost[Level.RED].posts


def test_a_person_without_number_deputy_or_proof_is_named(book: RuleBook, people: Directory) -> None:
    held = next(one for one in people.holdings if (one.unit, one.post) == ("education", "duty"))
    bare = replace(people.people[held.person], mobile=None, email=None, phone=None, wecom=None, app=None)
    others = tuple(replace(one, deputy=None) if one is held else one for one in people.holdings)
    red = {
        one.level: one
        for one in staffed(Directory({**people.people, held.person: bare}, others), book)
        if one.unit.code == "education"
    }[Level.RED]
    assert bare.name in red.mute[0]
    assert bare.name in red.alone[0]
    old = [one for one in staffed(people, book, {held.person}) if one.unit.code == "education"]
    assert all(people.people[held.person].name in one.unproven[0] for one in old)


def test_the_page_stands_alone_and_counts_every_township(proof: Coverage) -> None:
    page = printed(proof)
    assert proof.book.hash in page
    assert "2026-07-01" in page
    assert "决定人" in page
    assert "镇街 28/28" in page
    assert not re.search(r"(?:src|href)=|url\(|@import", page)


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(group, ["coverage", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_clerk_sees_the_gaps_first_and_the_command_fails(copy: Path, tmp_path: Path) -> None:
    name, change = DAMAGE["a measure of a sector"]
    edited(copy, name, change)
    code, told = run(str(copy), "--directory", str(LIST), "--html", str(tmp_path / "page.html"))
    assert code == 1
    assert told.splitlines()[1].startswith("缺 区教委 冰雹 预警信号 橙色")
    assert "行业 33/34" in told
    assert "缺口" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_program_gets_every_cell(shipped: Path) -> None:
    code, told = run(str(shipped), "--directory", str(LIST), "--json")
    found = json.loads(told)
    assert code == 0
    assert sum(len(danger["cells"]) for danger in found["dangers"]) == found["cells"]
    assert Counter(cell["held"] for danger in found["dangers"] for cell in danger["cells"])["gap"] == 0
