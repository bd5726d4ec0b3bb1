"""The book as tables: the measures of each owner and 不需要措施, the plans of townships, the thresholds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from warnengine.model.book import SIGNAL, Measure, UnitKind
from warnengine.rulebook.draft import Draft, owner
from warnengine.rulebook.excel.columns import MEASURES, SILENT, Column
from warnengine.rulebook.excel.plans import CALLED, PLAN, POINTS
from warnengine.rulebook.excel.thresholds import STATIONS, TRIGGERS
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
    PLAN = "plan"
    """No list: what stands at the head of a plan, as one row."""
    CALLED = "posts"
    POINTS = "points"
    TRIGGERS = "triggers"
    STATIONS = "stations"

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those of its table, less the one that names the row."""
        return COLUMNS[self]

    @property
    def suffix(self) -> str:
        """What the sheet's name ends with."""
        return SUFFIXES.get(self, "")

    @property
    def placed(self) -> str:
        """What its rows are called by, each with its place in the list: 无3; empty where they have an id."""
        return PLACED.get(self, "")


COLUMNS = {
    Part.MEASURES: MEASURES,
    Part.SILENT: SILENT,
    Part.PLAN: PLAN,
    Part.CALLED: CALLED,
    Part.POINTS: POINTS,
    Part.TRIGGERS: TRIGGERS,
    Part.STATIONS: STATIONS,
}
SUFFIXES = {Part.SILENT: "-不需要", Part.PLAN: "-方案", Part.CALLED: "-另叫", Part.POINTS: "-点位"}
PLACED = {Part.SILENT: "无", Part.PLAN: "方案", Part.CALLED: "叫", Part.STATIONS: "站"}
SECTOR = (Part.MEASURES, Part.SILENT)
TOWNSHIP = (Part.MEASURES, Part.PLAN, Part.CALLED, Part.POINTS)
THRESHOLDS = "阈值"
"""What the owner of triggers.yaml is called, for it is nobody's but the bureau's."""
OF_TRIGGERS = {Part.TRIGGERS: THRESHOLDS, Part.STATIONS: "测站"}
"""The sheets of triggers.yaml."""


@dataclass(frozen=True)
class Entry:
    """One entry of a file as a row."""

    id: str
    """Of a measure, a point or a threshold its own; others are called by their place: 无3."""
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
    if mine := [table for table in owned if code in {table.owner, table.title, table.name}]:
        return mine
    unit = draft.unit_by_code.get(code)
    return [table for table in owned if unit and table.owner == unit.kind]


def _made(draft: Draft, words: Vocabulary) -> Iterator[Table]:
    for parsed, whose in _files(draft):
        unit = draft.unit_by_code.get(whose)
        title = unit.short if unit else ALIKE.get(UnitKind(whose), whose)
        name = unit.name if unit else title
        path = f"{'plans' if whose.isdigit() else 'measures'}/{parsed.sheet.file.rpartition('/')[2]}"
        for part in TOWNSHIP if whose.isdigit() else SECTOR:
            yield Table(f"{title[:20]}{part.suffix}", path, whose, name, part, _entries(parsed, part, words))
    if draft.triggers:
        (parsed,) = (one for one in draft.files if one.sheet is draft.triggers.sheet)
        for part, title in OF_TRIGGERS.items():
            entries = _entries(parsed, part, words)
            yield Table(title, "triggers.yaml", "triggers", THRESHOLDS, part, entries)


def _files(draft: Draft) -> Iterator[tuple[Parsed, str]]:
    sheets = {parsed.sheet.file: parsed for parsed in draft.files}
    yield from ((sheets[one.sheet.file], owner(one.value)) for one in draft.measure_files)
    yield from ((sheets[one.sheet.file], one.value.township) for one in draft.plans)


def _entries(parsed: Parsed, part: Part, words: Vocabulary) -> tuple[Entry, ...]:
    values = (parsed.value,) if part is Part.PLAN else getattr(parsed.value, part.value)
    return tuple(
        Entry(_name(value, part, at), value, cells(value, part, words), at) for at, value in enumerate(values)
    )


def _name(value: Any, part: Part, at: int) -> str:
    if part.placed:
        return f"{part.placed}{at + 1}"
    return str(value.code if part is Part.POINTS else value.id)


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
