"""Faults of every class, planted in the shipped book and in the demo's address list: each is named with its place."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from warnengine.directory import gaps, read
from warnengine.model.book import RuleBook
from warnengine.model.clock import BEIJING
from warnengine.model.finding import Severity
from warnengine.rulebook import check

Fault = dict[str, Any]
HERE = Path(__file__).parent
DEMO = HERE.parents[1] / "warnengine" / "demo" / "directory.csv"
FAULTS: list[Fault] = yaml.safe_load((HERE / "planted.yaml").read_text(encoding="utf-8"))
IN_BOOK = [fault for fault in FAULTS if fault["class"] != "people"]
OF_PEOPLE = [fault for fault in FAULTS if fault["class"] == "people"]


def dated(text: str) -> str:
    """Put the days in."""
    today = datetime.now(BEIJING).date()
    days = {"{over}": "2020-06-30", "{soon}": today + timedelta(days=10), "{late}": today - timedelta(days=30)}
    for name, day in days.items():
        text = text.replace(name, str(day))
    return text


def plant(fault: Fault, folder: Path) -> None:
    """Change the files of a book as a fault says."""
    if "everywhere" in fault:
        mask(folder, **fault["everywhere"])
    for edit in fault.get("plant", ()):
        path = folder / edit["file"]
        if "whole" in edit:
            path.write_text(edit["whole"], encoding="utf-8")
        elif "right" in edit:
            text = path.read_text(encoding="utf-8")
            before, found, after = text.partition(edit["right"])
            assert found, edit["right"]
            path.write_text(before + dated(edit["wrong"]) + after, encoding="utf-8")
        else:
            path.unlink()


def mask(folder: Path, order: str, replaces: str) -> None:
    """Give every township a measure of its own in place of a common one."""
    for path in sorted((folder / "plans").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        own = (
            f"measures:\n  - {{id: p{path.name[:9]}.rainstorm.red.99, when: {{hazard: rainstorm, level: red}}, "
            f"order: {order}, deadline: 30m, replaces: [{replaces}]}}\n"
        )
        head, found, tail = text.partition("measures:\n")
        path.write_text(head + own + tail if found else f"{text}\n{own}", encoding="utf-8")


def place(fault: Fault, folder: Path) -> str:
    """`file:line: ` of a fault."""
    path = folder / (fault.get("in") or fault["plant"][0]["file"])
    text = path.read_text(encoding="utf-8")
    start = text.index(dated(fault["at"]))
    line = text.count("\n", 0, start) + 1
    match fault.get("line_of"):
        case "order":
            line += text[start:].partition("    order:")[0].count("\n")
        case "id" | "steps":
            line = text[:start].rpartition(fault["line_of"])[0].count("\n") + 1
    return f"{path.as_posix()}:{line}: "


@pytest.mark.parametrize("fault", IN_BOOK, ids=[fault["label"] for fault in IN_BOOK])
def test_a_planted_fault_is_named_with_file_and_line(fault: Fault, copy: Path) -> None:
    plant(fault, copy)
    begins = place(fault, copy) + dated(fault["says"]).replace("RULES", copy.as_posix())
    said = [str(found) for found in check(copy) if found.severity is not Severity.NOTE]
    assert any(sentence.startswith(begins) for sentence in said), [begins, *said]


@pytest.mark.parametrize("fault", OF_PEOPLE, ids=[fault["label"] for fault in OF_PEOPLE])
def test_people_who_cannot_be_reached_are_named(fault: Fault, book: RuleBook) -> None:
    whole = read(DEMO.read_bytes(), book)
    unit, post = fault["holding"].split()
    holding = next(one for one in whole.holdings if (one.unit, one.post) == (unit, post))
    without = fault["without"]
    if without == "ways":
        mute = replace(whole.people[holding.person], mobile=None, email=None, phone=None)
        lacking = replace(whole, people={**whole.people, mute.key: mute})
    else:
        rest = tuple(one for one in whole.holdings if one is not holding)
        changed = () if without == "holding" else (replace(holding, **{without: None}),)
        lacking = replace(whole, holdings=rest + changed)
    before = gaps(whole, book)
    assert any(fault["says"] in found.what for found in gaps(lacking, book) if found not in before)


def test_there_is_a_fault_of_every_class_and_none_twice() -> None:
    assert len({fault["label"] for fault in FAULTS}) == len(FAULTS) >= 40
    classes = Counter(fault["class"] for fault in FAULTS)
    assert all(classes[name] >= 2 for name in ("gap", "dead", "masked", "overlap", "contradiction", "skipped"))
    assert all(classes[name] >= 2 for name in ("deadline", "words", "approval", "ladder", "names", "people"))
