"""What the book is for on paper: 预警信息发布规范 of each sector and township, and 明白卡 for households.

`norm` and `card` decide what is said, as a `Document`; `word` and `pdf` write it down.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from warnengine.model.book import RuleBook, Unit, UnitKind
from warnengine.rulebook.document.card import cards
from warnengine.rulebook.document.model import Document
from warnengine.rulebook.document.norm import norm
from warnengine.rulebook.document.words import Unkept, unkept

__all__ = ["BEARERS", "Document", "Unkept", "cards", "documents", "norm", "unkept"]
BEARERS = (UnitKind.SECTOR, UnitKind.COMMITTEE, UnitKind.TOWNSHIP)
"""Kinds of unit that have a norm of their own; villages and grids go by that of their township."""


def documents(book: RuleBook, unit: Unit, day: date, unkept: Unkept) -> Iterator[Document]:
    """Everything that is handed to a unit."""
    yield norm(book, unit, day, unkept)
    if found := cards(book, unit, day, unkept):
        yield found
