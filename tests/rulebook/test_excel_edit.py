"""Entries of a YAML file change in place; everything else stays byte for byte, however it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from warnengine.model.errors import RuleBookError
from warnengine.rulebook.excel.edit import Edits, edited

ORDER = ("id", "order", "deadline", "evidence", "advice", "confirm")
BOOK = """# 头
sector: housing
measures:
  # 暴雨
  - id: a.1   # 为什么
    order: "双引号"   # 说明
    deadline: 30m
    evidence: [count,  photo]
    confirm: bureau

  # 大风
  - id: b.1
    order: '单引号'
    deadline: 1h

none:
  - hazards: [hail]
    because: 没有
"""
NEW = {"id": "c.1", "order": "封路", "deadline": "5m"}
CASES: Mapping[str, tuple[str, dict[str, Any], str, str]] = {
    "a value, its comment stays": (
        BOOK,
        {"changed": {0: {"order": "封路"}}},
        'order: "双引号"   # 说明',
        "order: 封路   # 说明",
    ),
    "a value that needs quotes": (
        BOOK,
        {"changed": {1: {"order": "=封路: 'A'"}}},
        "order: '单引号'",
        "order: '=封路: ''A'''",
    ),
    "a list": (BOOK, {"changed": {0: {"evidence": ["report"]}}}, "[count,  photo]", "[report]"),
    "a key goes": (BOOK, {"changed": {0: {"confirm": ""}}}, "    confirm: bureau\n", ""),
    "a key comes to its place": (
        BOOK,
        {"changed": {0: {"advice": "准备"}}},
        "photo]\n",
        "photo]\n    advice: 准备\n",
    ),
    "a key comes where those before it are missing": (
        BOOK,
        {"changed": {1: {"confirm": "bureau"}}},
        "deadline: 1h\n",
        "deadline: 1h\n    confirm: bureau\n",
    ),
    "an entry goes, the comments stay": (
        BOOK,
        {"removed": frozenset({1})},
        "  - id: b.1\n    order: '单引号'\n    deadline: 1h\n\n",
        "",
    ),
    "an entry comes behind another": (
        BOOK,
        {"added": [(0, NEW)]},
        "    confirm: bureau\n",
        "    confirm: bureau\n\n  - id: c.1\n    order: 封路\n    deadline: 5m\n",
    ),
    "an entry comes at the end": (
        BOOK,
        {"added": [(None, NEW)]},
        "    deadline: 1h\n",
        "    deadline: 1h\n\n  - id: c.1\n    order: 封路\n    deadline: 5m\n",
    ),
    "all entries go": (
        "measures:\n  - id: a.1\n    order: x\n\n  - id: b.1\n    order: y\n",
        {"removed": frozenset({0, 1})},
        "measures:\n  - id: a.1\n    order: x\n\n  - id: b.1\n    order: y\n",
        "measures: []\n",
    ),
    "all are replaced": (
        "measures:\n  - id: a.1\n    order: x\n",
        {"removed": frozenset({0}), "added": [(None, NEW)]},
        "  - id: a.1\n    order: x\n",
        "\n  - id: c.1\n    order: 封路\n    deadline: 5m\n",
    ),
    "the first of a list": (
        "measures: []\nnone: []\n",
        {"added": [(None, NEW)]},
        "measures: []\n",
        "measures:\n  - id: c.1\n    order: 封路\n    deadline: 5m\n",
    ),
    "a list that is not there": (
        "sector: x\n",
        {"added": [(None, NEW)]},
        "sector: x\n",
        "sector: x\n\nmeasures:\n  - id: c.1\n    order: 封路\n    deadline: 5m\n",
    ),
    "an entry on one line": (
        "measures:\n  - {id: a.1, order: x, deadline: 1h}  # c\n  - {id: b.1, order: y}\n",
        {"changed": {0: {"order": "z"}}},
        "{id: a.1, order: x, deadline: 1h}",
        "id: a.1\n    order: z\n    deadline: 1h",
    ),
    "a file without an end of line": (
        "measures:\n- id: a.1\n  order: x",
        {"added": [(0, NEW)]},
        "x",
        "x\n\n- id: c.1\n  order: 封路\n  deadline: 5m\n",
    ),
    "the last key goes from a file without an end of line": (
        "measures:\n- id: a.1\n  order: x",
        {"changed": {0: {"order": ""}}},
        "  order: x",
        "",
    ),
    "a text over several lines": (
        "measures:\n  - id: a.1\n    order: >-\n      甲\n      乙\n    deadline: 1h\n",
        {"changed": {0: {"order": "丙"}}},
        "order: >-\n      甲\n      乙\n",
        "order: 丙\n",
    ),
    "a list of lines": (
        "measures:\n  - id: a.1\n    evidence:\n      - count\n      - photo\n    # 注\n    confirm: bureau\n",
        {"changed": {0: {"evidence": ["report"]}}},
        "evidence:\n      - count\n      - photo\n",
        "evidence:\n      - report\n",
    ),
}


@pytest.mark.parametrize("label", CASES)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_only_what_changes_is_touched(label: str, end: str) -> None:
    before, edits, old, new = CASES[label]
    assert before.count(old) == 1
    after = edited(before.replace("\n", end), Edits("measures", ORDER, spaced=True, **edits))
    if "\n" in before.rstrip("\n"):
        assert after == before.replace(old, new).replace("\n", end)


def test_a_list_on_one_line_is_refused_with_the_way_out() -> None:
    with pytest.raises(RuleBookError, match="改成每条以 - 开头另起一行"):
        edited("measures: [{id: a.1}]\n", Edits("measures", ORDER, removed=frozenset({0})))
