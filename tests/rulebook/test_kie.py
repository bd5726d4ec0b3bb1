"""The same planted faults before the decision table analysis of Apache KIE: where its classes apply, it agrees."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.rulebook import dmn
from tests.rulebook.test_planted import IN_BOOK, Fault, plant
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.lint import coverage
from warnengine.rulebook.load import drafted
from warnengine.rulebook.parse import Parsed

MANY = 600
"""Tables that KIE analyses within seconds."""
COMPARED = [fault for fault in IN_BOOK if "kie" in fault]


def tables_of(folder: Path) -> list[dmn.Table]:
    draft, _ = drafted(folder)
    assert draft is not None
    return list(dmn.tables(draft))


def damaged(fault: Fault, shipped: Path, whole: set[dmn.Table], folder: Path) -> list[dmn.Table]:
    """The tables that a fault changes."""
    copy = Path(shutil.copytree(shipped, folder / "rules"))
    plant(fault, copy)
    return [table for table in tables_of(copy) if table not in whole]


@pytest.fixture(scope="module")
def whole(shipped: Path) -> list[dmn.Table]:
    return tables_of(shipped)


@pytest.fixture(scope="module")
def said(shipped: Path, whole: list[dmn.Table], tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What KIE finds, by the label of the fault; all in one JVM."""
    if reason := dmn.missing():
        pytest.skip(reason)
    changed = {
        fault["label"]: damaged(fault, shipped, set(whole), tmp_path_factory.mktemp("book")) for fault in COMPARED
    }
    complaints = dmn.analyse(
        [one for tables in changed.values() for one in tables], tmp_path_factory.mktemp("dmn")
    )
    found: dict[str, set[str]] = {}
    for label, tables in changed.items():
        ours = set(tables)
        found[label] = {one.fault for one in complaints if one.fault and one.table in ours}
    return found


@pytest.mark.parametrize("fault", COMPARED, ids=[fault["label"] for fault in COMPARED])
def test_kie_names_what_it_has_a_class_for_and_nothing_else(fault: Fault, said: dict[str, set[str]]) -> None:
    assert said[fault["label"]] == ({fault["kie"]} - {"nothing"})


def test_kie_finds_nothing_in_the_shipped_book_but_what_is_meant(whole: list[dmn.Table], tmp_path: Path) -> None:
    """A plan goes before what is common; one order becomes two at a level, or goes on beside a compulsory one."""
    if reason := dmn.missing():
        pytest.skip(reason)
    some = Random(1).sample(whole, min(MANY, len(whole)))
    faults = [one for one in dmn.analyse(some, tmp_path) if one.fault]
    plans = [one for one in faults if one.fault == "masked" and one.table.name.split()[0].isdigit()]
    splits = [one for one in faults if one.fault == "overlap" and one.table.kind == "line"]
    assert len(plans) + len(splits) == len(faults)
    assert len(splits) <= len(some) // 100


@pytest.fixture(scope="module")
def thinned(shipped: Path) -> list[Draft]:
    """The shipped book with a third of its measures and decisions gone, a number of times."""
    draft, _ = drafted(shipped)
    assert draft is not None
    chance = Random(26)
    return [thin(draft, chance) for _ in range(11)]


def thin(draft: Draft, chance: Random) -> Draft:
    return replace(draft, files=tuple(thin_file(parsed, chance) for parsed in draft.files))


def thin_file(parsed: Parsed, chance: Random) -> Parsed:
    kept = dict(parsed.kept)
    changes: dict[str, tuple[object, ...]] = {}
    for key in ("measures", "none"):
        entries = getattr(parsed.value, key, ())
        left = [index for index in range(len(entries)) if chance.random() < 2 / 3]
        changes[key] = tuple(entries[index] for index in left)
        kept[key] = tuple(kept[key][index] for index in left) if key in kept else ()
    fits = type(parsed.value).model_fields.keys()
    return Parsed(
        parsed.sheet, parsed.value.model_copy(update={k: v for k, v in changes.items() if k in fits}), kept
    )


def gaps_of_ours(draft: Draft) -> set[tuple[str, str, str]]:
    """(unit code, danger, level) of every gap."""
    codes = {unit.value.name: unit.value.code for unit in draft.units}
    found = (re.fullmatch(r"(.+)没有 ([a-z_ ]+) ([a-z、]+) 的措施", one.what) for one in coverage.check(draft))
    return {(codes[each[1]], each[2], level) for each in found if each for level in each[3].split("、")}


def key(table: dmn.Table) -> tuple[str, str, int]:
    """(unit code, danger, number of the book) of a grid."""
    code, family, hazard, _, number = table.name.split()
    return code, hazard if family == "signal" else f"{family} {hazard}", int(number)


def cells(one: dmn.Said) -> Iterator[tuple[str, str, str, int]]:
    """The levels of a gap, with the number of the book; to KIE [ "blue" .. "red" ) is blue and orange, by the alphabet."""
    code, danger, number = key(one.table)
    words = sorted(level.key for level in one.table.levels)
    shown = re.search(r"Gap detected: \[ (.*) \]", one.text)
    ends = re.fullmatch(r'([\[(]) "(\w+)" \.\. "(\w+)" ([\])])', shown[1]) if shown else None
    if shown is None or shown[1] == "-":
        gone = words
    elif ends:
        gone = words[words.index(ends[2]) + (ends[1] == "(") : words.index(ends[3]) + (ends[4] == "]")]
    else:
        gone = re.findall(r'"(\w+)"', shown[1])
    yield from ((code, danger, level, number) for level in gone)


def test_every_gap_of_a_thinned_book_is_the_same_gap_for_kie(thinned: list[Draft], tmp_path: Path) -> None:
    if reason := dmn.missing():
        pytest.skip(reason)
    grids = [
        replace(table, name=f"{table.name} {number}")
        for number, draft in enumerate(thinned)
        for table in dmn.tables(draft)
        if table.kind == "grid"
    ]
    some = Random(2).sample(grids, min(MANY, len(grids)))
    shown = {key(table) for table in some}
    theirs = [cell for one in dmn.analyse(some, tmp_path) if one.fault in {"gap", "error"} for cell in cells(one)]
    found = [(*cell, number) for number, draft in enumerate(thinned) for cell in gaps_of_ours(draft)]
    ours = [cell for cell in found if (cell[0], cell[1], cell[3]) in shown]
    assert sorted(theirs) == sorted(ours)
    assert len(ours) > 200


def test_a_book_of_one_table_is_a_model_of_dmn() -> None:
    row = dmn.Row((dmn.Level.BLUE,), "a<b", "x")
    words = dmn.xml(dmn.Table("u signal rainstorm grid", "UNIQUE", (dmn.Level.BLUE,), (row,)))
    assert "hitPolicy='UNIQUE'" in words
    assert "a&lt;b" in words
