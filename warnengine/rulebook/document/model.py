"""A document to hand out, before it is decided what kind of file it becomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from warnengine.model.level import Level

SHADES = {Level.BLUE: "CFE2FF", Level.YELLOW: "FFF3B0", Level.ORANGE: "FFD8A8", Level.RED: "FFC9C9"}
"""Behind the word of a level, pale enough for black print and for a copier."""


class Mark(StrEnum):
    """What is not the bureau's word yet. It is printed wherever it stands in the book."""

    CONFIRM = "待区局确认"
    SAMPLE = "样例"

    @property
    def shown(self) -> str:
        """【样例】"""
        return f"【{self.value}】"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    words: str
    shade: str = ""
    """RRGGBB; empty: white."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head that is repeated on every page."""

    head: tuple[str, ...]
    """Empty: a table without one."""
    widths: tuple[int, ...]
    """Of the columns, relative to each other."""
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading below that of a section."""

    words: str


Block = str | Heading | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what is under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The whole, with what must be on every page."""

    title: str
    subtitle: str
    book: str
    """The hash of the rule book that it was made from."""
    day: date
    sections: tuple[Section, ...]
    cards: bool = False
    """Each section on a page of its own, in letters that old people can read."""

    @property
    def foot(self) -> str:
        """What is at the foot of every page, before its number."""
        return f"规则库 {self.book[:16]} · {self.day}"

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table in it."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Table))


def plain(document: Document) -> dict[str, Any]:
    """As data for a page description: blocks are told apart by their keys."""
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "book": document.book,
        "foot": document.foot,
        "cards": document.cards,
        "sections": [
            {"title": section.title, "blocks": [_plain(block) for block in section.blocks]}
            for section in document.sections
        ],
    }


def _plain(block: Block) -> dict[str, Any]:
    if isinstance(block, str):
        return {"kind": "text", "words": block}
    return {"kind": "heading" if isinstance(block, Heading) else "table", **asdict(block)}


def row(*cells: Cell | str) -> tuple[Cell, ...]:
    """A row of which most cells are only words."""
    return tuple(Cell(cell) if isinstance(cell, str) else cell for cell in cells)


def of_level(level: Level, words: str) -> Cell:
    """A cell in the colour of a level."""
    return Cell(words, SHADES[level])


def table(head: str, widths: Iterable[int], rows: Iterable[tuple[Cell, ...]]) -> Table:
    """head: the titles of the columns, apart by spaces."""
    return Table(tuple(head.split()), tuple(widths), tuple(rows))
