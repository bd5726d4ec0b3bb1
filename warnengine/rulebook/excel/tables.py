"""The book as tables: one of measures for each owner, one of 不需要措施, one of the points of a plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from warnengine.model.book import SIGNAL, Measure, UnitKind
from warnengine.rulebook.draft import Draft, owner
from warnengine.rulebook.excel.columns import MEASURES, POINTS, SILENT, Column
from warnengine.rulebook.excel.words import Vocabulary
from warnengine.rulebook.parse import Parsed

CELL = "编号"
"""The title of the column that names a row."""
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\u200b\ufeff\ud800-\udfff\ufffe\uffff]")
"""What a workbook cannot hold, and what nobody sees in one."""
ALIKE = {
    UnitKind.TOWNSHIP: "各镇街",
    UnitKind.COMMITTEE: "各管委会",
    UnitKind.VILLAGE: "各村社区",
    UnitKind.GRID: "各网格",
}
"""Kinds whose units have measures in common, as a sheet is called."""


class Part(StrEnum):
    """A list in a file, and what its sheet is called."""

    MEASURES = "measures"
    SILENT = "none"
    POINTS = "points"

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those of its table, less the one that names the row."""
        return {Part.MEASURES: MEASURES, Part.SILENT: SILENT, Part.POINTS: POINTS}[self]

    @property
    def suffix(self) -> str:
        """What the sheet's name ends with."""
        return {Part.MEASURES: "", Part.SILENT: "-不需要", Part.POINTS: "-点位"}[self]


@dataclass(frozen=True)
class Entry:
    """One entry of a file as a row."""

    id: str
    """Of a measure or a point its own; a decision to be silent has none, and is called by its place: 无3."""
    value: Any
    cells: Mapping[str, str]
    """Title → what stands in the cell."""
    index: int
    """Its place in the list of the file."""


@dataclass(frozen=True)
class Table:
    """One sheet."""

    title: str
    path: str
    """The file in the folder: measures/housing.yaml."""
    owner: str
    name: str
    """Of the owner, in full."""
    part: Part
    entries: tuple[Entry, ...] = field(compare=False)

    @cached_property
    def by_id(self) -> Mapping[str, Entry]:
        """The rows by what names them."""
        return {entry.id: entry for entry in self.entries}


def clean(text: str) -> str:
    """What is left of a text in a cell: without what Excel cannot hold, without blanks at the ends."""
    return INVISIBLE.sub("", text.replace("\r\n", "\n")).strip()


def cells(value: Any, part: Part, words: Vocabulary) -> dict[str, str]:
    """The cells of an entry."""
    return {column.title: clean(column.show(value, words)) for column in part.columns}


def tables(draft: Draft, words: Vocabulary) -> tuple[Table, ...]:
    """All sheets of a book: sectors in the order of units/, what kinds have in common, townships."""
    order = {unit.value.code: place for place, unit in enumerate(draft.units)}
    made = list(_made(draft, words))
    return tuple(sorted(made, key=lambda table: (table.part is not Part.MEASURES, order.get(table.owner, -1))))


def chosen(all_tables: Iterable[Table], draft: Draft, asked: str) -> list[Table]:
    """Those of one unit or kind, by code or name; a unit without a file of its own has that of its kind."""
    owned = list(all_tables)
    names = {name: unit.value.code for unit in draft.units for name in (unit.value.name, unit.value.short)}
    code = names.get(asked, asked)
    if mine := [table for table in owned if code in {table.owner, table.title}]:
        return mine
    unit = draft.unit_by_code.get(code)
    return [table for table in owned if unit and table.owner == unit.kind]


def _made(draft: Draft, words: Vocabulary) -> Iterator[Table]:
    for parsed, whose in _files(draft):
        unit = draft.unit_by_code.get(whose)
        title = unit.short if unit else ALIKE.get(UnitKind(whose), whose)
        name = unit.name if unit else title
        path = f"{'plans' if whose.isdigit() else 'measures'}/{parsed.sheet.file.rpartition('/')[2]}"
        for part in (Part.MEASURES, Part.POINTS if whose.isdigit() else Part.SILENT):
            entries = _entries(parsed, part, words)
            yield Table(f"{title[:20]}{part.suffix}", path, whose, name, part, entries)


def _files(draft: Draft) -> Iterator[tuple[Parsed, str]]:
    sheets = {parsed.sheet.file: parsed for parsed in draft.files}
    yield from ((sheets[one.sheet.file], owner(one.value)) for one in draft.measure_files)
    yield from ((sheets[one.sheet.file], one.value.township) for one in draft.plans)


def _entries(parsed: Parsed, part: Part, words: Vocabulary) -> tuple[Entry, ...]:
    values = getattr(parsed.value, part.value)
    return tuple(
        Entry(_name(value, part, at), value, cells(value, part, words), at) for at, value in enumerate(values)
    )


def _name(value: Any, part: Part, at: int) -> str:
    if part is Part.SILENT:
        return f"无{at + 1}"
    return str(value.id if part is Part.MEASURES else value.code)


def grouped(table: Table, words: Vocabulary) -> list[Entry]:
    """In the order in which people read the table: product family, hazard, level; then as in the file."""
    if table.part is not Part.MEASURES:
        return list(table.entries)
    families, hazards = list(words.families.by_key), list(words.hazards.by_key)
    return sorted(table.entries, key=_place(families, hazards))


def _place(families: list[str], hazards: list[str]) -> Callable[[Entry], tuple[int, int, int]]:
    def place(entry: Entry) -> tuple[int, int, int]:
        when = entry.value.when
        return families.index(when.family), hazards.index(when.hazard), when.level

    return place


def prefix(owner: str, hazard: str, family: str, level: str) -> str:
    """What the id of a measure begins with: housing.rainstorm.red."""
    own = f"p{owner}" if owner.isdigit() else owner
    return ".".join((own, hazard, level) if family == SIGNAL else (own, family, hazard, level))


def danger(measure: Measure) -> tuple[str, str]:
    """(hazard, family)."""
    return measure.when.hazard, measure.when.family
