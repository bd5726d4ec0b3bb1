"""Out and back in: without edits no byte changes, with edits exactly the edited entries do."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warnengine.model.book import MeasureFile, Plan, Triggers
from warnengine.rulebook import excel, whole
from warnengine.rulebook.excel.changes import compared
from warnengine.rulebook.excel.export import sound
from warnengine.rulebook.excel.reading import Row
from warnengine.rulebook.excel.tables import Part, Table, cells, tables
from warnengine.rulebook.excel.words import Vocabulary
from warnengine.rulebook.excel.writing import changed_files
from warnengine.rulebook.parse import parse
from warnengine.rulebook.sheet import read

RULES = Path(__file__).parents[2] / "rules"
TEXT = (
    st.text(
        st.characters(
            codec="utf-8",
            exclude_categories=("Cc", "Cs", "Zl", "Zp"),
            exclude_characters="\ufeff\u200b\ufffe\uffff",
        ),
        min_size=1,
        max_size=40,
    )
    .map(str.strip)
    .filter(bool)
)
CELLS = {
    "措施": TEXT,
    "时限(分钟或小时)": st.sampled_from(["30分钟", "2小时", "45秒", "90分钟"]),
    "反馈": st.sampled_from(["", "人数", "照片、报告", "人数、照片、报告"]),
    "代替": st.just(""),
    "岗位": st.sampled_from(["", "分管负责人", "值班员、备班"]),
    "上限": st.sampled_from(["", "1", "500"]),
    "待确认": st.sampled_from(["", "是"]),
    "为什么不需要": TEXT,
    "谁决定的": TEXT,
    "到哪一天为止": st.sampled_from(["", "2027-05-01"]),
    "名称": TEXT,
    "人数": st.sampled_from(["", "0", "239"]),
    "路线": st.one_of(st.just(""), TEXT),
    "监测责任人": st.sampled_from(["", "区水利局 值班员", "区水利局 值班员、区林业局 分管负责人"]),
    "样例": st.sampled_from(["", "是"]),
    "经度": st.sampled_from(["", "106.05", "106"]),
    "坐标系": st.sampled_from(["", "WGS84", "GCJ02"]),
    "高程(米)": st.sampled_from(["", "224.5", "-3.25"]),
    "橙色(准备转移)": st.sampled_from(["", "217.5", "45", "30分钟: 30\n1小时: 45.5"]),
    "镇街": st.sampled_from(["安居镇", "安居镇、少云镇"]),
    "测站": st.sampled_from(["", "涪江安居站、涪江小河坝站"]),
    "低多久算回落": st.sampled_from(["30分钟", "2小时"]),
    "影子运行": st.sampled_from(["", "是"]),
    "站号": st.sampled_from(["S1", "S500151105-2"]),
    "报什么": st.sampled_from(["雨量", "水位、预报水位"]),
}
OF_CALLED = {"岗位": st.sampled_from(["分管负责人", "值班员"]), "等级": st.sampled_from(["全部", "橙色、红色"])}
LISTS = [part for part in Part if part is not Part.PLAN]


@cache
def book() -> tuple[dict[str, str], Vocabulary, tuple[Table, ...], frozenset[str]]:
    draft, _ = sound(RULES)
    words = Vocabulary.of(draft)
    ids = frozenset(owned.value.id for owned in draft.measures)
    return whole(RULES), words, tables(draft, words), ids


def test_every_file_comes_back_byte_for_byte(shipped: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.xlsx"
    titles = excel.export(shipped, file)
    assert (
        len(titles)
        == len(set(titles))
        == 2 * len([path for path in whole(shipped) if path.startswith("measures/")])
        + 4 * len([path for path in whole(shipped) if path.startswith("plans/")])
        + len(("阈值", "测站"))
    )
    outcome = excel.bring_in(shipped, file)
    assert (outcome.problems, outcome.changes, outcome.files) == ((), (), {})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_an_edit_changes_exactly_the_entries_that_were_edited(data: st.DataObject) -> None:
    files, words, every, ids = book()
    table = data.draw(st.sampled_from([one for one in every if one.entries and one.part in LISTS]))
    rows = [Row(at + 2, entry.id, dict(entry.cells), {}) for at, entry in enumerate(table.entries)]
    wanted = [dict(row.cells) for row in rows]
    known = OF_CALLED if table.part is Part.CALLED else CELLS
    needed = {column.title for column in table.part.columns if column.required}
    for at in data.draw(st.sets(st.integers(0, len(rows) - 1), max_size=3)):
        for title in data.draw(st.sets(st.sampled_from(sorted(known.keys() & wanted[at].keys())), max_size=3)):
            typed = data.draw(known[title])
            wanted[at][title] = typed or ("" if title not in needed else wanted[at][title])
    gone = data.draw(st.sets(st.integers(0, len(rows) - 1), max_size=2))
    new = _new(data, table)
    filled = [
        Row(row.number, row.id, one, {})
        for at, (row, one) in enumerate(zip(rows, wanted, strict=True))
        if at not in gone
    ]
    filled = data.draw(st.permutations(filled)) + [Row(999 + at, "", one, {}) for at, one in enumerate(new)]
    changes = compared(table, filled, words, ids)
    assert changes.problems == ()
    after = changed_files(files, [changes] if changes else []).get(table.path, files[table.path])
    assert sorted(map(str, _cells(table, after, words))) == sorted(
        map(str, [one for at, one in enumerate(wanted) if at not in gone] + new)
    )
    if not changes:
        assert after == files[table.path]
    touched = {one.entry.index for one in changes.changed} | {one.index for one in changes.removed}
    for at, block in _blocks(table, files[table.path]).items():
        assert at in touched or block in after
    kept = [files[table.path].splitlines(keepends=True), after.splitlines(keepends=True)]
    comments = [[line for line in lines if line.lstrip().startswith("#")] for lines in kept]
    assert comments[0] == comments[1]


def _new(data: st.DataObject, table: Table) -> list[dict[str, str]]:
    """Copies of rows with other words, as new ones."""
    copied = data.draw(st.lists(st.sampled_from(table.entries), max_size=2))
    if table.part is Part.CALLED:
        return [{**entry.cells, "等级": "红色"} for entry in copied]
    title = {Part.MEASURES: "措施", Part.SILENT: "为什么不需要"}.get(table.part, "名称")
    return [{**entry.cells, title: data.draw(TEXT)} for entry in copied]


def _blocks(table: Table, text: str) -> dict[int, str]:
    """The lines of each entry as they stand in the file."""
    sheet, _ = read(table.path, text.encode())
    assert sheet is not None
    ends: dict[int, int] = {}
    for place, line in sheet.lines.items():
        if len(place) > 1 and place[0] == table.part.value:
            ends[int(place[1])] = max(ends.get(int(place[1]), 0), line)
    lines = text.splitlines(keepends=True)
    return {at: "".join(lines[sheet.lines[(table.part.value, at)] - 1 : end]) for at, end in ends.items()}


def _cells(table: Table, text: str, words: Vocabulary) -> list[dict[str, str]]:
    """The table as the changed file has it."""
    sheet, findings = read(table.path, text.encode())
    assert sheet is not None
    assert not findings
    shape = Plan if table.path.startswith("plans") else Triggers if table.owner == "triggers" else MeasureFile
    parsed, refused = parse(sheet, shape)
    assert parsed is not None
    assert not refused
    return [cells(value, table.part, words) for value in getattr(parsed.value, table.part.value)]


@pytest.mark.parametrize("part", Part)
def test_the_columns_know_the_keys_of_their_entries(part: Part) -> None:
    """A cell that is read back means what the entry says."""
    _, words, every, _ = book()
    for table in every:
        for entry in table.entries if table.part is part else ():
            for column in part.columns:
                if cell := entry.cells[column.title]:
                    column.read(cell, words)
