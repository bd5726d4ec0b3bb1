"""One sheet out of several workbooks filled in side by side: put together, or told where they clash. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from warnengine.rulebook.excel.reading import Problem, Row
from warnengine.rulebook.excel.tables import CELL, Entry, Table

AGREE = "商量好写哪一个,只在一份里改,或者两份写成一样"


def collected(table: Table, back: Mapping[str, Sequence[Row]]) -> tuple[list[Row], list[Problem]]:
    """The rows of a sheet as if one person had filled in all workbooks, and what two of them say differently.

    back: the rows of each workbook by its name. Two may change other cells of one row, and add rows of their own;
    the same new row in two workbooks is one."""
    if len(back) == 1:
        return list(*back.values()), []
    named = {name: {row.id: row for row in reversed(rows) if row.id} for name, rows in back.items()}
    merged: list[Row] = []
    problems: list[Problem] = []
    for entry in table.entries:
        found = {name: rows[entry.id] for name, rows in named.items() if entry.id in rows}
        gone = next((name for name in named if name not in found), "")
        if gone:
            problems += _changed_and_deleted(table, entry, found, gone)
        else:
            row, faults = _merged(table, entry, list(found.values()))
            merged.append(row)
            problems += faults
    taken = {id(named[name][one.id]) for name in named for one in table.entries if one.id in named[name]}
    others = [row for rows in back.values() for row in rows if id(row) not in taken]
    return [*merged, *_once(others)], problems


def _changed_and_deleted(table: Table, entry: Entry, found: Mapping[str, Row], gone: str) -> Iterator[Problem]:
    for row in found.values():
        if row.unreadable or any(row.cells.get(title, "") != cell for title, cell in entry.cells.items()):
            fix = "商量好删不删: 删就两份都删整行,不删就把那一行照原样补上"
            yield row.problem(table.title, CELL, f"这里改了这一行,{gone} 里删去了它", fix)


def _merged(table: Table, entry: Entry, versions: Sequence[Row]) -> tuple[Row, list[Problem]]:
    cells = dict(entry.cells)
    whose: dict[str, Row] = {}
    problems = []
    for row in versions:
        for title, before in entry.cells.items():
            now = row.cells.get(title, "")
            if title in row.unreadable or now == before:
                continue
            if title in whose and cells[title] != now:
                other = whose[title]
                what = f"这里写“{now}”,{other.file} 第{other.number}行写“{cells[title]}”"
                problems.append(row.problem(table.title, title, what, AGREE))
                continue
            cells[title] = now
            whose.setdefault(title, row)
    first = next(iter(whose.values()), versions[0])
    unreadable = {title: one for row in versions for title, one in row.unreadable.items()}
    return replace(first, cells=cells, unreadable=unreadable), problems


def _once(rows: Sequence[Row]) -> Iterator[Row]:
    """Without new rows that another workbook has as well."""
    seen: dict[tuple[tuple[str, str], ...], str] = {}
    for row in rows:
        key = tuple(sorted(row.cells.items()))
        if row.id or row.unreadable or seen.setdefault(key, row.file) == row.file:
            yield row
