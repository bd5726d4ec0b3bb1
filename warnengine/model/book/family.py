"""Product families: what looks alike and is not the same, 预警信号 and 应急响应, and how texts tell them apart."""

from __future__ import annotations

from warnengine.model.book.entry import Colour, Entry, Phrase
from warnengine.model.level import Level


class Family(Entry):
    """One kind of product. Nobody but a weather office issues a signal, so no other may read like one."""

    name: Phrase
    """应急响应"""
    levels: dict[Colour, Phrase] = {}
    """What a text says for a level, after the hazard: Ⅱ级响应. The colour where it says nothing."""

    def says(self, level: Level) -> str:
        """红色, or Ⅰ级响应."""
        return self.levels.get(level, level.zh)
