"""Whether the book leaves nobody without a word, and whether somebody would hear it: the grid, the facilities and,
where there is an address list, the people, as one proof to show, to keep as JSON and to print."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined

from warnengine.directory.coverage import Staffed, staffed
from warnengine.model.book import RuleBook, Unit, UnitKind
from warnengine.model.clock import BEIJING
from warnengine.model.directory import Directory
from warnengine.model.level import Level
from warnengine.rulebook.coverage import Cell, Danger, Held, cells, of_book
from warnengine.rulebook.facilities import Unreached, unreached

KINDS = {
    UnitKind.SECTOR: "行业",
    UnitKind.TOWNSHIP: "镇街",
    UnitKind.COMMITTEE: "管委会",
    UnitKind.VILLAGE: "村社区",
    UnitKind.GRID: "网格",
    UnitKind.DISTRICT: "区领导",
    UnitKind.DUTY_ROOM: "值班室",
}
Told = TypeVar("Told")
Rows = list[tuple[str, tuple[Told, ...]]]


@dataclass(frozen=True, slots=True)
class Block:
    """One danger: who it concerns at which level."""

    title: str
    danger: Danger
    levels: tuple[Level, ...]
    rows: tuple[tuple[Unit, tuple[Cell, ...]], ...]

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """By kind of unit: how many of how many have every level decided."""
        found: dict[str, tuple[int, int]] = {}
        for unit, row in self.rows:
            whole = all(cell.held is not Held.GAP for cell in row)
            done, of = found.get(KINDS[unit.kind], (0, 0))
            found[KINDS[unit.kind]] = done + whole, of + 1
        return found

    def folded(self) -> Rows[Cell]:
        """The rows, those of one kind that hold exactly the same as one."""
        alike: dict[object, list[tuple[Unit, tuple[Cell, ...]]]] = defaultdict(list)
        for unit, row in self.rows:
            alike[unit.kind, tuple((c.own, c.common, c.continuing, c.none, c.lapsed) for c in row)].append(
                (unit, row)
            )
        return [(_several([unit for unit, _ in rows]), rows[0][1]) for rows in alike.values()]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The whole proof, of one book on one day."""

    book: RuleBook
    at: datetime
    blocks: tuple[Block, ...]
    facilities: tuple[Unreached, ...]
    people: tuple[Staffed, ...] | None
    """None: there is no address list."""
    proofs_known: bool
    """Whether the list says when a number was proven last; a file of addresses does not."""

    @property
    def gaps(self) -> tuple[Cell, ...]:
        """Cells that nobody has decided."""
        return tuple(
            cell for block in self.blocks for _, row in block.rows for cell in row if cell.held is Held.GAP
        )

    @property
    def lacking(self) -> tuple[Staffed, ...]:
        """Units and levels at which somebody, or something about somebody, is missing."""
        return tuple(one for one in self.people or () if one.lacking)

    @property
    def whole(self) -> bool:
        """Whether nothing is missing at all."""
        return not (self.gaps or self.facilities or self.lacking)

    @property
    def size(self) -> int:
        """How many cells the grid has."""
        return sum(len(row) for block in self.blocks for _, row in block.rows)

    def plain(self) -> dict[str, Any]:
        """As the file of results has it."""
        return {
            "book": self.book.hash,
            "at": self.at.isoformat(),
            "cells": self.size,
            "gaps": [_plain(cell) for cell in self.gaps],
            "dangers": [
                {
                    "family": block.danger.family,
                    "hazard": block.danger.hazard,
                    "levels": [level.key for level in block.levels],
                    "covered": {kind: list(count) for kind, count in block.counts.items()},
                    "cells": [_plain(cell) for _, row in block.rows for cell in row],
                }
                for block in self.blocks
            ],
            "facilities": [
                {"code": one.point.code, "name": one.point.name, "hazards": list(one.hazards)}
                for one in self.facilities
            ],
            "people": None if self.people is None else [_person_plain(one) for one in self.people],
            "proofs_known": self.proofs_known,
        }


def coverage(
    book: RuleBook, at: datetime, people: Directory | None = None, unproven: Set[str] | None = None
) -> Coverage:
    """Proven at a moment. unproven: keys of people whose number nothing has proven for long; None: not known."""
    grid = cells(of_book(book), at.astimezone(BEIJING).date())
    blocks = tuple(_block(book, danger, tuple(found)) for danger, found in groupby(grid, lambda cell: cell.danger))
    listed = None if people is None else tuple(staffed(people, book, unproven or frozenset()))
    return Coverage(book, at, blocks, unreached(book), listed, unproven is not None)


def printed(found: Coverage) -> str:
    """The page to print, A4 across, complete in itself."""
    environment = Environment(
        loader=PackageLoader("warnengine.app", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("coverage.html.j2")
    words = {
        "mark": mark,
        "title": title,
        "lacks": lacks,
        "hazards": hazards,
        "at": at,
        "staff": staff,
        "decisions": decisions,
    }
    return page.render(found=found, levels=tuple(Level), **words)


def at(row: Sequence[Cell], level: Level) -> Cell | None:
    """The cell of a row at a level; None where the level is not in use."""
    return next((cell for cell in row if cell.level == level), None)


def hazards(book: RuleBook, one: Unreached) -> str:
    """暴雨、洪水"""
    names = {hazard.key: hazard.name for hazard in book.hazards}
    return "、".join(names.get(key, key) for key in one.hazards)


def staff(found: Coverage) -> Rows[str]:
    """Units and what their people are at each level, those of one kind that are alike as one; 4岗, 4岗缺1."""
    units: dict[str, dict[Level, Staffed]] = defaultdict(dict)
    for one in found.people or ():
        units[one.unit.code][one.level] = one
    alike: dict[tuple[UnitKind, tuple[str, ...]], list[Unit]] = defaultdict(list)
    for levels in units.values():
        unit = next(iter(levels.values())).unit
        alike[unit.kind, tuple(_manned(levels.get(level)) for level in Level)].append(unit)
    return [(_several(same), key[1]) for key, same in alike.items()]


def decisions(book: RuleBook) -> dict[tuple[str, str, str], list[str]]:
    """That nothing is owed: (whose, decided by whom, until when) → 大风 预警信号 蓝色(按日常值守)."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for owner, entries in book.silent.items():
        whose = book.units[owner].name if owner in book.units else f"所有{KINDS[UnitKind(owner)]}"
        for one in entries:
            dangers = "、".join(title(book, Danger(one.family, hazard)) for hazard in one.hazards)
            reached = "、".join(level.zh for level in one.levels) or "各级"
            key = (whose, one.decided_by, f"到{one.until}" if one.until else "另行决定前")
            found[key].append(f"{dangers} {reached}({one.because})")
    return found


def _manned(one: Staffed | None) -> str:
    if one is None:
        return "—"
    missing = sum(map(len, one.lacking))
    return f"{one.posts}岗缺{missing}" if missing else f"{one.posts}岗"


def title(book: RuleBook, danger: Danger) -> str:
    """暴雨 预警信号"""
    hazard = next((one.name for one in book.hazards if one.key == danger.hazard), danger.hazard)
    family = book.families.get(danger.family)
    return f"{hazard} {family.name if family else danger.family}"


def mark(cell: Cell | None) -> str:
    """What a cell of the table says: 专2共1, 续, 无, 缺; a dash where the level is not in use."""
    if cell is None:
        return "—"
    if cell.held in (Held.OWN, Held.COMMON):
        counted = (("专", len(cell.own)), ("共", len(cell.common)))
        return "".join(f"{word}{count}" for word, count in counted if count)
    return {Held.CONTINUES: "续", Held.NONE: "无", Held.GAP: "缺"}[cell.held]


def lacks(one: Staffed) -> str:
    """岗位空缺: 值班员;没有B角: 书记 某某"""
    named = (
        ("岗位空缺", one.empty),
        ("没有可用渠道", one.mute),
        ("没有B角", one.alone),
        ("号码未验证", one.unproven),
    )
    return ";".join(f"{what}: {'、'.join(names)}" for what, names in named if names)


def _block(book: RuleBook, danger: Danger, found: Sequence[Cell]) -> Block:
    rows = tuple(_rows(found))
    levels = tuple(cell.level for cell in rows[0][1])
    return Block(title(book, danger), danger, levels, rows)


def _rows(found: Sequence[Cell]) -> Iterator[tuple[Unit, tuple[Cell, ...]]]:
    for _, row in groupby(found, lambda cell: cell.unit.code):
        whole = tuple(row)
        yield whole[0].unit, whole


def _several(units: Sequence[Unit]) -> str:
    first = units[0].name
    return first if len(units) == 1 else f"{first}等{len(units)}个{KINDS[units[0].kind]}"


def _plain(cell: Cell) -> dict[str, Any]:
    none = cell.none or cell.lapsed
    return {
        "unit": cell.unit.code,
        "family": cell.danger.family,
        "hazard": cell.danger.hazard,
        "level": cell.level.key,
        "held": cell.held.value,
        "own": [one.id for one in cell.own],
        "common": [one.id for one in cell.common],
        "continuing": [one.id for one in cell.continuing],
        "none": none
        and {
            "because": none.because,
            "decided_by": none.decided_by,
            "until": none.until.isoformat() if none.until else None,
            "over": cell.lapsed is not None,
        },
    }


def _person_plain(one: Staffed) -> dict[str, Any]:
    return {
        "unit": one.unit.code,
        "level": one.level.key,
        "posts": one.posts,
        "empty": list(one.empty),
        "mute": list(one.mute),
        "alone": list(one.alone),
        "unproven": list(one.unproven),
    }
