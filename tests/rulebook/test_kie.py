"""The same planted faults before the decision table analysis of Apache KIE: where its classes apply, it agrees."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.rulebook import dmn
from tests.rulebook.test_planted import IN_BOOK, Fault, plant
from warnengine.rulebook.load import drafted

COMPARED = [fault for fault in IN_BOOK if "kie" in fault]


def tables_of(folder: Path) -> list[dmn.Table]:
    draft, _ = drafted(folder)
    assert draft is not None
    return list(dmn.tables(draft))


def damaged(fault: Fault, shipped: Path, folder: Path) -> list[dmn.Table]:
    """The tables that a fault changes."""
    whole = set(tables_of(shipped))
    copy = Path(shutil.copytree(shipped, folder / "rules"))
    plant(fault, copy)
    return [table for table in tables_of(copy) if table not in whole]


@pytest.fixture(scope="module")
def said(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What KIE finds, by the label of the fault; all in one JVM."""
    if reason := dmn.missing():
        pytest.skip(reason)
    changed = {fault["label"]: damaged(fault, shipped, tmp_path_factory.mktemp("book")) for fault in COMPARED}
    complaints = dmn.analyse([one for tables in changed.values() for one in tables], tmp_path_factory.mktemp("dmn"))
    found: dict[str, set[str]] = {}
    for label, tables in changed.items():
        ours = set(tables)
        found[label] = {one.fault for one in complaints if one.fault and one.table in ours}
    return found


@pytest.mark.parametrize("fault", COMPARED, ids=[fault["label"] for fault in COMPARED])
def test_kie_names_what_it_has_a_class_for_and_nothing_else(fault: Fault, said: dict[str, set[str]]) -> None:
    assert said[fault["label"]] == ({fault["kie"]} - {"nothing"})


def test_kie_finds_nothing_in_the_shipped_book_but_plans_before_what_is_common(shipped: Path, tmp_path: Path) -> None:
    if reason := dmn.missing():
        pytest.skip(reason)
    faults = [one for one in dmn.analyse(tables_of(shipped), tmp_path) if one.fault]
    assert {one.fault for one in faults} <= {"masked"}
    assert all(one.table.name.split()[0].isdigit() for one in faults)


def test_a_book_of_one_table_is_a_model_of_dmn() -> None:
    row = dmn.Row((dmn.Level.BLUE,), "a<b", "x")
    words = dmn.xml(dmn.Table("u signal rainstorm grid", "UNIQUE", (dmn.Level.BLUE,), (row,)))
    assert 'hitPolicy=\'UNIQUE\'' in words
    assert "a&lt;b" in words
