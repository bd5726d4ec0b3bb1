"""What a filled-in table changes: rows compared with the entries they were made from. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from warnengine.model.finding import did_you_mean
from warnengine.rulebook.excel.columns import Column, Raw
from warnengine.rulebook.excel.reading import Problem, Row
from warnengine.rulebook.excel.tables import CELL, Entry, Part, Table, prefix
from warnengine.rulebook.excel.words import Misread, Vocabulary

LOCKED = {"when.hazard", "when.family", "when.level"}
"""An id says them: another danger is another measure."""


@dataclass(frozen=True)
class Added:
    """A new row."""

    row: Row
    id: str
    """Given by the naming rule; empty where entries have none."""
    values: Mapping[str, Raw]
    """By the key of the column."""
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Changed:
    """A row with other words than its entry."""

    row: Row
    entry: Entry
    values: Mapping[str, Raw]
    cells: Mapping[str, str]
    """Title → what stands there now, of the changed columns."""


@dataclass(frozen=True)
class Changes:
    """What one sheet changes."""

    table: Table
    added: tuple[Added, ...] = ()
    changed: tuple[Changed, ...] = ()
    removed: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    where: Mapping[str, Row] = field(default_factory=dict)
    """The row of each entry that stays."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def told(self) -> Iterator[str]:
        """In words, one line a change."""
        for new in self.added:
            yield f"新增 {self._place(new.row)} {_short(new.cells, self.table)} {new.id}".rstrip()
        for one in self.changed:
            differs = [_differs(title, one.entry.cells[title], now) for title, now in one.cells.items()]
            yield f"改动 {self._place(one.row)} {one.entry.id}: {';'.join(differs)}"
        for old in self.removed:
            yield f"删除 {self.table.title} {old.id} {_short(old.cells, self.table)}".rstrip()

    def _place(self, row: Row) -> str:
        return f"{row.file} {self.table.title} 第{row.number}行".lstrip()


def compared(table: Table, rows: Sequence[Row], words: Vocabulary, ids: frozenset[str] = frozenset()) -> Changes:
    """What the rows of a sheet change in its table, or what is wrong with them.

    ids: of every measure in the book, which the sheet may name."""
    first: dict[str, Row] = {}
    fresh: list[Row] = []
    changed: list[Changed] = []
    problems: list[Problem] = []
    for row in rows:
        problems += row.unreadable.values()
        if CELL in row.unreadable or not (row.id or any(row.cells.values())):
            continue
        if not row.id:
            fresh += [row]
        elif fault := _misnamed(row, table, first):
            problems.append(fault)
        else:
            first[row.id] = row
            found, faults = _changed(row, table, words)
            changed += [found] if found else []
            problems += faults
    removed = tuple(entry for entry in table.entries if entry.id not in first)
    if table.part is Part.PLAN:
        problems += _one_row(table, fresh)
        fresh, removed = [], ()
    added, faults = _added(fresh, table, words)
    return _with_references(
        Changes(table, tuple(added), tuple(changed), removed, (*problems, *faults), first), ids
    )


def _one_row(table: Table, fresh: Sequence[Row]) -> Iterator[Problem]:
    """The head of a plan is one row for ever."""
    for row in fresh:
        yield row.problem(table.title, "", "这张表只有一行", "写进原来那一行;几条风险写在一格里,一行一条")


def _misnamed(row: Row, table: Table, first: Mapping[str, Row]) -> Problem | None:
    if row.id in first:
        fix = "新加的行把编号清空,导入时自动编号"
        return row.problem(table.title, CELL, f"编号和第{first[row.id].number}行一样({row.id})", fix)
    if row.id not in table.by_id:
        near = did_you_mean(row.id, table.by_id) if table.entries else "请清空"
        fix = f"新加的行把编号清空;原有的行照原样写,{near}"
        return row.problem(table.title, CELL, f"这张表里没有编号“{row.id}”", fix)
    return None


def _changed(row: Row, table: Table, words: Vocabulary) -> tuple[Changed | None, list[Problem]]:
    entry = table.by_id[row.id]
    if not any(row.cells.values()) and not row.unreadable and any(entry.cells.values()):
        return None, [row.problem(table.title, "", "这一行只剩下编号", "要删去就删整行,不删就照原样补上")]
    differing = [
        column
        for column in table.part.columns
        if column.title not in row.unreadable and row.cells.get(column.title, "") != entry.cells[column.title]
    ]
    values: dict[str, Raw] = {}
    problems: list[Problem] = []
    for column in differing:
        try:
            value = _value(row, column, words, kept=True)
            if value != _before(entry, column, words):
                values[column.key] = value
        except Misread as fault:
            problems.append(row.problem(table.title, column.title, fault.what, fault.fix))
    problems += _advised(row, table) if {"compulsory", "advice"} & values.keys() else []
    now = {one.title: row.cells.get(one.title, "") for one in differing if one.key in values}
    return (Changed(row, entry, values, now) if values else None), problems


def _before(entry: Entry, column: Column, words: Vocabulary) -> Raw | None:
    """What the entry's own cell means; None where it cannot be read back."""
    try:
        return column.read(entry.cells[column.title], words) if entry.cells[column.title] else ""
    except Misread:
        return None


def _value(row: Row, column: Column, words: Vocabulary, *, kept: bool) -> Raw:
    cell = row.cells.get(column.title, "")
    if not cell and column.required:
        raise Misread("空着", _example(column))
    read = column.read(cell, words) if cell else ""
    if kept and column.key in LOCKED:
        raise Misread(f"{column.title}不能直接改", "删去这一行,另加一行,编号空着;不想改就照原样写")
    return read


def _example(column: Column) -> str:
    if column.key == "deadline":
        return "写办完要多久,例如“30分钟”"
    return f"从下拉列表里选{column.title}" if column.choices else f"写上{column.title}"


def _added(rows: Sequence[Row], table: Table, words: Vocabulary) -> tuple[list[Added], list[Problem]]:
    added: list[Added] = []
    problems: list[Problem] = []
    taken = {entry.id for entry in table.entries}
    for row in rows:
        values: dict[str, Raw] = {}
        faults = []
        for column in table.part.columns:
            if column.title in row.unreadable:
                continue
            try:
                values[column.key] = _value(row, column, words, kept=False)
            except Misread as fault:
                faults.append(row.problem(table.title, column.title, fault.what, fault.fix))
        faults += _advised(row, table)
        problems += faults
        if not faults and not row.unreadable:
            taken.add(name := _named(table, values, taken))
            added.append(Added(row, name, values, row.cells))
    return added, problems


def _named(table: Table, values: Mapping[str, Raw], taken: set[str]) -> str:
    """The next id by the naming rule; a number that was ever used in the table is not given again."""
    match table.part:
        case Part.MEASURES:
            hazard, family, level = (str(values[key]) for key in ("when.hazard", "when.family", "when.level"))
            start, form = prefix(table.owner, hazard, family, level) + ".", "{}{}"
        case Part.POINTS:
            start, form = f"{table.owner}-", "{}{:02d}"
        case Part.TRIGGERS:
            start, form = f"{values['hazard']}.{values['watch']}.", "{}{}"
        case _:
            return ""
    used = [int(number) for name in taken if re.fullmatch(r"\d+", number := name.removeprefix(start))]
    return form.format(start, max(used, default=0) + 1)


def _advised(row: Row, table: Table) -> list[Problem]:
    """A compulsory order needs words for the time until somebody has said yes; another has no such time."""
    if table.part is not Part.MEASURES or {"强制", "未批准前先发"} & row.unreadable.keys():
        return []
    compulsory, advice = row.cells.get("强制", "") == "是", row.cells.get("未批准前先发", "")
    if compulsory and not advice:
        fix = "写上等批准时先发什么,例如“做好停工准备”"
        return [row.problem(table.title, "未批准前先发", "强制的措施没有写", fix)]
    if advice and not compulsory:
        fix = "清空它;要批准才能下达的,“强制”写“是”"
        return [row.problem(table.title, "未批准前先发", "不强制的措施用不到,这句话永远不会发出", fix)]
    return []


def _with_references(found: Changes, ids: frozenset[str]) -> Changes:
    """With ids for the orders that 代替 names in their own words."""
    problems: list[Problem] = []

    def resolved(row: Row, values: Mapping[str, Raw], danger: tuple[str, str]) -> Mapping[str, Raw]:
        names = values.get("replaces")
        if not isinstance(names, list):
            return values
        meant = []
        for name in map(str, names):
            fitting = by_words.get((name, *danger), [])
            if name not in known and len(fitting) != 1:
                what, fix = _unknown(name, len(fitting), [*own, *(words for words, *_ in by_words)])
                problems.append(row.problem(found.table.title, "代替", what, fix))
            meant.append(name if name in known or not fitting else fitting[0])
        return {**values, "replaces": meant}

    own, by_words = _orders(found)
    known = own | ids
    added = [Added(one.row, one.id, resolved(one.row, one.values, _danger(one)), one.cells) for one in found.added]
    changed = [
        Changed(one.row, one.entry, resolved(one.row, one.values, _danger(one)), one.cells)
        for one in found.changed
    ]
    every = (*found.problems, *problems)
    return Changes(found.table, tuple(added), tuple(changed), found.removed, every, found.where)


def _unknown(name: str, fitting: int, known: Sequence[str]) -> tuple[str, str]:
    if fitting:
        return f"有{fitting}条措施都写着“{name}”", "写编号"
    return f"没有措施“{name}”", f"写编号或同一灾种措施的原文,{did_you_mean(name, known)}"


Words = dict[tuple[str, str, str], list[str]]


def _orders(found: Changes) -> tuple[set[str], Words]:
    """Ids, and by (order, hazard, family) the ids of those that stand in the sheet as filled in."""
    if found.table.part is not Part.MEASURES:
        return set(), {}
    by_words: Words = {}
    altered = {one.entry.id: one.values for one in found.changed}
    gone = {entry.id for entry in found.removed}
    for entry in found.table.entries:
        order = str(altered.get(entry.id, {}).get("order", entry.value.order))
        if entry.id not in gone:
            by_words.setdefault((order, entry.value.when.hazard, entry.value.when.family), []).append(entry.id)
    for new in found.added:
        by_words.setdefault((str(new.values["order"]), *_danger(new)), []).append(new.id)
    return {entry.id for entry in found.table.entries} | {new.id for new in found.added}, by_words


def _danger(one: Added | Changed) -> tuple[str, str]:
    if isinstance(one, Added):
        return str(one.values.get("when.hazard")), str(one.values.get("when.family"))
    when = getattr(one.entry.value, "when", None)
    return (when.hazard, when.family) if when else ("", "")


def _short(cells: Mapping[str, str], table: Table) -> str:
    """A row in a few words."""
    shown = {
        Part.MEASURES: ("灾种", "产品", "等级", "措施"),
        Part.SILENT: ("灾种", "产品", "等级", "为什么不需要"),
        Part.CALLED: ("单位", "岗位", "灾种", "等级"),
        Part.STATIONS: ("站号", "名称"),
    }
    return " ".join(cells.get(title, "") for title in shown.get(table.part, ("名称", "类别"))).strip()


def _differs(title: str, before: str, now: str) -> str:
    if not before:
        return f"{title}写上“{_line(now)}”"
    return f"{title}“{_line(before)}”改成“{_line(now)}”" if now else f"{title}清空(原来是“{_line(before)}”)"


def _line(cell: str) -> str:
    """A cell of several lines on one."""
    return cell.replace("\n", "、")
